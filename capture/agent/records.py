"""What the kernel writes into the lanes: `struct head` of bpf/record.c as a numpy dtype.

A record in a ring buffer is preceded by eight bytes (kernel/bpf/ringbuf.c): its length, with the two
highest bits for busy and discarded, and an offset that only the kernel uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.agent.settings import LaneSpec

BUSY = 1 << 31
DISCARDED = 1 << 30

SOCK_AT, ADDR_AT, DATA_AT = 0, 48, 76
"""Where the data of a record that is no text has its parts."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a lane's records have one of their texts."""

    column: str
    length: str
    """The field of the head that tells its length."""
    at: int
    is_string: bool = False
    """Ends with a NUL that says nothing; an argument list's last NUL belongs to an argument."""


_EXEC_PLACES = (
    TextPlace("text", "text_len", 64, is_string=True),
    TextPlace("text2", "text2_len", 4096),
    TextPlace("exe", "sock_len", 0),
    TextPlace("env", "addr_len", 8192),
)
"""As bpf/program.c lays them out."""


def text_places(spec: LaneSpec) -> tuple[TextPlace, ...]:
    """The texts that a lane's records may have."""
    if spec.name == "exec":
        return _EXEC_PLACES
    return (
        TextPlace("text", "text_len", 0, is_string=True),
        TextPlace("text2", "text2_len", spec.second, is_string=True),
        TextPlace("addr", "addr_len", ADDR_AT),
        TextPlace("sock", "sock_len", SOCK_AT),
    )


HEAD = np.dtype(
    [
        ("length", "<u4"),
        ("page", "<u4"),
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
        ("code", "<u2"),
        ("cpu", "<u2"),
        ("mode", "<u2"),
        ("flags", "<u2"),
        ("text_len", "<u2"),
        ("text2_len", "<u2"),
        ("addr_len", "<u2"),
        ("sock_len", "<u2"),
        ("data_len", "<u4"),
    ]
)


WORDS = HEAD.itemsize // 8


def field_of(words: np.ndarray[Any, np.dtype[np.uint64]], name: str) -> np.ndarray[Any, np.dtype[Any]]:
    """One field out of heads turned on their side: `words` is uint64[WORDS, n], C-contiguous.

    A field of eight bytes is a row; a smaller one is every second or fourth part of a row.
    """
    dtype, offset = HEAD.fields[name][:2]  # type: ignore[index]  # HEAD has fields
    row = words[offset // 8].view(dtype)
    field: np.ndarray[Any, np.dtype[Any]] = row[offset % 8 // dtype.itemsize :: 8 // dtype.itemsize]
    return field


def record_dtype(data: int) -> np.dtype[np.void]:
    """A record with `data` bytes behind its head, as it lies in the ring buffer."""
    if not data:
        return HEAD
    fields = [(name, HEAD.fields[name][0]) for name in HEAD.names]  # type: ignore[index, union-attr]  # HEAD has names
    return np.dtype([*fields, ("data", "u1", data)])
