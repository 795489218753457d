"""Fields of how a process stands at the moment of an event.

Its group, its pids in its own namespace, how many threads and children it has, what its standard descriptors
lead to.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from capture.format.joins import pair_codes
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at, of_types
from inspect_app.filters.entities import entity_array, entity_text, event_array, event_rows
from inspect_app.filters.errors import FilterError, NotEvaluableError
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up
from inspect_app.filters.field import Argument, Compute, Field, FieldType
from inspect_app.filters.holding_counts import held_counts
from inspect_app.filters.states import (
    alive_at_events,
    image_at,
    inner_told,
    process_at,
    process_lives,
    thread_lives,
)
from inspect_app.frames.capture import CaptureFrames

EBADF = -9
MAX_DESCRIPTOR = 1_048_576
_STANDARD = {"stdin": 0, "stdout": 1, "stderr": 2}


def inner_pids(frames: CaptureFrames) -> np.ndarray:
    """Row of processes → pid in its own pid namespace, -1 not known."""

    def compute() -> np.ndarray:
        told = inner_told(frames, process_lives(frames))
        return np.where(told > 0, told, entity_array(frames, "process", "nspid"))

    return remember(frames, "inner pids", compute)


def inner_tids(frames: CaptureFrames) -> np.ndarray:
    """Row of threads → tid in its own pid namespace, -1 not known."""
    told = inner_told(frames, thread_lives(frames))
    process, tid = (entity_array(frames, "thread", name) for name in ("process", "tid"))
    pid = look_up(entity_array(frames, "process", "pid"), process, missing=-1)
    inner = look_up(inner_pids(frames), process, missing=-1)
    # Outside of any namespace of pids both numbers are the same.
    rest = np.where((tid == pid) | (inner == pid), np.where(tid == pid, inner, tid), -1)
    return np.where(told > 0, told, rest)


def _inner_pid(frames: CaptureFrames, _argument: str) -> Facets:
    pids = inner_pids(frames)
    return (NumberFacet(pids, pids < 0, event_rows(frames, "process")),)


def _inner_parent(frames: CaptureFrames, _argument: str) -> Facets:
    pids = look_up(inner_pids(frames), entity_array(frames, "process", "parent"), missing=-1)
    return (NumberFacet(pids, pids < 0, event_rows(frames, "process")),)


def _inner_tid(frames: CaptureFrames, _argument: str) -> Facets:
    tids = inner_tids(frames)
    return (NumberFacet(tids, tids < 0, event_rows(frames, "thread")),)


def namespace_starts(frames: CaptureFrames) -> np.ndarray:
    """Row of processes → start of the first process of its pid namespace, ns, -1 not known.

    Of a process in a container that has pids of its own it is the container's first process, else the host's.
    """

    def compute() -> np.ndarray:
        pid, start, at = (entity_array(frames, "process", name) for name in ("pid", "start", "host"))
        inner, container = inner_pids(frames), entity_array(frames, "process", "container")
        first_of_host = np.full(len(frames.hosts), -1, np.int64)
        firsts = np.flatnonzero(pid == 1)[::-1]
        first_of_host[at[firsts]] = start[firsts]
        host = first_of_host[at]
        first = look_up(entity_array(frames, "container", "first_process"), container, missing=-1)
        inside = np.where(look_up(frames.is_host, container), -1, look_up(start, first, missing=-1))
        return np.where(inner < 0, -1, np.where(inner == pid, host, inside))

    return remember(frames, "starts of pid namespaces", compute)


def _namespace_start(frames: CaptureFrames, _argument: str) -> Facets:
    start = namespace_starts(frames)
    return (NumberFacet(start, start < 0, event_rows(frames, "process")),)


def _group(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """Process groups (int64, -1 not known), and which of them each event's process is in (-1 none)."""

    def compute() -> tuple[np.ndarray, np.ndarray]:
        made = event_array(frames, "ret")
        joins = np.flatnonzero(of_types(frames, lambda name: name == "setpgid") & (made == 0))
        leads = np.flatnonzero(of_types(frames, lambda name: name == "setsid") & (made > 0))
        caller, pids = event_array(frames, "process"), entity_array(frames, "process", "pid")
        target = process_meant(frames, joins, 0)
        group = look_up(pids, process_meant(frames, joins, 1, otherwise=target), missing=-1)
        rows = np.concatenate((joins, leads))
        owner = np.concatenate((target, caller[leads]))
        told = np.concatenate((group, look_up(pids, caller[leads], missing=-1)))
        known = owner >= 0
        rows, owner, told = rows[known], owner[known], told[known]
        order = np.argsort(rows, kind="stable")
        values = np.concatenate((told[order], entity_array(frames, "process", "pgid")))
        return values, process_lives(frames).holding(owner[order], rows[order])

    return remember(frames, "process groups", compute)


