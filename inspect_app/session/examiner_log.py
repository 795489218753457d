"""The examiner's log: what was opened, looked at and exported, when, by whom; kept only if asked for.

A file of JSON lines, one an action, only ever appended to and readable by its owner alone. Each line names
the SHA-256 of the line before (`before`), so that one that was changed or taken out shows:

    {"time": ISO 8601 UTC, "user": …, "host": …, "tool": …, "action": …, …, "before": 64 hex digits}

What an action tells besides is plain values: the file with the digest of its last block, filters, windows,
what was written where with its SHA-256. Text of captures is in it only as far as somebody filtered by it.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from capture.evidence.deriving import tool

try:
    import fcntl
except ImportError:  # Windows: whoever keeps one log there keeps it in one program at a time
    fcntl = None  # type: ignore[assignment]

BEGINNING = "0" * 64
"""What the first line names as the line before."""
MAX_LINE = 64 << 10
_LONGEST = 2_000
"""Characters of a text that are told."""


class LogError(ValueError):
    """A log in which a line is not as it was written."""


class ExaminerLog:
    """A log that is kept, or one of nothing: then `note` does nothing."""

    def __init__(self, path: Path | None = None) -> None:
        """Begin or go on with a log.

        Raises:
            OSError: It cannot be written, and work that should be logged must not go on.
        """
        self._path = path
        self._last: tuple[str, Mapping[str, object]] | None = None
        if path is not None:
            with self._opened():
                pass

    @property
    def is_kept(self) -> bool:
        """Whether it is a log of something."""
        return self._path is not None

    def note(self, action: str, **facts: object) -> None:
        """Append a line; the same action as the last one, with the same facts, is told once.

        Raises:
            OSError: It cannot be written.
        """
        if self._path is None or self._last == (action, facts):
            return
        self._last = (action, facts)
        with self._opened() as stream:
            row = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "user": _user(),
                "host": socket.gethostname(),
                "tool": tool(),
                "action": action,
                **{name: _plain(value) for name, value in facts.items()},
                "before": _last_digest(stream),
            }
            stream.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")

    def _opened(self) -> IO[bytes]:
        assert self._path is not None  # noqa: S101  asked before
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        stream = os.fdopen(os.open(self._path, flags, 0o600), "rb+", buffering=0)
        if fcntl is not None:
            fcntl.flock(stream, fcntl.LOCK_EX)
        return stream


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log, each checked against the one before.

    Raises:
        LogError: One was changed, taken out, or is none.
        OSError: It cannot be read.
    """
    before = BEGINNING
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise LogError(f"line {number} of the log is no JSON") from error
            if not isinstance(row, dict) or row.get("before") != before:
                raise LogError(f"line {number} of the log was not written after the line before it")
            before = _digest(line)
            yield row


def _last_digest(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    if not size:
        return BEGINNING
    stream.seek(max(0, size - 2 * MAX_LINE))
    lines = stream.read(2 * MAX_LINE).splitlines(keepends=True)
    if not lines[-1].endswith(b"\n"):
        # A writer was killed within a line: the rest of it stays what it is, a line of its own.
        stream.write(b"\n")
        lines[-1] += b"\n"
    return _digest(lines[-1])


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case list() | tuple():
            return [_plain(entry) for entry in value[:100]]
        case Mapping():
            return {str(name)[:_LONGEST]: _plain(entry) for name, entry in value.items()}
    return str(value)[:_LONGEST]


class _Kept:
    """The log of this program, set once at its start."""

    log = ExaminerLog()


def is_kept() -> bool:
    """Whether this program keeps a log."""
    return _Kept.log.is_kept


def keep_log(path: Path) -> None:
    """Keep a log from here on. Raises OSError where it cannot be written."""
    _Kept.log = ExaminerLog(path)


def note(action: str, **facts: object) -> None:
    """Append to the log of this program, if one is kept. Raises OSError where it cannot be written."""
    _Kept.log.note(action, **facts)
