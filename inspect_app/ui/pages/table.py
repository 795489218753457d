"""A view as a table: every row, any order, find, copy, export, and ways on from each row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from inspect_app.ui.copying import Copier
from inspect_app.ui.find_bar import FindBar
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.page import EmptyState, Page, PageHead, Question
from inspect_app.ui.row_menu import RowChoice, build_row_menu
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import Prepared, ViewModel, prepare
from inspect_app.ui.table_view import GridView, TotalsRow
from inspect_app.ui.widgets import refresh_tool_icons, tool_button
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.export import to_csv, to_json
from inspect_app.views.format import format_count, format_value
from inspect_app.views.sorting import search
from inspect_app.views.table import ViewTable, apply_view


class TablePage(Page):
    """Shows one view after the other; `show_view` says which."""

    sorted_by = Signal(str, bool)
    """The analyst chose an order: column and whether it descends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_id = "processes"
        self.model: ViewModel | None = None
        self._places: dict[tuple[object, ...], int] = {}
        self._order: tuple[str, bool] = ("", True)
        self._columns: dict[str, list[int]] = {}
        self.grid = GridView()
        self.grid.opened.connect(self._open_line)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.grid.horizontalHeader().sectionClicked.connect(self._sort_section)
        self.totals = TotalsRow(self.grid)
        self.head = PageHead()
        self.find_bar = FindBar(self._find_lines)
        self.find_bar.went_to.connect(self.go_to_line)
        self.find_bar.closed.connect(self.grid.setFocus)
        self.empty = EmptyState()
        self.copier = Copier(self.told.emit, self.failed.emit)
        self.head.row.addWidget(self.find_bar)
        tools = (
            tool_button("Find", "search", "Find in this table (Ctrl+F)", self.begin_find),
            tool_button("Columns", "columns", "Which columns are shown"),
            tool_button("Export", "save", "Save the table as CSV or JSON", self.ask_for_export),
        )
        for tool in tools:
            self.head.row.addWidget(tool)
        self._columns_button = tools[1]
        self._columns_menu = QMenu(self)
        self._columns_button.setMenu(self._columns_menu)
        self._columns_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for widget in (self.head, self.empty, self.grid, self.totals):
            self.column.addWidget(widget, 1 if widget in (self.grid, self.empty) else 0)
        copy = QAction("Copy", self, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.triggered.connect(self.copy_rows)
        self.grid.addAction(copy)

    @property
    def table(self) -> ViewTable | None:
        """The rows that are shown."""
        return self.model.table if self.model is not None else None

    def question_about(self, view_id: str, column: str, *, descending: bool) -> Callable[[Scope], Question]:
        """A view in an order; an empty column is the view's own."""
        self._remember_place()
        self.view_id = view_id
        self._order = (column, descending)
        return self.question

    def question(self, scope: Scope) -> Question:
        """The view that was asked about last, applied to the selection and put in order."""
        view, order = VIEWS[self.view_id], self._order

        def work(job: Job) -> object:
            selection = scope.select()
            job.check()
            table = apply_view(view, scope.frames, selection, window=scope.window)
            job.check()
            return prepare(table, *order)

        return work

    def want_order(self, column: str, *, descending: bool) -> None:
        """Another order of what is shown, worked out on a worker."""
        if self.model is None or (column, descending) == self._order:
            return
        self._order = (column, descending)
        table = self.model.table
        self.work_wanted.emit("Sorting", lambda _: prepare(table, column, descending), self._show_order)

    def present(self, scope: Scope, answer: object) -> None:
        """Show the rows, at the place where one was before."""
        ready = cast(Prepared, answer)
        table, view = ready.table, ready.table.view
        self.scope = scope
        model = ViewModel(ready, scope.zero, self)
        model.shown = self._columns.get(view.id, model.shown)
        old, self.model = self.model, model
        self.grid.setModel(model)
        if old is not None:
            old.deleteLater()
        self._show_totals()
        self._fit_columns()
        self._fill_columns_menu()
        self.head.tell(
            view.title, f"{format_count(len(table), *view.noun)}  ·  {view.description}", view.description
        )
        self.empty.tell("" if len(table) else _nothing(view.noun[1], scope))
        self.grid.setVisible(bool(len(table)))
        self.totals.setVisible(any(self.totals.texts))
        if len(table):
            self.go_to_line(min(self._places.get((view.id, *scope.same), 0), len(table) - 1))
        self.find_bar.refresh()

    def go_to_line(self, line: int) -> None:
        """Put the focus on a line."""
        if self.model is not None:
            index = self.model.index(line, max(0, self.grid.currentIndex().column()))
            self.grid.setCurrentIndex(index)
            self.grid.scrollTo(index)

    def choice(self, line: int) -> RowChoice | None:
        """What a line stands for, for menus and drill-downs."""
        if self.model is None or self.scope is None or not 0 <= line < self.model.rowCount():
            return None
        table, row = self.model.table, self.model.row_of(line)
        return RowChoice(table.view, table.condition(row), table.label(row))

    def begin_find(self) -> None:
        """Open the line to type in."""
        self.find_bar.begin()

    def copy_rows(self) -> None:
        """The chosen rows as CSV to the clipboard."""
        if self.model is None:
            return
        model, ranges = self.model, self.grid.selected_ranges()
        order = np.concatenate([model.order[top : end + 1] for top, end in ranges] or [model.order[:0]])
        told = f"{format_count(len(order), 'row')} copied"
        self.work_wanted.emit(
            "Copying", lambda _: to_csv(model.table, order), lambda text: self.copier.copy(text, told)
        )

    def export_to(self, path: str) -> None:
        """All rows in their order to a file: JSON where its name says so, else CSV."""
        if self.model is None:
            return
        table, order = self.model.table, self.model.order
        write = to_json if path.endswith(".json") else to_csv
        self.work_wanted.emit(
            "Exporting",
            lambda _: write(table, order).encode(),
            lambda data: self.copier.save(Path(path), data),
        )

    def ask_for_export(self) -> None:
        """Let the analyst choose a file to write to."""
        path, _kind = QFileDialog.getSaveFileName(
            self, "Save the table", f"{self.view_id}.csv", "CSV (*.csv);;JSON (*.json)"
        )
        if path:
            self.export_to(path)

    def take_focus(self) -> None:
        """To the rows."""
        self.grid.setFocus()

    def refresh_theme(self) -> None:
        """The tools' icons."""
        refresh_tool_icons(self)

    def _show_order(self, answer: object) -> None:
        ready = cast(Prepared, answer)
        if self.model is not None and ready.table is self.model.table:
            self.model.show_order(ready)
            self.grid.scrollToTop()
            self.find_bar.refresh()

    def _find_lines(self, text: str) -> np.ndarray:
        if self.model is None:
            return np.empty(0, dtype=np.int64)
        return self.model.lines_of(search(self.model.table, text))

    def _remember_place(self) -> None:
        if self.scope is not None and self.grid.current_line() >= 0:
            self._places[(self.view_id, *self.scope.same)] = self.grid.current_line()

    def _open_line(self, line: int) -> None:
        choice = self.choice(line)
        if choice is not None:
            self._remember_place()
            self.drill_wanted.emit(choice.view.drilldown or "events", choice.condition, choice.label)

    def _show_menu(self, point: QPoint) -> None:
        index = self.grid.indexAt(point)
        choice = self.choice(index.row()) if index.isValid() else None
        if choice is not None and self.model is not None:
            text = self.model.text(index.row(), index.column())
            menu = build_row_menu(self, choice, text, self.copier, self.copy_rows)
            menu.popup(self.grid.viewport().mapToGlobal(point))

    def _sort_section(self, section: int) -> None:
        if self.model is not None:
            column = self.model.table.columns[self.model.shown[section]]
            before, descending = self.model.sorted_by
            # Figures are asked for the largest, names for the first.
            self.sorted_by.emit(column.id, not descending if column.id == before else column.unit.numeric)

    def _fit_columns(self) -> None:
        if self.model is not None:
            self.grid.fit_columns(self.model.text, extra=self.totals.texts)

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
        self._columns_menu.clear()
        if self.model is None:
            return
        for place, column in enumerate(self.model.table.columns):
            action = self._columns_menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(place in self.model.shown)
            action.setToolTip(column.meaning)
            action.toggled.connect(lambda on, place=place: self._toggle_column(place, on=on))

    def _toggle_column(self, place: int, *, on: bool) -> None:
        if self.model is not None:
            places = sorted({*self.model.shown, place} if on else {*self.model.shown} - {place})
            if places:
                self._columns[self.view_id] = places
                self.model.show_columns(places)
                self._show_totals()
                self._fit_columns()


def _nothing(noun: str, scope: Scope) -> str:
    if scope.conditions or scope.window is not None:
        return f"There are no {noun} in this selection.\nRemove a chip above, or widen the time window."
    return f"The capture holds no {noun}."
