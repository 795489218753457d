"""The time axis that pictures share: a moment's place, and the marks below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inspect_app.analysis.moments import moment_text
from inspect_app.analysis.selection import TimeRange
from inspect_app.reports.drawing import Anchor, Ink, Line, Shape, Text
from inspect_app.views.format import format_duration

WIDTH = 482.0
"""Of every picture: what lies between the margins of an A4 page."""
AXIS_HEIGHT = 18.0
_PARTS = 4
_SIZE = 6.5
_ROOMY = 320.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Moments of a window laid out between two edges."""

    window: TimeRange
    left: float
    right: float = WIDTH

    def x(self, nanoseconds: int) -> float:
        """Where a moment lies; one outside of the window at its edge."""
        span = max(1, self.window.duration_ns)
        inside = min(max(nanoseconds - self.window.start_ns, 0), span)
        return round(self.left + (self.right - self.left) * inside / span, 2)

    def axis(self, y: float) -> Iterator[Shape]:
        """A line with marks: the first with its clock time, the others as distances from it."""
        start, span = self.window.start_ns, self.window.duration_ns
        yield Line(self.left, y, self.right, y, Ink.LINE)
        for part in range(_PARTS + 1) if span else ():
            x = round(self.left + (self.right - self.left) * part / _PARTS, 2)
            anchor = Anchor.START if part == 0 else Anchor.END if part == _PARTS else Anchor.MIDDLE
            clock = f"{moment_text(start, digits=3, date=False)} UTC"
            text = f"+{format_duration(span * part // _PARTS)}" if part else clock
            yield Line(x, y, x, y + 3, Ink.LINE)
            # Beside the clock time there is no room for the next distance where the axis is short.
            if part == 1 and self.right - self.left < _ROOMY:
                continue
            yield Text(x, y + 11, text, _SIZE, Ink.SOFT, anchor)
