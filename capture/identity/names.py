"""Names of files over time: which name an identity had when an event worked on it.

Names are seen in the snapshot's descriptors, at opens, at renames, and, where nothing better is known, at
execs (a script's name is none: the inode there is that of its interpreter). An event gets, in this order:
its own name; the latest name by which its own process opened the thing, or a later rename; the latest name by
anybody; the first later name, unless that open may have created the file, for then the inode may have been
another file before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, first_of_each, in_order_of, pair_codes, place_among, taken
from capture.identity.directories import snapshot_holders
from capture.identity.events import EXECS, OPENS, EventColumns, kind_table
from capture.identity.moves import Renames, find_moves, find_renames
from capture.identity.paths import Paths
from capture.identity.processes import Processes
from capture.identity.snapshot import Table, integers, text_of
from capture.identity.told_paths import TELLS, told_names
from capture.identity.touched import Touched
from capture.model.program_file import ProgramFlag, program_file

BY_DESCRIPTOR = b"/dev/fd/"
"""What the kernel calls a program that was begun by its descriptor alone (fexecve)."""
_NAMESPACE = re.compile(r"/proc/.+/ns/([a-z]+?)(?:_for_children)?")
_TYPE, _REGULAR = 0o170000, 0o100000
_O_CREAT = 0o100
_DELETED = " (deleted)"
_FLAGS_AT = {"open": 1, "openat": 2}
_ROUNDS = 8
"""How many renames of one file in a row are followed before anything opens it again."""


@dataclass(frozen=True)
class _Entries:
    """Names seen: identity, the row since when, the name, who saw it where, by which number (-1 none)."""

    identity: np.ndarray
    since: np.ndarray
    label: np.ndarray
    process: np.ndarray
    container: np.ndarray
    fd: np.ndarray

    def and_also(self, other: _Entries) -> _Entries:
        if not len(other.since):
            return self
        names = ("identity", "since", "label", "process", "container", "fd")
        return _Entries(*(np.concatenate((getattr(self, name), getattr(other, name))) for name in names))

    def of(self, which: np.ndarray) -> _Entries:
        """Those of some identities. `which`: bool, of each identity."""
        some = which[self.identity]
        return _Entries(*(array[some] for array in vars(self).values()))

    def changes(self) -> _Entries:
        """Those that gave an identity another name than the one before: most opens repeat a name."""
        order = in_order_of(self.identity, self.since)
        identity, label = self.identity[order], self.label[order]
        again = np.zeros(len(order), bool)
        again[1:] = (identity[1:] == identity[:-1]) & (label[1:] == label[:-1])
        kept = order[~again]
        return _Entries(*(array[kept] for array in vars(self).values()))


@dataclass(frozen=True)
class FileLabels:
    """The names of files: one for each identity, but for some that vary from event to event."""

    label: np.ndarray
    """int32, of each identity."""
    varies: np.ndarray
    """bool, of each identity."""
    rows: np.ndarray
    """int64, ascending: the events on those that vary."""
    of_row: np.ndarray
    """int32: the name that each of them has."""


class FileNames:
    """What was seen of names, before identities are known."""

    def __init__(
        self,
        events: EventColumns,
        processes: Processes,
        paths: Paths,
        *,
        container_of_event: np.ndarray,
        container_of_process: np.ndarray,
        descriptors: Table,
    ) -> None:
        self._events, self._processes, self._paths = events, processes, paths
        self._container = container_of_event
        self._container_of_process = container_of_process
        self._listed = [row for row in descriptors if text_of(row.get("name")).startswith("/")]

    def labels(self, touched: Touched, is_file: np.ndarray) -> FileLabels:
        """The names of files, positions among the paths; -1 not known. `is_file`: bool, of each identity.

        Most things have one name as long as they are known: only the events on others are looked at each.
        """
        count = len(touched)
        at = self._naming(touched, is_file)
        of_naming = touched.of_event.take(at).astype(np.intp)  # numpy widens narrow positions each time
        asked = self._own(at)
        own = told_names(self._events, at, of_naming, asked, self._container.take(at))
        self._name_namespaces(at, asked, own)
        listed = self._from_snapshot(touched, is_file)
        entries = self._entries(at, count, listed, of_naming, own)
        # A file is renamed by the name that its program knows it by.
        other = np.flatnonzero(asked != own)
        known = self._entries(at[other], count, listed, of_naming[other], asked[other])
        renames = self._renamed(entries.and_also(known))
        one, several = np.full(count, -1, np.int32), np.zeros(count, bool)
        for seen in (entries, renames):
            one[seen.identity] = seen.label
        for seen in (entries, renames):
            several[seen.identity[seen.label != one.take(seen.identity)]] = True
        varies = several | self._may_be_another(entries, renames, touched.first)
        varies[of_naming[(own >= 0) & (own != one.take(of_naming))]] = True
        rows = touched.rows_of(varies)
        of_row = self._one_by_one(
            entries.of(varies),
            renames.of(varies),
            several,
            rows=rows,
            identity=touched.of_event.take(rows).astype(np.intp),
            own=taken(own, place_among(at, rows)),
        )
        return FileLabels(one, varies, rows, of_row)

    def _one_by_one(
        self,
        entries: _Entries,
        renames: _Entries,
        several: np.ndarray,
        *,
        rows: np.ndarray,
        identity: np.ndarray,
        own: np.ndarray,
    ) -> np.ndarray:
        """int32: what `labels` gives, of events whose things have several names, or have one only later."""
        label = own.astype(np.int32)
        many = np.flatnonzero((label < 0) & several[identity])
        if len(many):
            asked = entries.of(several)
            label[many] = self._by_process(asked, renames, rows[many], identity[many], len(several))
        rest = np.flatnonzero(label < 0)
        changes = entries.and_also(renames).changes()
        label[rest] = self._by_anybody(changes, rows[rest], identity[rest], len(several))
        return label

    def _may_be_another(self, entries: _Entries, renames: _Entries, first: np.ndarray) -> np.ndarray:
        """bool, of each identity: was it used before the open that may have created what it is named by?

        `first`: the first event of each.
        """
        begun = taken(entries.since, first_of_each(entries.identity, len(first)), missing=len(self._events))
        np.minimum.at(begun, renames.identity, renames.since)
        early = np.flatnonzero((begun > first) & (begun < len(self._events)))
        found = np.zeros(len(first), bool)
        found[early] = self._creates(begun[early])
        return found

    def _naming(self, touched: Touched, is_file: np.ndarray) -> np.ndarray:
        """int64: the events on files that may name what they touched."""
        rows = self._events.rows_of((*OPENS, *EXECS, TELLS, "memfd_create"))
        named: np.ndarray = rows[np.append(is_file, False).take(touched.of_event.take(rows))]
        return named

    def _own(self, rows: np.ndarray) -> np.ndarray:
        """int32: the name that an event itself gives to what it touched, -1 none."""
        events, paths = self._events, self._paths
        kind = events.kind.take(rows)
        gives = kind_table((*OPENS, *EXECS, TELLS)).take(kind) & (events.ret.take(rows) >= 0)
        gives[self._named_after_another(rows)] = False
        own = np.where(gives, paths.first.take(rows), np.int32(-1))
        made = np.flatnonzero(kind_table(["memfd_create"]).take(kind))
        made = made[events.text[rows[made]] > 0]
        for at in made.tolist():
            own[at] = paths.names.code("/memfd:" + text_of(events.texts[events.text[rows[at]]]))
        return own

    def _name_namespaces(self, rows: np.ndarray, asked: np.ndarray, own: np.ndarray) -> None:
        """A namespace that is opened lies in no folder: it is called as links to it in /proc read."""
        names = self._paths.names
        wanted = np.flatnonzero(own == names.code("/"))
        wanted = wanted[self._events.mode[rows[wanted]] & _TYPE == _REGULAR]
        found = [_NAMESPACE.fullmatch(names.all[at]) for at in asked[wanted].tolist()]
        for at, match in zip(wanted.tolist(), found, strict=True):
            own[at] = names.code(f"{match[1]}:[{self._events.ino[rows[at]]}]") if match else -1

    def _named_after_another(self, rows: np.ndarray) -> np.ndarray:
        """Which of some rows are execs whose text is a script's name, or merely a descriptor's."""
        events = self._events
        at = np.flatnonzero(kind_table(EXECS).take(events.kind.take(rows)))
        begun = rows[at]
        is_script = _decided(_is_of_script, events.exe[begun], events.texts)
        is_number = _decided(lambda text: text.startswith(BY_DESCRIPTOR), events.text[begun], events.texts)
        found: np.ndarray = at[is_script | is_number]
        return found

    def _entries(
        self, rows: np.ndarray, identities: int, listed: _Entries, identity: np.ndarray, own: np.ndarray
    ) -> _Entries:
        is_strong = (own >= 0) & ~kind_table(EXECS).take(self._events.kind.take(rows))
        has_strong = np.zeros(identities, bool)
        has_strong[listed.identity] = True
        has_strong[identity[is_strong]] = True
        seen = np.flatnonzero(is_strong | ((own >= 0) & ~has_strong.take(identity)))
        at = rows[seen]
        return listed.and_also(
            _Entries(
                identity[seen],
                at,
                own[seen],
                self._processes.of_event.take(at),
                self._container.take(at),
                self._events.fd.take(at),
            )
        )

    def _from_snapshot(self, touched: Touched, is_file: np.ndarray) -> _Entries:
        table, files = self._listed, np.flatnonzero(is_file)
        dev = np.concatenate((touched.dev[files], integers(table, "dev")))
        ino = np.concatenate((touched.ino[files], integers(table, "ino")))
        _, _, code = pair_codes(dev, ino)
        identity_of = np.full(int(code.max(initial=-1)) + 1, -1)
        identity_of[code[: len(files)]] = files
        identity = identity_of[code[len(files) :]]
        used = np.flatnonzero(identity >= 0)
        names = [text_of(table[at].get("name")).removesuffix(_DELETED) for at in used.tolist()]
        holder = snapshot_holders(self._processes, integers([table[at] for at in used.tolist()], "pid"))
        container = taken(self._container_of_process, holder)
        since = np.full(len(used), -1)
        fd = integers([table[at] for at in used.tolist()], "fd")
        label = self._paths.names.codes(names)
        holder, container, fd = (array.astype(np.int32) for array in (holder, container, fd))
        return _Entries(identity[used], since, label, holder, container, fd)

    def _renamed(self, entries: _Entries) -> _Entries:
        """Names that renames gave to identities known under the old name."""
        paths = self._paths
        renames = find_renames(self._events, paths.first, paths.second, self._container)
        given = _Entries(*(array[:0] for array in vars(entries).values()))
        for _ in range(_ROUNDS if len(renames) else 0):
            known = entries.and_also(given)
            asked, owner = _place_codes(known, renames.container, renames.old)
            life = Latest(owner, known.since, max(int(owner.max(initial=-1)), int(asked.max(initial=-1))) + 1)
            found = life.find(asked, renames.row - 1)
            at = np.flatnonzero(found >= 0)
            renamed = self._given(renames, at, known.identity[found[at]], renames.new[at])
            known = entries.and_also(renamed)
            moves = find_moves(
                paths.names,
                renames,
                identity=known.identity,
                since=known.since,
                label=known.label,
                container=known.container,
            )
            moved = self._given(renames, moves.rename, known.identity[moves.entry], moves.label)
            before, given = len(given.identity), renamed.and_also(moved)
            if len(given.identity) == before:
                break
        return given

    def _given(self, renames: Renames, at: np.ndarray, identity: np.ndarray, label: np.ndarray) -> _Entries:
        """Names that some renames gave."""
        rows = renames.row[at]
        nowhere = np.full(len(rows), -1, np.int64)
        return _Entries(identity, rows, label, self._processes.of_event[rows], renames.container[at], nowhere)

    def _by_anybody(
        self, entries: _Entries, rows: np.ndarray, identity: np.ndarray, identities: int
    ) -> np.ndarray:
        life = Latest(entries.identity, entries.since, identities)
        found = life.find(identity, rows)
        early = np.flatnonzero(found < 0)
        first = life.first(identity[early])
        possible = np.flatnonzero(first >= 0)
        early, first = early[possible], first[possible]
        entry, code = np.unique(first, return_inverse=True)
        may_be_other = self._creates(entries.since[entry])[code]
        found[early] = np.where(may_be_other, -1, first)
        return taken(entries.label, found)

    def _by_process(
        self, entries: _Entries, renames: _Entries, rows: np.ndarray, identity: np.ndarray, identities: int
    ) -> np.ndarray:
        """The later of: the process' own latest open, the latest rename; -1 where there is neither.

        Of opens rather the one that made the number: of two links to a file each has its own.
        """
        process = self._processes.of_event[rows]
        _, _, owner = pair_codes(
            np.concatenate((entries.process, process)) + 1, np.concatenate((entries.identity, identity))
        )
        fd = np.concatenate((entries.fd, self._events.fd[rows]))
        _, _, number = pair_codes(owner, fd + 1)
        count = len(entries.identity)
        opened = np.full(len(rows), -1)
        rest = np.flatnonzero(fd[count:] >= 0)
        for code in (number, owner):
            life = Latest(code[:count], entries.since, int(code.max(initial=-1)) + 1)
            opened[rest] = life.find(code[count:][rest], rows[rest])
            rest = np.flatnonzero(opened < 0)
        moved = Latest(renames.identity, renames.since, identities).find(identity, rows)
        is_moved_later = taken(renames.since, moved, -2) > taken(entries.since, opened, -2)
        return np.where(is_moved_later, taken(renames.label, moved), taken(entries.label, opened))

    def _creates(self, rows: np.ndarray) -> np.ndarray:
        """bool: may the open at this row have created what it opened? The snapshot's -1 has not."""
        events = self._events
        creates = np.zeros(len(rows), bool)
        real = np.flatnonzero(rows >= 0)
        kind = events.kind[rows[real]]
        creates[real] = kind_table(("creat", "memfd_create"))[kind]
        for name, argument in _FLAGS_AT.items():
            some = real[kind_table([name])[kind]]
            creates[some] = events.arguments(argument, rows[some]) & _O_CREAT != 0
        return creates


def _decided(holds: Callable[[bytes], bool], codes: np.ndarray, texts: Sequence[bytes]) -> np.ndarray:
    """bool, of each code: does it hold for its text? Asked once for each distinct text."""
    distinct, code = np.unique(codes, return_inverse=True)
    result: np.ndarray = np.array([holds(texts[at]) for at in distinct.tolist()], bool)[code]
    return result


def _is_of_script(recorded: bytes) -> bool:
    file = program_file(recorded)
    return file is not None and ProgramFlag.SCRIPT in file.flags


def _place_codes(entries: _Entries, container: np.ndarray, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes of (container, path): of the places asked for, then of the entries."""
    _, _, code = pair_codes(
        np.concatenate((container, entries.container)).astype(np.int64) + 1,
        np.concatenate((path, entries.label)).astype(np.int64),
    )
    return code[: len(path)], code[len(path) :]
