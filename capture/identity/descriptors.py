"""What events worked on: one row for each file under each name, socket, pipe and other thing.

The kernel's identity (device, inode) says which thing it was; names come from where they were seen: the
snapshot's descriptors, opens, execs and renames. A new name for the same identity is a new row from then on:
an inode used again, a file renamed. Calls that give only a path get the row of the file that had this name in
the same container, or a row of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.identity.anonymous import Anonymous, type_of
from capture.identity.events import EventColumns, kind_table
from capture.identity.joins import Latest, pair_codes
from capture.identity.names import FileNames
from capture.identity.paths import Paths
from capture.identity.processes import Processes
from capture.identity.snapshot import Table
from capture.identity.sockets import ROLES, Endpoints, Sockets, find_sockets

_TYPE = 0o170000
_TYPES = {
    0o100000: "file",
    0o040000: "directory",
    0o010000: "pipe",
    0o020000: "char",
    0o060000: "block",
    0o120000: "file",
    0o140000: "other",
}
_SOCKET = 0o140000
_SECOND_IS_THE_RESULT = ("rename", "renameat", "renameat2", "symlink", "symlinkat")
_OF_DIRECTORIES = ("chdir", "mkdir", "mkdirat", "rmdir", "chroot", "pivot_root")
_NONE = -1


@dataclass(frozen=True)
class Descriptors:
    """A row a thing under a name. Empty and -1: not known, or does not apply."""

    type: list[str]
    name: list[str]
    dev: np.ndarray
    ino: np.ndarray
    mode: np.ndarray
    ends: list[Endpoints | None]
    role: list[str]
    of_event: np.ndarray
    """int32: the thing of each event, -1 none."""


def find_descriptors(
    events: EventColumns,
    processes: Processes,
    paths: Paths,
    container_of_event: np.ndarray,
    container_of_process: np.ndarray,
    *,
    descriptors: Table,
    sockets: Table,
) -> Descriptors:
    """Join events to things. `descriptors` and `sockets` are the snapshot's tables."""
    rows = np.flatnonzero(events.ino > 0)
    dev, ino = events.dev[rows].astype(np.int64), events.ino[rows].astype(np.int64)
    devs, inos, identity = pair_codes(dev, ino)
    things = _Things(events, rows, identity, devs, inos)
    label = np.full(len(rows), _NONE, np.int64)
    is_socket = things.mode[identity] & _TYPE == _SOCKET
    anonymous = Anonymous(events, processes, descriptors, paths.names)
    is_anonymous = things.among(anonymous.dev, anonymous.ino)[identity] & ~is_socket
    at = np.flatnonzero(is_anonymous)
    label[at] = anonymous.labels(processes.of_event[rows[at]], events.fd[rows[at]].astype(np.int64), rows[at])
    names = FileNames(
        events,
        processes,
        paths,
        container_of_event=container_of_event,
        container_of_process=container_of_process,
        descriptors=descriptors,
    )
    at = np.flatnonzero(~is_anonymous & ~is_socket)
    label[at] = names.labels(rows[at], things.devs, things.inos, identity[at])
    at = np.flatnonzero(is_socket)
    found = find_sockets(events, rows[at], identity[at], things.inos, sockets)
    label[at] = found.of_row
    first, row_of = things.distinct(label)
    of_event = np.full(len(events), _NONE, np.int32)
    of_event[rows] = row_of
    described = things.describe(first, label, of_event, paths=paths, found=found, is_anonymous=is_anonymous)
    is_file = ~(is_anonymous | is_socket)[first]
    return _with_bare_paths(described, np.where(is_file, label[first], -1), events, paths, container_of_event)


