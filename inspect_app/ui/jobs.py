"""Work that takes longer than a blink, off the thread that draws.

A job belongs to a lane ("load", "page", …). A new job on a lane makes the one before it stale: it is told
to stop, and whatever it still brings is dropped. Results reach the window through queued signals alone,
so work never touches a widget.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from PySide6.QtCore import QObject, Qt, QTimer, Signal

_REPORTS_PER_SECOND = 30
_SLOW_MS = 300
_WORKERS = 3
_PER_LANE = 2
"""So many jobs of a lane are under way at most: a brush that is dragged asks faster than can be answered."""

Done = Callable[[object], None]
Failed = Callable[[Exception], None]


class Cancelled(Exception):
    """The job was told to stop."""


class Job:
    """One piece of work, as the work itself sees it: to tell how far it is, to learn that it shall stop."""

    def __init__(
        self, lane: str, title: str, moved: Callable[[Job, int, int], None], *, quiet: bool = False
    ) -> None:
        self.lane = lane
        self.title = title
        self.quiet = quiet
        self._moved = moved
        self._stop = Event()
        self._reported = 0.0

    def cancel(self) -> None:
        """Ask the work to stop at its next look."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise Cancelled where the work shall stop."""
        if self._stop.is_set():
            raise Cancelled(self.title)

    def report(self, done: int, total: int) -> None:
        """Tell how far the work is, as often as one likes. Raises Cancelled where it shall stop."""
        self.check()
        now = time.monotonic()
        if now - self._reported >= 1 / _REPORTS_PER_SECOND or done == total:
            self._reported = now
            self._moved(self, done, total)


Work = Callable[[Job], object]


class Jobs(QObject):
    """Runs jobs, the newest of each lane."""

    slow = Signal(str, int, int)
    """Title, done and total of a job that has lasted longer than 0.3 s; total 0 where it cannot tell."""
    settled = Signal()
    """No job is running any more but quiet ones."""

    _moved = Signal(object, int, int)
    _arrived = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="exhume")
        self._current: dict[str, Job] = {}
        self._running: dict[Job, tuple[Done, Failed]] = {}
        self._waiting: dict[str, tuple[Job, Work]] = {}
        self._busy: Counter[str] = Counter()
        self._timer = QTimer(self, interval=_SLOW_MS, singleShot=True)
        self._timer.timeout.connect(self._tell_of_slow)
        self._closed = False
        # Both are emitted on workers.
        self._moved.connect(self._on_moved, Qt.ConnectionType.QueuedConnection)
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def start(
        self, lane: str, title: str, work: Work, done: Done, failed: Failed, *, quiet: bool = False
    ) -> None:
        """Run `work(job)` on a worker and give its result to `done`, or what it raised to `failed`.

        Both are called on the window's thread, and only where no newer job of the lane has begun. That a
        `quiet` job lasts is told to nobody: nobody waits for it.
        """
        if self._closed:
            return
        self.cancel(lane)
        job = Job(lane, title, self._moved.emit, quiet=quiet)
        self._current[lane] = job
        self._running[job] = (done, failed)
        if not quiet and not self._timer.isActive():
            self._timer.start()
        if self._busy[lane] < _PER_LANE:
            self._submit(job, work)
        else:
            self._let_go(self._waiting.pop(lane, None))
            self._waiting[lane] = (job, work)

    def cancel(self, lane: str) -> None:
        """Stop what a lane is doing; its result will not be handed over."""
        job = self._current.pop(lane, None)
        if job is not None:
            job.cancel()
            self._let_go(self._waiting.pop(lane, None))

    def cancel_all(self) -> None:
        """Stop every lane."""
        for lane in list(self._current):
            self.cancel(lane)

    def busy(self) -> bool:
        """Whether any job is under way."""
        return bool(self._running)

    def has(self, lane: str) -> bool:
        """Whether a lane has work whose result is waited for."""
        return lane in self._current

    def close(self) -> None:
        """Stop everything and wait for the workers to end."""
        self._closed = True
        self.cancel_all()
        self._timer.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._running.clear()
        self._waiting.clear()

    def _submit(self, job: Job, work: Work) -> None:
        self._busy[job.lane] += 1
        self._pool.submit(self._run, job, work)

    def _let_go(self, waiting: tuple[Job, Work] | None) -> None:
        """Drop what was never begun."""
        if waiting is not None:
            self._running.pop(waiting[0], None)

    def _run(self, job: Job, work: Work) -> None:
        """On a worker."""
        try:
            job.check()
            result = work(job)
        except Exception as error:  # noqa: BLE001 - whatever fails on a worker is shown, never lost in a pool
            self._arrived.emit(job, None, error)
        else:
            self._arrived.emit(job, result, None)

    def _on_arrived(self, job: Job, result: object, error: Exception | None) -> None:
        self._busy[job.lane] -= 1
        waiting = self._waiting.pop(job.lane, None)
        if waiting is not None and not self._closed:
            self._submit(*waiting)
        done, failed = self._running.pop(job, (None, None))
        try:
            if self._current.get(job.lane) is job:
                del self._current[job.lane]
                if error is None and done is not None:
                    done(result)
                elif error is not None and failed is not None and not job.cancelled():
                    failed(error)
        finally:
            # Also where showing the result failed: the window goes on.
            if all(other.quiet for other in self._running):
                self._timer.stop()
                self.settled.emit()

    def _on_moved(self, job: Job, done: int, total: int) -> None:
        if not job.quiet and self._current.get(job.lane) is job and not self._timer.isActive():
            self.slow.emit(job.title, done, total)

    def _tell_of_slow(self) -> None:
        job = next((one for one in self._current.values() if not one.quiet), None)
        if job is not None:
            self.slow.emit(job.title, 0, 0)
