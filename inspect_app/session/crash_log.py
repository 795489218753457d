"""The crash log: what failed in this program through its own fault, for whoever wants to report it.

A text file of one's own in the system's folder for logs, readable by its owner alone, never sent anywhere. An
entry tells when, in which versions, while doing what, and through which functions the failure came. It has no
text of a capture beyond names of files: what stands in quotes in a message, as values do, is left out.

    --- 2026-01-02T03:04:05Z  Exhume 0.1.0, Python 3.11.7, Linux
    Opening node.exhume
    KeyError: '…'
      inspect_app/frames/capture.py:120 in build

The log is cut in two files of at most `MAX_BYTES`, the older of which goes.
"""

from __future__ import annotations

import faulthandler
import os
import platform
import re
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import IO

from platformdirs import user_log_dir

from capture.model.text import printable

MAX_BYTES = 128 << 10
MAX_FRAMES = 40
MAX_MESSAGE = 200
_SAME = 3
"""A failure that comes again and again, as in drawing, is told so often."""
_NAME, _OLDER, _HARD = "crash.log", "crash.log.1", "ended-{}.txt"
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


class CrashLog:
    """Appends to the log and reads it; where it cannot be written, the program goes on without."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(user_log_dir("exhume", appauthor=False))
        self._told: Counter[tuple[str, ...]] = Counter()

    @property
    def path(self) -> Path:
        """The newer file."""
        return self.folder / _NAME

    def record(self, doing: str, error: BaseException) -> None:
        """Tell of a failure and what led to it."""
        lines = [*_lines_of(error)]
        self._told[tuple(lines)] += 1
        if self._told[tuple(lines)] <= _SAME:
            self._append("\n".join((_head(), printable(doing.encode(), MAX_MESSAGE), *lines)) + "\n\n")

    def read(self) -> str:
        """What failed so far, the oldest first; empty for nothing."""
        texts = []
        for name in (_OLDER, _NAME):
            with suppress(OSError), (self.folder / name).open("rb") as stream:
                texts.append(stream.read(MAX_BYTES).decode("utf-8", "replace"))
        return "".join(texts)

    def gather(self) -> bool:
        """Take over what earlier runs left that ended hard; whether there was any."""
        found = False
        for path in sorted(self.folder.glob(_HARD.format("*"))) if self.folder.is_dir() else []:
            with suppress(OSError):
                with path.open("rb") as stream:
                    text = stream.read(MAX_BYTES // 4).decode("utf-8", "replace")
                if text:
                    found = True
                    self._append(f"{_head()}\nThe program ended hard\n{_without_paths(text)}\n\n")
                    path.unlink()
        return found

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Have Python write down through which functions the program ended, should it end hard."""
        path = self.folder / _HARD.format(os.getpid())
        try:
            stream = self._opened(path)
        except OSError:
            yield
            return
        with stream:
            faulthandler.enable(stream)
            try:
                yield
            finally:
                faulthandler.disable()
        with suppress(OSError):
            path.unlink()

    def _append(self, text: str) -> None:
        with suppress(OSError):
            if self.path.exists() and self.path.stat().st_size + len(text) > MAX_BYTES:
                self.path.replace(self.folder / _OLDER)
            with self._opened(self.path) as stream:
                stream.write(text.encode("utf-8", "replace")[:MAX_BYTES])

    def _opened(self, path: Path) -> IO[bytes]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)


def _head() -> str:
    when = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"--- {when}  Exhume {_version('exhume')}, Python {platform.python_version()}, {platform.system()}"


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _lines_of(error: BaseException) -> Iterator[str]:
    """The failure, where it came from, and the one that led to it."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        if seen:
            yield "after"
        seen.add(id(one))
        message = _QUOTED.sub("'…'", str(one))[:MAX_MESSAGE]
        yield f"{type(one).__name__}: {printable(message.encode('utf-8', 'replace'), MAX_MESSAGE)}"
        for frame in traceback.extract_tb(one.__traceback__)[-MAX_FRAMES:]:
            yield f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}"
        one = one.__cause__ or one.__context__


def _place(file: str) -> str:
    """A file without what is above its package: where that lies is nobody's business."""
    parts = Path(file).parts
    for root in ("site-packages", "dist-packages"):
        if root in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(root) :])
    for package in ("inspect_app", "capture", "resources", "tests"):
        if package in parts:
            return "/".join(parts[parts.index(package) :])
    return parts[-1] if parts else file


def _without_paths(text: str) -> str:
    return re.sub(r'File "([^"\n]+)"', lambda found: f"File {_place(found[1])}", text)
