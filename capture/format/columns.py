"""Columns: how an event block holds the same field of many events.

    body     ::=  map  { "columns": { name: column }, "texts": texts, "payload": zstd bytes }
    column   ::=  array(4)  dtype  stored  coding  data
    texts    ::=  array(2)  lengths:column  zstd bytes

`dtype` is what a reader gives out; `stored` is the (often narrower) type the values are kept in;
`coding` is `const` (data is one value), `plain` or `delta` (data is a zstd frame of all values, or
of the differences between neighbours, the first one from zero). All numbers are little endian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
import zstandard

from capture.format.blocks import decompress, unpack
from capture.format.errors import FormatError

EVENT_COLUMNS: dict[str, str] = {
    "time": "<i8",
    "latency": "<i8",
    "cgroup": "<u8",
    "ret": "<i8",
    "a0": "<u8",
    "a1": "<u8",
    "a2": "<u8",
    "a3": "<u8",
    "a4": "<u8",
    "a5": "<u8",
    "ino": "<u8",
    "dev": "<u4",
    "uid": "<u4",
    "pid": "<u4",
    "tid": "<u4",
    "fd": "<i4",
    "code": "<u2",
    "cpu": "<u2",
    "mode": "<u2",
    "flags": "<u2",
    "captured": "<u4",
    "text": "<i4",
    "text2": "<i4",
    "addr": "<i4",
    "sock": "<i4",
    "exe": "<i4",
    "env": "<i4",
}
"""Every column of an event block and its dtype; what they mean is in docs/capture-format.md."""

COUNTED_COLUMNS: dict[str, str] = {
    "first": "<i8",
    "last": "<i8",
    "count": "<i8",
    "errors": "<i8",
    "bytes": "<i8",
    "latency": "<i8",
    "cgroup": "<u8",
    "ino": "<u8",
    "dev": "<u4",
    "mode": "<u2",
    "uid": "<u4",
    "pid": "<u4",
    "tid": "<u4",
    "fd": "<i4",
    "code": "<u2",
    "flags": "<u2",
}
"""Every column of a block of counted calls: a row a thread, descriptor and call."""

SAMPLE_COLUMNS: dict[str, str] = {
    "time": "<i8",
    "pid": "<u4",
    "start": "<i8",
    "cpu_time": "<i8",
    "rss": "<i8",
    "vms": "<i8",
    "minflt": "<i8",
    "majflt": "<i8",
    "threads": "<i4",
}
"""Every column of a block of samples: a row a process that was active."""

TEXT_COLUMNS = ("text", "text2", "addr", "sock", "exe", "env")
"""Columns that are positions in the block's texts, counted from 1; 0 is not recorded."""
MAX_TEXTS_OF_EVENT = 4
"""No event has more of them: what has a socket is no exec."""

DTYPES = frozenset({"<i8", "<u8", "<i4", "<u4", "<i2", "<u2", "|i1", "|u1"})
MAX_EVENTS = 1 << 20
"""Events a block may hold."""
MAX_COLUMNS = 256
MAX_TEXTS = 128 << 20
"""Bytes that the texts, and the payload, of one block may have."""
WRITTEN_EVENTS, WRITTEN_BYTES = MAX_EVENTS // 4, MAX_TEXTS // 4
"""A writer makes two blocks of what is more: it stays well below what a reader takes."""

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class TextHeap:
    """Texts laid end to end, for a writer that has no use for single ones."""

    lengths: Array
    """Bytes of each, uint32."""
    heap: bytes


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events on their way into one block, in the order in which they returned."""

    columns: Mapping[str, Array]
    """Arrays of EVENT_COLUMNS, all of one length; a text column that no event has may be left out."""
    texts: Sequence[bytes] | TextHeap
    """What the text columns point to: code 1 is the first."""
    payload: bytes
    """The captured bytes of all events, one after another: `captured` tells how many belong to each."""

    def __len__(self) -> int:
        return len(self.columns["time"])

    @property
    def memory(self) -> int:
        """Bytes that it takes, about."""
        texts = len(self.texts.heap) if isinstance(self.texts, TextHeap) else sum(map(len, self.texts))
        return sum(values.nbytes for values in self.columns.values()) + texts + len(self.payload)

    def parts(self) -> list[EventBatch]:
        """The batch in pieces that a block can hold, nearly always itself."""
        heap = self.texts if isinstance(self.texts, TextHeap) else _laid_end_to_end(self.texts)
        largest = max(len(heap.heap), len(self.payload))
        if len(self) < 2 or (len(self) <= WRITTEN_EVENTS and largest <= WRITTEN_BYTES):
            return [self]
        middle = len(self) // 2
        cut = int(self.columns["captured"][:middle].sum(dtype=np.int64))
        halves = (slice(None, middle), self.payload[:cut]), (slice(middle, None), self.payload[cut:])
        return [part for rows, payload in halves for part in self._piece(rows, heap, payload).parts()]

    def _piece(self, rows: slice, heap: TextHeap, payload: bytes) -> EventBatch:
        """Some of the events with the texts that they use."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        having = [name for name in TEXT_COLUMNS if name in columns]
        used = np.unique(np.concatenate([columns[name] for name in having]))
        used = used[used > 0] - 1
        place = np.zeros(len(heap.lengths) + 1, "<i4")
        place[used + 1] = np.arange(1, len(used) + 1)
        lengths = heap.lengths[used]
        starts = (np.cumsum(heap.lengths, dtype=np.int64) - heap.lengths)[used]
        within = np.cumsum(lengths, dtype=np.int64) - lengths
        at = np.repeat(starts - within, lengths) + np.arange(int(lengths.sum(dtype=np.int64)))
        texts = TextHeap(lengths, np.frombuffer(heap.heap, np.uint8)[at].tobytes())
        return EventBatch({**columns, **{name: place[columns[name]] for name in having}}, texts, payload)


