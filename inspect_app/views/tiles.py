"""All tiles measured at once: a total and a histogram each.

Which events a tile counts is decided once for a capture. Then one pass over the selected events puts each
down under its slice of the window, and what a tile counts are sums of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from capture.format.pieces import rows_where, taken_from
from inspect_app.analysis.host import recording_filter
from inspect_app.analysis.matches import within
from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.timelines import (
    alive_per_bin,
    bin_bounds,
    bin_edges,
    capture_window,
    distinct_per_bin,
    row_edges,
)
from inspect_app.filters.cache import remember
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import UNSEEN_KINDS
from inspect_app.views.classes import classes_of, why_not_told
from inspect_app.views.coded import Rows, count_of, part_of, taken
from inspect_app.views.entities import ENTITIES, entity_cells
from inspect_app.views.format import Unit, format_bytes, format_compact
from inspect_app.views.sweep import Asked, sweep
from inspect_app.views.tile_catalogue import TILES, Counting, Tile, TileCategory

__all__ = ["TILES", "Counting", "Tile", "TileCategory", "TileMeasure", "measure"]

DEFAULT_BINS = 100
NOT_TOLD = "–"


@dataclass(frozen=True, eq=False)
class TileMeasure:
    """One tile over a selection."""

    tile: Tile
    total: int
    counts: np.ndarray
    """int64, one a slice of the window. Distinct things that occur in two slices count in both."""
    partial: str = ""
    """The recording's filter, where the figure is of what that let through alone."""
    unknown: str = ""
    """Why the capture cannot tell; then the figures mean nothing."""

    @property
    def shown(self) -> bool:
        """Whether the overview has it: not at zero, unless zero tells something."""
        return not self.unknown and (self.total > 0 or not self.tile.hide_at_zero)

    @property
    def meaning(self) -> str:
        """What is counted, and what of it could not be."""
        told = self.tile.description
        return f"{told} Of what was recorded, with a filter: {self.partial}." if self.partial else told

    @property
    def text(self) -> str:
        """The total as people read it: a zero that the recording's filter may have made is none."""
        if self.partial and not self.total:
            return NOT_TOLD
        return format_bytes(self.total) if self.tile.unit is Unit.BYTES else format_compact(self.total)


def measure(
    frames: CaptureFrames,
    selection: Selection,
    window: TimeRange | None = None,
    bins: int = DEFAULT_BINS,
    *,
    tiles: Iterable[Tile] = TILES.values(),
) -> list[TileMeasure]:
    """Total and histogram of every tile, over the selected events that lie in the window.

    Args:
        frames: The capture.
        selection: Events after window and filters; a slice means that no filter restricts it.
        window: What the histograms are over; the whole capture without one.
        bins: Into how many equal slices.
        tiles: Which; all without it.
    """
    tiles = list(tiles)
    scale = _Scale(frames, selection.rows, window or capture_window(frames), bins, tiles)
    return [_measure_tile(tile, scale) for tile in tiles]


class _Scale:
    """What all tiles of one measurement share: their conditions are looked at in one pass over the events."""

    def __init__(
        self,
        frames: CaptureFrames,
        rows: Rows,
        window: TimeRange,
        bins: int,
        tiles: Sequence[Tile],
    ) -> None:
        self.frames = frames
        self.edges = bin_edges(window, bins)
        self.restricted = not isinstance(rows, slice)
        total = len(frames.events)
        row_edge = row_edges(frames, self.edges)
        bounds = bin_bounds(rows, row_edge, total)
        first = rows.indices(total)[0] if isinstance(rows, slice) else 0
        inside = slice(first + int(bounds[0]), first + int(bounds[-1]))
        self._rows: Rows = inside if isinstance(rows, slice) else rows[inside]
        self._bounds = bounds - bounds[0]
        # By condition, why the capture cannot tell which events meet it.
        self.unknown = _not_told(frames, [tile.condition for tile in tiles])
        asked = [
            Asked(tile.condition, tile.of if tile.counting is Counting.BYTES else "")
            for tile in tiles
            if tile.counting in (Counting.EVENTS, Counting.BYTES) and tile.condition not in self.unknown
        ]
        self._classes = classes_of(frames, [])
        self._figures = sweep(
            self._rows,
            np.repeat(np.arange(bins, dtype=np.int32), np.diff(bounds)),
            bins,
            asked=list(dict.fromkeys(asked)),
            classes=self._classes,
            columns={one.figure: frames.events[one.figure].to_numpy() for one in asked if one.figure},
            with_ends=False,
        ).figures

    def figure(self, condition: str, figure: str = "") -> np.ndarray:
        """How many selected events of each slice meet a condition, or what their figures add up to."""
        return self._figures[Asked(condition, figure)]

    def taken(self, column: np.ndarray, condition: str) -> tuple[np.ndarray, np.ndarray]:
        """A column at the selected events that meet a condition, and where in it the slices begin and end."""
        rows, start = self._rows, 0
        if isinstance(rows, slice):
            # Without a filter the same rows are wanted for each window.
            every = slice(0, len(self.frames.events))
            kept = remember(self.frames, ("tile", condition), lambda: self._places(condition, every))
            at, start = within(kept, rows, every.stop), rows.start
            places = at
        else:
            places = self._places(condition, rows)
            at = rows.take(places)
        return taken_from(column, at), np.searchsorted(places, (self._bounds + start).astype(np.uint32))

    def _places(self, condition: str, rows: Rows) -> np.ndarray:
        """Where among some rows of events those are that meet a condition, uint32."""
        meeting = self._classes.meeting(condition)

        def holds(part: slice) -> np.ndarray:
            return meeting.take(taken(self._classes.of_event, part_of(rows, part)))

        return rows_where(count_of(rows), holds).astype(np.uint32)


