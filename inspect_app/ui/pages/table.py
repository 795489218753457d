"""A view as a page: every row, any order, find, copy, export, and ways on from each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from PySide6.QtWidgets import QWidget

from inspect_app.analysis.beside import counted_beside
from inspect_app.cases import Anchor
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.page import Page, PageHead, Question
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import Prepared, ViewModel, prepare
from inspect_app.ui.table_panel import TablePanel
from inspect_app.ui.widgets import refresh_tool_icons
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.format import beside_text, format_count
from inspect_app.views.table import apply_view


@dataclass(frozen=True, eq=False)
class TableAnswer:
    """The rows in an order."""

    ready: Prepared
    beside: str
    """Calls that were only counted and belong here, or may; empty for none."""


class TablePage(Page):
    """Shows one view after the other; `question_about` says which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_id = "processes"
        self._places: dict[tuple[object, ...], int] = {}
        self._order: tuple[str, bool] = ("", True)
        self.panel = TablePanel()
        self.grid, self.totals, self.find_bar = self.panel.grid, self.panel.totals, self.panel.find_bar
        self.empty = self.panel.empty
        self.panel.opened.connect(self._open_line)
        self.panel.sorted_by.connect(self.sorted_by)
        self.adopt(self.panel)
        self.head = PageHead()
        for tool in self.panel.tools():
            self.head.row.addWidget(tool)
        self.column.addWidget(self.head)
        self.column.addWidget(self.panel, 1)

    @property
    def model(self) -> ViewModel | None:
        """The rows as Qt has them."""
        return self.panel.model

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
            beside = counted_beside(scope.frames, scope.window, [*scope.conditions, view.filter])
            return TableAnswer(prepare(table, *order, scope), beside_text(beside) if beside else "")

        return work

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """Another order of what is shown, worked out on a worker."""
        if self.model is not None and (sort, descending) != self._order:
            self._order = (sort, descending)
            self.panel.want_order(sort, descending=descending)

    def present(self, scope: Scope, answer: object) -> None:
        """Show the rows, at the place where one was before."""
        told = cast(TableAnswer, answer)
        ready = told.ready
        table, view = ready.table, ready.table.view
        self.scope = scope
        self.panel.show_rows(scope, ready, _nothing(view.noun[1], scope))
        self.panel.tell_beside(told.beside)
        self.head.tell(
            view.title, f"{format_count(len(table), *view.noun)}  ·  {view.description}", view.description
        )
        if len(table):
            self.panel.go_to_line(min(self._places.get((view.id, *scope.same), 0), len(table) - 1))

    def anchor(self) -> Anchor | None:
        """The line that has the focus; without one the page."""
        return self.panel.anchor_of(self.panel.grid.current_line()) or super().anchor()

    def begin_find(self) -> None:
        """Open the line to type in."""
        self.find_bar.begin()

    def ask_for_export(self) -> None:
        """Let the analyst choose a file to write to."""
        self.panel.ask_for_export()

    def take_focus(self) -> None:
        """To the rows."""
        self.grid.setFocus()

    def refresh_theme(self) -> None:
        """The tools' icons."""
        refresh_tool_icons(self)

    def _remember_place(self) -> None:
        if self.scope is not None and self.grid.current_line() >= 0:
            self._places[(self.view_id, *self.scope.same)] = self.grid.current_line()

    def _open_line(self, line: int) -> None:
        self._remember_place()
        self.panel.open_line(line)


def _nothing(noun: str, scope: Scope) -> str:
    if scope.conditions or scope.window is not None:
        return f"There are no {noun} in this selection.\nRemove a chip above, or widen the time window."
    return f"The capture holds no {noun}."
