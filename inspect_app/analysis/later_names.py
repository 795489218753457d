"""What files are called at a moment, of which only an earlier name is known: renamed since, or deleted.

The kernel follows the entry by which a file was opened. When that, or a directory above it, gets another
name, so does the file. Once the entry is removed, or another file is put in its place, the name that it had
is shown with ` (deleted)` behind it, whether or not further links lead to the file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, taken
from capture.identity.events import OPENS
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.types import rows_of_types

DELETED = " (deleted)"
_RENAMES = ("rename", "renameat", "renameat2", "uring_renameat")
_REMOVALS = ("unlink", "unlinkat", "rmdir", "uring_unlinkat")
_RENAME_EXCHANGE = 2
_MEMORY = "/memfd:"
_UNNAMED = 1
"""What the recorder tells with a path: the file is deleted, or never had a name."""
_ROUNDS = 16
"""How many changes of one name are followed."""


@dataclass(frozen=True, eq=False)
class _Changes:
    """Successful renames and removals by row; paths as positions."""

    row: np.ndarray
    old: np.ndarray
    new: np.ndarray
    """-1 for a removal."""
    container: np.ndarray


def names_at(
    frames: CaptureFrames, names: Sequence[str], container: np.ndarray, since: np.ndarray, row: int
) -> list[str]:
    """What files are called just before the event at `row`.

    Args:
        frames: the capture.
        names: what each was called; what is no path stays as it is.
        container: in which each was opened, row of containers.
        since: the event since which it was called so, -1 since before the recording.
        row: row of events.
    """
    asked = list(zip(names, container.tolist(), since.tolist(), strict=True))
    files = {one for one in asked if one[0].startswith("/")}
    known = _Known(frames, row)
    known.add({name for name, _, _ in files})
    found = {one: known.follow(*one) for one in files}
    return [found.get(one, one[0]) for one in asked]


def named_since(frames: CaptureFrames, thing: np.ndarray, event: np.ndarray) -> np.ndarray:
    """int64: since which event each file was called as it is, when it was made or used at `event`.

    That of the latest opening by then, for a copy of a number opens nothing; else of the first that is known
    of it by this name. -1 since before the recording.
    """
    opened = remember(frames, ("openings of things",), lambda: _openings(frames))
    rows, latest = opened
    found = latest.find(thing, event)
    first = taken(frames.descriptors["first"].to_numpy(), thing)
    begun = np.minimum(np.searchsorted(frames.events["time"].to_numpy(), first), event)
    since: np.ndarray = np.where(found >= 0, taken(rows, found), np.where(first < 0, event, begun))
    return np.where(event < 0, -1, since)


def _openings(frames: CaptureFrames) -> tuple[np.ndarray, Latest]:
    """Rows of events that opened things, and which was the latest of a thing at a row."""
    thing, ret = (frames.events[name].to_numpy() for name in ("descriptor", "ret"))
    rows = rows_of_types(frames.events["type"], (*OPENS, "memfd_create"))
    rows = rows[(ret[rows] >= 0) & (thing[rows] >= 0)]
    return rows, Latest(thing[rows], rows, len(frames.descriptors))


def opened_without_name(frames: CaptureFrames) -> np.ndarray:
    """bool, of each row of descriptors and one more for -1: it had no name when it was opened (O_TMPFILE).

    Or none any more when the recording began.
    """
    events = frames.events
    rows = rows_of_types(events["type"], ("opened_path",))
    rows = rows[argument_at(frames, 0, rows) & np.uint64(_UNNAMED) != 0] if len(rows) else rows
    found = np.zeros(len(frames.descriptors) + 1, bool)
    found[events["descriptor"].to_numpy()[rows]] = True
    gone = frames.opened["name"].str.endswith(DELETED).to_numpy(bool)
    found[frames.opened["descriptor"].to_numpy()[gone]] = True
    found[-1] = False
    return found


class _Known:
    """The changes before a row that concern some names."""

    def __init__(self, frames: CaptureFrames, row: int) -> None:
        changes = remember(frames, ("changes of names",), lambda: _changes_of(frames))
        self._before = slice(0, int(np.searchsorted(changes.row, row)))
        self._changes, self._paths = changes, frames.paths
        self._codes = remember(
            frames, ("codes of paths",), lambda: {path: at for at, path in enumerate(frames.paths)}
        )
        self._seen: set[str] = set()
        self._of = defaultdict[tuple[int, str], list[tuple[int, str | None]]](list)

    def add(self, names: set[str]) -> None:
        """Look for what happened to names, and to all directories above them."""
        wanted = {part for name in names for part in _upwards(name)} - self._seen
        self._seen |= wanted
        is_wanted = np.zeros(len(self._paths) + 1, bool)
        is_wanted[[self._codes[name] for name in wanted if name in self._codes]] = True
        changes, before = self._changes, self._before
        old, new = changes.old[before], changes.new[before]
        for at in np.flatnonzero(is_wanted[old] | is_wanted[new]).tolist():
            row, container = int(changes.row[at]), int(changes.container[at])
            name = self._paths[int(old[at])]
            other = self._paths[int(new[at])] if new[at] >= 0 else None
            if name in wanted:
                self._of[container, name].append((row, other))
            if other in wanted:
                # What was called so before is called nothing any more.
                self._of[container, other].append((row, None))

    def follow(self, name: str, container: int, since: int) -> str:
        """What became of a name after the event `since`."""
        if name.startswith(_MEMORY):
            return name.removesuffix(DELETED) + DELETED
        for _ in range(_ROUNDS):
            change = min(self._next(name, container, since), default=None)
            if change is None:
                return name
            since, old, new = change
            if new is None:
                return name + DELETED
            name = new + name[len(old) :]
            self.add({name})
        return name

    def _next(self, name: str, container: int, since: int) -> Iterator[tuple[int, str, str | None]]:
        """The first change of a name and of each directory above it after an event."""
        for part in _upwards(name):
            changes = self._of.get((container, part), ())
            at = bisect_left(changes, since + 1, key=lambda change: change[0])
            # Only what is empty is removed: the directory above was another one then.
            if at < len(changes) and (part == name or changes[at][1] is not None):
                yield changes[at][0], part, changes[at][1]


def _upwards(name: str) -> Iterator[str]:
    """A path, and the directories above it."""
    while name:
        yield name
        name = name.rpartition("/")[0]


def _changes_of(frames: CaptureFrames) -> _Changes:
    events = frames.events
    first, second, ret, process = (events[name].to_numpy() for name in ("path", "path2", "ret", "process"))
    moves, ends = (rows_of_types(events["type"], names) for names in (_RENAMES, _REMOVALS))
    moves = moves[(ret[moves] == 0) & (first[moves] >= 0) & (second[moves] >= 0)]
    moves = moves[first[moves] != second[moves]]
    ends = ends[(ret[ends] == 0) & (first[ends] >= 0)]
    swaps = moves[(events["type"].iloc[moves] == "renameat2").to_numpy()]
    swaps = swaps[argument_at(frames, 4, swaps) & np.uint64(_RENAME_EXCHANGE) != 0] if len(swaps) else swaps
    row = np.concatenate((moves, swaps, ends))
    order = np.argsort(row, kind="stable")
    container = np.append(frames.processes["container"].to_numpy(), -1)
    return _Changes(
        row[order],
        np.concatenate((first[moves], second[swaps], first[ends]))[order],
        np.concatenate((second[moves], first[swaps], np.full(len(ends), -1)))[order],
        container[process[row[order]]],
    )
