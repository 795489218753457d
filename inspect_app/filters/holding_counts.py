"""How many descriptors each process held at each event, for all processes at once.

What is known of a number is a list of steps, as `holding_entries` tells them. Between two steps nothing
happens to it but that a program which begins closes it, where it closes at exec. Processes are gone through
by generations: what one is handed at its fork is what its parent held then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import each_piece
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import arguments_of
from inspect_app.filters.entities import entity_array, event_array
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.holding_entries import (
    CLOSED,
    MADE,
    MARKED,
    Entries,
    carried,
    collect,
    forks_of,
    latest,
    order_of_numbers,
)
from inspect_app.frames.capture import CaptureFrames

MAX_HANDED = 20_000_000
"""Numbers that all processes together may be handed at forks, and that calls of close_range may cover."""
GENERATIONS = 64
"""How far up a number is followed to who opened it."""
_CLOSE_RANGE_CLOEXEC = 4
_AT_FORK = -2
"""Comes before every row, also before the snapshot's -1."""
_NEVER = 1 << 31
_ROW = 32
"""Bits of a row in a key."""
_SHORT = 1 << 16
"""Fewer processes than these are told apart by short numbers, which are sorted several times quicker."""


def held_counts(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """How many descriptors processes held (int32), and which count holds at each event (int32, -1 none).

    A call counts what it has made, and not what it has closed.

    Raises:
        NotEvaluableError: there are more than MAX_HANDED numbers to follow.
    """
    return remember(frames, "held counts", lambda: _counts(frames))


def _counts(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    processes = len(frames.processes)
    # Every process holds nothing before its first step.
    owners, rows, changes = [np.arange(processes)], [np.full(processes, _AT_FORK)], [np.zeros(processes, int)]
    for told in _generations(frames):
        for column, part in zip((owners, rows, changes), told.changes(), strict=True):
            column.append(part)
    owner, row, change = (np.concatenate(column) for column in (owners, rows, changes))
    keys = owner << _ROW | np.maximum(row, -1) + 1
    order = np.argsort(keys)
    keys, held = keys[order], np.cumsum(change[order])
    # What one process holds is none of the next one's.
    starts = np.searchsorted(keys, np.arange(processes + 1) << _ROW)
    held -= np.repeat(np.concatenate(([0], held))[starts[:-1]], np.diff(starts))
    return held.astype(np.int32), _latest_change(keys, processes, event_array(frames, "process"))


def _latest_change(keys: np.ndarray, processes: int, process: np.ndarray) -> np.ndarray:
    """int32, of each event: the last change of its process' count at or before it, -1 it has no process.

    Args:
        keys: int64, ascending: process and row of each change, rows from 1; each process has one at row 0.
        processes: how many there are.
        process: event → process, -1 none.
    """
    found = np.full(len(process), -1, np.int32)

    def find(rows: slice) -> None:
        # In the order of processes each change is put down at the first event that sees it.
        mine = process[rows]
        order = np.argsort(mine.astype(np.uint16 if processes < _SHORT else np.uint32), kind="stable")
        order = order[: int(np.count_nonzero(mine >= 0))]
        events = np.bincount(mine[order], minlength=processes)
        seen = np.flatnonzero(events)
        first = np.searchsorted(keys, seen << _ROW | rows.start + 1, side="right") - 1
        changes = np.searchsorted(keys, seen << _ROW | rows.stop, side="right") - 1 - first
        which, change = _each(first + 1, changes)
        at = (keys[change] & (1 << _ROW) - 1) - 1 - rows.start
        place = np.empty(len(mine), np.intp)
        place[order] = np.arange(len(order))
        by_others = np.flatnonzero(mine[at] != seen[which])
        place = place[at]
        if len(by_others):
            asked = seen[which[by_others]] << _ROW | at[by_others]
            place[by_others] = np.searchsorted(mine[order].astype(np.int64) << _ROW | order, asked)
        # What none of its process' events sees is put down at the next process' first one, as seen already.
        counted = np.cumsum(np.bincount(place, minlength=len(order) + 1)[: len(order)])
        counted += np.repeat(first - np.cumsum(changes) + changes, events[seen])
        found[order + rows.start] = counted

    each_piece(len(process), find)
    return found


@dataclass(frozen=True, eq=False)
class _Steps:
    """What happened to the numbers of some processes."""

    process: np.ndarray
    fd: np.ndarray
    row: np.ndarray
    what: np.ndarray
    cloexec: np.ndarray

    def and_others(self, other: _Steps) -> _Steps:
        """Both, those of `other` behind."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__)
        return _Steps(*(np.concatenate(pair) for pair in pairs))

    def chosen(self, places: np.ndarray) -> _Steps:
        """Some of them."""
        return _Steps(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


_NOTHING = _Steps(*(np.empty(0, np.int64) for _ in range(5)))


@dataclass(frozen=True, eq=False)
class _Told:
    """Steps in order of process, number and row, with what each leaves behind."""

    steps: _Steps
    new: np.ndarray
    """bool: a number's first step."""
    is_open: np.ndarray
    """bool: open behind the step."""
    closed: np.ndarray
    """int64: the row of the program that closes it before the next step, _NEVER: none does."""

    def changes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(process, row, by how much): how the counts change."""
        before = np.append(False, self.is_open[:-1] & (self.closed[:-1] == _NEVER)) & ~self.new
        change = self.is_open.astype(np.int64) - before
        moved, shut = np.flatnonzero(change), np.flatnonzero(self.is_open & (self.closed < _NEVER))
        process = self.steps.process
        return (
            np.concatenate((process[moved], process[shut])),
            np.concatenate((self.steps.row[moved], self.closed[shut])),
            np.concatenate((change[moved], np.full(len(shut), -1))),
        )

    def handed(self, child: np.ndarray, parent: np.ndarray, fork: np.ndarray) -> _Steps:
        """What children are handed by parents at rows of forks."""
        numbers = np.flatnonzero(self.new)
        owner = self.steps.process[numbers]
        first, last = np.searchsorted(owner, parent), np.searchsorted(owner, parent, side="right")
        which, number = _each(first, last - first)
        keys = (np.cumsum(self.new) - 1) << _ROW | (self.steps.row - _AT_FORK)
        asked = number << _ROW | (fork[which] - _AT_FORK)
        place = np.searchsorted(keys, asked) - 1
        known = np.flatnonzero(place >= numbers[number])
        which, place = which[known], place[known]
        held = np.flatnonzero(self.is_open[place] & (self.closed[place] >= fork[which]))
        which, place = which[held], place[held]
        count = len(held)
        return _Steps(
            child[which],
            self.steps.fd[place],
            np.full(count, _AT_FORK),
            np.full(count, MADE),
            self.steps.cloexec[place],
        )


def _each(first: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs `first … first + count` one behind the other: whose each is, and the numbers in them."""
    if int(counts.sum()) > MAX_HANDED:
        raise NotEvaluableError(
            f"proc.fdopencount: processes were handed more than {MAX_HANDED:,} descriptors in this capture; "
            "`exhume-inspect at TIME descriptors` tells what was held at a moment"
        )
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts - first, counts)


def _generations(frames: CaptureFrames) -> Iterator[_Told]:
    """What is told of the processes that nobody was seen to make, of those that these made, and so on."""
    entries = remember(frames, ("holdings",), lambda: collect(frames))
    forks = remember(frames, ("forks",), lambda: forks_of(frames))
    parents = entity_array(frames, "process", "parent")
    orphan = (forks < 0) | (parents < 0)
    # Each process' children, and the entries of each, lie together.
    by_parent = np.argsort(parents, kind="stable")
    current, rest, handed = np.flatnonzero(orphan), ~orphan, _NOTHING
    for _ in range(GENERATIONS):
        known = handed.and_others(_own(entries, current)).and_others(_received(entries, current, handed))
        told = _told(frames, entries, known, current)
        yield told
        first, last = (np.searchsorted(parents[by_parent], current, side=side) for side in ("left", "right"))
        _, place = _each(first, last - first)
        children = by_parent[place]
        current = np.sort(children[rest[children]])
        if not len(current):
            break
        rest[current] = False
        handed = told.handed(current, parents[current], forks[current])
    # A capture that somebody made may have circles: what is in one was handed nothing.
    left = np.flatnonzero(rest)
    if len(left):
        known = _own(entries, left).and_others(_received(entries, left, _NOTHING))
        yield _told(frames, entries, known, left)


def _received(entries: Entries, processes: np.ndarray, handed: _Steps) -> _Steps:
    """What came to some processes in messages. `handed`: what they were handed down."""
    receipts = entries.receipts
    mine = receipts.chosen(np.isin(entries.process[receipts.entry], processes))
    owner, fd = (column[mine.entry].astype(np.int64) for column in (entries.process, entries.fd))
    again = np.isin(owner << _ROW | fd, handed.process << _ROW | handed.fd)
    mine = mine.chosen(~(mine.is_first & again))
    owner, fd = (column[mine.entry].astype(np.int64) for column in (entries.process, entries.fd))
    made = np.full(len(fd), MADE)
    return _Steps(owner, fd, mine.message, made, mine.cloexec.astype(np.int64))


def _own(entries: Entries, processes: np.ndarray) -> _Steps:
    """The entries of some processes themselves."""
    first, last = (entries.numbers[entries.starts[processes + ahead]] for ahead in (0, 1))
    place = _each(first, last - first)[1]
    columns = (entries.process, entries.fd, entries.row, entries.what, entries.cloexec)
    return _Steps(*(column[place].astype(np.int64) for column in columns))


def _told(frames: CaptureFrames, entries: Entries, steps: _Steps, processes: np.ndarray) -> _Told:
    steps = steps.and_others(_ranges(frames, entries, steps, processes))
    steps = steps.chosen(order_of_numbers(steps.process, steps.fd, steps.row - _AT_FORK))
    process, fd = steps.process, steps.fd
    new = np.append(True, (process[1:] != process[:-1]) | (fd[1:] != fd[:-1]))[: len(fd)]
    cloexec = carried(new, steps.what, steps.cloexec)
    following = np.append(np.where(new[1:], _NEVER, steps.row[1:]), _NEVER)[: len(fd)]
    execs = _next_exec(entries, process, steps.row)
    ends = (cloexec == 1) & (execs < following)
    # A mark neither makes nor closes a number: what stands before it does, unless a program began in between.
    meant = latest((steps.what != MARKED) | new)
    ended = np.cumsum(ends) - ends
    is_open = (steps.what[meant] != CLOSED) & (ended == ended[meant])
    steps = _Steps(process, fd, steps.row, steps.what, cloexec)
    return _Told(steps, new, is_open, np.where(ends, execs, _NEVER))


def _next_exec(entries: Entries, process: np.ndarray, row: np.ndarray) -> np.ndarray:
    """int64: the row of the first program that each process began behind a row, _NEVER: none."""
    execs = entries.execs
    owner = np.repeat(np.arange(len(execs.starts) - 1), np.diff(execs.starts))
    keys = owner << _ROW | (execs.row - _AT_FORK)
    place = np.searchsorted(keys, process << _ROW | (row - _AT_FORK), side="right")
    same = np.append(owner, -1)[place] == process
    return np.where(same, np.append(execs.row, _NEVER)[place], _NEVER)


def _ranges(frames: CaptureFrames, entries: Entries, steps: _Steps, processes: np.ndarray) -> _Steps:
    """Calls of close_range as steps of every number that each covers."""
    ranges = entries.ranges
    called = _each(ranges.starts[processes], np.diff(ranges.starts)[processes])[1]
    if not len(called):
        return _NOTHING
    rows = ranges.row[called]
    caller = np.repeat(processes, np.diff(ranges.starts)[processes])
    low, high, flags = (
        part.astype(np.int64) & 0xFFFFFFFF for part in arguments_of(frames, [(at, rows) for at in range(3)])
    )
    steps = steps.chosen(order_of_numbers(steps.process, steps.fd, steps.row - _AT_FORK))
    new = np.append(True, (np.diff(steps.process) != 0) | (np.diff(steps.fd) != 0))[: len(steps.fd)]
    first_of = steps.chosen(np.flatnonzero(new))
    begin, end = (np.searchsorted(first_of.process, caller, side=side) for side in ("left", "right"))
    which, number = _each(begin, end - begin)
    fd = first_of.fd[number]
    covered = (fd >= low[which]) & (fd <= high[which]) & (first_of.row[number] < rows[which])
    which, number = which[covered], number[covered]
    marks = flags[which] & _CLOSE_RANGE_CLOEXEC != 0
    return _Steps(
        first_of.process[number],
        first_of.fd[number],
        rows[which],
        np.where(marks, MARKED, CLOSED),
        marks.astype(np.int64),
    )
