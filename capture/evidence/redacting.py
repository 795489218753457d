"""A copy of a capture that may be handed on: what must not be seen is masked, and that is listed.

Masks are asterisks, so that lengths, offsets and counts stay true. The list names each block in which
something was masked by its digest in the parent: who holds the parent can show what stood there. There is no
digest of a single masked value: a digest of a password is the password, to whoever can guess.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from capture.evidence.deriving import Array, Rows, Unchanged
from capture.evidence.redaction import Redactor
from capture.format import EventBatch, TextHeap
from capture.format.coding import Column
from capture.format.reader import StoredEvents
from capture.model.catalogue import spec_named
from capture.model.events import EventFlag

FIELDS: dict[str, str] = {
    "payload": "all bytes that calls moved",
    "arguments": "arguments of programs, in events, the snapshot and containers",
    "environment": "environments of programs",
    "users": "names, homes and shells of users, names of groups",
    "host": "name and machine id of the host, and the recorder's command line",
    "case": "case, examiner and note",
}
"""What can be masked as a whole."""
_PROGRAMS = [spec_named(name).x86_64 or 0 for name in ("execve", "execveat", "procexec")]
_KEYS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "arguments": {
        "processes": frozenset({"argv"}),
        "containers": frozenset({"command", "entrypoint"}),
    },
    "environment": {"processes": frozenset({"environ"})},
    "users": {"users": frozenset({"name", "home", "shell"}), "groups": frozenset({"name"})},
}
"""Field → table → keys of its rows."""
_SECTION_KEYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "host": {"host": ("hostname", "machine_id"), "recorder": ("command_line", "traced_command")},
    "case": {"evidence": ("case", "examiner", "note")},
}
_COLUMNS = {"arguments": "text2", "environment": "env"}


class Masking(Unchanged):
    """Masks on the way into the new file."""

    changes_events = True

    def __init__(self, fields: Collection[str], redactor: Redactor) -> None:
        self._fields = frozenset(fields)
        self._redactor = redactor
        self._listed: Rows = []
        self._masked: dict[str, int] = {}

    def section(self, section: dict[str, Any]) -> dict[str, Any]:
        """The first block with what is masked in it."""
        changed: dict[str, Any] = {
            name: self._redactor.value(section[name]) for name in ("recorder", "evidence") if name in section
        }
        result: dict[str, Any] = {**section, **changed}
        for name in self._fields.intersection(_SECTION_KEYS):
            for part, keys in _SECTION_KEYS[name].items():
                if isinstance(result.get(part), dict):
                    result[part] = self._masked_keys(result[part], frozenset(keys), name)
        return result

    def batch(self, stored: StoredEvents, batch: EventBatch) -> EventBatch:
        """The events of a block with what is masked in them."""
        before = dict(self._redactor.masked)
        changed = self._redactor.batch(batch)
        counts = {
            name: count - before.get(name, 0)
            for name, count in self._redactor.masked.items()
            if count > before.get(name, 0)
        }
        changed = self._without_payload(changed, counts)
        for field, column in _COLUMNS.items():
            if field in self._fields and column in changed.columns:
                changed = _without_texts(changed, column, field, counts)
        of_block = {"block": stored.block.header.seq, "digest": stored.block.digest.hex()}
        self._listed += [
            {**of_block, "kind": "events", "where": where, "count": count} for where, count in counts.items()
        ]
        return changed

    def rows(self, name: str, rows: Rows) -> Rows:
        """The rows of a table with what is masked in them."""
        before = sum(self._redactor.masked.values())
        rows = self._redactor.rows(name, rows)
        self._count(name, sum(self._redactor.masked.values()) - before)
        for field in self._fields.intersection(_KEYS):
            if keys := _KEYS[field].get(name):
                rows = [self._masked_keys(row, keys, name) for row in rows]
        return rows

    def listing(self) -> Mapping[str, Rows]:
        """What was masked."""
        documents = [
            {"block": -1, "digest": "", "kind": name, "where": "documents", "count": count}
            for name, count in self._masked.items()
        ]
        rows = [*documents, *self._listed]
        return {"masked": rows} if rows else {}

    def _without_payload(self, batch: EventBatch, counts: dict[str, int]) -> EventBatch:
        if "payload" not in self._fields or not batch.payload:
            return batch
        having = batch.column("captured") > 0
        counts["payload"] = counts.get("payload", 0) + int(having.sum())
        flags = batch.column("flags") | np.where(having, int(EventFlag.MASKED), 0).astype("<u2")
        return replace(batch, columns={**batch.columns, "flags": flags}, payload=b"*" * len(batch.payload))

    def _masked_keys(self, row: dict[str, Any], keys: Collection[str], where: str) -> dict[str, Any]:
        found = [key for key in keys if row.get(key)]
        self._count(where, len(found))
        return {**row, **{key: _masked(row[key]) for key in found}} if found else row

    def _count(self, where: str, number: int) -> None:
        if number:
            self._masked[where] = self._masked.get(where, 0) + number


def _masked(value: object) -> object:
    """A value with asterisks for its characters; a number or a map is left out."""
    match value:
        case str():
            return "*" * len(value)
        case bytes():
            return b"*" * len(value)
        case list():
            return [_masked(entry) for entry in value]
    return None


def _without_texts(batch: EventBatch, column: str, where: str, counts: dict[str, int]) -> EventBatch:
    """The batch with the texts of programs in a column masked, but for the NULs between words."""
    rows = np.flatnonzero(np.isin(batch.column("code"), _PROGRAMS) & (batch.column(column) > 0))
    if not len(rows):
        return batch
    heap, lengths = _heap_of(batch)
    ends = np.cumsum(lengths, dtype=np.int64)
    chosen = np.zeros(len(lengths), bool)
    chosen[np.unique(batch.column(column)[rows]) - 1] = True
    # A text that other events have, too, as a path, say, is masked there as well.
    inside = np.repeat(chosen, lengths)
    heap[inside & (heap != 0)] = ord("*")
    counts[where] = counts.get(where, 0) + len(rows)
    flags = batch.column("flags").copy()
    flags[rows] |= int(EventFlag.MASKED)
    assert not len(ends) or int(ends[-1]) == len(heap)  # noqa: S101  what a heap is
    columns: dict[str, Column] = {**batch.columns, "flags": flags}
    return EventBatch(columns, TextHeap(lengths, heap.tobytes()), batch.payload)


def _heap_of(batch: EventBatch) -> tuple[Array, Array]:
    texts = batch.texts
    if isinstance(texts, TextHeap):
        return np.frombuffer(texts.heap, np.uint8).copy(), texts.lengths.astype("<u4")
    lengths = np.fromiter(map(len, texts), "<u4", len(texts))
    return np.frombuffer(b"".join(texts), np.uint8).copy(), lengths
