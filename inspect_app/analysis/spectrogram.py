"""How long calls took over time: counts by slice of time and class of latency.

A class is what the field `evt.latency.quantized` tells: five a factor of ten, class 0 begins at 1 ns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.timelines import bin_bounds, bin_edges, capture_window, row_edges
from inspect_app.filters.cache import remember
from inspect_app.filters.fields_time import CLASSES, latency_classes
from inspect_app.frames.capture import CaptureFrames

MOST_CLASSES = 96
"""Beyond 19 decades of nanoseconds nothing can be told in 64 bits."""


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Counts of calls."""

    edges: np.ndarray
    """int64[slices + 1]: where the slices begin and end, ns since 1970 UTC."""
    lowest: int
    """The class of the first row of counts."""
    counts: np.ndarray
    """int64[classes, slices]; no row where no call of a known latency was selected."""

    def bounds(self, row: int) -> tuple[int, int]:
        """From and below which latency, ns, the calls of a row are."""
        first = self.lowest + row
        # A class begins at the first whole nanosecond whose logarithm reaches it.
        return _begin(first), _begin(first + 1)


def spectrogram(
    frames: CaptureFrames, selection: Selection, window: TimeRange | None = None, *, slices: int
) -> Spectrogram:
    """Count the selected calls whose latency is known.

    Args:
        frames: The capture.
        selection: Which events.
        window: What the slices divide equally; the whole capture without one.
        slices: How many.
    """
    edges = bin_edges(window or capture_window(frames), slices)
    classes = remember(frames, "latency classes", lambda: _classes(frames))
    rows = selection.positions()
    rows = rows[classes[rows] >= 0]
    bounds = bin_bounds(rows, row_edges(frames, edges), len(frames.events))
    slot = np.repeat(np.arange(slices), np.diff(bounds))
    rows = rows[bounds[0] : bounds[-1]]
    key = classes[rows].astype(np.int64) * slices + slot
    counts = np.bincount(key, minlength=MOST_CLASSES * slices).reshape(MOST_CLASSES, slices).astype(np.int64)
    used = np.flatnonzero(counts.any(axis=1))
    if not len(used):
        return Spectrogram(edges, 0, counts[:0])
    return Spectrogram(edges, int(used[0]), counts[used[0] : used[-1] + 1])


def _classes(frames: CaptureFrames) -> np.ndarray:
    """int8, one an event; -1 where the latency is not known."""
    latency = frames.events["latency"].to_numpy()
    return np.where(latency < 0, -1, latency_classes(latency)).astype(np.int8)


def _begin(number: int) -> int:
    """The smallest latency of a class."""
    begin = int(10 ** (number / CLASSES))
    return begin if int(latency_classes(np.array([begin]))[0]) >= number else begin + 1
