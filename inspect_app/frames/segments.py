"""Which transfers of bytes follow one another: the calls of a stream in order, and where one is broken off.

    stream   ::=  one direction of a connection, pipe or terminal      whoever holds it
              |   one direction of a descriptor number of a process    files: each has a place of its own

A transfer follows another directly where that one was kept whole and nothing was lost between the two.
Datagrams follow nothing, nor does what was read at a given place (pread) or only peeked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capture.format.joins import codes_of, pair_codes
from capture.format.pieces import taken_from
from capture.model.catalogue import CATALOGUE
from capture.model.events import Category
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import UNSEEN_KINDS
from inspect_app.frames.types import PEEK, PEEKS

_WRITES = frozenset(spec.name for spec in CATALOGUE if spec.category is Category.IO_WRITE)
_READS = frozenset(spec.name for spec in CATALOGUE if spec.category is Category.IO_READ)
_PLACED = frozenset(
    {
        "pread64",
        "preadv",
        "preadv2",
        "pwrite64",
        "pwritev",
        "pwritev2",
        "process_vm_readv",
        "process_vm_writev",
    }
)
_SHARED = frozenset({"ipv4", "ipv6", "unix", "pipe", "fifo", "char"})
_OWN = frozenset({"file", "directory", "block", ""})
_STREAM_PROTOCOLS = frozenset({"tcp", "sctp", ""})
_NONE = -1
_WIDEST = 62
"""Bits into which a stream's parts are packed, beside the one for its direction."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The transfers of a capture; arrays of one length."""

    rows: np.ndarray
    """int64, rows of events, ascending: calls that read, wrote, sent or received at least a byte."""
    writes: np.ndarray
    """bool: written or sent."""
    peeked: np.ndarray
    """bool: received, and left to be received again."""
    stream: np.ndarray
    """int32: transfers with the same number, in their order, are one stream; -1 it belongs to none."""
    size: np.ndarray
    """int64: bytes transferred."""
    captured: np.ndarray
    """uint32: bytes kept."""
    order: np.ndarray
    """int32: positions in order of their streams, those of none first."""
    follower: np.ndarray
    """int32: position of the transfer whose bytes follow directly, -1 none is known to."""

    def of_event(self, events: int) -> np.ndarray:
        """int32, of each of so many events: its position among the segments, -1 none."""
        found = np.full(events, _NONE, np.int32)
        found[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return found

    def with_neighbours(self, rows: np.ndarray) -> np.ndarray:
        """int64: those of some rows that are transfers, and what directly follows or goes before them."""
        mine = np.isin(self.rows, rows, assume_unique=True)
        follows = np.flatnonzero(self.follower >= 0)
        after = self.follower[follows]
        near = mine.copy()
        near[after[mine[follows]]] = True
        near[follows[mine[after]]] = True
        found: np.ndarray = self.rows[near]
        return found

    @cached_property
    def follows(self) -> np.ndarray:
        """bool: its bytes follow directly on those of another."""
        found = np.zeros(len(self.rows), bool)
        found[self.follower[self.follower >= 0]] = True
        return found

    @cached_property
    def run(self) -> np.ndarray:
        """int32: transfers with the same number follow one another directly; -1 it stands alone."""
        run = np.empty(len(self.rows), np.int32)
        run[self.order] = np.cumsum(~self.follows[self.order])
        run[~self.follows & (self.follower < 0)] = _NONE
        return run

    @cached_property
    def place(self) -> np.ndarray:
        """int64: where each one's first kept byte lies, were the bytes of each run laid end to end."""
        place = np.empty(len(self.rows), np.int64)
        kept = self.captured[self.order].astype(np.int64)
        place[self.order] = np.cumsum(kept) - kept
        return place

    @cached_property
    def offset(self) -> np.ndarray:
        """int64: bytes that the stream had moved before, as far as recorded; -1 it belongs to none."""
        size, stream = self.size[self.order], self.stream[self.order]
        before = np.cumsum(size) - size
        new = np.append(True, stream[1:] != stream[:-1])[: len(size)]
        before -= before[np.maximum.accumulate(np.where(new, np.arange(len(size)), 0))]
        offset = np.empty(len(size), np.int64)
        offset[self.order] = np.where(stream < 0, _NONE, before)
        return offset


def segments(frames: CaptureFrames, things: np.ndarray | None = None) -> Segments:
    """The transfers of a capture and what follows what.

    Args:
        frames: The capture.
        things: bool, by row of descriptors, the last for events without one: only transfers through these. No
            stream goes through several, so that what follows what is the same.
    """
    events = frames.events
    names = [str(name) for name in events["type"].cat.categories]
    codes = events["type"].cat.codes.to_numpy()
    writing = _among(names, _WRITES)
    ret = events["ret"].to_numpy()
    moves = (writing | _among(names, _READS))[codes] & (events["size"].to_numpy() > 0)
    # What is peeked at moves nothing.
    moves |= _among(names, frozenset(PEEKS))[codes] & (ret > 0)
    if things is not None:
        moves &= things[events["descriptor"].to_numpy()]
    rows = np.flatnonzero(moves)
    writes = writing[codes[rows]]
    peeked = _peeked(frames, rows, names, codes[rows])
    stream = _streams(frames, rows, writes, _among(names, _PLACED)[codes[rows]] | peeked)
    size, captured = (events[name].to_numpy()[rows] for name in ("size", "captured"))
    size = np.where(peeked, ret[rows], size)
    order = _by_stream(stream)
    follower = _followers(frames, rows, stream, captured == size, order)
    return Segments(rows, writes, peeked, stream, size, captured, order, follower)


def _among(names: list[str], wanted: frozenset[str]) -> np.ndarray:
    """bool, by code of a type; the last place stands for -1."""
    return np.array([name in wanted for name in names] + [False])


def _peeked(frames: CaptureFrames, rows: np.ndarray, names: list[str], codes: np.ndarray) -> np.ndarray:
    peeked = np.zeros(len(rows), bool)
    for name, argument in PEEKS.items():
        at = np.flatnonzero(_among(names, frozenset({name}))[codes])
        if len(at):
            flags = frames.source.arguments_at({argument: rows[at]})[argument]
            peeked[at] = (flags & np.uint64(PEEK)) != 0
    return peeked


def _streams(frames: CaptureFrames, rows: np.ndarray, writes: np.ndarray, alone: np.ndarray) -> np.ndarray:
    things = frames.descriptors
    protocol = things["l4proto"].isin(list(_STREAM_PROTOCOLS)).to_numpy()
    kinds = things["type"]
    shared = np.append(kinds.isin(list(_SHARED)).to_numpy() & protocol, False)
    own = np.append(kinds.isin(list(_OWN)).to_numpy(), True)
    thing, process, fd = (
        taken_from(frames.events[name].to_numpy(), rows) for name in ("descriptor", "process", "fd")
    )
    mine = own[thing]
    joins = (shared[thing] | (mine & (fd >= 0) & (process >= 0))) & ~alone
    code = _numbered(thing, np.where(mine, process, _NONE), np.where(mine, fd, _NONE), writes)
    code[~joins] = _NONE
    return code


def _numbered(thing: np.ndarray, process: np.ndarray, fd: np.ndarray, writes: np.ndarray) -> np.ndarray:
    """int32: equal where all four are. Numbers are from -1 on, but for `fd`, which may be anything."""
    widths = [int(column.max(initial=0) + 1).bit_length() for column in (thing, process, fd)]
    if int(fd.min(initial=0)) < _NONE or sum(widths) >= _WIDEST:
        _, holder = codes_of(process.astype(np.int64) << 32 | (fd.astype(np.int64) & 0xFFFFFFFF))
        _, _, wide = pair_codes(thing.astype(np.int64) + 1, holder.astype(np.int64) * 2 + writes)
        return wide.astype(np.int32)

    packed = thing.astype(np.int64)
    packed += 1
    for column, width in ((process, widths[1]), (fd, widths[2])):
        packed <<= width
        packed += column
        packed += 1
    packed <<= 1
    packed |= writes
    return codes_of(packed)[1]


def _by_stream(stream: np.ndarray) -> np.ndarray:
    """Positions in order of their streams; sorting plain integers is several times quicker than argsort."""
    packed = (stream.astype(np.int64) + 1) << 32 | np.arange(len(stream))
    packed.sort()
    return (packed & 0xFFFFFFFF).astype(np.int32)


def _followers(
    frames: CaptureFrames, rows: np.ndarray, stream: np.ndarray, whole: np.ndarray, order: np.ndarray
) -> np.ndarray:
    follower = np.full(len(rows), _NONE, np.int32)
    of_order = stream[order]
    at = order[np.searchsorted(of_order, 0) :]
    of_order = of_order[len(order) - len(at) :]
    direct = np.flatnonzero((of_order[1:] == of_order[:-1]) & whole[at[:-1]])
    one, other = at[direct], at[direct + 1]
    together = ~_lost_between(frames, rows[one], rows[other])
    follower[one[together]] = other[together]
    return follower


def _lost_between(frames: CaptureFrames, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """bool: events were lost, of whatever process, at some time between two rows."""
    lost = frames.drops[frames.drops["kind"].isin(list(UNSEEN_KINDS))]
    if not len(lost):
        return np.zeros(len(one), bool)
    time = frames.events["time"].to_numpy()
    begun = np.searchsorted(np.sort(lost["since"].to_numpy()), time[other], side="right")
    over = np.searchsorted(np.sort(lost["time"].to_numpy()), time[one], side="left")
    between: np.ndarray = begun > over
    return between
