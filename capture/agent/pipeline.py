"""From records in lanes to sorted batches of events: columns all the way, nothing for each event.

    lane ─► chunk of columns ─► held back until slower calls have caught up ─► one batch in order of time

A chunk is small enough for its records to stay in the processor's cache while their fields are taken
apart. Texts are found equal by a hash over whole rows and then compared, so that each is kept once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from capture.agent.lanes import Lane, kept
from capture.agent.records import ADDR_AT, DATA_AT, NO_LATENCY, SOCK_AT
from capture.agent.settings import LaneSpec
from capture.format import EVENT_COLUMNS, EventBatch, TextHeap
from capture.model.events import EventFlag, SchedCode

CHUNK = 4096
"""Records taken apart at once."""

Array = np.ndarray[Any, np.dtype[Any]]

_HEAD_COLUMNS = (
    *("time", "latency", "cgroup", "ret", "a0", "a1", "a2", "a3", "a4", "a5", "ino"),
    *("dev", "uid", "pid", "tid", "fd", "code", "cpu", "mode", "flags"),
)
_TEXT_LENGTHS = {"text": "text_len", "text2": "text2_len", "addr": "addr_len", "sock": "sock_len"}
_BOOT_TIMES = (SchedCode.PROCFORK, SchedCode.PROCEXIT)
"""Events whose a2 is a time since boot."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One text column of a chunk: zero-padded rows."""

    rows: Array
    """uint8[n, width]; n is the number of events that have this text."""
    lengths: Array
    at: Array
    """Which events of the chunk have it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events, taken apart."""

    columns: dict[str, Array]
    texts: dict[str, Texts]
    captured: Array
    payload: Array
    """uint8, the payload of all events, one after another."""

    def __len__(self) -> int:
        return len(self.captured)

    def take(self, rows: Array) -> Chunk:
        """The chunk of some of its events; `rows` are ascending positions."""
        keep = np.zeros(len(self), bool)
        keep[rows] = True
        position = np.cumsum(keep) - 1
        texts = {}
        for name, text in self.texts.items():
            chosen = keep[text.at]
            texts[name] = Texts(text.rows[chosen], text.lengths[chosen], position[text.at[chosen]])
        payload = self.payload[np.repeat(keep, self.captured)] if len(self.payload) else self.payload
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Chunk(columns, texts, self.captured[rows], payload)


def drain(lane: Lane) -> list[Chunk]:
    """Take all finished records out of a lane, at most what it holds when full."""
    chunks = []
    left = lane.size // lane.dtype.itemsize
    while left > 0:
        records = lane.peek(min(CHUNK, left))
        if not len(records):
            break
        chunk = take_apart(records[kept(records)] if not kept(records).all() else records, lane.spec)
        # Everything has been copied by now: the kernel may write there again.
        lane.release(len(records))
        left -= len(records)
        if len(chunk):
            chunks.append(chunk)
    return chunks


def take_apart(records: Array, spec: LaneSpec) -> Chunk:
    """Copy the fields of records into columns."""
    columns = {name: records[name].copy() for name in _HEAD_COLUMNS}
    captured = records["data_len"].copy()
    if not spec.data:
        return Chunk(columns, {}, captured, np.empty(0, np.uint8))
    data = records["data"]
    places = {"text": 0, "text2": spec.second, "addr": ADDR_AT, "sock": SOCK_AT}
    texts = {}
    for name, length_field in _TEXT_LENGTHS.items():
        lengths = records[length_field]
        at = np.flatnonzero(lengths)
        if len(at):
            texts[name] = _text_rows(data, places[name], lengths[at], at, strip_nul=name == "text" or name == "text2")
    longest = int(captured.max(initial=0))
    payload = _flatten(data[:, DATA_AT : DATA_AT + longest], captured) if longest else np.empty(0, np.uint8)
    return Chunk(columns, texts, captured, payload)


def _text_rows(data: Array, place: int, lengths: Array, at: Array, *, strip_nul: bool) -> Texts:
    width = (int(lengths.max()) + 7) & ~7
    rows = np.zeros((len(at), width), np.uint8)
    available = min(width, data.shape[1] - place)
    rows[:, :available] = data[at, place : place + available]
    lengths = lengths.astype(np.uint32)
    if strip_nul:
        # A string's closing NUL says nothing; an argument list keeps the NULs between arguments.
        ends_with_nul = rows[np.arange(len(at)), lengths - 1] == 0
        lengths = lengths - ends_with_nul.astype(np.uint32)
    rows[np.arange(width) >= lengths[:, None]] = 0
    return Texts(rows, lengths, at)


