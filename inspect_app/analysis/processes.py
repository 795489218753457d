"""The process forest: who created whom, when each lived, and which programs it ran.

A process keeps the parent that created it, also after that parent ended and the kernel gave it to
another. Both are told: `Forest.parent` is the creator; `is_orphan` says that it was gone at a time,
`adopter_of` who has it then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.model.decode import signal_name
from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.timelines import capture_window
from inspect_app.filters.cache import remember
from inspect_app.frames.capture import CaptureFrames


@dataclass(frozen=True, eq=False)
class Forest:
    """All processes as trees, in the order in which a reader meets them: each before its children.

    Arrays have one entry a row of `frames.processes` unless said otherwise.
    """

    parent: np.ndarray
    """int32: row of the creating parent, -1 for a root."""
    depth: np.ndarray
    """int32: 0 for a root."""
    order: np.ndarray
    """int32, rows in depth-first order; siblings by start."""
    position: np.ndarray
    """int32: where a row stands in `order`."""
    size: np.ndarray
    """int32: how many processes its tree has, itself included."""

    def descendants(self, row: int) -> np.ndarray:
        """Rows of a process and all that it and its children created, depth first, int32."""
        at = int(self.position[row])
        return self.order[at : at + int(self.size[row])]

    def children(self, row: int) -> np.ndarray:
        """Rows of the processes that it created, by start, int32."""
        below = self.descendants(row)
        children: np.ndarray = below[self.parent[below] == row]
        return children

    def ancestors(self, row: int) -> list[int]:
        """Rows of its creator, that one's creator, …, up to a root."""
        chain = []
        while (row := int(self.parent[row])) >= 0:
            chain.append(row)
        return chain

    def with_ancestors(self, chosen: np.ndarray) -> np.ndarray:
        """bool, a row: those that are chosen (bool, a row), and all above them."""
        shown = chosen.copy()
        level = self.parent[chosen]
        while len(level := np.unique(level[level >= 0])):
            level = level[~shown[level]]
            shown[level] = True
            level = self.parent[level]
        return shown

    @property
    def roots(self) -> np.ndarray:
        """Rows of processes whose creator is not known, by start, int32."""
        roots: np.ndarray = self.order[self.depth[self.order] == 0]
        return roots


@dataclass(frozen=True, slots=True)
class Program:
    """One program that a process ran, from a moment on."""

    since: int
    """Nanoseconds since 1970 UTC, -1 not known."""
    event: int
    """Row of the exec, -1 where it was inherited or there when the recording began."""
    comm: str
    exepath: str
    cmdline: str


@dataclass(frozen=True, eq=False)
class Lifelines:
    """When each process lived within a window; one entry a row of `frames.processes`."""

    start: np.ndarray
    """int64, nanoseconds since 1970 UTC, not before the window."""
    end: np.ndarray
    """int64, not after the window."""
    lived: np.ndarray
    """bool: at some time within the window; elsewhere `start` and `end` mean nothing."""
    born: np.ndarray
    """bool: was created within the window."""
    died: np.ndarray
    """bool: ended within the window."""


def process_forest(frames: CaptureFrames) -> Forest:
    """The forest of creating parents, made once for each capture.

    A parent that would make a circle, which only a damaged capture has, is left out.
    """
    return remember(frames, ("forest",), lambda: _plant(frames))


def lifelines(frames: CaptureFrames, window: TimeRange | None = None) -> Lifelines:
    """When each process lived, cut to the window (the whole capture without one)."""
    within = window or capture_window(frames)
    first, after = within.start_ns, within.end_ns
    start, end = frames.processes["start"].to_numpy(), frames.processes["end"].to_numpy()
    lived = (start < after) & ((end < 0) | (end >= first))
    return Lifelines(
        start=np.maximum(start, first),
        end=np.where(end < 0, after, np.minimum(end, after)),
        lived=lived,
        born=(start >= first) & (start < after),
        died=(end >= first) & (end < after),
    )


def is_orphan(frames: CaptureFrames, row: int, at_ns: int) -> bool:
    """Whether the process that created it had ended at a time, so that it had another parent by then."""
    parent = int(frames.processes["parent"].to_numpy()[row])
    if parent < 0:
        return False
    end = int(frames.processes["end"].to_numpy()[parent])
    return 0 <= end <= at_ns