def process_meant(
    frames: CaptureFrames, rows: np.ndarray, index: int, otherwise: np.ndarray | None = None
) -> np.ndarray:
    """The process that an argument of calls names: by its pid as the caller sees it; 0 is the caller, or `otherwise`."""
    caller = event_array(frames, "process")[rows]
    pid = argument_at(frames, index, rows).astype(np.uint32).view(np.int32).astype(np.int64)
    pids, inner = entity_array(frames, "process", "pid"), inner_pids(frames)
    outside = look_up(pids, caller, missing=-1) == look_up(inner, caller, missing=-2)
    found = np.where(outside, process_at(frames, pid, rows), _inside(frames, caller, pid))
    return np.where(pid == 0, caller if otherwise is None else otherwise, found)


def _inside(frames: CaptureFrames, caller: np.ndarray, pid: np.ndarray) -> np.ndarray:
    """The process with a pid in its own namespace that lives in the caller's container; the latest of them."""
    container = entity_array(frames, "process", "container").astype(np.int64)
    inner = inner_pids(frames)
    asked = look_up(container, caller, missing=-2)
    _, _, code = pair_codes(np.concatenate((container, asked)), np.concatenate((inner, pid)))
    latest = np.full(int(code.max(initial=-1)) + 1, -1)
    latest[code[: len(inner)]] = np.arange(len(inner))
    found: np.ndarray = latest[code[len(inner) :]]
    return found


def _group_id(frames: CaptureFrames, _argument: str) -> Facets:
    values, of_event = _group(frames)
    return (NumberFacet(values, values < 0, of_event),)


def _leaders(frames: CaptureFrames) -> np.ndarray:
    """int64[events]: the process that leads the event's process group, -1 not known."""

    def compute() -> np.ndarray:
        values, of_event = _group(frames)
        pid = look_up(values, of_event, missing=-1)
        return process_at(frames, pid, np.arange(len(pid)))

    return remember(frames, "group leaders", compute)


def _inner_group(frames: CaptureFrames, _argument: str) -> Facets:
    pids = inner_pids(frames)
    return (NumberFacet(pids, pids < 0, _leaders(frames)),)


def _leads_group(frames: CaptureFrames, _argument: str) -> Facets:
    values, of_event = _group(frames)
    group = look_up(values, of_event, missing=-1)
    pid = look_up(entity_array(frames, "process", "pid"), event_rows(frames, "process"), missing=-1)
    return (NumberFacet(group == pid, (group < 0) | (pid < 0)),)


def _leader(column: str) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        leaders = _leaders(frames)
        images = remember(
            frames, "images of group leaders", lambda: image_at(frames, leaders, np.arange(len(leaders)))
        )
        facet = entity_text(frames, "image", column)
        return (TextFacet(facet.values, facet.codes, images),)

    return compute


def _threads(frames: CaptureFrames, _argument: str) -> Facets:
    owner, start, end = (entity_array(frames, "thread", name) for name in ("process", "start", "end"))
    counts, rows = alive_at_events(frames, owner, start, end)
    return (NumberFacet(counts, rows=rows),)


def _descriptors(frames: CaptureFrames, _argument: str) -> Facets:
    counts, rows = held_counts(frames)
    return (NumberFacet(counts, rows=rows),)


def _children(frames: CaptureFrames, _argument: str) -> Facets:
    owner, start, end = (entity_array(frames, "process", name) for name in ("parent", "start", "end"))
    counts, rows = alive_at_events(frames, owner, start, end)
    return (NumberFacet(counts, rows=rows),)


