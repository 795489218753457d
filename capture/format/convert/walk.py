"""Where the blocks of a .scap file lie: found for all events at once, one by one only where that fails.

    file   ::=  block*
    block  ::=  type:u32  length:u32  payload  length:u32       lengths count the whole block, in fours

Every place at which an event block could begin is looked for by its type and its two equal lengths. A chain
of such places, each beginning where the one before ends, is taken as a whole; only where the chain breaks
is a single block looked at. What is no block is passed over up to the next place where an event begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

EVENT, EVENT_V2, EVENT_LARGE = 0x204, 0x216, 0x221
FLAGGED, FLAGGED_V2, FLAGGED_LARGE = 0x208, 0x217, 0x222
EVENT_EARLY = 0x8010ABCD
"""The number of event blocks before there were any."""
EVENT_BLOCKS = (EVENT, EVENT_V2, EVENT_LARGE, FLAGGED, FLAGGED_V2, FLAGGED_LARGE)
WITH_FLAGS = (FLAGGED, FLAGGED_V2, FLAGGED_LARGE)
COUNTED_PARAMETERS = (EVENT_V2, EVENT_LARGE, FLAGGED_V2, FLAGGED_LARGE)
WIDE_LENGTHS = (EVENT_LARGE, FLAGGED_LARGE)
_LEAST_EVENT = 36
"""Header, processor, event header without parameters, closing length."""
_LEAST_BLOCK = 12
MAX_BLOCK = 64 << 20
"""Bytes of one block; a length beyond it is damage."""
_FIRST, _SPREAD = EVENT, FLAGGED_LARGE - EVENT


def table_of(blocks: tuple[int, ...]) -> Array:
    """bool, by type of an event block less the lowest: is it one of these?"""
    return np.isin(np.arange(_FIRST, _FIRST + _SPREAD + 1), blocks)


_IS_EVENT = table_of(EVENT_BLOCKS)


@dataclass(frozen=True, slots=True)
class Other:
    """A block that holds no event."""

    type: int
    start: int
    size: int


@dataclass
class Walked:
    """What was found in a piece of a file."""

    starts: Array
    """int64: where each event block begins, in bytes."""
    sizes: Array
    types: Array
    """uint32: the kind of each event block."""
    used: int
    """Bytes that are done with; the rest belongs to a block that is not whole yet."""
    others: list[Other] = field(default_factory=list)
    skipped: int = 0
    """Bytes that are no block."""


def walk(data: Array, *, final: bool) -> Walked:
    """The blocks that begin, and end, in a piece of a file; it begins with a block.

    Args:
        data: uint8.
        final: nothing follows it: a block that seems to go on behind it is damaged, or cut short.
    """
    words = data[: len(data) // 4 * 4].view("<u4")
    starts, ends = _candidates(words)
    breaks = np.append(np.flatnonzero(ends[:-1] != starts[1:]), len(starts) - 1)
    found = Walked(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint32), 0)
    runs: list[Array] = []
    at = 0
    while at + 2 <= len(words):
        first = int(np.searchsorted(starts, at))
        if first < len(starts) and starts[first] == at:
            last = int(breaks[np.searchsorted(breaks, first)])
            runs.append(np.arange(first, last + 1))
            at = int(ends[last])
            continue
        kind, size = int(words[at]), int(words[at + 1])
        end = at + size // 4
        is_block = size % 4 == 0 and _LEAST_BLOCK <= size <= MAX_BLOCK
        nothing_follows = first >= len(starts)
        if is_block and end > len(words) and (not final or nothing_follows):
            break
        if is_block and end <= len(words) and int(words[end - 1]) == size:
            found.others.append(Other(kind, at * 4, size))
            at = end
            continue
        following = len(words) if nothing_follows else int(starts[first])
        found.skipped += (following - at) * 4
        at = following
    taken = np.concatenate(runs) if runs else np.empty(0, np.int64)
    found.starts = starts[taken] * 4
    found.sizes = (ends[taken] - starts[taken]) * 4
    found.types = words[starts[taken]]
    found.used = at * 4
    return found


def _candidates(words: Array) -> tuple[Array, Array]:
    """Where event blocks could begin and end, in words."""
    near = np.flatnonzero((words - np.uint32(_FIRST)) <= np.uint32(_SPREAD))
    near = near[near < len(words) - 1]
    near = near[_IS_EVENT[words[near] - np.uint32(_FIRST)]]
    sizes = words[near + 1].astype(np.int64)
    ends = near + sizes // 4
    fits = (sizes % 4 == 0) & (sizes >= _LEAST_EVENT) & (sizes <= MAX_BLOCK) & (ends <= len(words))
    near, ends, sizes = near[fits], ends[fits], sizes[fits]
    closed = words[ends - 1] == sizes
    return near[closed], ends[closed]
