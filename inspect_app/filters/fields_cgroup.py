"""Fields of the cgroups that a process is in, of each hierarchy.

In the unified hierarchy events carry the number of their cgroup: its path is known from the event that made
it, from a process that was moved into it, or from a process of the snapshot, of which the path is known. In
those of v1 a process is where the snapshot had it, or its creator was, until it is moved.
"""

from __future__ import annotations

import numpy as np

from capture.format.joins import first_of_each, pair_codes
from capture.identity.snapshot import text_of
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at, rows_of
from inspect_app.filters.entities import entity_array, event_array, event_hosts
from inspect_app.filters.facets import Facets, TextFacet, distinct, occurring
from inspect_app.filters.field import Argument, Field, FieldType
from inspect_app.filters.states import process_at, process_lives
from inspect_app.frames.capture import CaptureFrames

UNIFIED = "unified"
"""What the hierarchy of v2 is called here: in /proc/PID/cgroup it has no name."""
_MOST_HIERARCHIES = 64


def _hierarchies(frames: CaptureFrames) -> dict[str, TextFacet]:
    """By the names of its controllers (`cpu,cpuacct`, `name=systemd`): the path in it at every event."""

    def compute() -> dict[str, TextFacet]:
        listed = [_lines(text) for text in entity_array(frames, "process", "cgroups").tolist()]
        numbers = {name: number for lines in listed for name, (number, _) in lines.items()}
        names = list(numbers)[:_MOST_HIERARCHIES]
        found = {}
        for name in names:
            known = [lines[name][1] if name in lines else None for lines in listed]
            # Foreign captures have no numbers of hierarchies, and no events of one.
            if name == UNIFIED:
                found[name] = _unified(frames, known)
            else:
                found[name] = _separate(frames, known, numbers[name] or None)
        return found

    return remember(frames, "hierarchies of cgroups", compute)


def _lines(text: str) -> dict[str, tuple[int, str]]:
    """The lines of /proc/PID/cgroup: name → number and path."""
    found = {}
    for line in text.split("\n"):
        number, _, rest = line.partition(":")
        # Of `name=systemd` older captures have the name with the path.
        name, _, path = rest.rpartition(":/")
        if number.isdecimal() and (name or rest.startswith(":/")):
            found[name or UNIFIED] = (int(number[:9]), f"/{path}")
    return found


