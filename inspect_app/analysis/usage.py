"""What processes and containers used over time: processor, memory, faults, threads.

A process is sampled about once a second while it is active; between two samples its figures are those of
the one before. What it used up to its end is told by the end itself, so that short lives count, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pandas as pd

from inspect_app.analysis.samples import GROWING, totals_at_end
from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.timelines import bin_edges, capture_window
from inspect_app.frames.capture import CaptureFrames

MAX_CELLS = 4_000_000
"""Steps times processes; more are told to be too many."""
_LEVELS = ("rss", "vms", "threads")


class UsageBy(StrEnum):
    """Whose usage a row tells."""

    PROCESS = "process"
    CONTAINER = "container"


def usage(
    frames: CaptureFrames,
    *,
    by: UsageBy = UsageBy.PROCESS,
    window: TimeRange | None = None,
    steps: int = 60,
    processes: Sequence[int] | np.ndarray | None = None,
) -> pd.DataFrame:
    """A row for each step of time and each process or container of which something is known then.

    Columns: `time` (where the step begins, ns since 1970 UTC), `process` or `container` (row of that frame,
    -1 not known), `cpu` (ns of processor time used in the step), `share` (of one processor), `rss`, `vms`
    (bytes, at the end of the step), `minflt`, `majflt` (page faults in the step), `threads` (at its end).
    A container has the sum of its processes; memory that they share counts for each.

    Args:
        frames: the capture.
        by: processes or containers.
        window: which part of the capture, all of it without one.
        steps: into how many equal steps it is divided.
        processes: rows of processes to tell of, all without them.

    Raises:
        ValueError: there would be more than MAX_CELLS rows.
    """
    span = window or capture_window(frames)
    edges = bin_edges(TimeRange(span.start_ns, max(span.end_ns, span.start_ns + 1)), steps)
    samples = samples_with_ends(frames, processes)
    known = np.unique(samples["process"].to_numpy())
    if len(known) * steps > MAX_CELLS:
        raise ValueError(f"{len(known):,} processes over {steps:,} steps are more than {MAX_CELLS:,} figures")
    told = _at_edges(frames, samples, known, edges)
    table = pd.DataFrame(
        {
            "time": np.tile(edges[:-1], len(known)),
            "process": np.repeat(known, steps),
            **{name: np.diff(told[name], axis=1).ravel() for name in GROWING},
            **{name: told[name][:, 1:].ravel() for name in _LEVELS},
        }
    )
    lived = (table["threads"] > 0) | (table["cpu"] > 0)
    table = table[lived & (table["process"] >= 0)]
    if by is UsageBy.CONTAINER:
        home = frames.processes["container"].to_numpy()[table["process"]]
        table = table.assign(container=home).drop(columns="process")
        table = table.groupby(["time", "container"], as_index=False).sum()
    table = table.sort_values(["time", by.value], kind="stable", ignore_index=True)
    return table.assign(share=table["cpu"] / np.maximum(np.diff(edges).mean(), 1))[
        ["time", by.value, "cpu", "share", "rss", "vms", "minflt", "majflt", "threads"]
    ]


def samples_with_ends(
    frames: CaptureFrames, processes: Sequence[int] | np.ndarray | None = None
) -> pd.DataFrame:
    """The samples, and one for each end with what was used in all; in order of process and time.

    Columns: `time`, `process`, `cpu` (ns), `minflt`, `majflt`, `rss`, `vms` (bytes), `threads`; an end has 0
    of the last three. `processes`: rows of those to tell of, all without them.
    """
    taken = frames.samples
    ended = frames.processes["end"].to_numpy()
    totals = {name: totals_at_end(frames, argument) for name, (_, argument) in GROWING.items()}
    rows = np.flatnonzero((ended >= 0) & (totals["cpu"] > 0))
    ends = {
        "time": ended[rows],
        "process": rows,
        **{name: total[rows] for name, total in totals.items()},
        **{name: np.zeros(len(rows), np.int64) for name in _LEVELS},
    }
    columns = {name: GROWING[name][0] if name in GROWING else name for name in ends}
    table = pd.DataFrame(
        {name: np.concatenate((taken[columns[name]].to_numpy(), values)) for name, values in ends.items()}
    )
    table = table[table["process"] >= 0]
    if processes is not None:
        table = table[table["process"].isin(np.asarray(processes))]
    return table.sort_values(["process", "time"], kind="stable", ignore_index=True)


def _at_edges(
    frames: CaptureFrames, samples: pd.DataFrame, known: np.ndarray, edges: np.ndarray
) -> dict[str, np.ndarray]:
    """Each figure of each process at each edge: of its last sample up to there."""
    process, time = samples["process"].to_numpy(), samples["time"].to_numpy()
    # Times as ranks, so that process and time fit into one number.
    moments = np.unique(np.concatenate((time, edges)))
    packed = process.astype(np.int64) << 32 | np.searchsorted(moments, time)
    asked = known.astype(np.int64)[:, None] << 32 | np.searchsorted(moments, edges)[None, :]
    at = np.searchsorted(packed, asked, side="right") - 1
    first = np.searchsorted(process, known)
    before = at < first[:, None]
    existed = frames.processes["existed"].to_numpy()[known]
    at = np.where(before, first[:, None], at)
    told = {}
    for name in (*GROWING, *_LEVELS):
        values = samples[name].to_numpy()[at]
        # Nothing is known before the first sample: what began in the recording began with nothing.
        keeps = before & existed[:, None] if name in GROWING else np.zeros_like(before)
        told[name] = np.where(before & ~keeps, 0, values)
    for name in GROWING:
        # An end counts only threads that have ended, a sample all of them.
        told[name] = np.maximum.accumulate(told[name], axis=1)
    return told
