"""Which beginning of a call belongs to which end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from capture.format.convert.headers import Headers
from capture.format.convert.kinds import KindClass, kinds
from capture.format.joins import codes_of

Array = np.ndarray[Any, np.dtype[Any]]

PROCEXIT = (16, 186)
GENERIC = 0
_BEGINS, _ENDS, _EXITS = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Pairs:
    """What became of each event."""

    begin: Array
    """int64, of each event: the beginning of the call that it ends, -1 none."""
    ended: Array
    """bool: it begins a call whose end is here."""
    open: Array
    """bool: it begins a call, and is the last that its thread did."""
    died: Array
    """bool: it begins a call in which the thread ended."""
    is_call: Array
    """bool: it begins or ends a call."""


def find_pairs(headers: Headers, call_id: Array) -> Pairs:
    """Pair the events of each thread: an end belongs to what the thread did right before, if that began it.

    Args:
        headers: the events, in the order of the file.
        call_id: of each, the number by which generic events tell their call, else 0.
    """
    count = len(headers)
    role = _roles()[headers.type]
    begin = np.full(count, -1, np.int64)
    ended, opened, died = (np.zeros(count, bool) for _ in range(3))
    rows, thread = _by_thread(headers.tid, np.flatnonzero(role))
    if not len(rows):
        return Pairs(begin, ended, opened, died, role & (_BEGINS | _ENDS) > 0)
    roles = role[rows]
    begins = np.flatnonzero(roles & _BEGINS)
    # What follows the last one of all is its own beginning, which ends nothing.
    after = np.minimum(begins + 1, len(rows) - 1)
    follows = (thread[after] == thread[begins]) & (after > begins)
    next_role = roles[after]
    opened[rows[begins[~follows]]] = True
    died[rows[begins[follows & (next_role == _EXITS)]]] = True
    maybe = follows & (next_role == _ENDS)
    one, other = rows[begins[maybe]], rows[after[maybe]]
    same = (headers.type[one] >> 1 == headers.type[other] >> 1) & (call_id[one] == call_id[other])
    one, other = one[same], other[same]
    begin[other] = one
    ended[one] = True
    return Pairs(begin, ended, opened, died, role & (_BEGINS | _ENDS) > 0)


def _by_thread(tid: Array, rows: Array) -> tuple[Array, Array]:
    """The rows thread by thread, in the order of the file, and a number of the thread of each."""
    thread = tid[rows]
    if len(rows) and int(thread.max()) >= 1 << 16:
        _, thread = codes_of(thread)
    if len(rows) and int(thread.max()) < 1 << 16:
        thread = thread.astype(np.uint16)
    order = np.argsort(thread, kind="stable")
    return rows[order], thread[order]


@cache
def _roles() -> Array:
    """uint8, by number of type: what an event of it does to a call; 0 what is no call's, or not known."""
    table = np.zeros(1 << 16, np.uint8)
    for number, kind in kinds().items():
        if kind.origin is KindClass.CALL:
            table[number], table[number + 1] = _BEGINS, _ENDS
    table[list(PROCEXIT)] = _EXITS
    return table
