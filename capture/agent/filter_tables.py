"""The probe's tables of a recording filter: filled before the first call is seen, kept up, counted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from capture.agent.accounts import users
from capture.agent.errors import CaptureError
from capture.agent.filter import CALLS, CgroupMarks, RecordingFilter, Row, descendants
from capture.agent.hierarchies import trees
from capture.agent.host_root import host_root
from capture.agent.plan import PLANS
from capture.agent.proc_files import PROC
from capture.agent.procfs import parents
from capture.containers.cgroup_paths import ContainerRef, container_of
from capture.containers.lookup import find_metadata
from capture.model.catalogue import event_name
from capture.model.events import EventFlag
from capture.model.recording_filter import COMMAND

_COMM = 16
_FLAGS = (0, int(EventFlag.COMPAT), int(EventFlag.X32))
"""Of an event by each of ABIS."""


class Tables(Protocol):
    """The kernel's side."""

    def put(self, table: str, key: bytes, value: int) -> None: ...  # noqa: D102

    def mapped(self, table: str, count: int) -> np.ndarray[Any, np.dtype[np.uint64]]: ...  # noqa: D102


class FilterTables:
    """What of a recording's filter changes while it goes on."""

    def __init__(self, chosen: RecordingFilter, tables: Tables, processors: int) -> None:
        self._chosen = chosen
        self._tables = tables
        self._marks = CgroupMarks(chosen, self._mark_cgroup)
        self._moment = tables.mapped("moments", 2).view("<u4")
        self._counts = tables.mapped("calls_left_out", processors * CALLS).reshape(processors, CALLS)
        self._taken = np.zeros(CALLS, np.uint64)

    def fill(self) -> None:
        """Write all that is known now; before calls are seen, after forks and new cgroups are.

        Raises:
            CaptureError: Something that was asked for is not there.
        """
        self._tables.mapped("call_rules", CALLS)[:] = self._chosen.call_rules()
        for name, mark in self._chosen.marks("comm").items():
            self._tables.put("chosen_comms", os.fsencode(name)[: _COMM - 1].ljust(_COMM, b"\0"), mark)
        for user, mark in self._chosen.marks("uid").items():
            self._tables.put("chosen_uids", _uid(user).to_bytes(4, "little"), mark)
        self._fill_trees()
        if self._chosen.concerns("container", "pod", "cgroup"):
            self._fill_cgroups()
        self._moment[0] += 1

    def learn(self, path: str, ref: ContainerRef | None, row: Row | None, final: bool) -> None:
        """Take in what became known of a cgroup's container."""
        if self._chosen.concerns("container", "pod", "cgroup"):
            self._marks.learn(path, ref, row, final=final)
            self._moment[0] += 1

    def take_counts(self) -> dict[str, int]:
        """Calls left out since this was asked for last, by name."""
        now: np.ndarray[Any, np.dtype[np.uint64]] = self._counts.sum(axis=0)
        total, self._taken = now - self._taken, now
        found: dict[str, int] = {}
        for at in np.flatnonzero(total).tolist():
            name = event_name("x86_64", at % PLANS, _FLAGS[at // PLANS])
            found[name] = found.get(name, 0) + int(total[at])
        return found

    def total(self) -> int:
        """Calls left out so far."""
        return int(self._counts.sum())

    def _fill_trees(self) -> None:
        for text, mark in self._chosen.marks("tree").items():
            if text == COMMAND:
                continue
            pid = int(text)
            if not Path(PROC, text).is_dir():
                raise CaptureError(f"there is no process {pid} whose tree could be recorded or left out")
            known: set[int] = set()
            # A second look: what was forked during the first one by a process not yet in the table.
            while new := descendants([pid], parents()) - known:
                for each in new:
                    self._tables.put("chosen_trees", each.to_bytes(4, "little"), mark)
                known |= new

    def _fill_cgroups(self) -> None:
        if not trees():
            raise CaptureError(
                "containers and cgroups cannot be told apart here: no hierarchy of cgroups is mounted "
                "(mount -t cgroup2 none /sys/fs/cgroup); choose by --only-tree or --only-uid instead"
            )
        for path in sorted({path for tree in trees() for path in tree.paths()}):
            ref = container_of(path)
            metadata = find_metadata(ref, root=host_root()).row() if ref is not None else None
            self._marks.learn(path, ref, metadata, final=True)

    def _mark_cgroup(self, path: str, marks: int) -> None:
        """Write the marks of a cgroup in each tree that has it still."""
        for tree in trees():
            if (key := tree.key(path)) is not None:
                self._tables.put("chosen_cgroups", key.to_bytes(8, "little"), marks)


def _uid(user: str) -> int:
    if user.isdigit():
        return int(user)
    for row in users():
        if row["name"] == user:
            return int(row["uid"])
    raise CaptureError(f"/etc/passwd has no user {user!r}; a number does, too")
