"""Heads taken apart into columns; nothing is done for each of them, nor for what all of them share.

Heads that follow one another mostly differ in little: the times, a descriptor, its inode. Which bits
differ is found by two sweeps (what all have, what any has). Only fields that differ are copied, each into a
column no wider than its bits ask for, and of those in which few have another value than the rest, these
few: what is moved about afterwards is a small part of a head. Heads that several calls share are taken apart
once; which of them each call has is a column, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.agent.records import FIELDS, HAS_SOCKET, LENGTHS, STAMP, STAMPED, WORDS, Field
from capture.format import Sparse, whole

_AT_ONCE = 64
"""Heads that a sweep takes as one long row: over rows of sixteen words numpy would run slowly."""
_FEW = 32
"""Of so many heads one may have another value than the rest."""
_MANY_FIELDS, _TILE = 9, 128
"""From so many fields on, heads are turned on their side first, as many at once as the next cache holds."""
_MOSTLY = 4
"""Of so many heads that lie in a row one may be of no event that is taken."""
_OF_WORDS = [[(name, field) for name, field in FIELDS.items() if field.word == word] for word in range(WORDS)]
_STAMP_HEAD, _STAMP_AT = (STAMP.fields[name][1] // 4 for name in ("head", "at"))  # type: ignore[index]  # it has fields
"""Where in a stamp they are, counted in numbers of four bytes."""

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of some events."""

    count: int
    """Events."""
    low: list[int]
    """By word: bits that all of them have."""
    high: list[int]
    """By word: bits that none but these may have."""
    columns: Mapping[str, Array | Sparse]
    """The fields in which they differ, of a type that may be narrower: [count] those of STAMPED, the
    others as many as there are heads."""
    which: Array | None = None
    """Which head each event has, intp[count]; None: each its own."""
    uses: Array | None = None
    """How many events have each head, where `which` is not None."""

    def __len__(self) -> int:
        return self.count

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        shared = sum(array.nbytes for array in (self.which, self.uses) if array is not None)
        return shared + sum(column.nbytes for column in self.columns.values())

    def most(self, name: str) -> int:
        """No value of a field has more bits than this one, taken as a number without a sign."""
        return FIELDS[name].of(self.high)

    def field(self, name: str) -> Array:
        """The values of a field, [count], of a type that may be narrower.

        What all share is one value seen many times.
        """
        return whole(self.column(name))

    def column(self, name: str) -> Array | Sparse:
        """The same; most may have one value."""
        column = self.columns.get(name)
        if column is None:
            return np.broadcast_to(self.shared(name), self.count)
        return column if self.which is None or name in STAMPED else whole(column).take(self.which)

    def kept(self, name: str = "") -> int:
        """Values of a field in which they differ; without a name: of one that may be shared."""
        return self.count if self.uses is None or name in STAMPED else len(self.uses)

    def shared(self, name: str) -> Array:
        """The value of a field in which they do not differ, [1]."""
        field = FIELDS[name]
        most = field.of(self.high)
        return np.array([most], "<u8").view(_narrowest(field, most))[:1]

    def take(self, keep: Array) -> Heads:
        """Those heads for which `keep`, bool[count], is true."""
        count = int(np.count_nonzero(keep))
        if self.which is None or self.uses is None:
            columns = {name: whole(column)[keep] for name, column in self.columns.items()}
            return Heads(count, self.low, self.high, columns)
        stamped = {name: whole(self.columns[name])[keep] for name in STAMPED if name in self.columns}
        which = self.which[keep]
        uses = np.bincount(which, minlength=len(self.uses))
        return Heads(count, self.low, self.high, {**self.columns, **stamped}, which, uses)


def heads_of(heads: Array) -> Heads:
    """Copy heads out of the kernel's memory, each of one event.

    Args:
        heads: uint64[n, WORDS], each head's words one after another.
    """
    low, high = _bits(heads)
    return Heads(len(heads), low, high, _columns(heads, _differing(low, high), high))


def stamped_heads(stamps: Array, ring: Array, newest: int) -> Heads:
    """Copy the heads of system calls that several of these may share.

    Args:
        stamps: uint64[n, STAMP_WORDS], at least one.
        ring: uint64[heads, WORDS].
        newest: the place in it behind the newest head.
    """
    numbers = stamps.view("<u4").reshape(len(stamps), -1)
    heads, which, uses = _shared_heads(numbers[:, _STAMP_HEAD], ring, newest)
    low, high = _bits(heads)
    own = {"time": stamps[:, 0], "latency": stamps[:, 1]}
    if high[LENGTHS] or FIELDS["flags"].of(high) >= HAS_SOCKET:
        own["at"] = numbers[:, _STAMP_AT]
    for name in STAMPED:
        # Times are taken to have all bits, and nobody asks where bytes lie that are none.
        most = int(np.bitwise_or.reduce(own[name])) if name == "latency" else FIELDS[name].mask
        FIELDS[name].put(low, 0)
        FIELDS[name].put(high, most if name in own else 0)
    columns = _columns(heads, _differing(low, high, without=STAMPED), high)
    for name, values in own.items():
        columns[name] = values.astype(_narrowest(FIELDS[name], FIELDS[name].of(high)))
    return Heads(len(stamps), low, high, columns, which, uses)


