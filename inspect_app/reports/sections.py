"""The tables of a report: which views, which of their columns, what is marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capture.model.decode import printable
from inspect_app.analysis.moments import SECOND
from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.model import ReportColumn, Section
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.format import Unit, format_time
from inspect_app.views.sorting import default_order
from inspect_app.views.table import ViewTable, apply_view
from inspect_app.views.view import Column

ROWS_SHOWN = 60
"""Rows of a table that a report shows; what is left out is counted."""
_TEXT_LIMIT = 240
_DIGITS = 3
"""Of a second, in tables; exports have them all."""
_DAY = 86_400 * SECOND
_WIDE = frozenset({"fd.name", "proc.exeline", "container.image", "proc.exe_sha256"})


@dataclass(frozen=True, slots=True)
class Plan:
    """Which view makes a section, and which of its columns."""

    view: str
    title: str
    explanation: str
    columns: tuple[str, ...]
    mark: Callable[[ViewTable], np.ndarray] | None = None
    """bool, one a row: worth a second look."""


def _gone(table: ViewTable) -> np.ndarray:
    return ~table.cells[table.position("container.death")].absent()


def _powerful(table: ViewTable) -> np.ndarray:
    """Privileged, without a filter of system calls, or with a sensitive place of the host in it."""
    said = {"container.privileged": "yes", "container.seccomp": "unconfined"}
    marked: np.ndarray = ~table.cells[table.position("container.mounts.sensitive")].absent()
    for column, word in said.items():
        cells = table.cells[table.position(column)].as_texts()
        marked |= np.append(cells.values == word, False)[cells.codes]
    return marked


def _contained(table: ViewTable) -> np.ndarray:
    """In a container, not on the host and not in what could not be told."""
    cells = table.cells[table.position("container.id")].as_texts()
    named = np.append(cells.values != "host", False)
    inside: np.ndarray = named[cells.codes]
    return inside


def _dropped(table: ViewTable) -> np.ndarray:
    """Written and executed within the same recording."""
    written, executed = (table.cells[table.position(name)].values for name in ("file_writes", "execs"))
    both: np.ndarray = (written > 0) & (executed > 0)
    return both


PLANS: tuple[Plan, ...] = (
    Plan(
        "containers",
        "Containers",
        "The host and the containers at work. Marked, and first: gone by the end of the recording.",
        (
            "container.name",
            "container.id",
            "container.image",
            "container.type",
            "container.nprocs",
            "events",
            "errors",
            "execs",
            "file_bytes",
            "net_bytes",
            "container.birth",
            "container.death",
            "container.exit_code",
        ),
        _gone,
    ),
    Plan(
        "containers_security",
        "What containers may do",
        "Privileges towards the host. Marked, and first: privileged, no seccomp, or the host's mounts.",
        (
            "container.name",
            "container.image",
            "container.user",
            "container.privileged",
            "container.caps.added",
            "container.seccomp",
            "container.host_namespaces",
            "container.mounts.sensitive",
        ),
        _powerful,
    ),
    Plan(
        "commands",
        "Executed commands",
        "Programs that were started, in order of time. Marked, and first: in a container.",
        ("evt.rawtime", "proc.pid", "user.name", "container.name", "proc.pname", "proc.exeline"),
        _contained,
    ),
    Plan(
        "programs",
        "Programs",
        "The files of the programs that ran, with the digest that each had when it was first seen.",
        ("proc.exepath", "proc.exe_sha256", "container.name", "distinct_proc_pid", "events", "first"),
    ),
    Plan(
        "file_changes",
        "Files changed",
        "Files that were created, written, changed, executed or deleted. Marked: written and then executed.",
        (
            "fd.name",
            "container.name",
            "file_created",
            "file_writes",
            "file_bytes_out",
            "file_modes",
            "file_renames",
            "execs",
            "file_deletes",
            "proc.name",
            "first",
        ),
        _dropped,
    ),
    Plan(
        "connections",
        "Connections",
        "IPv4 and IPv6 sockets that were used.",
        (
            "fd.l4proto",
            "fd.name",
            "fd.role",
            "net_bytes_in",
            "net_bytes_out",
            "events",
            "errors",
            "proc.name",
            "container.name",
        ),
    ),
    Plan(
        "processes",
        "Processes",
        "Processes that made any of the events, the busiest first.",
        (
            "proc.pid",
            "proc.name",
            "user.name",
            "container.name",
            "events",
            "errors",
            "file_bytes",
            "net_bytes",
            "proc.exeline",
        ),
    ),
    Plan(
        "errors",
        "Errors",
        "How calls failed.",
        ("evt.res", "events", "share", "distinct_evt_type", "distinct_proc_pid"),
    ),
)


def build_section(frames: CaptureFrames, selection: Selection, window: TimeRange, plan: Plan) -> Section:
    """The table of a plan over the selected events."""
    table = apply_view(VIEWS[plan.view], frames, selection, window=window)
    order = default_order(table)
    # A report tells what was done; the views list what was idle too.
    order = order[table.events[order] > 0]
    positions = [table.position(name) for name in plan.columns]
    marked = plan.mark(table) if plan.mark and len(table) else np.zeros(len(table), dtype=bool)
    # What is marked comes first, so that the cap never hides it.
    order = order[np.argsort(~marked[order], kind="stable")]
    shown = order[:ROWS_SHOWN].tolist()
    one_day = _is_one_day(window)
    return Section(
        id=plan.view,
        title=plan.title,
        explanation=plan.explanation,
        columns=tuple(_column(table.columns[position], one_day) for position in positions),
        rows=tuple(tuple(_cell(table, row, position, one_day) for position in positions) for row in shown),
        marked=tuple(marked[shown].tolist()),
        total=len(order),
        noun=table.view.noun,
    )


def _column(column: Column, one_day: bool) -> ReportColumn:
    if column.unit is Unit.TIME:
        return ReportColumn(f"{column.title} (UTC)" if one_day else column.title, False, "t")
    if column.of in _WIDE:
        return ReportColumn(column.title, False, "w")
    return ReportColumn(column.title, column.unit.numeric, "n" if column.unit.numeric else "")


def _cell(table: ViewTable, row: int, position: int, one_day: bool) -> str:
    value = table.value(row, position)
    if one_day and isinstance(value, int) and table.columns[position].unit is Unit.TIME:
        return format_time(value, digits=_DIGITS, date=False)
    return shown_text(table.text(row, position))


def _is_one_day(window: TimeRange) -> bool:
    """Whether a clock time alone tells a moment of the window."""
    return window.start_ns // _DAY == window.end_ns // _DAY


def shown_text(text: str) -> str:
    """A text of the capture as a report shows it: nothing obeyed, nothing endless."""
    return printable(text, _TEXT_LIMIT)
