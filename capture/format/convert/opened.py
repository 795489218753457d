"""What each event worked on: its descriptor, and the identity of what that stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from capture.format.convert.codes import types_named
from capture.format.convert.headers import PADDING
from capture.format.convert.interning import hashes_of_runs
from capture.format.convert.parameters import MISSING
from capture.format.convert.things import (
    ANONYMOUS,
    ANONYMOUS_INO,
    DIRECTORY,
    FACTS,
    FIFO,
    FILE,
    FIRST_NUMBER,
    SOCKET,
    Holders,
    Things,
    made_up,
    nothing,
)

if TYPE_CHECKING:
    from capture.format.convert.piece import Piece

Array = np.ndarray[Any, np.dtype[Any]]

_FILES = ("open", "openat", "openat2", "creat", "open_by_handle_at", "memfd_create")
_ACCEPTS, _SOCKETS = ("accept", "accept4"), ("socket",)
_NOTHING_BEHIND = (
    *("eventfd", "eventfd2", "epoll_create", "epoll_create1", "timerfd_create", "signalfd", "signalfd4"),
    *("inotify_init", "inotify_init1", "userfaultfd", "io_uring_setup", "pidfd_open", "bpf"),
)
_COPIES, _COPYING_COMMANDS = ("dup", "dup2", "dup3"), (0, 1030)
_PIPES, _PAIRS = ("pipe", "pipe2"), ("socketpair",)
_PROGRAMS = ("execve", "execveat")
_O_DIRECTORY = 0o200000
_KIND_BITS = 0xF
_STREAM, _TCP, _INETS = 1, 6, (2, 10)
_FD_LIMIT = 1 << 31


class Opened:
    """Descriptors of all processes, followed through a file piece by piece."""

    def __init__(self) -> None:
        self._holders = Holders()
        self.facts: dict[str, Array] = nothing(0).facts
        """Of the events of the piece: what their descriptors stand for."""
        self.fd: Array = np.empty(0, np.int64)
        """The descriptor of each event, -1 none."""

    def begin(self, pid: Array, fd: Array, things: Things) -> None:
        """What a table of descriptors says."""
        before = np.full(len(pid), -1, np.int64)
        self._holders.opened(pid, fd, before, before, things)

    def born(self, child: Array, parent: Array, row: Array, order: Array) -> None:
        """Processes that began with copies of their parents' descriptors."""
        self._holders.born(child, parent, row, order)

    def turn(self) -> None:
        """The piece has ended."""
        self._holders.turn()

    def follow(self, piece: Piece, pid: Array) -> None:
        """Find what each event of a piece worked on, and learn what it changed."""
        ret = piece.found.number("ret")
        succeeded = (ret >= 0) & (ret < _FD_LIMIT)
        makes = piece.codes.makes_fd[piece.type] & succeeded
        commands = piece.columns["a1"].view(np.int64)
        duplicates = types_named(("fcntl",))[piece.type] & np.isin(commands, _COPYING_COMMANDS) & succeeded
        self.fd = _descriptors(piece, np.where(makes | duplicates, ret, MISSING))
        self._learn_made(piece, pid, ret, makes & ~types_named(_COPIES)[piece.type])
        self._learn_pairs(piece, pid)
        closes = types_named(("close",))[piece.type] & (ret == 0)
        rows = np.flatnonzero(closes & (self.fd >= 0))
        self._holders.opened(pid[rows], self.fd[rows], rows, piece.order[rows], nothing(len(rows)))
        copies = np.flatnonzero((types_named(_COPIES)[piece.type] & succeeded) | duplicates)
        source = piece.columns["a0"].view(np.int64)[copies]
        self._holders.copied(pid[copies], source, ret[copies], copies, piece.order[copies])
        used = np.flatnonzero(self.fd >= 0)
        entry = self._holders.find(pid[used], self.fd[used], used - closes[used])
        things = self._holders.things(entry).facts
        self.facts = nothing(len(pid)).facts
        for name in FACTS:
            self.facts[name][used] = things[name]
        self._add_programs(piece, ret)

    def _learn_made(self, piece: Piece, pid: Array, ret: Array, makes: Array) -> None:
        rows = np.flatnonzero(makes)
        things = made_up(piece.order[rows] + FIRST_NUMBER, 0).facts
        type_ = piece.type[rows]
        for names, describe in (
            (_FILES, _describe_files),
            (_SOCKETS, _describe_sockets),
            (_ACCEPTS, _describe_accepted),
            (_NOTHING_BEHIND, _describe_anonymous),
        ):
            some = np.flatnonzero(types_named(names)[type_])
            if len(some):
                describe(piece, pid, rows[some], some, things)
        self._holders.opened(pid[rows], ret[rows], rows, piece.order[rows], Things(things))

    def _learn_pairs(self, piece: Piece, pid: Array) -> None:
        first, second = (piece.found.numbers.get(name) for name in ("pair1", "pair2"))
        if first is None or second is None:
            return
        told = (first >= 0) & (second >= 0) & (first < _FD_LIMIT) & (second < _FD_LIMIT)
        for names, mode in ((_PIPES, FIFO), (_PAIRS, SOCKET)):
            rows = np.flatnonzero(types_named(names)[piece.type] & told)
            things = made_up(piece.order[rows] + FIRST_NUMBER, mode)
            ino = piece.found.number("ino")[rows]
            things.facts["dev"][ino > 0] = 0
            things.facts["ino"] = np.where(ino > 0, ino, things.facts["ino"])
            if mode == SOCKET:
                things.facts["family"] = piece.columns["a0"].view(np.int64)[rows]
                things.facts["kind"] = piece.columns["a1"].view(np.int64)[rows] & _KIND_BITS
            for fd in (first, second):
                self._holders.opened(pid[rows], fd[rows], rows, piece.order[rows], things)

    def _add_programs(self, piece: Piece, ret: Array) -> None:
        """An exec worked on the program's file."""
        rows = np.flatnonzero(types_named(_PROGRAMS)[piece.type] & (ret == 0))
        if not len(rows):
            return
        things = made_up(_path_numbers(piece, rows, piece.tid[rows]), FILE).facts
        ino = piece.found.number("exe_ino")[rows]
        known = (ino > 0) & (things["ino"] != 0)
        things["dev"][known] = 0
        things["ino"] = np.where(known, ino, things["ino"])
        for name in ("dev", "ino", "mode"):
            self.facts[name][rows] = np.where(things["ino"] != 0, things[name], 0)