_NARROWER: dict[str, list[np.dtype[Any]]] = {
    "i": [np.dtype("i1"), np.dtype("<i2"), np.dtype("<i4")],
    "u": [np.dtype("u1"), np.dtype("<u2"), np.dtype("<u4")],
}


def pack_column(values: Array, zstd: zstandard.ZstdCompressor, *, delta: bool = False) -> list[object]:
    """One column as `[dtype, stored, coding, data]`."""
    dtype = values.dtype
    if len(values) == 0:
        return [dtype.str, dtype.str, "const", bytes(dtype.itemsize)]
    if delta:
        values = np.diff(values, prepend=dtype.type(0))
        head = values[1:] if len(values) > 1 else values
        # The first value is a whole time: keep it from widening all the others.
        if len(values) > 1 and _fits(head, np.dtype("<i4")):
            first = int(values[0]).to_bytes(8, "little", signed=True)
            return [dtype.str, "<i4", "delta", first + zstd.compress(head.astype("<i4").data)]
        return [dtype.str, dtype.str, "delta", values[:1].tobytes() + zstd.compress(values[1:].tobytes())]
    if values.strides == (0,):
        return [dtype.str, dtype.str, "const", values[:1].tobytes()]
    low, high = values.min(), values.max()
    if low == high:
        return [dtype.str, dtype.str, "const", values[:1].tobytes()]
    for narrow in _NARROWER[dtype.kind]:
        limits = np.iinfo(narrow)
        if narrow.itemsize < dtype.itemsize and low >= limits.min and high <= limits.max:
            return [dtype.str, narrow.str, "plain", zstd.compress(values.astype(narrow).data)]
    return [dtype.str, dtype.str, "plain", zstd.compress(np.ascontiguousarray(values).data)]


