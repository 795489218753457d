"""When one capture file ends and the next begins, which of them stay, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path

_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a recording is spread over files; 0 stands for no such limit."""

    size: int = 0
    """Bytes after which a file ends."""
    seconds: float = 0.0
    """Time after which a file ends."""
    events: int = 0
    """Events after which a file ends."""
    keep: int = 0
    """Files of the recording that stay; the oldest is removed when there are more."""
    disk_floor: int = 0
    """Bytes that stay free on the file system, whatever it takes."""
    ring_seconds: float = 0.0
    """Flight recorder: files that ended longer ago are removed."""
    ring_size: int = 0
    """Flight recorder: bytes that all files of the recording may take."""

    @property
    def rotates(self) -> bool:
        """Whether there is more than one file."""
        return bool(self.size or self.seconds or self.events)

    @property
    def removes(self) -> bool:
        """Whether the oldest files may be given up."""
        return bool(self.keep or self.ring_seconds or self.ring_size)

    def is_due(self, size: int, seconds: float, events: int) -> bool:
        """Whether a file that has grown so far is to be followed by another."""
        limits = ((size, self.size), (seconds, self.seconds), (events, self.events))
        return any(limit and grown >= limit for grown, limit in limits)


@dataclass(frozen=True, slots=True)
class FileNames:
    """What the files of a recording are called: by the time, as strftime(3) spells it, or by a number."""

    pattern: Path
    counted: bool
    """Whether a name without a time in it gets a number."""

    def name(self, number: int, now: datetime) -> Path:
        """The name of file `number` (from 1) that begins now (UTC)."""
        text = str(self.pattern)
        if "%" in text:
            return Path(now.strftime(text))
        return _with(self.pattern, f"-{number:0{_DIGITS}}") if self.counted else self.pattern

    def free_name(self, number: int, now: datetime) -> Path:
        """The same, with a further number behind it where there is such a file already."""
        name = self.name(number, now)
        others = (_with(name, f"-{more}") for more in count(2))
        return next(path for path in chain([name], others) if not _is_taken(path))


def _with(path: Path, more: str) -> Path:
    return path.with_name(f"{path.stem}{more}{path.suffix}")


def _is_taken(path: Path) -> bool:
    return path.is_symlink() or path.exists()
