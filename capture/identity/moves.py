"""What a renamed directory does to the names below it.

A rename whose old name is the beginning of known names has moved a directory: what lies below has another
name from then on, and so has where a process is and what a descriptor of a directory stands for. Directories
are renamed seldom, so they are gone through one by one, in order of time; what lies below one is found by a
search in the sorted names.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest
from capture.identity.events import EventColumns, kind_table
from capture.identity.name_codes import Names

_RENAME_EXCHANGE = 2
MOST = 200_000
"""New names that are given; a capture that goes beyond was made to."""


@dataclass(frozen=True)
class Renames:
    """Successful renames in order of time; names as positions."""

    row: np.ndarray
    old: np.ndarray
    new: np.ndarray
    container: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def find_renames(
    events: EventColumns, first: np.ndarray, second: np.ndarray, container_of_event: np.ndarray
) -> Renames:
    """The renames that succeeded; an exchange is two. `first`, `second`: the names of every event's paths."""
    rows = events.rows_of(("rename", "renameat", "renameat2", "uring_renameat"))
    rows = rows[(events.ret[rows] == 0) & (first[rows] >= 0) & (second[rows] >= 0)]
    exchanges = rows[kind_table(["renameat2"])[events.kind[rows]]]
    exchanges = exchanges[events.arguments(4, exchanges) & _RENAME_EXCHANGE != 0]
    both = np.concatenate((rows, exchanges))
    old = np.concatenate((first[rows], second[exchanges])).astype(np.int64)
    new = np.concatenate((second[rows], first[exchanges])).astype(np.int64)
    order = np.argsort(both, kind="stable")
    return Renames(both[order], old[order], new[order], container_of_event[both[order]])


@dataclass(frozen=True)
class Relocated:
    """Names of directories that were renamed, or lie below such: where processes are, and opened ones."""

    process: np.ndarray
    """int64: whose working directory it is, -1 none's."""
    directory: np.ndarray
    """int64: which opened directory it is, -1 none."""
    row: np.ndarray
    """int64: the rename."""
    names: list[str]

    def and_also(self, other: Relocated) -> Relocated:
        """These, then others."""
        return Relocated(
            np.concatenate((self.process, other.process)),
            np.concatenate((self.directory, other.directory)),
            np.concatenate((self.row, other.row)),
            self.names + other.names,
        )

    @classmethod
    def none(cls) -> Relocated:
        """Nothing was renamed."""
        nobody = np.empty(0, np.int64)
        return cls(nobody, nobody, nobody, [])


@dataclass(frozen=True)
class Moves:
    """Names that something got because a directory above it was renamed."""

    rename: np.ndarray
    """int64: which of the renames did it."""
    entry: np.ndarray
    """int64: which of the entries it renamed: the one that was the thing's name before any of these."""
    label: np.ndarray
    """int64: the name."""


def find_moves(
    names: Names,
    renames: Renames,
    *,
    identity: np.ndarray,
    since: np.ndarray,
    label: np.ndarray,
    container: np.ndarray,
    with_itself: bool = False,
) -> Moves:
    """The names that directories' renames gave to things.

    Args:
        names: all names; new ones are added.
        renames: what was renamed.
        identity: of each entry the thing, a small number.
        since: of each entry the row from which on the thing had this name.
        label: the name.
        container: where it is a name.
        with_itself: the entries of what is renamed itself, too.
    """
    found: list[tuple[int, int, int]] = []
    old_names = [names.all[code] for code in renames.old.tolist()]
    below = _Below(names, label, with_itself=with_itself) if len(renames) and len(label) else None
    if below is not None and any(map(below.stands_above, old_names)):
        life = Latest(identity, since, int(identity.max(initial=-1)) + 1)
        moved: dict[int, tuple[int, str]] = {}  # entry → the row at which it was moved last, its name since
        for at, old in enumerate(old_names):
            if not below.stands_above(old):
                continue
            row = int(renames.row[at])
            entries = below.entries(old)
            entries = entries[(since[entries] < row) & (container[entries] == renames.container[at])]
            if not len(entries):
                continue
            is_latest = life.find(identity[entries], np.full(len(entries), row - 1)) == entries
            for entry in entries[is_latest].tolist()[: MOST - len(found)]:
                when, name = moved.get(entry, (-1, names.all[int(label[entry])]))
                if when == row or not (name.startswith(f"{old}/") or (with_itself and name == old)):
                    continue  # an exchange has moved it just now, or it was moved away before
                name = names.bounded(names.all[int(renames.new[at])] + name[len(old) :])
                moved[entry] = row, name
                below.add(name, entry)
                found.append((at, entry, names.code(name)))
    columns = np.array(found, np.int64).reshape(-1, 3)
    return Moves(columns[:, 0], columns[:, 1], columns[:, 2])


class _Below:
    """Which entries have a name below a directory."""

    def __init__(self, names: Names, label: np.ndarray, *, with_itself: bool) -> None:
        self._with_itself = with_itself
        self._order = np.argsort(label, kind="stable")
        distinct = np.unique(label)
        starts = np.searchsorted(label[self._order], distinct)
        ends = np.append(starts[1:], len(label))
        self._entries: dict[str, tuple[int, int]] = {}
        for code, start, end in zip(distinct.tolist(), starts.tolist(), ends.tolist(), strict=True):
            if code >= 0:
                self._entries[names.all[code]] = start, end
        self._sorted = sorted(self._entries)
        self._added: dict[str, list[int]] = {}
        self._added_sorted: list[str] = []

    def stands_above(self, directory: str) -> bool:
        """Whether any entry has a name below it."""
        if self._with_itself and (directory in self._entries or directory in self._added):
            return True
        first, past = f"{directory}/", f"{directory}0"  # 0 follows the slash
        return any(
            bisect_left(known, first) < bisect_left(known, past)
            for known in (self._sorted, self._added_sorted)
        )

    def entries(self, directory: str) -> np.ndarray:
        """int64: the entries with a name below it, also one that they got from `add`; distinct."""
        with_itself = self._with_itself
        first, past = f"{directory}/", f"{directory}0"
        found = [
            self._order[slice(*self._entries[name])]
            for name in self._sorted[bisect_left(self._sorted, first) : bisect_left(self._sorted, past)]
        ]
        of_added = self._added_sorted
        added = of_added[bisect_left(of_added, first) : bisect_left(of_added, past)]
        found += [np.array(self._added[name]) for name in added]
        if with_itself and directory in self._entries:
            found.append(self._order[slice(*self._entries[directory])])
        if with_itself and directory in self._added:
            found.append(np.array(self._added[directory]))
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)

    def add(self, name: str, entry: int) -> None:
        """An entry has a new name."""
        if name not in self._added:
            insort(self._added_sorted, name)
        self._added.setdefault(name, []).append(entry)