def _moves(frames: CaptureFrames, hierarchy: int) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Rows of moves into cgroups of a hierarchy, whom they moved, and where to."""
    rows = rows_of(frames, lambda name: name == "cgroup_attach_task")
    rows = rows[argument_at(frames, 1, rows) == hierarchy]
    moved = process_at(frames, argument_at(frames, 2, rows).astype(np.int64), rows)
    return rows, moved, [_path(frames, row) for row in rows.tolist()]


def _path(frames: CaptureFrames, row: int) -> str | None:
    told = frames.source.texts(row)[0]
    return None if told is None else text_of(told)


def _separate(frames: CaptureFrames, known: list[str | None], hierarchy: int | None) -> TextFacet:
    """Of v1: where a process was moved last, else where its creator was, else where the snapshot had it."""
    rows, moved, paths = _moves(frames, hierarchy) if hierarchy is not None else ([], [], [])
    rows, moved = np.array(rows, np.int64), np.array(moved, np.int64)
    told = np.flatnonzero(moved >= 0)
    codes, values = distinct([*(paths[at] for at in told.tolist()), *known])
    return TextFacet(values, codes, process_lives(frames).holding(moved[told], rows[told]))


def _unified(frames: CaptureFrames, known: list[str | None]) -> TextFacet:
    """Of v2: the cgroup whose number the event carries."""
    numbers, process = frames.source.cgroups(), event_array(frames, "process")
    _, _, code = pair_codes(_hosts(frames, np.arange(len(numbers))), numbers)
    paths: list[str | None] = [None] * (int(code.max(initial=-1)) + 1)
    moves, moved, targets = _moves(frames, 0)
    # A process of the snapshot that nobody moved before its first event is still where it was.
    first = first_of_each(process, len(frames.processes))
    early = np.full(len(first), len(process))
    np.minimum.at(early, moved[moved >= 0], moves[moved >= 0])
    stayed = np.flatnonzero((first >= 0) & (first < early))
    for row, path in zip(code[first[stayed]].tolist(), (known[at] for at in stayed.tolist()), strict=True):
        paths[row] = paths[row] or path
    place = {pair: at for at, pair in reversed([*enumerate(_pairs(frames, numbers, code))])}
    made = rows_of(frames, lambda name: name == "cgroup_mkdir")
    made = made[argument_at(frames, 1, made) == 0]
    hosts = _hosts(frames, np.concatenate((made, moves))).tolist()
    ids = argument_at(frames, 0, np.concatenate((made, moves))).tolist()
    told = [*(_path(frames, row) for row in made.tolist()), *targets]
    for pair, path in zip(zip(hosts, ids, strict=True), told, strict=True):
        if pair in place and path:
            paths[place[pair]] = path
    codes, values = distinct(paths)
    return TextFacet(values, codes, code)


def _hosts(frames: CaptureFrames, rows: np.ndarray) -> np.ndarray:
    return np.broadcast_to(event_hosts(frames, rows), len(rows))


def _pairs(frames: CaptureFrames, numbers: np.ndarray, code: np.ndarray) -> list[tuple[int, int]]:
    """(host, number of cgroup) by code."""
    first = first_of_each(code, int(code.max(initial=-1)) + 1)
    return list(zip(_hosts(frames, first).tolist(), numbers[first].tolist(), strict=True))


def _all(frames: CaptureFrames, _argument: str) -> Facets:
    found = _hierarchies(frames)
    if not found:
        return (_nowhere(frames),)
    merged = np.zeros(len(frames.events), np.int64)
    columns: list[np.ndarray] = []
    for facet in found.values():
        merged, kinds = occurring(merged * (len(facet.values) + 1) + facet.event_codes() + 1)
        before, last = np.divmod(kinds, len(facet.values) + 1)
        columns = [column[before] for column in columns] + [last - 1]
    lists = [facet.values for facet in found.values()]
    texts = [
        " ".join(
            f"{name}={values[at]}" for name, values, at in zip(found, lists, places, strict=True) if at >= 0
        )
        or None
        for places in zip(*(column.tolist() for column in columns), strict=True)
    ]
    codes, values = distinct(texts)
    return (TextFacet(values, None, codes[merged]),)


def _one(frames: CaptureFrames, argument: str) -> Facets:
    found = _hierarchies(frames)
    for name, facet in found.items():
        if argument == name or argument in name.removeprefix("name=").split(","):
            return (facet,)
    # A controller that has no hierarchy of its own is one of the unified one.
    return (found.get(UNIFIED) or _nowhere(frames),)


def _nowhere(frames: CaptureFrames) -> TextFacet:
    return TextFacet([], None, np.full(len(frames.events), -1))


def _no_cgroups(frames: CaptureFrames) -> str:
    if any(entity_array(frames, "process", "cgroups").tolist()):
        return ""
    return "thread.cgroups: this capture does not tell in which cgroups processes were"


CGROUP_FIELDS = (
    Field(
        "thread.cgroups",
        FieldType.TEXT,
        "Cgroups",
        "the process' cgroups as hierarchy=path, blanks between them; v2 is called unified",
        _all,
        lacking=_no_cgroups,
    ),
    Field(
        "thread.cgroup",
        FieldType.TEXT,
        "Cgroup",
        "path of the process' cgroup in the hierarchy of one controller",
        _one,
        Argument.NAME,
        "a controller, name=… of a named hierarchy, or unified, as in thread.cgroup.memory",
        lacking=_no_cgroups,
    ),
)
