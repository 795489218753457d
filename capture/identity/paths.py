"""Names as programs gave them, made absolute: by the working directory or a directory's descriptor.

A name is a *node*: a text relative to another node. Working directories are nodes too: a process begins with
a copy of its parent's, chdir and fchdir give it another. Nodes are resolved in rounds, first those that
depend on nothing, then those that depend on them; Python looks at each distinct (base, text) once.

Names are joined as text: symbolic links are not followed. Where they led the kernel tells of what was opened
(`told_paths`).
A name whose base is not known stays as it was given, without a leading slash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np

from capture.format.joins import Latest, follow, pair_codes, taken
from capture.format.pieces import rows_where
from capture.identity.directories import Directories
from capture.identity.events import EventColumns, kind_table
from capture.identity.moves import Relocated, Renames, find_moves, find_renames
from capture.identity.name_codes import NONE, Names
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, text_of, texts
from capture.identity.told_paths import TELLS
from capture.model.abi import ABIS
from capture.model.catalogue import CATALOGUE
from capture.model.events import ArgKind, EventSpec, text_places

_WORKING_DIRECTORY, _AS_GIVEN = -1, -2
_AT_FDCWD = -100
_ROUNDS = 64
"""Deeper chains are rare, and walking them one by one is then quicker than one round each."""
_CLONE_NEWNS = 0x20000
_PASSES = 3
"""How often names are resolved again because a directory that they start from was renamed."""
_FIRST_TEXT_AS_GIVEN = frozenset({"symlink", "symlinkat", "mount"})
"""Their first text is no name that the working directory completes."""


@dataclass(frozen=True)
class Paths:
    """Resolved names of events and processes, as positions in `names`; -1 none or not known."""

    names: Names
    first: np.ndarray
    """int32, of each event."""
    second: np.ndarray
    cwd: np.ndarray
    """int32, of each process when first seen."""
    _nodes: _Nodes
    _value: np.ndarray

    def cwd_at(self, process: np.ndarray, row: np.ndarray) -> np.ndarray:
        """int32: the working directory of processes just before some rows."""
        cwd: np.ndarray = self._value[self._nodes.cwd_before(process, row)]
        return cwd


def find_paths(
    events: EventColumns,
    processes: Processes,
    listed: Table,
    descriptors: Table,
    *,
    container_of_event: np.ndarray,
    container_of_process: np.ndarray,
) -> Paths:
    """Resolve every path of every event. `listed`, `descriptors`: the snapshot's tables."""
    entered = _entered_namespaces(events, processes)
    moved, relocated = Relocated.none(), entered
    first, second = events.row_of("path"), events.row_of("path2")
    for _ in range(_PASSES):
        nodes = _Nodes(events, processes, listed, descriptors, relocated)
        value = nodes.resolve()
        first.fill(NONE)
        second.fill(NONE)
        first[nodes.first_rows] = value[nodes.first_nodes]
        second[nodes.second_rows] = value[nodes.second_nodes]
        renames = find_renames(events, first, second, container_of_event)
        if not len(renames):
            break
        found = nodes.relocated(value, renames, container_of_event, container_of_process)
        if found.names == moved.names:
            break
        moved, relocated = found, entered.and_also(found)
    return Paths(nodes.names, first, second, value[: len(processes)], nodes, value)


def _entered_namespaces(events: EventColumns, processes: Processes) -> Relocated:
    """Where setns leads that enters a mount namespace: to its root."""
    rows = _successful(events, ["setns"])
    rows = rows[events.arguments(1, rows) & _CLONE_NEWNS != 0]
    nothing = np.full(len(rows), NONE, np.int64)
    return Relocated(processes.of_event[rows].astype(np.int64), nothing, rows, ["/"] * len(rows))


