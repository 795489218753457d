"""Everything about one process, container, file or connection: facts, activity over time, and its tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from inspect_app.analysis.beside import counted_beside
from inspect_app.analysis.event import DetailGroup
from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.subject import Found, Kind, Subject, find, label_of, subject_of
from inspect_app.analysis.subject_facts import facts_of
from inspect_app.analysis.subject_lanes import Lane, lanes_of
from inspect_app.analysis.usage_lanes import usage_lanes
from inspect_app.cases import Anchor
from inspect_app.cases.anchors import subject_anchor
from inspect_app.cases.noted import Noted
from inspect_app.ui.fonts import with_line
from inspect_app.ui.jobs import Job
from inspect_app.ui.lane_chart import LaneChart
from inspect_app.ui.lookups import number_at
from inspect_app.ui.pages.detail import DetailTree, note_groups
from inspect_app.ui.pages.detail_value import DetailValue
from inspect_app.ui.pages.page import EmptyState, Question
from inspect_app.ui.pages.tabbed import TabbedPage
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import prepare
from inspect_app.ui.tabs import Tab
from inspect_app.ui.thing_menu import Thing, build_thing_menu
from inspect_app.ui.widgets import named, scroll_area, tool_button
from inspect_app.views.format import beside_text, format_count, format_duration, format_relative
from inspect_app.views.subjects import SECTIONS, Section, section_table

_ID = "subject"
"""What the look calls this page."""
_BINS = 300
_SHORT = 6
"""A subject that was at work for less than this part of the window is drawn over its own time."""
_FACTS_WIDTH, _TABLES_AT_LEAST = 374, 190
_WAYS = (
    ("Events", "events", "Its events, one by one (d)"),
    ("I/O streams", "streams", "What was read and written (e)"),
    ("Process tree", "tree", "Who created whom (t)"),
)
_NOTE_TIP = "Write a note on it (n)"


@dataclass(frozen=True, eq=False)
class SubjectAnswer:
    """What the worker hands over."""

    subject: Subject
    label: str
    found: Found | None
    facts: tuple[DetailGroup, ...] = ()
    anchor: Anchor | None = None
    lanes: tuple[Lane, ...] = ()
    drawn: tuple[int, int] = (0, 1)
    """What the lanes are over: the window, or the subject's own time where that is a small part of it."""
    life: tuple[int, int] = (-1, -1)
    events: int = 0
    tabs: tuple[Tab, ...] = ()
    thing: int = -1
    """Row of descriptors of a file or connection whose bytes can be saved, else -1."""


