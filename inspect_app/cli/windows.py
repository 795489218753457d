"""`--window FROM..TO` for a capture; how it is written is in `capture.model.windows`."""

from __future__ import annotations

from capture.model import windows
from inspect_app.analysis.selection import TimeRange


def parse_window(text: str, whole: TimeRange) -> TimeRange:
    """The window that a text means, for a capture whose events lie in `whole`.

    Raises:
        ValueError: It is none; the sentence says what was found and what is wanted.
    """
    return TimeRange(*windows.parse_window(text, whole.start_ns, whole.end_ns))


def parse_moment(text: str, whole: TimeRange) -> int:
    """Nanoseconds since 1970 UTC. Raises ValueError as `parse_window`."""
    return windows.parse_moment(text, whole.start_ns, whole.end_ns)
