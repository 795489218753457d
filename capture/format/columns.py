"""Columns: how an event block holds the same field of many events.

    body     ::=  map  { "columns": { name: column }, "texts": texts, "payload": zstd bytes }
    texts    ::=  array(2)  lengths:column  zstd bytes

A column is what capture.format.coding says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
import zstandard

from capture.format.blocks import decompress, unpack
from capture.format.coding import (
    Array,
    Column,
    Sparse,
    pack_column,
    unpack_column,
    unpack_into,
    unpack_some,
    whole,
)
from capture.format.errors import FormatError
from capture.format.text_table import PackedTexts

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

MAX_EVENTS = 1 << 20
"""Events a block may hold."""
MAX_COLUMNS = 256
MAX_TEXTS = 128 << 20
"""Bytes that the texts, and the payload, of one block may have."""
WRITTEN_EVENTS, WRITTEN_BYTES = MAX_EVENTS // 4, MAX_TEXTS // 4
"""A writer makes two blocks of what is more: it stays well below what a reader takes."""

_DELTAS = frozenset({"time", *TEXT_COLUMNS})
"""Columns that are kept as differences: texts are numbered in the order of their first use."""
_PLANES = {
    **dict.fromkeys((*_DELTAS, "latency"), 8),
    **dict.fromkeys(("ret", "a0", "a3", "a4", "a5", "pid", "tid"), 4),
}
"""Columns that are kept byte by byte, if stored in so many bytes at most. Of others, and of wider ones, that
would make more: what needs eight bytes are addresses, the same ones again and again."""


@dataclass(frozen=True, slots=True)
class TextHeap:
    """Texts laid end to end, for a writer that has no use for single ones."""

    lengths: Array
    """Bytes of each, uint32."""
    heap: bytes


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events on their way into one block, in the order in which they returned."""

    columns: Mapping[str, Column]
    """Those of EVENT_COLUMNS, all of one length, their types as narrow as their values allow. A text column
    that no event has may be left out."""
    texts: Sequence[bytes] | TextHeap
    """What the text columns point to: code 1 is the first."""
    payload: bytes
    """The captured bytes of all events, one after another: `captured` tells how many belong to each."""

    def __len__(self) -> int:
        return len(self.columns["time"])

    def column(self, name: str) -> Array:
        """All values of a column."""
        return whole(self.columns[name])

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
        cut = int(self.column("captured")[:middle].sum(dtype=np.int64))
        halves = (slice(None, middle), self.payload[:cut]), (slice(middle, None), self.payload[cut:])
        return [part for rows, payload in halves for part in self._piece(rows, heap, payload).parts()]

    def taking(self, chosen: Array) -> EventBatch:
        """Some of the events with the texts and payload that are theirs; `chosen` is bool, one an event."""
        heap = self.texts if isinstance(self.texts, TextHeap) else _laid_end_to_end(self.texts)
        captured = self.column("captured")
        payload = np.frombuffer(self.payload, np.uint8)[np.repeat(chosen, captured)].tobytes()
        return self._piece(np.flatnonzero(chosen), heap, payload)

    def _piece(self, rows: slice | Array, heap: TextHeap, payload: bytes) -> EventBatch:
        """Some of the events with the texts that they use."""
        columns = {name: self.column(name)[rows] for name in self.columns}
        having = [name for name in TEXT_COLUMNS if name in columns]
        used = np.unique(np.concatenate([np.empty(0, "<i4"), *(columns[name] for name in having)]))
        used = used[used > 0] - 1
        place = np.zeros(len(heap.lengths) + 1, "<i4")
        place[used + 1] = np.arange(1, len(used) + 1)
        lengths = heap.lengths[used]
        starts = (np.cumsum(heap.lengths, dtype=np.int64) - heap.lengths)[used]
        within = np.cumsum(lengths, dtype=np.int64) - lengths
        at = np.repeat(starts - within, lengths) + np.arange(int(lengths.sum(dtype=np.int64)))
        texts = TextHeap(lengths, np.frombuffer(heap.heap, np.uint8)[at].tobytes())
        return EventBatch({**columns, **{name: place[columns[name]] for name in having}}, texts, payload)


def pack_events(
    batch: EventBatch,
    zstd: zstandard.ZstdCompressor,
    payload_zstd: zstandard.ZstdCompressor | None = None,
    plain_zstd: zstandard.ZstdCompressor | None = None,
) -> bytes:
    """The body of an event block; payload, and numbers kept whole, may have compressors of their own."""
    columns = {
        name: pack_column(
            values,
            zstd,
            dtype=_dtype_of(name, values),
            delta=name in _DELTAS,
            planes=_PLANES.get(name, 0),
            plain_zstd=plain_zstd,
        )
        for name, values in batch.columns.items()
    }
    heap = batch.texts if isinstance(batch.texts, TextHeap) else _laid_end_to_end(batch.texts)
    lengths = heap.lengths.astype("<u4", copy=False)
    texts = [pack_column(lengths, zstd), zstd.compress(heap.heap)]
    payload = (payload_zstd or zstd).compress(batch.payload) if batch.payload else b""
    return bytes(
        msgpack.packb({"columns": columns, "texts": texts, "payload": payload, "n_texts": len(lengths)})
    )


def _dtype_of(name: str, column: Column) -> np.dtype[Any]:
    own = column.value.dtype if isinstance(column, Sparse) else column.dtype
    return np.dtype(EVENT_COLUMNS.get(name, own))


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
        return self._absent(name, self.count)

    def values(self, name: str, rows: Array) -> Array:
        """A column's values at some rows; where none are asked for nothing is unpacked."""
        if not len(rows) or name not in self.columns:
            return self._absent(name, len(rows))
        values = unpack_some(self.columns[name], rows, self.count, self.offset)
        return values.astype(EVENT_COLUMNS.get(name, values.dtype.str), copy=False)

    def column_into(self, name: str, out: Array) -> bool:
        """The same, into an array of zeros of the dtype of EVENT_COLUMNS, or of one that holds its values.

        Returns whether there may be others than zeros.
        """
        if name in self.columns:
            return unpack_into(self.columns[name], out, self.offset)
        absent = self._absent(name, 1)
        if absent[0]:
            out[:] = absent
        return bool(absent[0])

    def _absent(self, name: str, count: int) -> Array:
        return np.full(count, -1 if name in ("latency", "fd") else 0, EVENT_COLUMNS[name])

    def batch(self) -> EventBatch:
        """All of the block, as a writer takes it; columns that this reader does not know, too.

        Raises:
            FormatError: It is not what a recorder writes.
        """
        names = {"time", "flags", "captured", *(name for name in self.columns if isinstance(name, str))}
        columns = {name: self.column(name) for name in sorted(names)}
        texts = self.texts()
        for name in TEXT_COLUMNS:
            column = columns.get(name)
            if column is not None and len(column) and not 0 <= column.min() <= column.max() <= len(texts):
                raise FormatError("an event points to a text that is not there", self.offset)
        return EventBatch(columns, _laid_end_to_end(texts), self.payload())

    def texts(self) -> list[bytes]:
        """The block's distinct texts; code 1 is the first."""
        packed = self.text_heap()
        return packed.cut(np.arange(len(packed)))

    def text_heap(self) -> PackedTexts:
        """The same, laid end to end."""
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
        return PackedTexts(heap, ends)

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
