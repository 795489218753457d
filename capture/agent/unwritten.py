"""What a full disk kept out of the file: told at its end, if a few hundred bytes can still be had."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from capture.format import EventBatch


@dataclass
class Unwritten:
    """Events and counters that came after the file could take no more."""

    count: int = 0
    """Events, and calls that were to be told as counted."""
    since: int = 0
    """UTC ns of the earliest, 0 none."""
    _rows: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, batch: EventBatch, written: int = 0) -> None:
        """A batch, of which so many events were written."""
        if len(batch) > written:
            self.count += len(batch) - written
            first = int(batch.column("time")[written:].min())
            self.since = min(self.since or first, first)

    def add_counters(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of a counters document; the sums of counted calls have no place any more."""
        self.count += sum(row["count"] for row in rows if row["kind"] == "counted")
        self._rows += [row for row in rows if row["kind"] != "counted"]

    def rows(self) -> list[Mapping[str, Any]]:
        """What the last counters document has to say."""
        if not self.count:
            return self._rows
        now = time.time_ns()
        gap = {"since": self.since or now, "time": now, "kind": "unwritten", "where": "disk"}
        return [*self._rows, {**gap, "count": self.count}]
