"""From records in lanes to sorted batches of events: columns all the way, nothing for each event.

lane ─► chunk of columns ─► held back until slower calls have caught up ─► one batch in order of time
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk
from capture.agent.content import content_of
from capture.agent.heads import joined
from capture.agent.order import Order
from capture.agent.ordered import Ordered
from capture.agent.records import HAS_SOCKET
from capture.agent.texts import interned
from capture.format import EVENT_COLUMNS, TEXT_COLUMNS, EventBatch, Sparse, whole
from capture.model.events import EventFlag, SchedCode

Array = np.ndarray[Any, np.dtype[Any]]

_FIELDS = tuple(name for name in EVENT_COLUMNS if name not in (*TEXT_COLUMNS, "time"))
"""The columns that are fields of heads, but for the time."""
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
    """Memory that they take."""
    _chunks: list[Chunk] = field(default_factory=list)
    _handed_out: int = 0
    """Boot time up to which events have been handed out."""

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk for a later batch."""
        self._chunks.append(chunk)
        self.pending += len(chunk)
        self.pending_bytes += chunk.memory

    def ready(self, until_boot_ns: int) -> tuple[int, int]:
        """How many events in whole chunks have returned by then, and the memory that they take."""
        ready = [chunk for chunk in self._chunks if chunk.last <= until_boot_ns]
        return sum(map(len, ready)), sum(chunk.memory for chunk in ready)

    def batch(self, until_boot_ns: int) -> EventBatch | None:
        """All events that returned by then, None if there are none."""
        ready = []
        waiting = []
        for chunk in self._chunks:
            time = chunk.heads.field("time")
            if time.max(initial=0) <= until_boot_ns:
                ready.append(chunk)
            elif time.min() > until_boot_ns:
                waiting.append(chunk)
            else:
                early = time <= until_boot_ns
                ready.append(chunk.take(early))
                waiting.append(chunk.take(~early))
        self._chunks = waiting
        self.pending = sum(map(len, waiting))
        self.pending_bytes = sum(chunk.memory for chunk in waiting)
        if not ready:
            return None
        batch = self._merge(ready)
        self._handed_out = max(self._handed_out, until_boot_ns)
        return batch

    def _merge(self, chunks: Sequence[Chunk]) -> EventBatch:
        heads = joined([chunk.heads for chunk in chunks])
        time = heads.field("time").astype(np.uint64, copy=False).view(np.int64)
        order = Order(time)
        time = order.of(time)
        ordered = Ordered(heads, order)
        words, texts, payload = content_of(chunks, ordered)
        codes, heap = interned(words, texts, len(time))
        columns: dict[str, Array | Sparse] = {"time": time + self.boot_to_utc_ns}
        columns |= {name: ordered.column(name) for name in _FIELDS}
        if heads.most("flags") >= HAS_SOCKET:
            columns["flags"] = whole(columns["flags"]) & np.uint16(HAS_SOCKET - 1)
        self._flag_late(columns, time)
        if heads.most("code") >= min(_BOOT_TIMES):
            self._to_utc(columns)
        return EventBatch({**columns, **codes}, heap, payload.tobytes())

    def _flag_late(self, columns: dict[str, Array | Sparse], time: Array) -> None:
        count = int(np.searchsorted(time, self._handed_out))
        if count:
            self.late += count
            columns["flags"] = flags = whole(columns["flags"]).astype(np.uint16)
            flags[:count] |= int(EventFlag.LATE)

    def _to_utc(self, columns: dict[str, Array | Sparse]) -> None:
        """Turn the start times that scheduler events carry from time since boot to UTC."""
        code = whole(columns["code"])
        later = np.flatnonzero(code >= min(_BOOT_TIMES))
        rows = later[np.isin(code[later], _BOOT_TIMES)]
        if len(rows):
            columns["a2"] = starts = whole(columns["a2"]).astype(np.uint64)
            starts[rows] += np.uint64(self.boot_to_utc_ns)
