"""Names as programs gave them, made absolute: by the working directory or a directory's descriptor.

A name is a *node*: a text relative to another node. Working directories are nodes too: a process begins with
a copy of its parent's, chdir and fchdir give it another. Nodes are resolved in rounds, first those that
depend on nothing, then those that depend on them; Python looks at each distinct (base, text) once.

Names are joined as text: symbolic links are not followed. Where they led the kernel tells of what was opened
(`told_paths`).
A name whose base is not known stays as it was given, without a leading slash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from capture.identity.events import OPENS, EventColumns, kind_table
from capture.identity.joins import Latest, codes_of, follow, pair_codes, place_among, taken
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, integers, text_of, texts
from capture.identity.told_paths import TELLS
from capture.model.catalogue import CATALOGUE
from capture.model.events import ArgKind

NONE = -1
_WORKING_DIRECTORY, _AS_GIVEN = -1, -2
_AT_FDCWD = -100
_TYPE, _DIRECTORY = 0o170000, 0o040000
_ROUNDS = 64
"""Deeper chains are rare, and walking them one by one is then quicker than one round each."""
_GENERATIONS = 16
"""How far up a descriptor is looked for in the processes that may have handed it down."""
_FIRST_TEXT_AS_GIVEN = frozenset({"symlink", "symlinkat", "mount"})
"""Their first text is no name that the working directory completes."""


class Names:
    """Distinct names, each with its position."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """The position of a name, which is added where it is new; -1 for an empty one."""
        if not name:
            return NONE
        code = self._codes.setdefault(name, len(self.all))
        if code == len(self.all):
            self.all.append(name)
        return code

    def codes(self, names: Sequence[str]) -> np.ndarray:
        """int32: the positions of several names."""
        known = self._codes
        new = [name for name in dict.fromkeys(names) if name and name not in known]
        known.update(zip(new, range(len(self.all), len(self.all) + len(new)), strict=True))
        self.all += new
        return np.fromiter((known.get(name, NONE) for name in names), np.int32, len(names))


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


def find_paths(events: EventColumns, processes: Processes, listed: Table, descriptors: Table) -> Paths:
    """Resolve every path of every event. `listed`, `descriptors`: the snapshot's tables."""
    nodes = _Nodes(events, processes, listed, descriptors)
    value = nodes.resolve()
    first = np.full(len(events), NONE, np.int32)
    second = np.full(len(events), NONE, np.int32)
    first[nodes.first_rows] = value[nodes.first_nodes]
    second[nodes.second_rows] = value[nodes.second_nodes]
    return Paths(nodes.names, first, second, value[: len(processes)], nodes, value)


