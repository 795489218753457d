"""A capture that is still being written: noticing that it grew, and reading it again.

The files are looked at on a worker once a second, since a disk that is far away may take its time to answer.
What grew is read again as a whole: later blocks may tell the names of what earlier ones hold.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal

from capture.format import files_of
from inspect_app.frames.capture import CaptureFrames, FileState
from inspect_app.frames.foreign import ENDINGS
from inspect_app.ui.jobs import Job, Jobs
from inspect_app.ui.loader import await_beginning, load

POLL_MS = 1_000
_SHARE = 3
"""So long as reading takes, three times as long is waited until the next."""
_STILL_S = 30.0
"""A file that has not grown for so long is not said to be written any more: its recorder may be dead."""
_TURN_S = 5.0
"""A folder whose files are all closed may get the next file, and that its first block: so long is waited."""
_GOES_ON = FileState("unfinished", "Still being written: what has been written so far is shown.")

Sizes = tuple[tuple[str, int], ...]
"""The files of a capture, and how large each is."""


def sizes_of(paths: Sequence[str]) -> Sizes:
    """What tells that a capture has grown. Raises OSError and FormatError as `files_of` does."""
    return tuple((str(path), path.stat().st_size) for path in files_of([Path(one) for one in paths], ENDINGS))


def has_grown(sizes: Sizes) -> bool:
    """Whether one of the files is larger than it was, as where it was written to while it was read.

    Raises OSError: It is gone.
    """
    return any(Path(name).stat().st_size > size for name, size in sizes)


def as_growing(frames: CaptureFrames, *, grows: bool) -> CaptureFrames:
    """A capture that has no end yet, and no capture that was cut short; where that is so."""
    return replace(frames, state=_GOES_ON) if grows and frames.state.state == "cut short" else frames


def load_with_sizes(paths: Sequence[str], job: Job) -> tuple[Sizes, CaptureFrames]:
    """A capture, and how large its files were before they were read; runs on a worker."""
    await_beginning(Path(paths[0]), job)
    # Those of before: what is added meanwhile is noticed.
    sizes = sizes_of(paths)
    return sizes, load(paths, job)


class Growth(QObject):
    """Watches the open capture until it has ended."""

    changed = Signal()
    """`state`, `following` or `goes_on` are not as they were."""
    grew = Signal()
    """There is more than is shown; told once until it is read again."""
    renewed = Signal(object)
    """The frames of the same capture, read again."""
    ended = Signal()
    """What was followed has come to its end."""
    failed = Signal(object)
    """It could not be read again: an exception. What is shown stays."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._look)
        self._paths: tuple[str, ...] = ()
        self._state = FileState("", "")
        self._read: Sizes = ()
        self._seen: Sizes = ()
        self._grew_at = self._not_before = float("-inf")
        self._asked_at = float("-inf")
        self._alive = self._told = False
        self.following = False
        """Whether what is added is read and shown by itself."""

    @property
    def goes_on(self) -> bool:
        """Whether the capture may still grow."""
        return self._timer.isActive()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and folders that the capture was read from; empty where that is not known."""
        return self._paths

    @property
    def state(self) -> FileState:
        """Whether the file is whole, or that it is being written just now."""
        return self._now_of(self._state) if self.goes_on else self._state

    def watch(
        self, paths: Sequence[str], sizes: Sizes, frames: CaptureFrames, *, grows: bool = False
    ) -> None:
        """Begin with another capture; without `sizes`, as `load_with_sizes` gives them, it is not watched.

        `grows` says that it was being written to when it was read.
        """
        self._jobs.cancel("growth")
        self._jobs.cancel("look")
        self._paths = tuple(paths)
        self._grew_at = self._not_before = float("-inf")
        self._alive, self.following = grows, False
        if grows:
            self._grew_at = time.monotonic()
        self._take(sizes, frames)
        self.changed.emit()

    def follow(self, *, on: bool) -> None:
        """Show by itself what is added, or only tell of it."""
        if on != self.following:
            self.following, self._asked_at = on and self.goes_on, time.monotonic()
            self.changed.emit()
            if self.following:
                self._look()

    def reload(self, *, quiet: bool = False) -> None:
        """Read the capture again; what is shown stays until that is done."""
        if not self._paths:
            return
        began, paths = time.monotonic(), self._paths
        self._jobs.cancel("look")

        def done(answer: object) -> None:
            sizes, frames = cast(tuple[Sizes, CaptureFrames], answer)
            self._not_before = time.monotonic() + _SHARE * (time.monotonic() - began)
            if sizes != self._read:
                self._grew_at, self._alive = time.monotonic(), True
            was_following = self.following
            self._take(sizes, frames)
            # Before all else: what is said of the file's state is said of these frames.
            self.renewed.emit(replace(frames, state=self._now_of(frames.state)))
            self._tell(was_following=was_following)

        name = Path(paths[0]).name
        self._jobs.start(
            "growth", f"Reading {name} again", lambda job: load_with_sizes(paths, job), done, self._fail,
            quiet=quiet,
        )  # fmt: skip

    def stop(self) -> None:
        """Watch nothing any more."""
        self._timer.stop()

    def _take(self, sizes: Sizes, frames: CaptureFrames) -> None:
        self._read = self._seen = sizes
        self._state, self._told = frames.state, False
        if sizes and not (frames.host.get("totals") and self._is_one_file()):
            self._timer.start()
        else:
            self._timer.stop()
            self.following = False

    def _is_one_file(self) -> bool:
        """A folder may get more files."""
        return [Path(name) for name, _ in self._read] == [Path(path) for path in self._paths]

    def _end(self) -> None:
        self._timer.stop()
        was_following, self.following = self.following, False
        self._tell(was_following=was_following)

    def _tell(self, *, was_following: bool) -> None:
        self.changed.emit()
        if was_following and not self.following:
            self.ended.emit()

    def _look(self) -> None:
        """Ask for the sizes, unless they are asked for or the capture is being read."""
        if not (self._jobs.has("look") or self._jobs.has("growth")):
            paths = self._paths
            self._jobs.start("look", "", lambda _: sizes_of(paths), self._compare, self._miss, quiet=True)

    def _compare(self, answer: object) -> None:
        sizes, now = cast(Sizes, answer), time.monotonic()
        if sizes != self._seen:
            self._seen, self._grew_at = sizes, now
        if self._alive != (now - self._grew_at < _STILL_S):
            self._alive = not self._alive
            self.changed.emit()
        if sizes != self._read and self.following:
            if now >= self._not_before:
                self.reload(quiet=True)
        elif sizes != self._read and not self._told:
            self._told = True
            self.grew.emit()
        elif self.following and self._state.state == "whole" and now - self._last_hope() > _TURN_S:
            self._end()

    def _last_hope(self) -> float:
        return max(self._grew_at, self._asked_at)

    def _miss(self, error: Exception) -> None:
        """The files cannot be looked at: they may be gone; what is shown stays, and needs them no more."""
        self.following = False
        self._end()
        self.failed.emit(error)

    def _fail(self, error: Exception) -> None:
        """A folder's next file cannot be read before its first block is there: that is waited for."""
        if self.following and time.monotonic() - self._grew_at < _TURN_S:
            return
        self.following = False
        self.changed.emit()
        self.failed.emit(error)

    def _now_of(self, state: FileState) -> FileState:
        """A file without an end that has grown lately is not cut short but unfinished."""
        return _GOES_ON if self._alive and state.state == "cut short" else state
