"""The headers of a piece's events as columns.

    event   ::=  cpu:u16  flags:u32?  time:u64  tid:u64  length:u32  type:u16  count:u32?  sizes  parameters
    sizes   ::=  u16*  or, in large blocks,  u32*        one a parameter

`flags` stand in blocks with flags, `count` (of parameters) in those of version 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.format.convert.walk import (
    COUNTED_PARAMETERS,
    EVENT,
    WIDE_LENGTHS,
    WITH_FLAGS,
    Walked,
    table_of,
)

Array = np.ndarray[Any, np.dtype[Any]]

_HEAD = np.dtype(
    {
        "names": ["cpu", "time", "tid", "length", "type", "count"],
        "formats": ["<u2", "<i8", "<i8", "<u4", "<u2", "<u4"],
        "offsets": [0, 2, 10, 18, 22, 24],
        "itemsize": 28,
    }
)
_BLOCK_HEAD, _CLOSING = 8, 4
_EVENT_HEAD = 22
PADDING = 16 << 10
"""Bytes behind a piece that may be read, though they mean nothing."""
_MOST_TID = (1 << 31) - 1
_LATEST = 1 << 62
"""No event is from after 2116."""
_FLAGGED, _COUNTED, _WIDE = map(table_of, (WITH_FLAGS, COUNTED_PARAMETERS, WIDE_LENGTHS))


@dataclass(frozen=True, slots=True)
class Headers:
    """A value an event."""

    time: Array
    """int64: UTC ns."""
    tid: Array
    """int64; 0 where it is none that a machine could have."""
    type: Array
    """uint16: the number of its kind and direction."""
    cpu: Array
    sizes_at: Array
    """int64: where the sizes of its parameters begin."""
    end: Array
    """int64: where its parameters end at the latest."""
    count: Array
    """int64: how many parameters, -1 where the block does not say."""
    wide: Array
    """bool: each size takes four bytes."""
    starts: Array
    """int64: where its block begins."""
    block_sizes: Array

    def __len__(self) -> int:
        return len(self.time)

    def taken(self, rows: Array) -> Headers:
        """Some of the events."""
        return Headers(*(getattr(self, name)[rows] for name in self.__slots__))


def _filled(time: Array) -> Array:
    """Times; what recorders tell without one has that of the event after it, else before it."""
    known = np.flatnonzero((time > 0) & (time < _LATEST))
    if len(known) in (0, len(time)):
        return np.maximum(time, 0)
    place = np.minimum(np.searchsorted(known, np.arange(len(time))), len(known) - 1)
    filled: Array = time[known[place]]
    return filled


def as_numbers(data: Array, dtype: str) -> Array:
    """The number that begins at each byte: a view, one element a byte."""
    size = np.dtype(dtype).itemsize
    return np.ndarray((len(data) - size + 1,), dtype, buffer=data, strides=(1,))


def windows(data: Array, width: int) -> Array:
    """The bytes that begin at each byte: a view of rows of that width."""
    return np.lib.stride_tricks.as_strided(data, (len(data) - width + 1, width), (1, 1), writeable=False)


def read_headers(data: Array, found: Walked) -> Headers:
    """The headers of the event blocks of a piece.

    Args:
        data: uint8, with PADDING behind the last block.
    """
    body = found.starts + _BLOCK_HEAD
    kind = found.types - np.uint32(EVENT)
    flagged, counted = _FLAGGED[kind], _COUNTED[kind]
    at = body + 4 * flagged
    head = windows(data, _HEAD.itemsize)[at].view(_HEAD)[:, 0]
    cpu = as_numbers(data, "<u2")[body] if flagged.any() else head["cpu"]
    event = at + 2
    sizes_at = event + _EVENT_HEAD + 4 * counted
    tid = head["tid"].astype(np.int64)
    last = found.starts + found.sizes - _CLOSING
    stated = event + head["length"].astype(np.int64)
    return Headers(
        time=_filled(head["time"].astype(np.int64)),
        tid=np.where((tid < 0) | (tid > _MOST_TID), 0, tid),
        type=head["type"].astype(np.uint16),
        cpu=cpu.astype(np.uint16),
        sizes_at=sizes_at,
        end=np.where((stated >= sizes_at) & (stated <= last), stated, last),
        count=np.where(counted, head["count"].astype(np.int64), -1),
        wide=_WIDE[kind],
        starts=found.starts,
        block_sizes=found.sizes,
    )
