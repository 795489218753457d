"""Samples of active processes once a second: processor time, memory, page faults and threads.

One file a process, /proc/PID/stat, is read beside the recording path. A round that takes long makes the pause
after it longer, so that it never costs more than a hundredth of a processor.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import numpy as np

from capture.agent.clock import boot_now_ns
from capture.format import SAMPLE_COLUMNS
from capture.format.coding import Array

INTERVAL_S = 1.0
_SHARE = 0.01
"""Of one processor, at most."""
_MOST = 8192
"""Processes read in a round; beyond it the rest of a huge machine is left out."""
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Fields of proc(5) behind the name: minflt majflt utime stime num_threads starttime vsize rss.
_MINFLT, _MAJFLT, _UTIME, _STIME, _THREADS, _START, _VSIZE, _RSS = 7, 9, 11, 12, 17, 19, 20, 21

Sample = tuple[int, ...]
"""The values of SAMPLE_COLUMNS behind `pid`, the start in ns since boot."""
_NAMES = tuple(SAMPLE_COLUMNS)[1:]


class Sampler:
    """Takes samples in a thread of its own and hands them over."""

    def __init__(self, write: Callable[[dict[str, Array]], None], boot_to_utc_ns: int) -> None:
        """`write` gets the columns of SAMPLE_COLUMNS of each round."""
        self._write, self._boot_to_utc = write, boot_to_utc_ns
        self._last: dict[int, Sample] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, timeout_s: float = 5.0) -> None:
        """Take no more, after a last round, so that a short recording has some too."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause = INTERVAL_S
        while not self._ended.wait(pause):
            before = time.thread_time()
            self.take()
            pause = max(INTERVAL_S, (time.thread_time() - before) / _SHARE)
        self.take()

    def take(self) -> int:
        """One round: those processes that did something since the last one; how many."""
        now = boot_now_ns()
        found = read_samples()
        last, self._last = self._last, found
        active = [(pid, *sample) for pid, sample in found.items() if last.get(pid) != sample]
        if active:
            table = np.array(active, np.int64).T
            columns = dict(zip(_NAMES, table, strict=True))
            columns["start"] = columns["start"] + self._boot_to_utc
            self._write({"time": np.full(len(active), now + self._boot_to_utc), **columns})
        return len(active)


def read_samples() -> dict[int, Sample]:
    """Every process but this one, by pid; those that are gone or hidden are left out."""
    own = os.getpid()
    samples: dict[int, Sample] = {}
    folder = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name[0] in "123456789"]
        for name in names[:_MOST]:
            if (pid := int(name)) != own and (sample := _stat(folder, name)) is not None:
                samples[pid] = sample
    finally:
        os.close(folder)
    return samples


def _stat(folder: int, name: str) -> Sample | None:
    try:
        fd = os.open(f"{name}/stat", os.O_RDONLY, dir_fd=folder)
    except OSError:
        return None
    try:
        raw = os.read(fd, 1024)
    except OSError:
        return None
    finally:
        os.close(fd)
    # The name may hold blanks and brackets: nothing behind its last bracket can.
    fields = raw[raw.rfind(b")") + 2 :].split(None, _RSS + 1)
    if len(fields) <= _RSS:
        return None
    return (
        int(fields[_START]) * _TICK_NS,
        (int(fields[_UTIME]) + int(fields[_STIME])) * _TICK_NS,
        int(fields[_RSS]) * _PAGE,
        int(fields[_VSIZE]),
        int(fields[_MINFLT]),
        int(fields[_MAJFLT]),
        int(fields[_THREADS]),
    )
