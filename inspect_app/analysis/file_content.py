"""What was in a file, by what was read from it and written to it.

Where a call read or wrote is in its arguments (pread, pwrite), or follows from those before it through
the same opening of the file: opening begins at 0, lseek tells the place, reads and writes move on,
appending goes to the end. An opening is shared by the numbers that dup made of it and by children that
inherited it.

    latest    reads and writes in order of time: as the file was last
    written   writes alone: what was put there
    read      reads alone: what was seen there

What was written and not kept covers what was known before. Calls whose place is not known, what was
written through mapped memory, and events that the recorder lost make it uncertain: that is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from inspect_app.analysis.recovered import FARTHEST, Extents, Recovered
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at, category_of
from inspect_app.filters.fields_evt import open_flags
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import UNSEEN_KINDS


class FileState(StrEnum):
    """Which bytes make the content."""

    LATEST = "latest"
    WRITTEN = "written"
    READ = "read"


_SEQUENTIAL = frozenset({"read", "readv", "write", "writev"})
_PLACED = frozenset({"pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2"})
_OPENS = frozenset({"open", "openat", "openat2", "creat"})
_DUPS = frozenset({"dup", "dup2", "dup3", "fcntl"})
_SIZES = frozenset({"truncate", "ftruncate"})
_EXCL, _TRUNC, _APPEND = 0o200, 0o1000, 0o2000
_CURRENT = (1 << 64) - 1
"""As an offset of preadv2: the file's own place."""
_PROT_WRITE, _MAP_SHARED = 2, 1
_F_DUPFD, _F_DUPFD_CLOEXEC = 0, 1030
_GENERATIONS = 64


@dataclass(slots=True)
class _Opening:
    """One opening of the file (an open file description)."""

    place: int | None
    """Where the next call reads or writes; None: not known."""
    appends: bool = False


@dataclass(frozen=True, slots=True)
class _Call:
    """One event on the file."""

    row: int
    name: str
    ret: int
    process: int
    fd: int
    size: int
    captured: int
    arguments: tuple[int, int, int, int]
    flags: int
    """How it opens, -1 not known."""


@dataclass
class _Tracker:
    """Follows a file's calls in order of time."""

    state: FileState
    parents: np.ndarray
    """int32, row of processes → who created it."""
    extents: Extents = field(default_factory=Extents)
    openings: dict[tuple[int, int], _Opening] = field(default_factory=dict)
    size: int = 0
    is_size_known: bool = False
    unplaced: int = 0
    beyond: int = 0
    unseen: int = 0
    mapped: int = 0

    def take(self, call: _Call) -> None:
        """Let a call change what is known."""
        if call.name in _OPENS:
            self._open(call)
        elif call.name in _DUPS:
            if _makes_a_number(call):
                self.openings[call.process, call.ret] = self._opening(call.process, call.arguments[0])
        elif call.name in ("lseek", "_llseek"):
            if call.ret >= 0:
                known = call.ret if call.name == "lseek" else None
                self._opening(call.process, call.fd).place = known
        elif call.name in _SIZES:
            if call.ret == 0:
                self._resize(call.arguments[1], call.row)
        elif call.name in _SEQUENTIAL or call.name in _PLACED:
            self._move(call)
        elif call.name == "mmap":
            protection, flags = call.arguments[2], call.arguments[3]
            self.mapped += call.ret >= 0 and bool(protection & _PROT_WRITE and flags & _MAP_SHARED)
        elif call.size > 0 and category_of(call.name).startswith("io-"):
            self.unseen += 1
            self._opening(call.process, call.fd).place = None

    def _open(self, call: _Call) -> None:
        if call.ret < 0:
            return
        flags = max(call.flags, 0)
        self.openings[call.process, call.ret] = _Opening(0, bool(flags & _APPEND))
        if flags & (_TRUNC | _EXCL):
            self._resize(0, call.row)

    def _move(self, call: _Call) -> None:
        writes = category_of(call.name) == "io-write"
        opening = None
        if call.name in _PLACED and call.arguments[3] != _CURRENT:
            place: int | None = call.arguments[3]
        else:
            opening = self._opening(call.process, call.fd)
            place = opening.place
            if writes and opening.appends:
                place = self.size if self.is_size_known else None
        if call.ret <= 0:
            if call.ret == 0 and not writes and call.arguments[2] > 0 and place == self.size:
                self.is_size_known = True
            return
        if opening is not None and place is not None:
            opening.place = place + call.size
        self._lay(call, place, writes)

    def _lay(self, call: _Call, place: int | None, writes: bool) -> None:
        if place is None:
            self.unplaced += 1
            return
        end = place + call.size
        if end > FARTHEST:
            self.beyond += 1
            return
        if self.state is FileState.LATEST or (self.state is FileState.WRITTEN) == writes:
            if writes:
                self.extents.clear(place, end)
            self.extents.place(place, place + min(call.captured, call.size), call.row)
        self.size = max(self.size, end)

    def _resize(self, size: int, row: int) -> None:
        if size > FARTHEST:
            self.beyond += 1
            return
        self.extents.clear(size)
        if self.is_size_known and size > self.size and self.state is not FileState.READ:
            self.extents.place(self.size, size, row, -1)
        self.size, self.is_size_known = size, True

    def _opening(self, process: int, fd: int) -> _Opening:
        """The opening behind a number, also where a parent made it."""
        found = self.openings.get((process, fd))
        above = process
        for _ in range(_GENERATIONS):
            if found is not None or above < 0:
                break
            above = int(self.parents[above])
            found = self.openings.get((above, fd))
        if found is None:
            found = _Opening(None)
        self.openings[process, fd] = found
        return found


