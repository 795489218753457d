"""What a capture tells of descriptor numbers: entries by process and number, of snapshot and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, codes_of, first_of_each, pair_codes, taken
from capture.format.pieces import each_piece, rows_where, taken_from
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at, arguments_of
from inspect_app.filters.receipts import Receipts, find_receipts
from inspect_app.filters.structures import opened_how
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
    "inotify_init",
    "signalfd",
    "uring_openat",
    "uring_openat2",
    "uring_accept",
    "uring_socket",
    "uring_fixed_fd_install",
)
_PAIRS = ("pipe", "pipe2", "socketpair")
_REQUEST, _RING = 3, 4
"""Arguments that name a request of io_uring, of the event that hands it in and of its completion."""
_LOOKS = ("newfstatat", "statx")
_EXECS = ("execve", "execveat", "procexec")
_F_DUPFD, _F_SETFD, _F_DUPFD_CLOEXEC = 0, 2, 1030
_FIOCLEX, _FIONCLEX = 0x5451, 0x5450
_EBADF = -9
USED, MADE, CLOSED, MARKED, EXEC = range(5)
"""What an entry tells of a number."""
_ROW = 32
"""Bits of a row in a key."""
_WIDEST = 63
"""Bits of a key that is sorted as a number."""
_EMPTY = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Entries:
    """All that is known of numbers, sorted by process, number and row; runs that say the same are one."""

    process: np.ndarray
    fd: np.ndarray
    row: np.ndarray
    what: np.ndarray
    cloexec: np.ndarray
    """int8: 1 closes at exec, 0 does not, -1 only uses are known."""
    opened: np.ndarray
    keys: np.ndarray
    """int64, ascending: which number of which process, packed with the row."""
    numbers: np.ndarray
    """Where each number's entries begin; one more at the end."""
    starts: np.ndarray
    """Where each process' numbers begin; one more at the end."""
    told: np.ndarray
    """int32: the entry at or before each that tells of close-on-exec, or the number's first."""
    meant: np.ndarray
    """int32: the entry at or before each that is more than a mark, or the number's first."""
    made: np.ndarray
    """int32: the entry at or before each that made or closed the number, or the number's first."""
    thing: np.ndarray
    """int32, row of descriptors: what the number stood for, -1 not known."""
    execs: Calls
    ranges: Calls
    """close_range, whose numbers depend on what a process was handed down."""
    receipts: Receipts
    """What came in messages."""

    def before(self, process: int, rows: Sequence[int]) -> np.ndarray:
        """Of each number of a process what decides how it stood just before each of some rows, ascending."""
        number = np.arange(int(self.starts[process]), int(self.starts[process + 1]))
        asked = number[:, None] << _ROW | (np.asarray(rows, np.int64) + 1)
        last = np.searchsorted(self.keys, asked) - 1
        last = last[last >= self.numbers[number][:, None]]
        return np.unique(np.concatenate((last, self.told[last], self.meant[last], self.made[last])))

    def received(self, process: int, handed: np.ndarray) -> Receipts:
        """What came to a process in messages. `handed`: numbers that it was handed down."""
        begin, end = (int(self.numbers[self.starts[at]]) for at in (process, process + 1))
        found = self.receipts.between(begin, end)
        if not len(found.entry):
            return found
        return found.chosen(~(found.is_first & np.isin(self.fd[found.entry], handed)))


@dataclass(frozen=True, eq=False)
class Calls:
    """Some calls by process and row."""

    row: np.ndarray
    starts: np.ndarray
    """Where each process' calls begin; one more at the end."""

    def before(self, process: int, row: int) -> np.ndarray:
        """The rows of a process' calls before a row."""
        mine = self.row[int(self.starts[process]) : int(self.starts[process + 1])]
        return mine[: int(np.searchsorted(mine, row))]

    def count_before(self, process: np.ndarray, row: np.ndarray) -> np.ndarray:
        """How many of its calls lie before each (process, row)."""
        counts = np.diff(self.starts)
        last = np.full(len(counts), -1)
        having = np.flatnonzero(counts)
        last[having] = self.row[self.starts[1:][having] - 1]
        found: np.ndarray = counts[process]
        # Most programs are begun early: behind the last call there is nothing to search for.
        early = rows_where(len(row), lambda some: row[some] <= last[process[some]])
        owner = np.repeat(np.arange(len(counts)), counts)
        before = np.searchsorted(_key(owner, self.row), _key(process[early], np.maximum(row[early], 0)))
        found[early] = before - self.starts[process[early]]
        return found


