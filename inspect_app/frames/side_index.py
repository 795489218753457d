"""The side index: frames of captures that were opened before, in the user's cache, never beside the evidence.

An index is found by what the capture holds, not by where it lies: its name is made of the digests of every
block, which are checked at each opening. So it fits a copy in another folder, and never a file of which one
byte differs. The versions that made it are part of the name: what others made is made anew.

The folder is its owner's alone (0700, files 0600), for an index tells what the capture tells. What was not
used for longest is removed when it is too much. EXHUME_NO_CACHE=1 turns all of it off.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import platformdirs

import capture
from capture.format import Capture, FormatError, in_memory
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import TABLES
from inspect_app.frames.room import Room
from inspect_app.frames.stored import OF_EVENTS, Keepsake, Stored, read_frames, write_frames

FORMAT = 2
MOST_BYTES = 16 << 30
"""What all indexes together may take."""
LEAST_EVENTS = 250_000
"""Smaller captures open faster than an index of theirs is worth."""
_ENDING, _UNFINISHED = ".frames", ".part"
_ABANDONED_S = 3_600
_MOST_OF_FREE = 0.5
"""The share of the free disk that an index may take."""
_BYTES_AN_EVENT = 100
OFF = "EXHUME_NO_CACHE"
"""The variable of the environment that turns it off."""


def is_wanted(capture_: Capture) -> bool:
    """Whether a capture is worth an index: large, and not still being written."""
    if os.environ.get(OFF, "") not in ("", "0") or capture_.count < LEAST_EVENTS:
        return False
    return capture_.ending is not None


def key_of(capture_: Capture) -> bytes:
    """What an index of this capture, made by this program, is found by."""
    made_of = hashlib.sha256(capture_.fingerprint)
    made_of.update(repr((FORMAT, _version(), _age_of_sources(), sorted(TABLES.items()))).encode())
    return made_of.digest()


class SideIndex:
    """The indexes of one user. Nothing here raises: without an index a capture is read."""

    def __init__(self, folder: Path | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        """`folder`: the user's own without it; made when the first index is kept."""
        self._folder = folder or platformdirs.user_cache_path("exhume") / "frames"
        self._most_bytes = most_bytes

    def find(self, key: bytes, own: CaptureFrames | None = None) -> Stored | None:
        """The frames that were kept under a key; None: there are none that can be used.

        `own`: the frames, if this process has just kept them.
        """
        path = self._path(key)
        try:
            if not self._is_ours():
                return None
            descriptor = os.open(
                path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
            )
        except OSError:
            return None
        try:
            if not _is_private(os.fstat(descriptor)):
                return None
            stored = read_frames(descriptor, key, own)
            os.utime(path)
        except (FormatError, OSError, ValueError, OverflowError, MemoryError):
            with suppress(OSError):
                path.unlink()
            return None
        finally:
            os.close(descriptor)
        return stored

    @contextmanager
    def begun(self, key: bytes, events: int) -> Iterator[Unfinished | None]:
        """An index that is about to be made, None where there is no room for one of so many events."""
        try:
            part = self._part(key, events)
        except OSError:
            part = None
        try:
            yield part
        finally:
            if part is not None:
                part.close()

    def _part(self, key: bytes, events: int) -> Unfinished | None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = events * _BYTES_AN_EVENT
        free = shutil.disk_usage(self._folder).free
        if not self._is_ours() or size > min(free * _MOST_OF_FREE, self._most_bytes):
            return None
        self._make_room(size)
        return Unfinished(self._path(key), key, events)

    def clear(self) -> None:
        """Remove all indexes."""
        self._make_room(self._most_bytes)

    def _path(self, key: bytes) -> Path:
        return self._folder / (key.hex()[:40] + _ENDING)

    def _is_ours(self) -> bool:
        """Whether nobody else can put files into the folder."""
        status = self._folder.lstat()
        return stat.S_ISDIR(status.st_mode) and _is_private(status)

    def _make_room(self, size: int) -> None:
        """Remove what was not used for longest, until `size` more bytes fit; and what was never finished."""
        kept: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            status = path.lstat()
            if path.suffix == _UNFINISHED and status.st_mtime < time.time() - _ABANDONED_S:
                _remove(path)
            elif path.suffix == _ENDING:
                kept.append((status.st_mtime, status.st_size, path))
        total = sum(one for _, one, _ in kept)
        for _, one, path in sorted(kept):
            if total + size <= self._most_bytes:
                break
            _remove(path)
            total -= one


class Unfinished:
    """An index while it is made: a file that gets its name when it is whole."""

    def __init__(self, path: Path, key: bytes, events: int) -> None:
        """`path`: what it will be called. Raises OSError where it cannot be made."""
        self._path, self._key = path, key
        self._part = path.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}{_UNFINISHED}")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._stream = os.fdopen(os.open(self._part, flags, 0o600), "r+b")
        self._room: Room | None = None
        with suppress(OSError):
            self._room = Room(self._stream.fileno(), OF_EVENTS, events)

    def zeros(self, name: str, dtype: str, rows: int) -> np.ndarray:
        """Zeros for a column: in the file if it is to be kept as it is, else in memory."""
        return in_memory(name, dtype, rows) if self._room is None else self._room.zeros(name, dtype, rows)

    def keep(self, kept: Keepsake) -> bool:
        """Write what is not in the file yet and give it its name; whether there was room."""
        try:
            write_frames(self._stream, self._key, kept, self._room)
            self._stream.flush()
            self._part.replace(self._path)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Remove it, if it was not kept. Arrays that lie in it stay what they are."""
        self._stream.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    # Windows lets nobody remove what is mapped: next time.
    with suppress(OSError):
        path.unlink()


def _is_private(status: os.stat_result) -> bool:
    """Whether it is this user's, and nobody else may write to it. Windows guards users' folders itself."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


@cache
def _version() -> str:
    try:
        return version("exhume")
    except PackageNotFoundError:
        return ""


@cache
def _age_of_sources() -> int:
    """When a program was last changed that makes frames; 0 where the programs are no files."""
    folders = [Path(capture.__file__).parent / name for name in ("format", "identity", "model")]
    files = [file for folder in [*folders, Path(__file__).parent] for file in folder.glob("*.py")]
    return max((file.stat().st_mtime_ns for file in files), default=0)
