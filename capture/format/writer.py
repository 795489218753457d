"""Writing a capture: blocks appended one after another, whole at every moment."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgpack
import zstandard

from capture.format.blocks import GENESIS, Block, Header, pack_block, pack_document
from capture.format.coding import Array
from capture.format.columns import COUNTED_COLUMNS, SAMPLE_COLUMNS, EventBatch, pack_events, pack_table

FORMAT_VERSION = 2
_PAYLOAD = {"min_match": 6, "hash_log": 15}
"""What one writes another soon reads: long matches are many, and quick to find in a larger table."""
_PLAIN = {"strategy": zstandard.STRATEGY_DFAST}
"""Numbers of several bytes: what repeats is long or short, and looking for both costs no more here."""
_TABLE_BYTES = 8 << 20
"""Uncompressed size after which the rest of a table goes into another block."""


class Signer(Protocol):
    """Who vouches for a capture."""

    @property
    def public_key(self) -> bytes:
        """The key by which the signature is checked."""

    def document(self, digest: bytes) -> dict[str, Any]:
        """What the signature block holds, for the digest of the end block."""


@dataclass
class CaptureWriter:
    """Appends blocks to a stream; each is whole or not there.

    A block that could not be written completely (a full disk) is taken back, so that the file
    always ends with a whole block; the OSError goes on to the caller.
    """

    stream: BinaryIO
    signer: Signer | None = None
    """Signs the chain when it ends."""
    level: int = 1
    """zstd's compression level for events."""
    bytes_written: int = 0
    events_written: int = 0
    _seq: int = 0
    _before: bytes = GENESIS
    _zstd: zstandard.ZstdCompressor = field(init=False)
    _payload_zstd: zstandard.ZstdCompressor = field(init=False)
    _plain_zstd: zstandard.ZstdCompressor = field(init=False)

    def __post_init__(self) -> None:
        # The frame states its size so that a reader can refuse it; a checksum is the digest's work.
        self._zstd = zstandard.ZstdCompressor(level=self.level, write_checksum=False)
        self._payload_zstd = self._compressor(_PAYLOAD)
        self._plain_zstd = self._compressor(_PLAIN)

    def section(self, facts: dict[str, Any]) -> None:
        """The first block: format version, host, clock, recorder; what the stream held before is dropped."""
        if self.stream.seekable():
            self.stream.truncate(0)
        self.document("section", {"format": FORMAT_VERSION, **facts})

    def table(self, name: str, rows: Sequence[dict[str, Any]]) -> None:
        """One table of the snapshot; a large one goes into several blocks."""
        for part in _parts(rows):
            self.document("snapshot", {"rows": part}, name=name, count=len(part))

    def document(self, kind: str, document: dict[str, Any], *, name: str = "", count: int = 0) -> None:
        """A block whose body is one compressed msgpack document."""
        self._append(kind, pack_document(document), name=name, count=count)

    @property
    def digest(self) -> bytes:
        """The digest of the last block."""
        return self._before

    def events(self, batch: EventBatch, *, name: str = "") -> None:
        """A block of events, in the order in which they returned; nothing is written for none.

        What a reader would refuse as too much for one block goes into several. `name` is empty, or
        IN_PROGRESS_BLOCK.
        """
        if not len(batch):
            return
        for part in batch.parts():
            time = part.column("time")
            body = pack_events(part, self._zstd, self._payload_zstd, self._plain_zstd)
            first, last = int(time.min()), int(time.max())
            self._append("events", body, name=name, count=len(part), first=first, last=last)
            self.events_written += len(part)

    def counted(self, columns: Mapping[str, Array]) -> None:
        """A block of calls that were counted instead of recorded: the arrays of COUNTED_COLUMNS."""
        typed = {name: columns[name].astype(dtype) for name, dtype in COUNTED_COLUMNS.items()}
        self._append("counted", pack_table(typed, self._zstd), count=len(columns["count"]))

    def samples(self, columns: Mapping[str, Array]) -> None:
        """A block of samples of processes: the arrays of SAMPLE_COLUMNS."""
        typed = {name: columns[name].astype(dtype) for name, dtype in SAMPLE_COLUMNS.items()}
        self._append("samples", pack_table(typed, self._zstd), count=len(columns["time"]))

    def copy(self, block: Block) -> None:
        """A block of another file, its body byte for byte."""
        header = block.header
        self._append(
            header.kind,
            block.body,
            name=header.name,
            count=header.count,
            first=header.first,
            last=header.last,
        )
        if header.kind == "events":
            self.events_written += header.count

    def end(self, totals: dict[str, Any]) -> None:
        """The last block: what was recorded in all, and that the recording was closed in order."""
        self.document("end", totals)
        if self.signer is not None:
            self.document("signature", self.signer.document(self._before))

    def _compressor(self, tuned: Mapping[str, int]) -> zstandard.ZstdCompressor:
        parameters = zstandard.ZstdCompressionParameters.from_level(self.level, **tuned)
        return zstandard.ZstdCompressor(compression_params=parameters)

    def _append(
        self, kind: str, body: bytes, *, name: str = "", count: int = 0, first: int = 0, last: int = 0
    ) -> None:
        header = Header(kind, self._seq, count, first, last, self._before, name)
        block, digest = pack_block(header, body)
        self._write_whole(block)
        self.bytes_written += len(block)
        self._seq += 1
        self._before = digest

    def _write_whole(self, block: bytes) -> None:
        try:
            view = memoryview(block)
            while view:
                view = view[self.stream.write(view) :]
        except OSError:
            if self.stream.seekable():
                self.stream.truncate(self.bytes_written)
                self.stream.seek(self.bytes_written)
            raise


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows in runs that a reader takes, at least one run."""
    part: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        size += len(msgpack.packb(row))
        part.append(row)
        if size >= _TABLE_BYTES:
            yield part
            part, size = [], 0
    if part or not rows:
        yield part


def create(path: Path, *, overwrite: bool = False) -> BinaryIO:
    """A capture file to write into, readable by its owner alone, opened without a buffer.

    What an older file holds stays until the first block is written: a recording that cannot start
    costs nothing.

    Raises:
        FileExistsError: It exists, has content, and may not be overwritten: captures are evidence.
        OSError: It cannot be made, or something else than a file is there.
    """
    # Appended: a file that somebody cuts meanwhile stays shorter than what was written, and that is noticed.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        _refuse(os.fstat(descriptor), path, overwrite=overwrite)
        os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "wb", buffering=0)


def standard_output() -> BinaryIO:
    """A stream into which a capture is written as it comes; what is printed from now on is not in between."""
    stream = _Stream(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


class _Stream(FileIO):
    """Bytes that are gone when they are written, also where they go to a file: it may hold more than ours."""

    def seekable(self) -> bool:
        """Never."""
        return False


def _refuse(status: os.stat_result, path: Path, *, overwrite: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        # A device or pipe would be taken for ours: given our rights, and taken away where writing fails.
        raise OSError(errno.EINVAL, "this is no file; - is standard output", str(path))
    if status.st_size and not overwrite:
        raise FileExistsError(f"{path} exists already")