def file_content(frames: CaptureFrames, descriptor: int, state: FileState = FileState.LATEST) -> Recovered:
    """What is known of the content of a file, under all its names.

    Args:
        frames: the capture.
        descriptor: a row of descriptors.
        state: which bytes count.
    """
    things = same_file(frames, descriptor)
    rows = _rows_of(frames, things)
    tracker = _Tracker(state, frames.processes["parent"].to_numpy())
    for call in _calls(frames, rows):
        tracker.take(call)
    digest, told_size = _program(frames, descriptor)
    size, is_known = max(tracker.size, tracker.extents.end), tracker.is_size_known
    if not is_known and told_size >= size:
        size, is_known = told_size, True
    return Recovered(
        name=str(frames.descriptors["name"].iat[descriptor]),
        size=size,
        is_size_known=is_known,
        ranges=tuple(tracker.extents.ranges),
        notes=tuple(_notes(frames, tracker, rows)),
        recorded_sha256=digest,
    )


def same_file(frames: CaptureFrames, descriptor: int) -> np.ndarray:
    """The rows of descriptors that are the same inode; the row alone where that is not known."""
    dev, ino = (frames.descriptors[name].to_numpy() for name in ("dev", "ino"))
    if ino[descriptor] <= 0:
        return np.array([descriptor])
    return np.flatnonzero((dev == dev[descriptor]) & (ino == ino[descriptor]))


def files_with_content(frames: CaptureFrames, selected: np.ndarray | slice | None = None) -> np.ndarray:
    """A row of descriptors for each file of which selected events kept bytes; int64, ascending."""
    chosen = slice(None) if selected is None else selected
    thing, captured = (frames.events[name].to_numpy()[chosen] for name in ("descriptor", "captured"))
    is_file = np.append((frames.descriptors["type"] == "file").to_numpy(), False)
    rows = np.unique(thing[(captured > 0) & is_file[thing]])
    dev, ino = (frames.descriptors[name].to_numpy()[rows] for name in ("dev", "ino"))
    # One of several names of an inode: the one that was used last.
    last = frames.descriptors["last"].to_numpy()[rows]
    order = np.lexsort((-last, ino, dev))
    rows, dev, ino = rows[order], dev[order], ino[order]
    new = np.append(True, (dev[1:] != dev[:-1]) | (ino[1:] != ino[:-1]) | (ino[1:] <= 0))[: len(rows)]
    return np.sort(rows[new]).astype(np.int64)


