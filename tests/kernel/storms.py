"""A storm to record, and what must be in its capture: many short processes beside dds that move single bytes.

storm = rage(recording, processes=1_000)
missing = storm.missing(Capture(recording.path))
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SHELLS = 4
TRUE = "/bin/true"
_BOMB = f'i=0; while [ $i -lt "$1" ]; do {TRUE} $i; i=$((i+1)); done'
_READS = ("read", "pread64", "readv")
_WRITES = ("write", "pwrite64", "writev")


@dataclass(frozen=True)
class Mover:
    """A dd that has ended: what the kernel counted for it (/proc/PID/io)."""

    pid: int
    syscr: int
    syscw: int
    wchar: int
    moved: int
    """Bytes, by its own words: it read and wrote each with a call."""


@dataclass(frozen=True)
class Storm:
    """What happened, as the kernel and the programs themselves tell."""

    shells: tuple[int, ...]
    processes: int
    movers: tuple[Mover, ...]
    reads_of_a_start: int
    """What the kernel counts as reads before a dd moves anything: it reads the program's file itself."""
    seconds: float

    def missing(self, capture):
        """By what how many are missing; nothing but zeros if the capture tells all."""
        columns, sums = capture.columns, capture.frames.counted
        forks = capture.rows("procfork")
        born = forks[
            np.isin(columns["pid"][forks], self.shells) & (columns["a0"][forks] == columns["a1"][forks])
        ]
        children = columns["a0"][born]
        gone = capture.rows("procexit", a1=1)
        begun = capture.rows("execve", ret=0)
        found = {
            "forks": len(born),
            "execs": int(np.isin(columns["pid"][begun], children).sum()),
            "exits": int(np.isin(columns["pid"][gone], children).sum()),
        }
        gaps = {name: self.processes - count for name, count in found.items()}
        for mover in self.movers:
            reads = capture.rows(*_READS, pid=mover.pid)
            writes = capture.rows(*_WRITES, pid=mover.pid)
            of_it = sums[sums["pid"] == mover.pid]
            more_reads, more_writes = (of_it[of_it["type"].isin(names)] for names in (_READS, _WRITES))
            bytes_written = int(columns["ret"][writes].sum()) + int(more_writes["bytes"].sum())
            on_zero = int((columns["fd"][reads] == 0).sum()) + int(
                more_reads.loc[more_reads["fd"] == 0, "count"].sum()
            )
            gaps[f"writes of {mover.pid}"] = mover.syscw - len(writes) - int(more_writes["count"].sum())
            gaps[f"bytes written by {mover.pid}"] = mover.wchar - bytes_written
            gaps[f"reads of {mover.pid}"] = mover.syscr - self.reads_of_a_start - on_zero
            gaps[f"bytes read by {mover.pid}"] = mover.moved - on_zero
        return gaps


def rage(*, processes, moved):
    """Let it storm: so many short processes in SHELLS loops, and two dds that move so many bytes each."""
    began = time.monotonic()
    start = _finished(_dd(0))
    dds = [_dd(moved) for _ in range(2)]
    shells = [subprocess.Popen(["sh", "-c", _BOMB, "sh", str(processes // SHELLS)]) for _ in range(SHELLS)]
    for shell in shells:
        assert shell.wait() == 0
    movers = tuple(_finished(dd, moved) for dd in dds)
    seconds = time.monotonic() - began
    pids = tuple(shell.pid for shell in shells)
    return Storm(pids, processes // SHELLS * SHELLS, movers, start.syscr, seconds)


def end_with_the_tests():
    """In a child, before its program: a storm must not outlive tests that were killed (PR_SET_PDEATHSIG).

    Tests in the background of a shell may have inherited that SIGINT is ignored; dd would keep to it.
    """
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _dd(count):
    return subprocess.Popen(
        ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", f"count={count}"],
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_the_tests,  # noqa: PLW1509  nothing but a call of the kernel
    )


def _finished(process, moved=0):
    """What the kernel tells of a dd while it waits to be reaped."""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    lines = Path(f"/proc/{process.pid}/io").read_text("ascii").splitlines()
    facts = dict(line.split(": ") for line in lines)
    assert process.wait() == 0
    return Mover(process.pid, *(int(facts[name]) for name in ("syscr", "syscw", "wchar")), moved)
