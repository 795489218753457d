"""Texts of a batch, each kept once: found equal by a hash over whole rows, and then compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from capture.agent.chunks import Texts
from capture.agent.pieces import end_to_end, words_of
from capture.format import TextHeap

Array = np.ndarray[Any, np.dtype[Any]]

_EXACT = 32
"""Words up to which texts of each width are a group; longer ones are put into rows of a few widths."""


def width_of(lengths: Any) -> Any:
    """Words of the row that a text of so many bytes is put in."""
    words = np.maximum(words_of(lengths), 1)
    return np.where(words > _EXACT, 1 << np.ceil(np.log2(words)).astype(np.int64), words)


def interned(texts: Iterable[Texts], count: int) -> tuple[dict[str, Array], TextHeap]:
    """A code column, int32[count], for each kind of text that there is, and each distinct text once.

    Texts are in the order of their first use: neighbours resemble each other.
    """
    groups: dict[int, list[Texts]] = {}
    for text in texts:
        for part in _by_width(text):
            groups.setdefault(part.rows.shape[1] // 8, []).append(part)
    codes: dict[str, Array] = {}
    found = _Found()
    for members in groups.values():
        rows = np.concatenate([text.rows.view(np.uint64) for text in members])
        sizes = np.concatenate([text.lengths for text in members])
        at = np.concatenate([text.at for text in members])
        first, which = _distinct(rows, sizes)
        which += found.count + 1
        found.add(rows.take(first, axis=0), sizes[first], at[first])
        for text in members:
            mine, which = which[: len(text.at)], which[len(text.at) :]
            codes.setdefault(text.name, np.zeros(count, np.int32))[text.at] = mine
    new, heap = found.in_order()
    return {name: new.take(column) for name, column in codes.items()}, heap


class _Found:
    """Distinct texts of several widths."""

    def __init__(self) -> None:
        self.count = 0
        self._words = [np.empty(0, np.uint64)]
        self._places = [np.empty(0, np.int64)]
        self._lengths = [np.empty(0, np.uint32)]
        self._used = [np.empty(0, np.int64)]
        self._end = 0

    def add(self, rows: Array, lengths: Array, used: Array) -> None:
        """More of them: uint64[n, width], their bytes, and the events that have them first."""
        self._words.append(rows.reshape(-1))
        self._places.append(self._end + np.arange(len(rows)) * rows.shape[1])
        self._lengths.append(lengths)
        self._used.append(used)
        self.count += len(rows)
        self._end += rows.size

    def in_order(self) -> tuple[Array, TextHeap]:
        """The code of each, int32, from 1 on in the order of their first use, 0 stays; and all of them."""
        order = np.argsort(np.concatenate(self._used), kind="stable")
        codes = np.zeros(self.count + 1, np.int32)
        codes[order + 1] = np.arange(1, self.count + 1)
        places, lengths = np.concatenate(self._places)[order], np.concatenate(self._lengths)[order]
        having = np.flatnonzero(lengths)
        heap = end_to_end(np.concatenate(self._words), places[having], lengths[having])
        return codes, TextHeap(lengths, heap.tobytes())


def _by_width(text: Texts) -> Iterator[Texts]:
    """The texts in rows as wide as their lengths ask for."""
    widths = width_of(text.lengths)
    for width in np.flatnonzero(np.bincount(widths)).tolist():
        if text.rows.shape[1] == 8 * width and bool((widths == width).all()):
            yield text
            return
        chosen = np.flatnonzero(widths == width)
        rows = np.zeros((len(chosen), 8 * width), np.uint8)
        most = min(8 * width, text.rows.shape[1])
        rows[:, :most] = text.rows[chosen, :most]
        yield Texts(text.name, rows, text.lengths[chosen], text.at[chosen])


_RNG = np.random.default_rng(0x6578_6875_6D65)
_FACTORS = _RNG.integers(1, 1 << 63, 1 << 11, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _distinct(rows: Array, lengths: Array) -> tuple[Array, Array]:
    """For rows of words with lengths: where each distinct one occurs first, ascending; which each row is."""
    hashes = lengths.astype(np.uint64)
    for at in range(rows.shape[1]):
        hashes += rows[:, at] * _FACTORS[at]
    first, which = _by_first_use(hashes)
    same = first[which]
    if not ((rows == rows.take(same, axis=0)).all() and (lengths == lengths[same]).all()):
        # Two texts with one hash: rare enough to compare whole rows.
        keyed = np.concatenate([lengths.astype(np.uint64).reshape(-1, 1), rows], axis=1)
        return _by_first_use(np.unique(keyed, axis=0, return_inverse=True)[1].reshape(-1))
    return first, which


def _by_first_use(keys: Array) -> tuple[Array, Array]:
    """Where each distinct key occurs first, ascending, and which of these each key is."""
    order = np.argsort(keys)
    in_order = keys[order]
    begins = np.concatenate(([True], in_order[1:] != in_order[:-1]))
    first = np.minimum.reduceat(order, np.flatnonzero(begins))
    by_use = np.argsort(first)
    rank = np.empty_like(by_use)
    rank[by_use] = np.arange(len(by_use))
    which = np.empty_like(order)
    which[order] = rank[np.cumsum(begins) - 1]
    return first[by_use], which
