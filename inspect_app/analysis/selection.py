"""Which events are looked at: those inside a time window that meet every condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.cache import Recent, remember
from inspect_app.filters.evaluate import evaluate, events_meeting
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames

KEPT_SELECTIONS = 16
KEPT_MASKS = 12
"""A mask takes a byte an event; dragging a window over a filtered capture needs the same few each time."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start_ns` up to, not including, `end_ns`; nanoseconds since 1970 UTC."""

    start_ns: int
    end_ns: int

    def __post_init__(self) -> None:
        if self.end_ns < self.start_ns:
            raise ValueError(f"a window ends at {self.end_ns}, before it starts at {self.start_ns}")

    @property
    def duration_ns(self) -> int:
        """How long it is."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Rows of events, in order of time."""

    rows: slice | np.ndarray
    """A slice with both ends given where all events of a window are selected, else uint32 sorted."""

    def __len__(self) -> int:
        if isinstance(self.rows, slice):
            return int(self.rows.stop - self.rows.start)
        return len(self.rows)

    def take(self, column: np.ndarray) -> np.ndarray:
        """The selected part of one column of events."""
        return column[self.rows]

    def positions(self) -> np.ndarray:
        """The rows as uint32, also where they are a slice."""
        if isinstance(self.rows, slice):
            return np.arange(self.rows.start, self.rows.stop, dtype=np.uint32)
        return self.rows


def select(
    frames: CaptureFrames, window: TimeRange | None = None, conditions: Sequence[str] = ()
) -> Selection:
    """The events inside the window for which all conditions hold.

    Blank conditions say nothing and are left out.

    Raises:
        FilterError: a condition is no filter, or asks for what this capture cannot tell.
    """
    wanted = tuple(condition for condition in conditions if condition.strip())
    kept: Recent[tuple[TimeRange | None, tuple[str, ...]], Selection] = remember(
        frames, "selections", lambda: Recent(KEPT_SELECTIONS)
    )
    found = kept.get((window, wanted))
    if found is None:
        found = _select(frames, window, wanted)
        kept.put((window, wanted), found)
    return found


def rows_of(frames: CaptureFrames, window: TimeRange | None) -> slice:
    """The rows of all events inside a window."""
    if window is None:
        return slice(0, len(frames.events))
    time = frames.events["time"].to_numpy()
    start, stop = np.searchsorted(time, np.array([window.start_ns, window.end_ns], np.int64))
    return slice(int(start), int(stop))


def _select(frames: CaptureFrames, window: TimeRange | None, conditions: tuple[str, ...]) -> Selection:
    inside = rows_of(frames, window)
    if not conditions:
        return Selection(inside)
    if len(conditions) == 1:
        found = events_meeting(parse(conditions[0]), frames)
        start, stop = np.searchsorted(found, np.array([inside.start, inside.stop], np.uint32))
        return Selection(found[start:stop])
    held = np.logical_and.reduce([_mask(frames, condition)[inside] for condition in conditions])
    return Selection(np.flatnonzero(held).astype(np.uint32) + np.uint32(inside.start))


def _mask(frames: CaptureFrames, condition: str) -> np.ndarray:
    kept: Recent[str, np.ndarray] = remember(frames, "masks", lambda: Recent(KEPT_MASKS))
    found = kept.get(condition)
    if found is None:
        found = evaluate(parse(condition), frames)
        kept.put(condition, found)
    return found