def descriptor_held(frames: CaptureFrames, number: int) -> np.ndarray:
    """int32[events]: what stands behind a number of the event's process at that moment, -1 not known or closed.

    A row of descriptors, or beyond these a row of `opened`. What a call on the number worked on stands behind it until a
    later one; a fork hands it down.
    """

    def compute() -> np.ndarray:
        fd, ret, thing = (event_array(frames, name) for name in ("fd", "ret", "descriptor"))
        by_path = (event_array(frames, "path") >= 0) & (ret != fd)
        closes = of_types(frames, lambda name: name == "close")
        tells = (fd == number) & ~by_path & ((thing >= 0) | closes | (ret == EBADF))
        rows = np.flatnonzero(tells & (event_array(frames, "process") >= 0))
        gone = closes[rows] | (ret[rows] == EBADF)
        opened = np.flatnonzero((frames.opened["fd"] == number) & (frames.opened["process"] >= 0))
        began = np.full(len(frames.processes), -1, np.int64)
        began[frames.opened["process"].to_numpy()[opened]] = opened + len(frames.descriptors)
        # The closing call itself still works on what it closes.
        values = np.concatenate((np.where(gone, -1, thing[rows]), began))
        owners = event_array(frames, "process")[rows]
        held = process_lives(frames).holding(owners, rows + gone)
        return look_up(values.astype(np.int32), held, missing=-1)

    return remember(frames, ("descriptor held", number), compute)


def _standing(column: str, number: int) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        known = entity_array(frames, "descriptor", column).tolist()
        codes, values = distinct(text or None for text in [*known, *frames.opened[column].tolist()])
        return (TextFacet(values, codes, descriptor_held(frames, number)),)

    return compute


def _types(frames: CaptureFrames, argument: str) -> Facets:
    if not argument:
        raise NotEvaluableError(
            "fd.types: without a number it asks for all descriptors of a process at once; "
            "write fd.types[0], or see `exhume-inspect at TIME descriptors`"
        )
    return _standing("type", int(argument))(frames, "")


def _any_number(argument: str) -> FieldType:
    if argument and (
        not argument.isascii() or not argument.isdecimal() or int(argument[:8]) >= MAX_DESCRIPTOR
    ):
        raise FilterError(
            "fd.types takes the number of a descriptor", expected=("a small number in brackets",)
        )
    return FieldType.TEXT


def _text(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.TEXT, title, meaning, compute)


def _number(name: str, title: str, meaning: str, compute: Callable[[CaptureFrames, str], Facets]) -> Field:
    return Field(name, FieldType.INTEGER, title, meaning, compute)


STANDING_FIELDS = (
    _number("proc.vpid", "Inner pid", "pid in its own pid namespace", _inner_pid),
    _number("proc.pvpid", "Inner parent", "pid of the parent in the parent's own pid namespace", _inner_parent),
    Field("proc.pidns_init_start_ts", FieldType.TIME, "Namespace started", "start of the first process of its pid namespace",
          _namespace_start),
    _number("thread.vtid", "Inner tid", "thread id in its own pid namespace", _inner_tid),
    _number("proc.pgid", "Group", "process group id at that moment, as the host sees it", _group_id),
    _number("proc.vpgid", "Inner group", "process group id at that moment in its leader's own pid namespace", _inner_group),
    *(
        _text(f"proc.{kind}.{part}", "Group leader", f"{what} of the program that the process group's leader ran then",
              _leader(column))
        for kind in ("pgid", "vpgid")
        for part, column, what in (("name", "comm", "name"), ("exe", "exe", "argv[0]"), ("exepath", "exepath", "path"))
    ),
    *(
        Field(f"proc.is_{kind}_leader", FieldType.TRUTH, "Leads group", "it leads its process group", _leads_group)
        for kind in ("pgid", "vpgid")
    ),
    _number("proc.nthreads", "Threads", "threads that it had at that moment", _threads),
    _number("proc.fdopencount", "Descriptors", "descriptors that it held at that moment, those handed down by its parent among them",
            _descriptors),
    _number("proc.nchilds", "Children", "processes it had created that lived at that moment", _children),
    *(
        _text(f"proc.{stream}.{part}", stream, f"{part} of what its {stream} led to at that moment", _standing(part, number))
        for stream, number in _STANDARD.items()
        for part in ("name", "type")
    ),
    Field("fd.types", FieldType.TEXT, "Type", "type of what a descriptor number of the process led to at that moment", _types,
          Argument.INDEX, "a descriptor number, as in fd.types[0]", type_of=_any_number),
)  # fmt: skip
