"""Which directory a descriptor of a process stands for."""

from __future__ import annotations

import numpy as np

from capture.format.joins import Latest, codes_of, pair_codes, place_among, taken
from capture.format.pieces import rows_where
from capture.identity.events import OPENS, EventColumns, kind_table
from capture.identity.moves import Relocated
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, integers, texts
from capture.identity.told_paths import TELLS

_TYPE, _DIRECTORY = 0o170000, 0o040000
_GENERATIONS = 16
"""How far up a descriptor is looked for in the processes that may have handed it down."""


class Directories:
    """Which directory a descriptor of a process stands for: its identity, named where it was opened."""

    def __init__(
        self, events: EventColumns, processes: Processes, descriptors: Table, relocated: Relocated
    ) -> None:
        self._events, self._processes = events, processes
        rows = rows_where(len(events), lambda some: events.mode[some] & _TYPE == _DIRECTORY)
        rows = rows[(events.fd[rows] >= 0) & (events.ino[rows] > 0)]
        listed = [
            row
            for row in descriptors
            if isinstance(row.get("mode"), int) and row["mode"] & _TYPE == _DIRECTORY
        ]
        self.constants = [*texts(listed, "name"), *relocated.names]
        """Names that the snapshot gives, and that renames of directories gave."""
        self._relocated = relocated
        self._listed = len(listed)
        holder = snapshot_holders(processes, integers(listed, "pid"))
        dev = np.concatenate((integers(listed, "dev"), events.dev[rows].astype(np.int64)))
        ino = np.concatenate((integers(listed, "ino"), events.ino[rows].astype(np.int64)))
        _, _, self._identity = pair_codes(dev, ino)
        self._rows = rows
        owner = np.concatenate((holder, processes.of_event[rows].astype(np.int64)))
        fd = np.concatenate((integers(listed, "fd"), events.fd[rows].astype(np.int64)))
        since = np.concatenate((np.full(len(listed), -1), rows))
        self._keys, group = codes_of(owner << 32 | fd & 0xFFFFFFFF)
        self._open = Latest(group, since, len(self._keys))
        self._named: Latest | None = None
        self.holder = holder
        self.nodes = np.empty(0, np.int64)
        """What each name that was seen is a node of; `identity` and `since` of the same names beside it."""
        self.identity, self.since = self.nodes, self.nodes

    def name_by(self, text_rows: np.ndarray, text_nodes: int, constants: int) -> None:
        """Take names from opens (rows; where their nodes begin) and the snapshot (from `constants` on)."""
        events, count, relocated = self._events, self._listed, self._relocated
        named = (events.text[self._rows] > 0) & (events.ret[self._rows] >= 0)
        told = kind_table([TELLS])[events.kind[self._rows]] & named
        is_told = np.zeros(int(self._identity.max(initial=-1)) + 1, bool)
        is_told[self._identity[count:][told]] = True
        # What the kernel told of a directory is better than any name asked for.
        asked = kind_table(OPENS)[events.kind[self._rows]] & named & ~is_told[self._identity[count:]]
        opened = np.flatnonzero(asked | told)
        place = place_among(text_rows, self._rows[opened])
        opened, place = opened[place >= 0], place[place >= 0]
        rows = self._rows[opened]
        moved = np.flatnonzero(relocated.directory >= 0)
        self.identity = np.concatenate(
            (self._identity[:count], self._identity[count + opened], relocated.directory[moved])
        )
        self.since = np.concatenate((np.full(count, -1), rows, relocated.row[moved]))
        self.nodes = np.concatenate(
            (
                constants + np.arange(count),
                text_nodes + place,
                constants + count + moved,
            )
        )
        self._named = Latest(self.identity, self.since, int(self._identity.max(initial=-1)) + 1)

    def find(self, process: np.ndarray, fd: np.ndarray, row: np.ndarray) -> np.ndarray:
        """The node of what a descriptor stood for at a row, -1 not known.

        The event at that row may tell the identity itself. A descriptor of which the process shows nothing is
        looked for in its parent at the fork.
        """
        node = np.full(len(process), -1, np.int64)
        asked = np.arange(len(process))
        process, at = process.astype(np.int64), np.asarray(row)
        for _ in range(_GENERATIONS):
            if not len(asked) or self._named is None:
                break
            entry = self._open.find(place_among(self._keys, process << 32 | fd[asked]), at)
            named = self._named.find(taken(self._identity, entry), at - 1)
            node[asked] = taken(self.nodes, named)
            up = np.flatnonzero((entry < 0) & (self._processes.forked[process] >= 0))
            at = self._processes.forked[process[up]]
            process, asked = self._processes.parent[process[up]].astype(np.int64), asked[up]
            real = process >= 0
            process, asked, at = process[real], asked[real], at[real]
        return node


def snapshot_holders(processes: Processes, pid: np.ndarray) -> np.ndarray:
    """int64: the process of each pid of a snapshot table, -1 none."""
    rows = np.flatnonzero(processes.snapshot >= 0)
    order = rows[np.argsort(processes.pid[rows], kind="stable")]
    place = place_among(processes.pid[order], pid)
    return taken(order, place)
