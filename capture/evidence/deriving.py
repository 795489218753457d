"""Writing a capture that is made of others: a chain of its own, and in its first block what it was made of.

What is told of each parent is enough to find it again and to check that it is the one: its id and the digest
of its last block. Parents are only read.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from capture.evidence.errors import EvidenceError
from capture.evidence.judgement import judge_file
from capture.evidence.signing import KeySigner, Signed
from capture.format import Capture, CaptureFile, CaptureSet, CaptureWriter, EventBatch
from capture.format.placing import placed
from capture.format.reader import StoredEvents
from capture.format.sets import rows_of_all
from capture.format.writer import standard_output

Array = np.ndarray[Any, np.dtype[Any]]
Rows = list[dict[str, Any]]
_LATER = ("containers", "executables", "counters", "note", "derivation")
"""Kinds of documents that go along."""
_OWN = frozenset({"set", "format", "evidence", "derived"})
"""Facts of a section that a derived capture has its own of."""
_DEEPEST = 3
"""Merges of merges that are told in full; of what lies further back the digests stand."""
_MOST = 4096
"""Steps and digests that are looked at."""


class Change(Protocol):
    """What becomes of events and rows on their way; the plain one leaves all as it is."""

    def section(self, section: dict[str, Any]) -> dict[str, Any]:
        """The facts of the first block."""

    def batch(self, stored: StoredEvents, batch: EventBatch) -> EventBatch:
        """The events of one block."""

    def rows(self, name: str, rows: Rows) -> Rows:
        """The rows of a snapshot's table, or of documents of a kind."""

    def columns(self, kind: str, columns: dict[str, Array]) -> dict[str, Array]:
        """Sums of calls (`counted`) or samples of processes (`samples`)."""

    def listing(self) -> Mapping[str, Rows]:
        """What is to be told of what was done, once all is written: a list of rows for each `what`."""


