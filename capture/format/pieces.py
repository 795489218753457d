"""Work on long arrays, piece by piece: what is made in between stays in the processor's cache.

An operation on ten million values makes arrays of a hundred megabytes that live for one line, and the
kernel has to clear each of their pages. Pieces of some hundred thousand use the same memory again. numpy and
zstd let go of the interpreter's lock while they work, so that several processors share the pieces.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Given = TypeVar("Given")
Made = TypeVar("Made")

PIECE = 1 << 17
"""Rows of a piece: a megabyte of a column of the widest type."""
_MOST_WORKERS = 4
"""More than these wait for memory, not for processors."""


def workers() -> int:
    """How many threads share the work: the processors that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _MOST_WORKERS))


def pieces_of(count: int, most: int | None = None) -> list[slice]:
    """The rows 0 … count - 1 as slices of at most so many, or of PIECE."""
    size = most or PIECE
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def each_piece(count: int, work: Callable[[slice], Made]) -> list[Made]:
    """`work` for each piece of the rows 0 … count - 1; what it gave, in order.

    It runs in several threads at once and may write only to the rows of its own piece.
    """
    pieces = pieces_of(count)
    return [work(piece) for piece in pieces] if len(pieces) < 2 else list(in_order(work, pieces))


def in_order(work: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """Like `map`, with a few at work at the same time; what has not yet begun is dropped on an error.

    `given` is asked in the caller's thread, a few ahead of what has been done.
    """
    if workers() < 2:
        yield from map(work, given)
        return
    pool = ThreadPoolExecutor(workers(), "pieces")
    waiting: deque[Future[Made]] = deque()
    try:
        for one in given:
            waiting.append(pool.submit(work, one))
            if len(waiting) > 2 * workers():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def rows_where(count: int, holds: Callable[[slice], np.ndarray]) -> np.ndarray:
    """int64, ascending: the rows 0 … count - 1 for which `holds`, asked for a piece of them, says true."""
    found = each_piece(count, lambda rows: np.flatnonzero(holds(rows)) + rows.start)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def taken_from(values: np.ndarray, index: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """`values[index]` of a long index; in `out` if it is given."""
    result = np.empty(len(index), values.dtype) if out is None else out

    def take(rows: slice) -> None:
        # `take` is twice as quick as `values[index]`, and of narrow positions three times.
        result[rows] = values.take(index[rows])

    each_piece(len(index), take)
    return result
