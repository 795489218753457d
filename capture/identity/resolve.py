"""All joins of this room in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from capture.containers.cgroup_paths import container_of
from capture.format.joins import Latest, first_of_each, last_of_each, taken
from capture.format.pieces import rows_where
from capture.identity.container_ends import Ends, find_ends
from capture.identity.containers import (
    Containers,
    Reference,
    add_hints_of_processes,
    add_records_of_events,
    containers_listed,
    find_containers,
    with_ends_of_processes,
)
from capture.identity.descriptors import Descriptors, find_descriptors
from capture.identity.destinations import turn_copies
from capture.identity.events import EventColumns
from capture.identity.executables import executables_by_identity, scripts_by_path
from capture.identity.images import Images, find_images, with_executables, with_names_of_files
from capture.identity.paths import Paths, find_paths
from capture.identity.processes import Processes, Threads, find_processes, find_threads, inherited
from capture.identity.requests import match_requests
from capture.identity.snapshot import Table, integers, text_of
from capture.identity.terminals import find_terminals, name_pseudoterminals


@dataclass(frozen=True)
class Identities:
    """Who, what and where of every event of a capture."""

    processes: Processes
    threads: Threads
    paths: Paths
    images: Images
    containers: Containers
    descriptors: Descriptors
    ends: Ends
    """How the containers ended."""
    requests: tuple[np.ndarray, np.ndarray]
    """Rows of completions of io_uring, and the rows of their requests."""
    container_of_process: np.ndarray
    """int32: where each process was last seen."""
    uid: np.ndarray
    """int64, of each process when first seen, -1 not known."""
    sid: np.ndarray
    tty: np.ndarray
    loginuid: np.ndarray
    listed: Mapping[str, np.ndarray]
    """int64, of each process, as the snapshot has it, -1 not in it: those of LISTED, and `mntns`."""
    cgroups: Sequence[str]
    """Of each process: the lines of /proc/PID/cgroup in the snapshot, empty: not in it."""


_MOST_LINES = 64
"""Hierarchies of cgroups; kernels have fewer controllers."""
_NO_USER = 0xFFFFFFFF
"""(uid_t) -1, in events of which nothing told whose they are."""
LISTED = ("gid", "pgid", "nspid", "cap_permitted", "cap_effective", "fd_limit")


def identify(
    events: EventColumns,
    tables: Mapping[str, Table],
    *,
    container_of: Callable[[str], Reference | None] = container_of,
    checkpoint: Callable[[], None] = lambda: None,
) -> Identities:
    """Resolve every identity of a capture.

    Args:
        events: the columns of all events, sorted by time; see `turn_copies` for what is changed in them.
        tables: the capture's tables by name; one that is missing is an empty one.
        container_of: what a cgroup's path tells of a container.
        checkpoint: called between steps; it may raise to stop the work.
    """
    turn_copies(events)
    listed = tables.get("processes", ())
    processes = find_processes(events, listed)
    threads = find_threads(events, processes, listed)
    checkpoint()
    containers = find_containers(
        events,
        tables.get("containers", ()),
        tables.get("cgroups", ()),
        listed=listed,
        container_of=container_of,
    )
    add_hints_of_processes(containers, events, processes, listed)
    add_records_of_events(containers, events)
    container = _container_of_process(events, processes, containers, listed)
    containers = replace(containers, death=_deaths(events, processes, containers, container))
    checkpoint()
    paths = find_paths(
        events,
        processes,
        listed,
        tables.get("descriptors", ()),
        container_of_event=containers.of_event,
        container_of_process=container,
    )
    requests = match_requests(events)
    for names in (paths.first, paths.second):
        names[requests[0]] = names[requests[1]]
    checkpoint()
    images = find_images(events, processes, paths, listed)
    checkpoint()
    descriptors = find_descriptors(
        events,
        processes,
        paths,
        containers.of_event,
        container,
        descriptors=tables.get("descriptors", ()),
        sockets=tables.get("sockets", ()),
    )
    name_pseudoterminals(descriptors, events, tables.get("mounts", ()))
    _name_by_descriptor(events, paths, descriptors)
    images = with_names_of_files(images, descriptors)
    looked_at = tables.get("executables", ())
    images = with_executables(images, executables_by_identity(looked_at), scripts_by_path(looked_at))
    return Identities(
        processes,
        threads,
        paths,
        images,
        containers,
        descriptors,
        find_ends(events, processes, containers, container, listed),
        requests,
        container,
        uid=_uids(events, processes, listed),
        sid=_sessions(events, processes, listed),
        tty=find_terminals(
            events,
            processes,
            _listed_column(processes, listed, "tty"),
            descriptors.of_event,
            descriptors.name,
        ),
        loginuid=_handed_down(processes, listed, "loginuid"),
        listed={
            **{name: _listed_column(processes, listed, name) for name in LISTED},
            "mntns": _listed_column(processes, [_map(row.get("namespaces")) for row in listed], "mnt"),
        },
        cgroups=_listed_cgroups(processes, listed),
    )


def _name_by_descriptor(events: EventColumns, paths: Paths, descriptors: Descriptors) -> None:
    """An empty path beside a descriptor (AT_EMPTY_PATH) is the name of the file that it leads to."""
    rows = rows_where(len(events), lambda some: events.is_empty(events.text[some]))
    rows = rows[(paths.first[rows] < 0) & (descriptors.of_event[rows] >= 0)]
    things, code = np.unique(descriptors.of_event[rows], return_inverse=True)
    names = [descriptors.name[thing] for thing in things.tolist()]
    files = [name if name.startswith("/") else "" for name in names]
    paths.first[rows] = paths.names.codes(files)[code]


def _container_of_process(
    events: EventColumns, processes: Processes, containers: Containers, listed: Table
) -> np.ndarray:
    """Where a process was last seen; else where the snapshot has it; else where its creator was."""
    last = last_of_each(processes.of_event, len(processes))
    is_unknown = (last >= 0) & (containers.of_event[last] < 0) if len(events) else last >= 0
    if is_unknown.any():
        rows = rows_where(
            len(events),
            lambda some: is_unknown.take(processes.of_event[some]) & (containers.of_event[some] >= 0),
        )
        before = last_of_each(processes.of_event[rows], len(processes))
        last[is_unknown] = taken(rows, before[is_unknown])
    own = taken(containers.of_event, last).astype(np.int32)
    in_snapshot = taken(containers_listed(containers, listed), processes.snapshot)
    own = np.where(own >= 0, own, in_snapshot)
    return inherited(processes, own, own >= 0)


def _deaths(
    events: EventColumns, processes: Processes, containers: Containers, container: np.ndarray
) -> np.ndarray:
    last = int(events.time[-1]) if len(events) else 0
    return with_ends_of_processes(containers, container, processes.end, last)


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _listed_column(processes: Processes, listed: Table, name: str) -> np.ndarray:
    column: np.ndarray = np.concatenate(([-1], integers(listed, name)))[processes.snapshot + 1]
    return column


def _listed_cgroups(processes: Processes, listed: Table) -> list[str]:
    lines = [row.get("cgroups") for row in listed]
    told = ["\n".join(map(text_of, one[:_MOST_LINES])) if isinstance(one, list) else "" for one in lines]
    return [told[at] if at >= 0 else "" for at in processes.snapshot.tolist()]


def _uids(events: EventColumns, processes: Processes, listed: Table) -> np.ndarray:
    uid = _listed_column(processes, listed, "uid")
    first = first_of_each(processes.of_event, len(processes))
    first = np.where(first >= 0, first, processes.forked)
    told = np.flatnonzero((uid < 0) & (first >= 0))
    seen = events.uid[first[told]].astype(np.int64)
    uid[told] = np.where(seen == _NO_USER, -1, seen)
    return uid


def _handed_down(processes: Processes, listed: Table, name: str) -> np.ndarray:
    known = processes.snapshot >= 0
    return inherited(processes, _listed_column(processes, listed, name), known)


def _sessions(events: EventColumns, processes: Processes, listed: Table) -> np.ndarray:
    """Session ids: the creator's at the fork, unless the process has begun one itself.

    That has its own pid. What the call returns is the pid in the caller's namespace.
    """
    rows = events.rows_of(["setsid"])
    rows = rows[(events.ret[rows] > 0) & (processes.of_event[rows] >= 0)]
    leader = processes.pid[processes.of_event[rows]]
    begun = Latest(processes.of_event[rows], rows, len(processes))
    own = _listed_column(processes, listed, "sid")
    made = np.flatnonzero((processes.forked >= 0) & (processes.parent >= 0))
    before = begun.find(processes.parent[made], processes.forked[made])
    told = made[before >= 0]
    own[told] = leader[before[before >= 0]]
    known = processes.snapshot >= 0
    known[told] = True
    sid = inherited(processes, own, known)
    later = begun.find(np.arange(len(processes)), np.full(len(processes), len(events)))
    sid[later >= 0] = leader[later[later >= 0]]
    return sid