class SubjectPage(TabbedPage):
    """Facts at the left; at the right the activity over the tables."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thing = -1
        for title, page, tip in _WAYS:
            button = tool_button(title, page, tip, lambda page=page: self.page_wanted.emit(page))  # type: ignore[misc]  # bound now
            self.head.row.addWidget(button)
        self.head.row.addWidget(tool_button("Note", "notes", _NOTE_TIP, self._note))
        self.save = tool_button("Save …", "save", "Save its content, rebuilt from calls", self._save)
        self.head.row.addWidget(self.save)
        self.facts = DetailTree()
        self.facts.setAccessibleName("Facts")
        self.facts.menu_wanted.connect(self._show_value_menu)
        self.chart = LaneChart()
        self.chart.moment_chosen.connect(lambda moment: self.page_wanted.emit(f"moment/{moment}"))
        self.chart.menu_wanted.connect(self._show_moment_menu)
        ground = named(QWidget(), "PageHead")
        ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        inner = QVBoxLayout(ground)
        inner.setContentsMargins(14, 2, 6, 6)
        self._chart_area = scroll_area(self.chart, as_high=True)
        inner.addWidget(self._chart_area)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ground)
        column.addWidget(self.tables, 1)
        self._leave_room()
        self._layouts = (inner, column)
        self._split = QSplitter()
        self._split.addWidget(self.facts)
        self._split.addWidget(right)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([_FACTS_WIDTH, 1_000])
        self._split.splitterMoved.connect(lambda *_: self._keep_sizes())
        self.empty = EmptyState("search")
        self._facts: tuple[DetailGroup, ...] = ()
        self._about: Anchor | None = None
        for widget in (self.head, self.empty, self._split):
            self.column.addWidget(widget, 0 if widget is self.head else 1)

    def question(self, scope: Scope) -> Question:
        """What the capture has of the subject, within the selection."""
        subject = subject_of(scope.page)
        assert subject is not None  # noqa: S101 - the book opens this page for addresses alone

        def work(job: Job) -> object:
            return _answer(scope, subject, job)

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show facts, activity and tables."""
        self.scope = scope
        known = cast(SubjectAnswer, answer)
        kind = known.subject.kind.value.capitalize()
        note = _note(known) if known.found is not None else ""
        self.head.tell(f"{kind} {plain(known.label)}", note, note)
        self.empty.tell("" if known.found is not None else _nothing(known))
        self._thing = known.thing
        self.save.setVisible(known.thing >= 0)
        self._split.setVisible(known.found is not None)
        if known.found is not None:
            sizes = scope.look.layout.get(_ID, ())
            if len(sizes) == self._split.count() and list(sizes) != self._split.sizes():
                self._split.setSizes(list(sizes))
            self._facts, self._about = known.facts, known.anchor
            self._show_facts()
            self.chart.show_lanes(known.lanes, known.drawn, scope.zero, known.life)
            self._chart_area.updateGeometry()
            for layout in self._layouts:
                # Another number of lanes is another height; a page that was hidden would learn it too late.
                layout.invalidate()
                layout.activate()
            self.tables.show_tabs(scope, known.tabs)

    def _leave_room(self) -> None:
        """Where there is little height, the chart is scrolled rather than the tables hidden."""
        self.tables.setMinimumHeight(with_line(_TABLES_AT_LEAST))

    def _show_value_menu(self, value: DetailValue, place: QPoint) -> None:
        self.value_menu(value).popup(place)

    def value_menu(self, value: DetailValue) -> QMenu:
        """What can be done with a value of the facts."""
        about, subject = value.condition(), subject_of(self.scope.page) if self.scope is not None else None
        if about or subject is None or self.scope is None:
            return build_thing_menu(self, Thing(value.text, about, value=value.text))
        # What no field holds is told of the subject.
        label = label_of(self.scope.frames, subject)
        thing = Thing(label, subject.condition(), subject.kind.value, value.text, (subject,))
        return build_thing_menu(self, thing)

    def _show_moment_menu(self, part: tuple[int, int], place: QPoint) -> None:
        self.moment_menu(part).popup(place)

    def moment_menu(self, part: tuple[int, int]) -> QMenu:
        """What can be done with a part of the chart: the subject's events then."""
        assert self.scope is not None  # noqa: S101 - a chart that is shown has a scope
        subject = subject_of(self.scope.page)
        about = subject.condition() if subject is not None else ""
        when = f"evt.rawtime >= {part[0]} and evt.rawtime < {part[1]}"
        since = format_relative(part[0] - self.scope.zero)
        thing = Thing(
            label=f"{since} for {format_duration(part[1] - part[0])}",
            condition=f"{about} and {when}" if about else when,
            moment=part[0],
        )
        own = (("Look at this time alone", "clock", partial(self.window_wanted.emit, part)),)
        return build_thing_menu(self, thing, own)

    def show_noted(self, noted: Noted) -> None:
        """Other notes on it."""
        super().show_noted(noted)
        self._show_facts()

    def anchor(self) -> Anchor | None:
        """What the page is about; a row of its tables is noted by its menu."""
        return self._about

    def _note(self) -> None:
        if self._about is not None:
            self.note_wanted.emit(self._about, False)

    def _show_facts(self) -> None:
        notes = self.noted.of_thing(self._about) if self._about is not None else []
        self.facts.show_groups((*note_groups(notes), *self._facts))

    def _save(self) -> None:
        if self._thing >= 0:
            self.content_wanted.emit(self._thing)

    def _keep_sizes(self) -> None:
        sizes = tuple(self._split.sizes())
        self.look_wanted.emit(lambda look: look.with_layout(_ID, sizes))

    def refresh_theme(self) -> None:
        """The tools' icons, and names whose colour is set."""
        super().refresh_theme()
        self.facts.refresh_theme()

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "facts"):
            self.facts.refresh_theme()
            self._leave_room()