class Unchanged:
    """Leaves all as it is; others build on it."""

    changes_events = False
    """Whether `batch` has to be asked."""

    def section(self, section: dict[str, Any]) -> dict[str, Any]:
        """As it is."""
        return section

    def batch(self, stored: StoredEvents, batch: EventBatch) -> EventBatch:
        """As it is."""
        del stored
        return batch

    def rows(self, name: str, rows: Rows) -> Rows:
        """As they are."""
        del name
        return rows

    def columns(self, kind: str, columns: dict[str, Array]) -> dict[str, Array]:
        """As they are."""
        del kind
        return columns

    def listing(self) -> Mapping[str, Rows]:
        """Nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class Part:
    """A parent, and which of its events are taken."""

    capture: Capture
    keep: Array | None = None
    """bool, by position in the columns; None: all."""
    change: Unchanged = field(default_factory=Unchanged)


def derive(
    parts: Sequence[Part],
    stream: BinaryIO,
    operation: str,
    options: Mapping[str, Any],
    signer: KeySigner | None = None,
) -> CaptureWriter:
    """Write a capture made of others.

    Args:
        parts: at least one; the first one's section stands for all.
        stream: a new file.
        operation: as the section tells it: `slice`, `merge`, `redact`.
        options: what was asked for, as plain values.
        signer: signs the new file.

    Raises:
        FormatError: A parent is not what a recorder writes.
        OSError: One cannot be read, or the new file not be written.
    """
    writer = CaptureWriter(stream, level=3, signer=signer)
    captures = [part.capture for part in parts]
    first = parts[0]
    writer.section(first.change.section(derived_section(captures, operation, options, signer)))
    for name in dict.fromkeys(name for capture in captures for name in capture.table_names):
        tables = [part.change.rows(name, part.capture.table(name)) for part in parts]
        writer.table(name, rows_of_all(name, tables))
    lost: dict[str, int] = {}
    for part in parts:
        _write_events(writer, part)
        for name, count in _write_documents(writer, part).items():
            lost[name] = lost.get(name, 0) + count
    writer.end(_totals(captures, writer, lost))
    return writer


def _write_events(writer: CaptureWriter, part: Part) -> None:
    for stored in part.capture.stored_events():
        chosen = None if part.keep is None else part.keep[stored.rows]
        if chosen is not None and not chosen.any():
            continue
        if (chosen is None or chosen.all()) and not part.change.changes_events:
            writer.copy(stored.block)
            continue
        batch = stored.batch()
        batch = batch if chosen is None else batch.taking(chosen)
        writer.events(part.change.batch(stored, batch), name=stored.block.header.name)


def _write_documents(writer: CaptureWriter, part: Part) -> dict[str, int]:
    """All but the events; gives what was lost, by lane."""
    change, lost = part.change, dict[str, int]()
    for kind in _LATER:
        for document in part.capture.documents.get(kind, []):
            changed = document
            if isinstance(document.get("rows"), list):
                changed = {**document, "rows": change.rows(kind, document["rows"])}
                if not changed["rows"]:
                    continue
            writer.document(kind, changed, count=len(changed.get("rows", ())))
            for row in changed.get("rows", ()) if kind == "counters" else ():
                if row.get("kind") == "lost" and isinstance(row.get("count"), int):
                    lost[str(row.get("where"))] = lost.get(str(row.get("where")), 0) + row["count"]
    counted = change.columns("counted", part.capture.counted())
    if len(counted["count"]):
        writer.counted(counted)
    samples = change.columns("samples", part.capture.samples())
    if len(samples["time"]):
        writer.samples(samples)
    for what, rows in change.listing().items():
        writer.document("derivation", {"what": what, "rows": rows}, count=len(rows))
    return lost


def _totals(captures: Sequence[Capture], writer: CaptureWriter, lost: Mapping[str, int]) -> dict[str, Any]:
    endings = [capture.ending or {} for capture in captures]
    kept: dict[str, Any] = {
        name: endings[-1][name] for name in ("ended", "boot_to_utc") if name in endings[-1]
    }
    cut = [capture for capture in captures if capture.ending is None]
    reason = {"reason": "what it was made of was not closed in order"} if cut else {}
    return {"events": writer.events_written, "lost": dict(lost), **kept, **reason}


def derived_section(
    captures: Sequence[Capture], operation: str, options: Mapping[str, Any], signer: KeySigner | None
) -> dict[str, Any]:
    """The section of a capture made of these, as docs/capture-format.md has it."""
    section = {name: value for name, value in captures[0].section.items() if name not in _OWN}
    parents = [facts for capture in captures for facts in _parents(capture, alone=len(captures) == 1)]
    step = {"operation": operation, "options": dict(options), "time": time.time_ns(), "tool": tool()}
    before = steps_of(captures[0].section) if len(captures) == 1 else []
    told = captures[0].section.get("evidence")
    facts = told if isinstance(told, dict) else {}
    evidence = {name: value for name, value in facts.items() if name != "public_key"}
    if signer is not None:
        evidence["public_key"] = signer.public_key.hex()
    return {
        **section,
        "capture_id": uuid.uuid4().hex,
        **({"evidence": evidence} if evidence else {}),
        "derived": [*before, {**step, "parents": parents}],
    }


def _parents(capture: Capture, *, alone: bool) -> Iterator[dict[str, Any]]:
    for member in members_of(capture):
        judged = judge_file(member)
        steps = [] if alone else steps_of(member.section)
        if depth_of(steps) > _DEEPEST:
            steps = [{"operation": "…", "parents": [{"digest": digest} for digest in digests_of(steps)]}]
        signed = judged.signature.state is Signed.VALID
        yield {
            "capture_id": member.section.get("capture_id"),
            "digest": member.digest.hex(),
            "state": str(judged.verdict.state),
            "file": Path(member.path).name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            **({"signed_by": judged.signature.key} if signed else {}),
            **({"derived": steps} if steps else {}),
        }


def members_of(capture: Capture) -> Sequence[CaptureFile]:
    """The files that a capture is in."""
    return capture.members if isinstance(capture, CaptureSet) else [capture]


def depth_of(steps: Sequence[Mapping[str, Any]]) -> int:
    """How many merges stand within each other, as far as it matters."""
    level = [*steps]
    for depth in range(_DEEPEST + 2):
        level = [step for one in level for parent in _maps(one.get("parents")) for step in steps_of(parent)]
        if not level:
            return depth
    return _DEEPEST + 2


def digests_of(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """The digests of all captures that the steps name, however far back; a recorder writes few."""
    found: dict[str, None] = {}
    waiting = [*steps]
    for _ in range(_MOST):
        if not waiting or len(found) >= _MOST:
            break
        for parent in _maps(waiting.pop().get("parents")):
            found.setdefault(str(parent.get("digest")))
            waiting += steps_of(parent)
    return list(found)


def _maps(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def steps_of(section: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was done to a capture, the latest last; empty for one as it was recorded."""
    return _maps(section.get("derived"))


def tool() -> str:
    """This program and its version."""
    try:
        return f"exhume {version('exhume')}"
    except PackageNotFoundError:
        return "exhume"


@contextmanager
def new_capture(path: Path) -> Iterator[BinaryIO]:
    """A new file to write into, there once it is whole; `-` is standard output.

    Raises:
        FileExistsError: There is one of that name: captures are evidence.
        EvidenceError: Standard output is a terminal.
        OSError: It cannot be written.
    """
    if str(path) != "-":
        with placed(path, replaces=False) as stream:
            yield stream
        return
    if sys.stdout.isatty():
        raise EvidenceError("a capture is no text for a terminal: name a file, or send it into a pipe")
    with standard_output() as stream:
        yield stream
