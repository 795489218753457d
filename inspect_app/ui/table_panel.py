"""A table with what belongs to it: find, columns, export, totals, copy, and ways on from each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from inspect_app.cases import Anchor, AnchorKind
from inspect_app.cases.anchors import event_anchor, page_anchor, subject_anchor
from inspect_app.session.look import Look
from inspect_app.ui.copying import Copier
from inspect_app.ui.find_bar import FindBar
from inspect_app.ui.pages.page import EmptyState
from inspect_app.ui.row_menu import MenuBuilder, RowChoice, build_row_menu
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import Prepared, ViewModel, prepare
from inspect_app.ui.table_view import GridView, TotalsRow
from inspect_app.ui.widgets import plain_label, tool_button
from inspect_app.views.export import to_csv
from inspect_app.views.format import Unit, format_count, format_value
from inspect_app.views.row_subjects import subjects_of_row
from inspect_app.views.sorting import search
from inspect_app.views.table import ViewTable
from inspect_app.views.view import Kind

_PATHS = frozenset(
    {"fd.name", "fd.directory", "proc.exepath", "proc.cwd", "file", "path", "container.image", "image"}
)
"""Fields, and columns of tables that are no views, that hold paths or other names whose end tells most."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a view as they are shown."""

    table: ViewTable
    order: np.ndarray
    """int64, positions of the rows in their order."""


