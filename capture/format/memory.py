"""Keeping freed memory for the next batch, once what was needed at the start has been given back.

By default glibc gives every large array back to the kernel and asks for it anew a moment later; the page
faults of that cost more than the work on the arrays (mallopt(3)).
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MMAP_FROM = 1 << 25
"""The largest value that mallopt takes: 4 MiB times the size of a long."""
_TRIM_FROM = 1 << 28


def keep_freed_memory() -> None:
    """Let the allocator hold on to what arrays leave behind; does nothing where there is no glibc.

    What one thread frees, others shall get: by default each has memory of its own.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, _MMAP_FROM)
    mallopt(_M_TRIM_THRESHOLD, _TRIM_FROM)


def give_back_memory() -> None:
    """Give freed memory back to the kernel once; does nothing where there is no glibc."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
