"""Texts of a capture as a report shows them."""

from __future__ import annotations

from capture.model.text import printable
from inspect_app.analysis.moments import SECOND
from inspect_app.analysis.selection import TimeRange
from inspect_app.views.format import format_time

TEXT_LIMIT = 600
"""Characters of a text that are shown; what is longer ends in an ellipsis."""
DIGITS = 6
"""Of a second."""
_DAY = 86_400 * SECOND


def shown_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """A text of the capture: nothing obeyed, nothing endless."""
    return printable(text, limit)


def paragraphs_of(text: str, limit: int = 20_000) -> tuple[str, ...]:
    """What an analyst wrote, paragraph by paragraph, each safe to show."""
    lines = (printable(line.strip(), limit) for line in text[:limit].splitlines())
    return tuple(line for line in lines if line)


def moment(nanoseconds: int, window: TimeRange) -> str:
    """A moment; where all that is told happened on one day, without the day, unless it is another."""
    is_that_day = is_one_day(window) and nanoseconds // _DAY == window.start_ns // _DAY
    return format_time(nanoseconds, digits=DIGITS, date=not is_that_day)


def is_one_day(window: TimeRange) -> bool:
    """Whether a clock time alone tells a moment of the window."""
    return window.start_ns // _DAY == max(window.start_ns, window.end_ns - 1) // _DAY


def listed(items: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
