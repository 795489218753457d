"""What events worked on: one row for each file under each name, socket, pipe and other thing.

The kernel's identity (device, inode) says which thing it was; names come from where they were seen: the
snapshot's descriptors, opens, execs and renames. A new name for the same identity is a new row from then on:
an inode used again, a file renamed. Calls that give only a path get the row of the file that had this name in
the same container, or a row of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, codes_of, first_of_each, pair_codes, refined, taken
from capture.format.pieces import rows_where, taken_from
from capture.identity.anonymous import Anonymous, is_anonymous, type_of
from capture.identity.events import OPENS, EventColumns, kind_table
from capture.identity.names import FileNames
from capture.identity.paths import Paths
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, integers, text_of
from capture.identity.sockets import ROLES, Endpoints, Sockets, find_sockets

_TYPE = 0o170000
_TYPES = (
    *("other", "pipe", "char", "other", "directory", "other", "block", "other"),
    *("file", "other", "file", "other", "other", "other", "other", "other"),
)
"""By the file type of a mode, its upper four bits. A link that is opened itself counts as a file."""
_FIRST_TERMINAL = 3
"""The inode of the pseudoterminal 0 in each mount of devpts (fs/devpts/inode.c)."""
_SOCKET, _FIFO = 0o140000, 0o010000
_SECOND_IS_THE_RESULT = (
    *("rename", "renameat", "renameat2", "symlink", "symlinkat", "uring_renameat", "uring_symlinkat"),
)
_OF_DIRECTORIES = ("chdir", "mkdir", "mkdirat", "rmdir", "chroot", "pivot_root", "uring_mkdirat")
_NONE = -1
_OWN = ("/proc/self/", "/proc/thread-self/", "/dev/fd/", "/dev/stdin", "/dev/stdout", "/dev/stderr")


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
    mounts: Table,
) -> Descriptors:
    """Join events to things. `descriptors`, `sockets` and `mounts` are the snapshot's tables."""
    elsewhere = events.starts_elsewhere
    rows = rows_where(len(events), lambda some: (events.ino[some] > 0) & ~elsewhere[some])
    devs, inos, identity = pair_codes(taken_from(events.dev, rows), taken_from(events.ino, rows))
    devs, inos = devs.astype(np.int64), inos.astype(np.int64)
    anonymous = Anonymous(events, processes, descriptors, paths.names)
    mode = taken_from(events.mode, rows)
    is_socket = mode & _TYPE == _SOCKET
    is_anonymous = _among(devs, inos, anonymous.dev, anonymous.ino).take(identity) & ~is_socket
    label = np.full(len(rows), _NONE, np.int32)
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
    label[at] = names.labels(rows[at], devs, inos, identity[at])
    at = np.flatnonzero(is_socket)
    idle = _idle_sockets(descriptors, devs, inos)
    inode_of = np.zeros(len(devs) + len(idle), np.int64)
    inode_of[identity[at]] = inos[identity[at]]
    inode_of[len(devs) :] = [number for _, number in idle]
    found = find_sockets(
        events, processes.of_event, rows[at], identity=identity[at], inode_of=inode_of, listed=sockets
    )
    label[at] = found.of_row
    first, row_of = _distinct(identity, len(devs), label * 2 + is_socket)
    of_event = events.row_of("descriptor")
    of_event.fill(_NONE)
    of_event[rows] = row_of
    thing, tag = identity[first], label[first]
    described = Descriptors(
        type=[_TYPES[one >> 12] for one in mode[first].tolist()],
        name=[],
        dev=devs[thing],
        ino=inos[thing],
        mode=mode[first].astype(np.int64),
        ends=[None] * len(first),
        role=[""] * len(first),
        of_event=of_event,
    )
    is_file = ~(is_anonymous | is_socket)[first]
    described.name.extend(_file_names(np.where(is_socket[first], _NONE, tag), paths))
    _describe_others(described, np.flatnonzero(is_anonymous[first]), tag)
    _name_terminals(described, mounts)
    _describe_sockets(described, np.flatnonzero(is_socket[first]), tag, thing, found)
    known = _with_bare_paths(described, np.where(is_file, tag, _NONE), events, paths, container_of_event)
    return _with_idle_sockets(known, idle, found)


