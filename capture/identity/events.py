"""What the joins read: the event columns of a capture, and kinds of events by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from capture.model.abi import abis_of
from capture.model.catalogue import CATALOGUE, kinds_of
from capture.model.events import ArgKind, EventSpec, Returns

OPENS = ("open", "openat", "openat2", "creat", "uring_openat", "uring_openat2")
EXECS = ("execve", "execveat", "procexec")


@dataclass(frozen=True)
class EventColumns:
    """The columns of docs/capture-format.md, whole and sorted by time.

    `ret` must be negative where a call did not return.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("time", "ret", "cgroup", "ino", "dev", "mode", "uid", "pid", "tid", "fd", "code", "flags"),
        *("text", "text2", "addr", "sock", "exe", "env"),
    )
    """The fields that are columns."""

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

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def kind(self) -> np.ndarray:
        """int32: position in CATALOGUE, -1 unknown."""
        return kinds_of(self.machine, self.code, self.abi, self.argument)

    @cached_property
    def abi(self) -> np.ndarray:
        """uint8: the table that the call came through, as a position in ABIS."""
        return abis_of(self.machine, self.code, self.flags)

    def rows_of(self, names: Iterable[str]) -> np.ndarray:
        """The rows of the events with these names, ascending."""
        order, bounds = self._by_kind
        wanted = np.flatnonzero(kind_table(names)[:-1]) + 1
        parts = [order[bounds[at] : bounds[at + 1]] for at in wanted.tolist()]
        parts = [part for part in parts if len(part)]
        found = np.concatenate([np.empty(0, np.int64), *parts])
        if len(parts) > 1:
            found.sort()
        return found

    @cached_property
    def _by_kind(self) -> tuple[np.ndarray, np.ndarray]:
        """All rows, those of one kind together, each kind's ascending; where each begins, of -1 first."""
        kind = self.kind.astype(np.int16) + np.int16(1)  # numpy sorts 16 bits without comparing
        counts = np.bincount(kind, minlength=len(CATALOGUE) + 1)
        return np.argsort(kind, kind="stable").astype(np.int32), np.concatenate(([0], np.cumsum(counts)))

    def arguments(self, index: int, rows: np.ndarray) -> np.ndarray:
        """Argument `index` of some events as int64."""
        if not len(rows):
            return np.empty(0, np.int64)
        values: np.ndarray = self.argument(index)[rows].astype(np.int64)
        return values

    def descriptors(self, index: int, rows: np.ndarray) -> np.ndarray:
        """Argument `index` of some events as a C int, as descriptors are handed over."""
        return self.arguments(index, rows).astype(np.int32).astype(np.int64)

    @cached_property
    def starts_elsewhere(self) -> np.ndarray:
        """bool: is the identity that of the directory from which the event's path starts?

        So it is with calls that take a directory's descriptor and a path (newfstatat, unlinkat, a failed
        openat): what they work on is named by the path, unless that is empty.
        """
        result = np.zeros(len(self), bool)
        rows = self.rows_of(
            spec.name for spec, takes in zip(CATALOGUE, _TAKES_DIRECTORY, strict=False) if takes
        )
        named = self.text[rows] > 0
        if b"" in self.texts[1:]:
            named &= np.array([bool(text) for text in self.texts])[self.text[rows]]
        result[rows] = named & ~(_MAKES_DESCRIPTOR[self.kind[rows]] & (self.ret[rows] >= 0))
        return result


def _of_specs(holds: Callable[[EventSpec], bool]) -> np.ndarray:
    """bool, by position in CATALOGUE; the last place stands for -1, unknown."""
    return np.array([holds(spec) for spec in CATALOGUE] + [False])


_TAKES_DIRECTORY = _of_specs(
    lambda spec: spec.fd_arg is None and any(arg.kind == ArgKind.DIRFD for arg in spec.args)
)
_MAKES_DESCRIPTOR = _of_specs(lambda spec: spec.returns == Returns.FD or spec.name in EXECS)


def kind_table(names: Iterable[str]) -> np.ndarray:
    """bool, by position in CATALOGUE: is the event one of these? The last place stands for -1, unknown."""
    wanted = frozenset(names)
    return _of_specs(lambda spec: spec.name in wanted)