def _flatten(rows: Array, lengths: Array) -> Array:
    """The first `lengths[i]` bytes of every row, end to end."""
    width = rows.shape[1]
    if bool((lengths == width).all()):
        return np.ascontiguousarray(rows).reshape(-1)
    return rows[np.arange(width) < lengths[:, None]]


@dataclass
class Assembler:
    """Collects chunks and makes batches, sorted by the time at which calls returned."""

    boot_to_utc_ns: int
    """What is added to times since boot."""
    late: int = 0
    """Events that came after later ones had been handed out."""
    pending: int = 0
    _chunks: list[Chunk] = field(default_factory=list)
    _handed_out: int = 0
    """Boot time up to which events have been handed out."""

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk for a later batch."""
        self._chunks.append(chunk)
        self.pending += len(chunk)

    def batch(self, until_boot_ns: int) -> EventBatch | None:
        """All events that returned by then, None if there are none."""
        ready = []
        waiting = []
        for chunk in self._chunks:
            early = chunk.columns["time"] <= until_boot_ns
            if early.all():
                ready.append(chunk)
            elif not early.any():
                waiting.append(chunk)
            else:
                ready.append(chunk.take(np.flatnonzero(early)))
                waiting.append(chunk.take(np.flatnonzero(~early)))
        self._chunks = waiting
        self.pending = sum(map(len, waiting))
        if not ready:
            return None
        batch = self._merge(ready)
        self._handed_out = max(self._handed_out, until_boot_ns)
        return batch

    def _merge(self, chunks: list[Chunk]) -> EventBatch:
        columns = {name: np.concatenate([c.columns[name] for c in chunks]) for name in _HEAD_COLUMNS}
        captured = np.concatenate([c.captured for c in chunks])
        payload = np.concatenate([c.payload for c in chunks])
        codes, heap = _intern(chunks)
        late = columns["time"] < self._handed_out
        if late.any():
            self.late += int(late.sum())
            columns["flags"][late] |= int(EventFlag.LATE)
        columns |= {"captured": captured, **codes}
        time = columns["time"]
        if bool((time[1:] < time[:-1]).any()):
            order = np.argsort(time, kind="stable")
            columns = {name: values[order] for name, values in columns.items()}
            payload = _reordered(payload, captured, order)
        self._to_file_times(columns)
        typed = {name: columns[name].astype(dtype, copy=False) for name, dtype in EVENT_COLUMNS.items()}
        return EventBatch(typed, heap, payload.tobytes())

    def _to_file_times(self, columns: dict[str, Array]) -> None:
        columns["time"] = columns["time"].astype(np.int64) + self.boot_to_utc_ns
        latency = columns["latency"]
        columns["latency"] = np.where(latency == NO_LATENCY, -1, latency.astype(np.int64))
        has_boot_time = np.isin(columns["code"], _BOOT_TIMES)
        if has_boot_time.any():
            columns["a2"] = columns["a2"].copy()
            columns["a2"][has_boot_time] += np.uint64(self.boot_to_utc_ns)


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
    """Code columns for the texts of all chunks, and each distinct text once."""
    starts = np.cumsum([0, *map(len, chunks)])
    codes = {name: np.zeros(starts[-1], np.int32) for name in _TEXT_LENGTHS}
    lengths: list[Array] = []
    heaps: list[Array] = []
    known = 0
    groups: dict[tuple[str, int], list[tuple[Texts, int]]] = {}
    for chunk, start in zip(chunks, starts.tolist(), strict=False):
        for name, text in chunk.texts.items():
            groups.setdefault((name, _width_class(text.rows.shape[1])), []).append((text, start))
    for (name, width), members in groups.items():
        rows = np.concatenate([_widened(text.rows, width) for text, _ in members])
        sizes = np.concatenate([text.lengths for text, _ in members])
        at = np.concatenate([text.at + start for text, start in members])
        first, inverse = _distinct(rows, sizes)
        codes[name][at] = known + 1 + inverse
        known += len(first)
        lengths.append(sizes[first])
        heaps.append(_flatten(rows[first], sizes[first]))
    if not lengths:
        return codes, TextHeap(np.empty(0, np.uint32), b"")
    return codes, TextHeap(np.concatenate(lengths), np.concatenate(heaps).tobytes())


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
