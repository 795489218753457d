"""From a .scap file to a capture, piece by piece: memory is bounded by the size of a piece."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from capture.format.convert.codes import codes_for, machine_of, types_named
from capture.format.convert.collecting import Collected, end_to_end, texts_of
from capture.format.convert.containers import container_row, early_container_row
from capture.format.convert.headers import PADDING, Headers, read_headers
from capture.format.convert.lives import Lives
from capture.format.convert.opened import Opened
from capture.format.convert.pairs import GENERIC, find_pairs
from capture.format.convert.parameters import MISSING, grouped, numbers
from capture.format.convert.piece import Piece, State, Tally
from capture.format.convert.snapshot import begin, snapshot_tables
from capture.format.convert.source import Source, section_version
from capture.format.convert.tables import Tables, decoded
from capture.format.convert.walk import EVENT, EVENT_EARLY, Walked, walk
from capture.format.reader import Cancelled
from capture.format.writer import CaptureWriter

Array = np.ndarray[Any, np.dtype[Any]]

PIECE = 8 << 20
"""Bytes of a file that are looked at together."""
_WAITING = 4 << 20
"""Bytes of beginnings of calls that may wait for their ends in later pieces."""
_SECTION = 0x0A0D0D0A
_TOLD_EARLY = ("open", "openat", "openat2", "creat", "connect", "execve", "execveat")
"""Calls whose beginnings even recorders write that otherwise write ends alone."""
_CONTAINER_JSON, _CONTAINER_EARLY, _USER_ADDED = (272, 324), 228, 354
_ROWS_AT_ONCE = 10_000


@dataclass
class Conversion:
    """What became of a file."""

    version: str = ""
    machine: str = ""
    tally: Tally = field(default_factory=Tally)
    fault: str = ""
    """Why the file was not read to its end, empty where it was."""
    skipped: int = 0
    """Bytes in which nothing could be recognised."""
    unknown_blocks: dict[int, int] = field(default_factory=dict)
    damaged_tables: int = 0
    containers: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of the file was read."""
        return not (self.fault or self.skipped or self.damaged_tables)

    def notes(self) -> list[str]:
        """What the user should know, a sentence each."""
        tally = self.tally
        unknown = sum(tally.unknown_types.values())
        told = (
            (self.fault, f"the file was not read to its end: {self.fault}"),
            (self.skipped, f"{self.skipped:,} bytes of the file are no blocks and were passed over"),
            (self.damaged_tables, f"{self.damaged_tables} tables of the file are damaged"),
            (
                unknown,
                f"{unknown:,} events are of types that are not known: kept as scap_event, with their bytes",
            ),
            (tally.unknown_calls, f"{tally.unknown_calls:,} calls have numbers that are not known"),
            (
                tally.unknown_parameters,
                f"{tally.unknown_parameters:,} parameters are not known and were left out",
            ),
            (tally.entry_only, f"{tally.entry_only:,} calls have a beginning and no end in the file"),
            (tally.exit_only, f"{tally.exit_only:,} calls have an end and no beginning in the file"),
        )
        return [text for holds, text in told if holds]


