"""One thing of a capture that a page can be about: a process, a container, a file or a connection.

    address  ::=  kind "/" name
    name     ::=  pid ["@" start]          of a process: process/812@1700000000000000000
               |  id | container name      of a container: container/0123456789ab
       |  "host@" hostname        of a host among several, as that of a container
               |  [container] ":" path     of a file; without a container, the path in any
               |  protocol " " ends ["#" inode]   of a socket: connection/tcp 10.0.0.1:4000->10.0.0.2:80#71

An address is all that a session keeps of a subject, so it may come from anywhere: one that leads to nothing
in this capture is found to be nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from inspect_app.filters.expression import quote
from inspect_app.frames.capture import CaptureFrames

_PROCESS = re.compile(r"(\d{1,19})(?:@(\d{1,19}))?", re.ASCII)
_RENAMES = ("rename", "renameat", "renameat2", "uring_renameat", "link", "linkat", "uring_linkat")
_CONTAINER_ID = re.compile(r"[0-9a-f]{12}")
HOST = "host"
"""The id of the container that a host itself is."""
_ONE_HOST = "host@"
_MOST_NAMES = 32
_NONE = np.empty(0, dtype=np.uint32)


class Kind(StrEnum):
    """What a subject is; the same words as keys of views."""

    PROCESS = "process"
    CONTAINER = "container"
    FILE = "file"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about, by name."""

    kind: Kind
    name: str

    @property
    def address(self) -> str:
        """What stands for it in a session."""
        return f"{self.kind.value}/{self.name}"

    def condition(self) -> str:
        """The filter that selects what happened to it, by its name alone; empty for a name that is none."""
        match self.kind:
            case Kind.PROCESS:
                found = _PROCESS.fullmatch(self.name)
                if found is None:
                    return ""
                born = f" and proc.pid.ts = {found[2]}" if found[2] else ""
                return f"proc.pid = {found[1]}{born}"
            case Kind.CONTAINER:
                return _container_condition(self.name)
            case Kind.FILE:
                return _file_condition(*self.place())
            case Kind.CONNECTION:
                protocol, ends, inode = self.socket()
                known = f" and fd.l4proto = {quote(protocol)}" if protocol else ""
                known += f" and fd.ino = {inode}" if inode >= 0 else ""
                return f"fd.name = {quote(ends)}{known}"

    def place(self) -> tuple[str, str]:
        """A file's container (empty: any) and path."""
        container, _, path = self.name.partition(":")
        return container, path

    def socket(self) -> tuple[str, str, int]:
        """A connection's protocol, both its ends, and the inode of its socket (-1: any)."""
        protocol, _, rest = self.name.partition(" ")
        ends, mark, inode = rest.partition("#")
        known = inode.isascii() and inode.isdigit() and len(inode) < 19
        return protocol, ends, int(inode) if mark and known else -1


def subject_of(page: str) -> Subject | None:
    """The subject whose page this is; None for a page that has none."""
    kind, slash, name = page.partition("/")
    if not slash or not name or kind not in set(Kind):
        return None
    return Subject(Kind(kind), name)


@dataclass(frozen=True, eq=False)
class Found:
    """A subject as this capture has it."""

    subject: Subject
    row: int
    """Row of processes or containers, -1 for files and connections."""
    things: np.ndarray
    """Rows of descriptors, of files and connections."""
    names: tuple[str, ...]
    """A file's names, the asked one first: those it was renamed or linked from and to."""
    rows: np.ndarray
    """Every event of it, uint32, ascending."""


def find(frames: CaptureFrames, subject: Subject) -> Found | None:
    """What the capture has of a subject; None where nothing bears its name."""
    finders = {
        Kind.PROCESS: _find_process,
        Kind.CONTAINER: _find_container,
        Kind.FILE: _find_file,
        Kind.CONNECTION: _find_connection,
    }
    return finders[subject.kind](frames, subject)