def type_listed(name: str, mode: int) -> str:
    """The type of what the snapshot lists under a name (as links in /proc/PID/fd read); empty: not known."""
    if is_anonymous(name):
        return type_of(name)
    if mode < 0:
        return ""
    kind = _TYPES[mode >> 12 & 0xF]
    return "fifo" if kind == "pipe" and name.startswith("/") else kind


def _idle_sockets(descriptors: Table, devs: np.ndarray, inos: np.ndarray) -> list[tuple[int, int]]:
    """The identities of sockets that were open when the recording began, and that no event worked on."""
    touched = set(zip(devs.tolist(), inos.tolist(), strict=True))
    dev, ino, mode = (integers(descriptors, name) for name in ("dev", "ino", "mode"))
    held = np.flatnonzero((mode >= 0) & (mode & _TYPE == _SOCKET) & (ino > 0))
    listed = dict.fromkeys(zip(dev[held].tolist(), ino[held].tolist(), strict=True))
    return [identity for identity in listed if identity not in touched]


def _with_idle_sockets(known: Descriptors, idle: list[tuple[int, int]], found: Sockets) -> Descriptors:
    """A row for each socket that only the snapshot tells of: who listens does so without a call."""
    roles = [ROLES[role] for role in found.role[len(found.role) - len(idle) :].tolist()]
    places = found.listed[len(found.listed) - len(idle) :].tolist()
    ends = [found.ends[at] if at >= 0 else Endpoints() for at in places]
    names = [end.name(role) for end, role in zip(ends, roles, strict=True)]
    numbers = np.array(idle, np.int64).reshape(-1, 2)
    return Descriptors(
        known.type + [end.type for end in ends],
        known.name + [name or f"socket:[{ino}]" for name, (_, ino) in zip(names, idle, strict=True)],
        np.concatenate((known.dev, numbers[:, 0])),
        np.concatenate((known.ino, numbers[:, 1])),
        np.concatenate((known.mode, np.full(len(idle), _SOCKET))),
        known.ends + list[Endpoints | None](ends),
        known.role + roles,
        known.of_event,
    )


def _among(devs: np.ndarray, inos: np.ndarray, dev: np.ndarray, ino: np.ndarray) -> np.ndarray:
    """bool, of each identity (devs, inos): is it one of (dev, ino)?"""
    _, _, code = pair_codes(np.concatenate((devs, dev)), np.concatenate((inos, ino)))
    listed = np.zeros(int(code.max(initial=-1)) + 1, bool)
    listed[code[len(devs) :]] = True
    result: np.ndarray = listed[code[: len(devs)]]
    return result