class TablePanel(QWidget):
    """Shows the rows of one view, then of another; says by signals where the analyst wants to go."""

    drill_wanted = Signal(str, str, str)
    filter_wanted = Signal(str)
    page_wanted = Signal(str)
    failed = Signal(str, str)
    work_wanted = Signal(str, object, object)
    told = Signal(str)
    note_wanted = Signal(object, bool)
    look_wanted = Signal(object)
    """A function from the look to another: the columns were chosen."""
    export_wanted = Signal(object)
    """The `Rows` that are shown, or None: they shall be handed to another tool."""
    sorted_by = Signal(str, bool)
    """The analyst chose an order: column and whether it descends."""
    line_changed = Signal(int)
    """Another line is the current one."""
    opened = Signal(int)
    """A line was opened with Enter or a double click."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: ViewModel | None = None
        self.scope: Scope | None = None
        self.anchor_of: Callable[[int], Anchor | None] = self.row_anchor
        """What a note on a line is on; a page may know better."""
        self.more_entries: Callable[[MenuBuilder, int], object] | None = None
        """Entries of a page's own for a line's menu."""
        self.grid = GridView()
        self.grid.opened.connect(self.opened)
        self.grid.menu_wanted.connect(self._show_menu)
        self.grid.horizontalHeader().sectionClicked.connect(self._sort_section)
        self.totals = TotalsRow(self.grid)
        self.find_bar = FindBar(self._find_lines)
        self.find_bar.went_to.connect(self.go_to_line)
        self.find_bar.closed.connect(self.grid.setFocus)
        self.empty = EmptyState()
        self.copier = Copier(self.told.emit, self.failed.emit)
        self.columns_menu = QMenu(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.beside = plain_label("Muted")
        self.beside.setContentsMargins(12, 4, 12, 4)
        self.beside.setVisible(False)
        for widget in (self.empty, self.grid, self.totals, self.beside):
            column.addWidget(widget, 0 if widget in (self.totals, self.beside) else 1)
        copy = QAction("Copy", self, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.triggered.connect(self.copy_rows)
        self.grid.addAction(copy)

    def tools(self, *, with_texts: bool = True) -> list[QWidget]:
        """The find line and the buttons, for the head of a page; without texts where there is little room."""
        find, columns, export = ("Find", "Columns", "Export") if with_texts else ("", "", "")
        chooser = tool_button(columns, "columns", "Which columns are shown")
        chooser.setMenu(self.columns_menu)
        chooser.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return [
            self.find_bar,
            tool_button(find, "search", "Find in this table (Ctrl+F)", self.find_bar.begin),
            chooser,
            tool_button(export, "save", "Export the table or its events (Ctrl+E)", self.ask_for_export),
        ]

    @property
    def table(self) -> ViewTable | None:
        """The rows that are shown."""
        return self.model.table if self.model is not None else None

    def show_rows(self, scope: Scope, ready: Prepared, nothing: str) -> None:
        """Replace the rows; `nothing` is said where there are none."""
        self.scope = scope
        table = ready.table
        model = ViewModel(ready, scope.zero, self, scope.look)
        self._show_chosen_columns(model, scope.look)
        old, self.model = self.model, model
        self.grid.setModel(model)
        self.grid.selectionModel().currentRowChanged.connect(lambda at, _: self.line_changed.emit(at.row()))
        if old is not None:
            old.deleteLater()
        self.grid.setAccessibleName(table.view.title)
        self._show_totals()
        self._fit_columns()
        self._fill_columns_menu()
        self.empty.tell("" if len(table) else nothing)
        self.grid.setVisible(bool(len(table)))
        self.totals.setVisible(any(self.totals.texts))
        self.find_bar.refresh()

    def _show_chosen_columns(self, model: ViewModel, look: Look) -> None:
        """The columns that the look chose for the view; some of them may be of another version's."""
        columns = model.table.columns
        chosen = look.columns.get(model.table.view.id, ())
        places = [place for place, column in enumerate(columns) if column.id in chosen]
        model.shown = places or model.shown

    def tell_beside(self, text: str) -> None:
        """What belongs beside the figures and is in none of them; empty for nothing."""
        self.beside.setText(text[:1].upper() + text[1:])
        self.beside.setToolTip("They were counted, not recorded one by one: no row, total or tile has them.")
        self.beside.setVisible(bool(text))

    def show_order(self, answer: object) -> None:
        """Another order of the rows that are shown; of others it is out of date."""
        ready = cast(Prepared, answer)
        if self.model is not None and ready.table is self.model.table:
            self.model.show_order(ready)
            self.grid.scrollToTop()
            self.find_bar.refresh()

    def want_order(self, column: str, *, descending: bool) -> None:
        """Put the rows in another order, on a worker."""
        if self.model is not None:
            table = self.model.table
            self.work_wanted.emit("Sorting", lambda _: prepare(table, column, descending), self.show_order)

    def go_to_line(self, line: int) -> None:
        """Put the focus on a line."""
        if self.model is not None and 0 <= line < self.model.rowCount():
            index = self.model.index(line, max(0, self.grid.currentIndex().column()))
            self.grid.setCurrentIndex(index)
            self.grid.scrollTo(index)

    def choice(self, line: int) -> RowChoice | None:
        """What a line stands for, for menus and drill-downs."""
        if self.model is None or self.scope is None or not 0 <= line < self.model.rowCount():
            return None
        table, row = self.model.table, self.model.row_of(line)
        subjects = subjects_of_row(self.scope.frames, table, row)
        return RowChoice(table.view, table.condition(row), table.label(row), subjects)

    def row_anchor(self, line: int) -> Anchor | None:
        """A line as a note keeps it: its event, its subject, or the condition that it stands for."""
        choice = self.choice(line)
        if choice is None or self.model is None or self.scope is None:
            return None
        frames, table, row = self.scope.frames, self.model.table, self.model.row_of(line)
        event = int(table.last[row])
        if table.view.kind is Kind.LIST and event >= 0:
            return event_anchor(frames, event)
        if choice.subjects:
            return subject_anchor(frames, choice.subjects[0])
        if not choice.condition:
            return None
        time = int(frames.events["time"].to_numpy()[event]) if event >= 0 else None
        return page_anchor(
            frames, AnchorKind.ROW, table.view.id, choice.label, condition=choice.condition, at_ns=time
        )

    def open_line(self, line: int) -> None:
        """Go deeper from a line: where its view leads, else to the events."""
        choice = self.choice(line)
        if choice is not None and choice.condition:
            self.drill_wanted.emit(choice.view.drilldown or "events", choice.condition, choice.label)

    def copy_rows(self) -> None:
        """The chosen rows as CSV to the clipboard."""
        self.copy_as(to_csv)

    def copy_as(self, write: object) -> None:
        """The chosen rows to the clipboard in one of the forms of `views.export`."""
        if self.model is None or not callable(write):
            return
        model, ranges = self.model, self.grid.selected_ranges()
        order = np.concatenate([model.order[top : end + 1] for top, end in ranges] or [model.order[:0]])
        told = f"{format_count(len(order), 'row')} copied"
        self.work_wanted.emit(
            "Copying", lambda _: write(model.table, order), lambda text: self.copier.copy(text, told)
        )

    @property
    def rows(self) -> Rows | None:
        """The rows in the order in which they are shown."""
        return Rows(self.model.table, self.model.order) if self.model is not None else None

    def ask_for_export(self) -> None:
        """Let the analyst hand the table, or the events below it, to another tool."""
        self.export_wanted.emit(self.rows)

    def _find_lines(self, text: str) -> np.ndarray:
        if self.model is None:
            return np.empty(0, dtype=np.int64)
        return self.model.lines_of(search(self.model.table, text))

    def _show_menu(self, index: QModelIndex, place: QPoint) -> None:
        choice = self.choice(index.row())
        if choice is not None:
            build_row_menu(self, choice, index.row(), index.column()).popup(place)

    def _sort_section(self, section: int) -> None:
        if self.model is not None:
            column = self.model.table.columns[self.model.shown[section]]
            before, descending = self.model.sorted_by
            # Figures are asked for the largest, names for the first.
            self.sorted_by.emit(column.id, not descending if column.id == before else column.unit.numeric)

    def _fit_columns(self) -> None:
        if self.model is not None:
            columns = [self.model.table.columns[place] for place in self.model.shown]
            self.grid.cut_in_the_middle(
                [section for section, one in enumerate(columns) if one.of in _PATHS or one.id in _PATHS]
            )
            times = [section for section, one in enumerate(columns) if one.unit is Unit.TIME]
            self.grid.fit_columns(self.model.text, extra=self.totals.texts, whole=times)

    def _show_totals(self) -> None:
        if self.model is not None:
            table = self.model.table
            texts = [
                ""
                if table.totals[place] is None
                else format_value(table.totals[place], table.columns[place].unit)
                for place in self.model.shown
            ]
            if any(texts) and not texts[0]:
                texts[0] = "Total"
            self.totals.show_texts(texts)

    def _fill_columns_menu(self) -> None:
        self.columns_menu.clear()
        if self.model is None:
            return
        for place, column in enumerate(self.model.table.columns):
            action = self.columns_menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(place in self.model.shown)
            action.setToolTip(column.meaning)
            action.toggled.connect(lambda on, place=place: self._toggle_column(place, on=on))

    def _toggle_column(self, place: int, *, on: bool) -> None:
        if self.model is not None:
            places = sorted({*self.model.shown, place} if on else {*self.model.shown} - {place})
            if places:
                self.model.show_columns(places)
                self._show_totals()
                self._fit_columns()
                view = self.model.table.view
                ids = tuple(view.columns[one].id for one in places)
                self.look_wanted.emit(lambda look: look.with_columns(view.id, ids))