class _Things:
    """The identities of a capture."""

    def __init__(
        self, events: EventColumns, rows: np.ndarray, identity: np.ndarray, devs: np.ndarray, inos: np.ndarray
    ) -> None:
        self.identity, self.devs, self.inos = identity, devs, inos
        self.mode = np.zeros(len(devs), np.int64)
        self.mode[identity] = events.mode[rows]

    def among(self, dev: np.ndarray, ino: np.ndarray) -> np.ndarray:
        """bool, of each identity: is it one of these?"""
        _, _, code = pair_codes(np.concatenate((self.devs, dev)), np.concatenate((self.inos, ino)))
        listed = np.zeros(int(code.max(initial=-1)) + 1, bool)
        listed[code[len(self.devs) :]] = True
        result: np.ndarray = listed[code[: len(self.devs)]]
        return result

    def distinct(self, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where each distinct (identity, label) first stands, in order of time, and the row of each event."""
        _, _, code = pair_codes(self.identity, label + 1)
        first = np.full(int(code.max(initial=-1)) + 1, _NONE)
        first[code[::-1]] = np.arange(len(code))[::-1]
        order = np.argsort(first)
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return first[order], place[code]

    def describe(
        self,
        first: np.ndarray,
        label: np.ndarray,
        of_event: np.ndarray,
        *,
        paths: Paths,
        found: Sockets,
        is_anonymous: np.ndarray,
    ) -> Descriptors:
        """Rows for the distinct things."""
        identity = self.identity[first]
        kinds: list[str] = []
        names: list[str] = []
        ends: list[Endpoints | None] = []
        roles: list[str] = []
        for thing, tag, nameless in zip(
            identity.tolist(), label[first].tolist(), is_anonymous[first].tolist(), strict=True
        ):
            kind = _TYPES.get(int(self.mode[thing]) & _TYPE, "other")
            name, end, role = paths.names.all[tag] if tag >= 0 else "", None, ""
            if int(self.mode[thing]) & _TYPE == _SOCKET:
                end, role = found.ends[tag] if tag >= 0 else Endpoints(), ROLES[found.role[thing]]
                kind, name = end.type, end.name(role) or f"socket:[{self.inos[thing]}]"
            elif nameless:
                kind = type_of(name)
            elif kind == "pipe" and name.startswith("/"):
                kind = "fifo"
            elif kind == "pipe":
                name = f"pipe:[{self.inos[thing]}]"
            kinds.append(kind)
            names.append(name)
            ends.append(end)
            roles.append(role)
        return Descriptors(
            kinds, names, self.devs[identity], self.inos[identity], self.mode[identity], ends, roles, of_event
        )


def _with_bare_paths(
    known: Descriptors, label: np.ndarray, events: EventColumns, paths: Paths, container: np.ndarray
) -> Descriptors:
    """Give events that name a path but touched no descriptor their row.

    `label`: the path of each known row.
    """
    of_event = known.of_event
    path = np.where(kind_table(_SECOND_IS_THE_RESULT)[events.kind], paths.second, paths.first)
    rows = np.flatnonzero((of_event < 0) & (path >= 0))
    found = _files_at(of_event, label, container, path=path[rows], row=rows)
    of_event[rows] = found
    bare = rows[found < 0]
    _, where, code = pair_codes(container[bare].astype(np.int64) + 1, path[bare].astype(np.int64))
    of_event[bare] = len(known.name) + code
    directories = np.zeros(len(where), bool)
    directories[code[kind_table(_OF_DIRECTORIES)[events.kind[bare]]]] = True
    nothing = np.full(len(where), _NONE, np.int64)
    return Descriptors(
        known.type + ["directory" if is_one else "file" for is_one in directories.tolist()],
        known.name + [paths.names.all[at] for at in where.tolist()],
        np.concatenate((known.dev, nothing)),
        np.concatenate((known.ino, nothing)),
        np.concatenate((known.mode, nothing)),
        known.ends + [None] * len(where),
        known.role + [""] * len(where),
        of_event,
    )


def _files_at(
    of_event: np.ndarray,
    label: np.ndarray,
    container_of_event: np.ndarray,
    *,
    path: np.ndarray,
    row: np.ndarray,
) -> np.ndarray:
    """The file that had a path in its event's container at a row: seen before, else later, else -1."""
    container = container_of_event[row]
    seen = np.flatnonzero(of_event >= 0)
    seen = seen[label[of_event[seen]] >= 0]
    where, thing, pair = pair_codes(
        container_of_event[seen].astype(np.int64) + 1, of_event[seen].astype(np.int64)
    )
    since = np.full(len(where), _NONE)
    since[pair[::-1]] = seen[::-1]
    _, _, code = pair_codes(
        np.concatenate((where, container.astype(np.int64) + 1)),
        np.concatenate((label[thing], path.astype(np.int64))),
    )
    life = Latest(code[: len(where)], since, int(code.max(initial=-1)) + 1)
    asked = code[len(where) :]
    found = life.find(asked, row)
    found = np.where(found >= 0, found, life.first(asked))
    return (
        np.where(found >= 0, thing[found], _NONE).astype(np.int32) if len(thing) else found.astype(np.int32)
    )
