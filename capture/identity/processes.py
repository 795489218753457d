"""Processes and threads as they lived: (pid, start) is one, and a pid used again is another.

A process is known from the snapshot, from the fork that made it, from the exit of its main thread
(which tells when it began, should the fork be lost), or only from what it did; then its start is -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import (
    Latest,
    Places,
    codes_of,
    first_of_each,
    follow,
    pair_codes,
    place_among,
    taken,
)
from capture.format.pieces import each_piece
from capture.identity.events import EXECS, EventColumns
from capture.identity.snapshot import Table, integers

TOLERANCE_NS = 20_000_000
"""/proc tells starts in clock ticks, so that the same start is told up to two ticks apart."""


_SENT_AT_THE_END = (1, 17, 18)
"""SIGCHLD to the parent; SIGHUP and SIGCONT to groups of processes that nobody looks after any more."""


@dataclass(frozen=True)
class Processes:
    """A row a process; events lead to it by `of_event`."""

    pid: np.ndarray
    start: np.ndarray
    """UTC ns, -1 not known."""
    since: np.ndarray
    """The row of events from which on the pid means this process, -1 from the start."""
    forked: np.ndarray
    """The row of the fork that made it, -1 not seen."""
    snapshot: np.ndarray
    """Its row in the snapshot's table of processes, -1 not in it."""
    parent: np.ndarray
    """int32: row of the process that made it; of the current parent where only the snapshot tells; -1."""
    ppid: np.ndarray
    end: np.ndarray
    """UTC ns at which its last thread ended, -1 alive."""
    status: np.ndarray
    """Raw wait status of its end, -1 alive."""
    existed: np.ndarray
    of_event: np.ndarray
    """int32: the process of each event."""

    def __len__(self) -> int:
        return len(self.pid)


@dataclass(frozen=True)
class Threads:
    """A row a thread. The first rows are the main threads, in the order of the processes."""

    tid: np.ndarray
    process: np.ndarray
    start: np.ndarray
    end: np.ndarray
    of_event: np.ndarray
    """int32: the thread of each event."""


@dataclass(frozen=True)
class _Lives:
    """Incarnations while they are collected."""

    pid: np.ndarray
    start: np.ndarray
    since: np.ndarray
    forked: np.ndarray
    snapshot: np.ndarray

    def and_also(self, other: _Lives) -> _Lives:
        """Both, one after the other."""
        names = ("pid", "start", "since", "forked", "snapshot")
        return _Lives(*(np.concatenate((getattr(self, name), getattr(other, name))) for name in names))


def find_processes(events: EventColumns, table: Table) -> Processes:
    """Who lived, and who made each event. `table`: the snapshot's processes."""
    lives = _from_snapshot_and_forks(events, table)
    lives = lives.and_also(_from_exits(events, lives))
    exits = _last_exits(events)
    lives, of_event, ends = _with_unintroduced(events, lives, exits)
    parent, ppid = _parents(events, lives, of_event, table)
    status = np.full(len(lives.pid), -1, np.int64)
    end = np.full(len(lives.pid), -1, np.int64)
    of_exit = of_event[exits]
    status[of_exit] = events.arguments(0, exits)
    end[of_exit] = events.time[exits]
    return Processes(
        pid=lives.pid,
        start=lives.start,
        since=lives.since,
        forked=lives.forked,
        snapshot=lives.snapshot,
        parent=parent,
        ppid=ppid,
        end=end,
        status=status,
        existed=(lives.snapshot >= 0) & (lives.forked < 0) | ends,
        of_event=of_event,
    )


def process_with_pid(processes: Processes, pid: np.ndarray, row: np.ndarray) -> np.ndarray:
    """int64: the process that a pid meant at a row of the events, -1 not known."""
    pids, group = codes_of(processes.pid)
    return Latest(group, processes.since, len(pids)).find(place_among(pids, pid), row)


def _from_snapshot_and_forks(events: EventColumns, table: Table) -> _Lives:
    rows = events.rows_of(["procfork"])
    rows = rows[events.arguments(0, rows) == events.arguments(1, rows)]
    pid, start = events.arguments(0, rows), events.arguments(2, rows)
    start = np.where(start > 0, start, events.time[rows])
    listed_pid, listed_start = integers(table, "pid"), integers(table, "start_ns")
    order = np.argsort(listed_pid, kind="stable")
    place = place_among(listed_pid[order], pid)
    listed = taken(order, place)
    same = (listed >= 0) & (np.abs(listed_start[listed] - start) < TOLERANCE_NS) if len(order) else listed > 0
    alone = np.ones(len(table), bool)
    alone[listed[same]] = False
    others = np.flatnonzero(alone & (listed_pid >= 0))
    began = np.searchsorted(events.time, listed_start[others] - TOLERANCE_NS)
    forks = _Lives(pid, start, rows, rows, np.where(same, listed, -1))
    return forks.and_also(
        _Lives(
            listed_pid[others],
            listed_start[others],
            np.where(began > 0, began, -1),
            np.full(len(others), -1),
            others,
        )
    )