class _Nodes:
    """All nodes: births of processes, first texts, second texts, fchdir, then the snapshot's directories."""

    def __init__(self, events: EventColumns, processes: Processes, listed: Table, descriptors: Table) -> None:
        self.names = Names()
        self._events, self._processes = events, processes
        tables = _text_tables()
        self.first_rows = np.flatnonzero(tables.takes_first[events.kind] & (events.text > 0))
        self.second_rows = np.flatnonzero(tables.takes_second[events.kind] & (events.text2 > 0))
        self._fchdir_rows = _successful(events, ["fchdir"])
        births, self._open_directories = len(processes), _Directories(events, processes, descriptors)
        counts = [births, len(self.first_rows), len(self.second_rows), len(self._fchdir_rows)]
        ends = np.cumsum([*counts, len(self._open_directories.constants)])
        self.first_nodes = np.arange(ends[0], ends[1])
        self.second_nodes = np.arange(ends[1], ends[2])
        fchdir_nodes = np.arange(ends[2], ends[3])
        self._constants = int(ends[3])
        self._unknown = int(ends[4])  # one node past all others, of which nothing is known
        self._text = np.zeros(self._unknown + 1, np.int64)
        self._text[self.first_nodes] = events.text[self.first_rows]
        self._text[self.second_nodes] = events.text2[self.second_rows]
        self._set_out_working_directories(listed, fchdir_nodes)
        self._base = np.full(self._unknown + 1, self._unknown)
        self._open_directories.name_by(self.first_rows, self.first_nodes, self._constants)
        self._base_births()
        self._base_texts(self.first_rows, self.first_nodes, tables.base_of_first)
        self._base_texts(self.second_rows, self.second_nodes, tables.base_of_second)
        self._base[fchdir_nodes] = self._directory(
            processes.of_event[self._fchdir_rows], events.descriptors(0, self._fchdir_rows), self._fchdir_rows
        )

    def _set_out_working_directories(self, listed: Table, fchdir_nodes: np.ndarray) -> None:
        events, processes = self._events, self._processes
        chdir = np.flatnonzero(kind_table(["chdir"])[events.kind[self.first_rows]])
        chdir = chdir[events.ret[self.first_rows[chdir]] == 0]
        rows = np.concatenate((self.first_rows[chdir], self._fchdir_rows))
        births = np.arange(len(processes))
        self._cwd_nodes = np.concatenate((births, self.first_nodes[chdir], fchdir_nodes))
        group = np.concatenate((births, processes.of_event[rows]))
        since = np.concatenate((np.full(len(births), -1), rows))
        self._cwd = Latest(group, since, len(processes))
        known = np.array([NONE, *self.names.codes(texts(listed, "cwd"))], np.int32)
        self._birth_cwd = known[processes.snapshot + 1]

    def cwd_before(self, process: np.ndarray, row: np.ndarray) -> np.ndarray:
        """The nodes of the working directories of processes just before some rows."""
        found = self._cwd.find(process, np.asarray(row) - 1)
        return taken(self._cwd_nodes, found, self._unknown)

    def _base_births(self) -> None:
        processes = self._processes
        made = np.flatnonzero((processes.forked >= 0) & (processes.parent >= 0))
        self._base[made] = self.cwd_before(processes.parent[made], processes.forked[made])

    def _base_texts(self, rows: np.ndarray, nodes: np.ndarray, base_of: np.ndarray) -> None:
        """What each relative text starts from; an absolute one starts from nothing."""
        relative = ~self._is_absolute()[self._text[nodes]]
        rows, nodes = rows[relative], nodes[relative]
        argument = base_of[self._events.kind[rows]]
        handles = np.full(len(rows), _AT_FDCWD, np.int64)
        for index in range(6):
            some = np.flatnonzero(argument == index)
            handles[some] = self._events.descriptors(index, rows[some])
        from_cwd = (handles == _AT_FDCWD) & (argument != _AS_GIVEN)
        process = self._processes.of_event[rows]
        self._base[nodes[from_cwd]] = self.cwd_before(process[from_cwd], rows[from_cwd])
        by_handle = np.flatnonzero((handles >= 0) & (argument >= 0))
        self._base[nodes[by_handle]] = self._directory(
            process[by_handle], handles[by_handle], rows[by_handle]
        )

    def _directory(self, process: np.ndarray, handle: np.ndarray, row: np.ndarray) -> np.ndarray:
        found = self._open_directories.find(process, handle, row)
        return np.where(found >= 0, found, self._unknown)

    @cache  # noqa: B019 - one object of this class lives as long as one capture opens
    def _is_absolute(self) -> np.ndarray:
        return np.array([text[:1] == b"/" for text in self._events.texts] or [False])

    def resolve(self) -> np.ndarray:
        """int32: the position in `names` of every node."""
        value = np.full(self._unknown + 1, NONE, np.int32)
        value[: len(self._processes)] = self._birth_cwd
        value[self._constants : self._unknown] = self.names.codes(self._open_directories.constants)
        done = value != NONE
        done[self._unknown] = True
        copies = (self._text == 0) & ~done
        source = follow(np.where(copies, self._base, np.arange(len(value))))
        absolute = self._is_absolute()[self._text] & (self._text > 0)
        self._settle(value, np.flatnonzero(absolute), np.full(int(absolute.sum()), NONE))
        done |= absolute
        base = source[self._base]
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
        resolved: np.ndarray = value[source]
        return resolved

    def _settle(self, value: np.ndarray, nodes: np.ndarray, base: np.ndarray) -> None:
        """Name nodes whose base has a name: each distinct (base, text) once."""
        bases, text, code = pair_codes(base.astype(np.int64) + 1, self._text[nodes])
        recorded, names = self._events.texts, self.names.all
        given = _decoded([recorded[which] for which in text.tolist()])
        value[nodes] = self.names.codes(
            [join(names[at - 1] if at else "", name) for at, name in zip(bases.tolist(), given, strict=True)]
        )[code]

    def _settle_one_by_one(self, value: np.ndarray, nodes: np.ndarray, base: np.ndarray) -> None:
        """Name nodes in the order of their events: what a name starts from always comes before it."""
        row = np.zeros(len(value), np.int64)
        row[self.first_nodes], row[self.second_nodes] = self.first_rows, self.second_rows
        nodes = nodes[np.argsort(row[nodes], kind="stable")]
        names, recorded = self.names, self._events.texts
        starts, text = base[nodes].tolist(), self._text[nodes].tolist()
        for node, start, which in zip(nodes.tolist(), starts, text, strict=True):
            above = int(value[start])
            value[node] = names.code(join(names.all[above] if above >= 0 else "", text_of(recorded[which])))