def label_of(frames: CaptureFrames, subject: Subject) -> str:
    """What people call it: `curl (812)`, a container's name, a path. Text of the capture, as recorded."""
    if subject.kind is Kind.FILE:
        return subject.place()[1]
    if subject.kind is Kind.CONNECTION:
        return " ".join(subject.socket()[:2])
    row = _row_of(frames, subject)
    if row < 0:
        return subject.name
    if subject.kind is Kind.CONTAINER:
        name = str(frames.containers["name"].iat[row]) or subject.name
        return _container_name(frames, row) if frames.is_host[row] else name
    image = int(frames.processes["image"].to_numpy()[row])
    comm = str(frames.images["comm"].iat[image]) if image >= 0 else ""
    return f"{comm or 'unknown'} ({frames.processes['pid'].iat[row]})"


def process_subject(frames: CaptureFrames, row: int) -> Subject:
    """The subject that a row of processes is."""
    pid, start = (int(frames.processes[name].to_numpy()[row]) for name in ("pid", "start"))
    return Subject(Kind.PROCESS, f"{pid}@{start}" if start >= 0 else str(pid))


def container_subject(frames: CaptureFrames, row: int) -> Subject:
    """The subject that a row of containers is."""
    return Subject(Kind.CONTAINER, _container_name(frames, row))


def host_name(hostname: str) -> str:
    """What the subject of a host among several is called."""
    return _ONE_HOST + hostname


def _container_name(frames: CaptureFrames, row: int) -> str:
    """The id of a container; of a host among several its name."""
    if len(frames.hosts) > 1 and frames.is_host[row]:
        return host_name(str(frames.hosts["hostname"].iat[frames.containers["host"].to_numpy()[row]]))
    return str(frames.containers["id"].iat[row])


def thing_subject(frames: CaptureFrames, row: int, container: int = -1) -> Subject | None:
    """The subject that a row of descriptors is; None where it has no name, or is of another kind."""
    kind, name = str(frames.descriptors["type"].iat[row]), str(frames.descriptors["name"].iat[row])
    if not name:
        return None
    if kind in ("file", "directory"):
        where = _container_name(frames, container) if container >= 0 else ""
        return Subject(Kind.FILE, f"{where}:{name}")
    if kind in ("ipv4", "ipv6"):
        return connection_subject(str(frames.descriptors["l4proto"].iat[row]), name, _at(frames, row))
    return None


def connection_subject(protocol: str, ends: str, inode: int) -> Subject:
    """The subject that a socket is; each end of a connection within the host is one of its own."""
    return Subject(Kind.CONNECTION, f"{protocol} {ends}" + (f"#{inode}" if inode >= 0 else ""))


def _at(frames: CaptureFrames, row: int) -> int:
    return int(frames.descriptors["ino"].to_numpy()[row])


def _file_condition(container: str, path: str) -> str:
    name = quote(path)
    anywhere = f"(fd.name = {name} or evt.abspath = {name} or evt.abspath.dst = {name})"
    return f"{anywhere} and {_container_condition(container)}" if container else anywhere


def _container_condition(name: str) -> str:
    if name.startswith(_ONE_HOST):
        return f"container.id = {HOST} and evt.hostname = {quote(name.removeprefix(_ONE_HOST))}"
    is_id = name == HOST or _CONTAINER_ID.fullmatch(name) is not None
    return f"container.{'id' if is_id else 'name'} = {quote(name)}"


