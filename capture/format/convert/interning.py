"""Texts of many events, each distinct one kept once: found equal by a hash of whole rows, then compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.format.columns import TextHeap
from capture.format.convert.headers import PADDING, windows

Array = np.ndarray[Any, np.dtype[Any]]

LONGEST = PADDING
"""Bytes of a text that are kept."""
_NARROWEST = 16
_AT_ONCE = 32 << 20
"""Bytes that rows may take while they are compared."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts for one column: for which events, as rows of bytes with zeros behind each."""

    column: str
    at: Array
    rows: Array
    """uint8 (texts, width); the width is a power of two, at least 16."""
    sizes: Array


def texts_from_runs(column: str, at: Array, data: Array, places: Array, sizes: Array) -> list[Texts]:
    """Texts that lie in a piece of the file, by how long they are.

    Args:
        at: the events.
        data: uint8, with as many bytes behind the last run as the widest row.
        places: where each text begins.
        sizes: its bytes, at most LONGEST.
    """
    found = []
    width_class = np.maximum(np.ceil(np.log2(np.maximum(sizes, 1))).astype(np.int64), 4)
    for exponent in np.unique(width_class).tolist():
        width = 1 << exponent
        some = np.flatnonzero(width_class == exponent)
        for start in range(0, len(some), max(_AT_ONCE // width, 1)):
            part = some[start : start + max(_AT_ONCE // width, 1)]
            rows = windows(data, width)[places[part]]
            rows[np.arange(width) >= sizes[part][:, None]] = 0
            found.append(Texts(column, at[part], rows, sizes[part]))
    return found


def rows_of_texts(texts: list[bytes]) -> tuple[Array, Array]:
    """Texts as rows of one width, and their sizes."""
    sizes = np.array([len(text) for text in texts], np.int64)
    width = max(_NARROWEST, 1 << (int(sizes.max(initial=1)) - 1).bit_length())
    together = b"".join(text.ljust(width, b"\0") for text in texts)
    return np.frombuffer(together, np.uint8).reshape(len(texts), width), sizes


def intern(parts: list[Texts], count: int) -> tuple[dict[str, Array], TextHeap]:
    """A column of codes for each kind of text, and each distinct text once.

    Args:
        parts: of one column and event there is at most one text.
        count: the number of events.
    """
    codes: dict[str, Array] = {}
    sizes: list[Array] = []
    heaps: list[Array] = []
    known = 0
    for column, width in sorted({(part.column, part.rows.shape[1]) for part in parts}):
        members = [part for part in parts if (part.column, part.rows.shape[1]) == (column, width)]
        rows = np.concatenate([part.rows for part in members])
        lengths = np.concatenate([part.sizes for part in members])
        at = np.concatenate([part.at for part in members])
        first, inverse = _distinct(rows, lengths)
        codes.setdefault(column, np.zeros(count, np.int32))[at] = known + 1 + inverse
        known += len(first)
        sizes.append(lengths[first])
        heaps.append(rows[first][np.arange(width) < lengths[first][:, None]])
    if not sizes:
        return codes, TextHeap(np.empty(0, np.uint32), b"")
    return codes, TextHeap(np.concatenate(sizes).astype(np.uint32), np.concatenate(heaps).tobytes())


_RNG = np.random.default_rng(0x7363_6170)
_FACTORS = _RNG.integers(1, 1 << 63, LONGEST // 8, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def hashes_of_runs(data: Array, places: Array, sizes: Array) -> Array:
    """uint64: a number for each text, the same for equal ones; the first LONGEST bytes count."""
    hashes = np.zeros(len(places), np.uint64)
    at = np.arange(len(places))
    for text in texts_from_runs("", at, data, places, np.minimum(sizes, LONGEST)):
        hashes[text.at] = _hashes(text.rows, text.sizes)
    return hashes


def _hashes(rows: Array, sizes: Array) -> Array:
    words = np.ascontiguousarray(rows).view(np.uint64)
    hashes = np.zeros(len(rows), np.uint64)
    for place in range(words.shape[1]):
        hashes += words[:, place] * _FACTORS[place]
    hashes ^= hashes >> np.uint64(29)
    mixed: Array = hashes * np.uint64(0xBF58476D1CE4E5B9) + sizes.astype(np.uint64)
    return mixed


def _distinct(rows: Array, sizes: Array) -> tuple[Array, Array]:
    """Where each distinct row occurs first, and which of them each row is."""
    rows = np.ascontiguousarray(rows)
    hashes = _hashes(rows, sizes)
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    if not ((rows == rows[first][inverse]).all() and (sizes == sizes[first][inverse]).all()):
        # Two texts with one hash: rare enough to compare whole rows.
        keyed = np.concatenate([sizes.astype("<u4").view(np.uint8).reshape(-1, 4), rows], axis=1)
        _, first, inverse = np.unique(keyed, axis=0, return_index=True, return_inverse=True)
        inverse = inverse.reshape(-1)
    return first, inverse
