"""The files that a recording goes into, one after another.

Each stands alone; their sections share the id of the set, number its files, and name the digest of the file
before, so that the files of a set are a chain as the blocks of a file are.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

from capture.agent.rotation import FileNames, Rotation
from capture.evidence.manifest import ListedFile, manifest_name, write_manifest
from capture.evidence.signing import KeySigner
from capture.format import CaptureWriter, create

_PATIENCE_S = 10.0
"""How long until the next file is tried for again when it could not be made."""


@dataclass(frozen=True, slots=True)
class ClosedFile:
    """A file of the set that has its end block."""

    path: Path
    identity: tuple[int, int]
    """Device and inode: what has been put in its place is not ours to remove."""
    number: int
    size: int
    digest: str
    """Of its last block, in hex."""
    ended: float
    """When, by the monotonic clock."""


@dataclass
class CaptureFiles:
    """Where a recording is written. After `begin` all of it belongs to the writer's thread."""

    stream: BinaryIO
    path: Path | None = None
    """None: standard output or the like."""
    rotation: Rotation = field(default_factory=Rotation)
    names: FileNames | None = None
    overwrite: bool = False
    """Whether names of earlier recordings may be used again."""
    closed: deque[ClosedFile] = field(default_factory=deque)
    """The set's earlier files that are still there, the oldest first."""
    number: int = 1
    lost: Counter[str] = field(default_factory=Counter)
    """Events lost, by lane, as the counters in this file tell."""
    late: int = 0
    counted: int = 0
    """Calls that were counted instead of recorded."""
    set_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    signer: KeySigner | None = None
    """Signs each file as it ends, and the manifest of the set."""
    _before: int = 0
    """Bytes of the files before."""
    _previous: str | None = None
    _began: float = 0.0
    _retry_at: float = 0.0
    _holders: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.writer = CaptureWriter(self.stream, signer=self.signer)
        self._first_path = self.path
        # An older file keeps its content until the first block of the new one is written.
        self._existed = os.fstat(self.stream.fileno()).st_size > 0

    @property
    def bytes_written(self) -> int:
        """Bytes written to all files."""
        return self._before + self.writer.bytes_written

    @property
    def folder(self) -> Path:
        """Where files are made."""
        return self.path.parent if self.path is not None else Path()

    def described(self) -> str:
        """Where it all is, for people."""
        if self.number == 1:
            return str(self.path or "standard output")
        first = self.closed[0].path if self.closed else self.path
        gone = self.number - 1 - len(self.closed)
        removed = f", {gone:,} older ones removed" if gone else ""
        return f"{first} to {self.path} ({len(self.closed) + 1:,} files{removed})"

    def begin(self, facts: Mapping[str, Any], notes: Iterable[str] = ()) -> None:
        """Write the section of the current file, and what it has to say of itself.

        Raises:
            OSError: It cannot be written.
        """
        self._began = time.monotonic()
        self.lost, self.late, self.counted = Counter(), 0, 0
        self.writer.section({**facts, **self._set_facts()})
        for note in notes:
            self.writer.document("note", {"text": note})

    def tally(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Count what a document of counters tells of this file."""
        for row in rows:
            if row["kind"] == "lost":
                self.lost[row["where"]] += row["count"]
            elif row["kind"] == "late":
                self.late += row["count"]
            elif row["kind"] == "counted":
                self.counted += row["count"]

    def is_due(self) -> bool:
        """Whether the next file should begin."""
        now = time.monotonic()
        writer = self.writer
        grown = (writer.bytes_written, now - self._began, writer.events_written)
        return now >= self._retry_at and self.rotation.is_due(*grown)

    def open_next(self) -> tuple[Path, BinaryIO]:
        """Make the next file, while the current one can still go on if it cannot be made.

        Raises:
            OSError: It cannot be made; it is tried for again a little later.
        """
        assert self.names is not None  # noqa: S101  whoever rotates has names
        now = datetime.now(UTC)
        path = self.names.name(self.number + 1, now)
        if not self.overwrite or self._is_ours(path):
            path = self.names.free_name(self.number + 1, now)
        self._retry_at = time.monotonic() + _PATIENCE_S
        stream = create(path, overwrite=self.overwrite)
        self._retry_at = 0.0
        return path, stream

    def advance(self, path: Path, stream: BinaryIO) -> None:
        """Close the current file, whose end block is written, and go on with the next."""
        if self.path is not None:
            self.closed.append(
                ClosedFile(
                    self.path,
                    _identity(os.fstat(self.stream.fileno())),
                    self.number,
                    self.writer.bytes_written,
                    self.writer.digest.hex(),
                    time.monotonic(),
                )
            )
        self._before += self.writer.bytes_written
        self._previous = self.writer.digest.hex()
        self.stream.close()
        self.stream, self.path, self.number = stream, path, self.number + 1
        self.writer = CaptureWriter(stream, signer=self.signer)

    def list_files(self, *, complete: bool) -> None:
        """Write the manifest of a set; nothing for a recording in one file. `complete`: it has ended.

        Raises:
            OSError: It cannot be written.
        """
        if self._first_path is None or not self.rotation.rotates:
            return
        listed = [ListedFile(file.path.name, file.number, file.size, file.digest) for file in self.closed]
        if complete and self.path is not None:
            written, digest = self.writer.bytes_written, self.writer.digest.hex()
            listed.append(ListedFile(self.path.name, self.number, written, digest))
        removed = self.number - 1 - len(self.closed)
        path = self._first_path.with_name(manifest_name(self._first_path.stem, self.set_id))
        write_manifest(path, self.set_id, listed, complete=complete, removed=removed, signer=self.signer)

    def drop_old(self) -> None:
        """Remove the oldest files that the rotation has no room for."""
        rotation = self.rotation
        while (
            self.closed
            and (not self._holders)
            and (
                (rotation.keep and len(self.closed) >= rotation.keep)
                or (rotation.ring_seconds and self.closed[0].ended < time.monotonic() - rotation.ring_seconds)
                or (rotation.ring_size and self._size() > rotation.ring_size)
            )
        ):
            self._drop_oldest()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is removed meanwhile."""
        with self._lock:
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1

    def look_after(self) -> str:
        """Notice what others have done to the current file; what to tell of it, empty where there is nothing.

        A file that was renamed is written on where it is now. One that was removed is what `restore` is for.

        Raises:
            OSError: It was cut, and cannot be made whole again.
        """
        if self.path is None:
            return ""
        own = os.fstat(self.stream.fileno())
        if own.st_size < self.writer.bytes_written:
            raise OSError(
                errno.ESTALE,
                f"another program has cut it to {own.st_size:,} bytes (let --rotate-size rotate instead)",
            )
        try:
            if _identity(self.path.lstat()) == _identity(own):
                return ""
        except OSError:
            pass
        name = self.path
        if not own.st_nlink:
            return ""
        self.path = Path(f"/proc/self/fd/{self.stream.fileno()}").readlink()
        return f"{name} was renamed while it was being written; the recording goes on in {self.path}"

    def make_room(self) -> str:
        """See to the free space: remove the oldest files if that is allowed.

        Returns:
            Why the recording must end; empty where there is room.
        """
        floor = self.rotation.disk_floor
        if not floor:
            return ""
        while (free := self._free()) < floor and not self._holders:
            if not (self.rotation.removes and self.closed):
                return (
                    f"{free >> 20:,} MiB are free beside {self.path}, less than the {floor >> 20:,} MiB of "
                    "--disk-floor; make room, or let the oldest files go with --keep"
                )
            self._drop_oldest()
        return ""

    @property
    def is_removed(self) -> bool:
        """Whether the current file has no name any more."""
        return self.path is not None and not os.fstat(self.stream.fileno()).st_nlink

    def restore(self) -> str:
        """Put the current file back if it has been removed: its content is there as long as it is open.

        A folder that is missing as well is made again.

        Returns:
            What was done, empty where it has not been removed.

        Raises:
            OSError: It cannot be made again.
        """
        if not self.is_removed or self.path is None:
            return ""
        path = self.path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            stream = create(path)
        except FileExistsError:
            # Another one is in its place; it is not ours.
            path = path.with_name(f"{path.stem}-restored{path.suffix}")
            stream = create(path)
        with os.fdopen(os.dup(self.stream.fileno()), "rb") as source:
            source.seek(0)
            shutil.copyfileobj(source, stream, 1 << 20)
        self.stream.close()
        self.stream = self.writer.stream = stream
        self.path = path
        return f"it was put back as {path}, with all that had been recorded"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        if self.path is not None and self.writer.bytes_written == 0 and not self._existed:
            # Nothing was recorded.
            self.path.unlink(missing_ok=True)

    # Inside.

    def _set_facts(self) -> dict[str, Any]:
        if not self.rotation.rotates:
            return {}
        return {
            "set": {
                "id": self.set_id,
                "number": self.number,
                "previous": self._previous,
                "rotation": asdict(self.rotation),
            }
        }

    def _is_ours(self, path: Path) -> bool:
        return any(path == other for other in (self.path, *(file.path for file in self.closed)))

    def _size(self) -> int:
        return sum(file.size for file in self.closed) + self.writer.bytes_written

    def _free(self) -> int:
        status = os.fstatvfs(self.stream.fileno())
        return status.f_bavail * status.f_frsize

    def _drop_oldest(self) -> None:
        with self._lock:
            if self._holders:
                return
            oldest = self.closed.popleft()
            # Somebody may have moved it away, or closed the folder: the next one shall not wait for that.
            with suppress(OSError):
                if _identity(oldest.path.lstat()) == oldest.identity:
                    oldest.path.unlink()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
