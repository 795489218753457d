"""What is wrong with a filter: the two errors that this room raises."""

from __future__ import annotations

MAX_EXCERPT = 60
_OF_THE_LANGUAGE = frozenset({"and", "or", "not", "(", ")", ","})


class FilterError(ValueError):
    """A text is no filter, or a filter asks what cannot be answered.

    Attributes:
        message: one sentence without the place: what was found, and what it is compared with.
        column: where in the text, counted in characters from 1; 0 where no single place is at fault.
        expected: what could stand there instead, in words or as literal text.
        nearest: the known name most like the one that was not found, or empty.
    """

    def __init__(
        self, message: str, column: int = 0, expected: tuple[str, ...] = (), nearest: str = ""
    ) -> None:
        super().__init__(message, column, expected, nearest)
        self.message = message
        self.column = column
        self.expected = expected
        self.nearest = nearest

    def __str__(self) -> str:
        parts = [f"column {self.column}: {self.message}" if self.column else self.message]
        if self.expected:
            parts.append(f"expected {_any_of(self.expected)}")
        if self.nearest:
            parts.append(f"did you mean {self.nearest}?")
        return "; ".join(parts)


def _any_of(expected: tuple[str, ...]) -> str:
    """Words of the language are quoted: `'and', 'or' or the end`."""
    words = [f"'{one}'" if one in _OF_THE_LANGUAGE else one for one in expected]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def excerpt(text: object) -> str:
    """The beginning of what was found, for a message; an operand may be as long as the filter."""
    found = str(text)
    return found if len(found) <= MAX_EXCERPT else found[:MAX_EXCERPT] + "…"


class NotEvaluableError(FilterError):
    """A known field that this capture cannot provide; the message names the field and the reason."""
