"""Which descriptor numbers a process held at a moment, and what stood behind them.

What is known of a number is a list of entries, from the snapshot and from events:

    made    a call gave the number (open, socket, dup3 …), the snapshot listed it
    used    a call worked on it: it was open, whoever opened it
    closed  close, close_range, or a call that failed because the number was not open

At a moment the last entry holds. A number without an entry of its own is as the creating parent had it at the
fork. Programs close at exec what was made with close-on-exec. Descriptors passed over a socket are
known from their first use on; so are both ends of a pipe where the recording keeps no payload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.pairs import PairsMade, pairs_made

_CLOEXEC = 0o2000000
"""O_CLOEXEC, SOCK_CLOEXEC and their like (asm-generic/fcntl.h, the same on x86_64 and aarch64)."""
_FLAGS_AT: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("open", "socket", "eventfd2", "timerfd_create", "mq_open"), (1, _CLOEXEC)),
    **dict.fromkeys(("openat", "open_by_handle_at", "open_tree", "dup3"), (2, _CLOEXEC)),
    **dict.fromkeys(("accept4", "signalfd4"), (3, _CLOEXEC)),
    **dict.fromkeys(("epoll_create1", "inotify_init1", "userfaultfd", "memfd_secret"), (0, _CLOEXEC)),
    "memfd_create": (1, 1),
    "fsopen": (1, 1),
    "fsmount": (1, 1),
    "fspick": (2, 1),
    "fanotify_init": (0, 1),
    "perf_event_open": (4, 8),
}
"""Call → the argument that has its close-on-exec flag, and the flag."""
_ALWAYS_CLOEXEC = ("io_uring_setup", "pidfd_open", "pidfd_getfd", "landlock_create_ruleset", "bpf")
_MAKERS = (
    *_FLAGS_AT,
    *_ALWAYS_CLOEXEC,
    "creat",
    "openat2",
    "dup",
    "dup2",
    "accept",
    "eventfd",
    "epoll_create",
)
_PAIRS = ("pipe", "pipe2", "socketpair")
_EXECS = ("execve", "execveat", "procexec")
_F_DUPFD, _F_SETFD, _F_DUPFD_CLOEXEC = 0, 2, 1030
_FIOCLEX, _FIONCLEX = 0x5451, 0x5450
_CLOSE_RANGE_CLOEXEC = 4
_EBADF = -9
_USED, _MADE, _CLOSED, _MARKED, _EXEC = range(5)
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
    opened: np.ndarray
    """int64, row of the snapshot's `opened` frame, -1 where an event tells."""
    inherited: np.ndarray
    """bool: made or used by a parent before the fork, not by the process itself."""


@dataclass(frozen=True, eq=False)
class _Entries:
    """All that is known of numbers, sorted by process, number and row; runs that say the same are one."""

    process: np.ndarray
    fd: np.ndarray
    row: np.ndarray
    what: np.ndarray
    cloexec: np.ndarray
    """int8: 1 closes at exec, 0 does not, -1 only uses are known."""
    opened: np.ndarray
    starts: np.ndarray
    """Where each process' entries begin; one more at the end."""
    execs: _Calls
    ranges: _Calls
    """close_range, whose numbers depend on what a process was handed down."""


@dataclass(frozen=True, eq=False)
class _Calls:
    """Some calls by process and row."""

    row: np.ndarray
    starts: np.ndarray
    """Where each process' calls begin; one more at the end."""

    def before(self, process: int, row: int) -> np.ndarray:
        """The rows of a process' calls before a row."""
        mine = self.row[int(self.starts[process]) : int(self.starts[process + 1])]
        return mine[: int(np.searchsorted(mine, row))]

    def count_before(self, process: np.ndarray, row: np.ndarray) -> np.ndarray:
        """How many calls lie before each (process, row): equal for two rows with none between them."""
        owner = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return np.searchsorted(_key(owner, self.row), _key(process, np.maximum(row, 0)))


def held_at(frames: CaptureFrames, processes: np.ndarray, row: int) -> Held:
    """What processes held just before the event at `row`.

    Args:
        frames: the capture.
        processes: rows of processes; those that did not live then hold nothing.
        row: row of events; the number of events for the end of the capture.
    """
    entries = remember(frames, ("holdings",), lambda: _collect(frames))
    known: dict[tuple[int, int], _State] = {}
    states = [_state(frames, entries, int(process), row, known) for process in processes.tolist()]
    counts = [len(state.fd) for state in states]

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(state, name) for state in states] or [_EMPTY])

    return Held(
        process=np.repeat(processes, counts).astype(np.int32),
        fd=together("fd"),
        event=together("event"),
        opened=together("opened"),
        inherited=together("inherited").astype(bool),
    )


