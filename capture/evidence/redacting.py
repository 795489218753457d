"""A copy of a capture that may be handed on: what must not be seen is masked, and that is listed.

Masks are asterisks, so that lengths, offsets and counts stay true. The list names each block in which
something was masked by its digest in the parent: who holds the parent can show what stood there. There is no
digest of a single masked value: a digest of a password is the password, to whoever can guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from capture.evidence.deriving import Array, Rows, Unchanged
from capture.evidence.redaction import PROGRAM_CODES, Redactor
from capture.format import EventBatch, TextHeap
from capture.format.coding import Column
from capture.format.reader import StoredEvents
from capture.model.abi import ABIS
from capture.model.catalogue import CATALOGUE
from capture.model.events import ArgKind, EventFlag, text_places

FIELDS: dict[str, str] = {
    "payload": "all bytes that calls moved",
    "arguments": "arguments of programs, in events, the snapshot and containers",
    "environment": "environments of programs",
    "paths": "paths of files, in events, the snapshot and containers; their slashes stay",
    "addresses": "IP addresses of sockets, in events, the snapshot and containers; ports stay",
    "users": "names, homes and shells of users, names of groups",
    "host": "name and machine id of the host, and the recorder's command line",
    "case": "case, examiner and note",
}
"""What can be masked as a whole."""
_PATHS = "paths"
_SLASH = ord("/")
_SOCKET_BYTES, _SOCKET_ADDRESSES = 48, slice(16, 48)
"""The kernel's facts of an IP socket, and where both addresses stand in them."""
_INET, _INET6 = 2, 10
_SOCKADDR_ADDRESS: Mapping[int, slice] = {_INET: slice(4, 8), _INET6: slice(8, 24)}
_KEYS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "arguments": {
        "processes": frozenset({"argv"}),
        "containers": frozenset({"command", "entrypoint"}),
    },
    "environment": {"processes": frozenset({"environ"})},
    _PATHS: {
        "processes": frozenset({"exe", "cwd", "root"}),
        "descriptors": frozenset({"name"}),
        "sockets": frozenset({"path"}),
        "mounts": frozenset({"root", "target", "source", "options"}),
        "executables": frozenset({"path"}),
        "containers": frozenset({"working_directory", "mounts", "devices"}),
    },
    "addresses": {
        "sockets": frozenset({"laddr", "raddr"}),
        "interfaces": frozenset({"address"}),
        "containers": frozenset({"addresses", "cni"}),
    },
    "users": {"users": frozenset({"name", "home", "shell"}), "groups": frozenset({"name"})},
}
"""Field → table → keys of its rows."""
_SECTION_KEYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "host": {"host": ("hostname", "machine_id"), "recorder": ("command_line", "traced_command")},
    "case": {"evidence": ("case", "examiner", "note")},
}


def _codes_of_paths() -> dict[str, list[int]]:
    """Text column → codes of calls that have a path there, in the table of any ABI.

    A code that means another call elsewhere is masked there, too: too much rather than too little. What is no
    call keeps its texts: control groups tell containers apart.
    """
    found: dict[str, list[int]] = {"text": [], "text2": []}
    for spec in CATALOGUE:
        if not spec.is_call and spec.name != "opened_path":
            continue
        for abi in ABIS:
            code, args = spec.code_on(abi), spec.args_on(abi)
            for column, place in zip(found, text_places(args), strict=False):
                if code is not None and args[place].kind is ArgKind.PATH:
                    found[column].append(code)
    return found


_PATH_CODES = _codes_of_paths()
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
                rows = np.flatnonzero(np.isin(changed.column("code"), PROGRAM_CODES))
                changed = _without_texts(changed, column, rows, field, counts)
        if _PATHS in self._fields:
            changed = _without_paths(changed, counts)
        if "addresses" in self._fields:
            changed = _without_addresses(changed, counts)
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
                kept = "/" if field == _PATHS else ""
                rows = [self._masked_keys(row, keys, name, kept) for row in rows]
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

    def _masked_keys(
        self, row: dict[str, Any], keys: Collection[str], where: str, kept: str = ""
    ) -> dict[str, Any]:
        found = [key for key in keys if row.get(key)]
        self._count(where, len(found))
        return {**row, **{key: _masked(row[key], kept) for key in found}} if found else row

    def _count(self, where: str, number: int) -> None:
        if number:
            self._masked[where] = self._masked.get(where, 0) + number