def _row_of(frames: CaptureFrames, subject: Subject) -> int:
    """Row of processes or containers, -1 none; of a pid used twice without a start, the last one."""
    if subject.kind is Kind.CONTAINER:
        name = subject.name.removeprefix(_ONE_HOST)
        if name != subject.name:
            at_home = frames.hosts["container"].to_numpy()[(frames.hosts["hostname"] == name).to_numpy()]
            return int(at_home[0]) if len(at_home) else -1
        same = np.flatnonzero((frames.containers["id"] == subject.name).to_numpy())
        if not len(same):
            same = np.flatnonzero((frames.containers["name"] == subject.name).to_numpy())
    else:
        found = _PROCESS.fullmatch(subject.name)
        if found is None or int(found[1]) >= 2**63 or int(found[2] or 0) >= 2**63:
            return -1
        wanted = frames.processes["pid"].to_numpy() == int(found[1])
        if found[2]:
            wanted &= frames.processes["start"].to_numpy() == int(found[2])
        same = np.flatnonzero(wanted)
    return int(same[-1]) if len(same) else -1


def _find_process(frames: CaptureFrames, subject: Subject) -> Found | None:
    return _find_by_pointer(frames, subject, "process")


def _find_container(frames: CaptureFrames, subject: Subject) -> Found | None:
    return _find_by_pointer(frames, subject, "container")


def _find_by_pointer(frames: CaptureFrames, subject: Subject, column: str) -> Found | None:
    row = _row_of(frames, subject)
    if row < 0:
        return None
    rows = np.flatnonzero(frames.events[column].to_numpy() == row).astype(np.uint32)
    return Found(subject, row, _NONE, (), rows)


def _find_connection(frames: CaptureFrames, subject: Subject) -> Found | None:
    protocol, ends, inode = subject.socket()
    things = frames.descriptors
    same = (things["name"] == ends) & (things["l4proto"] == protocol)
    if inode >= 0:
        same &= things["ino"] == inode
    rows = np.flatnonzero(same.to_numpy())
    if not len(rows):
        return None
    return Found(subject, -1, rows, (ends,), _events_at(frames, rows, _NONE))


def _find_file(frames: CaptureFrames, subject: Subject) -> Found | None:
    container, path = subject.place()
    where = -1
    if container:
        where = _row_of(frames, Subject(Kind.CONTAINER, container))
        if where < 0:
            return None
    names = _names_of(frames, path, where)
    things = np.flatnonzero(frames.descriptors["name"].isin(names).to_numpy())
    places = np.flatnonzero(np.isin(np.asarray(frames.paths, dtype=object), names))
    rows = _events_at(frames, things, places)
    if where >= 0:
        rows = rows[frames.events["container"].to_numpy()[rows] == where]
    return Found(subject, -1, things, names, rows) if len(rows) else None


def _events_at(frames: CaptureFrames, things: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Events on these descriptors, or that were given one of these paths."""
    is_thing = np.zeros(len(frames.descriptors) + 1, dtype=bool)
    is_place = np.zeros(len(frames.paths) + 1, dtype=bool)
    # The last entry is what -1 points to.
    is_thing[things], is_place[places] = True, True
    events = frames.events
    hit = is_thing[events["descriptor"].to_numpy()]
    if len(places):
        hit |= is_place[events["path"].to_numpy()] | is_place[events["path2"].to_numpy()]
    return np.flatnonzero(hit).astype(np.uint32)


def _names_of(frames: CaptureFrames, path: str, container: int) -> tuple[str, ...]:
    """The names that renames and links connect, over at most as many steps as there are names."""
    events = frames.events
    moved = events["type"].isin(_RENAMES).to_numpy() & (events["ret"].to_numpy() == 0)
    if container >= 0:
        moved &= events["container"].to_numpy() == container
    pairs = np.c_[events["path"].to_numpy()[moved], events["path2"].to_numpy()[moved]]
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
    names, new = [path], {path}
    while new and len(names) < _MOST_NAMES:
        places = np.flatnonzero(np.isin(np.asarray(frames.paths, dtype=object), list(new)))
        touched = np.unique(pairs[np.isin(pairs, places).any(axis=1)])
        new = {frames.paths[place] for place in touched.tolist()} - set(names)
        names += sorted(new)
    return tuple(names[:_MOST_NAMES])
