"""What a subject did over time: a few figures in equal slices of a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from inspect_app.analysis.matches import matching_within
from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.subject import Kind
from inspect_app.analysis.timelines import bin_bounds, bin_edges, row_edges, sum_per_bin
from inspect_app.frames.capture import CaptureFrames

_NET = "fd.type in (ipv4, ipv6)"
_IN, _OUT = "evt.is_io_read = true", "evt.is_io_write = true"


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """One line of the picture: which events, and whether they or their bytes are counted."""

    title: str
    where: str = ""
    is_bytes: bool = False


@dataclass(frozen=True, eq=False)
class Lane:
    """A figure over time."""

    title: str
    counts: np.ndarray
    """int64, one a slice."""
    total: int
    """All of them together; of what only stands at a height, the highest."""
    is_bytes: bool
    is_time: bool = False
    """Whether it counts nanoseconds."""


LANES: Mapping[Kind, tuple[LaneSpec, ...]] = MappingProxyType(
    {
        Kind.PROCESS: (
            LaneSpec("Events"),
            LaneSpec("Failed calls", "evt.failed = true"),
            LaneSpec("File bytes", "evt.is_io = true and fd.type = file", True),
            LaneSpec("Network bytes", f"evt.is_io = true and {_NET}", True),
        ),
        Kind.CONTAINER: (
            LaneSpec("Events"),
            LaneSpec("Commands", "evt.type in (execve, execveat) and evt.failed = false"),
            LaneSpec("File bytes", "evt.is_io = true and fd.type = file", True),
            LaneSpec("Network in", f"{_IN} and {_NET}", True),
            LaneSpec("Network out", f"{_OUT} and {_NET}", True),
        ),
        Kind.FILE: (
            LaneSpec("Events"),
            LaneSpec("Bytes read", _IN, True),
            LaneSpec("Bytes written", _OUT, True),
        ),
        Kind.CONNECTION: (
            LaneSpec("Events"),
            LaneSpec("Bytes in", _IN, True),
            LaneSpec("Bytes out", _OUT, True),
        ),
    }
)


def lanes_of(
    frames: CaptureFrames, kind: Kind, rows: np.ndarray, window: TimeRange, *, bins: int
) -> tuple[Lane, ...]:
    """The figures of some events over a window.

    Args:
        frames: The capture.
        kind: What the events belong to.
        rows: The events, ascending.
        window: What is shown.
        bins: Into how many slices.
    """
    total = len(frames.events)
    edges = row_edges(frames, bin_edges(window, bins))
    size = frames.events["size"].to_numpy()
    lanes = []
    for spec in LANES[kind]:
        mine = matching_within(frames, spec.where, rows) if spec.where else rows
        bounds = bin_bounds(mine, edges, total)
        counts = sum_per_bin(size[mine], bounds) if spec.is_bytes else np.diff(bounds).astype(np.int64)
        lanes.append(Lane(spec.title, counts, int(counts.sum()), spec.is_bytes))
    return tuple(lanes)