@dataclass(frozen=True, eq=False)
class _State:
    """The open numbers of one process, ascending."""

    fd: np.ndarray
    event: np.ndarray
    opened: np.ndarray
    inherited: np.ndarray
    cloexec: np.ndarray


_EMPTY = np.empty(0, np.int64)
_NOTHING = _State(_EMPTY, _EMPTY, _EMPTY, _EMPTY.astype(bool), _EMPTY.astype(bool))


def _state(
    frames: CaptureFrames, entries: _Entries, process: int, row: int, known: dict[tuple[int, int], _State]
) -> _State:
    """From the eldest known ancestor down: each begins with what its parent had at the fork."""
    line = [(process, row)]
    forks = remember(frames, ("forks",), lambda: _forks(frames))
    parents = frames.processes["parent"].to_numpy()
    while len(line) < _GENERATIONS and line[-1] not in known:
        child, _ = line[-1]
        if forks[child] < 0 or parents[child] < 0:
            break
        line.append((int(parents[child]), int(forks[child])))
    state = known.get(line[-1])
    if state is None:
        state = known[line[-1]] = _own(frames, entries, *line[-1], _NOTHING)
    for member in reversed(line[:-1]):
        state = known[member] = _own(frames, entries, *member, state)
    return state


def _own(frames: CaptureFrames, entries: _Entries, process: int, row: int, before: _State) -> _State:
    """A process' numbers at a row, `before`: as its parent had them when it was made."""
    mine = slice(int(entries.starts[process]), int(entries.starts[process + 1]))
    early = np.flatnonzero(entries.row[mine] < row) + mine.start
    handed = np.arange(len(before.fd))
    steps = _Steps(
        fd=np.concatenate((before.fd, entries.fd[early])),
        row=np.concatenate((np.full(len(handed), _AT_FORK), entries.row[early])),
        what=np.concatenate((np.full(len(handed), _MADE, np.int8), entries.what[early])),
        cloexec=np.concatenate((before.cloexec.astype(np.int8), entries.cloexec[early])),
        source=np.concatenate((-1 - handed, early)),
    )
    ranges, execs = (calls.before(process, row).tolist() for calls in (entries.ranges, entries.execs))
    programs = frozenset(execs)
    for call in sorted((*ranges, *execs)):
        steps = steps.with_exec(call) if call in programs else steps.with_range(call, *_range(frames, call))
    # Both runs are in order already: a sort of whole keys that merges runs is quicker than one by two keys.
    order = np.argsort(steps.fd << 32 | (steps.row - _AT_FORK), kind="stable")
    fd, what, source = (column[order] for column in (steps.fd, steps.what, steps.source))
    new = np.append(True, fd[1:] != fd[:-1])[: len(fd)]
    cloexec = _carried(new, what, steps.cloexec[order]) == 1
    what = np.where(what == _EXEC, np.where(cloexec, _CLOSED, _MARKED), what)
    # A mark neither makes nor closes a number: what stands before it does.
    meant = np.maximum.accumulate(np.where((what != _MARKED) | new, np.arange(len(fd)), 0))
    what, source = what[meant], source[meant]
    last = np.flatnonzero(np.append(new[1:], True)[: len(fd)])
    last = last[what[last] != _CLOSED]
    return _told(entries, before, fd[last], source[last], cloexec[last])


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
        return self._with(call, _MARKED if marks else _CLOSED, int(marks), first, last)

    def with_exec(self, call: int) -> _Steps:
        """A new program as a step of every number: it closes those that are to close."""
        return self._with(call, _EXEC, -1, 0, 0xFFFFFFFF)

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


def _told(
    entries: _Entries, before: _State, fd: np.ndarray, source: np.ndarray, cloexec: np.ndarray
) -> _State:
    """The state of numbers from where each is known: an entry, or (below 0) what was handed down."""
    inherited = source < 0
    event, opened = np.empty((2, len(fd)), np.int64)
    own, handed = source[~inherited], -1 - source[inherited]
    event[~inherited], opened[~inherited] = entries.row[own], entries.opened[own]
    event[inherited], opened[inherited] = before.event[handed], before.opened[handed]
    return _State(fd, event, opened, inherited, cloexec)


