"""Digests of programs' files, found beside the recording in a thread of its own.

A file is known by device, inode, size and both times, as the kernel had them when the program began; each
such identity is looked at once. It is opened through the process where that still lives, else by its path in
places where it may lie, and only a file with that identity counts. What is not hashed is told, and why.
"""

from __future__ import annotations

import hashlib
import os
import queue
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from capture.agent import procfs
from capture.agent.programs import BegunProgram

_MIB = 1 << 20
_MOST_WAITING = 8192
_ROWS_AT_ONCE = 64
_NICE = 10
_PATIENCE_S = 3.0
"""How long the end of a recording waits for digests."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HashLimits:
    """What looking at programs' files may cost."""

    file_bytes: int = 256 * _MIB
    """A larger file is not hashed."""
    bytes_per_second: int = 64 * _MIB
    files: int = 20_000
    """Files of one recording; after these none is hashed."""


class NotHashedError(Exception):
    """Why there is no digest: a few words."""


@dataclass
class ExecutableWatch:
    """Hashes the files of programs and hands over rows of the documents `executables`."""

    write: Callable[[list[Row]], None]
    limits: HashLimits = field(default_factory=HashLimits)
    overlooked: int = 0
    """Programs that were not looked at, for too many waited."""
    _waiting: queue.Queue[BegunProgram | None] = field(default_factory=lambda: queue.Queue(_MOST_WAITING))
    _seen: set[tuple[int, ...]] = field(default_factory=set)
    """Those of the current file."""
    _known: dict[tuple[int, ...], Row] = field(default_factory=dict)
    """What was found of each, for later files."""
    _deadline: float | None = None
    _hashed: int = 0
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="executables", daemon=True)
        self._thread.start()

    def begun(self, programs: Iterable[BegunProgram]) -> None:
        """Programs that have just begun, or that run; what was seen before is passed over."""
        for program in programs:
            if program.identity in self._seen:
                continue
            try:
                self._waiting.put_nowait(program)
                self._seen.add(program.identity)
            except queue.Full:
                self.overlooked += 1

    def begin_file(self) -> None:
        """A file of the recording has begun that needs the rows of its programs, too."""
        self._seen = set()

    def finish(self) -> None:
        """Look at what still waits, for a few seconds at most."""
        self._deadline = time.monotonic() + _PATIENCE_S
        if self._thread:
            self._waiting.put(None)
            self._thread.join(2 * _PATIENCE_S)

    def _run(self) -> None:
        # On Linux a thread has a niceness of its own: recording comes first.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        rows: list[Row] = []
        while (program := self._waiting.get()) is not None:
            known = self._known.get(program.identity)
            rows.append(known or self._row(program))
            if len(self._known) < self.limits.files:
                self._known[program.identity] = rows[-1]
            if len(rows) >= _ROWS_AT_ONCE or self._waiting.empty():
                self.write(rows)
                rows = []
        if rows:
            self.write(rows)

    def _row(self, program: BegunProgram) -> Row:
        dev, ino, size, mtime, ctime = program.identity
        row: Row = {"dev": dev, "ino": ino, "size": size, "mtime": mtime, "ctime": ctime}
        row |= {"path": procfs.text(program.path), "pid": program.pid, "time": time.time_ns()}
        row |= {"sha256": None, "note": None, "capabilities": None}
        try:
            row |= self._looked_at(program)
        except NotHashedError as reason:
            row["note"] = f"not hashed: {reason}"
        except OSError as error:
            row["note"] = f"not hashed: {error.strerror}"
        return row

    def _looked_at(self, program: BegunProgram) -> Row:
        with opened(program) as descriptor:
            status = os.fstat(descriptor)
            row: Row = {"capabilities": _capabilities(descriptor)}
            try:
                row["sha256"] = self._digest(descriptor, program)
            except NotHashedError as reason:
                return row | {"note": f"not hashed: {reason}"}
            if status.st_ctime_ns != program.ctime:
                row["note"] = "renamed, unlinked or given other rights after it was begun, not written to"
            return row

    def _digest(self, descriptor: int, program: BegunProgram) -> str:
        if self._hashed >= self.limits.files:
            raise NotHashedError(f"{self.limits.files:,} files had been hashed")
        before = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (program.size, program.mtime):
            raise NotHashedError("written to after it was begun")
        if before.st_size > self.limits.file_bytes:
            raise NotHashedError(f"larger than {self.limits.file_bytes // _MIB:,} MiB")
        digest, position = hashlib.sha256(), 0
        while piece := os.pread(descriptor, _MIB, position):
            if self._deadline is not None and time.monotonic() > self._deadline:
                raise NotHashedError("the recording ended")
            digest.update(piece)
            position += len(piece)
            time.sleep(len(piece) / self.limits.bytes_per_second)
        after = os.fstat(descriptor)
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise NotHashedError("written to while it was read")
        self._hashed += 1
        return digest.hexdigest()


@contextmanager
def opened(program: BegunProgram) -> Iterator[int]:
    """A descriptor to read a program's file by, wherever it can be reached.

    Raises:
        NotHashedError: It cannot be reached any more.
        OSError: It may not be read.
    """
    for path in _places(program):
        try:
            # A path alone opens nothing: neither a device nor a pipe notices.
            found = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if _is_the_one(os.fstat(found), program):
                descriptor = _readable(found)
                try:
                    yield descriptor
                finally:
                    os.close(descriptor)
                return
        finally:
            os.close(found)
    raise NotHashedError("its file could not be found any more")


def _readable(found: int) -> int:
    """The same file to read, without leaving a trace in its time of access where that is permitted."""
    path = f"/proc/self/fd/{found}"
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOATIME)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _places(program: BegunProgram) -> Iterator[bytes]:
    """Where the file may be reached, the surest first: wherever it is found, its identity decides."""
    process = b"/proc/%d/" % program.pid
    yield process + b"exe"
    if not program.path.startswith(b"/"):
        yield process + b"cwd/" + program.path
        return
    yield process + b"root" + program.path
    yield program.path
    # A container that is gone, but whose file system is still mounted somewhere.
    for mount in procfs.mounts():
        if mount["dev"] == program.dev:
            yield os.fsencode(mount["target"]) + program.path


def _is_the_one(status: os.stat_result, program: BegunProgram) -> bool:
    if not stat.S_ISREG(status.st_mode):
        return False
    if (procfs.kernel_dev(status.st_dev), status.st_ino) == (program.dev, program.ino):
        return True
    # Overlayfs tells programs another device and inode than the kernel works with.
    told = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return program.overlay and told == (program.size, program.mtime, program.ctime)


def _capabilities(descriptor: int) -> str | None:
    """The raw attribute security.capability (capabilities(7)) in hex; None where the file has none."""
    try:
        return os.getxattr(descriptor, "security.capability").hex()
    except OSError:
        return None
