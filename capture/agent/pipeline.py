"""From records in lanes to sorted batches of events: columns all the way, nothing for each event.

    lane ─► chunk of columns ─► held back until slower calls have caught up ─► one batch in order of time

A chunk is small enough for its records to stay in the processor's cache while their fields are taken
apart. Texts are found equal by a hash over whole rows and then compared, so that each is kept once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk, Texts
from capture.agent.records import captured, field_of, word_of
from capture.format import EVENT_COLUMNS, TEXT_COLUMNS, EventBatch, TextHeap
from capture.model.events import EventFlag, SchedCode

Array = np.ndarray[Any, np.dtype[Any]]

_FIELDS_OF_WORDS: dict[int, list[str]] = {}
"""The columns that lie in each word of a head, but for the time."""
for _name in EVENT_COLUMNS:
    if _name not in (*TEXT_COLUMNS, "time"):
        _FIELDS_OF_WORDS.setdefault(word_of("sizes" if _name == "captured" else _name), []).append(_name)
_BOOT_TIMES = (SchedCode.PROCFORK, SchedCode.PROCEXIT)
"""Events whose a2 is a time since boot."""


@dataclass
class Assembler:
    """Collects chunks and makes batches, sorted by the time at which calls returned."""

    boot_to_utc_ns: int
    """What is added to times since boot."""
    late: int = 0
    """Events that came after later ones had been handed out."""
    pending: int = 0
    """Events that wait."""
    pending_bytes: int = 0
    """Bytes of their payload."""
    _chunks: list[Chunk] = field(default_factory=list)
    _handed_out: int = 0
    """Boot time up to which events have been handed out."""

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk for a later batch."""
        self._chunks.append(chunk)
        self.pending += len(chunk)
        self.pending_bytes += len(chunk.payload)

    def batch(self, until_boot_ns: int) -> EventBatch | None:
        """All events that returned by then, None if there are none."""
        ready = []
        waiting = []
        for chunk in self._chunks:
            early = field_of(chunk.words, "time") <= until_boot_ns
            if early.all():
                ready.append(chunk)
            elif not early.any():
                waiting.append(chunk)
            else:
                ready.append(chunk.take(early))
                waiting.append(chunk.take(~early))
        self._chunks = waiting
        self.pending = sum(map(len, waiting))
        self.pending_bytes = sum(len(chunk.payload) for chunk in waiting)
        if not ready:
            return None
        batch = self._merge(ready)
        self._handed_out = max(self._handed_out, until_boot_ns)
        return batch

    def _merge(self, chunks: list[Chunk]) -> EventBatch:
        time = np.concatenate([field_of(chunk.words, "time") for chunk in chunks]).view(np.int64)
        payload = np.concatenate([chunk.payload for chunk in chunks])
        codes, heap = _intern(chunks)
        order = None
        if bool((time[1:] < time[:-1]).any()):
            order = np.argsort(time, kind="stable")
            time = time[order]
            payload = _reordered(payload, _joined([captured(chunk.words) for chunk in chunks]), order)
            codes = {name: values[order] for name, values in codes.items()}
        columns = {"time": time + self.boot_to_utc_ns, **_columns(chunks, order)}
        # The probe's mark for "not known" is all ones: as a signed number, -1.
        columns["latency"] = columns["latency"].view(np.int64)
        self._flag_late(columns, time)
        self._to_utc(columns)
        return EventBatch({**columns, **codes}, heap, payload.tobytes())

    def _flag_late(self, columns: dict[str, Array], time: Array) -> None:
        count = int(np.searchsorted(time, self._handed_out))
        if count:
            self.late += count
            columns["flags"] = columns["flags"].copy()
            columns["flags"][:count] |= int(EventFlag.LATE)

    def _to_utc(self, columns: dict[str, Array]) -> None:
        """Turn the start times that scheduler events carry from time since boot to UTC."""
        code = columns["code"]
        later = np.flatnonzero(code >= min(_BOOT_TIMES))
        rows = later[np.isin(code[later], _BOOT_TIMES)]
        if len(rows):
            columns["a2"] = columns["a2"].copy()
            columns["a2"][rows] += np.uint64(self.boot_to_utc_ns)


