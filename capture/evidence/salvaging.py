"""Saving what is whole of a damaged capture: every whole block into a new file, with a list of what is lost.

Bodies are copied byte for byte. What cannot stand in a capture is left out and listed: bytes that are no
whole block, a block that is there twice, and whatever follows where another capture begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from capture.evidence.deriving import Rows, derived_section
from capture.evidence.signing import KeySigner
from capture.format import CaptureFile, CaptureWriter, FormatError, Verdict
from capture.format.blocks import Block, unpack_document
from capture.format.integrity import Walk

_MOST_ROWS = 10_000
"""Lost parts that are listed one by one; of more there is only the sum."""
_FRESH = frozenset({"section", "end", "signature"})
"""Kinds that the new file has its own of."""


@dataclass
class Salvaged:
    """What came of it."""

    verdict: Verdict
    """Of the damaged file."""
    blocks: int = 0
    events: int = 0
    lost_bytes: int = 0
    lost: Rows = field(default_factory=list)
    """As docs/capture-format.md has it."""


def salvage(path: Path, stream: BinaryIO, signer: KeySigner | None = None) -> Salvaged:
    """Write all that is whole of a file into a new one.

    Raises:
        FormatError: There is no whole block in it.
        OSError: It cannot be read, or the new one not be written.
    """
    with path.open("rb") as source:
        walk = Walk(source)
        # Once to know what the whole is like, for the first block of the new file tells it.
        told: dict[str, dict[str, Any]] = {}
        for block in walk:
            if block.header.kind in ("section", "signature") and block.header.kind not in told:
                told[block.header.kind] = _document(block)
        if not walk.verdict.blocks:
            raise FormatError("there is no whole block of a capture in it")
        damaged = _Damaged(source, str(path), told, walk)
        return _Salvage(damaged, CaptureWriter(stream, level=3, signer=signer)).run(signer)


class _Damaged(CaptureFile):
    """The damaged file as a parent: nothing of it is unpacked but its section."""

    def __init__(self, stream: BinaryIO, path: str, told: dict[str, dict[str, Any]], walk: Walk) -> None:
        super().__init__(stream, path, section=told.get("section", {}))
        if "signature" in told:
            self.documents["signature"] = [told["signature"]]
        self._walk = walk


class _Salvage:
    def __init__(self, damaged: _Damaged, writer: CaptureWriter) -> None:
        self._damaged, self._writer = damaged, writer
        self._found = Salvaged(damaged.verdict)
        self._last_seq = -1
        self._last_time = 0
        self._ending: Mapping[str, Any] = {}

    def run(self, signer: KeySigner | None) -> Salvaged:
        writer, damaged = self._writer, self._damaged
        writer.section(derived_section([damaged], "salvage", {}, signer))
        for block in self._usable():
            if block.header.kind == "end":
                self._ending = _document(block)
            elif block.header.kind not in _FRESH:
                writer.copy(block)
        rows = self._found.lost
        if rows:
            writer.document("derivation", {"what": "lost", "rows": rows}, count=len(rows))
        kept = {name: self._ending[name] for name in ("ended", "boot_to_utc", "late") if name in self._ending}
        reason = {} if self._ending else {"reason": "salvaged from a capture without its end"}
        lost = self._ending.get("lost", {})
        writer.end({"events": writer.events_written, "lost": lost, **kept, **reason})
        self._found.events = writer.events_written
        return self._found

    def _usable(self) -> Iterator[Block]:
        """The whole blocks of the file's first capture, each once; between them what is lost is noted."""
        stream = self._damaged.stream
        seen: set[bytes] = set()
        offset, last = 0, None
        for block in Walk(stream):
            if block.offset > offset:
                self._lose(offset, block.offset - offset, block)
            offset = block.offset + block.size
            if block.header.kind == "section" and seen:
                self._lose(block.offset, stream.seek(0, 2) - block.offset, None)
                return
            if block.digest in seen:
                self._lose(block.offset, block.size, block)
                continue
            seen.add(block.digest)
            self._found.blocks += 1
            self._note_gap(block, last)
            last = block
            self._last_seq = block.header.seq
            self._last_time = max(self._last_time, block.header.last)
            yield block
        if (rest := stream.seek(0, 2) - offset) > 0:
            self._lose(offset, rest, None)

    def _note_gap(self, block: Block, last: Block | None) -> None:
        """Blocks that are not there at all take no bytes."""
        follows = block.offset == (0 if last is None else last.offset + last.size)
        if follows and block.header.seq > self._last_seq + 1:
            self._lose(block.offset, 0, block)

    def _lose(self, offset: int, size: int, until: Block | None) -> None:
        found = self._found
        found.lost_bytes += size
        row = {
            "offset": offset,
            "bytes": size,
            "after": self._last_seq,
            "until": -1 if until is None else until.header.seq,
            "since": self._last_time,
            "time": 0 if until is None else until.header.first,
        }
        if len(found.lost) < _MOST_ROWS:
            found.lost.append(row)
        else:
            found.lost[-1] = {
                **row,
                "offset": found.lost[-1]["offset"],
                "bytes": found.lost[-1]["bytes"] + size,
            }


def _document(block: Block) -> dict[str, Any]:
    document = unpack_document(block.body, block.offset)
    return document if isinstance(document, dict) else {}
