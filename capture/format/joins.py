"""The join that all others are made of: the latest entry of a group at or before a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from capture.format.pieces import PIECE, each_piece, pieces_of, rows_where

_DENSE = 1 << 23
"""Up to this value numbers are coded by a table, beyond by a search."""
_SMALL = 1 << 12
"""A table of this size is always small enough."""
_ROOMY = 8
"""So many places of a table for each number that is looked for are not too many."""


class Latest:
    """Entries (group, since), to be asked which one holds for a group at a row.

    Groups are small non-negative integers, `since` is a row number or -1 for "from the start".
    Of entries with the same group and row the last given holds.
    """

    def __init__(self, group: np.ndarray, since: np.ndarray, groups: int) -> None:
        """`groups`: how many groups there may be; entries and questions lie below it."""
        self._order = in_order_of(group, since)
        self._keys = _packed(group, since)[self._order]
        ordered = np.asarray(group, np.int64)[self._order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        ends = np.append(starts[1:], len(ordered))[: len(starts)]
        # Most groups have one or two entries: their bounds answer most questions without a search.
        # The place past the last group stands for -1, which has no entries.
        self._first, self._last = np.full((2, groups + 1), -1)
        self._begins, self._settles = np.full((2, groups + 1), _NEVER)
        self._several = np.zeros(groups + 1, bool)
        present = ordered[starts]
        self._first[present], self._last[present] = self._order[starts], self._order[ends - 1]
        since = np.asarray(since, np.int64)
        self._begins[present], self._settles[present] = (
            since[self._first[present]],
            since[self._last[present]],
        )
        self._several[present] = ends - starts > 2

    def find(self, group: np.ndarray, row: np.ndarray) -> np.ndarray:
        """int64: for each (group, row) the position of the entry that holds; -1 none. Group -1 has none."""
        if len(group) <= PIECE:
            return self._find(group, row)
        found = np.empty(len(group), np.int64)

        def fill(rows: slice) -> None:
            found[rows] = self._find(group[rows], row[rows])

        each_piece(len(group), fill)
        return found

    def find_each(self, group: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """int32: `find` for the group of each row, at that row; in `out` if it is given."""
        found = np.empty(len(group), np.int32) if out is None else out

        def fill(rows: slice) -> None:
            found[rows] = self._find(group[rows], np.arange(rows.start, rows.stop))

        each_piece(len(group), fill)
        return found

    def _find(self, group: np.ndarray, row: np.ndarray) -> np.ndarray:
        # Of narrow positions `take` is three times as quick as an index.
        found: np.ndarray = self._last.take(group)
        early = np.flatnonzero(self._settles.take(group) > row)
        if not len(early):
            return found
        group, row = group[early], row[early]
        before = np.where(self._begins[group] <= row, self._first[group], -1)
        many = np.flatnonzero(self._several[group] & (before >= 0))
        if len(many):
            place = np.searchsorted(self._keys, _packed(group[many], row[many]), side="right") - 1
            before[many] = self._order[place]
        found[early] = before
        return found

    def first(self, group: np.ndarray) -> np.ndarray:
        """int64: for each group the position of its earliest entry, -1 none."""
        found: np.ndarray = self._first[group]
        return found


_NEVER = np.iinfo(np.int64).max


def in_order_of(group: np.ndarray, since: np.ndarray) -> np.ndarray:
    """int64: entries by group and row; what has the same keeps its order. Both as `Latest` takes them."""
    if (since[1:] < since[:-1]).any():
        return np.argsort(_packed(group, since), kind="stable")
    # They come in order of rows, as most do: then places decide within a group, and plain numbers are sorted.
    keys = (np.asarray(group, np.int64) << 32) | np.arange(len(group))
    keys.sort()
    return keys & 0xFFFFFFFF


def _packed(group: np.ndarray, since: np.ndarray) -> np.ndarray:
    return (np.asarray(group, np.int64) << 32) | (np.asarray(since, np.int64) + 1)


def codes_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values, ascending, and for each value its place among them (int32)."""
    if not len(values):
        return values[:0], np.empty(0, np.int32)
    if values.dtype.kind in "iu" and int(values.min()) >= 0 and _is_dense(int(values.max()) + 1, len(values)):
        return _dense_codes(len(values), int(values.max()) + 1, values.dtype, lambda rows: values[rows])
    return _hashed_codes(len(values), lambda rows: values[rows])