def _decoded(raw: list[bytes]) -> list[str]:
    """Texts as str, all at once: the kernel's strings hold no NUL, so it can stand between them."""
    together = b"\0".join(raw).decode("utf-8", "backslashreplace").split("\0")
    return together if len(together) == len(raw) else [text_of(one) for one in raw]


def join(base: str, name: str) -> str:
    """A name as seen from a directory, without `.`, `..` and doubled slashes; `base` empty: not known."""
    if name[:1] != "/":
        if not name:
            return base
        name = f"{base}/{name}" if base and base != "/" else base + name
    if "/." not in name and "//" not in name and name[-1] != "/" and name[0] != ".":
        return name
    absolute = name.startswith("/")
    kept: list[str] = []
    for part in name.split("/"):
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part not in ("", ".", "..") or (part == ".." and not absolute):
            kept.append(part)
    return "/" + "/".join(kept) if absolute else "/".join(kept) or "."


class _Directories:
    """Which directory a descriptor of a process stands for: its identity, named where it was opened."""

    def __init__(self, events: EventColumns, processes: Processes, descriptors: Table) -> None:
        self._events, self._processes = events, processes
        rows = np.flatnonzero((events.mode & _TYPE == _DIRECTORY) & (events.fd >= 0) & (events.ino > 0))
        listed = [
            row
            for row in descriptors
            if isinstance(row.get("mode"), int) and row["mode"] & _TYPE == _DIRECTORY
        ]
        self.constants = texts(listed, "name")
        """Names that the snapshot gives."""
        holder = snapshot_holders(processes, integers(listed, "pid"))
        dev = np.concatenate((integers(listed, "dev"), events.dev[rows].astype(np.int64)))
        ino = np.concatenate((integers(listed, "ino"), events.ino[rows].astype(np.int64)))
        _, _, self._identity = pair_codes(dev, ino)
        self._rows = rows
        owner = np.concatenate((holder, processes.of_event[rows].astype(np.int64)))
        fd = np.concatenate((integers(listed, "fd"), events.fd[rows].astype(np.int64)))
        since = np.concatenate((np.full(len(listed), -1), rows))
        self._keys, group = codes_of(owner << 32 | fd & 0xFFFFFFFF)
        self._open = Latest(group, since, len(self._keys))
        self._named: Latest | None = None
        self._nodes = np.empty(0, np.int64)

    def name_by(self, text_rows: np.ndarray, text_nodes: np.ndarray, constants: int) -> None:
        """Take names from opens (rows and their nodes) and the snapshot, whose nodes begin at `constants`."""
        events, count = self._events, len(self.constants)
        named = (events.text[self._rows] > 0) & (events.ret[self._rows] >= 0)
        told = kind_table([TELLS])[events.kind[self._rows]] & named
        is_told = np.zeros(int(self._identity.max(initial=-1)) + 1, bool)
        is_told[self._identity[count:][told]] = True
        # What the kernel told of a directory is better than any name asked for.
        asked = kind_table(OPENS)[events.kind[self._rows]] & named & ~is_told[self._identity[count:]]
        opened = np.flatnonzero(asked | told)
        rows = self._rows[opened]
        identity = np.concatenate((self._identity[:count], self._identity[count + opened]))
        since = np.concatenate((np.full(count, -1), rows))
        self._nodes = np.concatenate((constants + np.arange(count), text_nodes[place_among(text_rows, rows)]))
        self._named = Latest(identity, since, int(self._identity.max(initial=-1)) + 1)

    def find(self, process: np.ndarray, fd: np.ndarray, row: np.ndarray) -> np.ndarray:
        """The node of what a descriptor stood for at a row, -1 not known.

        The event at that row may tell the identity itself. A descriptor of which the process shows nothing is
        looked for in its parent at the fork.
        """
        node = np.full(len(process), -1, np.int64)
        asked = np.arange(len(process))
        process, at = process.astype(np.int64), np.asarray(row)
        for _ in range(_GENERATIONS):
            if not len(asked) or self._named is None:
                break
            entry = self._open.find(place_among(self._keys, process << 32 | fd[asked]), at)
            named = self._named.find(taken(self._identity, entry), at - 1)
            node[asked] = taken(self._nodes, named)
            up = np.flatnonzero((entry < 0) & (self._processes.forked[process] >= 0))
            at = self._processes.forked[process[up]]
            process, asked = self._processes.parent[process[up]].astype(np.int64), asked[up]
            real = process >= 0
            process, asked, at = process[real], asked[real], at[real]
        return node