def forks_of(frames: CaptureFrames) -> np.ndarray:
    """int64, of each process: the row of events at which it was made, -1 not seen."""
    start = frames.processes["start"].to_numpy()
    time = frames.events["time"].to_numpy()
    made = np.searchsorted(time, start, side="left")
    seen = (start >= 0) & ~frames.processes["existed"].to_numpy() & (made < len(time))
    return np.where(seen, made, -1)


def collect(frames: CaptureFrames) -> Entries:
    """All entries of a capture."""
    parts = [_listed(frames), *_of_events(frames)]
    process, fd, row, what, cloexec, opened = (np.concatenate(column) for column in zip(*parts, strict=True))
    order, process, fd = _in_order(process, fd, row)
    row, what, cloexec, opened = (taken_from(column, order) for column in (row, what, cloexec, opened))
    new = np.append(True, (process[1:] != process[:-1]) | (fd[1:] != fd[:-1]))[: len(fd)]
    cloexec = carried(new, what, cloexec)
    execs, ranges = _calls(frames, _EXECS), _calls(frames, ("close_range",))
    thing = taken(frames.events["descriptor"].to_numpy(), row)
    thing = np.where(opened >= 0, taken(frames.opened["descriptor"].to_numpy(), opened), thing)
    kept = new | ((what != USED) & (what != CLOSED))
    between = [calls.count_before(process, row) for calls in (execs, ranges) if len(calls.row)]
    for column in (thing, cloexec, what == CLOSED, *between):
        kept[1:] |= column[1:] != column[:-1]
    kept = np.flatnonzero(kept)
    process, fd, row, what, cloexec, opened, new, thing = (
        taken_from(column, kept) for column in (process, fd, row, what, cloexec, opened, new, thing)
    )
    fd, row = fd.astype(np.int64), row.astype(np.int64)
    numbers = np.flatnonzero(new)
    closed = np.where(np.append(-1, what[:-1])[: len(row)] == CLOSED, np.append(-1, row[:-1])[: len(row)], -2)
    closed[new] = -1
    keys = (np.cumsum(new) - 1) << _ROW | (row + 1)
    starts = np.searchsorted(process[numbers], np.arange(len(frames.processes) + 1))
    told = latest(new | ((what != USED) & (what != EXEC)))
    meant = latest(new | (what != MARKED))
    numbers = np.append(numbers, len(row))
    return Entries(
        process,
        fd,
        row,
        what,
        cloexec,
        opened,
        keys,
        numbers,
        starts,
        told,
        meant,
        latest(new | (what == MADE) | (what == CLOSED)),
        thing,
        execs,
        ranges,
        find_receipts(frames, process, row, np.isin(what, (USED, CLOSED, MARKED)), closed),
    )


def latest(holds: np.ndarray) -> np.ndarray:
    """int32: the place at or before each where it holds."""
    found: np.ndarray = np.maximum.accumulate(np.where(holds, np.arange(len(holds), dtype=np.int32), 0))
    return found


