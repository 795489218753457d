"""Single events, with everything about the chosen one beside the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import cast

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QSplitter, QToolButton, QWidget

from inspect_app.analysis.event import EventDetail, describe_event
from inspect_app.cases import Anchor
from inspect_app.cases.anchors import event_anchor
from inspect_app.cases.noted import Noted
from inspect_app.session.colour_rules import marks_of_events
from inspect_app.session.look import Look
from inspect_app.ui.choice_button import ChoiceButton
from inspect_app.ui.copying import Copier
from inspect_app.ui.event_model import COLUMNS, EVENT, EventModel, Painted, sort_of
from inspect_app.ui.find_bar import FindBar
from inspect_app.ui.jobs import Job
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.pages.detail import DetailPanel
from inspect_app.ui.pages.detail_value import DetailValue
from inspect_app.ui.pages.event_grid import EventGrid
from inspect_app.ui.pages.event_text import as_csv, as_json, as_text, lines_named
from inspect_app.ui.pages.event_ways import Way, process_of_event, ways_from, ways_of_cell
from inspect_app.ui.pages.page import EmptyState, Page, PageHead, Question
from inspect_app.ui.scope import Scope
from inspect_app.ui.thing_menu import Entry, Thing, build_thing_menu
from inspect_app.ui.widgets import refresh_tool_icons, tool_button
from inspect_app.views.event_order import FIELDS, TIME, order_events
from inspect_app.views.format import UNKNOWN, Clock, format_count
from inspect_app.views.row_subjects import subjects_of_event

_CLOCKS = (("From start", Clock.RELATIVE), ("UTC", Clock.UTC), ("Local time", Clock.LOCAL))
_ID = "events"
"""What the look calls this page."""
_COPY_LIMIT = 100_000
_COPIES = (("Copy chosen events as CSV", as_csv), ("Copy chosen events as JSON", as_json))
Write = Callable[[EventModel, Sequence[int], Callable[[], object]], str]
"""Lines of a list as text."""


@dataclass(frozen=True, eq=False)
class EventsAnswer:
    """What the worker hands over."""

    rows: np.ndarray
    """uint32, ascending."""
    painted: Painted


class EventsPage(Page):
    """The list at the left, the detail at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: EventModel | None = None
        self._clock_of_look = ""
        self._places: dict[tuple[object, ...], int] = {}
        self.grid = EventGrid(self._fit_columns)
        self.grid.columns_chosen.connect(self._keep_columns)
        self.grid.menu_wanted.connect(self._show_menu)
        self.grid.horizontalHeader().sectionClicked.connect(self._sort_section)
        self._in_time = np.empty(0, np.uint32)
        self._order = (TIME, False)
        self.panel = DetailPanel()
        self.detail = self.panel.tree
        self.detail.menu_wanted.connect(self._show_value_menu)
        self.head = PageHead()
        self.find_bar = FindBar(self._find_lines)
        self.find_bar.edit.setPlaceholderText("Event or process, such as openat")
        self.find_bar.went_to.connect(self.go_to_line)
        self.find_bar.closed.connect(self.grid.setFocus)
        self.clock = ChoiceButton("How times are told", [title for title, _ in _CLOCKS])
        self.clock.chosen.connect(self._on_clock)
        self.head.row.addWidget(self.find_bar)
        self.head.row.addWidget(tool_button("Find", "search", "Find in this list (Ctrl+F)", self.begin_find))
        self.head.row.addWidget(self.clock)
        self.columns_menu = self.grid.columns_menu
        chooser = tool_button("Columns", "columns", "Which columns are shown")
        chooser.setMenu(self.columns_menu)
        chooser.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.head.row.addWidget(chooser)
        export = tool_button("Export", "save", "Export these events (Ctrl+E)", self.ask_for_export)
        self.head.row.addWidget(export)
        self.empty = EmptyState("events")
        self.copier = Copier(self.told.emit, self.failed.emit)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self.grid)
        self._split.addWidget(self.panel)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([878, 350])
        self._split.splitterMoved.connect(lambda *_: self._keep_sizes())
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        for widget in (self.head, self.empty, self._split):
            self.column.addWidget(widget, 0 if widget is self.head else 1)
        copy = QAction("Copy", self.grid, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_lines)
        self.grid.addAction(copy)

    def question(self, scope: Scope) -> Question:
        """Which events are selected."""

        def work(job: Job) -> object:
            rows = scope.select().positions()
            job.check()
            rules = scope.look.rules
            return EventsAnswer(rows, Painted(rules, marks_of_events(rules, scope.frames)))

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show them, at the place where one was before."""
        if self.scope is not None:
            self._places[self.scope.same] = max(0, self.grid.current_line())
        known = cast(EventsAnswer, answer)
        rows = self._in_time = known.rows
        self.scope, self._order = scope, (TIME, False)
        old, self.model = self.model, EventModel(scope.frames, rows, scope.zero, self, known.painted)
        self.model.show_noted(self.noted)
        self._take_look(scope.look)
        widths = self.grid.widths()
        self.grid.setModel(self.model)
        self.grid.show_columns(scope.look.columns.get(_ID, ()))
        if old is None or old.frames is not scope.frames or old.clock is not self.model.clock:
            self._fit_columns()
        else:
            # Of the same capture all lists are alike: a window that is dragged shall not shake them.
            self.grid.take_widths(widths)
        if old is not None:
            old.deleteLater()
        self.grid.selectionModel().currentRowChanged.connect(lambda now, _: self._show_detail(now.row()))
        self._tell_order()
        self.empty.tell("" if len(rows) else "No event meets this selection.\nRemove a chip above.")
        self._split.setVisible(bool(len(rows)))
        self.detail.clear()
        if len(rows):
            self.go_to_line(min(self._places.get(scope.same, 0), len(rows) - 1))
        self.find_bar.refresh()

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """Another order of the same events, worked out on a worker."""
        order, model = (sort, descending) if sort in (TIME, *FIELDS) else (TIME, False), self.model
        if model is None or order == self._order:
            return
        self._order = order
        frames, rows = model.frames, self._in_time

        def show(found: object) -> None:
            if self.model is model and self._order == order:
                model.show_order(cast(np.ndarray, found), order[0], descending=order[1])
                self._tell_order()
                self.go_to_line(0)
                self.find_bar.refresh()

        self.work_wanted.emit(
            "Sorting", lambda _: order_events(frames, rows, order[0], descending=order[1]), show
        )

    def _tell_order(self) -> None:
        column, descending = self._order
        told = " in order of return" if (column, descending) == (TIME, False) else f" by {column}"
        if column in (TIME, "took") and descending:
            told = ", the last first" if column == TIME else ", the longest first"
        self.head.tell("Events", f"{format_count(len(self._in_time), 'event')}{told}")

    def _sort_section(self, section: int) -> None:
        column = sort_of(section)
        if column:
            before, descending = self._order
            # How long calls took is asked for the longest, all else for the first.
            self.sorted_by.emit(column, not descending if column == before else column == "took")

    def _take_look(self, look: Look) -> None:
        """Clock and sizes, where the look says something else than before."""
        assert self.model is not None  # noqa: S101 - called once there is one
        if look.clock != self._clock_of_look:
            self._clock_of_look = look.clock
            clocks = [clock.value for _, clock in _CLOCKS]
            self.clock.choose(clocks.index(look.clock) if look.clock else 0)
        self.model.clock = _CLOCKS[self.clock.index][1]
        sizes = look.layout.get(_ID, ())
        if len(sizes) == self._split.count() and list(sizes) != self._split.sizes():
            self._split.setSizes(list(sizes))

    def _keep_sizes(self) -> None:
        sizes = tuple(self._split.sizes())
        self.look_wanted.emit(lambda look: look.with_layout(_ID, sizes))

    def _keep_columns(self, shown: object) -> None:
        titles = cast(tuple[str, ...], shown)
        self.look_wanted.emit(lambda look: look.with_columns(_ID, titles))

    def show_noted(self, noted: Noted) -> None:
        """Other notes on events: signs in the list, texts in the detail."""
        super().show_noted(noted)
        if self.model is not None:
            self.model.show_noted(noted)
            self._show_detail(self.grid.current_line())

    def anchor(self) -> Anchor | None:
        """The event that has the focus."""
        line = self.grid.current_line()
        if self.model is None or not 0 <= line < self.model.rowCount():
            return super().anchor()
        return event_anchor(self.model.frames, self.model.row_of(line))

    def go_to_line(self, line: int) -> None:
        """Put the focus on a line; its detail follows."""
        if self.model is not None:
            index = self.model.index(line, EVENT)
            self.grid.setCurrentIndex(index)
            self.grid.scrollTo(index)
            self.grid.horizontalScrollBar().setValue(0)

    def take_focus(self) -> None:
        """To the list."""
        self.grid.setFocus()

    def refresh_theme(self) -> None:
        """The tools' icons, and names whose colour is set."""
        refresh_tool_icons(self)
        self.detail.refresh_theme()

    def begin_find(self) -> None:
        """Open the line to type in."""
        self.find_bar.begin()

    def copy_lines(self) -> None:
        """The chosen events as tab separated text."""
        self.copy_as(as_text)

    def copy_as(self, write: Write) -> None:
        """The chosen events to the clipboard, written on a worker."""
        model = self.model
        if model is None:
            return
        ranges = self.grid.selected_ranges()
        chosen = sum(end - top + 1 for top, end in ranges)
        lines = list(islice(chain(*(range(top, end + 1) for top, end in ranges)), _COPY_LIMIT))
        left = f", the first {_COPY_LIMIT:,} of them" if chosen > _COPY_LIMIT else ""
        told = f"{format_count(chosen, 'event')} copied{left}"
        self.work_wanted.emit(
            "Copying",
            lambda job: write(model, lines, job.check),
            lambda text: self.copier.copy(text, told),
        )

    def _find_lines(self, text: str) -> np.ndarray:
        return np.empty(0, dtype=np.int64) if self.model is None else lines_named(self.model, text)

    def _show_detail(self, line: int) -> None:
        if self.model is not None and 0 <= line < self.model.rowCount():
            notes = self.noted.of_row(self.model.row_of(line))
            self.detail.show_detail(self.describe(line), notes)

    def _show_value_menu(self, value: DetailValue, place: QPoint) -> None:
        self.value_menu(value).popup(place)

    def value_menu(self, value: DetailValue) -> QMenu:
        """What can be done with a value of the detail."""
        about, line = value.condition(), self.grid.current_line()
        if about or self.model is None or line < 0:
            return build_thing_menu(self, Thing(value.text, about, value=value.text))
        # What no field holds is told of the event.
        row = self.model.row_of(line)
        thing = Thing(f"event {row + 1:,}", f"evt.num = {row + 1}", "process", value.text, event=row)
        return build_thing_menu(self, replace(thing, deeper=process_of_event(self.model.frames, row)))

    def value_of(self, line: int, section: int) -> str:
        """What a cell says, as the capture has it, where it may occur elsewhere; else empty."""
        assert self.model is not None  # noqa: S101 - a line exists only where a model is
        frames, row = self.model.frames, self.model.row_of(line)
        title = COLUMNS[section][0]
        if title == "Process":
            image = number_at(frames.events, "image", row)
            return text_at(frames.images, "comm", image) if image >= 0 else ""
        if title == "Arguments":
            descriptor = number_at(frames.events, "descriptor", row)
            return text_at(frames.descriptors, "name", descriptor) if descriptor >= 0 else ""
        if title == "Result":
            # As in `-1 ENOENT`.
            return self.model.text(line, section).rpartition(" ")[2] if self.model.failed(line) else ""
        if title in ("Event", "TID", "Container"):
            text = self.model.text(line, section)
            return "" if text == UNKNOWN else text
        return ""

    def describe(self, line: int) -> EventDetail:
        """Everything about the event in a line."""
        assert self.model is not None  # noqa: S101 - a line exists only where a model is
        return describe_event(self.model.frames, self.model.row_of(line))

    def _show_menu(self, index: QModelIndex, place: QPoint) -> None:
        if self.model is not None:
            self.menu_of(index.row(), index.column()).popup(place)

    def menu_of(self, line: int, section: int) -> QMenu:
        """Where one can go from an event, and from what a cell says."""
        assert self.model is not None  # noqa: S101 - a line exists only where a model is
        frames, row = self.model.frames, self.model.row_of(line)
        strace = partial(self.copier.copy, self.describe(line).line)
        value = self.value_of(line, section)
        ways = (*ways_of_cell(COLUMNS[section][0], value), *ways_from(frames, row))
        own: list[Entry] = [(way.title, way.icon, partial(self._take, way)) for way in ways]
        own.append(("Copy cell", "copy", partial(self.copier.copy, self.model.text(line, section))))
        own.append(("Copy as a strace line", "copy", strace))
        own += [
            (title, "copy", partial(self.copy_as, write))
            for title, write in (
                ("Copy chosen events as CSV", as_csv),
                ("Copy chosen events as JSON", as_json),
            )
        ]
        thing = Thing(
            label=f"event {row + 1:,}",
            condition=f"evt.num = {row + 1}",
            value=value,
            subjects=subjects_of_event(frames, row),
            moment=number_at(frames.events, "time", row),
            event=row,
            key="process",
            deeper=process_of_event(frames, row),
        )
        return build_thing_menu(self, thing, tuple(own))

    def _take(self, way: Way) -> None:
        if way.page:
            self.drill_wanted.emit(way.page, way.condition, way.label)
        else:
            self.filter_wanted.emit(way.condition)

    def _fit_columns(self) -> None:
        if self.model is not None and len(self._in_time):
            self.grid.fit(self.model, int(self._in_time[-1]))

    def _on_clock(self, place: int) -> None:
        if self.model is not None:
            self.model.show_clock(_CLOCKS[place][1])
            self._fit_columns()
