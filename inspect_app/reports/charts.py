"""Charts as the few numbers of an SVG path: what the report's template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspect_app.analysis.moments import moment_text
from inspect_app.analysis.selection import TimeRange
from inspect_app.views.format import format_duration

_GAP = 0.18
"""Part of a bar's room that stays empty."""
_LEAST = 1.5
"""Height of the lowest bar that is not zero, so that one event among thousands is seen."""
_LIFE_HEIGHT = 14


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars as one path."""

    width: int
    height: int
    path: str
    """Empty where every bar is zero."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of a time axis."""

    x: float
    text: str
    anchor: str


def bar_chart(counts: Sequence[int], width: int, height: int) -> Chart:
    """A bar for each count; the highest fills the height."""
    top = max(counts, default=0)
    if top <= 0:
        return Chart(width, height, "")
    room = width / len(counts)
    parts = []
    for place, count in enumerate(counts):
        if count > 0:
            tall = max(_LEAST, count * (height - 1) / top)
            wide = room * (1 - _GAP)
            parts.append(f"M{place * room:.1f} {height}v-{tall:.1f}h{wide:.1f}v{tall:.1f}z")
    return Chart(width, height, "".join(parts))


def life_path(start: float, end: float, round_start: bool, round_end: bool) -> str:
    """A bar from `start` to `end`, round where a birth or a death was seen."""
    high = _LIFE_HEIGHT
    end = max(end, start + 4)
    radius = min(high / 2, (end - start) / 2)
    left = radius if round_start else 0.0
    right = radius if round_end else 0.0
    return (
        f"M{start + left:.1f} 0H{end - right:.1f}"
        + (f"a{radius:.1f} {high / 2} 0 0 1 0 {high}" if round_end else f"v{high}")
        + f"H{start + left:.1f}"
        + (f"a{radius:.1f} {high / 2} 0 0 1 0 -{high}" if round_start else "")
        + "z"
    )


def time_ticks(window: TimeRange, *, left: int, width: int, parts: int = 4) -> list[Tick]:
    """Marks at equal distances: the first with its clock time, the others as distances from it."""
    start, span = window.start_ns, window.duration_ns
    if not span:
        return []
    ticks = []
    for part in range(parts + 1):
        x = left + (width - left) * part / parts
        anchor = "start" if part == 0 else "end" if part == parts else "middle"
        text = (
            f"{moment_text(start, digits=3, date=False)} UTC"
            if part == 0
            else f"+{format_duration(span * part // parts)}"
        )
        ticks.append(Tick(round(x, 1), text, anchor))
    return ticks
