"""What processes used, by the samples taken about once a second and by what their ends tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from capture.format.joins import taken
from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import arguments_of, rows_of
from inspect_app.frames.capture import CaptureFrames

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "cpu": "processor time used",
        "cpu_share": "processor time as a part of one processor's over the window",
        "rss": "most resident memory of any sample",
        "vms": "most virtual memory of any sample",
        "minflt": "minor page faults",
        "majflt": "major page faults",
        "threads": "most threads of any sample",
    }
)
"""What can be told of each process over a window."""
GROWING: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"cpu": ("cpu_time", 3), "minflt": ("minflt", 4), "majflt": ("majflt", 5)}
)
"""Figures that only grow: the samples' column, and the argument in which procexit tells a thread's."""


def last_sample(frames: CaptureFrames, process: int, at: int) -> int:
    """The row of a process' last sample at or before a time (ns since 1970 UTC), -1 none."""
    samples = frames.samples
    before = int(np.searchsorted(samples["time"].to_numpy(), at, side="right"))
    own = np.flatnonzero(samples["process"].to_numpy()[:before] == process)
    return int(own[-1]) if len(own) else -1


@dataclass(frozen=True, slots=True)
class Used:
    """A figure of every process."""

    values: np.ndarray
    """int64, or float64 for a share; one a process."""
    missing: np.ndarray
    """bool, one a process: neither a sample nor an end tells it."""


def used(frames: CaptureFrames, figure: str, window: TimeRange) -> Used:
    """What each process used within a window; `figure` is one of FIGURES."""
    if figure == "cpu_share":
        cpu = used(frames, "cpu", window)
        return Used(cpu.values / max(window.duration_ns, 1), cpu.missing)
    if figure in GROWING:
        return _grown(frames, *GROWING[figure], window)
    return _most(frames, figure, window)


def _grown(frames: CaptureFrames, column: str, argument: int, window: TimeRange) -> Used:
    """By how much a figure grew: of what began in the recording from 0 on, else from its first sample on."""
    values, rows, first, stop = _samples(frames, column, window)
    base, last, begin = (
        _latest(frames, rows[:first]),
        _latest(frames, rows[:stop]),
        _latest(frames, rows[:stop][::-1]),
    )
    existed = frames.processes["existed"].to_numpy()
    start = np.where(base >= 0, taken(values, base, 0), np.where(existed, taken(values, begin, 0), 0))
    ended, total = _at_end(frames, argument, window)
    known = (last >= 0) | (ended & ~existed)
    end = np.where(ended, np.maximum(taken(values, last, 0), total), taken(values, last, 0))
    return Used(np.where(known, np.maximum(end - start, 0), 0), ~known)


def _most(frames: CaptureFrames, column: str, window: TimeRange) -> Used:
    """The largest within the window; what did not change since has no sample of its own."""
    values, rows, first, stop = _samples(frames, column, window)
    found = taken(values, _latest(frames, rows[:first]), -1)
    inside = rows[first:stop]
    process = frames.samples["process"].to_numpy()[inside]
    np.maximum.at(found, process[process >= 0], values[inside][process >= 0])
    return Used(found, found < 0)


def _samples(
    frames: CaptureFrames, column: str, window: TimeRange
) -> tuple[np.ndarray, np.ndarray, int, int]:
    """A column, the rows, and which of them lie in the window."""
    times = frames.samples["time"].to_numpy()
    first, stop = np.searchsorted(times, (window.start_ns, window.end_ns))
    return frames.samples[column].to_numpy(), np.arange(len(times)), int(first), int(stop)


def _latest(frames: CaptureFrames, rows: np.ndarray) -> np.ndarray:
    """Of each process the last of these samples, -1 none."""
    process = frames.samples["process"].to_numpy()[rows]
    found = np.full(len(frames.processes), -1)
    found[process[process >= 0]] = rows[process >= 0]
    return found


def _at_end(frames: CaptureFrames, argument: int, window: TimeRange) -> tuple[np.ndarray, np.ndarray]:
    """Which processes ended before the window did, and what their threads had used in all."""
    total = totals_at_end(frames, argument)
    end = frames.processes["end"].to_numpy()
    return (end >= 0) & (end < window.end_ns) & (total > 0), total


def totals_at_end(frames: CaptureFrames, argument: int) -> np.ndarray:
    """int64, of each process: what its threads that ended had used, by an argument of procexit in GROWING."""
    return remember(frames, "totals at ends", lambda: _totals(frames))[argument]


def _totals(frames: CaptureFrames) -> dict[int, np.ndarray]:
    rows = rows_of(frames, lambda name: name == "procexit")
    process = frames.events["process"].to_numpy()[rows]
    rows, process = rows[process >= 0], process[process >= 0]
    wanted = [argument for _, argument in GROWING.values()]
    totals = {argument: np.zeros(len(frames.processes), np.int64) for argument in wanted}
    for argument, used_up in zip(wanted, arguments_of(frames, [(at, rows) for at in wanted]), strict=True):
        np.add.at(totals[argument], process, used_up.astype(np.int64))
    return totals
