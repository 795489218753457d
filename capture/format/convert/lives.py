"""Who did it: processes of threads, users and cgroups, followed through a file piece by piece."""

from __future__ import annotations

from typing import Any

import numpy as np

from capture.format.convert.books import Book
from capture.format.convert.codes import types_named
from capture.format.convert.collecting import Collected, texts_of
from capture.format.convert.parameters import MISSING
from capture.format.convert.tables import decoded
from capture.format.joins import codes_of

Array = np.ndarray[Any, np.dtype[Any]]

FORKS, EXECS = ("clone", "fork", "vfork", "clone3"), ("execve", "execveat")
_SET_UID = {("setuid",): 0, ("setreuid", "setresuid"): 0}
"""Calls that change the real user id, and the argument that has it."""
_PLACES = 1 << 23
"""More than kernels have processes: ids below it are looked up by place."""
UNKNOWN_UID = 0xFFFFFFFF
UNKNOWN_CGROUP = 0
_MOST_CGROUP_BYTES = 64 << 20
_ID_DIGITS = 12
"""A path with so many hexadecimal digits in a row names a container."""


class Cgroups:
    """The cgroups of a file: a number for each distinct list of them, and one path that stands for it."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {b"": UNKNOWN_CGROUP}
        self._of_path: dict[str, int] = {}
        self._left = _MOST_CGROUP_BYTES

    def number(self, listed: bytes) -> int:
        """The number of a list as scap has it: `subsystem=path`, a NUL after each; 0 for an empty one."""
        known = self._numbers.get(listed)
        if known is None:
            self._left -= len(listed)
            path = telling_path(listed)
            known = UNKNOWN_CGROUP
            if path and self._left > 0:
                known = self._of_path.setdefault(path, len(self._of_path) + 1)
                self._numbers[listed] = known
        return known

    def rows(self) -> list[dict[str, Any]]:
        """The table `cgroups` of a snapshot."""
        return [{"id": number, "path": path, "hierarchy": 0} for path, number in self._of_path.items()]


def cgroup_lines(listed: bytes) -> list[str]:
    """A list of cgroups as the lines of /proc/PID/cgroup; a hierarchy may be called `name=systemd`."""
    pairs = (entry.partition(b"=/") for entry in listed.split(b"\0"))
    return [f"0:{decoded(name)}:/{decoded(path)}" for name, is_path, path in pairs if is_path]


def telling_path(listed: bytes) -> str:
    """Of the paths in a list the one that tells most: one with the id of a container, else the longest."""
    paths = [line.split(":", 2)[2] for line in cgroup_lines(listed)]
    return max(paths, key=lambda path: (_has_id(path), len(path)), default="")


def _has_id(path: str) -> bool:
    run = 0
    for letter in path:
        run = run + 1 if letter in "0123456789abcdef" else 0
        if run >= _ID_DIGITS:
            return True
    return False


def _pairs(first: Array, second: Array) -> Array:
    return first.astype(np.int64) << 32 | second.astype(np.int64) & 0xFFFFFFFF


class Lives:
    """What is known of threads and processes, as of each event."""

    def __init__(self) -> None:
        self.cgroups = Cgroups()
        self._process = Book("pid")
        self._uid, self._cgroup = Book("uid"), Book("cgroup")
        self._clones = Book("time")
        self._seen = np.empty(0, np.int64)

    def begin(self, tid: Array, pid: Array, uid: Array, cgroup: Array) -> None:
        """What a table of processes says."""
        before = np.full(len(tid), -1, np.int64)
        self._seen = np.union1d(self._seen, pid)
        self._process.learn(tid, before, pid=pid, order=before)
        self._uid.learn(pid, before, uid=uid, order=before)
        known = np.flatnonzero(cgroup != UNKNOWN_CGROUP)
        self._cgroup.learn(pid[known], before[known], cgroup=cgroup[known], order=-1)

    def learn_threads(self, found: Collected, type_: Array, order: Array) -> None:
        """Events that say which process their thread belongs to."""
        tids, pids = found.number("tid"), found.number("pid")
        at = np.flatnonzero(types_named((*FORKS, *EXECS))[type_] & (tids > 0) & (pids > 0))
        self._process.learn(tids[at], at, pid=pids[at], order=order[at])

    def learn_clones(self, found: Collected, type_: Array, tid: Array, time: Array, order: Array) -> None:
        """Ends of clones as parents see them: the child has what its parent had then."""
        child = found.number("ret")
        at = np.flatnonzero(types_named(FORKS)[type_] & (child > 0) & (child < 1 << 31))
        self._clones.learn(_pairs(tid[at], child[at]), at, time=time[at], order=order[at])

    def clones_of(self, parent: Array, child: Array, inner: Array, at: Array) -> tuple[Array, Array, Array]:
        """Row, order and time of the clones that made children, as far as their parents had told of them.

        Args:
            parent: threads.
            child: threads that tell of their own birth.
            inner: the same as their own namespace sees them.
            at: the rows where they do.
        """
        entry = self._clones.find(_pairs(parent, child), at)
        by_inner = self._clones.find(_pairs(parent, inner), at)
        entry = np.where(entry >= 0, entry, by_inner)
        rows = np.where(entry >= 0, self._clones.rows_of(entry), -1)
        return rows, self._clones.value("order", entry, -1), self._clones.value("time", entry, -1)

    def made(self, tid: Array, pid: Array, at: Array, order: Array) -> None:
        """Threads that were made."""
        self._process.learn(tid, at, pid=pid, order=order)

    def process_of(self, tid: Array, at: Array) -> Array:
        """int64: the process of threads at some events; a thread of which nothing is said is one itself."""
        distinct, code = codes_of(tid)
        entry = self._process.find_coded(distinct, code, at)
        known = self._process.value("pid", entry, -1)
        return np.where(known >= 0, known, tid)

    def is_known(self, tid: Array) -> Array:
        """bool: does anything before the piece's end say where a thread belongs?"""
        entry = self._process.find(tid, np.full(len(tid), (1 << 31) - 1))
        return entry >= 0

    def first_seen(self, pid: Array) -> tuple[Array, Array]:
        """Processes of which neither a table nor an event had told, and the row of the first event of each.

        `pid`: of the events of a piece; to be asked once for each.
        """
        found, first = _firsts(pid)
        new = ~np.isin(found, self._seen)
        self._seen = np.union1d(self._seen, found)
        return found[new], first[new]

    def learn_owners(self, found: Collected, type_: Array, pid: Array, order: Array) -> None:
        """What events say of the user and the cgroup of their process."""
        told = found.number("uid")
        at = np.flatnonzero(told != MISSING)
        self._uid.learn(pid[at], at, uid=told[at], order=order[at])
        for names, argument in _SET_UID.items():
            asked = found.number(f"a{argument}")
            changed = types_named(names)[type_] & (found.number("ret") == 0)
            at = np.flatnonzero(changed & (asked >= 0) & (asked < UNKNOWN_UID))
            self._uid.learn(pid[at], at, uid=asked[at], order=order[at])
        if "cgroups" in found.slices:
            self._learn_cgroups(found, pid, order)

    def _learn_cgroups(self, found: Collected, pid: Array, order: Array) -> None:
        runs = found.slices["cgroups"]
        at = np.flatnonzero(runs.size > 0)
        listed = texts_of(found.data, runs, at)
        numbers = np.fromiter(map(self.cgroups.number, listed), np.int64, len(listed))
        known = numbers != UNKNOWN_CGROUP
        self._cgroup.learn(pid[at[known]], at[known], cgroup=numbers[known], order=order[at[known]])

    def owners(self, pid: Array, at: Array) -> tuple[Array, Array]:
        """User and cgroup of processes at some events."""
        distinct, code = codes_of(pid)
        uid = self._uid.value("uid", self._uid.find_coded(distinct, code, at), UNKNOWN_UID)
        cgroup = self._cgroup.value("cgroup", self._cgroup.find_coded(distinct, code, at), UNKNOWN_CGROUP)
        return uid, cgroup

    def turn(self) -> None:
        """The piece has ended."""
        for book in (self._process, self._uid, self._cgroup, self._clones):
            book.turn()


def _firsts(pid: Array) -> tuple[Array, Array]:
    """The distinct ones, ascending, and the first row of each."""
    if not len(pid) or int(pid.min()) < 0 or int(pid.max()) >= _PLACES:
        return np.unique(pid, return_index=True)
    first = np.full(int(pid.max()) + 1, -1)
    first[pid[::-1]] = np.arange(len(pid))[::-1]
    found = np.flatnonzero(first >= 0)
    return found, first[found]