def _in_order(
    process: np.ndarray, fd: np.ndarray, row: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of entries by process, number and row, as they were given where these are the same.

    Returns these, and processes and numbers in this order.
    """
    # A few long runs: a stable sort merges them.
    by_row = np.argsort(row, kind="stable")
    process, fd = taken_from(process, by_row), taken_from(fd, by_row)
    place, number = len(row).bit_length(), int(fd.max(initial=0)).bit_length()
    wide = int(process.max(initial=0)).bit_length() + number + place > _WIDEST
    if wide or int(fd.min(initial=0)) < 0 or int(process.min(initial=0)) < 0:
        order = np.lexsort((fd, process))
        return by_row[order], process[order], fd[order]
    packed = process.astype(np.int64)
    packed <<= number
    packed |= fd
    packed <<= place
    packed |= np.arange(len(packed))
    packed.sort()
    order = taken_from(by_row, packed & ((1 << place) - 1))
    packed >>= place
    return order, (packed >> number).astype(np.int32), (packed & ((1 << number) - 1)).astype(np.int32)


def order_of_numbers(process: np.ndarray, fd: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The places of int64 columns, of which `process` and `row` are not negative, by all three, stable."""
    widths = [int(column.max(initial=0)).bit_length() for column in (process, fd, row)]
    if sum(widths) > _WIDEST or int(fd.min(initial=0)) < 0:
        return np.lexsort((row, fd, process))
    # A few runs that are in order already: a stable sort of whole keys merges them.
    return np.argsort((process << widths[1] | fd) << widths[2] | row, kind="stable")


def carried(new: np.ndarray, what: np.ndarray, cloexec: np.ndarray) -> np.ndarray:
    """A use says nothing of close-on-exec: the entry before it does. `new`: where each number begins."""
    told = ((what != USED) & (what != EXEC)) | new
    found: np.ndarray = cloexec[latest(told)]
    return found


def _calls(frames: CaptureFrames, wanted: Sequence[str]) -> Calls:
    names, code = _names(frames)
    process, ret = frames.events["process"].to_numpy(), frames.events["ret"].to_numpy()
    rows = _rows_of(names, wanted, code)
    rows = rows[(ret[rows] == 0) & (process[rows] >= 0)]
    order = np.argsort(process[rows], kind="stable")
    starts = np.searchsorted(process[rows][order], np.arange(len(frames.processes) + 1))
    return Calls(rows[order], starts)


_Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _part(
    process: np.ndarray, fd: np.ndarray, row: np.ndarray, what: int, cloexec: np.ndarray | int
) -> _Part:
    count = len(row)
    return (
        process.astype(np.int32, copy=False),
        fd.astype(np.int32, copy=False) if _are_ints(fd) else fd,
        row.astype(np.int32, copy=False),
        np.full(count, what, np.int8),
        np.broadcast_to(np.asarray(cloexec, np.int8), count),
        np.full(count, -1, np.int32),
    )


def _are_ints(fd: np.ndarray) -> bool:
    """Whether numbers are what a C int holds; in a capture that somebody made they may not be."""
    limits = np.iinfo(np.int32)
    return not len(fd) or (int(fd.min()) >= limits.min and int(fd.max()) <= limits.max)


def _listed(frames: CaptureFrames) -> _Part:
    """The snapshot's.

    It is taken a moment after the recording began. What it lists of a process that was made in between is
    known from events; so is a number that a call has made since.
    """
    opened, events = frames.opened, frames.events
    process, fd, thing = (opened[name].to_numpy() for name in ("process", "fd", "descriptor"))
    forks = np.append(remember(frames, ("forks",), lambda: forks_of(frames)), 0)
    held = np.flatnonzero(forks[process] < 0)
    names, code = _names(frames)
    made = _rows_of(names, _MAKERS, code)
    made = made[events["fd"].to_numpy()[made] >= 0]
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
    cloexec = opened["cloexec"].to_numpy()[held] == 1
    part = _part(process[held], fd[held], np.where(listed < 0, -1, begins), MADE, cloexec)
    return (*part[:5], held.astype(np.int32))


def _key(process: np.ndarray, fd: np.ndarray) -> np.ndarray:
    return process.astype(np.int64) << 32 | (fd.astype(np.int64) & 0xFFFFFFFF)


def _of_events(frames: CaptureFrames) -> list[_Part]:
    names, code = _names(frames)
    events = frames.events
    columns = [events[name].to_numpy() for name in ("fd", "process", "ret", "descriptor", "path")]
    tables = [_among(names, wanted) for wanted in (_MAKERS, ("close",), _EXECS)]
    repeats = _Repeats(frames, names)

    def told(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        fd, process, ret, descriptor, path = (column[rows] for column in columns)
        makes, closes, starts = (table[code[rows]] for table in tables)
        on_number, unknown = (fd >= 0) & (process >= 0), ret == _EBADF
        made = makes & (ret >= 0)
        shut = (closes & ~unknown) | (unknown & ~makes)
        foreign = starts | (path >= 0)
        used = ~makes & ~closes & ~foreign & (descriptor >= 0) & ~unknown
        at = np.flatnonzero(on_number & (made | shut | used))
        what = np.where(made[at], np.int8(MADE), np.where(shut[at], np.int8(CLOSED), np.int8(USED)))
        new = repeats.told_anew(rows, code[rows], at, what)
        return at[new].astype(np.int32) + np.int32(rows.start), what[new]

    parts = each_piece(len(events), told) or [(_EMPTY, _EMPTY)]
    rows, what = (np.concatenate(column) for column in zip(*parts, strict=True))
    cloexec = np.where(what == CLOSED, np.int8(0), np.int8(-1))
    made = np.flatnonzero(what == MADE)
    cloexec[made] = _closes_at_exec(frames, names, code, rows[made])
    fd, process = (taken_from(column, rows) for column in columns[:2])
    numbers = (process, fd, rows, what, cloexec, np.full(len(rows), -1, np.int32))
    return [
        numbers,
        _looked_at(frames, names, code),
        _closed_by_rings(frames, names, code),
        *_in_pairs(frames),
        *_set_later(frames, names, code),
    ]


def _closed_by_rings(frames: CaptureFrames, names: Sequence[str], code: np.ndarray) -> _Part:
    """Numbers that io_uring closed: the request tells which, its completion that it was done."""
    process, fd, ret = (frames.events[name].to_numpy() for name in ("process", "fd", "ret"))
    done, asked = (_rows_of(names, (name,), code) for name in ("uring_close", "io_uring_submit"))
    done = done[ret[done] == 0]
    # Which closes a file of the ring's own names the number 0.
    asked = asked[(fd[asked] > 0) & (process[asked] >= 0)]
    if not len(done) or not len(asked):
        return _part(_EMPTY, _EMPTY, _EMPTY, CLOSED, 0)
    both = np.concatenate((asked, done))
    _, _, request = pair_codes(*(argument_at(frames, at, both) for at in (_REQUEST, _RING)))
    latest_asked = Latest(request[: len(asked)], asked, int(request.max()) + 1)
    found = latest_asked.find(request[len(asked) :], done)
    done, asked = done[found >= 0], asked[found[found >= 0]]
    return _part(process[asked], fd[asked], done, CLOSED, 0)


def _looked_at(frames: CaptureFrames, names: Sequence[str], code: np.ndarray) -> _Part:
    """Uses of a number beside an empty path (AT_EMPTY_PATH): what fstat asks of late."""
    process, fd, path, ret = (frames.events[name].to_numpy() for name in ("process", "fd", "path", "ret"))
    rows = _rows_of(names, _LOOKS, code)
    rows = rows[(path[rows] >= 0) & (fd[rows] >= 0) & (process[rows] >= 0) & (ret[rows] == 0)]
    text, _ = frames.source.text_codes(rows)
    distinct, which = codes_of(text)
    example = first_of_each(which, len(distinct))
    is_empty = np.array([frames.source.texts(int(rows[at]))[0] == b"" for at in example.tolist()], bool)
    rows = rows[is_empty[which]]
    return _part(process[rows], fd[rows], rows, USED, -1)


class _Repeats:
    """Uses that say what the entry before them said: most of all, and left out before anything is sorted.

    Looked at piece by piece. Of a process that begins a program in a piece, closes a range, or makes numbers
    otherwise than by returning them, all are left in.
    """

    def __init__(self, frames: CaptureFrames, names: Sequence[str]) -> None:
        events = frames.events
        self._process, self._fd, self._thing = (
            events[name].to_numpy() for name in ("process", "fd", "descriptor")
        )
        self._changes = _among(names, (*_EXECS, *_PAIRS, "close_range"))
        self._marks = _among(names, ("fcntl", "ioctl"))
        self._processes = len(frames.processes)
        # What later recordings list is true from some row on.
        self._is_left = bool((frames.opened["listed"].to_numpy() >= 0).any())

    def told_anew(self, rows: slice, code: np.ndarray, at: np.ndarray, what: np.ndarray) -> np.ndarray:
        """Which of the entries `at` places of a piece are to stay; bool, one an entry."""
        process, fd, thing = (column[rows] for column in (self._process, self._fd, self._thing))
        stays = np.ones(len(at), bool)
        number = int(fd.max(initial=0)).bit_length()
        place = len(at).bit_length()
        if self._is_left or self._processes.bit_length() + number + place > _WIDEST:
            return stays
        changing = self._changes[code] | (self._marks[code] & (thing < 0))
        barred = np.zeros(self._processes + 1, bool)
        barred[process[changing]] = True
        packed = process[at].astype(np.int64)
        packed <<= number
        packed |= fd[at]
        packed <<= place
        packed |= np.arange(len(at))
        packed.sort()
        order = packed & ((1 << place) - 1)
        packed >>= place
        kind, things = what[order], thing[at[order]]
        again = (packed[1:] == packed[:-1]) & (kind[1:] == USED) & (things[1:] == things[:-1])
        again &= (kind[:-1] != CLOSED) & ~barred[process[at[order[1:]]]]
        stays[order[1:][again]] = False
        return stays


def pairs_of(frames: CaptureFrames) -> PairsMade:
    """The pipes and socketpairs that were made."""
    return remember(frames, ("pairs made",), lambda: pairs_made(frames, _PAIRS))


def _in_pairs(frames: CaptureFrames) -> list[_Part]:
    made = pairs_of(frames)
    process = frames.events["process"].to_numpy()[made.rows]
    # `pipe` has no flags; what lies in its second argument is no flag either.
    has_flags = (frames.events["type"] != "pipe").to_numpy()[made.rows]
    flags = argument_at(frames, 1, made.rows).astype(np.int64)
    cloexec = has_flags & ((flags & _CLOEXEC) != 0)
    return [_part(process, fd, made.rows, MADE, cloexec) for fd in made.fds]


def _closes_at_exec(
    frames: CaptureFrames, names: Sequence[str], code: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    result: np.ndarray = _among(names, _ALWAYS_CLOEXEC)[code[rows]]
    place, flag = np.full(len(names) + 1, -1), np.zeros(len(names) + 1, np.uint64)
    for name, (at, bit) in _FLAGS_AT.items():
        if name in names:
            place[names.index(name)], flag[names.index(name)] = at, bit
    kinds = code[rows]
    asked = [(index, np.flatnonzero(place[kinds] == index)) for index in range(5)]
    parts = arguments_of(frames, [(index, rows[some]) for index, some in asked])
    for (_, some), values in zip(asked, parts, strict=True):
        result[some] = (values & flag[kinds[some]]) != 0
    told = np.flatnonzero(_among(names, ("openat2",))[kinds])
    if len(told):
        flags, _, _ = opened_how(frames, rows[told])
        result[told] = (flags & np.uint64(_CLOEXEC)) != 0
    return result


def _set_later(frames: CaptureFrames, names: Sequence[str], code: np.ndarray) -> list[_Part]:
    """What fcntl and ioctl do to numbers: a copy under a new one, close-on-exec set or taken back."""
    events = frames.events
    fd, ret, process = (events[name].to_numpy() for name in ("fd", "ret", "process"))
    rows = _rows_of(names, ("fcntl", "ioctl"), code)
    rows = rows[(ret[rows] >= 0) & (fd[rows] >= 0) & (process[rows] >= 0)]
    if not len(rows):
        return []
    is_ioctl = _among(names, ("ioctl",))[code[rows]]
    command, value = arguments_of(frames, [(1, rows), (2, rows)])
    command = command.astype(np.int64) & 0xFFFFFFFF
    copying = np.flatnonzero(~is_ioctl & np.isin(command, (_F_DUPFD, _F_DUPFD_CLOEXEC)))
    copies, with_flag = rows[copying], command[copying] == _F_DUPFD_CLOEXEC
    parts = [_part(process[copies], ret[copies], copies, MADE, with_flag)]
    sets = (~is_ioctl & (command == _F_SETFD)) | (is_ioctl & np.isin(command, (_FIOCLEX, _FIONCLEX)))
    flag = np.where(is_ioctl, command == _FIOCLEX, value & np.uint64(1))[sets]
    rows = rows[sets]
    return [*parts, _part(process[rows], fd[rows], rows, MARKED, flag)]


def _names(frames: CaptureFrames) -> tuple[list[str], np.ndarray]:
    kinds = frames.events["type"].array
    return [str(name) for name in kinds.categories], np.asarray(kinds.codes)


def _among(names: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """bool, by code; the last place stands for -1, unknown."""
    return np.array([name in wanted for name in names] + [False])


def _rows_of(names: Sequence[str], wanted: Sequence[str], code: np.ndarray) -> np.ndarray:
    """int64, ascending: the events of some names."""
    table = _among(names, wanted)
    return rows_where(len(code), lambda rows: table[code[rows]])
