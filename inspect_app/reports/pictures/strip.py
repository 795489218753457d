"""The time strip: figures in equal slices, what notes and rules point at, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.timelines import histogram
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import COUNTED_KIND, FILTERED_KIND
from inspect_app.reports.drawing import Drawing, Ink, Line, Rect, Shape, Text, fitting
from inspect_app.reports.pictures.axis import AXIS_HEIGHT, WIDTH, Scale
from inspect_app.views.format import format_count
from inspect_app.views.tiles import TILES, measure

_LEFT = 118.0
_BINS = 180
_HIGH, _LOW, _GAP = 26.0, 9.0, 6.0
_LEAST = 1.0
"""Height of the lowest bar that is not zero, so that one event among thousands is seen."""
_TILES = ("errors", "sec.commands", "net.bytes")
_MOST_MARKS = 400
"""More would be a bar; they are thinned out to one a place."""


@dataclass(frozen=True, slots=True)
class Marks:
    """A lane of moments."""

    title: str
    told: str
    times: np.ndarray
    """int64, nanoseconds since 1970 UTC."""
    ink: Ink


def strip_drawing(
    frames: CaptureFrames, selection: Selection, window: TimeRange, marks: Sequence[Marks]
) -> Drawing:
    """The strip of a window: a lane of bars for each figure, a lane of dots for each kind of mark."""
    scale = Scale(window, _LEFT)
    shapes: list[Shape] = []
    y = 2.0
    for title, told, counts, ink in _figures(frames, selection, window):
        shapes += _named(title, told, y + 9)
        shapes += _bars(counts, y, ink)
        y += _HIGH + _GAP
    for lane in marks:
        shapes += _named(lane.title, lane.told, y + 7, one_line=True)
        shapes += _dots(scale, lane, y)
        y += _LOW + _GAP
    unseen = _unseen(frames, scale, y)
    if unseen:
        shapes += _named("Not all was seen", "", y + 7, one_line=True)
        shapes += unseen
        y += _LOW + _GAP
    shapes += scale.axis(y)
    return Drawing(WIDTH, y + AXIS_HEIGHT, tuple(shapes))


def _figures(
    frames: CaptureFrames, selection: Selection, window: TimeRange
) -> Iterator[tuple[str, str, np.ndarray, Ink]]:
    counts = histogram(frames, selection.rows, window, bins=_BINS)
    yield "Events", format_count(int(counts.sum())), counts, Ink.ACCENT
    for one in measure(frames, selection, window, _BINS, tiles=[TILES[name] for name in _TILES]):
        ink = Ink.NOTE if one.tile.noteworthy else Ink.ACCENT
        yield one.tile.title, one.text, np.asarray(one.counts), ink


def _named(title: str, told: str, y: float, *, one_line: bool = False) -> Iterator[Shape]:
    yield Text(0, y, fitting(title, _LEFT - 6, 7.5), 7.5, Ink.TEXT)
    if told and one_line:
        yield Text(62, y, fitting(told, _LEFT - 66, 6.5), 6.5, Ink.SOFT)
    elif told:
        yield Text(0, y + 9, fitting(told, _LEFT - 6, 6.5), 6.5, Ink.SOFT)


def _bars(counts: np.ndarray, y: float, ink: Ink) -> Iterator[Shape]:
    yield Line(_LEFT, y + _HIGH, WIDTH, y + _HIGH, Ink.LINE)
    top = int(counts.max(initial=0))
    room = (WIDTH - _LEFT) / max(1, len(counts))
    for place in np.flatnonzero(counts).tolist():
        tall = max(_LEAST, float(counts[place]) * _HIGH / top)
        x = _LEFT + place * room
        yield Rect(round(x, 2), round(y + _HIGH - tall, 2), round(room * 0.82, 2), round(tall, 2), ink)


def _dots(scale: Scale, lane: Marks, y: float) -> Iterator[Shape]:
    middle = y + _LOW / 2
    yield Line(_LEFT, middle, WIDTH, middle, Ink.FAINT)
    inside = lane.times[(lane.times >= scale.window.start_ns) & (lane.times < scale.window.end_ns)]
    places = sorted({round(scale.x(int(time)), 0) for time in inside.tolist()})
    for x in places[:_MOST_MARKS]:
        yield Rect(round(min(max(x, _LEFT + 2), WIDTH - 2) - 2, 2), middle - 2, 4, 4, lane.ink, 2)


def _unseen(frames: CaptureFrames, scale: Scale, y: float) -> list[Shape]:
    """Where something is missing that happened, each as long as the interval it is known of."""
    drops = frames.drops
    told = ~drops["kind"].isin([COUNTED_KIND, FILTERED_KIND]) & (drops["since"] <= drops["time"])
    spans = drops.loc[told, ["since", "time"]].drop_duplicates().to_numpy()
    inside = spans[(spans[:, 1] >= scale.window.start_ns) & (spans[:, 0] < scale.window.end_ns)]
    places = sorted({(scale.x(int(since)), scale.x(int(until))) for since, until in inside.tolist()})
    return [
        Rect(since, y + 1, max(1.0, round(until - since, 2)), _LOW - 2, Ink.NOTE)
        for since, until in places[:_MOST_MARKS]
    ]