def adopter_of(frames: CaptureFrames, row: int) -> int:
    """Row of its parent in the end where that is not its creator, -1 where it is, or is not known."""
    parent, last = (int(frames.processes[name].to_numpy()[row]) for name in ("parent", "last_parent"))
    return last if last != parent else -1


def fate_text(frames: CaptureFrames, row: int) -> str:
    """How a process ended: `SIGKILL`, `exit 1`, `ended`; empty while it lives."""
    end, signal, code = (
        int(frames.processes[name].to_numpy()[row]) for name in ("end", "exit_signal", "exit_code")
    )
    if end < 0:
        return ""
    if signal > 0:
        return signal_name(signal)
    return f"exit {code}" if code >= 0 else "ended"


def programs_of(frames: CaptureFrames, row: int) -> list[Program]:
    """The programs that a process ran, in order of time."""
    order, starts = remember(frames, ("images by process",), lambda: _images_by_process(frames))
    mine = frames.images.iloc[order[starts[row] : starts[row + 1]]]
    columns = (mine[name].tolist() for name in ("since", "event", "comm", "exepath", "cmdline"))
    return [Program(*values) for values in zip(*columns, strict=True)]


def _images_by_process(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """Rows of images by process and time, and where each process's begin."""
    owner = frames.images["process"].to_numpy()
    order = np.lexsort((frames.images["since"].to_numpy(), owner))
    starts = np.searchsorted(owner[order], np.arange(len(frames.processes) + 1))
    return order, starts


def _plant(frames: CaptureFrames) -> Forest:
    parent = frames.processes["parent"].to_numpy().astype(np.int32)
    start = frames.processes["start"].to_numpy()
    parent = np.where(parent == np.arange(len(parent)), -1, parent).astype(np.int32)
    depth, levels = _levels(parent)
    parent[(depth == 0) & (parent >= 0)] = -1
    size = np.ones(len(parent), dtype=np.int32)
    for level in reversed(levels[1:]):
        np.add.at(size, parent[level], size[level])
    position = _positions(parent, start, size, levels)
    order = np.empty(len(parent), dtype=np.int32)
    order[position] = np.arange(len(parent), dtype=np.int32)
    return Forest(parent, depth, order, position, size)


def _levels(parent: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The depth of each row, and the rows of each depth; what a circle holds becomes a root."""
    depth = np.full(len(parent), -1, dtype=np.int32)
    by_parent = np.argsort(parent, kind="stable")
    starts = np.searchsorted(parent[by_parent], np.arange(len(parent) + 1))
    level = np.flatnonzero(parent < 0)
    levels: list[np.ndarray] = [level]
    while True:
        depth[level] = len(levels) - 1
        level = _concatenate_ranges(by_parent, starts[level], starts[level + 1])
        # A row reached again hangs below itself.
        level = level[depth[level] < 0]
        if not len(level):
            break
        levels.append(level)
    lost = np.flatnonzero(depth < 0)
    depth[lost] = 0
    levels[0] = np.concatenate([levels[0], lost])
    return depth, levels


def _concatenate_ranges(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    counts = ends - starts
    if not counts.sum():
        return values[:0]
    offsets = np.repeat(starts - np.append(0, np.cumsum(counts)[:-1]), counts)
    return values[offsets + np.arange(len(offsets))]


def _positions(
    parent: np.ndarray, start: np.ndarray, size: np.ndarray, levels: list[np.ndarray]
) -> np.ndarray:
    """A row stands just after its parent and the trees of its elder siblings."""
    position = np.zeros(len(parent), dtype=np.int32)
    for level in levels:
        elder_first = level[np.lexsort((level, start[level], parent[level]))]
        before = np.cumsum(size[elder_first]) - size[elder_first]
        above = parent[elder_first]
        family = np.append(True, above[1:] != above[:-1]) if len(above) else np.zeros(0, dtype=bool)
        eldest = np.maximum.accumulate(np.where(family, np.arange(len(above)), 0))
        within = before - before[eldest] if len(above) else before
        position[elder_first] = within + np.where(above < 0, 0, position[above] + 1)
    return position