def _is_dense(limit: int, count: int) -> bool:
    """Whether so many numbers below a limit are better coded by a table."""
    return limit <= min(_DENSE, max(_ROOMY * count, _SMALL))


_STEP = 1 << 20
Keys = Callable[[slice], np.ndarray]
"""The values of some rows."""


def _dense_codes(
    count: int, limit: int, dtype: np.dtype[np.generic], keys: Keys
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct keys, all of them from 0 to `limit` - 1, and the place of each row's among them."""
    seen = np.zeros(limit, bool)

    def mark(rows: slice) -> None:
        seen[keys(rows).astype(np.intp, copy=False)] = True

    each_piece(count, mark)
    places = _places_of(seen)
    codes = np.empty(count, np.int32)

    def place(rows: slice) -> None:
        codes[rows] = places.take(keys(rows).astype(np.intp, copy=False))

    each_piece(count, place)
    return np.flatnonzero(seen).astype(dtype), codes


def _places_of(seen: np.ndarray) -> np.ndarray:
    """int32: how many are seen before each; in steps, since one sum of all holds up every other thread."""
    places = np.empty(len(seen), np.int32)
    before = -1
    for start in range(0, len(seen), _STEP):
        part = places[start : start + _STEP]
        np.cumsum(seen[start : start + _STEP], dtype=np.int32, out=part)
        part += np.int32(before)
        before = int(part[-1])
    return places


def _hashed_codes(count: int, keys: Keys) -> tuple[np.ndarray, np.ndarray]:
    """Distinct keys, ascending, and the place of each row's among them: within each piece, then of all."""
    local = np.empty(count, np.int32)

    def narrow(rows: slice) -> np.ndarray:
        values = np.ascontiguousarray(keys(rows))
        first, local[rows] = _hashed(values)
        distinct: np.ndarray = values[first]
        return distinct

    parts = each_piece(count, narrow)
    together = np.concatenate(parts)
    first, codes = _hashed(together) if len(parts) > 1 else (np.arange(len(together)), None)
    distinct = together[first]
    order = np.argsort(distinct)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    of_part = place if codes is None else place[codes]
    begins = dict(
        zip((piece.start for piece in pieces_of(count)), accumulate(map(len, parts), initial=0), strict=False)
    )

    def widen(rows: slice) -> None:
        local[rows] = of_part[begins[rows.start] :].take(local[rows])

    each_piece(count, widen)
    return distinct[order], local


_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
"""Odd numbers without pattern; each spreads values differently."""
_MIXER = np.uint64(0xD6E8FEB86659FD93)


def _hashed(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each distinct value, ascending, and for each value which of them.

    Of several columns: of what has the same in all of them. It is four times as fast as sorting. Every value
    writes its row into a table at its hash. Whoever reads back a row with its own value has found
    its group; those whose place was taken by another value try again with another hash; the rest are sorted.
    """
    count = len(columns[0])
    bits = max(int(count * 2).bit_length(), 8)
    keys = _packed_tight(
        [
            column.view(np.uint64) if column.dtype.itemsize == 8 else column.astype(np.uint64)
            for column in columns
        ]
    )
    mixed = keys[0]
    for other in keys[1:]:
        mixed = mixed + other * _MIXER
    rows = np.arange(count, dtype=np.int32)
    table = np.empty(1 << bits, np.int32)
    representative, open_rows = rows, rows
    for multiplier in _MULTIPLIERS:
        is_first_time = open_rows is rows
        asked = mixed if is_first_time else mixed.take(open_rows)
        places = ((asked * np.uint64(multiplier)) >> np.uint64(64 - bits)).view(np.int64)
        table[places[::-1].copy()] = open_rows[::-1].copy()  # the first row is written last
        found = table.take(places)
        mine = np.ones(len(open_rows), bool)
        for key in keys:
            mine &= key.take(found) == (key if is_first_time else key.take(open_rows))
        if is_first_time:
            representative = found
        else:
            representative[open_rows] = found
        open_rows = open_rows[~mine]
        if not len(open_rows):
            break
    if len(open_rows):
        first, inverse = _sorted_out([key[open_rows] for key in keys])
        representative[open_rows] = open_rows[first][inverse]
    first = np.flatnonzero(representative == rows)
    number = table  # it is longer, and needed no more
    number[first] = np.arange(len(first), dtype=np.int32)
    return first, number.take(representative)


def _packed_tight(keys: list[np.ndarray]) -> list[np.ndarray]:
    """Two columns of small numbers as one."""
    if len(keys) != 2 or not all(_fits(key, 32) for key in keys):
        return keys
    return [keys[0] << np.uint64(32) | keys[1]]


def _sorted_out(keys: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What `_hashed` gives, by sorting, in no particular order."""
    together = keys[0]
    for other in keys[1:]:
        together, others = (np.unique(key, return_inverse=True)[1] for key in (together, other))
        together = together * (int(others.max(initial=0)) + 1) + others
    _, first, inverse = np.unique(together, return_index=True, return_inverse=True)
    return first, inverse


Told = Callable[[slice], tuple[np.ndarray, Sequence[np.ndarray]]]
"""Which of some rows are about anything, as ascending positions among them, and columns that tell what."""


def number_each(count: int, told: Told, out: np.ndarray) -> np.ndarray:
    """Number what rows are about, in the order in which it first occurs.

    `out`, int32, gets the number of each of the rows 0 … count - 1, -1 of those that are about nothing.

    Returns:
        int64: the first row of each number.
    """

    def narrow(rows: slice) -> tuple[np.ndarray, list[np.ndarray]]:
        at, columns = told(rows)
        first, code = _hashed(*columns)
        part = out[rows]
        part.fill(len(first))
        part[at] = code
        return at[first] + rows.start, [column[first] for column in columns]

    parts = each_piece(count, narrow)
    if not parts:
        return np.empty(0, np.int64)
    since = np.concatenate([first for first, _ in parts])
    first, number = _hashed(*map(np.concatenate, zip(*(columns for _, columns in parts), strict=True)))
    ends = np.cumsum([len(first) for first, _ in parts])
    starts = (piece.start for piece in pieces_of(count))
    of_piece = dict(zip(starts, np.split(number, ends[:-1]), strict=True))

    def widen(rows: slice) -> None:
        out[rows] = np.append(of_piece[rows.start], np.int32(-1)).take(out[rows])

    each_piece(count, widen)
    begun: np.ndarray = since[first]
    return begun


def taken(
    values: np.ndarray, index: np.ndarray, missing: int = -1, out: np.ndarray | None = None
) -> np.ndarray:
    """`values[index]`, and `missing` where the index is negative; in `out` if it is given."""
    found = np.empty(len(index), values.dtype) if out is None else out
    if not len(values):
        found.fill(missing)
        return found

    def take(rows: slice) -> None:
        part = index[rows]
        found[rows] = values.take(part)
        absent = part < 0
        if absent.any():
            found[rows][absent] = missing

    each_piece(len(index), take)
    return found


def first_of_each(codes: np.ndarray, count: int) -> np.ndarray:
    """int64, of each code 0 … count - 1: the first row that has it, -1 none. Rows may have -1 for no code."""
    first = np.full(count + 1, -1)  # the last is what -1 points to
    for rows in pieces_of(len(codes)):
        _note_unseen(first, codes[rows], rows.start, reverse=True)
    return first[:count]


def last_of_each(codes: np.ndarray, count: int) -> np.ndarray:
    """int64, of each code 0 … count - 1: the last row that has it, -1 none. Rows may have -1 for no code."""
    last = np.full(count + 1, -1)
    for rows in reversed(pieces_of(len(codes))):
        _note_unseen(last, codes[rows], rows.start, reverse=False)
    return last[:count]


def _note_unseen(row_of: np.ndarray, codes: np.ndarray, start: int, *, reverse: bool) -> None:
    """Enter the rows of codes that have none yet: most of a piece were seen in one before."""
    new = np.flatnonzero(row_of.take(codes) < 0)
    if reverse:
        new = new[::-1].copy()
    row_of[codes[new].astype(np.intp)] = new + start


def place_among(distinct: np.ndarray, values: np.ndarray) -> np.ndarray:
    """int64: the place of each value in an ascending array, -1 where it is not in it."""
    found, places = np.empty(len(values), np.int64), Places(distinct, len(values))

    def place(rows: slice) -> None:
        found[rows] = places.of(values[rows])

    each_piece(len(values), place)
    return found


class Places:
    """Where numbers stand in an ascending array; to be asked piece by piece."""

    def __init__(self, distinct: np.ndarray, asked: int) -> None:
        """`asked`: about how many numbers will be looked for."""
        self._distinct = distinct
        self._table: np.ndarray | None = None
        if len(distinct) and int(distinct[0]) >= 0 and int(distinct[-1]) < min(_DENSE, _ROOMY * asked):
            # Of small numbers a table is several times as quick as a search.
            self._table = np.full(int(distinct[-1]) + 2, -1, np.int32)
            self._table[distinct.astype(np.intp)] = np.arange(len(distinct))

    def of(self, values: np.ndarray) -> np.ndarray:
        """int32 or int64: the place of each value, -1 where it is not in the array."""
        if self._table is not None:
            # Seen without a sign what is negative lies beyond, too.
            values = values.view(f"u{values.dtype.itemsize}")
            beyond = len(self._table) - 1
            if np.iinfo(values.dtype).max > beyond:
                values = np.minimum(values, values.dtype.type(beyond))
            of_small: np.ndarray = self._table.take(
                values.view(np.int64) if values.dtype.itemsize == 8 else values
            )
            return of_small
        if not len(self._distinct):
            return np.full(len(values), -1)
        at = np.minimum(np.searchsorted(self._distinct, values), len(self._distinct) - 1)
        found: np.ndarray = np.where(self._distinct[at] == values, at, -1)
        return found


def pair_codes(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct pairs of two integer columns.

    Returns (left values, right values, int32 code of each row's pair), the pairs in no particular order.
    """
    if _fits(left, 31) and _fits(right, 32):
        width = int(right.max(initial=0)) + 1
        limit = (int(left.max(initial=0)) + 1) * width
        is_dense = _is_dense(limit, len(left))
        if not is_dense:
            width = 1 << 32

        def keys(rows: slice) -> np.ndarray:
            packed: np.ndarray = left[rows].astype(np.int64) * width + right[rows].astype(np.int64)
            return packed

        if not len(left):
            return left, right, np.empty(0, np.int32)
        if is_dense:
            pairs, codes = _dense_codes(len(left), limit, np.dtype(np.int64), keys)
        else:
            pairs, codes = _hashed_codes(len(left), keys)
        return (pairs // width).astype(left.dtype), (pairs % width).astype(right.dtype), codes
    lefts, left_code = codes_of(left)
    rights, right_code = codes_of(right)
    return _as_given(pair_codes(left_code, right_code), lefts, rights)


def _as_given(
    found: tuple[np.ndarray, np.ndarray, np.ndarray], lefts: np.ndarray, rights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right, codes = found
    return lefts[left], rights[right], codes


def refined(codes: np.ndarray, count: int, by: np.ndarray) -> tuple[np.ndarray, int]:
    """Codes told apart further by a second column: int32, and how many there may be; not all need occur.

    Quick where most of the codes (0 … count - 1) have one value of it, for those keep their number.
    """
    one = np.zeros(count, by.dtype)
    one[codes] = by
    differing = rows_where(len(codes), lambda rows: by[rows] != one.take(codes[rows]))
    found = codes.astype(np.int32)
    if not len(differing):
        return found, count
    several = np.zeros(count, bool)
    several[codes[differing]] = True
    rows = rows_where(len(codes), lambda some: several.take(codes[some]))
    lefts, _, pairs = pair_codes(codes[rows], by[rows])
    found[rows] = count + pairs
    return found, count + len(lefts)


def _fits(values: np.ndarray, bits: int) -> bool:
    return not len(values) or (int(values.min()) >= 0 and int(values.max()) < 1 << bits)


def follow(source: np.ndarray) -> np.ndarray:
    """Where each chain of pointers ends: `source[i] == i` is an end. Takes log2(longest chain) steps.

    A ring, which only forged data has, ends somewhere on itself.
    """
    for _ in range(64):
        further = source[source]
        if np.array_equal(further, source):
            break
        source = further
    return source