def _forks(frames: CaptureFrames) -> np.ndarray:
    """int64, of each process: the row of events at which it was made, -1 not seen."""
    start = frames.processes["start"].to_numpy()
    time = frames.events["time"].to_numpy()
    made = np.searchsorted(time, start, side="left")
    seen = (start >= 0) & ~frames.processes["existed"].to_numpy() & (made < len(time))
    return np.where(seen, made, -1)


def _collect(frames: CaptureFrames) -> _Entries:
    events = frames.events
    parts = [_listed(frames), *_of_events(frames)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    process, fd, row, what, cloexec, opened = (column[order] for column in columns)
    new = np.append(True, (process[1:] != process[:-1]) | (fd[1:] != fd[:-1]))[: len(fd)]
    cloexec = _carried(new, what, cloexec)
    execs, ranges = _calls(frames, _EXECS), _calls(frames, ("close_range",))
    thing = np.append(events["descriptor"].to_numpy(), -1)[row]
    same = (what == _USED) | (what == _CLOSED)
    between = execs.count_before(process, row), ranges.count_before(process, row)
    for column in (thing, cloexec, what == _CLOSED, *between):
        same[1:] &= column[1:] == column[:-1]
    kept = new | ~same
    process, fd, row, what, cloexec, opened = (
        column[kept] for column in (process, fd, row, what, cloexec, opened)
    )
    starts = np.searchsorted(process, np.arange(len(frames.processes) + 1))
    return _Entries(process, fd, row, what, cloexec, opened, starts, execs, ranges)


def _carried(new: np.ndarray, what: np.ndarray, cloexec: np.ndarray) -> np.ndarray:
    """A use says nothing of close-on-exec: the entry before it does. `new`: where each number begins."""
    told = ((what != _USED) & (what != _EXEC)) | new
    carried: np.ndarray = cloexec[np.maximum.accumulate(np.where(told, np.arange(len(what)), 0))]
    return carried


def _calls(frames: CaptureFrames, wanted: Sequence[str]) -> _Calls:
    names, code = _names(frames)
    process, ret = frames.events["process"].to_numpy(), frames.events["ret"].to_numpy()
    rows = np.flatnonzero(_among(names, wanted)[code] & (ret == 0) & (process >= 0))
    order = np.argsort(process[rows], kind="stable")
    starts = np.searchsorted(process[rows][order], np.arange(len(frames.processes) + 1))
    return _Calls(rows[order], starts)


_Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _part(
    process: np.ndarray, fd: np.ndarray, row: np.ndarray, what: int, cloexec: np.ndarray | int
) -> _Part:
    count = len(row)
    return (
        process.astype(np.int64),
        fd.astype(np.int64),
        row.astype(np.int64),
        np.full(count, what, np.int8),
        np.broadcast_to(np.asarray(cloexec, np.int8), count),
        np.full(count, -1, np.int64),
    )


def _listed(frames: CaptureFrames) -> _Part:
    """The snapshot's; whether they close at exec was not recorded.

    It is taken a moment after the recording began. What it lists of a process that was made in between is
    known from events; so is a number that a call has made since.
    """
    opened, events = frames.opened, frames.events
    process, fd, thing = (opened[name].to_numpy() for name in ("process", "fd", "descriptor"))
    forks = np.append(remember(frames, ("forks",), lambda: _forks(frames)), 0)
    held = np.flatnonzero(forks[process] < 0)
    names, code = _names(frames)
    made = np.flatnonzero(_among(names, _MAKERS)[code] & (events["fd"].to_numpy() >= 0))
    keys = _key(*(events[name].to_numpy()[made] for name in ("process", "fd")))
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], _key(process[held], fd[held]))
    first = np.append(made[order], -1)[np.minimum(place, len(made))]
    same = np.append(keys[order], -1)[np.minimum(place, len(made))] == _key(process[held], fd[held])
    same &= np.append(events["descriptor"].to_numpy(), -1)[first] == thing[held]
    held = held[~(same & (thing[held] >= 0))]
    # What a later recording lists of a process that an earlier one knew is true from then on.
    listed = opened["listed"].to_numpy()[held]
    begins = np.searchsorted(events["time"].to_numpy(), listed)
    part = _part(process[held], fd[held], np.where(listed < 0, -1, begins), _MADE, 0)
    return (*part[:5], held.astype(np.int64))


def _key(process: np.ndarray, fd: np.ndarray) -> np.ndarray:
    return process.astype(np.int64) << 32 | (fd.astype(np.int64) & 0xFFFFFFFF)