def _distinct(identity: np.ndarray, count: int, tag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each distinct (identity, tag) first stands, in order of time, and which of them each event is."""
    code, codes = refined(identity, count, tag + 2)
    first = first_of_each(code, codes)
    order = np.argsort(first)
    order = order[first[order] >= 0]
    place = np.empty(codes, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return first[order], taken_from(place, code)


def _file_names(tag: np.ndarray, paths: Paths) -> list[str]:
    names = paths.names.all
    return [names[at] if at >= 0 else "" for at in tag.tolist()]


def _describe_others(known: Descriptors, anonymous: np.ndarray, tag: np.ndarray) -> None:
    """Types of what has no file, and names of pipes that have none."""
    for row in anonymous.tolist():
        known.type[row] = type_of(known.name[row])
    for row in np.flatnonzero(known.mode & _TYPE == _FIFO).tolist():
        if tag[row] >= 0:
            known.type[row] = "fifo"
        else:
            known.name[row] = f"pipe:[{known.ino[row]}]"


def _name_terminals(known: Descriptors, mounts: Table) -> None:
    """A pseudoterminal that nobody opened by its path (ioctl TIOCGPTPEER) is called by its number."""
    places = {row.get("dev"): row.get("target") for row in mounts if row.get("type") == "devpts"}
    for row in np.flatnonzero(np.isin(known.dev, [dev for dev in places if isinstance(dev, int)])).tolist():
        if known.type[row] == "char" and not known.name[row] and known.ino[row] >= _FIRST_TERMINAL:
            folder = text_of(places[int(known.dev[row])])
            known.name[row] = f"{folder}/{known.ino[row] - _FIRST_TERMINAL}"


def _describe_sockets(
    known: Descriptors, rows: np.ndarray, tag: np.ndarray, identity: np.ndarray, found: Sockets
) -> None:
    for row, at, thing in zip(rows.tolist(), tag[rows].tolist(), identity[rows].tolist(), strict=True):
        ends = found.ends[at] if at >= 0 else Endpoints()
        role = ROLES[found.role[thing]]
        known.type[row], known.ends[row], known.role[row] = ends.type, ends, role
        known.name[row] = ends.name(role) or f"socket:[{known.ino[row]}]"


def _with_bare_paths(
    known: Descriptors, label: np.ndarray, events: EventColumns, paths: Paths, container: np.ndarray
) -> Descriptors:
    """Give events that name a path but touched no descriptor their row.

    `label`: the path of each known row.
    """
    of_event = known.of_event
    path = paths.first.copy()
    second = events.rows_of(_SECOND_IS_THE_RESULT)
    path[second] = paths.second[second]
    rows = rows_where(len(events), lambda some: (of_event[some] < 0) & (path[some] >= 0))
    opens = events.rows_of(OPENS)
    opens = opens[(of_event[opens] >= 0) & (paths.first[opens] >= 0)]
    asked = (opens, paths.first[opens].astype(np.int64))
    found = _files_at(of_event, label, container, asked=asked, path=path[rows], row=rows)
    found[_differs_by_process(path[rows], paths)] = _NONE
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


def _differs_by_process(path: np.ndarray, paths: Paths) -> np.ndarray:
    """Which names lead each process somewhere else: what one opened by them tells nothing of others."""
    used, code = codes_of(path)
    names = (paths.names.all[at] for at in used.tolist())
    differs: np.ndarray = np.array([name.startswith(_OWN) for name in names], np.bool_)[code]
    return differs


def _files_at(
    of_event: np.ndarray,
    label: np.ndarray,
    container_of_event: np.ndarray,
    *,
    asked: tuple[np.ndarray, np.ndarray],
    path: np.ndarray,
    row: np.ndarray,
) -> np.ndarray:
    """The file that had a path in its event's container at a row: seen before, else later, else -1.

    `asked`: rows of opens and the paths that they gave, which may be others than those of the files.
    """
    container = container_of_event[row]
    wanted_name = np.zeros(max(int(label.max(initial=-1)), int(path.max(initial=-1))) + 2, bool)
    wanted_name[path] = True
    wanted_name[-1] = False  # what -1, no name, points to
    useful = np.append(wanted_name[label], False)
    seen = rows_where(len(of_event), lambda some: useful.take(of_event[some]))
    pair, pairs = refined(of_event[seen], len(label), container_of_event[seen])
    since = first_of_each(pair, pairs)
    since = seen[since[since >= 0]]
    where, thing = container_of_event[since].astype(np.int64) + 1, of_event[since].astype(np.int64)
    opens, given = asked
    other = label[of_event[opens]] != given
    opens, given = opens[other], given[other]
    where = np.concatenate((where, container_of_event[opens].astype(np.int64) + 1))
    name = np.concatenate((label[thing], given))
    thing = np.concatenate((thing, of_event[opens].astype(np.int64)))
    _, _, code = pair_codes(
        np.concatenate((where, container.astype(np.int64) + 1)), np.concatenate((name, path.astype(np.int64)))
    )
    since = np.concatenate((since, opens))
    life = Latest(code[: len(where)], since, int(code.max(initial=-1)) + 1)
    wanted = code[len(where) :]
    found = life.find(wanted, row)
    found = np.where(found >= 0, found, life.first(wanted))
    return taken(thing, found).astype(np.int32)
