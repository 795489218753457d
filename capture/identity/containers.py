"""Which container each event belongs to, by the id of its cgroup; born and dead when its cgroup was.

Row 0 is the host. A cgroup of which not even the path is known belongs to no row: -1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from capture.containers.cgroup_paths import short_id
from capture.format.joins import Latest, Places, follow, taken
from capture.format.pieces import each_piece, rows_where
from capture.identity.events import EventColumns
from capture.identity.processes import Processes, process_with_pid
from capture.identity.snapshot import Table, integer_of, text_of

HOST, UNKNOWN = 0, -1


class Reference(Protocol):
    """What a cgroup's path tells of a container."""

    @property
    def runtime(self) -> str: ...  # noqa: D102 - said by its name
    @property
    def full_id(self) -> str: ...  # noqa: D102 - said by its name


@dataclass(frozen=True)
class Containers:
    """A row a container: what was recorded of it, and its life."""

    records: tuple[Mapping[str, Any], ...]
    """Metadata as recorded, by the names of the capture's `containers` table; `id` is always there."""
    birth: np.ndarray
    death: np.ndarray
    starts: np.ndarray
    """How often each was started within the recording."""
    of_event: np.ndarray
    """int32: the container of each event."""
    of_path: Mapping[str, int]
    """Cgroup path → row, for every path that was seen."""
    unified: bool = True
    """Whether there are cgroups of the hierarchy whose ids events carry: not on machines of v1 alone."""

    def __len__(self) -> int:
        return len(self.records)


def find_containers(
    events: EventColumns,
    table: Table,
    cgroups: Table,
    *,
    listed: Table = (),
    container_of: Callable[[str], Reference | None],
    hierarchy: int = 0,
) -> Containers:
    """Join cgroup ids to containers.

    Args:
        events: the columns.
        table: the capture's `containers`; of several rows with one id later ones complete earlier ones.
        cgroups: the snapshot's (id, path, hierarchy).
        listed: the snapshot's processes, with the path of their cgroup.
        container_of: what a cgroup's path tells.
        hierarchy: the one whose ids the column `cgroup` holds; ids repeat in others.
    """
    book = _Book(table, container_of)
    paths = {int(row["id"]): text_of(row.get("path")) for row in cgroups if _is_of(row, hierarchy)}
    made, gone, moved = (
        _cgroup_events(events, f"cgroup_{name}") for name in ("mkdir", "rmdir", "attach_task")
    )
    for step in (*made, *gone, *moved):
        if step.hierarchy == hierarchy:
            paths.setdefault(step.number, step.path)
    seen = (
        *(path for row in listed for path in paths_of(row)),
        *(step.path for step in (*made, *gone, *moved)),
    )
    for path in filter(None, seen):
        book.row_of(path)
    of_id = {number: book.row_of(path) for number, path in paths.items() if path}
    # A container that exists in other hierarchies alone is told by what the snapshot has of those.
    for row in cgroups:
        if path := text_of(row.get("path")):
            book.row_of(path)
    birth, death, starts = _lives(book, cgroups, made, gone, events)
    of_event = _of_each(of_id, events.cgroup, events.row_of("container"))
    return Containers(tuple(book.records), birth, death, starts, of_event, book.of_path, bool(paths))


