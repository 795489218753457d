"""Figures over time: the events, bytes or lives in equal slices of a window.

Edges are integers of nanoseconds, for a float of that size is off by a quarter of a microsecond. A
slice holds what lies at or after its start and before its end, so that slices add up.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from inspect_app.analysis.selection import TimeRange
from inspect_app.frames.capture import CaptureFrames

_LAST = (1 << 63) - 1
"""The last moment that there is."""
_CACHED = 1 << 21
"""Flags that the processor's cache holds: up to so many values a table of them is quicker than sorting."""


def bin_edges(window: TimeRange, bins: int) -> np.ndarray:
    """The edges of `bins` equal slices of a window, int64[bins + 1], in nanoseconds since 1970 UTC."""
    # Python's integers: span * bins passes 2**63 for a window of days in thousands of slices.
    start, span = window.start_ns, window.duration_ns
    # A capture that somebody made may reach to where time ends.
    return np.array([min(start + span * edge // bins, _LAST) for edge in range(bins + 1)], dtype=np.int64)


def capture_window(frames: CaptureFrames) -> TimeRange:
    """From the first event to just after the last one; empty and at zero without events."""
    times = frames.events["time"].to_numpy()
    return TimeRange(int(times[0]), int(times[-1]) + 1) if len(times) else TimeRange(0, 0)


def row_edges(frames: CaptureFrames, edges: np.ndarray) -> np.ndarray:
    """The first row at or after each edge, uint32: events are sorted by time."""
    return np.searchsorted(frames.events["time"].to_numpy(), edges).astype(np.uint32)


def bin_bounds(rows: np.ndarray | slice, row_edge: np.ndarray, total: int) -> np.ndarray:
    """Positions in `rows` at which slices begin and end, int64[bins + 1].

    Args:
        rows: Ascending rows of events, or a slice of them.
        row_edge: What `row_edges` gave.
        total: How many events the capture has.
    """
    if isinstance(rows, slice):
        start, stop, _ = rows.indices(total)
        return np.clip(row_edge.astype(np.int64), start, max(start, stop)) - start
    return np.searchsorted(rows, row_edge.astype(rows.dtype))


def count_per_bin(rows: np.ndarray | slice, row_edge: np.ndarray, total: int) -> np.ndarray:
    """How many of the rows lie in each slice, int64[bins]."""
    return np.diff(bin_bounds(rows, row_edge, total)).astype(np.int64)


def sum_per_bin(figures: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """The exact sums of `figures` between the bounds, int64[bins]."""
    sums = np.zeros(len(bounds) - 1, dtype=np.int64)
    filled = np.flatnonzero(np.diff(bounds))
    if len(filled):
        # Where a slice is empty `reduceat` would give the figure at its start; the rest follow each other.
        inside = figures[: bounds[filled[-1] + 1]]
        sums[filled] = np.add.reduceat(inside, bounds[filled], dtype=np.int64)
    return sums


def distinct_per_bin(values: np.ndarray, bounds: np.ndarray, distinct: int) -> np.ndarray:
    """How many different `values` (0 … distinct - 1) lie between the bounds, int64[bins]."""
    bins = len(bounds) - 1
    inside = values[bounds[0] : bounds[-1]]
    if distinct <= _CACHED:
        # A table of flags a slice stays in the processor's cache; one of all slices would not.
        return np.array([_distinct(values[start:end], distinct) for start, end in pairwise(bounds)], np.int64)
    pairs = np.repeat(np.arange(bins, dtype=np.int64) * max(distinct, 1), np.diff(bounds)) + inside
    # Sorting plain integers is several times quicker than what np.unique does.
    pairs.sort()
    first = np.diff(pairs, prepend=-1) != 0
    return np.bincount(pairs[first] // distinct, minlength=bins).astype(np.int64)


def _distinct(values: np.ndarray, distinct: int) -> int:
    seen = np.zeros(distinct, dtype=bool)
    seen[values] = True
    return int(np.count_nonzero(seen))


def alive_per_bin(start: np.ndarray, end: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many lives touch each slice, int64[bins].

    Args:
        start: When each began, nanoseconds; negative where it was there before.
        end: When each ended, nanoseconds; negative where it went on.
        edges: What `bin_edges` gave.
    """
    begun = np.searchsorted(np.sort(start), edges[1:])
    over = np.searchsorted(np.sort(end[end >= 0]), edges[:-1])
    return (begun - over).astype(np.int64)


def histogram(
    frames: CaptureFrames, rows: np.ndarray | slice, window: TimeRange | None = None, *, bins: int
) -> np.ndarray:
    """How many of the rows lie in equal slices of the window (the whole capture without one), int64[bins]."""
    edge = row_edges(frames, bin_edges(window or capture_window(frames), bins))
    return count_per_bin(rows, edge, len(frames.events))
