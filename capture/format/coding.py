"""Codings: how a column of numbers is kept in few bytes, quickly.

    column      ::=  array(4)  dtype  stored  coding  data
                  |  array(5)  dtype  stored  coding  data  exceptions
    exceptions  ::=  zstd frame of n positions, u4, and n values of dtype

`dtype` is what a reader gives out; `stored` is the (often narrower) type the values are kept in. Values
that are too wide for it are exceptions, if they are few. All numbers are little endian.

coding          data
`const`         one value
`plain`         a zstd frame of all values
`planes`        the same, byte by byte: the lowest byte of every value, then the next one of every value …
`delta`         the first value, i8; then a frame of the differences between neighbours
`delta planes`  the same, its differences byte by byte

Numbers of which the low byte is noise and the others are the same again and again (times, above all) take a
quarter of the time as planes, and fewer bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import zstandard

from capture.format.blocks import decompress
from capture.format.errors import FormatError

DTYPES = {name: np.dtype(name) for name in ("<i8", "<u8", "<i4", "<u4", "<i2", "<u2", "|i1", "|u1")}

Array = np.ndarray[Any, np.dtype[Any]]

_FEW = 64
"""Of so many values one may be an exception."""
_SAMPLE, _MANY = 512, 16
"""Of about so many values, looked at first, one in _MANY may not fit: else too many of all would not."""
_SHIFTED = 4
"""Bytes of the widest numbers that are put together by shifts."""
_KEPT = ("plain", "planes")
_DELTAS = {"delta": "plain", "delta planes": "planes"}
"""Codings of differences, and how these are kept."""
_NOTHING = bytes(1 << 20)
_NARROWER: dict[str, list[np.dtype[Any]]] = {
    "i": [np.dtype("i1"), np.dtype("<i2"), np.dtype("<i4")],
    "u": [np.dtype("u1"), np.dtype("<u2"), np.dtype("<u4")],
}


@dataclass(frozen=True, slots=True)
class Sparse:
    """A column in which all but a few events have the same value."""

    count: int
    value: Array
    """What most have, [1]."""
    at: Array
    """The others, int64, ascending."""
    values: Array
    """Theirs, of the dtype of `value`."""

    def __len__(self) -> int:
        return self.count

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.at.nbytes + self.values.nbytes

    def whole(self) -> Array:
        """All values."""
        column = np.full(self.count, self.value[0], self.value.dtype)
        column[self.at] = self.values
        return column


Column = Array | Sparse


def whole(column: Column) -> Array:
    """All values of a column."""
    return column.whole() if isinstance(column, Sparse) else column


def pack_column(
    column: Column,
    zstd: zstandard.ZstdCompressor,
    *,
    dtype: np.dtype[Any] | None = None,
    delta: bool = False,
    planes: int = 0,
    plain_zstd: zstandard.ZstdCompressor | None = None,
) -> list[object]:
    """One column as it stands in a block.

    Args:
        column: numbers of `dtype`, or of a narrower type.
        zstd: makes the frames.
        dtype: what a reader shall give out, where that is not the column's own.
        delta: keep differences.
        planes: keep numbers byte by byte that are stored in so many bytes at most.
        plain_zstd: makes the frames of numbers that are kept whole, if others than `zstd` should.
    """
    dtype = dtype or (column.value if isinstance(column, Sparse) else column).dtype
    if not len(column):
        return [dtype.str, dtype.str, "const", bytes(dtype.itemsize)]
    if isinstance(column, Sparse):
        value = column.value.astype(dtype).tobytes()
        return [dtype.str, dtype.str, "const", value, *_exceptions(column.at, column.values, dtype, zstd)]
    if column.strides == (0,) or (not delta and bool((column == column[0]).all())):
        return [dtype.str, dtype.str, "const", column[:1].astype(dtype).tobytes()]
    first = b""
    if delta:
        column = column.astype("<i8", copy=False)
        first, column = column[:1].tobytes(), np.diff(column)
    stored, exceptions = _narrowed(column, np.dtype("<i8") if delta else dtype, zstd)
    by_byte = 1 < stored.itemsize <= planes
    coding = " ".join([*["delta"] * delta, *["planes"] * by_byte]) or "plain"
    data = _planes(stored) if by_byte else np.ascontiguousarray(stored)
    packed = (zstd if by_byte else plain_zstd or zstd).compress(data.data)
    return [dtype.str, stored.dtype.str, coding, first + packed, *exceptions]


def _narrowed(
    values: Array, dtype: np.dtype[Any], zstd: zstandard.ZstdCompressor
) -> tuple[Array, list[bytes]]:
    """The values in the narrowest type that holds nearly all of them, and the exceptions if there are any."""
    if not len(values) or values.dtype.itemsize == 1:
        return values, []
    sample = values[:: len(values) // _SAMPLE + 1]
    low, high = values.min(), values.max()
    few = len(values) // _FEW
    for narrow in _NARROWER[dtype.kind]:
        if narrow.itemsize >= values.dtype.itemsize:
            break
        limits = np.iinfo(narrow)
        if low >= limits.min and high <= limits.max:
            return values.astype(narrow), []
        if np.count_nonzero(sample > limits.max) > len(sample) // _MANY:
            continue
        beyond = values > limits.max
        if low < limits.min:
            beyond |= values < limits.min
        if np.count_nonzero(beyond) <= few:
            at = np.flatnonzero(beyond)
            stored = values.astype(narrow)
            stored[at] = 0
            return stored, _exceptions(at, values[at], dtype, zstd)
    return values, []


def _exceptions(
    at: Array, values: Array, dtype: np.dtype[Any], zstd: zstandard.ZstdCompressor
) -> list[bytes]:
    if not len(at):
        return []
    return [zstd.compress(at.astype("<u4").tobytes() + values.astype(dtype).tobytes())]


def _planes(values: Array) -> Array:
    return np.ascontiguousarray(values.view(np.uint8).reshape(len(values), values.itemsize).T)


def unpack_column(column: object, count: int, offset: int | None = None) -> Array:
    """The values of one column, `count` of them.

    Raises:
        FormatError: Not a column, or not of that length.
    """
    values = np.zeros(count, _checked(column, offset)[0])
    unpack_into(column, values, offset)
    return values


def unpack_into(column: object, out: Array, offset: int | None = None) -> bool:
    """The values of one column, into an array of zeros of the same length: of the column's dtype, or of one
    that holds them (`width_of`).

    Returns whether there may be others than zeros: pages of zeros that nobody writes to take no memory.

    Raises:
        FormatError: As `unpack_column` does.
    """
    dtype, stored, coding, data, exceptions = _checked(column, offset)
    if coding == "const":
        value = _constant(data, dtype, offset)
        has_any = bool(value[0])
        if has_any:
            out[:] = value
        _put_exceptions(out, exceptions, dtype, offset)
    elif coding in _KEPT:
        has_any = _put(out, _raw(data, stored, len(out), offset), stored, coding)
        _put_exceptions(out, exceptions, dtype, offset)
    elif coding in _DELTAS and len(out) and len(data) >= 8:
        first = np.frombuffer(data[:8], "<i8")
        if first[0]:
            out[:1] = first
        raw = _raw(data[8:], stored, len(out) - 1, offset)
        has_any = _put(out[1:], raw, stored, _DELTAS[coding]) or bool(first[0])
        _put_exceptions(out[1:], exceptions, first.dtype, offset)
        # Sums of whatever width are the same in the bits that it has.
        if has_any or exceptions:
            np.cumsum(out, dtype=out.dtype, out=out)
    else:
        raise FormatError(f"a column coded as {coding[:20]!r}, which this reader does not know", offset)
    return has_any or bool(exceptions)


def unpack_some(column: object, rows: Array, count: int, offset: int | None = None) -> Array:
    """The values of one column at some rows, in its dtype; most of it is not put together for that.

    Raises:
        FormatError: As `unpack_column` does.
    """
    dtype, stored, coding, data, exceptions = _checked(column, offset)
    if coding not in _KEPT or exceptions:
        return unpack_column(column, count, offset)[rows]
    raw = np.frombuffer(_raw(data, stored, count, offset), np.uint8).reshape(
        (stored.itemsize, count) if coding == "planes" else (count, stored.itemsize)
    )
    some = raw[:, rows].T if coding == "planes" else raw[rows]
    return np.ascontiguousarray(some).view(stored).reshape(-1).astype(dtype, copy=False)


def width_of(column: object, dtype: np.dtype[Any]) -> int:
    """Bytes of the narrowest type of the kind of `dtype` that holds a column's values, as far as is known
    without unpacking them.
    """
    try:
        own, stored, coding, data, exceptions = _checked(column, None)
    except FormatError:
        return dtype.itemsize
    if {own.kind, stored.kind, dtype.kind} != {"u"} or exceptions or "delta" in coding:
        return dtype.itemsize
    width = stored.itemsize
    if coding == "const" and len(data) == own.itemsize:
        width = np.min_scalar_type(int.from_bytes(data, "little")).itemsize
    return min(width, dtype.itemsize)


def _checked(column: object, offset: int | None) -> tuple[np.dtype[Any], np.dtype[Any], str, bytes, bytes]:
    match column:
        case [str(dtype), str(stored), str(coding), bytes(data)]:
            exceptions = b""
        case [str(dtype), str(stored), str(coding), bytes(data), bytes(exceptions)]:
            pass
        case _:
            raise FormatError("a column is not [dtype, stored, coding, data]", offset)
    own, narrow = DTYPES.get(dtype), DTYPES.get(stored)
    if own is None or narrow is None:
        raise FormatError("a column is not [dtype, stored, coding, data]", offset)
    return own, narrow, coding, data, exceptions


def _constant(data: bytes, dtype: np.dtype[Any], offset: int | None) -> Array:
    if len(data) != dtype.itemsize:
        raise FormatError("a constant column has not one value", offset)
    return np.frombuffer(data, dtype)


def _raw(data: bytes, stored: np.dtype[Any], count: int, offset: int | None) -> bytes:
    """The bytes of `count` stored numbers."""
    raw = decompress(data, count * stored.itemsize, offset) if count else b""
    if len(raw) != count * stored.itemsize:
        raise FormatError(f"a column has {len(raw)} bytes, {count * stored.itemsize} wanted", offset)
    return raw


def _put(out: Array, raw: bytes, stored: np.dtype[Any], kept: str) -> bool:
    """Write stored numbers over zeros; whether there are others."""
    if _NOTHING.startswith(raw):
        return False
    if kept == "plain":
        out[:] = np.frombuffer(raw, stored)
        return True
    planes = np.frombuffer(raw, np.uint8).reshape(stored.itemsize, len(out))
    if stored.itemsize > _SHIFTED:
        numbers = np.ascontiguousarray(planes.T).view(f"<u{stored.itemsize}").reshape(-1)
    else:
        # Put together by shifts, which run over many numbers at once: several times as fast.
        fits = out.dtype.itemsize == stored.itemsize
        numbers = out.view(f"<u{stored.itemsize}") if fits else np.empty(len(out), f"<u{stored.itemsize}")
        numbers[:] = planes[-1]
        for plane in planes[-2::-1]:
            numbers <<= 8
            numbers |= plane
        if fits:
            return True
    out[:] = numbers.view(stored)
    return True


def _put_exceptions(values: Array, exceptions: bytes, dtype: np.dtype[Any], offset: int | None) -> None:
    """Put the values of `dtype` that are exceptions into their places."""
    if not exceptions:
        return
    size = 4 + dtype.itemsize
    raw = decompress(exceptions, len(values) * size, offset)
    count = len(raw) // size
    at = np.frombuffer(raw, "<u4", count)
    if len(raw) % size or (count and int(at.max()) >= len(values)):
        raise FormatError("a column has exceptions that are no values of it", offset)
    values[at] = np.frombuffer(raw, dtype, count, 4 * count)