def _not_told(frames: CaptureFrames, conditions: Sequence[str]) -> dict[str, str]:
    """Conditions about which the capture says nothing, and why; the others are told apart from now on."""
    known: dict[str, str] = remember(frames, "tiles not told", dict)
    asked = [condition for condition in conditions if condition not in known]
    try:
        classes_of(frames, asked)
    except NotEvaluableError:
        known.update({one: reason for one in asked if (reason := why_not_told(frames, one))})
        classes_of(frames, [one for one in asked if one not in known])
    return known


def _measure_tile(tile: Tile, scale: _Scale) -> TileMeasure:
    if (reason := scale.unknown.get(tile.condition)) is not None:
        return TileMeasure(tile, 0, np.zeros(len(scale.edges) - 1, dtype=np.int64), unknown=reason)
    total, counts = _COUNTERS[tile.counting](tile, scale)
    # Lives and losses are recorded whatever the filter is.
    whole = tile.counting in (Counting.ALIVE, Counting.BEGUN, Counting.ENDED, Counting.DROPS)
    return TileMeasure(tile, total, counts, "" if whole else recording_filter(scale.frames.host))


Figures = tuple[int, np.ndarray]


def _count_events(tile: Tile, scale: _Scale) -> Figures:
    counts = scale.figure(tile.condition)
    return int(counts.sum()), counts


def _count_bytes(tile: Tile, scale: _Scale) -> Figures:
    counts = scale.figure(tile.condition, tile.of)
    return int(counts.sum()), counts


def _count_distinct(tile: Tile, scale: _Scale) -> Figures:
    values, bounds = scale.taken(scale.frames.events["descriptor"].to_numpy(), tile.condition)
    if tile.of != "descriptor":
        names = entity_cells("descriptor", tile.of, scale.frames).as_texts().codes
        # The extra last entry is what -1 points to.
        values = taken_from(np.append(names, -1), values) if names is not None else values
    # Things without a name are one more thing.
    size = int(values.max()) + 2 if len(values) else 1
    seen = np.zeros(size, bool)
    seen[values] = True  # -1, a thing without a name, is the last
    values = np.where(values < 0, size - 1, values)
    return int(np.count_nonzero(seen)), distinct_per_bin(values, bounds, size)


def _count_alive(tile: Tile, scale: _Scale) -> Figures:
    """Lives that touch the window; with a filter, only of those that have selected events."""
    entity = ENTITIES[tile.of]
    assert entity.lived is not None  # noqa: S101 - processes and containers have lives
    start, end = entity.lived(scale.frames)
    # Row 0 of the containers is the host, which is no container.
    wanted = np.arange(len(start)) >= (1 if tile.of == "container" else 0)
    if scale.restricted:
        wanted &= _with_events(tile, scale, len(start))
    wanted &= (start < scale.edges[-1]) & ((end < 0) | (end >= scale.edges[0]))
    return int(np.count_nonzero(wanted)), alive_per_bin(start[wanted], end[wanted], scale.edges)


def _count_begun(tile: Tile, scale: _Scale) -> Figures:
    return _count_moments(tile, scale, 0)


def _count_ended(tile: Tile, scale: _Scale) -> Figures:
    return _count_moments(tile, scale, 1)


def _count_moments(tile: Tile, scale: _Scale, which: int) -> Figures:
    """Beginnings (0) or ends (1) of lives that lie in the window."""
    entity = ENTITIES[tile.of]
    assert entity.lived is not None  # noqa: S101 - containers have lives
    times = entity.lived(scale.frames)[which]
    wanted = (times >= scale.edges[0]) & (times < scale.edges[-1])
    if scale.restricted:
        wanted &= _with_events(tile, scale, len(times))
    bins = np.searchsorted(scale.edges, times[wanted], side="right") - 1
    counts = np.bincount(bins, minlength=len(scale.edges) - 1).astype(np.int64)
    return int(counts.sum()), counts


def _with_events(tile: Tile, scale: _Scale, count: int) -> np.ndarray:
    """bool, one an entity: it has events that are selected."""
    seen, _ = scale.taken(scale.frames.events[ENTITIES[tile.of].column].to_numpy(), tile.condition)
    held: np.ndarray = np.bincount(seen[seen >= 0], minlength=count)[:count] > 0
    return held


def _count_drops(tile: Tile, scale: _Scale) -> Figures:
    """What the recorder says it did not see; an interval counts where it ends, within the window."""
    drops = scale.frames.drops
    missed = drops[drops["kind"].isin(UNSEEN_KINDS)]
    start, end = scale.edges[0], scale.edges[-1]
    touches = (missed["time"].to_numpy() >= start) & (missed["since"].to_numpy() < end)
    # The last interval ends after the last event; none may fall out of a window that it touches.
    times = np.minimum(missed["time"].to_numpy()[touches], end - 1)
    counts = np.zeros(len(scale.edges) - 1, dtype=np.int64)
    bins = np.searchsorted(scale.edges, times, side="right") - 1
    np.add.at(counts, bins, missed["count"].to_numpy()[touches])
    return int(counts.sum()), counts


_COUNTERS: Mapping[Counting, Callable[[Tile, _Scale], Figures]] = MappingProxyType(
    {
        Counting.EVENTS: _count_events,
        Counting.BYTES: _count_bytes,
        Counting.DISTINCT: _count_distinct,
        Counting.ALIVE: _count_alive,
        Counting.BEGUN: _count_begun,
        Counting.ENDED: _count_ended,
        Counting.DROPS: _count_drops,
    }
)
