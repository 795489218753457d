"""A case file on disk: read, and written so that two programs that have it open lose nothing of each other's.

Before each writing the file is read again if it has changed, and both are merged: a merge takes nothing
away. The new text is written beside the file and put in its place in one step, by one program at a time. The
file is readable by its owner alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from capture.format.blocks import collector_paused
from capture.format.placing import placed
from inspect_app.cases.case import Case
from inspect_app.cases.document import MAX_FILE, Writing, from_bytes
from inspect_app.cases.errors import CaseError

try:
    import fcntl
except ImportError:  # Windows: what is read right before the writing is merged all the same
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".exhume-case"
_State = tuple[int, int, int, int]


class CaseFile:
    """One file; any thread may save, one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = Writing()
        self._seen: _State | None = None
        """The file as it was read or written last."""
        self._saved: Case | None = None
        self._lock = Lock()

    @property
    def has_changed(self) -> bool:
        """Whether somebody else wrote it since it was read or written here."""
        state = _state_of(self.path)
        return state is not None and state != self._seen

    def load(self) -> Case:
        """The case that is there; an empty one where the file is not there yet.

        Raises:
            CaseError: It is no case file, is beyond the limits, or is of a newer Exhume.
            OSError: It cannot be read.
        """
        with self._lock:
            return self._load()

    def save(self, case: Case) -> Case:
        """Write a case, merged with what others wrote meanwhile; gives what the file now holds.

        Raises:
            CaseError: What is there is no case file, or both together are beyond the limits.
            OSError: It cannot be written.
        """
        with self._lock, _held(self.path):
            # Also with what was saved here last: a caller may not have heard of that yet.
            there = self._load() if self.has_changed else self._saved
            merged = case if there is None else case.merged(there)
            if merged != self._saved or not self.path.exists():
                with placed(self.path) as stream:
                    stream.write(self._writing.text(merged).encode("utf-8"))
                self._seen, self._saved = _state_of(self.path), merged
            return merged

    def _load(self) -> Case:
        state = _state_of(self.path)
        if state is None:
            return Case()
        # A pipe may wait for ever, a device may have no end.
        if not stat.S_ISREG(self.path.stat().st_mode):
            raise CaseError("this is no case file but a device, a pipe or a folder")
        with self.path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
        try:
            with collector_paused():
                case = from_bytes(data)
        except CaseError as error:
            raise CaseError(f"{self.path.name}: {error}") from error
        self._seen, self._saved = state, case
        return case


def is_case_file(path: str | Path) -> bool:
    """Whether a file is one of cases, by its name."""
    return str(path).endswith(SUFFIX)


def _state_of(path: Path) -> _State | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_dev)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Only one program at a time writes into a folder, where the system can see to that."""
    descriptor = -1
    if fcntl is not None:
        with suppress(OSError):
            descriptor = os.open(path.resolve().parent, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)