def _masked(value: object, kept: str = "") -> object:
    """A value with asterisks for its characters but `kept`; a number is left out."""
    match value:
        case str():
            return "".join(char if char in kept else "*" for char in value)
        case bytes():
            return bytes(byte if byte in kept.encode() else ord("*") for byte in value)
        case list():
            return [_masked(entry, kept) for entry in value]
        case dict():
            return {key: _masked(entry, kept) for key, entry in value.items()}
    return None


def _without_paths(batch: EventBatch, counts: dict[str, int]) -> EventBatch:
    """The batch without what calls were given as paths, and without where they led."""
    codes = batch.column("code")
    for column, taking in _PATH_CODES.items():
        batch = _without_texts(
            batch, column, np.flatnonzero(np.isin(codes, taking)), _PATHS, counts, kept=_SLASH
        )
    if "exe" in batch.columns:
        batch = _without_texts(batch, "exe", np.arange(len(codes)), _PATHS, counts, kept=_SLASH)
    # A program's path is what it was given; a unix socket's stands in its address.
    return _with_bytes(batch, "addr", _PATHS, counts, _unix_name)


def _without_addresses(batch: EventBatch, counts: dict[str, int]) -> EventBatch:
    """The batch with zeros for IP addresses."""
    batch = _with_bytes(batch, "sock", "addresses", counts, _socket_addresses)
    return _with_bytes(batch, "addr", "addresses", counts, _peer_address)


def _socket_addresses(raw: Array) -> slice | None:
    return _SOCKET_ADDRESSES if len(raw) == _SOCKET_BYTES else None


def _peer_address(raw: Array) -> slice | None:
    return _SOCKADDR_ADDRESS.get(int(raw[0]) | int(raw[1]) << 8) if len(raw) > 1 else None


def _unix_name(raw: Array) -> slice | None:
    return slice(2, len(raw)) if len(raw) > 2 and not raw[1] and raw[0] == 1 else None


def _with_bytes(
    batch: EventBatch, column: str, where: str, counts: dict[str, int], part: Callable[[Array], slice | None]
) -> EventBatch:
    """The batch with a part of each structure in a column masked: addresses with zeros."""
    if column not in batch.columns:
        return batch
    codes = batch.column(column)
    heap, lengths = _heap_of(batch)
    ends, hit = np.cumsum(lengths, dtype=np.int64), []
    for code in np.unique(codes[codes > 0]).tolist():
        raw = heap[ends[code - 1] - lengths[code - 1] : ends[code - 1]]
        inside = part(raw)
        if inside is not None:
            raw[inside] = np.where(raw[inside] == 0, 0, ord("*")) if where == _PATHS else 0
            hit.append(code)
    if not hit:
        return batch
    rows = np.flatnonzero(np.isin(codes, hit))
    return _changed(batch, TextHeap(lengths, heap.tobytes()), rows, where, counts)


def _changed(
    batch: EventBatch, texts: TextHeap, rows: Array, where: str, counts: dict[str, int]
) -> EventBatch:
    counts[where] = counts.get(where, 0) + len(rows)
    flags = batch.column("flags").copy()
    flags[rows] |= int(EventFlag.MASKED)
    columns: dict[str, Column] = {**batch.columns, "flags": flags}
    return EventBatch(columns, texts, batch.payload)


def _without_texts(
    batch: EventBatch, column: str, rows: Array, where: str, counts: dict[str, int], *, kept: int = 0
) -> EventBatch:
    """The batch with the texts of some rows in a column masked, but for NULs between words and `kept`."""
    if column not in batch.columns:
        return batch
    rows = rows[batch.column(column)[rows] > 0]
    if not len(rows):
        return batch
    heap, lengths = _heap_of(batch)
    chosen = np.zeros(len(lengths), bool)
    chosen[np.unique(batch.column(column)[rows]) - 1] = True
    # A text that other events have, too, as a path, say, is masked there as well.
    inside = np.repeat(chosen, lengths)
    heap[inside & (heap != 0) & (heap != kept)] = ord("*")
    return _changed(batch, TextHeap(lengths, heap.tobytes()), rows, where, counts)


def _heap_of(batch: EventBatch) -> tuple[Array, Array]:
    texts = batch.texts
    if isinstance(texts, TextHeap):
        return np.frombuffer(texts.heap, np.uint8).copy(), texts.lengths.astype("<u4")
    lengths = np.fromiter(map(len, texts), "<u4", len(texts))
    return np.frombuffer(b"".join(texts), np.uint8).copy(), lengths
