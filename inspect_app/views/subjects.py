"""The tables on the page of a subject: views over its events, declared once.

    section  ::=  title  view  [condition]  [rows]

`condition` narrows the subject's events further; `rows` takes them from elsewhere in the capture, such as the
events of a process's children.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from inspect_app.analysis.processes import process_forest
from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.subject import Found, Kind
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.columns import CALL, CONTAINER, LATENCY, PID, PROCESS, RESULT, WHEN, number, text
from inspect_app.views.format import Unit
from inspect_app.views.measures import DELETES, EXECS, MODES, RENAMES
from inspect_app.views.table import ViewTable, apply_view
from inspect_app.views.view import Kind as RowKind
from inspect_app.views.view import Order, View

Rows = Callable[[CaptureFrames, Found], np.ndarray]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a subject's page."""

    id: str
    title: str
    view: View
    condition: str = ""
    rows: Rows | None = None
    nothing: str = ""
    """What to say where it is empty."""


FILE_LIFE = View(
    "file_life",
    "Life",
    ("step", "steps"),
    "What made the file what it is: created, opened to be written, renamed, linked, given another mode "
    "or owner, run, deleted.",
    (),
    frozenset(),
    f"evt.is_open_create = true or evt.is_open_write = true or evt.type in ({RENAMES}, {MODES}, {DELETES}, "
    f"{EXECS}, procexec, link, linkat, symlink, symlinkat, truncate, ftruncate, setxattr, fsetxattr)",
    "",
    (
        WHEN,
        CALL,
        RESULT,
        text("fd.name", "File", "path of the file"),
        text("evt.abspath.dst", "Becomes", "the second path of a rename or link, resolved"),
        PID,
        PROCESS,
        CONTAINER,
        text("user.name", "User", "who it runs as", shown=False),
        text("evt.args", "Arguments", "the call's arguments"),
    ),
    Order("evt.rawtime", descending=False),
    "events",
    RowKind.LIST,
)
CONNECTION_LIFE = View(
    "connection_life",
    "Calls",
    ("call", "calls"),
    "Every call on the connection, in order of time.",
    (),
    frozenset(),
    "",
    "",
    (
        WHEN,
        CALL,
        RESULT,
        number("evt.buflen", "Bytes", "bytes moved", Unit.BYTES),
        LATENCY,
        PID,
        PROCESS,
        CONTAINER,
        text("evt.args", "Arguments", "the call's arguments"),
    ),
    Order("evt.rawtime", descending=False),
    "events",
    RowKind.LIST,
)


def _children(frames: CaptureFrames, found: Found) -> np.ndarray:
    """Events of the processes that a process created."""
    is_child = np.zeros(len(frames.processes) + 1, dtype=bool)
    is_child[process_forest(frames).children(found.row)] = True
    return np.flatnonzero(is_child[frames.events["process"].to_numpy()]).astype(np.uint32)


def _joined(frames: CaptureFrames, found: Found) -> np.ndarray:
    """Events of processes in a container that somebody outside it began, other than its first process."""
    processes = frames.processes
    container, parent = processes["container"].to_numpy(), processes["parent"].to_numpy()
    outside = (parent >= 0) & (container[parent] != found.row) & (container == found.row)
    first = int(frames.containers["first_process"].to_numpy()[found.row])
    if first >= 0:
        outside[first] = False
    came = np.append(outside, False)
    return np.flatnonzero(came[frames.events["process"].to_numpy()]).astype(np.uint32)


def _of(view: str, title: str = "", **more: object) -> Section:
    known = VIEWS[view]
    return replace(Section(view, title or known.title, known), **more)  # type: ignore[arg-type]  # fields by name


SECTIONS: Mapping[Kind, tuple[Section, ...]] = MappingProxyType(
    {
        Kind.PROCESS: (
            _of("files"),
            _of("connections"),
            Section("children", "Children", VIEWS["processes"], rows=_children),
            _of("commands", "Programs run"),
            _of("file_changes"),
            _of("syscalls"),
            _of("errors"),
            _of("threads"),
            _of("signals"),
        ),
        Kind.CONTAINER: (
            _of("processes"),
            _of("commands", "Commands"),
            Section(
                "joined",
                "Joined later",
                VIEWS["processes"],
                rows=_joined,
                nothing="Nobody outside the container began a process in it after its first one.",
            ),
            _of("file_changes", "Files changed"),
            _of("files"),
            _of("connections"),
            _of("peers"),
            _of("listening"),
            _of("errors"),
        ),
        Kind.FILE: (
            Section("file_life", "Life", FILE_LIFE, nothing="Nobody changed, ran or deleted it."),
            _of("processes", "Who touched it"),
            _of("file_opens", "Opens"),
            _of("syscalls", "Calls"),
            _of("containers"),
        ),
        Kind.CONNECTION: (
            Section("connection_life", "Calls", CONNECTION_LIFE),
            _of("processes", "In the hands of"),
            _of("http_requests"),
            _of("dns_queries"),
            _of("syscalls", "By call"),
        ),
    }
)
"""In the order of their tabs."""


def section_table(
    section: Section, frames: CaptureFrames, found: Found, selected: Selection, window: TimeRange | None
) -> ViewTable:
    """A section's rows: of the subject's events, or of those the section takes from elsewhere.

    Args:
        section: Which.
        frames: The capture.
        found: The subject.
        selected: What window and filter leave of the capture.
        window: The selection's.
    """
    rows = found.rows if section.rows is None else section.rows(frames, found)
    total = len(frames.events)
    inside = np.zeros(total, dtype=bool)
    inside[selected.rows] = True
    view = section.view
    if section.condition:
        narrowed = f"({view.filter}) and {section.condition}" if view.filter else section.condition
        view = replace(view, filter=narrowed)
    return apply_view(view, frames, Selection(rows[inside[rows]]), window=window)