class _Nodes:
    """All nodes: births of processes, first texts, second texts, fchdir, then the snapshot's directories."""

    def __init__(
        self,
        events: EventColumns,
        processes: Processes,
        listed: Table,
        descriptors: Table,
        relocated: Relocated,
    ) -> None:
        self.names = Names()
        self._events, self._processes = events, processes
        tables = _text_tables()
        self.first_rows = self._rows_with_names(tables.takes_first, events.text, tables.base_of_first)
        self.second_rows = self._rows_with_names(tables.takes_second, events.text2, tables.base_of_second)
        self._fchdir_rows = _successful(events, ["fchdir"])
        births, directories = len(processes), Directories(events, processes, descriptors, relocated)
        self._open_directories = directories
        counts = [births, len(self.first_rows), len(self.second_rows), len(self._fchdir_rows)]
        ends = np.cumsum([*counts, len(self._open_directories.constants)])
        self.first_nodes, self.second_nodes, fchdir_nodes = (
            slice(start, end) for start, end in pairwise(ends[:4].tolist())
        )
        self._constants = int(ends[3])
        self._unknown = int(ends[4])  # one node past all others, of which nothing is known
        self._text = np.zeros(self._unknown + 1, np.int32)
        self._text[self.first_nodes] = events.text.take(self.first_rows)
        self._text[self.second_nodes] = events.text2.take(self.second_rows)
        self._set_out_working_directories(listed, fchdir_nodes, relocated)
        self._base = np.full(self._unknown + 1, self._unknown, np.int32)
        self._open_directories.name_by(self.first_rows, self.first_nodes.start, self._constants)
        self._base_births()
        self._base_texts(self.first_rows, self.first_nodes, tables.base_of_first)
        self._base_texts(self.second_rows, self.second_nodes, tables.base_of_second)
        self._base[fchdir_nodes] = self._directory(
            processes.of_event[self._fchdir_rows], events.descriptors(0, self._fchdir_rows), self._fchdir_rows
        )

    def _rows_with_names(self, takes: np.ndarray, texts: np.ndarray, base_of: np.ndarray) -> np.ndarray:
        """Where a path is given; an empty one beside a descriptor means what that leads to, and is none."""
        rows = _rows_with(takes, self._events.kind, texts)
        empty = np.flatnonzero(self._events.is_empty(texts[rows]))
        by_handle = self._handles(rows[empty], base_of) >= 0
        return np.delete(rows, empty[by_handle])

    def _set_out_working_directories(self, listed: Table, fchdir_nodes: slice, relocated: Relocated) -> None:
        events, processes = self._events, self._processes
        chdir = np.flatnonzero(kind_table(["chdir"]).take(events.kind.take(self.first_rows)))
        chdir = chdir[events.ret[self.first_rows[chdir]] == 0]
        rows = np.concatenate((self.first_rows[chdir], self._fchdir_rows))
        births = np.arange(len(processes))
        moved = np.flatnonzero(relocated.process >= 0)
        moved_nodes = self._unknown - len(relocated.names) + moved
        fchdirs = np.arange(fchdir_nodes.start, fchdir_nodes.stop)
        self._cwd_nodes = np.concatenate((births, self.first_nodes.start + chdir, fchdirs, moved_nodes))
        self._cwd_owner = np.concatenate((births, processes.of_event[rows], relocated.process[moved]))
        self._cwd_since = np.concatenate((np.full(len(births), -1), rows, relocated.row[moved]))
        self._cwd = Latest(self._cwd_owner, self._cwd_since, len(processes))
        known = np.array([NONE, *self.names.codes(texts(listed, "cwd"))], np.int32)
        self._birth_cwd = known[processes.snapshot + 1]

    def cwd_before(self, process: np.ndarray, row: np.ndarray) -> np.ndarray:
        """The nodes of the working directories of processes just before some rows."""
        found = self._cwd.find(process, np.asarray(row) - 1)
        return taken(self._cwd_nodes, found, self._unknown)

    def relocated(
        self,
        value: np.ndarray,
        renames: Renames,
        container_of_event: np.ndarray,
        container_of_process: np.ndarray,
    ) -> Relocated:
        """What renames of directories did to where processes are and to what their descriptors stand for."""
        directories, processes = self._open_directories, len(self._processes)
        nodes = np.concatenate((self._cwd_nodes, directories.nodes))
        owner = np.concatenate((self._cwd_owner, directories.identity + processes))
        since = np.concatenate((self._cwd_since, directories.since))
        since[:processes] = self._processes.forked
        container = container_of_event[np.maximum(since, 0)]
        container[:processes] = container_of_process
        listed = slice(len(self._cwd_nodes), len(self._cwd_nodes) + len(directories.holder))
        container[listed] = taken(container_of_process, directories.holder)
        moves = find_moves(
            self.names,
            renames,
            identity=owner,
            since=since,
            label=value[nodes].astype(np.int64),
            container=container,
            with_itself=True,
        )
        moved = owner[moves.entry]
        return Relocated(
            np.where(moved < processes, moved, NONE),
            np.where(moved >= processes, moved - processes, NONE),
            renames.row[moves.rename],
            [self.names.all[code] for code in moves.label.tolist()],
        )

    def _base_births(self) -> None:
        processes = self._processes
        made = np.flatnonzero((processes.forked >= 0) & (processes.parent >= 0))
        self._base[made] = self.cwd_before(processes.parent[made], processes.forked[made])

    def _base_texts(self, rows: np.ndarray, these: slice, base_of: np.ndarray) -> None:
        """What each relative text starts from; an absolute one starts from nothing."""
        nodes = np.flatnonzero(~self._is_absolute.take(self._text[these]))
        rows, nodes = rows[nodes], nodes + these.start
        handles = self._handles(rows, base_of)
        from_cwd = handles == _AT_FDCWD
        process = self._processes.of_event[rows]
        self._base[nodes[from_cwd]] = self.cwd_before(process[from_cwd], rows[from_cwd])
        by_handle = np.flatnonzero(handles >= 0)
        self._base[nodes[by_handle]] = self._directory(
            process[by_handle], handles[by_handle], rows[by_handle]
        )

    def _handles(self, rows: np.ndarray, base_of: np.ndarray) -> np.ndarray:
        """int64: the descriptor that a text starts from, AT_FDCWD the working directory; -1 none."""
        argument = base_of[self._events.abi[rows], self._events.kind[rows]]
        handles = np.where(argument == _AS_GIVEN, -1, _AT_FDCWD).astype(np.int64)
        for index in range(6):
            some = np.flatnonzero(argument == index)
            handles[some] = self._events.descriptors(index, rows[some])
        return handles

    def _directory(self, process: np.ndarray, handle: np.ndarray, row: np.ndarray) -> np.ndarray:
        found = self._open_directories.find(process, handle, row)
        return np.where(found >= 0, found, self._unknown)

    @cached_property
    def _is_absolute(self) -> np.ndarray:
        return np.array([text[:1] == b"/" for text in self._events.texts] or [False])

    def resolve(self) -> np.ndarray:
        """int32: the position in `names` of every node."""
        value = np.full(self._unknown + 1, NONE, np.int32)
        value[: len(self._processes)] = self._birth_cwd
        value[self._constants : self._unknown] = self.names.codes(self._open_directories.constants)
        done = value != NONE
        done[self._unknown] = True
        copies = np.flatnonzero((self._text == 0) & ~done)
        source = self._sources(copies)
        absolute = np.flatnonzero(self._is_absolute.take(self._text) & (self._text > 0))
        self._settle(value, absolute, np.full(len(absolute), NONE, np.int32))
        done[absolute] = True
        base = source.take(self._base)
        waiting = np.flatnonzero((self._text > 0) & ~done)
        for _ in range(_ROUNDS):
            ready = done[base[waiting]]
            if not ready.any():
                break
            nodes = waiting[ready]
            self._settle(value, nodes, value[base[nodes]])
            done[nodes] = True
            waiting = waiting[~ready]
        self._settle_one_by_one(value, waiting, base)
        value[copies] = value[source[copies]]
        return value

    def _sources(self, copies: np.ndarray) -> np.ndarray:
        """int32: of each node itself, but of copies the node that they are a copy of."""
        source = np.arange(len(self._base), dtype=np.int32)
        source[copies] = self._base[copies]
        own = np.full(len(source), -1, np.int32)
        own[copies] = np.arange(len(copies))
        further = own[source[copies]]
        last = follow(np.where(further >= 0, further, np.arange(len(copies))))
        source[copies] = source[copies[last]]
        return source

    def _settle(self, value: np.ndarray, nodes: np.ndarray, base: np.ndarray) -> None:
        """Name nodes whose base has a name: each distinct (base, text) once."""
        bases, text, code = pair_codes(base + np.int32(1), self._text.take(nodes))
        recorded, names = self._events.texts, self.names.all
        given = _decoded([recorded[which] for which in text.tolist()])
        above = [names[at - 1] if at else "" for at in bases.tolist()]
        value[nodes] = self.names.codes(self.names.joined_each(above, given))[code]

    def _settle_one_by_one(self, value: np.ndarray, nodes: np.ndarray, base: np.ndarray) -> None:
        """Name nodes in the order of their events: what a name starts from always comes before it."""
        row = np.zeros(len(value), np.int64)
        row[self.first_nodes], row[self.second_nodes] = self.first_rows, self.second_rows
        nodes = nodes[np.argsort(row[nodes], kind="stable")]
        names, recorded = self.names, self._events.texts
        starts, text = base[nodes].tolist(), self._text[nodes].tolist()
        for node, start, which in zip(nodes.tolist(), starts, text, strict=True):
            above = int(value[start])
            value[node] = names.code(
                names.joined(names.all[above] if above >= 0 else "", text_of(recorded[which]))
            )


