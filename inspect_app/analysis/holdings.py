"""Which descriptor numbers a process held at a moment, and what stood behind them.

What is known of a number is a list of entries, from the snapshot and from events:

    made    a call gave the number (open, socket, dup3 …), the snapshot listed it
    used    a call worked on it: it was open, whoever opened it
    closed  close, close_range, or a call that failed because the number was not open

At a moment the last entry holds. A number without an entry of its own is as the creating parent had it at the
fork. Programs close at exec what was made with close-on-exec. A descriptor that came over a unix socket is
known by its first use: it is held since the last message before. Both ends of a pipe are known from their
first use on where the recording keeps no payload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from capture.format.joins import pair_codes
from inspect_app.filters.cache import remember
from inspect_app.filters.holding_entries import (
    CLOSED,
    EXEC,
    MADE,
    MARKED,
    USED,
    Entries,
    carried,
    collect,
    forks_of,
    latest,
)
from inspect_app.frames.capture import CaptureFrames

_CLOSE_RANGE_CLOEXEC = 4
_AT_FORK = -2
"""Comes before every row, also before the snapshot's -1."""
_GENERATIONS = 64
"""How far up a number is followed to who opened it."""


@dataclass(frozen=True, eq=False)
class Held:
    """Numbers that were open at a moment; arrays of one length."""

    process: np.ndarray
    """int32, row of processes."""
    fd: np.ndarray
    """int64."""
    event: np.ndarray
    """int64, row of the event that made the number or the first known use of it; -1 the snapshot's."""
    thing: np.ndarray
    """int64, row of descriptors, -1 not known: what it stands for, as the latest event on it tells."""
    opened: np.ndarray
    """int64, row of the snapshot's `opened` frame, -1 where an event tells."""
    inherited: np.ndarray
    """bool: made or used by a parent before the fork, not by the process itself."""


def held_at(frames: CaptureFrames, processes: np.ndarray, row: int) -> Held:
    """What processes held just before the event at `row`.

    Args:
        frames: the capture.
        processes: rows of processes; those that did not live then hold nothing.
        row: row of events; the number of events for the end of the capture.
    """
    entries = remember(frames, ("holdings",), lambda: collect(frames))
    forks = remember(frames, ("forks",), lambda: forks_of(frames))
    parents = frames.processes["parent"].to_numpy()
    known: dict[tuple[int, int], _State] = {}
    states = [
        _state(frames, entries, _line(process, row, parents, forks, known), known)
        for process in processes.tolist()
    ]
    counts = [len(state.fd) for state in states]

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(state, name) for state in states] or [_EMPTY])

    return Held(
        process=np.repeat(processes, counts).astype(np.int32),
        fd=together("fd"),
        event=together("event"),
        thing=together("thing"),
        opened=together("opened"),
        inherited=together("inherited").astype(bool),
    )


@dataclass(frozen=True, eq=False)
class _State:
    """The open numbers of one process, ascending."""

    fd: np.ndarray
    event: np.ndarray
    thing: np.ndarray
    opened: np.ndarray
    inherited: np.ndarray
    cloexec: np.ndarray


_EMPTY = np.empty(0, np.int64)
_NOTHING = _State(_EMPTY, _EMPTY, _EMPTY, _EMPTY, _EMPTY.astype(bool), _EMPTY.astype(bool))


def _line(
    process: int, row: int, parents: np.ndarray, forks: np.ndarray, known: Mapping[tuple[int, int], _State]
) -> list[tuple[int, int]]:
    """A process at a row, and up the line each parent at the fork, to one of which the state is known."""
    line = [(process, row)]
    while len(line) < _GENERATIONS and line[-1] not in known:
        child, _ = line[-1]
        if forks[child] < 0 or parents[child] < 0:
            break
        line.append((int(parents[child]), int(forks[child])))
    return line


def _state(
    frames: CaptureFrames,
    entries: Entries,
    line: Sequence[tuple[int, int]],
    known: dict[tuple[int, int], _State],
) -> _State:
    """From the eldest known ancestor down: each begins with what its parent had at the fork."""
    state = known.get(line[-1])
    if state is None:
        state = known[line[-1]] = _own(frames, entries, *line[-1], _NOTHING)
    for member in reversed(line[:-1]):
        state = known[member] = _own(frames, entries, *member, state)
    return state


