"""Numbers that a .scap file has of its own, and the kernel's for the same (`driver/ppm_events_public.h`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """One table: single bits that are other bits here, or whole values that are other values."""

    bits: Mapping[int, int] = field(default_factory=dict)
    values: Mapping[int, int] = field(default_factory=dict)
    shift: int = 0
    """What is added to a value that no table has."""

    def translated(self, given: Array) -> Array:
        """uint64: the kernel's numbers."""
        given = given.astype(np.uint64)
        if self.bits:
            result = np.zeros(len(given), np.uint64)
            for ours, kernels in self.bits.items():
                result |= np.where(given & np.uint64(ours) != 0, np.uint64(kernels), np.uint64(0))
            return result
        result = (given.astype(np.int64) + self.shift).astype(np.uint64)
        for ours, kernels in self.values.items():
            result[given == ours] = kernels
        return result


_ACCESS = 3
_OPEN_BITS = {
    **{1 << 2: 0o100, 1 << 3: 0o2000, 1 << 4: 0o10000, 1 << 5: 0o200, 1 << 6: 0o4000, 1 << 7: 0o4010000},
    **{1 << 8: 0o1000, 1 << 9: 0o40000, 1 << 10: 0o200000, 1 << 11: 0o100000, 1 << 12: 0o2000000},
    **{1 << 13: 0o20200000},
}
_CLONE_BITS = {
    **{1 << 0: 0x400, 1 << 1: 0x200, 1 << 2: 0x80000000, 1 << 3: 0x08000000, 1 << 4: 0x40000000},
    **{1 << 5: 0x20000, 1 << 6: 0x20000000, 1 << 7: 0x04000000, 1 << 8: 0x8000, 1 << 9: 0x100000},
    **{1 << 10: 0x2000, 1 << 11: 0x800, 1 << 12: 0x40000, 1 << 13: 0x10000, 1 << 14: 0x800000},
    **{1 << 15: 0x100, 1 << 20: 0x10000000, 1 << 23: 0x200000, 1 << 24: 0x01000000, 1 << 25: 0x80000},
    **{1 << 27: 0x4000, 1 << 28: 0x02000000},
}
_MMAP_BITS = {
    **{1 << 0: 1, 1 << 1: 2, 1 << 2: 0x10, 1 << 3: 0x20, 1 << 4: 0x40, 1 << 6: 0x4000, 1 << 7: 0x8000},
    **{1 << 8: 0x10000, 1 << 9: 0x100, 1 << 10: 0x800, 1 << 11: 0x1000, 1 << 14: 0x2000},
}
_PTRACE_VALUES = {
    **{number: number - 1 for number in range(1, 11)},
    **{11: 16, 12: 17, 13: 24, 26: 12, 27: 13, 28: 14, 29: 15, 30: 18, 31: 19, 32: 21, 33: 25, 34: 26},
    **{35: 30, 36: 31, 37: 32, 38: 33},
    **{number: 0x4200 + number - 14 for number in range(14, 26)},
}


class _OpenNumbers(Numbers):
    """Flags of open: scap counts reading and writing as two bits, the kernel as a value."""

    def translated(self, given: Array) -> Array:
        given = given.astype(np.uint64)
        access = (given & np.uint64(_ACCESS)).astype(np.int64)
        value: Array = Numbers(bits=_OPEN_BITS).translated(given) | np.maximum(access - 1, 0).astype(
            np.uint64
        )
        return value


TRANSLATIONS: Mapping[str, Numbers] = {
    "open": _OpenNumbers(),
    "clone": Numbers(bits=_CLONE_BITS),
    "mmap": Numbers(bits=_MMAP_BITS),
    "prot": Numbers(bits={1: 1, 2: 2, 4: 4, 8: 8, 16: 0x01000000, 32: 0x02000000}),
    "flock": Numbers(bits={1: 1, 2: 2, 4: 4, 8: 8}),
    "fcntl": Numbers(
        shift=-1,
        values={
            0: 0,
            24: 1025,
            23: 1024,
            25: 1029,
            26: 1030,
            27: 1026,
            28: 1031,
            29: 1032,
            21: 15,
            22: 16,
            30: 36,
            31: 37,
            32: 38,
            6: 5,
            8: 6,
            9: 7,
            10: 8,
            12: 9,
            13: 10,
            15: 11,
        },
    ),
    "level": Numbers(values={2: 6}),
    "ptrace": Numbers(values=_PTRACE_VALUES),
    "execveat": Numbers(bits={1: 0x1000, 2: 0x100}),
    "epoll": Numbers(bits={1: 0o2000000}),
    "pidfd": Numbers(bits={1: 0o4000}),
    "delete": Numbers(bits={1: 0o1000, 2: 0o4000}),
}
"""By the name that rows of kinds use."""
