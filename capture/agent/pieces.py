"""Pieces of bytes that begin on words: many at once, each moved as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_MANY = 256
"""Pieces of one size that are worth being moved by themselves."""
_LONG = 256
"""So many pieces in a row are worth being moved by themselves."""
_FIRST_BYTES = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
"""By number: so many bytes of a word."""


def words_of(size: Any) -> Any:
    """How many words so many bytes take."""
    return (size + 7) >> 3


def first_bytes(counts: Array) -> Array:
    """Masks, uint64, that leave so many first bytes of a word: 0 to 8."""
    return _FIRST_BYTES.take(counts)


def runs(starts: Array, counts: Array) -> Array:
    """The positions from each of these starts on, so many of each, one run behind the other: int64."""
    ends = np.cumsum(counts)
    if not len(ends):
        return np.empty(0, np.int64)
    found: Array = np.arange(int(ends[-1]))
    found += np.repeat(starts - ends + counts, counts)
    return found


def pieces(words: Array, place: Array, size: int) -> Array:
    """Copies of so many bytes from each of these words on, as values without a type: V[n].

    Args:
        words: uint64.
        place: positions in it, of which the last has all its bytes.
        size: at least one.
    """
    # A view in which every place has a value of that size: numpy then moves each piece at once.
    return np.ndarray(len(words) - words_of(size) + 1, f"V{size}", words, strides=(8,))[place]


def end_to_end(words: Array, place: Array, lengths: Array) -> Array:
    """The bytes that begin at these words, uint8, one piece behind the other.

    Args:
        words: uint64.
        place: positions in it.
        lengths: bytes of each piece, of any unsigned type; none is empty.
    """
    if not len(lengths):
        return np.empty(0, np.uint8)
    is_next = np.diff(place) == words_of(lengths[:-1])
    begins = np.flatnonzero(~is_next | (lengths[1:] != lengths[:-1])) + 1
    if len(begins) * _LONG <= len(place):
        return _in_runs(words, place, lengths, begins)
    if lengths.strides == (0,) or bool((lengths == lengths[0]).all()):
        return pieces(words, place, int(lengths[0])).view(np.uint8)
    return _of_many_sizes(words, place, lengths)


def _of_many_sizes(words: Array, place: Array, lengths: Array) -> Array:
    """Pieces in two steps: the last word of each, then the whole words before it.

    A last word may reach into the pieces behind it. Words are put down in order, so that what is there in the
    end is what comes last: a piece's own last word, or the whole words of the second step.
    """
    ends = np.cumsum(lengths, dtype=np.int64)
    starts = ends - lengths
    before = (lengths - lengths.dtype.type(1)) >> 3
    found = np.empty(int(ends[-1]) + 8, np.uint8)
    np.ndarray(len(found) - 7, "<u8", found, strides=(1,))[starts + 8 * before.astype(np.int64)] = words[
        place + before
    ]
    counts = np.bincount(before)
    for size in (np.flatnonzero(counts[1:] >= _MANY) + 1).tolist():
        chosen = np.flatnonzero(before == size)
        to = np.ndarray(len(found) - 8 * size + 1, f"V{8 * size}", found, strides=(1,))
        to[starts[chosen]] = pieces(words, place[chosen], 8 * size)
    rest = np.flatnonzero((counts < _MANY)[before] & (before > 0))
    if len(rest):
        sizes = before[rest].astype(np.int64)
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        to = np.ndarray(len(found) - 7, "<u8", found, strides=(1,))
        to[np.repeat(starts[rest], sizes) + 8 * within] = words[np.repeat(place[rest], sizes) + within]
    return found[:-8]


def _in_runs(words: Array, place: Array, lengths: Array, begins: Array) -> Array:
    """Pieces that mostly have one size and lie behind one another: each such run is moved at once."""
    first = np.concatenate(([0], begins))
    counts, sizes = np.diff(first, append=len(place)), lengths[first].astype(np.int64)
    ends = np.cumsum(counts * sizes).tolist()
    found = np.empty(ends[-1], np.uint8)
    for start, count, size, end in zip(
        place[first].tolist(), counts.tolist(), sizes.tolist(), ends, strict=True
    ):
        step = words_of(size)
        rows = words[start : start + count * step].view(np.uint8).reshape(count, 8 * step)
        found[end - count * size : end].reshape(count, size)[:] = rows[:, :size]
    return found


def clear_behind(rows: Array, lengths: Array) -> None:
    """Put zeros behind the first `lengths[i]` bytes of every row, uint8[n, a multiple of eight]."""
    words, whole = rows.view(np.uint64), lengths >> 3
    words[np.arange(words.shape[1]) > whole[:, None]] = 0
    ending = np.flatnonzero(whole < words.shape[1])
    words[ending, whole[ending]] &= first_bytes(lengths[ending] & 7)
