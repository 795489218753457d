"""What the kernel writes into the lanes: `struct head` of bpf/record.c as a numpy dtype.

A record in a ring buffer is preceded by eight bytes (kernel/bpf/ringbuf.c): its length, with the two
highest bits for busy and discarded, and an offset that only the kernel uses; its data follow it. Of a system
call there is a stamp, which names its head: calls that differ in nothing but what the stamp tells share one.
Their data lie packed in a place of their own: a socket's tuple, an address, two texts and payload, those that
there are, each beginning on a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from capture.agent.settings import TEXT_MAX, LaneSpec

BUSY = 1 << 31
DISCARDED = 1 << 30

SOCK_SIZE, EXE_SIZE = 48, 64
HAS_SOCKET = HAS_FILE = 1 << 15
"""The flag of the probe that says so, of calls and of programs; it is not one of the file's."""


def places_of(spec: LaneSpec) -> dict[str, int]:
    """Where behind a ring buffer's records the texts are that they may have."""
    if spec.programs:
        # As bpf/program.c lays them out; short records have no environment.
        return {"exe": 0, "text": EXE_SIZE, "text2": spec.second, "env": spec.second + TEXT_MAX}
    # Who has a socket or an address has no text.
    return {"text": 0, "text2": spec.second, "sock": 0, "addr": SOCK_SIZE}


HEAD = np.dtype(
    [
        ("time", "<u8"),
        ("latency", "<u8"),
        ("cgroup", "<u8"),
        ("ret", "<i8"),
        ("a0", "<u8"),
        ("a1", "<u8"),
        ("a2", "<u8"),
        ("a3", "<u8"),
        ("a4", "<u8"),
        ("a5", "<u8"),
        ("ino", "<u8"),
        ("dev", "<u4"),
        ("uid", "<u4"),
        ("pid", "<u4"),
        ("tid", "<u4"),
        ("fd", "<i4"),
        ("at", "<u4"),
        ("code", "<u2"),
        ("cpu", "<u2"),
        ("mode", "<u2"),
        ("flags", "<u2"),
        ("sizes", "<u4"),
        ("text_len", "<u2"),
        ("text2_len", "<u2"),
    ]
)
"""`sizes` is what is kept of the payload, in three bytes, and of the address, in one."""
DATA_LEN, ADDR_SHIFT = 0xFF_FFFF, 24

STAMP = np.dtype([("time", "<u8"), ("latency", "<u8"), ("head", "<u4"), ("at", "<u4")])
"""`struct stamp`: what of a system call no other one shares, and the place of its head."""
STAMPED = ("time", "latency", "at")
"""Fields that a system call's stamp tells, its head does not."""
STAMP_WORDS = STAMP.itemsize // 8
KEPT = 1024
"""Heads made before that a new call may share, on its processor."""

WORDS = HEAD.itemsize // 8
LENGTHS = WORDS - 1
"""The word that holds all lengths: 0 where a record has no data but a socket's."""


class Field(NamedTuple):
    """Where a number lies in a head."""

    word: int
    byte: int
    """Of the word."""
    size: int
    """Bytes."""
    mask: int
    """All bits that it can have."""
    signed: bool = False

    def of(self, words: Sequence[int]) -> int:
        """Its bits in a head's words."""
        return words[self.word] >> 8 * self.byte & self.mask

    def value(self, words: Sequence[int]) -> int:
        """The number that these bits are."""
        bits = self.of(words)
        return bits - self.mask - 1 if self.signed and bits > self.mask >> 1 else bits

    def put(self, words: list[int], bits: int) -> None:
        """Set its bits in a head's words."""
        shift = 8 * self.byte
        words[self.word] = words[self.word] & ~(self.mask << shift) | (bits & self.mask) << shift


def _fields() -> Iterator[tuple[str, Field]]:
    for name in HEAD.names or ():
        dtype, offset = HEAD.fields[name][:2]  # type: ignore[index]  # HEAD has fields
        if name == "sizes":
            yield "captured", Field(offset // 8, offset % 8, 3, DATA_LEN)
            yield "addr_len", Field(offset // 8, offset % 8 + 3, 1, 0xFF)
        else:
            # The probe's mark for a latency that is not known is all ones: as a signed number, -1.
            signed = dtype.kind == "i" or name == "latency"
            yield name, Field(offset // 8, offset % 8, dtype.itemsize, (1 << 8 * dtype.itemsize) - 1, signed)


FIELDS = dict(_fields())
"""The fields of a head, `sizes` as its two parts."""


def end_of(at: int, head: np.ndarray[Any, np.dtype[np.uint64]]) -> int:
    """Where the bytes of a call's record end that begin `at`, modulo 2**32: `head` is uint64[WORDS]."""
    (record,) = head.view(HEAD)
    sizes = int(record["sizes"])
    parts = [
        SOCK_SIZE if record["flags"] & HAS_SOCKET else 0,
        *(sizes >> ADDR_SHIFT, sizes & DATA_LEN, int(record["text_len"]), int(record["text2_len"])),
    ]
    return at + sum((size + 7) & ~7 for size in parts)


def record_dtype(data: int) -> np.dtype[np.void]:
    """A record with `data` bytes behind its head, as it lies in a ring buffer."""
    fields = [(name, HEAD.fields[name][0]) for name in HEAD.names]  # type: ignore[index, union-attr]  # HEAD has names
    return np.dtype([("length", "<u4"), ("page", "<u4"), *fields, *([("data", "u1", data)] if data else [])])
