"""What is handed over: a report as a value, before anything decides how it looks.

    report   ::=  provenance  warning*  figure*  timeline  lifelines  section*
    section  ::=  title  explanation  column*  row{0,ROWS_SHOWN}  "n of N"

Every figure is of the same events: those within the window and the filters of the session, which the
report names. Texts are made safe here, once, for every way of writing them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capture.model.decode import printable
from inspect_app.analysis.moments import SECOND
from inspect_app.analysis.selection import Selection, TimeRange, select
from inspect_app.analysis.summary import Summary, summarise
from inspect_app.analysis.timelines import capture_window, histogram
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session import Session
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.format import Unit, format_count, format_duration, format_time
from inspect_app.views.sorting import default_order
from inspect_app.views.table import ViewTable, apply_view
from inspect_app.views.tiles import TILES, TileMeasure, measure
from inspect_app.views.view import Column

ROWS_SHOWN = 60
"""Rows of a table that a report shows; what is left out is counted."""
LIFELINES_SHOWN = 40
FIGURES_SHOWN = 20
TIMELINE_BINS = 160
FIGURE_BINS = 32
_CELL_LIMIT = 240
_DIGITS = 3
"""Of a second, in tables; exports have them all."""
_DAY = 86_400 * SECOND
_WIDE = frozenset({"fd.name", "proc.cmdline", "container.image"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the provenance."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One tile."""

    title: str
    category: str
    value: str
    meaning: str
    noteworthy: bool
    bars: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One lane of the timeline."""

    title: str
    counts: tuple[int, ...]
    total: str
    noteworthy: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Figures in equal slices of the window."""

    window: TimeRange
    lanes: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Lifeline:
    """When one container lived, as parts of the recording (0 to 1)."""

    label: str
    note: str
    start: float
    end: float
    began_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """One column of a section."""

    title: str
    numeric: bool
    style: str
    """`n` figures, `t` moments, `w` what needs room (paths, commands), or empty."""


@dataclass(frozen=True, slots=True)
class Section:
    """One table."""

    id: str
    title: str
    explanation: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[bool, ...]
    """One a row: worth a second look."""
    total: int
    noun: tuple[str, str]
    """What a row is, one and many."""

    @property
    def counted(self) -> str:
        """`40 of 1,234 processes shown`, or just how many there are."""
        everything = format_count(self.total, *self.noun)
        return everything if len(self.rows) == self.total else f"{len(self.rows):,} of {everything} shown"


@dataclass(frozen=True, slots=True)
class Report:
    """What is handed over."""

    title: str
    subtitle: str
    state: str
    """`whole`, `cut short`, `altered` or `unfinished`."""
    facts: tuple[Fact, ...]
    scope: tuple[Fact, ...]
    """The window and the filters that all figures are of."""
    warnings: tuple[str, ...]
    figures: tuple[Figure, ...]
    timeline: Timeline
    recorded: TimeRange
    """From the first to the last event: what the lifelines are parts of."""
    lifelines: tuple[Lifeline, ...]
    lifelines_total: int
    sections: tuple[Section, ...]
    written: str
    """When the report was made."""