def convert(
    stream: BinaryIO,
    output: BinaryIO,
    *,
    facts: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Conversion:
    """Write what a .scap file holds as a capture.

    What is damaged or cut short is converted as far as it can be read; such a capture has no end block.

    Args:
        stream: the file, seekable.
        output: where the capture goes.
        facts: what its section says of where it comes from, beside what the file tells.
        progress: called with bytes read and their total.
        cancelled: asked at each piece.

    Raises:
        FormatError: It is no .scap file, or of a version that is not known.
        OSError: It cannot be read, or the capture cannot be written.
        Cancelled: `cancelled` said so.
    """
    size = stream.seek(0, 2)
    converter = _Converter(stream, output, dict(facts or {}))
    while converter.step():
        if cancelled and cancelled():
            raise Cancelled
        if progress:
            progress(min(stream.tell(), size), size)
    return converter.finish()


class _Converter:
    """A conversion that is under way."""

    def __init__(self, stream: BinaryIO, output: BinaryIO, facts: dict[str, Any]) -> None:
        self._source = Source(stream)
        self._writer = CaptureWriter(output)
        self._facts = facts
        self._rest = self._source.read(PIECE)
        major, minor = section_version(self._rest)
        self.result = Conversion(version=f"{major}.{minor}")
        self._tables = Tables()
        self._state = State(Lives(), Opened(), self.result.tally)
        self._waiting = 0
        """Events at the start of the rest that have been counted already."""
        self._begun = False
        self._ended = False

    def step(self) -> bool:
        """Convert the next piece; False after the last one."""
        if self._ended:
            return False
        more = self._source.read(PIECE)
        final = len(more) < PIECE
        data = self._rest + more
        found = self._walked(data, final=final)
        self.result.skipped += found.skipped
        if final and len(data) - found.used and not self.result.fault:
            self.result.fault = "it ends inside a block"
        self._read_tables(data, found)
        self._rest = data[found.used :]
        self._take_events(data, found, final=final)
        self._ended = final
        return not final

    def _walked(self, data: bytes, *, final: bool) -> Walked:
        found = walk(np.frombuffer(data, np.uint8), final=final)
        early = [block for block in found.others if block.type == EVENT_EARLY]
        if not early:
            return found
        words = np.frombuffer(data, np.uint8).copy()
        for block in early:
            words[block.start : block.start + 4].view("<u4")[0] = EVENT
        return walk(words, final=final)

    def _read_tables(self, data: bytes, found: Walked) -> None:
        tables, before = self._tables, (len(self._tables.processes), len(self._tables.descriptors))
        for block in found.others:
            if block.type == _SECTION:
                section_version(data[block.start : block.start + block.size])
            elif not tables.read(block.type, data[block.start + 8 : block.start + block.size - 4]):
                unknown = self.result.unknown_blocks
                unknown[block.type] = unknown.get(block.type, 0) + 1
        rows = list(tables.processes.values())[before[0] :]
        descriptors = tables.descriptors[before[1] :]
        if rows or descriptors:
            begin(rows, descriptors, self._state.lives, self._state.opened)

    def _take_events(self, data: bytes, found: Walked, *, final: bool) -> None:
        padded = np.concatenate((np.frombuffer(data, np.uint8), np.zeros(PADDING, np.uint8)))
        headers = read_headers(padded, found)
        self._state.tally.blocks += len(headers) - self._waiting
        ids, natives = _generic_calls(headers, padded)
        if not self._begun:
            self.result.machine = machine_of(ids[ids >= 0], natives[ids >= 0])
            self._begin(int(headers.time[0]) if len(headers) else 0)
        pairs = find_pairs(headers, np.where(ids > 0, ids, 0))
        begins = pairs.is_call & (headers.type & 1 == 0)
        self._state.has_begins |= bool((begins & ~types_named(_TOLD_EARLY)[headers.type]).any())
        waits = np.zeros(len(headers), bool) if final else _that_wait(headers, pairs.open)
        codes, kept = codes_for(self.result.machine), ~pairs.ended & ~waits
        piece = Piece(padded, headers, pairs, kept=kept, codes=codes, state=self._state)
        for group in grouped(headers, padded):
            piece.take(group)
        self._learn_records(piece)
        self._writer.events(piece.batch(final=final))
        self._state.lives.turn()
        self._state.opened.turn()
        self._waiting = int(np.count_nonzero(waits))
        blocks = end_to_end(padded, headers.starts[waits], headers.block_sizes[waits])
        self._rest = blocks.tobytes() + self._rest

    def _begin(self, first_ns: int) -> None:
        machine = self._tables.machine
        recorder = {"name": "scap", "version": self.result.version, "command_line": [], "settings": {}}
        self._writer.section(
            {
                "capture_id": uuid.uuid4().hex,
                "recorder": {**recorder, "filter": [], "traced_command": [], "features": {}},
                "host": {
                    "machine": self.result.machine,
                    **{name: machine[name] for name in ("hostname", "cpus", "memory") if name in machine},
                },
                "clock": {
                    "started": first_ns,
                    "boot_to_utc": machine.get("boot_ns", 0),
                    "time_zone": "UTC+0000",
                },
                **self._facts,
            }
        )
        self._begun = True

    def _learn_records(self, piece: Piece) -> None:
        """Containers and users that events tell."""
        rows = [row for row in _containers(piece.found, piece.type) if row is not None]
        self.result.containers += len(rows)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            self._writer.document("containers", {"rows": part}, count=len(part))
        self._tables.users += _users(piece.found, piece.type)

    def finish(self) -> Conversion:
        """Write what stands at the end, and the end itself where the file has been read as a whole."""
        result = self.result
        result.fault = self._source.fault or result.fault
        result.damaged_tables = self._tables.damaged
        for name, rows in snapshot_tables(self._tables, self._state.lives.cgroups).items():
            if rows:
                self._writer.table(name, rows)
        for text in result.notes():
            self._writer.document("note", {"text": text})
        if result.is_whole:
            last = self._state.last_time if self._writer.events_written else 0
            self._writer.end({"events": self._writer.events_written, "lost": {}, "late": 0, "ended": last})
        return result


def _generic_calls(headers: Headers, data: Array) -> tuple[Array, Array]:
    """int64, of each event: the number of a generic call and the machine's own number; MISSING where none."""
    ids, natives = np.full((2, len(headers)), MISSING, np.int64)
    rows = np.flatnonzero(headers.type >> 1 == GENERIC)
    for group in grouped(headers.taken(rows), data) if len(rows) else ():
        for place, target in enumerate((ids, natives)):
            if len(group.at) > place:
                told = numbers(data, group.at[place], group.sizes[place], signed=False)
                target[rows[group.rows]] = told
    return ids, natives


def _that_wait(headers: Headers, opened: Array) -> Array:
    """bool: beginnings whose ends may come in a later piece; of too many the latest."""
    rows = np.flatnonzero(opened)
    bytes_behind = np.cumsum(headers.block_sizes[rows][::-1])[::-1]
    waits = np.zeros(len(headers), bool)
    waits[rows[bytes_behind <= _WAITING]] = True
    return waits


def _containers(found: Collected, type_: Array) -> list[dict[str, Any] | None]:
    json_rows = np.flatnonzero(np.isin(type_, np.array(_CONTAINER_JSON, np.uint16)))
    documents = texts_of(found.data, found.slice("data"), json_rows)
    rows = [container_row(raw) for raw in documents]
    _tell_ids(found, json_rows, documents, rows)
    early = np.flatnonzero(type_ == _CONTAINER_EARLY)
    if len(early):
        columns = [texts_of(found.data, found.slice(name), early) for name in ("text", "text2", "data")]
        kinds = found.number("a0")[early].tolist()
        rows += [
            early_container_row(decoded(identity), kind, decoded(name), decoded(image))
            for identity, name, image, kind in zip(*columns, kinds, strict=True)
        ]
    return rows


def _tell_ids(found: Collected, at: Array, documents: list[bytes], rows: list[dict[str, Any] | None]) -> None:
    """The id that stands in a record is the event's text, so that it belongs to its container."""
    text, data = found.slice("text"), found.slice("data")
    for event, document, row in zip(at.tolist(), documents, rows, strict=True):
        told = row["id"].encode() if row else b""
        if told and (place := document.find(b'"' + told)) >= 0:
            text.at[event], text.size[event] = data.at[event] + place + 1, len(told)


def _users(found: Collected, type_: Array) -> list[dict[str, Any]]:
    """Users of the host that were added while the recording went on."""
    rows = np.flatnonzero(type_ == _USER_ADDED)
    if not len(rows):
        return []
    columns = [texts_of(found.data, found.slice(name), rows) for name in ("text", "text2", "data")]
    ids = (found.number(name)[rows].tolist() for name in ("a0", "a1"))
    return [
        {"uid": uid, "gid": gid, "name": decoded(name), "home": decoded(home), "shell": ""}
        for name, home, container, uid, gid in zip(*columns, *ids, strict=True)
        if not container
    ]
