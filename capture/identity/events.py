"""What the joins read: the event columns of a capture, and kinds of events by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import ClassVar

import numpy as np

from capture.format import Chosen, Zeros, in_memory
from capture.format.pieces import each_piece, rows_where
from capture.model.abi import abis_of
from capture.model.catalogue import CATALOGUE, kinds_of
from capture.model.events import ArgKind, EventSpec, Returns

_FREQUENT = 64
"""A kind is frequent if more than one in so many events are of it."""
OPENS = ("open", "openat", "openat2", "creat", "uring_openat", "uring_openat2")
EXECS = ("execve", "execveat", "procexec")


@dataclass(frozen=True)
class EventColumns:
    """The columns of docs/capture-format.md, whole and sorted by time.

    `ret` must be negative where a call did not return. Columns of NARROW may have narrower dtypes.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("time", "ret", "cgroup", "ino", "dev", "mode", "uid", "pid", "tid", "fd", "code", "flags"),
        *("text", "text2", "addr", "sock", "exe", "env"),
    )
    """The fields that are columns."""
    NARROW: ClassVar[frozenset[str]] = frozenset({"cgroup", "ino", "dev", "pid", "tid"})
    """Those of them that may have any dtype without a sign that holds their values."""

    machine: str
    """x86_64 or aarch64; on any other, and where it is empty, every system call is unknown."""
    time: np.ndarray
    ret: np.ndarray
    cgroup: np.ndarray
    ino: np.ndarray
    dev: np.ndarray
    mode: np.ndarray
    uid: np.ndarray
    pid: np.ndarray
    tid: np.ndarray
    fd: np.ndarray
    code: np.ndarray
    flags: np.ndarray
    text: np.ndarray
    text2: np.ndarray
    addr: np.ndarray
    sock: np.ndarray
    exe: np.ndarray
    env: np.ndarray
    texts: Sequence[bytes]
    """What the columns from `text` on are positions in; 0 is "not recorded"."""
    argument: Callable[[int], np.ndarray]
    """Raw argument 0-5 of every event, uint64; only what is asked for is read."""
    chosen: Mapping[str, Chosen] = field(default_factory=dict)
    """What is known already of the columns `a0` … `a5`: see `capture.identity.arguments`."""
    zeros: Zeros = in_memory
    """Makes the arrays of what is found of every event: rows of `process`, `path` and the like."""

    def __len__(self) -> int:
        return len(self.time)

    def row_of(self, name: str) -> np.ndarray:
        """int32, zeros: room for a row number or position of every event, under the name of what it is of."""
        return self.zeros(name, "<i4", len(self))

    @cached_property
    def kind(self) -> np.ndarray:
        """int16: position in CATALOGUE, -1 unknown."""
        kinds = self.zeros("type", "<i2", len(self))

        def fill(rows: slice) -> None:
            kinds[rows] = kinds_of(
                self.machine,
                self.code[rows],
                self.abi[rows],
                lambda index, some: self.raw_arguments(index, some + rows.start),
            )

        each_piece(len(self), fill)
        return kinds

    @cached_property
    def abi(self) -> np.ndarray:
        """uint8: the table that the call came through, as a position in ABIS."""
        return abis_of(self.machine, self.code, self.flags)

    def rows_of(self, names: Iterable[str]) -> np.ndarray:
        """The rows of the events with these names, ascending."""
        parts = [self._rows_of_kind(at) for at in np.flatnonzero(kind_table(names)[:-1]).tolist()]
        parts = [part for part in parts if len(part)]
        found = np.concatenate([np.empty(0, np.int64), *parts])
        if len(parts) > 1:
            found.sort()
        return found

    def _rows_of_kind(self, kind: int) -> np.ndarray:
        rows, bounds = self._rare
        if self._counts[kind] <= self._most_of_rare:
            return rows[bounds[kind] : bounds[kind + 1]]
        if kind not in self._frequent:
            self._frequent[kind] = rows_where(len(self), lambda some: self.kind[some] == kind)
        return self._frequent[kind]

    @cached_property
    def _counts(self) -> np.ndarray:
        """How many events are of each kind, by position in CATALOGUE."""
        parts = each_piece(
            len(self), lambda rows: np.bincount(self.kind[rows] + 1, minlength=len(CATALOGUE) + 1)
        )
        counts: np.ndarray = np.sum([np.zeros(len(CATALOGUE) + 1, np.int64), *parts], axis=0)
        return counts[1:]

    @property
    def _most_of_rare(self) -> int:
        return len(self) // _FREQUENT

    @cached_property
    def _frequent(self) -> dict[int, np.ndarray]:
        """Rows of the frequent kinds that were asked for."""
        return {}

    @cached_property
    def _rare(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the kinds that are rare, those of one together, each one's ascending; where each begins.

        Few questions are about the kinds that make up most of a capture, but each is about several rare ones.
        """
        is_rare = self._counts <= self._most_of_rare
        asked = np.append(is_rare, False)  # the last is what -1 points to
        rows = rows_where(len(self), lambda some: asked.take(self.kind[some]))
        order = np.argsort(self.kind[rows], kind="stable")  # numbers of 16 bits are not compared
        return rows[order], np.concatenate(([0], np.cumsum(np.where(is_rare, self._counts, 0))))

    def raw_arguments(self, index: int, rows: np.ndarray) -> np.ndarray:
        """Argument `index` of some events, uint64."""
        if not len(rows):
            return np.empty(0, np.uint64)
        known = self.chosen.get(f"a{index}")
        values = None if known is None else known.at(rows)
        return self.argument(index)[rows] if values is None else values

    def arguments(self, index: int, rows: np.ndarray) -> np.ndarray:
        """Argument `index` of some events as int64."""
        return self.raw_arguments(index, rows).astype(np.int64)

    def descriptors(self, index: int, rows: np.ndarray) -> np.ndarray:
        """Argument `index` of some events as a C int, as descriptors are handed over."""
        return self.arguments(index, rows).astype(np.int32).astype(np.int64)

    def is_empty(self, codes: np.ndarray) -> np.ndarray:
        """bool, of each position in `texts`: was an empty text recorded there?"""
        if self._empty_texts is None:
            return np.zeros(len(codes), bool)
        empty: np.ndarray = self._empty_texts[codes]
        return empty

    @cached_property
    def _empty_texts(self) -> np.ndarray | None:
        if b"" not in self.texts[1:]:
            return None
        empty = np.array([not text for text in self.texts])
        empty[0] = False
        return empty

    def starts_elsewhere(self, rows: slice) -> np.ndarray:
        """int64: which of some rows have the identity of the directory from which their path starts.

        So it is with calls that take a directory's descriptor and a path (newfstatat, unlinkat, a failed
        openat): what they work on is named by the path, unless that is empty.
        """
        kind = self.kind[rows]
        at = np.flatnonzero(_TAKES_DIRECTORY.take(kind))
        text = self.text[rows].take(at)
        named = (text > 0) & ~self.is_empty(text)
        named &= ~(_MAKES_DESCRIPTOR.take(kind.take(at)) & (self.ret[rows].take(at) >= 0))
        found: np.ndarray = at[named]
        return found


def _of_specs(holds: Callable[[EventSpec], bool]) -> np.ndarray:
    """bool, by position in CATALOGUE; the last place stands for -1, unknown."""
    return np.array([holds(spec) for spec in CATALOGUE] + [False])


_TAKES_DIRECTORY = _of_specs(
    lambda spec: spec.fd_arg is None and any(arg.kind == ArgKind.DIRFD for arg in spec.args)
)
_MAKES_DESCRIPTOR = _of_specs(lambda spec: spec.returns == Returns.FD or spec.name in EXECS)


def kind_table(names: Iterable[str]) -> np.ndarray:
    """bool, by position in CATALOGUE: is the event one of these? The last place stands for -1, unknown."""
    return _kind_table(frozenset(names))


@cache
def _kind_table(wanted: frozenset[str]) -> np.ndarray:
    table = _of_specs(lambda spec: spec.name in wanted)
    table.flags.writeable = False  # it is handed out again
    return table
