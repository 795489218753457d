"""Whose child a process is: of its creator, and of who adopts it once that one has ended.

The kernel gives the children of a process that ends to the nearest of its ancestors in its own namespace of
pids that asked for them (prctl, PR_SET_CHILD_SUBREAPER), else to the first process of that namespace. Who
asked before the recording is known by waiting for a child of another. Where a call tells who took up a
process at its end, that one was its parent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capture.format.joins import codes_of, follow, place_among, taken
from inspect_app.frames.host_numbers import on_host

_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of linux/prctl.h."""
_BY_PID = 1
"""P_PID of waitid(2)."""
_MOST_ANCESTORS = 64
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Adoption:
    """What decides who adopts; arrays have an entry a process."""

    parent: np.ndarray
    """int32: the creator, -1 not known."""
    end: np.ndarray
    """int64: ns since 1970 UTC, -1 not ended."""
    asks_since: np.ndarray
    """int64: since when it adopts the children of those below it, ns since 1970 UTC; the largest: never."""
    namespace: np.ndarray
    """int64: a number for its namespace of pids."""
    first: np.ndarray
    """int32: the first process of that namespace, -1 not known."""
    taken_by: np.ndarray
    """int32: who waited for its end, -1 not seen."""

    def parents_at(self, time: np.ndarray | int) -> np.ndarray:
        """int32: the parent of each process at a time (ns since 1970 UTC, one or one each); -1 unknown."""
        moment = np.broadcast_to(np.asarray(time, np.int64), self.parent.shape)
        found = self.parent.copy()
        for _ in range(_MOST_ANCESTORS):
            end = taken(self.end, found)
            orphans = np.flatnonzero((found >= 0) & (end >= 0) & (end <= moment))
            if not len(orphans):
                break
            found[orphans] = self._adopter(orphans, found[orphans], end[orphans])
        return found

    def _adopter(self, orphans: np.ndarray, ended: np.ndarray, when: np.ndarray) -> np.ndarray:
        """int32: who took each orphan when its parent `ended`: who asked later was not asked."""
        found = np.full(len(orphans), -1, np.int32)
        above = taken(self.parent, ended)
        namespace = self.namespace[ended]
        for _ in range(_MOST_ANCESTORS):
            open_ = (found < 0) & (above >= 0)
            if not open_.any():
                break
            end, asks = taken(self.end, above), taken(self.asks_since, above, _NEVER)
            fits = open_ & ((end < 0) | (end > when)) & (asks <= when)
            fits &= taken(self.namespace, above) == namespace
            found[fits] = above[fits]
            above = taken(self.parent, above)
        first = self.first[ended]
        rest = (found < 0) & (first != orphans) & (first != ended)
        return np.where(rest, first, found).astype(np.int32)

    def last_parents(self) -> np.ndarray:
        """int32: the parent of each at its end, or at the end of the recording; -1 not known."""
        at_end = np.where(self.end < 0, _NEVER - 1, self.end - 1)
        derived = self.parents_at(at_end)
        parents: np.ndarray = np.where(self.taken_by >= 0, self.taken_by, derived).astype(np.int32)
        return parents


def adoption(
    events: pd.DataFrame,
    processes: pd.DataFrame,
    containers: pd.DataFrame,
    arguments: Callable[[int, np.ndarray], np.ndarray],
) -> Adoption:
    """Who adopts whom in a capture. `arguments`: a raw argument of the events at some rows."""
    names = [str(name) for name in events["type"].cat.categories]
    code, ret = events["type"].cat.codes.to_numpy(), events["ret"].to_numpy()
    caller, time = events["process"].to_numpy(), events["time"].to_numpy()
    namespace, first = _namespaces(events, processes, containers, arguments)
    rows, pids = _waits(names, code, ret, arguments)
    # In a namespace of its own a caller counts with other numbers.
    at_home = np.append(namespace < 0, False)[caller[rows]]
    rows, pids = rows[at_home], pids[at_home]
    child = _ended_by(processes, pids, processes["host"].to_numpy()[caller[rows]], time[rows])
    taken_by = np.full(len(processes), -1, np.int32)
    known = child >= 0
    taken_by[child[known]] = caller[rows[known]]
    parent = processes["parent"].to_numpy().astype(np.int32)
    asks = np.full(len(processes), _NEVER)
    asked = _asking(names, code, ret, arguments)
    asks[caller[asked[::-1]]] = time[asked[::-1]]
    foster = taken_by[(taken_by >= 0) & (parent >= 0) & (parent != taken_by)]
    asks[foster] = np.minimum(asks[foster], -1)
    return Adoption(parent, processes["end"].to_numpy(), asks, namespace, first, taken_by)


def _among(names: list[str], wanted: str, code: np.ndarray) -> np.ndarray:
    """Rows of the events of one name."""
    place = names.index(wanted) if wanted in names else len(names)
    rows: np.ndarray = np.flatnonzero(code == place)
    return rows


