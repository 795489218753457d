"""Room for columns in a file that is being made: they are written where they are to stay.

A column that is made in memory and then written takes its bytes twice, and each time the kernel has to find
pages for it. What is mapped of a file instead is in the file as soon as it is in the array. The disk's room
is taken before, for a disk that is full would end the program when a page is touched.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from capture.format import in_memory

ALIGNMENT = 1 << 16
"""Where columns begin: a page, whatever machine it is."""


class Room:
    """Columns of so many rows, zeros at first, in an open file."""

    def __init__(self, descriptor: int, dtypes: Mapping[str, str], rows: int) -> None:
        """Make room for a column of each of some names, at the beginning of the file.

        Raises:
            OSError: The disk is full, or this system cannot tell.
        """
        if not hasattr(os, "posix_fallocate"):
            raise OSError("a disk's room cannot be taken before it is used")
        self._dtypes, self._rows = dtypes, rows
        self._starts: dict[str, int] = {}
        self.end = ALIGNMENT
        """Behind the last column, in bytes."""
        for name, dtype in dtypes.items():
            self._starts[name] = self.end
            size = rows * np.dtype(dtype).itemsize
            self.end += size + -size % ALIGNMENT
        os.posix_fallocate(descriptor, 0, self.end)
        self._mapped = mmap.mmap(descriptor, self.end)
        with suppress(AttributeError, OSError):
            # A fault a page of 4 KiB would cost more than what is done to the column.
            self._mapped.madvise(mmap.MADV_HUGEPAGE)
        self._address = np.frombuffer(self._mapped, np.uint8).ctypes.data

    def zeros(self, name: str, dtype: str, rows: int) -> np.ndarray:
        """A column of zeros: in the file, if there is room for one of this name, else in memory."""
        if rows != self._rows or self._dtypes.get(name) != dtype:
            return in_memory(name, dtype, rows)
        return np.frombuffer(self._mapped, dtype, rows, self._starts[name])

    def place_of(self, array: np.ndarray) -> int | None:
        """Where in the file an array lies; None: it does not."""
        offset = array.ctypes.data - self._address
        is_whole = array.flags.c_contiguous and len(array) == self._rows
        return offset if is_whole and offset in self._starts.values() else None
