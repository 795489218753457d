"""Lifelines: when containers or processes lived, each a bar along the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inspect_app.analysis.selection import TimeRange
from inspect_app.reports.drawing import Drawing, Ink, Rect, Shape, Text, fitting
from inspect_app.reports.pictures.axis import AXIS_HEIGHT, WIDTH, Scale

_LEFT = 190.0
_SIZE, _SMALL = 7.5, 6.5
_INDENT = 8.0
_BAR = 7.5
"""Height of a bar."""
_DEEPEST = 9
"""Levels that are indented; what lies deeper stands below them."""


@dataclass(frozen=True, slots=True)
class Life:
    """One bar."""

    label: str
    note: str
    """What stands small behind or below the label."""
    start_ns: int
    end_ns: int
    born: bool
    """Whether its beginning was seen; else it was there before."""
    died: bool
    """Whether its end was seen; else it went on."""
    depth: int = 0
    is_context: bool = False
    """Whether it is only shown because others hang below it."""
    marks: tuple[tuple[int, Ink], ...] = ()
    """Moments within it that are pointed at, nanoseconds since 1970 UTC."""


def lifelines_drawing(lives: Sequence[Life], window: TimeRange, *, row: float = 13.0) -> Drawing:
    """A bar for each life: round ends were seen, straight ends lie outside of the recording."""
    scale = Scale(window, _LEFT)
    shapes: list[Shape] = []
    for place, life in enumerate(lives):
        shapes += _life(life, scale, place * row, row)
    shapes += scale.axis(len(lives) * row + 3)
    return Drawing(WIDTH, len(lives) * row + 3 + AXIS_HEIGHT, tuple(shapes))


def _life(life: Life, scale: Scale, y: float, row: float) -> Iterator[Shape]:
    indent = min(life.depth, _DEEPEST) * _INDENT
    room = _LEFT - indent - 8
    yield Text(
        indent, y + 9, fitting(life.label, room, _SIZE), _SIZE, Ink.SOFT if life.is_context else Ink.TEXT
    )
    if life.note and row > 20:
        yield Text(indent, y + 17.5, fitting(life.note, room, _SMALL), _SMALL, Ink.SOFT)
    top = y + 2.0
    yield Rect(_LEFT, top, WIDTH - _LEFT, _BAR, Ink.FAINT)
    ink = Ink.LINE if life.is_context else Ink.ACCENT
    yield from _bar(life, scale, top, ink)
    for time, mark in life.marks:
        x = min(max(scale.x(time), _LEFT + 2.5), WIDTH - 2.5)
        yield Rect(round(x - 3, 2), top + 1, 6, 6, Ink.PAPER, 3)
        yield Rect(round(x - 2.25, 2), top + 1.75, 4.5, 4.5, mark, 2.25)


def _bar(life: Life, scale: Scale, top: float, ink: Ink) -> Iterator[Shape]:
    start, end = scale.x(life.start_ns), scale.x(life.end_ns)
    wide = max(end - start, 2.0)
    start = min(start, WIDTH - wide)
    radius = min(_BAR, wide) / 2
    yield Rect(round(start, 2), top, round(wide, 2), _BAR, ink, round(radius, 2))
    half = wide / 2
    if not life.born:
        yield Rect(round(start, 2), top, round(half, 2), _BAR, ink)
    if not life.died:
        yield Rect(round(start + half, 2), top, round(wide - half, 2), _BAR, ink)