def _asking(
    names: list[str], code: np.ndarray, ret: np.ndarray, arguments: Callable[[int, np.ndarray], np.ndarray]
) -> np.ndarray:
    rows: np.ndarray = _among(names, "prctl", code)
    rows = rows[ret[rows] == 0]
    if len(rows):
        wanted = (arguments(0, rows) & np.uint64(0xFFFFFFFF)) == _SUBREAPER
        rows = rows[wanted & (arguments(1, rows) != 0)]
    return rows


def _waits(
    names: list[str], code: np.ndarray, ret: np.ndarray, arguments: Callable[[int, np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of calls that took up a child, in order, and its pid as the caller counts."""
    by_result = _among(names, "wait4", code)
    by_result = by_result[ret[by_result] > 0]
    by_name = _among(names, "waitid", code)
    by_name = by_name[ret[by_name] == 0]
    pids = ret[by_result]
    if len(by_name):
        by_name = by_name[arguments(0, by_name) == _BY_PID]
        pids = np.concatenate((pids, arguments(1, by_name).astype(np.int64)))
    rows = np.concatenate((by_result, by_name))
    order = np.argsort(rows, kind="stable")
    return rows[order], pids[order]


def _ended_by(processes: pd.DataFrame, pids: np.ndarray, hosts: np.ndarray, time: np.ndarray) -> np.ndarray:
    """The process with each pid that had ended by a time, the last of them; -1 none."""
    end = processes["end"].to_numpy()
    ended = np.flatnonzero(end >= 0)
    ended = ended[np.argsort(end[ended], kind="stable")]
    keys, code = codes_of(on_host(*(processes[name].to_numpy()[ended] for name in ("pid", "host"))))
    moments = np.unique(np.concatenate((end[ended], time)))
    width = len(moments) + 1
    lives = code.astype(np.int64) * width + np.searchsorted(moments, end[ended])
    order = np.argsort(lives, kind="stable")
    place = place_among(keys, on_host(pids, hosts))
    asked = place * width + np.searchsorted(moments, time)
    at = np.searchsorted(lives[order], asked, side="right") - 1
    found = taken(ended[order], at)
    fits = (place >= 0) & (found >= 0) & (taken(lives[order], at) // width == place)
    return np.where(fits, found, -1)


def _namespaces(
    events: pd.DataFrame,
    processes: pd.DataFrame,
    containers: pd.DataFrame,
    arguments: Callable[[int, np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """A number for each process's namespace of pids, below 0 for a host's own, and its first process.

    Who has another pid there than on the host is in one that begins with the nearest of its ancestors who is
    the first in there; who was brought in from outside, in that of its container.
    """
    pid, host, parent, container = (
        processes[name].to_numpy() for name in ("pid", "host", "parent", "container")
    )
    inner_pid = _inner_pids(events, processes, arguments)
    shares = containers["host_namespaces"].str.split(", ").map(lambda kinds: "pid" in kinds).to_numpy(bool)
    own = np.append(~shares & (containers["id"] != "host").to_numpy(), False)
    inside = np.where(inner_pid > 0, inner_pid != pid, own[container])
    begins = inside & (inner_pid == 1)
    rows = np.arange(len(processes))
    top = follow(np.where(inside & ~begins & (parent >= 0), parent, rows))
    of_container = np.append(containers["first_process"].to_numpy(), -1)[container]
    first = np.where(begins[top], top, of_container)
    of_host = np.full(int(host.max(initial=0)) + 1, -1, np.int32)
    firsts = np.flatnonzero(pid == 1)[::-1]
    of_host[host[firsts]] = firsts
    inside &= first >= 0
    return np.where(inside, first, -1 - host).astype(np.int64), np.where(inside, first, of_host[host])


def _inner_pids(
    events: pd.DataFrame, processes: pd.DataFrame, arguments: Callable[[int, np.ndarray], np.ndarray]
) -> np.ndarray:
    """int64: the pid of each process in its own namespace, as its making or the snapshot tells; -1 none."""
    start, time = processes["start"].to_numpy(), events["time"].to_numpy()
    made = np.searchsorted(time, start, side="left")
    seen = np.flatnonzero((start >= 0) & (made < len(time)))
    kinds = events["type"].cat
    is_fork = np.append(kinds.categories == "procfork", False)[kinds.codes.to_numpy()[made[seen]]]
    seen = seen[is_fork]
    found: np.ndarray = processes["nspid"].to_numpy().copy()
    if len(seen):
        same = arguments(0, made[seen]).astype(np.int64) == processes["pid"].to_numpy()[seen]
        told = arguments(4, made[seen]).astype(np.int64)
        found[seen] = np.where(same & (told > 0), told, found[seen])
    return found
