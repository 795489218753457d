"""Descriptors of things without a file: eventfd, epoll and the like share one inode in the kernel.

Their identity therefore tells nothing. What a number stands for is known from the call that made it, from
calls that only such a thing allows, from the snapshot, or from the parent that handed it down.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from capture.format.joins import Latest, codes_of, place_among
from capture.identity.directories import snapshot_holders
from capture.identity.events import EventColumns
from capture.identity.name_codes import Names
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, integers, text_of, texts

_PREFIX = "anon_inode:"
UNNAMED = "anon_inode"
_MADE_BY: Mapping[str, tuple[str, ...]] = {
    "[eventfd]": ("eventfd", "eventfd2"),
    "[eventpoll]": ("epoll_create", "epoll_create1"),
    "[timerfd]": ("timerfd_create",),
    "[signalfd]": ("signalfd", "signalfd4"),
    "inotify": ("inotify_init", "inotify_init1"),
    "[fanotify]": ("fanotify_init",),
    "[perf_event]": ("perf_event_open",),
    "[io_uring]": ("io_uring_setup",),
    "[userfaultfd]": ("userfaultfd",),
    "[pidfd]": ("pidfd_open",),
    "[fscontext]": ("fsopen", "fspick"),
    "[landlock-ruleset]": ("landlock_create_ruleset",),
}
_USED_BY: Mapping[str, tuple[str, ...]] = {
    "[eventpoll]": ("epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2"),
    "[timerfd]": ("timerfd_settime", "timerfd_gettime"),
    "inotify": ("inotify_add_watch", "inotify_rm_watch"),
    "[fanotify]": ("fanotify_mark",),
    "[io_uring]": ("io_uring_enter", "io_uring_register"),
}
_EVENTS = frozenset({"[eventfd]", "[eventpoll]", "[timerfd]", "[signalfd]", "inotify", "[fanotify]"})
_GENERATIONS = 16
_COPIES = 3
"""How many copies of copies are followed."""
_F_DUPFD = (0, 1030)
"""F_DUPFD and F_DUPFD_CLOEXEC of linux/fcntl.h."""


def is_anonymous(name: str) -> bool:
    """Whether a link in /proc/PID/fd leads to such a thing."""
    return name.startswith(_PREFIX)


def type_of(name: str) -> str:
    """`event` for what one waits on, else `other`."""
    return "event" if name.removeprefix(_PREFIX) in _EVENTS else "other"


class Anonymous:
    """The entries (process, fd, since) that tell what a number stands for."""

    def __init__(self, events: EventColumns, processes: Processes, descriptors: Table, names: Names) -> None:
        self._processes, self._names = processes, names
        listed = [row for row in descriptors if is_anonymous(text_of(row.get("name")))]
        rows, labels = _telling(events, names)
        self._owner = np.concatenate(
            (snapshot_holders(processes, integers(listed, "pid")), processes.of_event[rows])
        ).astype(np.int64)
        self._fd = np.concatenate((integers(listed, "fd"), events.fd[rows].astype(np.int64)))
        self._since = np.concatenate((np.full(len(listed), -1), rows))
        self._label = np.concatenate((names.codes(texts(listed, "name")), labels))
        self.dev = np.concatenate((integers(listed, "dev"), events.dev[rows].astype(np.int64)))
        """Identities that are known to be of this kind, with `ino`."""
        self.ino = np.concatenate((integers(listed, "ino"), events.ino[rows].astype(np.int64)))
        self._sort()
        self._add_copies(events)

    def _sort(self) -> None:
        self._keys, group = codes_of(self._owner << 32 | self._fd & 0xFFFFFFFF)
        self._entries = Latest(group, self._since, len(self._keys))

    def _add_copies(self, events: EventColumns) -> None:
        """A copy of a number stands for what that stood for; copies of copies are few."""
        rows, old, new = _copies(events, np.unique(self.ino))
        owner = self._processes.of_event[rows].astype(np.int64)
        entries = [getattr(self, name) for name in ("_owner", "_fd", "_since", "_label")]
        for _ in range(_COPIES if len(rows) else 0):
            label = self.labels(owner, old, rows - 1)
            added = (owner, new, rows, label)
            self._owner, self._fd, self._since, self._label = (
                np.concatenate(pair) for pair in zip(entries, added, strict=True)
            )
            self._sort()

    def labels(self, process: np.ndarray, fd: np.ndarray, row: np.ndarray) -> np.ndarray:
        """int32: positions in the names of what descriptors stand for at some rows."""
        if not len(process):
            return np.empty(0, np.int32)
        label = np.full(len(process), self._names.code(UNNAMED), np.int32)
        asked, process = np.arange(len(process)), process.astype(np.int64)
        for _ in range(_GENERATIONS):
            if not len(asked):
                break
            entry = self._entries.find(place_among(self._keys, process << 32 | fd[asked] & 0xFFFFFFFF), row)
            label[asked[entry >= 0]] = self._label[entry[entry >= 0]]
            up = np.flatnonzero((entry < 0) & (self._processes.forked[process] >= 0))
            up = up[self._processes.parent[process[up]] >= 0]
            row, asked = self._processes.forked[process[up]], asked[up]
            process = self._processes.parent[process[up]].astype(np.int64)
        return label


def _copies(events: EventColumns, inodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows at which a number that may stand for such a thing was copied, the number and the copy's."""
    dups, sets = events.rows_of(("dup", "dup2", "dup3")), events.rows_of(["fcntl"])
    sets = sets[np.isin(events.descriptors(1, sets), _F_DUPFD)]
    rows = np.concatenate((dups, sets))
    rows = rows[(events.ret[rows] >= 0) & np.isin(events.ino[rows].astype(np.int64), inodes)]
    return rows, events.descriptors(0, rows), events.ret[rows].astype(np.int64)


def _telling(events: EventColumns, names: Names) -> tuple[np.ndarray, np.ndarray]:
    """Rows of events that tell what their descriptor is, and what, in order of time."""
    rows: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for table in (_MADE_BY, _USED_BY):
        for name, calls in table.items():
            found = events.rows_of(calls)
            found = found[(events.ret[found] >= 0) & (events.fd[found] >= 0) & (events.ino[found] > 0)]
            if len(found):
                rows.append(found)
                labels.append(np.full(len(found), names.code(_PREFIX + name), np.int32))
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    return np.concatenate(rows), np.concatenate(labels)
