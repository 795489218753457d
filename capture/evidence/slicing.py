"""A slice: the events of a window, of containers, of processes, with what their names come from.

What a descriptor, a path or a process is called follows from earlier calls (open, exec, fork, …). So those of
the chosen processes stay from before the window, too: the recorder keeps them under every filter as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.evidence.deriving import Array, Part, Rows, Unchanged
from capture.evidence.errors import EvidenceError
from capture.format import Capture
from capture.identity import EventColumns, Identities, identify
from capture.identity.reading import event_columns, tables_of
from capture.identity.snapshot import text_of
from capture.model.catalogue import CATALOGUE
from capture.model.events import SchedCode
from capture.model.state_calls import ALWAYS_RECORDED

_FOREVER = (1 << 63) - 1
_TELLS_NAMES = np.array([spec.name in ALWAYS_RECORDED for spec in CATALOGUE])
_CGROUP_CODES = (SchedCode.CGROUP_MKDIR, SchedCode.CGROUP_RMDIR, SchedCode.CGROUP_ATTACH)
_SHOWN, _ID = 12, 12


@dataclass(frozen=True, slots=True)
class Choice:
    """What a slice is of; what is not given is not asked for."""

    since: int = -_FOREVER
    """Nanoseconds since 1970 UTC."""
    until: int = _FOREVER
    """The first moment that does not belong to it."""
    containers: Sequence[str] = ()
    """Names, or beginnings of ids; `host`."""
    pids: Sequence[int] = ()
    mask: Array | None = None
    """bool, by position in the columns: events chosen in another way."""
    context: bool = True
    """Whether calls by which names become known stay from before the window."""

    @property
    def is_of_some(self) -> bool:
        """Whether it is of some processes only."""
        return bool(self.containers or self.pids or self.mask is not None)


def sliced(capture: Capture, choice: Choice) -> Part:
    """The part of a capture that is chosen.

    Raises:
        EvidenceError: There is no such container or process in it.
        FormatError: It is not what a recorder writes.
    """
    events, columns = event_columns(capture)
    found = identify(events, tables_of(capture))
    time = columns["time"]
    before, within = time < choice.since, (time >= choice.since) & (time < choice.until)
    chosen = _chosen(choice, found, len(time))
    keep = chosen & within
    actors = _actors(found, keep) if choice.is_of_some else None
    if choice.context:
        of_actors = np.ones(len(time), bool) if actors is None else _of(found, actors)
        keep |= of_actors & before & _tells_names(events)
        if actors is not None:
            keep |= _introductions(events, found, actors, keep) & (time < choice.until)
    return Part(capture, keep, _Window(choice, found, actors))


def _chosen(choice: Choice, found: Identities, count: int) -> Array:
    chosen = np.ones(count, bool) if choice.mask is None else choice.mask.copy()
    if choice.containers:
        rows = [row for wanted in choice.containers for row in _containers_named(found, wanted)]
        chosen &= np.isin(found.containers.of_event, rows)
    if choice.pids:
        missing = sorted(set(choice.pids) - set(found.processes.pid.tolist()))
        if missing:
            raise EvidenceError(f"there is no process {missing[0]} in the capture")
        chosen &= np.isin(found.processes.pid, list(choice.pids))[found.processes.of_event]
    return chosen


def _containers_named(found: Identities, wanted: str) -> list[int]:
    known = [(text_of(one.get("id")), text_of(one.get("name"))) for one in found.containers.records]
    rows = [
        row
        for row, (short, name) in enumerate(known)
        if wanted in (name, short) or (row and short.startswith(wanted[:_ID]))
    ]
    if not rows:
        names = ", ".join(name or short for short, name in known[:_SHOWN])
        raise EvidenceError(f"there is no container {wanted!r} in the capture; there are {names}")
    return rows


def _actors(found: Identities, keep: Array) -> Array:
    """bool, a process each: those that made a kept event."""
    actors = np.zeros(len(found.processes), bool)
    rows = found.processes.of_event[keep]
    actors[rows[rows >= 0]] = True
    return actors


def _of(found: Identities, actors: Array) -> Array:
    """bool, an event each: made by one of the processes."""
    of_event = found.processes.of_event
    result: Array = np.append(actors, False)[of_event]  # -1 is the last: of nobody
    return result


def _tells_names(events: EventColumns) -> Array:
    kind = events.kind
    told: Array = np.append(_TELLS_NAMES, False)[kind] | (events.code >= min(SchedCode))
    return told


def _introductions(events: EventColumns, found: Identities, actors: Array, keep: Array) -> Array:
    """bool, an event each: the forks that made the processes, and the lives of their cgroups."""
    introduced = np.zeros(len(keep), bool)
    forks = found.processes.forked[actors]
    introduced[forks[forks >= 0]] = True
    rows = np.flatnonzero(np.isin(events.code, _CGROUP_CODES))
    if len(rows):
        introduced[rows] |= np.isin(events.argument(0)[rows], np.unique(events.cgroup[keep]))
    return introduced


class _Window(Unchanged):
    """Leaves out rows that are not of the window, or not of the processes."""

    def __init__(self, choice: Choice, found: Identities, actors: Array | None) -> None:
        self._choice = choice
        self._pids: frozenset[int] | None = None
        self._containers: frozenset[str] | None = None
        if actors is not None:
            chosen = np.flatnonzero(_with_parents(found, actors))
            self._pids = frozenset(found.processes.pid[chosen].tolist())
            containers = np.unique(found.containers.of_event[_of(found, actors)])
            self._containers = frozenset(
                text_of(found.containers.records[row].get("full_id"))
                for row in containers.tolist()
                if row > 0
            )

    def rows(self, name: str, rows: Rows) -> Rows:
        """Those of chosen processes and containers, and of the window."""
        if name == "counters":
            since, until = self._choice.since, self._choice.until
            return [
                row
                for row in rows
                if _number(row, "time", _FOREVER) >= since and _number(row, "since") < until
            ]
        if self._pids is not None and name in ("processes", "descriptors"):
            return [row for row in rows if _number(row, "pid", -1) in self._pids]
        if self._containers is not None and name == "containers":
            return [row for row in rows if text_of(row.get("full_id")) in self._containers]
        return rows

    def _overlaps(self, gap: Mapping[str, Any]) -> bool:
        ended, began = _number(gap, "time", _FOREVER), _number(gap, "since")
        return ended >= self._choice.since and began < self._choice.until

    def columns(self, kind: str, columns: dict[str, Array]) -> dict[str, Array]:
        """Those of chosen processes, and of the window."""
        first, last = ("first", "last") if kind == "counted" else ("time", "time")
        keep = (columns[last] >= self._choice.since) & (columns[first] < self._choice.until)
        if self._pids is not None:
            keep &= np.isin(columns["pid"], list(self._pids))
        return {name: values[keep] for name, values in columns.items()}


def _with_parents(found: Identities, actors: Array) -> Array:
    """The processes and all that they descend from."""
    marked, parent = actors.copy(), found.processes.parent
    new = np.flatnonzero(marked)
    while len(new):
        above = np.unique(parent[new])
        new = above[above >= 0]
        new = new[~marked[new]]
        marked[new] = True
    return marked


def _number(row: Mapping[str, Any], name: str, missing: int = 0) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else missing
