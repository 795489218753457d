"""Tells the time strip when the selected events happened, and the status line how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, Signal

from inspect_app.analysis.selection import select
from inspect_app.ui.jobs import Job, Jobs
from inspect_app.ui.scope import Scope
from inspect_app.ui.time_strip import TimeStrip


class StripFeed(QObject):
    """The strip shows what the filter and the path select over the whole time, whatever the window."""

    counted = Signal(int, int, object)
    """Events selected, events in the capture, nanoseconds of the window (Qt's int is too small)."""

    def __init__(self, jobs: Jobs, strip: TimeStrip, failed: Callable[[Exception], None]) -> None:
        super().__init__(strip)
        self._jobs = jobs
        self._strip = strip
        self._failed = failed
        self._shown: tuple[object, ...] = ()
        self._times = np.empty(0, dtype=np.int64)
        self._scope: Scope | None = None

    def show(self, scope: Scope) -> None:
        """Ask for the times where the conditions are new; a window alone only changes the count."""
        self._scope = scope
        wanted = (id(scope.frames), scope.conditions)
        if wanted == self._shown:
            self._count()
            return
        self._shown = wanted

        def work(job: Job) -> object:
            rows = select(scope.frames, None, scope.conditions).rows
            return scope.frames.events["time"].to_numpy()[rows]

        def fail(error: Exception) -> None:
            self._shown = ()
            self._failed(error)

        self._jobs.start("strip", "Counting events", work, self._present, fail)

    def _present(self, answer: object) -> None:
        self._times = cast(np.ndarray, answer)
        self._strip.set_times(self._times)
        self._count()

    def _count(self) -> None:
        if self._scope is not None:
            start, end = self._scope.range
            if self._scope.window is None:
                count = len(self._times)
            else:
                count = int(np.diff(np.searchsorted(self._times, np.array([start, end], dtype=np.int64)))[0])
            self.counted.emit(count, len(self._scope.frames.events), end - start)