def build_report(
    frames: CaptureFrames, session: Session, *, digest: str = "", now_ns: int | None = None
) -> Report:
    """Everything a report tells about a capture, within the session's window and filters.

    Args:
        frames: The capture.
        session: Where the analyst is.
        digest: SHA-256 of the file in hex, empty if it was not computed.
        now_ns: When the report is made, nanoseconds since 1970 UTC; now without it.

    Raises:
        FilterError: A filter of the session is not one.
    """
    summary = summarise(frames)
    selection = select(frames, session.window, session.conditions())
    window = session.window or capture_window(frames)
    return Report(
        title=_safe(summary.hostname) or "Unknown host",
        subtitle=_safe(summary.path),
        state=summary.state.state,
        facts=_facts(summary, digest),
        scope=_scope(frames, session, selection),
        warnings=_warnings(summary),
        figures=_figures(frames, selection, window),
        timeline=_timeline(frames, selection, window),
        recorded=capture_window(frames),
        lifelines=_lifelines(frames)[:LIFELINES_SHOWN],
        lifelines_total=summary.containers,
        sections=tuple(_section(frames, selection, window, plan) for plan in _PLANS),
        written=format_time(time.time_ns() if now_ns is None else now_ns, digits=0),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which view makes a section, and which of its columns."""

    view: str
    title: str
    explanation: str
    columns: tuple[str, ...]
    mark: Callable[[ViewTable], np.ndarray] | None = None
    """bool, one a row: worth a second look."""


def _gone(table: ViewTable) -> np.ndarray:
    return ~table.cells[table.position("container.death")].absent()


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


_PLANS: tuple[_Plan, ...] = (
    _Plan(
        "containers",
        "Containers",
        "The host and the containers that lived in the window. Marked: gone by the end of the recording.",
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
        ),
        _gone,
    ),
    _Plan(
        "commands",
        "Executed commands",
        "Programs that were started, in order of time. Marked, and first: in a container.",
        ("evt.rawtime", "proc.pid", "user.name", "container.name", "proc.pname", "proc.cmdline"),
        _contained,
    ),
    _Plan(
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
    _Plan(
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
    _Plan(
        "processes",
        "Processes",
        "Processes that lived in the window, the busiest first.",
        (
            "proc.pid",
            "proc.name",
            "user.name",
            "container.name",
            "events",
            "errors",
            "file_bytes",
            "net_bytes",
            "proc.cmdline",
        ),
    ),
    _Plan(
        "errors",
        "Errors",
        "How calls failed.",
        ("evt.res", "events", "share", "distinct_evt_type", "distinct_proc_pid"),
    ),
)


def _section(frames: CaptureFrames, selection: Selection, window: TimeRange, plan: _Plan) -> Section:
    table = apply_view(VIEWS[plan.view], frames, selection, window=window)
    order = default_order(table)
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
        total=len(table),
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
    return _safe(table.text(row, position))


def _is_one_day(window: TimeRange) -> bool:
    """Whether a clock time alone tells a moment of the window."""
    return window.start_ns // _DAY == window.end_ns // _DAY


def _facts(summary: Summary, digest: str) -> tuple[Fact, ...]:
    span = summary.span_ns
    facts = [
        Fact("File", summary.path),
        Fact("Verification", f"{summary.state.state} · {summary.state.detail}"),
        Fact("SHA-256", digest),
        Fact("Host", summary.hostname),
        Fact("System", " ".join(filter(None, ("Linux", summary.kernel, summary.machine)))),
        Fact("Processors", "" if summary.cpus is None else str(summary.cpus)),
        Fact("Recorder", summary.recorder),
        Fact("Recorded from", "" if summary.started_ns is None else format_time(summary.started_ns)),
        Fact("Recorded to", "" if summary.ended_ns is None else format_time(summary.ended_ns)),
        Fact("Span", "" if span is None else format_duration(span)),
        Fact("Clock", _clock(summary)),
        Fact("Events", format_count(summary.events)),
        Fact(
            "Containers",
            f"{format_count(summary.containers)}, of which {summary.containers_dead:,} gone by the end",
        ),
    ]
    return tuple(Fact(fact.name, _safe(fact.value) or "not recorded") for fact in facts)


def _clock(summary: Summary) -> str:
    zone = f"; the host's zone is {summary.timezone}" if summary.timezone else ""
    return f"the recorded host's own, shown in UTC{zone}"


def _scope(frames: CaptureFrames, session: Session, selection: Selection) -> tuple[Fact, ...]:
    conditions = session.conditions()
    window = session.window
    told = (
        "the whole recording"
        if window is None
        else f"{format_time(window.start_ns)} to {format_time(window.end_ns)}"
    )
    return (
        Fact("Window", told),
        Fact("Filter", _safe(" and ".join(conditions)) or "none: every event"),
        Fact("Events", f"{len(selection):,} of {format_count(len(frames.events), 'event')}"),
    )


def _warnings(summary: Summary) -> tuple[str, ...]:
    warnings = []
    if summary.state.state != "whole":
        warnings.append(_safe(summary.state.detail))
    for kind in summary.unseen:
        intervals = format_count(kind.intervals, "interval")
        warnings.append(f"{format_count(kind.count, 'event')} {_safe(kind.kind)}, in {intervals}.")
    if summary.containers_unnamed:
        many = format_count(summary.containers_unnamed, "container")
        warnings.append(f"The metadata of {many} was never seen; there is only an id.")
    return tuple(warnings)


def _figures(frames: CaptureFrames, selection: Selection, window: TimeRange) -> tuple[Figure, ...]:
    measures = [one for one in measure(frames, selection, window, FIGURE_BINS) if one.shown]
    # Noteworthy ones first: a report has room for some only.
    chosen = sorted(measures, key=lambda one: not (one.tile.noteworthy and one.total > 0))[:FIGURES_SHOWN]
    kept = {one.tile.id for one in chosen}
    return tuple(_figure(one) for one in measures if one.tile.id in kept)


def _figure(one: TileMeasure) -> Figure:
    tile = one.tile
    return Figure(
        tile.title,
        tile.category.value,
        one.text,
        tile.description,
        tile.noteworthy and one.total > 0,
        tuple(int(count) for count in one.counts),
    )


def _timeline(frames: CaptureFrames, selection: Selection, window: TimeRange) -> Timeline:
    events = histogram(frames, selection.rows, window, bins=TIMELINE_BINS)
    wanted = [TILES[name] for name in ("errors", "sec.commands", "net.bytes", "infra.drops")]
    measured = measure(frames, selection, window, TIMELINE_BINS, tiles=wanted)
    lanes = [Series("Events", tuple(events.tolist()), format_count(int(events.sum())), noteworthy=False)]
    lanes += [
        Series(one.tile.title, tuple(one.counts.tolist()), one.text, one.tile.noteworthy) for one in measured
    ]
    return Timeline(window, tuple(lanes))


def _lifelines(frames: CaptureFrames) -> tuple[Lifeline, ...]:
    recorded = capture_window(frames)
    start, span = recorded.start_ns, max(1, recorded.duration_ns)
    columns = ("name", "id", "image", "birth", "death")
    listed = (frames.containers[column].iloc[1:].tolist() for column in columns)
    lines = [
        Lifeline(
            label=_safe(name or identity),
            note=_safe(image) or "image not recorded",
            start=0.0 if birth < 0 else min(1.0, max(0.0, (birth - start) / span)),
            end=1.0 if death < 0 else min(1.0, max(0.0, (death - start) / span)),
            began_before=birth < 0,
            goes_on=death < 0,
        )
        for name, identity, image, birth, death in zip(*listed, strict=True)
    ]
    return tuple(sorted(lines, key=lambda line: (line.start, line.end)))


def _safe(text: str) -> str:
    return printable(text, _CELL_LIMIT)
