"""Sums over groups of events: exact integers, a handful of passes over arrays, no loop over events.

`codes` says of each selected event to which of `count` groups it belongs (0 … count - 1).
"""

from __future__ import annotations

import numpy as np

_FLAGS_LIMIT = 1 << 26
"""Up to so many (group, value) pairs a table of flags is quicker than sorting pairs."""
_FLAGS_A_PAIR = 64
"""With more flags than these for each pair, sorting is quicker after all."""


def count_by(codes: np.ndarray, count: int) -> np.ndarray:
    """How many events each group has, int64[count]."""
    return np.bincount(codes, minlength=count).astype(np.int64)


def sum_by(codes: np.ndarray, figures: np.ndarray, count: int) -> np.ndarray:
    """The exact int64 sum of each group; bincount's weights would round above 2**53."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, codes, figures.astype(np.int64, copy=False))
    return sums


def max_by(codes: np.ndarray, figures: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest figure of each group as int64, and bool: which groups have none."""
    largest = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(largest, codes, figures.astype(np.int64, copy=False))
    none = largest == np.iinfo(np.int64).min
    largest[none] = 0
    return largest, none


def first_by(codes: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The first of the ascending `rows` in each group, int64, -1 where a group has none."""
    # Of several assignments to one place numpy keeps the last.
    first = np.full(count, -1, dtype=np.int64)
    first[codes[::-1]] = rows[::-1]
    return first


def last_by(codes: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The last of the ascending `rows` in each group, int64, -1 where a group has none."""
    last = np.full(count, -1, dtype=np.int64)
    last[codes] = rows
    return last


def distinct_by(codes: np.ndarray, values: np.ndarray, count: int, distinct: int) -> np.ndarray:
    """How many different `values` (0 … distinct - 1) each group has, int64[count]."""
    pairs = codes.astype(np.int64) * distinct + values
    if count * distinct <= _FLAGS_LIMIT:
        seen = np.zeros(count * distinct, dtype=bool)
        seen[pairs] = True
        totals: np.ndarray = seen.reshape(count, distinct).sum(axis=1, dtype=np.int64)
        return totals
    # Sorting plain integers is several times quicker than what np.unique does.
    pairs.sort()
    first = np.diff(pairs, prepend=-1) != 0
    return np.bincount(pairs[first] // distinct, minlength=count).astype(np.int64)


def combine(parts: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Codes of the pairs, triples, … that occur, and how many do.

    Each part is codes and how many there can be; pairs that never occur get no number.
    """
    codes, count = parts[0]
    for values, distinct in parts[1:]:
        codes, count = _renumber(codes.astype(np.int64) * max(distinct, 1) + values, count * max(distinct, 1))
    return codes, count


def _renumber(pairs: np.ndarray, limit: int) -> tuple[np.ndarray, int]:
    """Pairs numbered 0, 1, … in ascending order."""
    # A few pairs are sorted sooner than a large table of flags is filled.
    if limit > _FLAGS_LIMIT or limit > _FLAGS_A_PAIR * (len(pairs) + 1):
        values, codes = np.unique(pairs, return_inverse=True)
        return codes, len(values)
    seen = np.zeros(limit, dtype=bool)
    seen[pairs] = True
    numbers = np.cumsum(seen, dtype=np.int64) - 1
    return numbers[pairs], int(numbers[-1]) + 1 if limit else 0