def _rows_of(frames: CaptureFrames, things: np.ndarray) -> np.ndarray:
    """The events on some things, ascending; all events are sorted by thing once."""

    def index() -> tuple[np.ndarray, np.ndarray]:
        thing = frames.events["descriptor"].to_numpy()
        order = np.argsort(thing, kind="stable")
        return order, np.searchsorted(thing[order], np.arange(len(frames.descriptors) + 1))

    order, starts = remember(frames, "events by thing", index)
    return np.sort(np.concatenate([order[starts[one] : starts[one + 1]] for one in things.tolist()]))


def _makes_a_number(call: _Call) -> bool:
    """Whether another number leads to the same opening from now on."""
    asked = call.name != "fcntl" or call.arguments[1] in (_F_DUPFD, _F_DUPFD_CLOEXEC)
    return asked and call.ret >= 0 and call.ret != call.arguments[0]


def _calls(frames: CaptureFrames, rows: np.ndarray) -> Iterator[_Call]:
    events = frames.events
    names = [str(name) for name in events["type"].cat.categories]
    columns: Sequence[list[int]] = [
        events["type"].cat.codes.to_numpy()[rows].tolist(),
        *(events[name].to_numpy()[rows].tolist() for name in ("ret", "process", "fd", "size", "captured")),
        *(argument_at(frames, index, rows).tolist() for index in range(4)),
    ]
    found = open_flags(frames)
    at = np.minimum(np.searchsorted(found.rows, rows), max(len(found.rows) - 1, 0))
    known = np.append(found.rows, -1)[at] == rows
    flags = np.where(known, np.append(found.flags, 0).astype(np.int64)[at], 0)
    opens = np.where(found.unknown[rows], -1, flags).tolist()
    for row, code, ret, process, fd, size, captured, a0, a1, a2, a3, how in zip(
        rows.tolist(), *columns, opens, strict=True
    ):
        yield _Call(row, names[code], ret, process, fd, size, captured, (a0, a1, a2, a3), how)


def _program(frames: CaptureFrames, descriptor: int) -> tuple[str, int]:
    """Digest and size that the recorder took of a file that was run."""
    dev, ino = (int(frames.descriptors[name].to_numpy()[descriptor]) for name in ("dev", "ino"))

    def known() -> dict[tuple[int, int], tuple[str, int]]:
        images = frames.images[frames.images["sha256"] != ""]
        columns = (images[name].tolist() for name in ("dev", "ino", "sha256", "exe_size"))
        return {(one, two): (str(digest), int(size)) for one, two, digest, size in zip(*columns, strict=True)}

    return remember(frames, "digests of programs", known).get((dev, ino), ("", -1))


def _notes(frames: CaptureFrames, tracker: _Tracker, rows: np.ndarray) -> Iterator[str]:
    if tracker.unplaced:
        yield f"{tracker.unplaced:,} reads and writes are left out: where in the file they were is not known"
    if tracker.beyond:
        yield f"{tracker.beyond:,} calls are left out: they claim a place where no file reaches"
    if tracker.unseen:
        yield f"{tracker.unseen:,} calls moved bytes that were not recorded (sendfile, splice and the like)"
    if tracker.mapped:
        yield "it was mapped to be written: what was written through memory was not recorded"
    if lost := _lost_between(frames, rows):
        yield f"{lost:,} events were lost meanwhile: places may be wrong, and bytes missing"


def _lost_between(frames: CaptureFrames, rows: np.ndarray) -> int:
    if not len(rows):
        return 0
    time, drops = frames.events["time"].to_numpy(), frames.drops
    meanwhile = (drops["time"] >= time[rows[0]]) & (drops["since"] <= time[rows[-1]])
    return int(drops.loc[meanwhile & drops["kind"].isin(list(UNSEEN_KINDS)), "count"].sum())
