"""Lanes: memory that the probe fills and the recorder drains, seen as arrays; nothing is done for each event.

Two kinds. `Lane` is one of the kernel's ring buffers, of which all records have one size; the layout of
its pages is that of kernel/bpf/ringbuf.c: a page with the consumer's position (ours to write), one with the
producer's, and the data mapped twice in a row, so that a run never has to be split. `CallLane` is what the
probe writes on one processor (bpf/record.c): a ring of stamps, one of the heads that these name, and one of
the bytes that belong to them.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk, chunk_of_calls, chunk_of_records
from capture.agent.records import BUSY, KEPT, STAMP, STAMP_WORDS, WORDS, record_dtype
from capture.agent.settings import CallSizes, LaneSpec

_PAGE = mmap.PAGESIZE
_MOST_HEADS = 16_384
"""Heads that are taken at once, about: two megabytes."""
_MOST_BYTES = 4 << 20
"""Bytes of long records that are copied at once."""

Array = np.ndarray[Any, np.dtype[Any]]


class Lane:
    """One ring buffer, drained from here."""

    def __init__(self, spec: LaneSpec, map_fd: int) -> None:
        self.name = spec.name
        self._spec = spec
        self._dtype = record_dtype(spec.data)
        self._size = spec.pages * 4096
        consumer = mmap.mmap(map_fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        length = _PAGE + 2 * self._size
        producer = mmap.mmap(map_fd, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE)
        self._consumed: Array = np.ndarray(1, "<u8", consumer)
        self._produced = np.frombuffer(producer, "<u8", 1)
        self._data = np.frombuffer(producer, np.uint8, offset=_PAGE)

    @property
    def waiting(self) -> int:
        """Records that have not been taken yet."""
        return (int(self._produced[0]) - int(self._consumed[0])) // self._dtype.itemsize

    @property
    def fill(self) -> float:
        """How full the lane is, 0 to 1."""
        return self.waiting * self._dtype.itemsize / self._size

    def glance(self) -> Array:
        """The records that wait, where they lie; the last ones may be half written."""
        at = int(self._consumed[0]) % self._size
        return self._data[at : at + self.waiting * self._dtype.itemsize].view(self._dtype)

    def take(self, most: int) -> tuple[int, Chunk]:
        """Copy up to `most` finished records: how many they were, and those that the probe did not take back.

        A record that is still being written ends the run.
        """
        stride = self._dtype.itemsize
        start = int(self._consumed[0])
        at = start % self._size
        count = min(self.waiting, most, _MOST_BYTES // stride)
        records = self._data[at : at + count * stride].view(self._dtype)
        busy = np.flatnonzero(records["length"] >= BUSY)
        if len(busy):
            records = records[: busy[0]]
        chunk = chunk_of_records(records, self._spec)
        # Everything has been copied by now: the kernel may write there again.
        self._consumed[0] = start + len(records) * stride
        return len(records), chunk


class CallLane:
    """The system calls that returned on one processor, in order of time."""

    name = "calls"

    def __init__(self, position: Array, stamps: Array, heads: Array, content: Array) -> None:
        """See `call_lanes`.

        Args:
            position: uint64[16], the first of `struct position`; ours to write from the ninth on.
            stamps: uint64[records, STAMP_WORDS].
            heads: uint64[heads + KEPT, WORDS].
            content: uint64[a power of two].
        """
        self._position, self._stamps, self._heads, self._content = position, stamps, heads, content

    @property
    def waiting(self) -> int:
        """Records that have not been taken yet."""
        return int(self._position[_WRITTEN]) - int(self._position[_TAKEN])

    @property
    def fill(self) -> float:
        """How full the lane is, 0 to 1."""
        used = int(self._position[_BYTES]) - int(self._position[_FREED])
        # The last ones that were released may have been shared.
        heads = int(self._position[_MADE]) - int(self._position[_RELEASED]) - KEPT
        return max(
            self.waiting / len(self._stamps),
            heads / max(len(self._heads) - KEPT, 1),
            used / (8 * len(self._content)),
        )

    def take(self, most: int) -> tuple[int, Chunk]:
        """Copy up to `most` records: how many they were, and the records.

        They are fewer where they have many heads, which shall stay in the processor's cache meanwhile.
        """
        taken = int(self._position[_TAKEN])
        at = taken % len(self._stamps)
        count = min(self.waiting, most, len(self._stamps) - at)
        stamps = self._stamps[at : at + count]
        if count > _MOST_HEADS and self._heads_made(stamps) > _MOST_HEADS:
            stamps = stamps[:_MOST_HEADS]
            count = len(stamps)
        # Read behind the number of records: theirs have been made by now.
        made = int(self._position[_MADE])
        chunk, end = chunk_of_calls(stamps, self._heads, made % len(self._heads), self._content)
        if count:
            # Before records: the probe must not find room for one without room for its bytes and its head.
            freed = int(self._position[_FREED])
            self._position[_FREED] = freed + (end - freed) % (1 << 32)
            self._release(made, int(stamps[-1].view(STAMP)["head"][0]))
        self._position[_TAKEN] = taken + count
        return count, chunk

    def _release(self, made: int, last: int) -> None:
        """Let heads be written over: the record that was taken last has the head at the place `last`."""
        number = made - ((made - last - 1) % len(self._heads) + 1)
        if number > int(self._position[_RELEASED]):
            self._position[_RELEASED] = number

    def _heads_made(self, stamps: Array) -> int:
        """About how many heads were made for these records."""
        first, last = (int(stamps[at].view(STAMP)["head"][0]) for at in (0, -1))
        return (last - first) % len(self._heads)


_WRITTEN, _BYTES, _MADE, _TAKEN, _FREED, _RELEASED = 0, 1, 4, 8, 9, 10
_POSITION_WORDS = 48


def call_lanes(
    sizes: CallSizes, positions_fd: int, stamps_fd: int, heads_fd: int, content_fd: int
) -> list[CallLane]:
    """The lanes of all processors, out of the arrays that hold them."""
    both = mmap.PROT_READ | mmap.PROT_WRITE
    positions = _words(positions_fd, sizes.cpus * _POSITION_WORDS, both).reshape(-1, _POSITION_WORDS)
    stamps = _words(stamps_fd, sizes.cpus * sizes.records * STAMP_WORDS).reshape(sizes.cpus, -1, STAMP_WORDS)
    heads = _words(heads_fd, sizes.cpus * (sizes.heads + KEPT) * WORDS).reshape(sizes.cpus, -1, WORDS)
    content = _words(content_fd, sizes.cpus * sizes.bytes // 8).reshape(sizes.cpus, -1)
    return [CallLane(positions[cpu, :16], stamps[cpu], heads[cpu], content[cpu]) for cpu in range(sizes.cpus)]


def _words(map_fd: int, count: int, protection: int = mmap.PROT_READ) -> Array:
    """A map of the probe, uint64[count]."""
    mapped = mmap.mmap(map_fd, -(-8 * count // _PAGE) * _PAGE, mmap.MAP_SHARED, protection)
    return np.frombuffer(mapped, "<u8", count)
