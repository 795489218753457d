"""Events that a report points at, numbered in the order in which it does."""

from __future__ import annotations

PREFIX = "E"


class Citations:
    """Gives each cited event its number."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def cite(self, row: int) -> str:
        """The number of an event, `E12`: a new one where it was not cited before."""
        return f"{PREFIX}{self._numbers.setdefault(row, len(self._numbers) + 1)}"

    @property
    def rows(self) -> list[int]:
        """Rows of events, in the order of their numbers."""
        return list(self._numbers)
