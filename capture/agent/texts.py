"""Texts of a batch, each kept once: found equal by a hash over whole rows, and then compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from capture.agent.chunks import Texts
from capture.agent.pieces import end_to_end
from capture.format import TextHeap

Array = np.ndarray[Any, np.dtype[Any]]


def interned(texts: Iterable[Texts], count: int) -> tuple[dict[str, Array], TextHeap]:
    """A code column, int32[count], for each kind of text that there is, and each distinct text once.

    Texts are in the order of their first use: neighbours resemble each other.
    """
    groups: dict[tuple[str, int], list[Texts]] = {}
    for text in texts:
        groups.setdefault((text.name, _width_class(text.rows.shape[1])), []).append(text)
    codes: dict[str, Array] = {}
    lengths: list[Array] = [np.empty(0, np.uint32)]
    heaps: list[Array] = [np.empty(0, np.uint8)]
    known = 0
    for (name, width), members in groups.items():
        rows = np.concatenate([_widened(text.rows, width) for text in members])
        sizes = np.concatenate([text.lengths for text in members])
        at = np.concatenate([text.at for text in members])
        first, which = _distinct(rows, sizes)
        codes.setdefault(name, np.zeros(count, np.int32))[at] = known + 1 + which
        known += len(first)
        lengths.append(sizes[first])
        heaps.append(_end_to_end(rows[first], sizes[first]))
    return codes, TextHeap(np.concatenate(lengths), np.concatenate(heaps).tobytes())


def _end_to_end(rows: Array, lengths: Array) -> Array:
    """The first `lengths[i]` bytes of every row."""
    words = rows.view(np.uint64)
    having = np.flatnonzero(lengths)
    return end_to_end(words.reshape(-1), having * words.shape[1], lengths[having])


def _width_class(width: int) -> int:
    return max(16, 1 << (width - 1).bit_length())


def _widened(rows: Array, width: int) -> Array:
    if rows.shape[1] == width:
        return rows
    wide = np.zeros((len(rows), width), np.uint8)
    wide[:, : rows.shape[1]] = rows
    return wide


_RNG = np.random.default_rng(0x6578_6875_6D65)
_FACTORS = _RNG.integers(1, 1 << 63, 1 << 11, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _distinct(rows: Array, lengths: Array) -> tuple[Array, Array]:
    """For rows with lengths: where each distinct one occurs first, ascending, and which one each row is."""
    words = rows.view(np.uint64)
    hashes = lengths.astype(np.uint64)
    for at in range(words.shape[1]):
        hashes += words[:, at] * _FACTORS[at]
    first, which = _by_first_use(hashes)
    same = (words == words[first[which]]).all() and (lengths == lengths[first[which]]).all()
    if not same:
        # Two texts with one hash: rare enough to compare whole rows.
        keyed = np.concatenate([lengths.astype(np.uint32).view(np.uint8).reshape(-1, 4), rows], axis=1)
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