def _columns(chunks: list[Chunk], order: Array | None) -> dict[str, Array]:
    """The fields of all heads, in that order; what is the same everywhere is one value, seen many times."""
    columns: dict[str, Array] = {}
    count = sum(map(len, chunks))
    low = np.min([chunk.words.min(axis=1) for chunk in chunks], axis=0)
    high = np.max([chunk.words.max(axis=1) for chunk in chunks], axis=0)
    for row, names in _FIELDS_OF_WORDS.items():
        for name in names:
            take = captured if name == "captured" else partial(field_of, name=name)
            if low[row] == high[row]:
                columns[name] = np.broadcast_to(take(chunks[0].words[:, :1].copy()), count)
            else:
                values = _joined([take(chunk.words) for chunk in chunks])
                columns[name] = values if order is None else values[order]
    return columns


def _joined(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _reordered(payload: Array, lengths: Array, order: Array) -> Array:
    """Pieces of the given lengths, laid end to end in another order."""
    if not len(payload):
        return payload
    having = order[lengths[order] > 0]
    if bool((having[1:] > having[:-1]).all()):
        return payload
    sizes = lengths[having].astype(np.int64)
    starts = (np.cumsum(lengths, dtype=np.int64) - lengths)[having]
    targets = np.cumsum(sizes) - sizes
    return payload[np.repeat(starts - targets, sizes) + np.arange(int(sizes.sum()))]


def _intern(chunks: list[Chunk]) -> tuple[dict[str, Array], TextHeap]:
    """A code column for each kind of text that a chunk has, and each distinct text once."""
    starts = np.cumsum([0, *map(len, chunks)])
    codes: dict[str, Array] = {}
    lengths: list[Array] = []
    heaps: list[Array] = []
    known = 0
    groups: dict[tuple[str, int], list[tuple[Texts, int]]] = {}
    for chunk, start in zip(chunks, starts.tolist(), strict=False):
        for text in chunk.texts:
            groups.setdefault((text.name, _width_class(text.rows.shape[1])), []).append((text, start))
    for (name, width), members in groups.items():
        rows = np.concatenate([_widened(text.rows, width) for text, _ in members])
        sizes = np.concatenate([text.lengths for text, _ in members])
        at = np.concatenate([text.at + start for text, start in members])
        first, inverse = _distinct(rows, sizes)
        codes.setdefault(name, np.zeros(starts[-1], np.int32))[at] = known + 1 + inverse
        known += len(first)
        lengths.append(sizes[first])
        heaps.append(_end_to_end(rows[first], sizes[first]))
    if not lengths:
        return codes, TextHeap(np.empty(0, np.uint32), b"")
    return codes, TextHeap(np.concatenate(lengths), np.concatenate(heaps).tobytes())


def _end_to_end(rows: Array, lengths: Array) -> Array:
    """The first `lengths[i]` bytes of every row."""
    return rows[np.arange(rows.shape[1]) < lengths[:, None]]


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
    """For rows with lengths: where each distinct one occurs first, and which one each row is."""
    words = rows.view(np.uint64)
    hashes = (words * _FACTORS[: words.shape[1]]).sum(axis=1, dtype=np.uint64)
    hashes ^= hashes >> np.uint64(29)
    hashes = hashes * np.uint64(0xBF58476D1CE4E5B9) + lengths
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    same = (rows == rows[first][inverse]).all() and (lengths == lengths[first][inverse]).all()
    if not same:
        # Two texts with one hash: rare enough to compare whole rows.
        keyed = np.concatenate([lengths.astype(np.uint32).view(np.uint8).reshape(-1, 4), rows], axis=1)
        _, first, inverse = np.unique(keyed, axis=0, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
