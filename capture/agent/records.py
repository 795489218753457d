"""What the kernel writes into the lanes: `struct head` of bpf/record.c as a numpy dtype.

A record in a ring buffer is preceded by eight bytes (kernel/bpf/ringbuf.c): its length, with the two
highest bits for busy and discarded, and an offset that only the kernel uses; its data follow it. The heads of
system calls lie alone, their data packed in a place of their own: a socket's tuple, an address, two
texts and payload, those that there are, each beginning on a word.
"""

from __future__ import annotations

from typing import Any

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

WORDS = HEAD.itemsize // 8
LENGTHS = WORDS - 1
"""The word that holds all lengths: 0 where a record has no data but a socket's."""

Array = np.ndarray[Any, np.dtype[Any]]


def field_of(words: np.ndarray[Any, np.dtype[np.uint64]], name: str) -> Array:
    """One field out of heads turned on their side: `words` is uint64[WORDS, n], C-contiguous.

    A field of eight bytes is a row; a smaller one is every second or fourth part of a row.
    """
    dtype, offset = HEAD.fields[name][:2]  # type: ignore[index]  # HEAD has fields
    row = words[offset // 8].view(dtype)
    field: Array = row[offset % 8 // dtype.itemsize :: 8 // dtype.itemsize]
    return field


def word_of(name: str) -> int:
    """The word of a head in which a field lies."""
    return int(HEAD.fields[name][1]) // 8  # type: ignore[index]  # HEAD has fields


def captured(words: np.ndarray[Any, np.dtype[np.uint64]]) -> Array:
    """Bytes of payload kept of each record, uint32[n]."""
    return field_of(words, "sizes") & np.uint32(DATA_LEN)


def record_dtype(data: int) -> np.dtype[np.void]:
    """A record with `data` bytes behind its head, as it lies in a ring buffer."""
    fields = [(name, HEAD.fields[name][0]) for name in HEAD.names]  # type: ignore[index, union-attr]  # HEAD has names
    return np.dtype([("length", "<u4"), ("page", "<u4"), *fields, *([("data", "u1", data)] if data else [])])