def _from_exits(events: EventColumns, lives: _Lives) -> _Lives:
    """Processes whose fork was lost, known because their main thread ended and told its start."""
    rows = events.rows_of(["procexit"])
    rows = rows[events.pid[rows] == events.tid[rows]]
    start = events.arguments(2, rows)
    rows, start = rows[start > 0], start[start > 0]
    found = _process_at(lives, events.pid[rows].astype(np.int64), rows)
    known = found >= 0
    if len(lives.start):
        known &= (np.abs(lives.start[found] - start) < TOLERANCE_NS) | (lives.start[found] < 0)
    rows, start = rows[~known], start[~known]
    began = np.searchsorted(events.time, start)
    nothing = np.full(len(rows), -1)
    since = np.where(began > 0, np.minimum(began, rows), -1)
    return _Lives(events.pid[rows].astype(np.int64), start, since, nothing, nothing)


def _process_at(lives: _Lives, pid: np.ndarray, row: np.ndarray) -> np.ndarray:
    pids, group = codes_of(lives.pid)
    return Latest(group, lives.since, len(pids)).find(place_among(pids, pid), row)


def _last_exits(events: EventColumns) -> np.ndarray:
    rows = events.rows_of(["procexit"])
    last: np.ndarray = rows[events.arguments(1, rows) == 1]
    return last


def _with_unintroduced(
    events: EventColumns, lives: _Lives, exits: np.ndarray
) -> tuple[_Lives, np.ndarray, np.ndarray]:
    """Add a process for each pid that acts before it is introduced or after its process has ended.

    Returns all lives, the process of each event, and which of them are thought to have existed
    when the recording began.
    """
    found, lost = _introduced(events, lives, exits)
    dying = _told_while_ending(events, lost)
    lost, dying = (column[(found[lost] < 0) | ~dying] for column in (lost, dying))
    # An exit of which the process is not known ends one all the same.
    passed = np.searchsorted(events.time, events.time[exits] + TOLERANCE_NS, side="right")
    pids, code = codes_of(events.pid[lost])
    place = place_among(pids, events.pid[exits])
    theirs = np.flatnonzero(place >= 0)
    ended_before = Latest(place[theirs], passed[theirs], len(pids)).find(code, lost)
    ended_before = taken(theirs, ended_before) + 1
    ended_before -= dying & (ended_before > 0)
    _, _, after = pair_codes(found[lost] + 1, ended_before)
    _, _, pair = pair_codes(code, after)
    first = first_of_each(pair, int(pair.max(initial=-1)) + 1)
    is_first_life = (found[lost] < 0) & (ended_before == 0)
    found[lost] = len(lives.pid) + pair
    since = lost[first]
    nothing = np.full(len(first), -1)
    strangers = _Lives(events.pid[since].astype(np.int64), nothing, since, nothing, nothing)
    existed = np.zeros(len(lives.pid) + len(first), bool)
    existed[len(lives.pid) + pair] = is_first_life
    return lives.and_also(strangers), found, existed


