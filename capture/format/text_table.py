"""Texts that were seen before, found again without a Python object for each.

A block repeats most of its texts from blocks before. A short text is known by its length and by eight words
of 64 bits, four from its beginning and four from its end, which together hold every byte of it; so two are
the same where these are, and numpy compares those of a block at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capture.format.coding import Array

_WORD, _WORDS = 8, 8
LONGEST = _WORD * _WORDS
"""Bytes up to which eight words hold all of a text."""
MOST = 1 << 20
"""Texts that a table takes: each has 68 bytes in it."""
_ROOM, _LEAST_BITS = 2, 12
"""There are two to this power as many slots as texts, so that few meet."""
_MULTIPLIERS = np.array(
    [
        *(0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93),
        *(0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3),
    ],
    np.uint64,
)
"""Odd numbers without pattern."""
_ALL_SAME = np.ones(_WORDS, bool).view(np.uint64)[0]


@dataclass(frozen=True)
class PackedTexts:
    """Texts laid end to end."""

    heap: bytes
    ends: Array
    """int64: where each one ends."""

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def starts(self) -> Array:
        """int64: where each one begins."""
        return np.concatenate((np.zeros(1, np.int64), self.ends[:-1]))[: len(self.ends)]

    def cut(self, which: Array) -> list[bytes]:
        """Some of them."""
        heap, starts, ends = self.heap, self.starts[which].tolist(), self.ends[which].tolist()
        return [heap[start:end] for start, end in zip(starts, ends, strict=True)]

    @cached_property
    def words(self) -> Array:
        """uint64[texts, 8]: what tells one of at most LONGEST bytes from every other of its length."""
        padded = self.heap + bytes(_WORD)
        at_each_byte: Array = np.ndarray((len(self.heap) + 1,), "<u8", padded, 0, (1,))
        starts, last = self.starts, np.maximum(self.ends - _WORD, self.starts)
        words = np.empty((len(self), _WORDS), np.uint64)
        for at in range(_WORDS // 2):
            words[:, at] = at_each_byte[np.minimum(starts + at * _WORD, last)]
            words[:, _WORDS - 1 - at] = at_each_byte[np.maximum(last - at * _WORD, starts)]
        lengths = self.ends - starts
        short = np.flatnonzero(lengths < _WORD)
        # What stands behind a text shorter than a word is none of it.
        words[short] &= ((np.uint64(1) << (lengths[short] * 8).astype(np.uint64)) - np.uint64(1))[:, None]
        return words


def _are_same(one: Array, other: Array) -> Array:
    """bool, of each pair of rows of eight words: are they the same? Eight answers are read as one number."""
    same: Array = (one == other).view(np.uint64)[:, 0] == _ALL_SAME
    return same


class TextTable:
    """Codes of the short texts that were added."""

    def __init__(self) -> None:
        self._count = 0
        self._lengths = np.zeros(1, np.uint32)
        self._words = np.zeros((1, _WORDS), np.uint64)
        self._codes = np.zeros(1, np.int32)
        self._slots = np.zeros(1 << _LEAST_BITS, np.int32)
        """Hash → place in the arrays above; 0 is nobody's."""

    def find(self, texts: PackedTexts) -> Array:
        """int32, of each text: its code, 0 it was not added."""
        lengths, words = texts.ends - texts.starts, texts.words
        codes = np.zeros(len(texts), np.int32)
        for slot in self._hashes(words, lengths):
            open_ = np.flatnonzero(codes == 0)
            place = self._slots.take(slot[open_])
            same = self._lengths.take(place) == lengths[open_]
            same &= _are_same(self._words.take(place, axis=0), words[open_])
            codes[open_[same]] = self._codes[place[same]]
        return codes

    def add(self, texts: PackedTexts, which: Array, codes: Array) -> None:
        """Take up some of the texts under their codes, if they are short and there is room."""
        lengths = (texts.ends - texts.starts)[which]
        fits = np.flatnonzero((lengths > 0) & (lengths <= LONGEST))[: MOST - self._count]
        if not len(fits):
            return
        self._keep(lengths[fits].astype(np.uint32), texts.words[which[fits]], codes[fits])
        if self._count << _ROOM > len(self._slots):
            self._slots = np.zeros(1 << (self._count << _ROOM).bit_length(), np.int32)
            self._put(1)
        else:
            self._put(self._count + 1 - len(fits))

    def _keep(self, lengths: Array, words: Array, codes: Array) -> None:
        begin, self._count = self._count + 1, self._count + len(lengths)
        if self._count >= len(self._codes):
            more = 2 * self._count
            self._lengths = np.concatenate((self._lengths[:begin], np.zeros(more, np.uint32)))
            self._words = np.concatenate((self._words[:begin], np.zeros((more, _WORDS), np.uint64)))
            self._codes = np.concatenate((self._codes[:begin], np.zeros(more, np.int32)))
        rows = slice(begin, self._count + 1)
        self._lengths[rows], self._words[rows], self._codes[rows] = lengths, words, codes

    def _put(self, begin: int) -> None:
        """Give the places from `begin` on their slots: the first if it is free, else the second."""
        rows = slice(begin, self._count + 1)
        places = np.arange(begin, self._count + 1, dtype=np.int32)
        first, second = self._hashes(self._words[rows], self._lengths[rows])
        free = self._slots[first] == 0
        self._slots[first[free]] = places[free]
        left = np.flatnonzero(self._slots[first] != places)
        self._slots[second[left]] = places[left]

    def _hashes(self, words: Array, lengths: Array) -> tuple[Array, Array]:
        """Two slots for each text."""
        mixed = words @ _MULTIPLIERS + lengths.astype(np.uint64)
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MULTIPLIERS[0]
        bits = len(self._slots).bit_length() - 1
        both = mixed >> np.uint64(64 - bits), (mixed >> np.uint64(32 - bits)) & np.uint64((1 << bits) - 1)
        return both[0].astype(np.int64), both[1].astype(np.int64)
