"""Keeping freed memory for the next batch, once what was needed at the start has been given back.

By default glibc gives every large array back to the kernel and asks for it anew a moment later; the page
faults of that cost more than the work on the arrays (mallopt(3)).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -3, -4, -8
_MMAP_FROM = 1 << 25
"""The largest value that mallopt takes: 4 MiB times the size of a long."""
_MOST_MMAPS = 1 << 16
"""What glibc begins with."""
_TRIM_FROM = 1 << 28
_NEVER = (1 << 31) - 1


def keep_freed_memory() -> None:
    """Let the allocator hold on to what arrays leave behind; does nothing where there is no glibc.

    What one thread frees, others shall get: by default each has memory of its own.
    """
    _set({_M_ARENA_MAX: 1, _M_MMAP_THRESHOLD: _MMAP_FROM, _M_TRIM_THRESHOLD: _TRIM_FROM})


@contextmanager
def all_memory_kept() -> Iterator[None]:
    """Let the allocator hold on to all that is freed, however large, and give it back in the end.

    For work that makes one large array after another: each gets pages that another had, and nothing has to
    clear them.
    """
    keep_freed_memory()
    _set({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: _NEVER})
    try:
        yield
    finally:
        _set({_M_MMAP_MAX: _MOST_MMAPS, _M_TRIM_THRESHOLD: _TRIM_FROM})
        give_back_memory()


def _set(options: Mapping[int, int]) -> None:
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in options.items():
            mallopt(option, value)


def give_back_memory() -> None:
    """Give freed memory back to the kernel once; does nothing where there is no glibc."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