def snapshot_holders(processes: Processes, pid: np.ndarray) -> np.ndarray:
    """int64: the process of each pid of a snapshot table, -1 none."""
    rows = np.flatnonzero(processes.snapshot >= 0)
    order = rows[np.argsort(processes.pid[rows], kind="stable")]
    place = place_among(processes.pid[order], pid)
    return taken(order, place)


def _successful(events: EventColumns, names: Iterable[str]) -> np.ndarray:
    rows = events.rows_of(names)
    successful: np.ndarray = rows[events.ret[rows] >= 0]
    return successful


@dataclass(frozen=True)
class _TextTables:
    """By position in CATALOGUE, the last place for unknown: what an event's texts are."""

    takes_first: np.ndarray
    takes_second: np.ndarray
    base_of_first: np.ndarray
    """The argument that holds the directory, or _WORKING_DIRECTORY or _AS_GIVEN."""
    base_of_second: np.ndarray


@cache
def _text_tables() -> _TextTables:
    takes = np.zeros((2, len(CATALOGUE) + 1), bool)
    bases = np.full((2, len(CATALOGUE) + 1), _WORKING_DIRECTORY, np.int64)
    for position, spec in enumerate(CATALOGUE):
        if not spec.is_call and spec.name not in ("procexec", TELLS):
            continue  # a cgroup's path and a process' name are no files
        for slot, at in enumerate(spec.text_args):
            takes[slot, position] = spec.args[at].kind == ArgKind.PATH
            if at and spec.args[at - 1].kind == ArgKind.DIRFD:
                bases[slot, position] = at - 1
        if spec.name in _FIRST_TEXT_AS_GIVEN:
            bases[0, position] = _AS_GIVEN
    return _TextTables(takes[0], takes[1], bases[0], bases[1])
