"""Where else a value occurs: the fields that have it, each a way to its events."""

from __future__ import annotations

from typing import cast

from PySide6.QtWidgets import QWidget

from inspect_app.cases import Anchor
from inspect_app.ui.chips import shortened
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.one_table import OneTablePage
from inspect_app.ui.pages.page import PageHead, Question
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import Prepared, prepare
from inspect_app.views.format import format_count
from inspect_app.views.occurrences import occurrences


class PivotPage(OneTablePage):
    """One table; what was asked for is in the address."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel.opened.connect(self.panel.open_line)
        self.panel.sorted_by.connect(self.sorted_by)
        self.adopt(self.panel)
        self.head = PageHead()
        for tool in self.panel.tools():
            self.head.row.addWidget(tool)
        self.column.addWidget(self.head)
        self.column.addWidget(self.panel, 1)

    def question(self, scope: Scope) -> Question:
        """In which fields of the selected events the value occurs."""
        value = scope.page.partition("/")[2]

        def work(job: Job) -> object:
            selection = scope.select()
            job.check()
            return prepare(occurrences(scope.frames, value, selection), scope=scope)

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show the places."""
        ready = cast(Prepared, answer)
        self.scope = scope
        value = plain(scope.page.partition("/")[2])
        nothing = f"No field of these events has {shortened(value, 80)}.\nPayload is not searched here."
        self.panel.show_rows(scope, ready, nothing)
        self.head.tell(
            f"Where is {shortened(value, 60)}?",
            f"in {format_count(len(ready.table), 'place')}  ·  Enter opens the events",
            value,
        )
        self.panel.go_to_line(0)

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """The order of the places."""
        if sort:
            self.panel.want_order(sort, descending=descending)

    def anchor(self) -> Anchor | None:
        """The line that has the focus; without one the page."""
        return self.panel.anchor_of(self.panel.grid.current_line()) or super().anchor()