def _own(frames: CaptureFrames, entries: Entries, process: int, row: int, before: _State) -> _State:
    """A process' numbers at a row, `before`: as its parent had them when it was made."""
    identity = remember(frames, ("identities of things",), lambda: _identities(frames))
    ranges, execs = (calls.before(process, row).tolist() for calls in (entries.ranges, entries.execs))
    early = entries.before(process, sorted({*ranges, *execs, row}))
    came = entries.received(process, before.fd)
    came = came.chosen(came.message < row)
    handed = np.arange(len(before.fd))
    made = np.full(len(handed) + len(came.entry), MADE, np.int8)
    steps = _Steps(
        fd=np.concatenate((before.fd, entries.fd[came.entry], entries.fd[early])),
        row=np.concatenate((np.full(len(handed), _AT_FORK), came.message, entries.row[early])),
        what=np.concatenate((made, entries.what[early])),
        cloexec=np.concatenate((before.cloexec.astype(np.int8), came.cloexec, entries.cloexec[early])),
        source=np.concatenate((-1 - handed, came.entry, early)),
    )
    programs = frozenset(execs)
    for call in sorted((*ranges, *execs)):
        steps = steps.with_exec(call) if call in programs else steps.with_range(call, *_range(frames, call))
    # Both runs are in order already: a sort of whole keys that merges runs is quicker than one by two keys.
    order = np.argsort(steps.fd << 32 | (steps.row - _AT_FORK), kind="stable")
    fd, what, source, since = (column[order] for column in (steps.fd, steps.what, steps.source, steps.row))
    new = np.append(True, fd[1:] != fd[:-1])[: len(fd)]
    cloexec = carried(new, what, steps.cloexec[order]) == 1
    what = np.where(what == EXEC, np.where(cloexec, CLOSED, MARKED), what)
    # A mark neither makes nor closes a number: what stands before it does.
    meant = latest((what != MARKED) | new)
    made = latest((what == MADE) | (what == CLOSED) | new)
    thing = _things(entries, before, source)
    # What made a number tells more than who used it, as long as that found the same behind it.
    one = identity[thing]
    is_use = (what[meant] == USED) & (what[made] == MADE) & (one[meant] == one[made]) & (thing[made] >= 0)
    meant = np.where(is_use, made, meant)
    what, source, since = what[meant], source[meant], since[meant]
    last = np.flatnonzero(np.append(new[1:], True)[: len(fd)])
    last = last[what[last] != CLOSED]
    told = _told(entries, before, fd[last], since[last], source[last])
    return replace(told, cloexec=cloexec[last])


@dataclass(frozen=True, eq=False)
class _Steps:
    """What happened to the numbers of one process."""

    fd: np.ndarray
    row: np.ndarray
    what: np.ndarray
    cloexec: np.ndarray
    source: np.ndarray
    """Position of the entry; below 0 the number was handed down."""

    def with_range(self, call: int, first: int, last: int, flags: int) -> _Steps:
        """close_range as a step of every number that it covers."""
        marks = flags & _CLOSE_RANGE_CLOEXEC != 0
        return self._with(call, MARKED if marks else CLOSED, int(marks), first, last)

    def with_exec(self, call: int) -> _Steps:
        """A new program as a step of every number: it closes those that are to close."""
        return self._with(call, EXEC, -1, 0, 0xFFFFFFFF)

    def _with(self, call: int, what: int, cloexec: int, first: int, last: int) -> _Steps:
        earlier = self.fd[self.row < call]
        covered = np.unique(earlier[(earlier >= first) & (earlier <= last)])
        count = len(covered)
        return _Steps(
            fd=np.concatenate((self.fd, covered)),
            row=np.concatenate((self.row, np.full(count, call))),
            what=np.concatenate((self.what, np.full(count, what, np.int8))),
            cloexec=np.concatenate((self.cloexec, np.full(count, cloexec, np.int8))),
            source=np.concatenate((self.source, np.full(count, -1))),
        )


def _range(frames: CaptureFrames, call: int) -> tuple[int, int, int]:
    """First, last and flags of a close_range."""
    first, last, flags = (int(frames.source.argument(index)[call]) & 0xFFFFFFFF for index in range(3))
    return first, last, flags


def _things(entries: Entries, before: _State, source: np.ndarray) -> np.ndarray:
    """int64: what stood behind numbers, row of descriptors, -1 not known; `source` as in _Steps."""
    own = source >= 0
    found = np.full(len(source), -1, np.int64)
    found[own] = entries.thing[source[own]]
    if len(before.thing):
        found[~own] = before.thing[-1 - source[~own]]
    return found


def _identities(frames: CaptureFrames) -> np.ndarray:
    """int64, of each row of descriptors and one more for -1: the same for one thing under several names."""
    dev, ino = (frames.descriptors[name].to_numpy() for name in ("dev", "ino"))
    _, _, code = pair_codes(dev, ino)
    # What has no inode is like nothing else.
    alone = np.arange(len(code)) + len(code)
    return np.append(np.where(ino > 0, code, alone), -1)


def _told(entries: Entries, before: _State, fd: np.ndarray, since: np.ndarray, source: np.ndarray) -> _State:
    """The state of numbers from where each is known: an entry, or (below 0) what was handed down.

    Which of them close at exec is left out.
    """
    inherited = source < 0
    event, opened = since.copy(), np.empty(len(fd), np.int64)
    own, handed = source[~inherited], -1 - source[inherited]
    opened[~inherited] = entries.opened[own]
    event[inherited], opened[inherited] = before.event[handed], before.opened[handed]
    return _State(fd, event, _things(entries, before, source), opened, inherited, inherited)
