"""Which events meet a condition, kept for as long as the capture is open.

Views and tiles ask the same few dozen questions again and again, over changing windows. Each is
evaluated once over the whole capture; a window then costs two binary searches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.pieces import PIECE, each_piece, pieces_of
from inspect_app.filters.cache import remember
from inspect_app.filters.language import parse
from inspect_app.filters.matching import rows_matching
from inspect_app.frames.capture import CaptureFrames

_FEW = 8
"""A part of the events up to which their rows are kept as numbers."""


def matching_rows(frames: CaptureFrames, condition: str) -> np.ndarray:
    """The rows of the events that meet a condition, uint32, ascending; every row for an empty one.

    Raises:
        FilterError: The condition is not one.
    """
    return matching_within(frames, condition, slice(0, len(frames.events)))


def matching_within(frames: CaptureFrames, condition: str, selected: np.ndarray | slice) -> np.ndarray:
    """Those of the selected rows that meet a condition, uint32, ascending.

    Args:
        frames: The capture.
        condition: In the filter language; all meet an empty one.
        selected: A slice of the capture, or ascending rows.

    Raises:
        FilterError: The condition is not one.
    """
    total = len(frames.events)
    if condition:
        kept = remember(frames, ("matching rows", condition), lambda: _Rows.of(frames, condition))
        return kept.within(selected)
    if isinstance(selected, slice):
        return np.arange(*selected.indices(total), dtype=np.uint32)
    return selected.astype(np.uint32, copy=False)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of events as numbers, or where they are many as bits, which take a fraction of the memory."""

    numbers: np.ndarray | None
    bits: np.ndarray
    before: np.ndarray
    """int64: how many lie before each piece of the events, and all at the end."""
    total: int

    @classmethod
    def of(cls, frames: CaptureFrames, condition: str) -> _Rows:
        """Those that meet a condition."""
        rows, total = rows_matching(parse(condition), frames), len(frames.events)
        before = np.searchsorted(rows, [*range(0, total, PIECE), total])
        if len(rows) * _FEW <= total:
            return cls(rows.astype(np.uint32), np.empty(0, np.uint8), before, total)
        held = np.zeros(total, bool)
        held[rows] = True
        return cls(None, np.packbits(held, bitorder="little"), before, total)

    def within(self, selected: np.ndarray | slice) -> np.ndarray:
        """uint32, ascending: those that are selected."""
        if self.numbers is not None:
            return within(self.numbers, selected, self.total)
        if isinstance(selected, slice):
            start, stop, _ = selected.indices(self.total)
            return self._between(start, max(start, stop))
        taken = (self.bits.take(selected >> 3) >> (selected & 7).astype(np.uint8)) & 1
        found: np.ndarray = selected[taken == 1].astype(np.uint32, copy=False)
        return found

    def _between(self, start: int, stop: int) -> np.ndarray:
        """Of bits: the rows from `start` on, before `stop`."""
        pieces = pieces_of(self.total)[start // PIECE : -(-stop // PIECE)]
        if not pieces:
            return np.empty(0, np.uint32)
        low, first = pieces[0].start, start // PIECE
        found = np.empty(int(self.before[first + len(pieces)] - self.before[first]), np.uint32)

        def fill(part: slice) -> None:
            rows = slice(part.start + low, part.stop + low)
            held = np.unpackbits(
                self.bits[rows.start >> 3 : (rows.stop + 7) >> 3],
                count=rows.stop - rows.start,
                bitorder="little",
            )
            piece = rows.start // PIECE
            begin, end = self.before[piece : piece + 2] - self.before[first]
            np.add(np.flatnonzero(held.view(np.bool_)), rows.start, out=found[begin:end], casting="unsafe")

        each_piece(pieces[-1].stop - low, fill)
        return _from_to(found, start, stop)


def within(rows: np.ndarray, selected: np.ndarray | slice, total: int) -> np.ndarray:
    """Those of the ascending `rows` that are selected.

    Args:
        rows: Ascending rows of events.
        selected: A slice of the capture, or ascending rows.
        total: How many events the capture has.
    """
    if isinstance(selected, slice):
        start, stop, _ = selected.indices(total)
        return _from_to(rows, start, stop)
    if not len(rows) or not len(selected):
        return rows[:0]
    inside = np.zeros(total, dtype=bool)
    inside[selected] = True
    chosen: np.ndarray = rows[inside[rows]]
    return chosen


def _from_to(rows: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Those of ascending rows from `start` on, before `stop`."""
    # Bounds of another type would have all rows converted to it.
    first, last = np.searchsorted(rows, np.array((start, stop), rows.dtype))
    part: np.ndarray = rows[first:last]
    return part
