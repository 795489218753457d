"""What descriptors stand for: followed from where they were made, through copies and forks, to their use.

A .scap file tells numbers of descriptors, and rarely the inode behind one. So each thing that is opened gets
an identity of its own (device MADE_UP_DEVICE): a file one by its path, everything else a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.format.convert.books import Book
from capture.format.joins import follow
from capture.model.events import MADE_UP_DEVICE

Array = np.ndarray[Any, np.dtype[Any]]

FILE, DIRECTORY, FIFO, SOCKET, ANONYMOUS = 0o100000, 0o040000, 0o010600, 0o140777, 0o600
ANONYMOUS_INO = 1
"""eventfd, epoll and the like share one inode in the kernel."""
FIRST_NUMBER = 2
_GENERATIONS = 16
_FD_BITS = 32
FACTS = ("dev", "ino", "mode", "family", "kind", "protocol")


@dataclass(frozen=True, slots=True)
class Things:
    """A thing a row; an inode of 0 is none."""

    facts: dict[str, Array]

    def __len__(self) -> int:
        return len(self.facts["ino"])


def nothing(count: int) -> Things:
    """Rows that stand for nothing."""
    return Things({name: np.zeros(count, np.int64) for name in FACTS})


class Holders:
    """Which process holds what under which number."""

    def __init__(self) -> None:
        self._book = Book(*FACTS)
        self._births = Book("parent")

    def born(self, child: Array, parent: Array, row: Array, order: Array) -> None:
        """Processes that began with copies of what their parents had."""
        self._births.learn(child, row, parent=parent, order=order)

    def opened(self, pid: Array, fd: Array, row: Array, order: Array, things: Things) -> None:
        """From these rows on the numbers stand for these things, or for nothing any more."""
        self._book.learn(_keys(pid, fd), row, order=order, **things.facts)

    def copied(self, pid: Array, source: Array, target: Array, row: Array, order: Array) -> None:
        """Numbers that became copies of others; everything else of the piece must be known."""
        if not len(pid):
            return
        first = len(self._book.keys)
        self._book.learn(_keys(pid, target), row, order=order, **nothing(len(pid)).facts)
        origin = np.arange(len(self._book.keys))
        found = self.find(pid, source, row - 1)
        origin[first:] = np.where(found >= 0, found, origin[first:])
        origin = follow(origin)
        for name in FACTS:
            self._book.values[name] = self._book.values[name][origin]

    def find(self, pid: Array, fd: Array, row: Array) -> Array:
        """int64: the entry that holds for a number of a process at a row, -1 none."""
        result = np.full(len(pid), -1, np.int64)
        asked = np.arange(len(pid))
        pid, fd, row = pid.astype(np.int64), fd.astype(np.int64), row.astype(np.int64)
        until = np.full(len(pid), np.iinfo(np.int64).max)
        order = self._book.values["order"]
        for _ in range(_GENERATIONS):
            if not len(asked):
                break
            entry = self._book.find(_keys(pid, fd), row)
            birth = self._births.find(pid, row)
            since = self._births.value("order", birth, -1)
            made = order[entry] if len(order) else np.full(len(entry), -1)
            # What a pid had before this process was another's; what its parent has had since is not its own.
            own = (entry >= 0) & (made >= since) & (made <= until)
            result[asked[own]] = entry[own]
            up = np.flatnonzero(~own & (birth >= 0))
            asked, fd, until = asked[up], fd[up], np.minimum(until[up], since[up])
            pid, row = self._births.value("parent", birth[up], -1), self._births.rows_of(birth[up])
        return result

    def things(self, entry: Array) -> Things:
        """What entries stand for; nothing for -1."""
        return Things({name: self._book.value(name, entry, 0) for name in FACTS})

    def turn(self) -> None:
        """The piece has ended."""
        self._book.turn()
        self._births.turn()


def _keys(pid: Array, fd: Array) -> Array:
    return np.asarray(pid, np.int64) << _FD_BITS | (np.asarray(fd, np.int64) & 0xFFFFFFFF)


def made_up(ino: Array, mode: int) -> Things:
    """Things with identities of our own."""
    count = len(ino)
    facts = nothing(count).facts
    facts["dev"] = np.full(count, MADE_UP_DEVICE, np.int64)
    facts["ino"] = ino.astype(np.int64)
    facts["mode"] = np.full(count, mode, np.int64)
    return Things(facts)