def _answer(scope: Scope, subject: Subject, job: Job) -> SubjectAnswer:
    frames = scope.frames
    found = find(frames, subject)
    label = label_of(frames, subject)
    if found is None:
        return SubjectAnswer(subject, label, None)
    job.check()
    selected = scope.select()
    inside = np.zeros(len(frames.events), dtype=bool)
    inside[selected.rows] = True
    rows = found.rows[inside[found.rows]]
    job.check()
    drawn = _drawn(scope, rows)
    lanes = lanes_of(frames, subject.kind, rows, TimeRange(*drawn), bins=_BINS)
    job.check()
    lanes += usage_lanes(frames, _processes(scope, found), TimeRange(*drawn), bins=_BINS)
    tabs = []
    for section in SECTIONS[subject.kind]:
        job.check()
        table = section_table(section, frames, found, Selection(selected.rows), scope.window)
        nothing = section.nothing or f"There are no {table.view.noun[1]} here."
        beside = _beside(scope, subject, section) if section.rows is None else ""
        tabs.append(Tab(section.id, section.title, prepare(table, scope=scope), nothing, beside))
    return SubjectAnswer(
        subject,
        label,
        found,
        facts_of(frames, found),
        subject_anchor(frames, subject),
        lanes,
        drawn,
        _life(scope, found),
        len(rows),
        tuple(tabs),
        _thing(scope, found),
    )


def _beside(scope: Scope, subject: Subject, section: Section) -> str:
    """What was only counted of the subject's calls and belongs to a table of them, or may."""
    own = (subject.condition(), section.view.filter, section.condition)
    counted = counted_beside(scope.frames, scope.window, [*scope.conditions, *filter(None, own)])
    return beside_text(counted) if counted else ""


def _processes(scope: Scope, found: Found) -> np.ndarray:
    """Rows of the processes that the subject is, or has in it."""
    if found.subject.kind is Kind.PROCESS:
        return np.array([found.row])
    if found.subject.kind is Kind.CONTAINER:
        inside: np.ndarray = np.flatnonzero(scope.frames.processes["container"].to_numpy() == found.row)
        return inside
    return np.empty(0, np.int64)


def _thing(scope: Scope, found: Found) -> int:
    """The file or socket of which most bytes were kept; of one name there may be several."""
    if found.subject.kind not in (Kind.FILE, Kind.CONNECTION) or not len(found.things):
        return -1
    events, kinds = scope.frames.events, scope.frames.descriptors["type"]
    things = found.things[(kinds.iloc[found.things] != "directory").to_numpy()]
    used, captured = (events[name].to_numpy()[found.rows] for name in ("descriptor", "captured"))
    kept = np.bincount(used[used >= 0], captured[used >= 0], minlength=len(kinds))
    return int(things[np.argmax(kept[things])]) if len(things) else -1


def _drawn(scope: Scope, rows: np.ndarray) -> tuple[int, int]:
    start, end = scope.range
    if not len(rows):
        return start, end
    times = scope.frames.events["time"].to_numpy()[rows[[0, -1]]]
    first, last = int(times[0]), int(times[1])
    margin = max(1_000, (last - first) // 12)
    near = (max(start, first - margin), min(end, last + margin))
    return near if (near[1] - near[0]) * _SHORT < end - start else (start, end)


def _life(scope: Scope, found: Found) -> tuple[int, int]:
    """Birth and death as the capture tells them; -1 not within it."""
    frames = scope.frames
    if found.subject.kind is Kind.PROCESS:
        return number_at(frames.processes, "start", found.row), number_at(frames.processes, "end", found.row)
    if found.subject.kind is Kind.CONTAINER:
        return number_at(frames.containers, "birth", found.row), number_at(
            frames.containers, "death", found.row
        )
    if found.subject.kind is Kind.CONNECTION and len(found.rows):
        times = frames.events["time"].to_numpy()[found.rows[[0, -1]]]
        return int(times[0]), int(times[1])
    return -1, -1


def _note(known: SubjectAnswer) -> str:
    assert known.found is not None  # noqa: S101 - asked for what was found
    total = len(known.found.rows)
    shown = format_count(known.events, "event")
    told = shown if known.events == total else f"{shown} of {total:,} in this selection"
    return told + (f"  ·  {_fate(known)}" if _fate(known) else "")


def _fate(known: SubjectAnswer) -> str:
    if known.subject.kind not in (Kind.CONTAINER, Kind.PROCESS):
        return ""
    birth, death = known.life
    word = "removed" if known.subject.kind is Kind.CONTAINER else "ended"
    begun = "began within the recording" if birth >= 0 else "was there before the recording"
    return f"{begun}, {word} within it" if death >= 0 else f"{begun}, alive at its end"


def _nothing(known: SubjectAnswer) -> str:
    return f"This capture has no {known.subject.kind.value} {plain(known.label)}."
