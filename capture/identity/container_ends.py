"""How containers ended: the exit code of the first process of each, and who was killed for want of memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import taken
from capture.identity.containers import HOST, Containers
from capture.identity.events import EventColumns
from capture.identity.processes import Processes, process_with_pid
from capture.identity.snapshot import Table, integers

_FIRST = 1
"""The pid of a namespace's first process within it."""


@dataclass(frozen=True)
class Ends:
    """A value a container."""

    first_process: np.ndarray
    """int32: row of the process that the container began with, and ended with; -1 not known."""
    exit_code: np.ndarray
    """int64: as runtimes tell it, 128 and the signal where one killed it; -1 alive or not known."""
    oom_kills: np.ndarray
    """int64: how many of its processes the kernel killed for want of memory."""


def find_ends(
    events: EventColumns,
    processes: Processes,
    containers: Containers,
    container: np.ndarray,
    listed: Table,
) -> Ends:
    """How each container ended.

    Args:
        events: the columns.
        processes: as found.
        containers: as found.
        container: of each process.
        listed: the snapshot's processes.
    """
    first = _first_processes(events, processes, containers, container, listed)
    status = taken(processes.status, first)
    signal = status & 0x7F
    code = np.where(signal > 0, 128 + signal, status >> 8 & 0xFF)
    code[HOST] = status[HOST] = -1
    return Ends(first, np.where(status >= 0, code, -1), _oom_kills(events, processes, containers, container))


def _first_processes(
    events: EventColumns,
    processes: Processes,
    containers: Containers,
    container: np.ndarray,
    listed: Table,
) -> np.ndarray:
    """The process with pid 1 of the container's own namespace, else the one that its runtime named.

    A container that was started again has several: the last counts. One with pid 1 whose parent is in the
    container as well is first in a namespace that somebody made in there, unless that parent sees the
    host's pids: then it is the runtime at work in the container's cgroup.
    """
    inner_pid = taken(integers(listed, "nspid"), processes.snapshot)
    forked = np.flatnonzero(processes.forked >= 0)
    inner_pid[forked] = events.arguments(4, processes.forked[forked])
    has_hosts_pid = inner_pid == processes.pid
    begins = (taken(container, processes.parent) != container) | taken(
        has_hosts_pid, processes.parent, missing=0
    )
    inside = container > HOST
    shares = np.array(["pid" in _listed(record.get("host_namespaces")) for record in containers.records])
    leads = inside & (inner_pid == _FIRST) & begins & ~shares[container]
    named = integers(containers.records, "init_pid")
    told = inside & (processes.pid == named[container]) & (named[container] > 0)
    order = np.argsort(np.where(processes.start < 0, 0, processes.start), kind="stable")
    first = np.full(len(containers), -1, np.int32)
    for chosen in (told, leads):
        rows = order[chosen[order]]
        # Of several the last one stays.
        first[container[rows]] = rows
    return first


def _oom_kills(
    events: EventColumns, processes: Processes, containers: Containers, container: np.ndarray
) -> np.ndarray:
    rows = events.rows_of(["oom_kill"])
    victim = process_with_pid(processes, events.arguments(0, rows), rows)
    of_victim = taken(container, victim)
    return np.bincount(of_victim[of_victim >= 0], minlength=len(containers)).astype(np.int64)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