def _fits(values: Array, dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return bool(values.min() >= limits.min and values.max() <= limits.max)


def unpack_column(column: object, count: int, offset: int | None = None) -> Array:
    """The values of one column, `count` of them.

    Raises:
        FormatError: Not a column, or not of that length.
    """
    dtype, stored, coding, data = _checked(column, offset)
    if coding == "const":
        if len(data) != dtype.itemsize:
            raise FormatError("a constant column has not one value", offset)
        return np.full(count, np.frombuffer(data, dtype)[0], dtype)
    if coding == "plain":
        return _stored_values(data, stored, count, offset).astype(dtype, copy=False)
    if coding == "delta" and dtype == np.dtype("<i8") and count >= 1 and len(data) >= 8:
        values = np.empty(count, dtype)
        values[0] = np.frombuffer(data[:8], dtype)[0]
        values[1:] = _stored_values(data[8:], stored, count - 1, offset)
        return np.cumsum(values)
    raise FormatError(f"a column coded as {coding[:20]!r}, which this reader does not know", offset)


def unpack_into(column: object, out: Array, offset: int | None = None) -> None:
    """The values of one column, into an array of zeros: of the same length, and of the column's dtype.

    Raises:
        FormatError: As `unpack_column` does.
    """
    dtype, stored, coding, data = _checked(column, offset)
    if coding == "const" and len(data) == dtype.itemsize:
        # Pages of zeros that nobody writes to take no memory.
        if data.strip(b"\0"):
            out[:] = np.frombuffer(data, dtype)[0]
    elif coding == "plain":
        out[:] = _stored_values(data, stored, len(out), offset)
    else:
        out[:] = unpack_column(column, len(out), offset)


def _checked(column: object, offset: int | None) -> tuple[np.dtype[Any], np.dtype[Any], str, bytes]:
    match column:
        case [str(dtype), str(stored), str(coding), bytes(data)] if dtype in DTYPES and stored in DTYPES:
            return np.dtype(dtype), np.dtype(stored), coding, data
    raise FormatError("a column is not [dtype, stored, coding, data]", offset)


def _stored_values(data: bytes, stored: np.dtype[Any], count: int, offset: int | None) -> Array:
    raw = decompress(data, count * stored.itemsize, offset) if count else b""
    if len(raw) != count * stored.itemsize:
        raise FormatError(f"a column has {len(raw)} bytes, {count * stored.itemsize} wanted", offset)
    return np.frombuffer(raw, stored)


def pack_events(batch: EventBatch, zstd: zstandard.ZstdCompressor) -> bytes:
    """The body of an event block."""
    columns = {
        name: pack_column(values, zstd, delta=name == "time") for name, values in batch.columns.items()
    }
    heap = batch.texts if isinstance(batch.texts, TextHeap) else _laid_end_to_end(batch.texts)
    lengths = heap.lengths.astype("<u4", copy=False)
    texts = [pack_column(lengths, zstd), zstd.compress(heap.heap)]
    payload = zstd.compress(batch.payload) if batch.payload else b""
    return bytes(
        msgpack.packb({"columns": columns, "texts": texts, "payload": payload, "n_texts": len(lengths)})
    )


def _laid_end_to_end(texts: Sequence[bytes]) -> TextHeap:
    return TextHeap(np.fromiter(map(len, texts), "<u4", len(texts)), b"".join(texts))


@dataclass(frozen=True, slots=True)
class EventBody:
    """An event block's body, unpacked as far as is needed."""

    count: int
    columns: Mapping[str, object]
    packed_texts: object
    n_texts: int
    packed_payload: bytes
    offset: int

    def column(self, name: str) -> Array:
        """One column; zeros (-1 for `latency` and `fd`) where the recorder did not write it."""
        if name in self.columns:
            values = unpack_column(self.columns[name], self.count, self.offset)
            return values.astype(EVENT_COLUMNS.get(name, values.dtype.str), copy=False)
        absent = -1 if name in ("latency", "fd") else 0
        return np.full(self.count, absent, EVENT_COLUMNS[name])

    def column_into(self, name: str, out: Array) -> None:
        """The same, into an array of zeros that has the dtype of EVENT_COLUMNS."""
        if name in self.columns:
            unpack_into(self.columns[name], out, self.offset)
        elif name in ("latency", "fd"):
            out[:] = -1

    def texts(self) -> list[bytes]:
        """The block's distinct texts; code 1 is the first."""
        match self.packed_texts:
            case [lengths_column, bytes(packed)]:
                lengths = unpack_column(lengths_column, self.n_texts, self.offset)
            case _:
                raise FormatError("a block's texts are not [lengths, bytes]", self.offset)
        if bool((lengths < 0).any() or (lengths > MAX_TEXTS).any()):
            raise FormatError("a block claims a text of an impossible length", self.offset)
        lengths = lengths.astype(np.int64)
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        if total > MAX_TEXTS:
            raise FormatError(f"a block claims {total} bytes of text", self.offset)
        heap = decompress(packed, total, self.offset)
        if len(heap) != total:
            raise FormatError("a block's texts are shorter than their lengths say", self.offset)
        starts = ends - lengths
        return [heap[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def payload(self) -> bytes:
        """The captured bytes of all events of the block."""
        total = int(self.column("captured").sum(dtype=np.int64))
        if total > MAX_TEXTS:
            raise FormatError(f"a block claims {total} bytes of payload", self.offset)
        heap = decompress(self.packed_payload, total, self.offset) if total else b""
        if len(heap) != total:
            raise FormatError("a block's payload is shorter than its events say", self.offset)
        return heap


def pack_table(columns: Mapping[str, Array], zstd: zstandard.ZstdCompressor) -> bytes:
    """The body of a block that holds nothing but columns."""
    packed = {name: pack_column(values, zstd) for name, values in columns.items()}
    return bytes(msgpack.packb({"columns": packed}))


def unpack_table(body: bytes, count: int, dtypes: Mapping[str, str], offset: int) -> dict[str, Array]:
    """The columns of such a block; zeros where the recorder did not write one.

    Raises:
        FormatError: Not the body of such a block.
    """
    match unpack(body, offset):
        case {"columns": dict(columns)} if 0 <= count <= MAX_EVENTS and len(columns) <= MAX_COLUMNS:
            pass
        case _:
            raise FormatError("a block of a table lacks its columns", offset)
    return {
        name: unpack_column(columns[name], count, offset).astype(dtype, copy=False)
        if name in columns
        else np.zeros(count, dtype)
        for name, dtype in dtypes.items()
    }


def unpack_events(body: bytes, count: int, offset: int) -> EventBody:
    """An event block's body with its columns still compressed.

    Raises:
        FormatError: Not the body of an event block.
    """
    if count > MAX_EVENTS:
        raise FormatError(f"a block claims {count} events, more than {MAX_EVENTS}", offset)
    match unpack(body, offset):
        case {"columns": dict(columns), "texts": texts, "payload": bytes(payload), "n_texts": int(n_texts)}:
            pass
        case _:
            raise FormatError("an event block lacks its columns", offset)
    if len(columns) > MAX_COLUMNS or not 0 <= n_texts <= count * MAX_TEXTS_OF_EVENT:
        raise FormatError("an event block has more columns or texts than any recorder writes", offset)
    return EventBody(count, columns, texts, n_texts, payload, offset)
