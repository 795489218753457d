"""Lanes: ring buffers of the kernel seen as arrays.

All records of a lane have one size, so whole runs of them are one numpy array: nothing is done for
each event. The layout of a ring buffer's pages is that of kernel/bpf/ringbuf.c: a page with the
consumer's position (ours to write), a page with the producer's, and the data mapped twice in a row, so
that a run never has to be split.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from capture.agent.records import BUSY, record_dtype
from capture.agent.settings import LaneSpec

_PAGE = mmap.PAGESIZE

Records = np.ndarray[Any, np.dtype[np.void]]


class Lane:
    """One ring buffer, drained from here."""

    def __init__(self, spec: LaneSpec, map_fd: int) -> None:
        self.spec = spec
        self.dtype = record_dtype(spec.data)
        self.size = spec.pages * 4096
        self._consumer_map = mmap.mmap(map_fd, _PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._producer_map = mmap.mmap(
            map_fd, _PAGE + 2 * self.size, mmap.MAP_SHARED, mmap.PROT_READ, offset=_PAGE
        )
        self._consumed: np.ndarray[Any, np.dtype[np.uint64]] = np.ndarray(1, "<u8", self._consumer_map)
        self._produced = np.frombuffer(self._producer_map, "<u8", 1)
        self._data = np.frombuffer(self._producer_map, np.uint8, offset=_PAGE)

    @property
    def waiting(self) -> int:
        """Bytes that have not been taken yet."""
        return int(self._produced[0]) - int(self._consumed[0])

    @property
    def fill(self) -> float:
        """How full the lane is, 0 to 1."""
        return self.waiting / self.size

    def peek(self, most: int) -> Records:
        """Up to `most` finished records, in place: valid until `release`.

        A record that is still being written ends the run. Discarded ones are included.
        """
        stride = self.dtype.itemsize
        start = int(self._consumed[0])
        count = min((int(self._produced[0]) - start) // stride, most)
        at = start % self.size
        records: Records = self._data[at : at + count * stride].view(self.dtype)
        lengths = records["length"]
        if count and int(lengths.max()) >= BUSY:
            return records[: int((lengths >= BUSY).argmax())]
        return records

    def release(self, count: int) -> None:
        """Give the room of the first `count` records back to the kernel."""
        self._consumed[0] = int(self._consumed[0]) + count * self.dtype.itemsize