def _of_events(frames: CaptureFrames) -> list[_Part]:
    events = frames.events
    names, code = _names(frames)
    fd, ret, descriptor = (events[name].to_numpy() for name in ("fd", "ret", "descriptor"))
    process = events["process"].to_numpy()
    on_number = (fd >= 0) & (process >= 0)
    makes = _among(names, _MAKERS)[code]
    closes = _among(names, ("close",))[code]
    foreign = _among(names, _EXECS)[code] | ((events["path"].to_numpy() >= 0) & ~makes)
    made = np.flatnonzero(on_number & makes & (ret >= 0))
    shut = np.flatnonzero(on_number & ((closes & (ret != _EBADF)) | ((ret == _EBADF) & ~makes)))
    used = np.flatnonzero(on_number & ~makes & ~closes & ~foreign & (descriptor >= 0) & (ret != _EBADF))
    parts = [
        _part(process[made], fd[made], made, _MADE, _closes_at_exec(frames, names, code, made)),
        _part(process[shut], fd[shut], shut, _CLOSED, 0),
        _part(process[used], fd[used], used, _USED, -1),
    ]
    return [*parts, *_in_pairs(frames), *_set_later(frames, names, code)]


def pairs_of(frames: CaptureFrames) -> PairsMade:
    """The pipes and socketpairs that were made."""
    return remember(frames, ("pairs made",), lambda: pairs_made(frames, _PAIRS))


def _in_pairs(frames: CaptureFrames) -> list[_Part]:
    made = pairs_of(frames)
    process = frames.events["process"].to_numpy()[made.rows]
    # `pipe` has no flags; what lies in its second argument is no flag either.
    has_flags = (frames.events["type"] != "pipe").to_numpy()[made.rows]
    flags = frames.source.argument(1)[made.rows].astype(np.int64) if len(made.rows) else made.rows
    cloexec = has_flags & ((flags & _CLOEXEC) != 0)
    return [_part(process, fd, made.rows, _MADE, cloexec) for fd in made.fds]


def _closes_at_exec(
    frames: CaptureFrames, names: Sequence[str], code: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    result: np.ndarray = _among(names, _ALWAYS_CLOEXEC)[code[rows]]
    for index in range(5):
        flag = np.zeros(len(names) + 1, np.uint64)
        for name, (at, bit) in _FLAGS_AT.items():
            if at == index and name in names:
                flag[names.index(name)] = bit
        asked = np.flatnonzero(flag[code[rows]])
        if len(asked):
            value = frames.source.argument(index)[rows[asked]]
            result[asked] = (value & flag[code[rows[asked]]]) != 0
    return result


def _set_later(frames: CaptureFrames, names: Sequence[str], code: np.ndarray) -> list[_Part]:
    """What fcntl and ioctl do to numbers: a copy under a new one, close-on-exec set or taken back."""
    events = frames.events
    fd, ret, process = (events[name].to_numpy() for name in ("fd", "ret", "process"))
    rows = np.flatnonzero(_among(names, ("fcntl", "ioctl"))[code] & (ret >= 0) & (fd >= 0) & (process >= 0))
    if not len(rows):
        return []
    is_ioctl = _among(names, ("ioctl",))[code[rows]]
    command = frames.source.argument(1)[rows].astype(np.int64) & 0xFFFFFFFF
    value = frames.source.argument(2)[rows]
    copies = rows[~is_ioctl & np.isin(command, (_F_DUPFD, _F_DUPFD_CLOEXEC))]
    with_flag = (frames.source.argument(1)[copies].astype(np.int64) & 0xFFFFFFFF) == _F_DUPFD_CLOEXEC
    parts = [_part(process[copies], ret[copies], copies, _MADE, with_flag)]
    sets = (~is_ioctl & (command == _F_SETFD)) | (is_ioctl & np.isin(command, (_FIOCLEX, _FIONCLEX)))
    flag = np.where(is_ioctl, command == _FIOCLEX, value & np.uint64(1))[sets]
    rows = rows[sets]
    return [*parts, _part(process[rows], fd[rows], rows, _MARKED, flag)]


def _names(frames: CaptureFrames) -> tuple[list[str], np.ndarray]:
    kinds = frames.events["type"].array
    return [str(name) for name in kinds.categories], np.asarray(kinds.codes)


def _among(names: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """bool, by code; the last place stands for -1, unknown."""
    return np.array([name in wanted for name in names] + [False])
