"""Which beginning of a call belongs to which end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.format.convert.headers import Headers
from capture.format.convert.kinds import KindClass, kinds
from capture.format.joins import codes_of

Array = np.ndarray[Any, np.dtype[Any]]

PROCEXIT = (16, 186)
GENERIC = 0
_KINDS_OF_CALLS = 1 << 10


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
    is_call = _calls()[headers.type]
    exits = np.isin(headers.type, np.array(PROCEXIT, np.uint16))
    some = np.flatnonzero(is_call | exits)
    begin = np.full(count, -1, np.int64)
    ended, opened, died = (np.zeros(count, bool) for _ in range(3))
    if not len(some):
        return Pairs(begin, ended, opened, died, is_call)
    _, thread = codes_of(headers.tid[some])
    if int(thread.max()) < 1 << 16:
        thread = thread.astype(np.uint16)
    order = np.argsort(thread, kind="stable")
    rows, thread = some[order], thread[order]
    number = headers.type[rows].astype(np.int64)
    what = number >> 1 | call_id[rows] << 16
    follows = np.append(thread[1:] == thread[:-1], False)
    begins = (number & 1 == 0) & is_call[rows]
    ends_next = np.append((what[1:] == what[:-1]) & (number[1:] & 1 == 1), False)
    matched = np.flatnonzero(begins & follows & ends_next)
    begin[rows[matched + 1]] = rows[matched]
    ended[rows[matched]] = True
    opened[rows[begins & ~follows]] = True
    dies_next = np.append(exits[rows][1:], False)
    died[rows[begins & follows & dies_next]] = True
    return Pairs(begin, ended, opened, died, is_call)


def _calls() -> Array:
    """bool, by number of type: is it a system call's? A number that is not known is not."""
    table = np.zeros(1 << 16, bool)
    for number, kind in kinds().items():
        if kind.origin is KindClass.CALL:
            table[number : number + 2] = True
    return table
