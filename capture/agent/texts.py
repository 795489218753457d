"""Texts of a batch, each kept once: found equal by a hash, and then compared.

All texts of a batch are taken as one run of words, however long each is: what is done for them is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.agent.pieces import first_bytes, runs, words_of
from capture.format import TextHeap

Array = np.ndarray[Any, np.dtype[Any]]

_MOST_WORDS = 1 << 11
"""Of one text."""
_RNG = np.random.default_rng()
"""Drawn anew for each recording: nobody can make texts of which the hashes are equal."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Texts of one column, each beginning on a word."""

    name: str
    """The column."""
    place: Array
    """Of each its first word, int64."""
    lengths: Array
    """Bytes of each, int64."""
    at: Array
    """Which events have it."""


def interned(words: Array, texts: Sequence[Placed], count: int) -> tuple[dict[str, Array], TextHeap]:
    """A code column, int32[count], for each kind of text that there is, and each distinct text once.

    Texts of a column are in the order of their first use: neighbours resemble each other.
    """
    if not texts:
        return {}, TextHeap(np.empty(0, np.uint32), b"")
    place, lengths = (
        np.concatenate([getattr(text, name) for text in texts]) for name in ("place", "lengths")
    )
    run = _Run(words, place, lengths)
    first = _first_of_each(run)
    is_first = first == np.arange(len(first))
    code = np.cumsum(is_first, dtype=np.int32)[first]
    codes: dict[str, Array] = {}
    for text in texts:
        mine, code = code[: len(text.at)], code[len(text.at) :]
        codes.setdefault(text.name, np.zeros(count, np.int32))[text.at] = mine
    return codes, run.heap(is_first)


class _Run:
    """Texts as words, one behind the other, with zeros behind the last byte of each."""

    def __init__(self, words: Array, place: Array, lengths: Array) -> None:
        self.lengths = lengths
        self._counts = np.maximum(words_of(lengths), 1)
        self._ends = np.cumsum(self._counts)
        self._starts = self._ends - self._counts
        self.words = words.take(runs(place, self._counts))
        self._in_last = lengths - 8 * self._counts + 8
        """Bytes of each one's last word."""
        self.words[self._ends - 1] &= first_bytes(self._in_last)

    def hashes(self, factors: Array) -> Array:
        """A hash of each text, uint64."""
        within = runs(np.zeros(len(self.lengths), np.int64), self._counts)
        sums = np.cumsum(self.words * factors.take(within))
        # Modulo 2**64, so that a difference is the sum of what lies between.
        hashes: Array = np.diff(sums[self._ends - 1], prepend=np.uint64(0))
        hashes += self.lengths.astype(np.uint64) * factors[-1]
        return hashes

    def are_same(self, some: Array, others: Array) -> bool:
        """Whether each of some texts is the same as that of others in its place."""
        if not (self.lengths[some] == self.lengths[others]).all():
            return False
        counts = self._counts[some]
        words, like = (self.words.take(runs(self._starts[each], counts)) for each in (some, others))
        return bool((words == like).all())

    def heap(self, chosen: Array) -> TextHeap:
        """Those texts for which `chosen`, bool, is true: their bytes end to end."""
        lengths, counts, in_last = self.lengths[chosen], self._counts[chosen], self._in_last[chosen]
        words = self.words[np.repeat(chosen, self._counts)]
        # Words are put down in order: what reaches into the text behind it is overwritten by that.
        steps = np.full(len(words), 8)
        steps[np.cumsum(counts) - 1] = in_last
        ends = np.cumsum(steps)
        heap = np.empty(int(ends[-1]) + 8, np.uint8)
        np.ndarray(len(heap) - 7, "<u8", heap, strides=(1,))[ends - steps] = words
        return TextHeap(lengths.astype(np.uint32), heap[:-8].tobytes())


def _factors() -> Array:
    return _RNG.integers(0, 1 << 63, _MOST_WORDS + 1, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


_FACTORS = _factors()


def _first_of_each(run: _Run) -> Array:
    """For each text the first one that is the same: itself, or one before it."""
    factors = _FACTORS
    while True:
        hashes = run.hashes(factors)
        order = np.argsort(hashes)
        in_order = hashes.take(order)
        is_new = np.concatenate(([True], in_order[1:] != in_order[:-1]))
        first = np.empty_like(order)
        first[order] = np.minimum.reduceat(order, np.flatnonzero(is_new))[np.cumsum(is_new) - 1]
        again = np.flatnonzero(first != np.arange(len(first)))
        if run.are_same(again, first[again]):
            return first
        # Two texts with one hash: by others they differ.
        factors = _factors()
