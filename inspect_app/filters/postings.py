"""From a row of a frame to its events: what the filters' arrows are, turned round.

An array of pointers (event → row) is sorted once; then the few events of one process or container are a
slice, where a look-up over all events would take as long for one as for all.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import each_piece, taken_from

WORTH = 1 << 18
"""With fewer events a look-up is as quick."""
_FEW_ROWS, _FEW_EVENTS = 8, 4
"""A part of the rows, and of the events, up to which it is tried."""


@dataclass(frozen=True, eq=False)
class Postings:
    """The events of each row."""

    order: np.ndarray
    """uint32: all events, those of row -1 first, then those of row 0, …; each row's ascending."""
    starts: np.ndarray
    """int64: where the events of row 0, 1, … begin; one more at the end."""


_KEPT: dict[int, Postings] = {}


def spread(decided: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """bool[rows of a frame] → bool[events]; false where an event points to no row.

    Args:
        decided: bool, one a row.
        rows: event → row, -1 none; the same array each time, for what is found out about it is kept with it.
    """
    if len(rows) >= WORTH:
        chosen = np.flatnonzero(decided)
        if not len(chosen):
            return np.zeros(len(rows), bool)
        if len(chosen) * _FEW_ROWS <= len(decided) or len(chosen) == 1:
            kept = postings_of(rows, len(decided))
            begins, counts = kept.starts[chosen], np.diff(kept.starts)[chosen]
            total = int(counts.sum())
            if total * _FEW_EVENTS <= len(rows):
                mask = np.zeros(len(rows), bool)
                within = np.cumsum(counts) - counts
                mask[kept.order[np.repeat(begins - within, counts) + np.arange(total)]] = True
                return mask
    # The extra last entry is what -1 points to.
    return taken_from(np.append(decided, False), rows)


def last_before(wanted: np.ndarray, event: int, rows: np.ndarray, count: int) -> np.ndarray:
    """int64: the last event before one that points to each wanted row, -1 none.

    Args:
        wanted: rows of a frame.
        event: where to stop.
        rows: event → row, -1 none; the same array each time.
        count: how many rows the frame has.
    """
    kept = postings_of(rows, count)
    last = np.full(len(wanted), -1, np.int64)
    for at, row in enumerate(wanted.tolist()):
        mine = kept.order[kept.starts[row] : kept.starts[row + 1]]
        if (before := int(np.searchsorted(mine, event))) > 0:
            last[at] = mine[before - 1]
    return last


def postings_of(rows: np.ndarray, count: int) -> Postings:
    """The events of each of `count` rows, found out once for an array."""
    found = _KEPT.get(id(rows))
    if found is None or len(found.starts) != count + 1:
        found = _by_radix(rows, count) if count < 1 << 16 else _packed(rows, count)
        if id(rows) not in _KEPT:
            weakref.finalize(rows, _KEPT.pop, id(rows), None)
        _KEPT[id(rows)] = found
    return found


def _by_radix(rows: np.ndarray, count: int) -> Postings:
    places = (rows + 1).astype(np.uint16)  # numpy sorts 16 bits without comparing
    starts = np.cumsum(np.bincount(places, minlength=count + 1))
    return Postings(np.argsort(places, kind="stable").astype(np.uint32), starts)


def _packed(rows: np.ndarray, count: int) -> Postings:
    """Packed with their positions plain integers are sorted: several times quicker than sorting positions."""
    packed = np.empty(len(rows), np.int64)

    def pack(part: slice) -> None:
        packed[part] = rows[part]
        packed[part] += 1
        packed[part] <<= 32
        packed[part] |= np.arange(part.start, part.stop)

    each_piece(len(rows), pack)
    packed.sort()
    starts = np.searchsorted(packed, np.arange(1, count + 2, dtype=np.int64) << 32)
    return Postings(packed.astype(np.uint32), starts)  # the lower half is the position