def _descriptors(piece: Piece, made: Array) -> Array:
    """The descriptor that each event made, else the one that it was given."""
    place = piece.codes.fd_argument[piece.type]
    fd = np.full(len(piece), -1, np.int64)
    for argument in range(6):
        some = np.flatnonzero(place == argument)
        fd[some] = piece.columns[f"a{argument}"].view(np.int64)[some]
    fd = np.where(made != MISSING, made, fd)
    return np.where((fd >= 0) & (fd < _FD_LIMIT), fd, -1)


def _path_numbers(piece: Piece, rows: Array, owner: Array) -> Array:
    """int64: a number for each distinct path, of relative ones for each process; 0 where there is none."""
    runs = piece.found.slices.get("text")
    if runs is None:
        return np.zeros(len(rows), np.int64)
    at, size = runs.at[rows], runs.size[rows]
    numbers = hashes_of_runs(piece.data, at, np.maximum(size, 0))
    relative = (size > 0) & (piece.data[at] != ord("/"))
    mixed = numbers ^ (owner.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    numbers = np.where(relative, mixed, numbers)
    return np.where(size > 0, _as_inodes(numbers), 0)


def _as_inodes(hashes: Array) -> Array:
    """int64: beyond all inodes of kernels and all numbers of events."""
    numbers: Array = (hashes >> np.uint64(2)).astype(np.int64) | 1 << 61
    return numbers


def path_numbers(paths: Sequence[bytes]) -> Array:
    """int64: the numbers that absolute paths have in events, too."""
    sizes = np.array([len(path) for path in paths], np.int64)
    padded = np.concatenate((np.frombuffer(b"".join(paths), np.uint8), np.zeros(PADDING, np.uint8)))
    return _as_inodes(hashes_of_runs(padded, np.cumsum(sizes) - sizes, sizes))


def _describe_files(piece: Piece, pid: Array, rows: Array, some: Array, things: dict[str, Array]) -> None:
    found = piece.found
    ino, dev = found.number("ino")[rows], found.number("dev")[rows]
    by_path = _path_numbers(piece, rows, pid[rows])
    things["ino"][some] = np.where(by_path != 0, by_path, things["ino"][some])
    known = (ino > 0) & (dev > 0)
    things["ino"][some[known]] = ino[known]
    things["dev"][some[known]] = kernel_device(dev[known])
    flags = np.where(
        types_named(("openat",))[piece.type[rows]], piece.columns["a2"][rows], piece.columns["a1"][rows]
    )
    takes_flags = types_named(("open", "openat"))[piece.type[rows]]
    is_directory = takes_flags & (flags & np.uint64(_O_DIRECTORY) != 0)
    things["mode"][some] = np.where(is_directory, DIRECTORY, FILE)


def _describe_sockets(piece: Piece, _pid: Array, rows: Array, some: Array, things: dict[str, Array]) -> None:
    arguments = [piece.columns[f"a{at}"].view(np.int64)[rows] for at in range(3)]
    things["mode"][some] = SOCKET
    things["family"][some] = arguments[0] & 0xFFFF
    things["kind"][some] = arguments[1] & _KIND_BITS
    things["protocol"][some] = arguments[2] & 0xFF


def _describe_accepted(piece: Piece, _pid: Array, rows: Array, some: Array, things: dict[str, Array]) -> None:
    runs = piece.found.slices.get("inbound")
    family = np.zeros(len(rows), np.int64)
    if runs is not None:
        family = np.where(runs.size[rows] > 0, piece.data[runs.at[rows]], 0).astype(np.int64)
    things["mode"][some] = SOCKET
    things["family"][some] = family
    things["kind"][some] = _STREAM
    things["protocol"][some] = np.where(np.isin(family, _INETS), _TCP, 0)


def _describe_anonymous(
    _piece: Piece, _pid: Array, _rows: Array, some: Array, things: dict[str, Array]
) -> None:
    things["mode"][some] = ANONYMOUS
    things["ino"][some] = ANONYMOUS_INO


def kernel_device(dev: Array) -> Array:
    """int64: device numbers as our columns have them, from the form of the kernel's interface."""
    major = dev >> 8 & 0xFFF
    minor = dev & 0xFF | dev >> 12 & 0xFFF00
    device: Array = major << 20 | minor
    return device