def _shared_heads(places: Array, ring: Array, newest: int) -> tuple[Array, Array | None, Array | None]:
    """The heads at these places, oldest first, each once, maybe a few more; which each place is; their uses.

    The latter two are None where each place is another, in turn.
    """
    start, last = int(places.min()), int(places.max())
    if last < newest:
        since = np.subtract(places, start, dtype=np.intp)
    else:
        # They go round the ring's end.
        age = newest - places.astype(np.intp)
        age[age <= 0] += len(ring)
        oldest = int(age.max())
        start, since = (newest - oldest) % len(ring), oldest - age
    uses = np.bincount(since)
    used = int(np.count_nonzero(uses))
    if used == len(since) == len(uses) and bool((since[1:] > since[:-1]).all()):
        return _round(ring, start, used), None, None
    if used * _MOSTLY >= len(uses) * (_MOSTLY - 1):
        # A few that nobody has do no harm, and the others need not be copied.
        return _round(ring, start, len(uses)), since, uses
    at = np.flatnonzero(uses)
    rank = np.cumsum(uses > 0) - 1
    return ring.take((at + start) % len(ring), axis=0), rank.take(since), uses[at]


def _round(ring: Array, start: int, count: int) -> Array:
    """So many rows of a ring from a place on."""
    rows = ring[start : start + count]
    return rows if len(rows) == count else np.concatenate((rows, ring[: count - len(rows)]))


def _bits(heads: Array) -> tuple[list[int], list[int]]:
    """By word the bits that all heads have, and those that any has."""
    low, high = (_swept(sweep, heads).tolist() for sweep in (np.bitwise_and, np.bitwise_or))
    return low, high


def _columns(
    heads: Array, differing: Iterable[tuple[str, Field]], high: Sequence[int]
) -> dict[str, Array | Sparse]:
    """These fields of the heads."""
    differing = list(differing)
    source = _Source(heads, is_tiled=len(differing) >= _MANY_FIELDS)
    columns: dict[str, Array | Sparse] = {}
    for name, field in differing:
        values = source.column(field, field.of(high))
        columns[name] = values if name in STAMPED else _few_apart(values)
    return columns


def _differing(
    low: list[int], high: list[int], *, without: Sequence[str] = ()
) -> Iterator[tuple[str, Field]]:
    for word in range(WORDS):
        if low[word] != high[word]:
            for name, field in _OF_WORDS[word]:
                if field.of(low) != field.of(high) and name not in without:
                    yield name, field


def _swept(sweep: np.ufunc, heads: Array) -> Array:
    """One head out of all, uint64[WORDS]."""
    whole = len(heads) // _AT_ONCE * _AT_ONCE
    if whole <= _AT_ONCE or not heads.flags.c_contiguous:
        few: Array = sweep.reduce(heads, axis=0)
        return few
    swept = sweep.reduce(heads[:whole].reshape(-1, _AT_ONCE * WORDS), axis=0).reshape(_AT_ONCE, WORDS)
    all_: Array = sweep(sweep.reduce(swept, axis=0), sweep.reduce(heads[whole:], axis=0))
    return all_


