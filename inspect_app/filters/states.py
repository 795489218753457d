"""What threads and processes are at each event, from what changed them and who made them.

A *fact* is something that holds of a life (a thread, a process) from one event on. Where a life has no fact
yet, what held of its creator at the fork holds of it, and so on up; at the end of that chain stands how it
was when the recording began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, codes_of, follow, pair_codes, place_among
from capture.format.pieces import each_piece, taken_from
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import arguments_of, rows_of
from inspect_app.filters.entities import entity_array, event_array, event_hosts
from inspect_app.filters.facets import no_arrows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import on_host


@dataclass(frozen=True, slots=True, eq=False)
class Lives:
    """Threads or processes."""

    of_event: np.ndarray
    """Event → life, -1 none."""
    creator: np.ndarray
    """Life → life that made it, -1 not known."""
    fork: np.ndarray
    """Life → row of the event that made it, -1 not seen."""

    def __len__(self) -> int:
        return len(self.creator)

    def holding(self, owner: np.ndarray, row: np.ndarray) -> np.ndarray:
        """Of each event: which of the facts holds, -1 for events of no life; as wide as need be.

        Args:
            owner: Each fact's life.
            row: The event from which on it holds; of several at one event the last given holds.

        Facts are counted from 0. Numbers beyond them stand for "as it began": number - len(owner) is the
        life at the end of the chain of creators.
        """
        count = len(owner)
        facts = Latest(owner, row, len(self))
        before = facts.find(self.creator, np.maximum(self.fork, 0))
        source = np.arange(len(self) + count)
        made = np.flatnonzero((self.creator >= 0) & (self.fork >= 0))
        source[made] = np.where(before[made] >= 0, len(self) + before[made], self.creator[made])
        begun = follow(source)[: len(self)]
        # Lives come first in `begun`, facts first in what is told.
        begun = np.where(begun >= len(self), begun - len(self), begun + count)
        # The last is what an event of no life points to.
        began = np.append(begun, -1).astype(no_arrows(0, len(self) + count).dtype)
        if not count:
            return taken_from(began, self.of_event)
        found = np.empty(len(self.of_event), began.dtype)

        def fill(rows: slice) -> None:
            lives = self.of_event[rows]
            own = facts.find(lives, np.arange(rows.start, rows.stop))
            found[rows] = np.where(own >= 0, own, began.take(lives))

        each_piece(len(found), fill)
        return found


def thread_lives(frames: CaptureFrames) -> Lives:
    """A row a thread."""

    def compute() -> Lives:
        forks = _forks(frames)
        made, fork = _matched(frames, "thread", forks)
        creator, at = np.full((2, len(frames.threads)), -1)
        creator[made], at[made] = event_array(frames, "thread")[fork], fork
        creator[creator == np.arange(len(creator))] = -1
        return Lives(event_array(frames, "thread"), creator, at)

    return remember(frames, "thread lives", compute)


def process_lives(frames: CaptureFrames) -> Lives:
    """A row a process."""

    def compute() -> Lives:
        forks = _forks(frames)
        made, fork = _matched(frames, "process", forks.chosen(forks.pid == forks.tid))
        at = np.full(len(frames.processes), -1)
        at[made] = fork
        return Lives(event_array(frames, "process"), entity_array(frames, "process", "parent"), at)

    return remember(frames, "process lives", compute)


def inner_told(frames: CaptureFrames, lives: Lives) -> np.ndarray:
    """int64, of each life: its number in its own pid namespace, as its fork tells it, -1 none was seen."""
    forks, seen = _forks(frames), np.flatnonzero(lives.fork >= 0)
    told = np.full(len(lives), -1)
    told[seen] = forks.inner[np.searchsorted(forks.row, lives.fork[seen])]
    return told


@dataclass(frozen=True, slots=True, eq=False)
class _Forks:
    """The forks that were seen, ascending, and what each tells of whom it made."""

    row: np.ndarray
    pid: np.ndarray
    tid: np.ndarray
    start: np.ndarray
    """ns since 1970 UTC, 0 not told."""
    inner: np.ndarray
    """The number in its own pid namespace."""

    def chosen(self, which: np.ndarray) -> _Forks:
        """Some of them."""
        return _Forks(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def _forks(frames: CaptureFrames) -> _Forks:
    def read() -> _Forks:
        rows = rows_of(frames, lambda name: name == "procfork")
        told = arguments_of(frames, [(at, rows) for at in (0, 1, 2, 4)])
        return _Forks(rows, *(column.astype(np.int64) for column in told))

    return remember(frames, "forks", read)


def _matched(frames: CaptureFrames, entity: str, forks: _Forks) -> tuple[np.ndarray, np.ndarray]:
    """Lives whose (number, start) a fork tells, and the rows of those forks."""
    name = "tid" if entity == "thread" else "pid"
    number = getattr(forks, name)
    told = np.where(forks.start > 0, forks.start, event_array(frames, "time")[forks.row])
    numbers, starts = entity_array(frames, entity, name), entity_array(frames, entity, "start")
    _, _, code = pair_codes(np.concatenate((numbers, number)), np.concatenate((starts, told)))
    fork_of = np.full(int(code.max(initial=-1)) + 1, -1)
    fork_of[code[len(numbers) :]] = forks.row
    found = fork_of[code[: len(numbers)]]
    made = np.flatnonzero(found >= 0)
    return made, found[made]


def process_at(frames: CaptureFrames, pid: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """int64: the process that a pid meant at each of the events, on its host; -1 none."""
    own, hosts = (entity_array(frames, "process", name) for name in ("pid", "host"))
    pids, codes = codes_of(on_host(own, hosts))
    since = _row_of_start(frames, entity_array(frames, "process", "start"))
    asked = place_among(pids, on_host(pid, event_hosts(frames, rows)))
    return Latest(codes, since, len(pids)).find(asked, rows)


def image_at(frames: CaptureFrames, process: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """int64: the row of images that each process ran at each of the events, -1 not known."""
    since = _row_of_start(frames, entity_array(frames, "image", "since"))
    return Latest(entity_array(frames, "image", "process"), since, len(frames.processes)).find(process, rows)


def _row_of_start(frames: CaptureFrames, start: np.ndarray) -> np.ndarray:
    return np.where(start < 0, -1, np.searchsorted(event_array(frames, "time"), start))


def alive_at_events(
    frames: CaptureFrames, owner: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How many of some lives of the event's process were there at that moment.

    The numbers there were (int64), and which of them holds at each event (-1 without a process).

    Args:
        frames: The capture.
        owner: The process that each life counts for, -1 none.
        start: ns since 1970 UTC, -1 from the beginning.
        end: likewise, -1 to the end; at the moment of its end a life still counts.
    """
    time, processes = event_array(frames, "time"), len(frames.processes)
    begins = np.where(start < 0, -1, np.searchsorted(time, start))
    ends = np.searchsorted(time, end, side="right")
    known, ended = owner >= 0, (owner >= 0) & (end >= 0)
    # Every process has no life before its first one.
    owners = np.concatenate((np.arange(processes), owner[known], owner[ended]))
    rows = np.concatenate((np.full(processes, -1), begins[known], ends[ended]))
    change = np.repeat((0, 1, -1), (processes, int(known.sum()), int(ended.sum())))
    order = np.lexsort((rows, owners))
    owners, rows, alive = owners[order], rows[order], np.cumsum(change[order])
    # What one process has is none of the next one's.
    alive -= np.concatenate(([0], alive))[np.searchsorted(owners, owners)]
    found = Latest(owners, rows, processes).find_each(event_array(frames, "process"))
    return alive, found.astype(no_arrows(0, len(alive)).dtype, copy=False)