def _of_each(of_id: Mapping[int, int], cgroup: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The container of each event by its cgroup's id, UNKNOWN where nothing is known of it; `out`."""
    most = int(np.iinfo(cgroup.dtype).max)
    known = sorted(number for number in of_id if 0 <= number <= most)
    places = Places(np.array(known, cgroup.dtype), len(cgroup))
    rows = np.array([*(of_id[number] for number in known), UNKNOWN], np.int32)

    def find(piece: slice) -> None:
        out[piece] = rows.take(places.of(cgroup[piece]))

    each_piece(len(cgroup), find)
    return out


class _Book:
    """Containers found so far, each under its full id."""

    def __init__(self, table: Table, container_of: Callable[[str], Reference | None]) -> None:
        self.records: list[dict[str, Any]] = [{"id": "host", "metadata": "recorded", "cgroup": "/"}]
        self.of_path: dict[str, int] = {}
        self._container_of = container_of
        self._row_of_id: dict[str, int] = {}
        self._own_paths: dict[str, int] = {}
        for record in table:
            self._enter(record)

    def _enter(self, record: Mapping[str, Any]) -> None:
        full_id = text_of(record.get("full_id")) or text_of(record.get("id"))
        if not full_id or full_id == "host":
            return
        row = self._row_for(full_id)
        self.records[row].update({name: value for name, value in record.items() if value is not None})
        others = record.get("cgroups")
        for path in map(text_of, (record.get("cgroup"), *(others if isinstance(others, list) else ()))):
            if path.rstrip("/"):
                self._own_paths[path.rstrip("/")] = row

    def _row_for(self, full_id: str) -> int:
        # Of 64 digits the first twelve do where nobody told more; a name is an id as a whole.
        short = short_id(full_id)
        row = self._row_of_id.get(full_id)
        if row is None and (alike := self._row_of_id.get(short)) is not None:
            # Two whole ids that begin alike are two containers: somebody may have chosen one of them.
            row = alike if short in (full_id, self.records[alike]["full_id"]) else None
        if row is None:
            row = len(self.records)
            self.records.append({"id": short, "full_id": full_id})
            self._row_of_id.setdefault(short, row)
        elif self.records[row]["full_id"] == short:
            self.records[row]["full_id"] = full_id
        self._row_of_id[full_id] = row
        return row

    def row_of(self, path: str) -> int:
        """The container of a cgroup path: told by metadata, else by the path itself, else the host."""
        if path not in self.of_path:
            self.of_path[path] = self._find(path)
        return self.of_path[path]

    def _find(self, path: str) -> int:
        above = path.rstrip("/")
        while above:
            if above in self._own_paths:
                return self._own_paths[above]
            above = above.rpartition("/")[0]
        reference = self._container_of(path)
        if reference is None:
            return HOST
        row = self._row_for(reference.full_id)
        record = self.records[row]
        record.setdefault("runtime", reference.runtime)
        record.setdefault("metadata", "not recorded")
        shorter = len(path) < len(record.get("cgroup", path + "/"))
        if shorter:
            record["cgroup"] = path
        return row


def _is_of(row: Mapping[str, Any], hierarchy: int) -> bool:
    return isinstance(row.get("id"), int) and row.get("hierarchy", hierarchy) == hierarchy


class _Step(NamedTuple):
    """A cgroup is made or removed, or a process moved into it."""

    row: int
    number: int
    """Its id, which another cgroup may have in another hierarchy."""
    hierarchy: int
    path: str


def _cgroup_events(events: EventColumns, name: str) -> list[_Step]:
    """The events of all hierarchies, in order."""
    rows = events.rows_of([name])
    numbers, hierarchies = (events.arguments(at, rows).tolist() for at in (0, 1))
    texts = (text_of(events.texts[text]) if text else "" for text in events.text[rows].tolist())
    return list(map(_Step, rows.tolist(), numbers, hierarchies, texts))


def _lives(
    book: _Book, cgroups: Table, made: list[_Step], gone: list[_Step], events: EventColumns
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(birth, death, starts): it lives while it has a cgroup in any hierarchy.

    With cgroup v1 a container has one in each, made and removed one after another, and its processes are in
    some before they are in others. What made itself others below its own lives until all are gone.
    """
    count = len(book.records)
    birth, death = np.full((2, count), -1, np.int64)
    starts = np.zeros(count, np.int64)
    alive = _standing(book, cgroups, made)
    existed = frozenset(alive)
    for step, is_made in sorted([(step, True) for step in made] + [(step, False) for step in gone]):
        owner = book.of_path.get(step.path, HOST)
        own = alive.setdefault(owner, set())
        place = (step.hierarchy, step.number)
        if is_made:
            starts[owner] += not own
            if birth[owner] < 0 and owner not in existed:
                birth[owner] = events.time[step.row]
            death[owner] = -1
            own.add(place)
        else:
            own.discard(place)
            if not own:
                death[owner] = events.time[step.row]
    birth[HOST] = death[HOST] = -1
    starts[HOST] = 0
    return birth, death, starts


def _standing(book: _Book, cgroups: Table, made: list[_Step]) -> dict[int, set[tuple[int, int]]]:
    """What each container had before any event: the cgroups of the snapshot that were not made since."""
    since = {(step.hierarchy, step.number) for step in made}
    alive: dict[int, set[tuple[int, int]]] = {}
    for row in cgroups:
        owner = book.of_path.get(text_of(row.get("path")), HOST)
        place = (integer_of(row.get("hierarchy"), 0), integer_of(row.get("id")))
        if owner != HOST and place not in since:
            alive.setdefault(owner, set()).add(place)
    return alive


def paths_of(row: Mapping[str, Any]) -> list[str]:
    """The cgroups of a process of the snapshot, that of the unified hierarchy first."""
    lines = row.get("cgroups")
    others = (text_of(line).split(":", 2)[-1] for line in (lines if isinstance(lines, list) else ()))
    return [path for path in (text_of(row.get("cgroup")), *others) if path]


def containers_listed(containers: Containers, listed: Table) -> np.ndarray:
    """int32: the container of each process of the snapshot, by whichever hierarchy shows one."""
    found = [[containers.of_path.get(path, UNKNOWN) for path in paths_of(row)] for row in listed]
    return np.array(
        [next((own for own in rows if own > HOST), rows[0] if rows else UNKNOWN) for rows in found], np.int32
    )


def add_hints_of_processes(
    containers: Containers, events: EventColumns, processes: Processes, listed: Table
) -> None:
    """Complete what the cgroup of an event does not tell by where its process was known to be.

    On machines with cgroup v1 a container may have cgroups in those hierarchies alone, of which an event's id
    knows nothing; the snapshot's paths and moves between cgroups of any hierarchy do. A cgroup id of 0, which
    is none, belongs to the container in which the process was last seen before.
    """
    told, since, process = _hints(containers, events, processes, listed)
    of_event = containers.of_event
    if (told > HOST).any() or not containers.unified:
        life = Latest(process, since, len(processes))
        # Where there are ids, one that is not known may be a container's: it is never the host's.
        least = HOST if containers.unified else UNKNOWN

        def complete(rows: slice) -> None:
            part = of_event[rows]
            unsure = np.flatnonzero(part <= HOST)
            hint = life.find(processes.of_event[rows].take(unsure), unsure + rows.start)
            hinted = taken(told, hint, UNKNOWN)
            part[unsure[hinted > least]] = hinted[hinted > least]

        each_piece(len(events), complete)
    missing = rows_where(len(events), lambda some: events.cgroup[some] == 0)
    if len(missing):
        known = np.flatnonzero(of_event >= HOST)
        seen = Latest(processes.of_event[known], known, len(processes))
        of_event[missing] = taken(of_event[known], seen.find(processes.of_event[missing], missing), UNKNOWN)


def add_records_of_events(containers: Containers, events: EventColumns) -> None:
    """An event by which a recorder tells of a container belongs to that container, whoever told."""
    rows = events.rows_of(["container"])
    rows = rows[events.text[rows] > 0]
    known = {short_id(text_of(record.get("id"))): at for at, record in enumerate(containers.records)}
    told = [short_id(text_of(events.texts[code])) for code in events.text[rows].tolist()]
    which = np.array([known.get(name, UNKNOWN) for name in told], np.int32)
    containers.of_event[rows[which > HOST]] = which[which > HOST]


def _hints(
    containers: Containers, events: EventColumns, processes: Processes, listed: Table
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(container, since, process): births, in the order of processes, then moves to another cgroup."""
    count = len(processes)
    own = taken(containers_listed(containers, listed), processes.snapshot)
    rows = events.rows_of(["cgroup_attach_task"])
    rows = rows[events.text[rows] > 0]
    paths = [text_of(events.texts[code]) for code in events.text[rows].tolist()]
    target = np.array([containers.of_path.get(path, UNKNOWN) for path in paths], np.int32)
    moved = process_with_pid(processes, events.arguments(2, rows), rows)
    told = np.flatnonzero((moved >= 0) & (target > HOST))
    rows, target, moved = rows[told], target[told], moved[told]
    process = np.concatenate((np.arange(count), moved))
    since = np.concatenate((np.full(count, -1), rows))
    source = np.arange(len(process))
    made = np.flatnonzero((processes.forked >= 0) & (processes.parent >= 0) & (own < 0))
    source[made] = Latest(process, since, count).find(processes.parent[made], processes.forked[made])
    return np.concatenate((own, target))[follow(source)].astype(np.int32), since, process


def with_ends_of_processes(
    containers: Containers, container: np.ndarray, end: np.ndarray, last: int
) -> np.ndarray:
    """Death of containers whose directory's removal went unseen: when their last process ended.

    Args:
        containers: as found.
        container: of each process.
        end: of each process, -1 alive.
        last: the time of the last event; a container with a living process is alive.
    """
    death = containers.death.copy()
    member = container > HOST
    latest = np.full(len(containers), -1, np.int64)
    np.maximum.at(latest, container[member], end[member])
    alive = np.zeros(len(containers), np.bool_)
    alive[container[member & (end < 0)]] = True
    unseen = (death < 0) & (latest >= 0) & (latest <= last) & ~alive
    return np.where(unseen, latest, death)
