"""What a process or a container used over time, as lines of its picture: processor, memory, faults, threads.

A process is sampled about once a second while it is active. What it used between two samples is spread evenly
over the time between them; memory and threads stay as they were until the next sample, and end with it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.subject_lanes import Lane
from inspect_app.analysis.timelines import bin_edges
from inspect_app.analysis.usage import samples_with_ends
from inspect_app.frames.capture import CaptureFrames


def usage_lanes(
    frames: CaptureFrames, processes: np.ndarray, window: TimeRange, *, bins: int
) -> tuple[Lane, ...]:
    """The lines of some processes together over a window; none where nothing was sampled.

    Memory that processes share counts for each.

    Args:
        frames: The capture.
        processes: Rows of processes.
        window: What is shown.
        bins: Into how many slices.
    """
    table = samples_with_ends(frames, processes)
    if not len(table):
        return ()
    edges = bin_edges(window, bins)
    spans = _Spans(frames, table, window.start_ns)
    cpu = spans.grown(table["cpu"].to_numpy(), edges)
    faults = spans.grown((table["minflt"] + table["majflt"]).to_numpy(), edges)
    memory, threads = (spans.level(table[name].to_numpy(), edges) for name in ("rss", "threads"))
    grown = (
        Lane("Processor", cpu, int(cpu.sum()), is_bytes=False, is_time=True),
        Lane("Page faults", faults, int(faults.sum()), is_bytes=False),
    )
    if not table["threads"].any():
        # What lived between two samples tells at its end what it took, not what it held.
        return grown
    return (
        grown[0],
        Lane("Memory, most", memory, int(memory.max()), is_bytes=True),
        grown[1],
        Lane("Threads, most", threads, int(threads.max()), is_bytes=False),
    )


class _Spans:
    """From each sample of a process back to the one before."""

    def __init__(self, frames: CaptureFrames, table: pd.DataFrame, zero: int) -> None:
        """`table`: by process and time; `zero`: what times are counted from, so that fractions are exact."""
        process, time = table["process"].to_numpy(), table["time"].to_numpy()
        self._is_first = np.append(True, process[1:] != process[:-1])[: len(process)]
        self._existed = frames.processes["existed"].to_numpy()[process]
        began = np.where(self._existed, time, frames.processes["start"].to_numpy()[process])
        before = np.where(self._is_first, began, np.roll(time, 1))
        self._zero = zero
        self._until = (time - zero).astype(float)
        self._since = np.minimum((before - zero).astype(float), self._until)

    def grown(self, totals: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """int64, one a slice: by how much figures grew that only grow."""
        # What a process had used before its first sample, if it was there before the recording, is not told.
        known = np.where(self._existed, totals, 0)
        before = np.where(self._is_first, known, np.roll(totals, 1))
        grown = np.maximum(totals - before, 0).astype(float)
        slope = grown / np.maximum(self._until - self._since, 1.0)
        moments = np.concatenate((self._since, np.maximum(self._until, self._since + 1.0)))
        change = np.concatenate((slope, -slope))
        order = np.argsort(moments, kind="stable")
        moments, change = moments[order], change[order]
        steps = np.append(0.0, np.cumsum(change))
        areas = np.append(0.0, np.cumsum(change * moments))
        asked = (edges - self._zero).astype(float)
        at = np.searchsorted(moments, asked, side="right")
        # Rounded before they are told apart, so that the slices add up.
        up_to = (asked * steps[at] - areas[at]).round()
        found: np.ndarray = np.maximum(np.diff(up_to), 0).astype(np.int64)
        return found

    def level(self, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """int64, one a slice: the sum of what stood at its end."""
        change = values - np.where(self._is_first, 0, np.roll(values, 1))
        # What was there before the recording had it before its first sample, too.
        since = np.where(self._is_first & self._existed, -np.inf, self._until)
        order = np.argsort(since, kind="stable")
        levels = np.append(0, np.cumsum(change[order]))
        at = np.searchsorted(since[order], (edges[1:] - self._zero).astype(float), side="right")
        return levels[at].astype(np.int64)