def _rows_with(takes: np.ndarray, kind: np.ndarray, text: np.ndarray) -> np.ndarray:
    """int64: the events of some kinds (bool, by position in CATALOGUE) that have a text."""
    rows = rows_where(len(kind), lambda some: text[some] > 0)
    found: np.ndarray = rows[takes.take(kind.take(rows))]
    return found


def _decoded(raw: list[bytes]) -> list[str]:
    """Texts as str, all at once: the kernel's strings hold no NUL, so it can stand between them."""
    together = b"\0".join(raw).decode("utf-8", "backslashreplace").split("\0")
    return together if len(together) == len(raw) else [text_of(one) for one in raw]


def _successful(events: EventColumns, names: Iterable[str]) -> np.ndarray:
    rows = events.rows_of(names)
    successful: np.ndarray = rows[events.ret[rows] >= 0]
    return successful


def names_files(spec: EventSpec) -> bool:
    """Whether the texts of such events are paths of files; a cgroup's path and a process' name are none."""
    return spec.is_call or spec.name in ("procexec", TELLS, "io_uring_submit")


@dataclass(frozen=True)
class _TextTables:
    """By position in CATALOGUE, the last place for unknown: what an event's texts are.

    The bases are by position in ABIS first.
    """

    takes_first: np.ndarray
    takes_second: np.ndarray
    base_of_first: np.ndarray
    """The argument that holds the directory, or _WORKING_DIRECTORY or _AS_GIVEN."""
    base_of_second: np.ndarray


@cache
def _text_tables() -> _TextTables:
    takes = np.zeros((2, len(CATALOGUE) + 1), bool)
    bases = np.full((2, len(ABIS), len(CATALOGUE) + 1), _WORKING_DIRECTORY, np.int64)
    for position, spec in enumerate(CATALOGUE):
        if not names_files(spec):
            continue
        for slot, at in enumerate(spec.text_args):
            takes[slot, position] = spec.args[at].kind == ArgKind.PATH
        for number, abi in enumerate(ABIS):
            args = spec.args_on(abi)
            for slot, at in enumerate(text_places(args)):
                if at and args[at - 1].kind == ArgKind.DIRFD:
                    bases[slot, number, position] = at - 1
        if spec.name in _FIRST_TEXT_AS_GIVEN:
            bases[0, :, position] = _AS_GIVEN
    return _TextTables(takes[0], takes[1], bases[0], bases[1])
