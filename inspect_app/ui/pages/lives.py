"""Containers as lines of a picture: from frames to what the lifelines draw."""

from __future__ import annotations

import numpy as np

from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.timelines import bin_bounds, bin_edges, row_edges
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.pages.lifelines import Life
from inspect_app.ui.plain import plain


def container_lives(
    frames: CaptureFrames, selection: Selection, window: TimeRange, bins: int
) -> tuple[Life, ...]:
    """A line for every container, those born first on top; activity is counted over the selection."""
    table = frames.containers
    activity = _activity(frames, selection, window, bins)
    births = table["birth"].to_numpy()
    lives = [
        Life(
            key=row,
            title=plain(text_at(table, "name", row)) or text_at(table, "id", row),
            note=plain(text_at(table, "image", row)).rpartition("/")[2] or "image not recorded",
            birth=int(births[row]),
            death=number_at(table, "death", row),
            fate=_fate(int(births[row]), number_at(table, "death", row)),
            activity=activity[row],
        )
        for row in np.flatnonzero(~frames.is_host).tolist()
    ]
    return tuple(sorted(lives, key=lambda life: (life.birth, life.key)))


def _activity(frames: CaptureFrames, selection: Selection, window: TimeRange, bins: int) -> np.ndarray:
    """Events by container and part of the window, int64[containers, bins]."""
    total = len(frames.events)
    bounds = bin_bounds(selection.rows, row_edges(frames, bin_edges(window, bins)), total)
    container = frames.events["container"].to_numpy()[selection.rows][bounds[0] : bounds[-1]]
    part = np.repeat(np.arange(bins, dtype=np.int64), np.diff(bounds))
    size = len(frames.containers)
    known = container >= 0
    pairs = container[known].astype(np.int64) * bins + part[known]
    return np.bincount(pairs, minlength=size * bins).reshape(size, bins)


def _fate(birth: int, death: int) -> str:
    if birth < 0:
        return "alive" if death < 0 else "removed"
    return "created" if death < 0 else "born, removed"
