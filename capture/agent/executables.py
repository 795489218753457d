"""Digests of programs' files, found beside the recording in a thread of its own.

A file is known by device, inode, size and both times, as the kernel had them when the program began; each
such identity is looked at once. It is opened through the process where that still lives, else by its path in
places where it may lie, and only a file with that identity counts. What is not hashed is told, and why.

Of a script the kernel tells the name alone: the file of that name counts if it has not been written to since.

A file is read a piece at a time and is not open between pieces, so that an unmount meets it open for about a
millisecond at most.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from capture.agent.clock import boot_to_utc_ns
from capture.agent.proc_files import kernel_dev, text
from capture.agent.programs import BegunProgram, BegunScript
from capture.agent.reaching import NotFoundError, opened, opened_script

_MIB = 1 << 20
_MOST_WAITING = 8192
_ROWS_AT_ONCE = 64
_NICE = 10
_NOT_FOUND = "its file could not be found any more"
_CHANGED = "renamed, unlinked or given other rights after it was begun, not written to"
_NO_FILE = (0, 0, 0, 0, 0)
_PATIENCE_S = 3.0
"""How long the end of a recording waits for digests."""

_MOST_OF_SCRIPT = 16 * _MIB
Row = dict[str, Any]
Identity = tuple[int, int, int, int, int]
"""Device, inode, size, mtime, ctime."""


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
    _waiting: queue.Queue[BegunProgram | BegunScript | None] = field(
        default_factory=lambda: queue.Queue(_MOST_WAITING)
    )
    _seen: set[tuple[int, ...]] = field(default_factory=set)
    """Those of the current file."""
    _known: dict[tuple[int, ...], Row] = field(default_factory=dict)
    """What was found of each, for later files."""
    _told: set[tuple[str, Identity]] = field(default_factory=set)
    """Scripts of the current file of the recording: path and identity."""
    _scripts: dict[Identity, str] = field(default_factory=dict)
    """Their digests, for later files."""
    _boot_to_utc: int = field(default_factory=boot_to_utc_ns)
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

    def begun_scripts(self, scripts: Iterable[BegunScript]) -> None:
        """Scripts that have just begun."""
        for script in scripts:
            try:
                self._waiting.put_nowait(script)
            except queue.Full:
                self.overlooked += 1

    def begin_file(self) -> None:
        """A file of the recording has begun that needs the rows of its programs, too."""
        self._seen, self._told = set(), set()

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
            if isinstance(program, BegunScript):
                rows += self._rows_of_script(program)
            else:
                rows.append(self._row(program))
            if rows and (len(rows) >= _ROWS_AT_ONCE or self._waiting.empty()):
                self.write(rows)
                rows = []
        if rows:
            self.write(rows)

    def _rows_of_script(self, script: BegunScript) -> list[Row]:
        """Its row, unless that has been told."""
        with opened_script(script) as (path, descriptor):
            identity = _identity(descriptor) if descriptor is not None else _NO_FILE
            told = path, identity
            if told in self._told or len(self._told) >= self.limits.files:
                return []
            self._told.add(told)
            row = _row_of(identity, path) | {"pid": script.pid, "script": True}
            try:
                row |= self._script_digest(descriptor, identity, script.began + self._boot_to_utc)
            except NotHashedError as reason:
                row["note"] = f"not hashed: {reason}"
        return [row]

    def _script_digest(self, descriptor: int | None, identity: Identity, began: int) -> Row:
        """Scripts are small: all of it is read at once. `began`: UTC ns."""
        _, _, size, mtime, ctime = identity
        if descriptor is None:
            raise NotHashedError(_NOT_FOUND)
        if mtime > began:
            raise NotHashedError("written to after it was begun")
        if size > _MOST_OF_SCRIPT:
            raise NotHashedError(f"larger than {_MOST_OF_SCRIPT // _MIB:,} MiB")
        if (known := self._scripts.get(identity)) is None:
            if len(self._scripts) >= self.limits.files:
                raise NotHashedError(f"{self.limits.files:,} scripts had been hashed")
            content = os.pread(descriptor, size, 0)
            if len(content) != size or _identity(descriptor)[:4] != identity[:4]:
                raise NotHashedError("written to while it was read")
            known = self._scripts[identity] = hashlib.sha256(content).hexdigest()
        return {"sha256": known, "note": _CHANGED if ctime > began else None}

    def _row(self, program: BegunProgram) -> Row:
        """What is to be told of a file: found out once, then known."""
        if (known := self._known.get(program.identity)) is not None:
            return known
        row = _row_of(program.identity, text(program.path)) | {"pid": program.pid}
        try:
            row |= self._looked_at(program)
        except (NotHashedError, NotFoundError) as reason:
            row["note"] = f"not hashed: {str(reason) or _NOT_FOUND}"
        except OSError as error:
            row["note"] = f"not hashed: {error.strerror}"
        if len(self._known) < self.limits.files:
            self._known[program.identity] = row
        return row

    def _looked_at(self, program: BegunProgram) -> Row:
        place: list[bytes] = []
        with opened(program, place) as descriptor:
            status = os.fstat(descriptor)
            row: Row = {"capabilities": _capabilities(descriptor)}
        try:
            row["sha256"] = self._digest(program, place)
        except NotHashedError as reason:
            return row | {"note": f"not hashed: {reason}"}
        if status.st_ctime_ns != program.ctime:
            row["note"] = _CHANGED
        return row

    def _digest(self, program: BegunProgram, place: list[bytes]) -> str:
        if self._hashed >= self.limits.files:
            raise NotHashedError(f"{self.limits.files:,} files had been hashed")
        digest, position = hashlib.sha256(), 0
        while position < program.size or not position:
            with opened(program, place) as descriptor:
                status = os.fstat(descriptor)
                if (status.st_size, status.st_mtime_ns) != (program.size, program.mtime):
                    raise NotHashedError(
                        "written to " + ("while it was read" if position else "after it was begun")
                    )
                if status.st_size > self.limits.file_bytes:
                    raise NotHashedError(f"larger than {self.limits.file_bytes // _MIB:,} MiB")
                piece = os.pread(descriptor, _MIB, position)
            if not piece:
                break
            digest.update(piece)
            position += len(piece)
            time.sleep(len(piece) / self.limits.bytes_per_second)
            if self._deadline is not None and time.monotonic() > self._deadline and position < program.size:
                raise NotHashedError("the recording ended")
        self._hashed += 1
        return digest.hexdigest()


def _row_of(identity: tuple[int, ...], path: str) -> Row:
    """A row of the document that tells nothing yet."""
    row: Row = dict(zip(("dev", "ino", "size", "mtime", "ctime"), identity, strict=True))
    row |= {"path": path, "pid": 0, "time": time.time_ns()}
    return row | {"sha256": None, "note": None, "capabilities": None}


def _identity(descriptor: int) -> Identity:
    status = os.fstat(descriptor)
    times = status.st_mtime_ns, status.st_ctime_ns
    return kernel_dev(status.st_dev), status.st_ino, status.st_size, *times


def _capabilities(descriptor: int) -> str | None:
    """The raw attribute security.capability (capabilities(7)) in hex; None where the file has none."""
    try:
        return os.getxattr(descriptor, "security.capability").hex()
    except OSError:
        return None