def _introduced(events: EventColumns, lives: _Lives, exits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The process of each event, -1 not introduced; rows of those that have none, or one that has ended."""
    pids, group = codes_of(lives.pid)
    places, life = Places(pids, len(events)), Latest(group, lives.since, len(pids))
    ended = np.full(len(lives.pid) + 1, np.iinfo(np.int64).max)
    holder = life.find(places.of(events.pid[exits]), exits)
    known = np.flatnonzero(holder >= 0)[::-1]  # the first exit ends a process, so it is written last
    ended[holder[known]] = events.time[exits[known]] + TOLERANCE_NS
    found = events.row_of("process")

    def find(rows: slice) -> np.ndarray:
        process = life.find(places.of(events.pid[rows]), np.arange(rows.start, rows.stop))
        found[rows] = process
        is_lost = (process < 0) | (events.time[rows] > ended.take(process))
        rows_lost: np.ndarray = np.flatnonzero(is_lost) + rows.start
        return rows_lost

    lost = each_piece(len(events), find)
    return found, np.concatenate([np.empty(0, np.int64), *lost])


def _told_while_ending(events: EventColumns, rows: np.ndarray) -> np.ndarray:
    """bool, of some rows: signals that a process sends when its end has been told already, however late."""
    sent = events.rows_of(["signal_generate"])
    sent = sent[np.isin(events.arguments(0, sent), _SENT_AT_THE_END)]
    told: np.ndarray = np.isin(rows, sent)
    return told


def _parents(
    events: EventColumns, lives: _Lives, of_event: np.ndarray, table: Table
) -> tuple[np.ndarray, np.ndarray]:
    """The creating parent where its fork was seen, else the one that the snapshot tells."""
    parent = np.full(len(lives.pid), -1, np.int32)
    ppid = np.full(len(lives.pid), -1, np.int64)
    listed = np.flatnonzero((lives.forked < 0) & (lives.snapshot >= 0))
    ppid[listed] = integers(table, "ppid")[lives.snapshot[listed]]
    holders = np.flatnonzero(lives.snapshot >= 0)
    pids = lives.pid[holders]
    order = np.argsort(pids, kind="stable")
    place = place_among(pids[order], ppid[listed])
    parent[listed] = taken(holders[order], place)
    made = np.flatnonzero(lives.forked >= 0)
    ppid[made] = events.pid[lives.forked[made]]
    parent[made] = of_event[lives.forked[made]]
    # The recorder is in no event: a child of its own tells of its fork itself, and who the parent is.
    own = made[ppid[made] == lives.pid[made]]
    ppid[own] = events.arguments(3, lives.forked[own])
    parent[own] = _process_at(lives, ppid[own], lives.forked[own])
    parent[parent == np.arange(len(parent))] = -1
    return parent, ppid


def inherited(processes: Processes, own: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A property that a fork hands down: each process' own value, else its creator's, else `own` as it is."""
    rows = np.arange(len(processes))
    made = (processes.forked >= 0) & (processes.parent >= 0) & ~known
    handed_down: np.ndarray = own[follow(np.where(made, processes.parent, rows))]
    return handed_down


def find_threads(events: EventColumns, processes: Processes, table: Table) -> Threads:
    """Who did it within each process: the main thread is as old as the process."""
    known = _introduced_threads(events, processes, table)
    tid, process, start, since = (np.concatenate(column) for column in known)
    main, of_event = len(processes), events.row_of("thread")
    tids, group = codes_of(tid[main:])
    places, life = Places(tids, len(events)), Latest(group, since[main:], len(tids))
    process_of = np.append(process[main:], -1)

    def find(rows: slice) -> np.ndarray:
        owner = processes.of_event[rows]
        of_event[rows] = owner  # main threads stand first, so that the rows are the same
        others = np.flatnonzero(events.tid[rows] != events.pid[rows])
        found = life.find(places.of(events.tid[rows].take(others)), others + rows.start)
        fits = (found >= 0) & (process_of.take(found) == owner.take(others))
        of_event[rows][others] = np.where(fits, main + found, -1)
        stranger: np.ndarray = others[~fits] + rows.start
        return stranger

    strange = np.concatenate([np.empty(0, np.int64), *each_piece(len(events), find)])
    makers, numbers, pair = pair_codes(processes.of_event[strange], events.tid[strange].astype(np.int64))
    of_event[strange] = len(tid) + pair
    end = np.full(len(tid) + len(makers), -1, np.int64)
    end[: len(processes)] = processes.end
    exits = events.rows_of(["procexit"])
    end[of_event[exits]] = events.time[exits]
    rest = main + np.flatnonzero(end[main : len(tid)] < 0)
    end[rest] = _ended_by_execs(events, processes, process[rest], since[rest])
    return Threads(
        tid=np.concatenate((tid, numbers)).astype(np.int64),
        process=np.concatenate((process, makers)).astype(np.int32),
        start=np.concatenate((start, np.full(len(makers), -1))),
        end=end,
        of_event=of_event,
    )


def _ended_by_execs(
    events: EventColumns, processes: Processes, process: np.ndarray, since: np.ndarray
) -> np.ndarray:
    """int64: when a program began that leaves the first thread alone, in processes since some rows; -1 never.

    A thread that begins one goes on as the first: of its own end nothing is told.
    """
    rows = events.rows_of(EXECS)
    rows = rows[(events.ret[rows] >= 0) & (processes.of_event[rows] >= 0)]
    keys = np.sort(processes.of_event[rows].astype(np.int64) << 32 | rows)
    asked = process.astype(np.int64) << 32 | (since.astype(np.int64) + 1)
    found = np.append(keys, -1)[np.searchsorted(keys, asked)]
    row = np.where(found >> 32 == process, found & 0xFFFFFFFF, -1)
    ended: np.ndarray = taken(events.time, row)
    return ended


def _introduced_threads(
    events: EventColumns, processes: Processes, table: Table
) -> tuple[tuple[np.ndarray, ...], ...]:
    """(tid, process, start, since), each as three arrays: main threads, the snapshot's, those cloned."""
    listed: list[tuple[int, int]] = []
    for row in np.flatnonzero(processes.snapshot >= 0).tolist():
        tids = table[int(processes.snapshot[row])].get("threads")
        pid = int(processes.pid[row])
        for tid in tids if isinstance(tids, list | tuple) else ():
            if isinstance(tid, int) and tid != pid and 0 <= tid < 1 << 32:
                listed.append((tid, row))
    old = np.array(listed, np.int64).reshape(-1, 2)
    rows = events.rows_of(["procfork"])
    rows = rows[events.arguments(0, rows) != events.arguments(1, rows)]
    begun = events.arguments(2, rows)
    # A snapshot taken after a clone lists the thread again; the clone knows its start.
    again = np.isin(old[:, 0] << 32 | old[:, 1], events.arguments(1, rows) << 32 | processes.of_event[rows])
    old = old[~again]
    unknown = np.full(len(old), -1)
    return (
        (processes.pid, old[:, 0], events.arguments(1, rows)),
        (np.arange(len(processes)), old[:, 1], processes.of_event[rows].astype(np.int64)),
        (processes.start, unknown, np.where(begun > 0, begun, events.time[rows])),
        (processes.since, unknown, rows),
    )
