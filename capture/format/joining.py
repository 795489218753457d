"""Several files of a set put into one file that stands alone, block by block, little of it unpacked.

The new file has the first file's section (with an id of its own, and what it is made of) and snapshot; of
later files it has the events and what was found out while they were written. Blocks keep their bodies byte
for byte and get headers and digests of the new chain.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from capture.format.blocks import IN_PROGRESS_BLOCK, Allowance, Block, unpack_document
from capture.format.errors import FormatError
from capture.format.integrity import State, Walk
from capture.format.totals import totals_of
from capture.format.writer import CaptureWriter, Signer

_KEPT_OF_LATER = ("events", "counted", "samples", "containers", "executables", "counters", "note")


def join_files(
    files: Sequence[Path], stream: BinaryIO, facts: Mapping[str, Any], signer: Signer | None = None
) -> CaptureWriter:
    """Write the files, in the order of the set, as one.

    `facts` are added to the section; a map `joined` tells from which files it was made. Case, examiner and
    note are those of the files; signed it is by `signer` alone.

    Raises:
        FormatError: A file is not whole, or does not follow the one before.
        OSError: One cannot be read, or the new one not be written.
    """
    with ExitStack() as stack:
        streams = [stack.enter_context(path.open("rb")) for path in files]
        return _Joiner(stream, signer).write(files, streams, facts)


class _Joiner:
    """The new file while it is made."""

    def __init__(self, stream: BinaryIO, signer: Signer | None) -> None:
        self._writer = CaptureWriter(stream, signer=signer)
        self._endings: list[dict[str, Any]] = []

    def write(
        self, files: Sequence[Path], streams: Sequence[BinaryIO], facts: Mapping[str, Any]
    ) -> CaptureWriter:
        previous = ""
        for at, (path, source) in enumerate(zip(files, streams, strict=True)):
            walk = Walk(source)
            for block in walk:
                if block.header.kind == "section":
                    section = _document(block)
                    if at == 0:
                        self._begin(section, files, facts)
                    elif section.get("set", {}).get("previous") != previous:
                        raise FormatError(f"{path} does not follow {files[at - 1]}")
                elif block.header.kind == "end":
                    self._endings.append(_document(block))
                elif _is_kept(block, is_first=at == 0, is_last=at == len(files) - 1):
                    self._writer.copy(block)
            if walk.verdict.state is not State.WHOLE:
                raise FormatError(f"{path} is {walk.verdict}")
            previous = walk.digest.hex()
        self._writer.end({**totals_of(self._endings), "events": self._writer.events_written})
        return self._writer

    def _begin(self, section: dict[str, Any], files: Sequence[Path], facts: Mapping[str, Any]) -> None:
        joined = {
            "set": section.pop("set", {}),
            "capture_id": section.get("capture_id"),
            "files": [path.name for path in files],
        }
        own: dict[str, Any] = {"capture_id": uuid.uuid4().hex, "joined": joined}
        if isinstance(evidence := section.get("evidence"), dict):
            # That the files are signed says nothing of what is made of them.
            own["evidence"] = {name: value for name, value in evidence.items() if name != "public_key"}
        if self._writer.signer is not None:
            own["evidence"] = {**own.get("evidence", {}), "public_key": self._writer.signer.public_key.hex()}
        self._writer.section({**section, **own, **facts})


def _is_kept(block: Block, *, is_first: bool, is_last: bool) -> bool:
    header = block.header
    if header.name == IN_PROGRESS_BLOCK and header.kind == "events":
        return is_last
    return header.kind in _KEPT_OF_LATER or (is_first and header.kind != "signature")


def _document(block: Block) -> dict[str, Any]:
    document = unpack_document(block.body, block.offset, Allowance())
    return document if isinstance(document, dict) else {}
