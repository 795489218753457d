"""Sums over groups of events: exact integers, a handful of passes over arrays, no loop over events.

`codes` says of each selected event to which of `count` groups it belongs (0 … count - 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from capture.format.pieces import each_piece

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


def first_by(codes: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The first of the ascending `rows` in each group, int64, -1 where a group has none."""
    # Of several assignments to one place numpy keeps the last.
    first = np.full(count, -1, dtype=np.int64)
    first[codes[::-1]] = rows[::-1]
    return first


def distinct_by(
    codes: np.ndarray, values: Callable[[slice], np.ndarray], count: int, distinct: int
) -> tuple[np.ndarray, int]:
    """How many different values each group has, int64[count], and how many there are in all.

    `values` gives those of a part of the events: 0 … distinct - 1, of which the last stands for a missing one
    and does not count.
    """
    if count * distinct <= _FLAGS_LIMIT:
        seen = np.zeros(count * distinct, dtype=bool)

        def mark(part: slice) -> None:
            seen[codes[part].astype(np.intp) * distinct + values(part)] = True

        each_piece(len(codes), mark)
        flags = seen.reshape(count, distinct)[:, :-1]
        return flags.sum(axis=1, dtype=np.int64), int(np.count_nonzero(flags.any(axis=0)))
    # Plain integers are sorted several times quicker than np.unique does, and short ones quicker still.
    kind = np.dtype(np.uint32 if count * distinct < 1 << 32 else np.uint64).type

    def pairs_in(part: slice) -> np.ndarray:
        return _sorted_once(codes[part].astype(kind) * kind(distinct) + values(part).astype(kind))

    parts = each_piece(len(codes), pairs_in)
    kept = _sorted_once(np.concatenate(parts)) if parts else np.empty(0, kind)
    group, value = np.divmod(kept, kind(distinct))
    present = value != distinct - 1
    counts = np.bincount(group[present].astype(np.intp), minlength=count).astype(np.int64)
    occurs = np.zeros(distinct, dtype=bool)
    occurs[value[present]] = True
    return counts, int(np.count_nonzero(occurs))


def _sorted_once(numbers: np.ndarray) -> np.ndarray:
    """The distinct numbers, ascending; the array is sorted in place."""
    numbers.sort()
    once: np.ndarray = numbers[np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)]]
    return once


def combine(parts: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Codes of the pairs, triples, … that occur, and how many do.

    Each part is codes and how many there can be; pairs that never occur get no number.
    """
    codes, count = parts[0]
    for values, distinct in parts[1:]:
        codes, count = _paired(codes, values, count * max(distinct, 1), max(distinct, 1))
    return codes, count


def _paired(codes: np.ndarray, values: np.ndarray, limit: int, width: int) -> tuple[np.ndarray, int]:
    """The pairs that occur numbered 0, 1, … in ascending order, int32, and how many there are."""
    # A few pairs are sorted sooner than a large table of flags is filled.
    if limit > _FLAGS_LIMIT or limit > _FLAGS_A_PAIR * (len(codes) + 1):
        places, found = pd.factorize(codes.astype(np.int64) * width + values)
        ranks = np.empty(len(found), dtype=np.int32)
        ranks[np.argsort(found)] = np.arange(len(found))
        return ranks[places], len(found)
    seen = np.zeros(limit, dtype=bool)

    def pairs(part: slice) -> np.ndarray:
        made: np.ndarray = codes[part].astype(np.intp)
        made *= width
        made += values[part]
        return made

    def mark(part: slice) -> None:
        seen[pairs(part)] = True

    each_piece(len(codes), mark)
    occurring = np.flatnonzero(seen)
    numbers = np.zeros(limit, np.int32)
    numbers[occurring] = np.arange(len(occurring), dtype=np.int32)
    found = np.empty(len(codes), np.int32)

    def number(part: slice) -> None:
        numbers.take(pairs(part), out=found[part], mode="clip")

    each_piece(len(codes), number)
    return found, len(occurring)
