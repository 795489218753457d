"""What events worked on: one row for each file under each name, socket, pipe and other thing.

The kernel's identity (device, inode) says which thing it was; names come from where they were seen: the
snapshot's descriptors, opens, execs and renames. A new name for the same identity is a new row from then on:
an inode used again, a file renamed. Calls that give only a path get the row of the file that had this name in
the same container, or a row of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import first_of_each, pair_codes
from capture.format.pieces import taken_from
from capture.identity.anonymous import Anonymous, is_anonymous, type_of
from capture.identity.bare_paths import Bare, name_bare_events
from capture.identity.endpoints import ROLES, Endpoints
from capture.identity.events import EventColumns
from capture.identity.names import FileNames
from capture.identity.paths import Paths
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, integers
from capture.identity.sockets import Sockets, find_sockets
from capture.identity.touched import Touched, find_touched

_TYPE = 0o170000
_TYPES = (
    *("other", "pipe", "char", "other", "directory", "other", "block", "other"),
    *("file", "other", "file", "other", "other", "other", "other", "other"),
)
"""By the file type of a mode, its upper four bits. A link that is opened itself counts as a file."""
_SOCKET, _FIFO = 0o140000, 0o010000
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
    touched = find_touched(events)
    anonymous = Anonymous(events, processes, descriptors, paths.names)
    is_nameless = _among(touched.dev, touched.ino, anonymous.dev, anonymous.ino) & ~touched.is_socket
    names = FileNames(
        events,
        processes,
        paths,
        container_of_event=container_of_event,
        container_of_process=container_of_process,
        descriptors=descriptors,
    )
    some = touched.rows_of(is_nameless)
    labels = anonymous.labels(processes.of_event[some], events.fd[some].astype(np.int64), some)
    files = names.labels(touched, ~(is_nameless | touched.is_socket))
    idle = _idle_sockets(descriptors, touched)
    found = find_sockets(events, processes.of_event, touched, idle=idle, listed=sockets)
    of_event, first, thing, tag = _told_apart(
        touched,
        np.where(touched.is_socket, found.label, files.label),
        rows=np.concatenate((some, files.rows, found.rows)),
        of_row=np.concatenate((labels, files.of_row, found.of_row)),
        several=is_nameless | files.varies | found.varies,
    )
    is_socket, is_nameless = touched.is_socket[thing], is_nameless[thing]
    mode = events.mode[first].astype(np.int64)
    described = Descriptors(
        type=[_TYPES[kind] for kind in (mode >> 12).tolist()],
        name=_file_names(np.where(is_socket, _NONE, tag), paths),
        dev=touched.dev[thing],
        ino=touched.ino[thing],
        mode=mode,
        ends=[None] * len(first),
        role=[""] * len(first),
        of_event=of_event,
    )
    _describe_others(described, np.flatnonzero(is_nameless), tag)
    _describe_sockets(described, np.flatnonzero(is_socket), tag, thing, found)
    label = np.where(is_socket | is_nameless, _NONE, tag)
    bare = name_bare_events(events, paths, container_of_event, of_event, first=first, label=label)
    return _with_idle_sockets(_with_bare_paths(described, bare), idle, found)


def type_listed(name: str, mode: int) -> str:
    """The type of what the snapshot lists under a name (as links in /proc/PID/fd read); empty: not known."""
    if is_anonymous(name):
        return type_of(name)
    if mode < 0:
        return ""
    kind = _TYPES[mode >> 12 & 0xF]
    return "fifo" if kind == "pipe" and name.startswith("/") else kind


def _idle_sockets(descriptors: Table, touched: Touched) -> np.ndarray:
    """int64: (device, inode) of sockets open when the recording began that no event worked on; distinct."""
    dev, ino, mode = (integers(descriptors, name) for name in ("dev", "ino", "mode"))
    held = np.flatnonzero((mode >= 0) & (mode & _TYPE == _SOCKET) & (ino > 0))
    own = np.flatnonzero(touched.is_socket)
    devs, _, code = pair_codes(
        np.concatenate((touched.dev[own], dev[held])), np.concatenate((touched.ino[own], ino[held]))
    )
    first = first_of_each(code, len(devs))
    idle = np.sort(first[first >= len(own)]) - len(own)
    return np.stack((dev[held[idle]], ino[held[idle]]), axis=1)


def _with_idle_sockets(known: Descriptors, idle: np.ndarray, found: Sockets) -> Descriptors:
    """A row for each socket that only the snapshot tells of: who listens does so without a call."""
    roles = [ROLES[role] for role in found.role[len(found.role) - len(idle) :].tolist()]
    places = found.listed[len(found.listed) - len(idle) :].tolist()
    ends = [found.ends[at] if at >= 0 else Endpoints() for at in places]
    names = [end.name(role) for end, role in zip(ends, roles, strict=True)]
    return Descriptors(
        known.type + [end.type for end in ends],
        known.name
        + [name or f"socket:[{ino}]" for name, ino in zip(names, idle[:, 1].tolist(), strict=True)],
        np.concatenate((known.dev, idle[:, 0])),
        np.concatenate((known.ino, idle[:, 1])),
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


def _told_apart(
    touched: Touched, label: np.ndarray, *, rows: np.ndarray, of_row: np.ndarray, several: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Things in the order of time: identities, and of those with several labels each under each.

    Args:
        touched: the identities.
        label: of each identity.
        rows: of the events on those with several labels, each one's ascending.
        of_row: the label of each of `rows`.
        several: bool, of each identity.

    Returns:
        The thing of each event, which takes the place of its identity; of each thing its first row, its
        identity and its label.
    """
    of_event = touched.of_event
    single = np.flatnonzero(~several)
    identity, labels, code = pair_codes(of_event[rows], of_row + 1)
    first = np.concatenate((touched.first[single], rows[first_of_each(code, len(identity))]))
    order = np.argsort(first)
    place = np.empty(len(first), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    of_identity = np.full(len(several) + 1, _NONE, np.int32)
    of_identity[single] = place[: len(single)]
    taken_from(of_identity, of_event, of_event)
    of_event[rows] = place[len(single) :].take(code)
    identity, labels = np.concatenate((single, identity)), np.concatenate((label[single], labels - 1))
    return of_event, first[order], identity[order], labels[order]


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


def _describe_sockets(
    known: Descriptors, rows: np.ndarray, tag: np.ndarray, identity: np.ndarray, found: Sockets
) -> None:
    for row, at, thing in zip(rows.tolist(), tag[rows].tolist(), identity[rows].tolist(), strict=True):
        ends = found.ends[at] if at >= 0 else Endpoints()
        role = ROLES[found.role[thing]]
        known.type[row], known.ends[row], known.role[row] = ends.type, ends, role
        known.name[row] = ends.name(role) or f"socket:[{known.ino[row]}]"


def _with_bare_paths(known: Descriptors, bare: Bare) -> Descriptors:
    """A row for each file that is known by its path alone."""
    nothing = np.full(len(bare.name), _NONE, np.int64)
    return Descriptors(
        known.type + bare.type,
        known.name + bare.name,
        np.concatenate((known.dev, nothing)),
        np.concatenate((known.ino, nothing)),
        np.concatenate((known.mode, nothing)),
        known.ends + [None] * len(nothing),
        known.role + [""] * len(nothing),
        known.of_event,
    )