class _Source:
    """Heads that fields are copied out of, at least one."""

    def __init__(self, heads: Array, *, is_tiled: bool) -> None:
        """`is_tiled`: turn the heads on their side first, tile by tile: one field more then costs little."""
        whole_ = len(heads) // _TILE * _TILE if is_tiled else 0
        self._rest = heads[whole_:]
        self._tiles: Array | None = None
        """uint64[tiles, WORDS, _TILE]."""
        if whole_:
            self._tiles = heads[:whole_].reshape(-1, _TILE, WORDS).transpose(0, 2, 1).copy()

    def column(self, field: Field, most: int) -> Array:
        """A field of all heads: always a copy."""
        dtype = _narrowest(field, most)
        at = field.byte // dtype.itemsize
        values: Array = self._rest.view(dtype)[:, 8 // dtype.itemsize * field.word + at]
        if self._tiles is not None:
            tiled = self._tiles.view(dtype)[:, field.word, at :: 8 // dtype.itemsize].reshape(-1)
            values = np.concatenate((tiled, values)) if len(values) else tiled
        elif dtype.itemsize <= field.size:
            return values.copy()
        return values & dtype.type(field.mask) if dtype.itemsize > field.size else values


def _narrowest(field: Field, most: int) -> np.dtype[Any]:
    """The type that holds all values of a field whose bits are these."""
    if not field.signed:
        size = 1 << ((most.bit_length() + 7) // 8 - 1).bit_length() if most else 1
        return _UNSIGNED[size]
    if most > field.mask >> 1:
        return _SIGNED[field.size]
    return _SIGNED[1 << (most.bit_length() // 8).bit_length()]


_UNSIGNED, _SIGNED = ({size: np.dtype(f"<{kind}{size}") for size in (1, 2, 4, 8)} for kind in "ui")


def _few_apart(values: Array) -> Array | Sparse:
    """The values, kept as a few that differ from the rest if that is what they are; there is at least one."""
    value = values[len(values) // 2 :][:1].copy()
    others = values != value
    if not _are_few(int(np.count_nonzero(others)), len(values)):
        return values
    at = np.flatnonzero(others)
    return Sparse(len(values), value, at, values[at])


def _are_few(number: int, count: int) -> bool:
    return number <= count // _FEW


def joined(parts: Sequence[Heads]) -> Heads:
    """Heads of several parts as one, in that order."""
    if len(parts) == 1:
        return parts[0]
    low = np.bitwise_and.reduce(np.array([part.low for part in parts], np.uint64)).tolist()
    high = np.bitwise_or.reduce(np.array([part.high for part in parts], np.uint64)).tolist()
    columns: dict[str, Array | Sparse] = {}
    for name, field in _differing(low, high):
        mine = [_Part(part.kept(name), field, part.low, part.columns.get(name)) for part in parts]
        count = sum(part.count for part in mine)
        columns[name] = _joined_column(mine, count, _narrowest(field, field.of(high)))
    count = sum(map(len, parts))
    if columns.keys() <= set(STAMPED) or all(part.which is None for part in parts):
        return Heads(count, low, high, columns)
    uses = [np.ones(len(part), np.intp) if part.uses is None else part.uses for part in parts]
    return Heads(count, low, high, columns, _joined_which(parts), np.concatenate(uses))


def _joined_which(parts: Sequence[Heads]) -> Array:
    which = np.empty(sum(map(len, parts)), np.intp)
    start = end = 0
    for part in parts:
        mine = which[end : end + len(part)]
        np.add(np.arange(len(part)) if part.which is None else part.which, start, out=mine)
        start, end = start + part.kept(), end + len(part)
    return which


class _Part:
    """A field of one of several parts."""

    __slots__ = ("column", "count", "value")

    def __init__(self, count: int, field: Field, low: list[int], column: Array | Sparse | None) -> None:
        self.count = count
        self.column = column
        """None: all have the value."""
        self.value: int | None = None
        """What all have but for a few, None where there is no such value."""
        if column is None:
            self.value = field.value(low)
        elif isinstance(column, Sparse):
            self.value = int(column.value[0])


def _joined_column(parts: Sequence[_Part], count: int, dtype: np.dtype[Any]) -> Array | Sparse:
    value = max(parts, key=lambda part: part.count if part.value is not None else -1).value
    if value is not None and _are_few(sum(part.count for part in parts if part.value != value), count):
        sparse = _sparse_of(parts, value, count, dtype)
        if _are_few(len(sparse.at), count):
            return sparse
    values = np.empty(count, dtype)
    end = 0
    for part in parts:
        start, end = end, end + part.count
        if isinstance(part.column, Sparse):
            values[start:end] = part.column.value
            values[start + part.column.at] = part.column.values
        else:
            values[start:end] = part.value if part.column is None else part.column
    return values


def _sparse_of(parts: Sequence[_Part], value: int, count: int, dtype: np.dtype[Any]) -> Sparse:
    """The parts as one value and all others."""
    at, values, end = [np.empty(0, np.int64)], [np.empty(0, dtype)], 0
    for part in parts:
        start, end = end, end + part.count
        if isinstance(part.column, Sparse) and part.value == value:
            at.append(part.column.at + start)
            values.append(part.column.values)
        elif part.value != value:
            at.append(np.arange(start, end))
            values.append(np.full(part.count, part.value) if part.column is None else whole(part.column))
    one = np.array([value], dtype)
    return Sparse(count, one, np.concatenate(at), np.concatenate([each.astype(dtype) for each in values]))
