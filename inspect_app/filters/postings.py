"""From a row of a frame to its events: what the filters' arrows are, turned round.

An array of pointers (event → row) is sorted once; then the few events of one process or container are a
slice, where a look-up over all events would take as long for one as for all.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock, Thread

import numpy as np

from capture.format.pieces import each_piece, pieces_of, taken_from

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


BESIDE = 1 << 20
"""Events from which on they are sorted by a thread of its own."""
MOST_LONG = 3
"""Such lists that are kept, those that were used last: each takes four bytes an event."""
_KEPT: OrderedDict[int, Postings] = OrderedDict()
_ASKED: dict[int, Thread | None] = {}
"""Long arrays of which few rows were asked for, and who sorts them."""
_LOCK = Lock()


def spread(decided: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """bool[rows of a frame] → bool[events]; false where an event points to no row.

    Args:
        decided: bool, one a row.
        rows: event → row, -1 none; the same array each time, for what is found out about it is kept with it.
    """
    listed = events_listed(decided, rows)
    if listed is not None:
        mask = np.zeros(len(rows), bool)
        mask[listed] = True
        return mask
    # The extra last entry is what -1 points to.
    return taken_from(np.append(decided, False), rows)


def events_listed(decided: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    """uint32: the events of some rows, in no order unless of one row; None where a look-up is as quick.

    Args: as of `spread`.
    """
    if len(rows) < WORTH:
        return None
    chosen = np.flatnonzero(decided)
    if not len(chosen):
        return np.empty(0, np.uint32)
    is_few = len(chosen) * _FEW_ROWS <= len(decided) or len(chosen) == 1
    kept = _sorted_before(rows, len(decided)) if is_few else None
    if kept is None:
        return None
    begins, counts = kept.starts[chosen], np.diff(kept.starts)[chosen]
    total = int(counts.sum())
    if total * _FEW_EVENTS > len(rows):
        return None
    if len(chosen) == 1:
        return kept.order[int(begins[0]) : int(begins[0]) + total]
    within = np.cumsum(counts) - counts
    return kept.order[np.repeat(begins - within, counts) + np.arange(total)]


def last_before(wanted: np.ndarray, event: int, rows: np.ndarray, count: int) -> np.ndarray:
    """int64: the last event before one that points to each wanted row, -1 none.

    Args:
        wanted: rows of a frame.
        event: where to stop.
        rows: event → row, -1 none.
        count: how many rows the frame has.
    """
    last, missing = np.full(count + 1, -1), np.zeros(count + 1, bool)
    missing[wanted] = True
    # From the end, so that it is over as soon as all are found.
    for piece in reversed(pieces_of(event)):
        # Of several assignments to one place numpy keeps the last.
        here = np.full(count + 1, -1)
        here[rows[piece]] = np.arange(piece.start, piece.stop)
        found = np.flatnonzero(missing & (here >= 0))
        last[found], missing[found] = here[found], False
        if not missing[:-1].any():
            break
    found_last: np.ndarray = last[wanted]
    return found_last


def _sorted_before(rows: np.ndarray, count: int) -> Postings | None:
    """The events of each of `count` rows, where they are sorted already.

    Sorting takes as long as a dozen look-ups: what is asked for a second time is worth it. Long arrays
    are sorted beside, and looked up meanwhile.
    """
    with _LOCK:
        found = _KEPT.get(id(rows))
        if found is not None and len(found.starts) == count + 1:
            _KEPT.move_to_end(id(rows))
            return found
    if len(rows) < BESIDE:
        return _sort(rows, count)
    with _LOCK:
        is_known = id(rows) in _ASKED
        if not is_known:
            weakref.finalize(rows, _ASKED.pop, id(rows), None)
            _ASKED[id(rows)] = None
        elif _ASKED[id(rows)] is None:
            _ASKED[id(rows)] = worker = Thread(target=_sort, args=(rows, count), name="postings", daemon=True)
            worker.start()
    return None


def _sort(rows: np.ndarray, count: int) -> Postings:
    found = _by_radix(rows, count) if count < 1 << 16 else _packed(rows, count)
    with _LOCK:
        if id(rows) not in _KEPT:
            weakref.finalize(rows, _KEPT.pop, id(rows), None)
        _KEPT[id(rows)] = found
        long = [identity for identity, kept in _KEPT.items() if len(kept.order) >= BESIDE]
        for identity in long[:-MOST_LONG]:
            del _KEPT[identity]
            # It may be sorted again.
            _ASKED.pop(identity, None)
    return found


def _by_radix(rows: np.ndarray, count: int) -> Postings:
    places = (rows.astype(np.int32, copy=False) + 1).astype(
        np.uint16
    )  # numpy sorts 16 bits without comparing
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
