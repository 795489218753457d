"""Several tables in one place: a tab for each, with how many rows it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QVBoxLayout, QWidget

from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import Prepared
from inspect_app.ui.table_panel import TablePanel
from inspect_app.views.format import format_compact


@dataclass(frozen=True, eq=False)
class Tab:
    """One table."""

    id: str
    title: str
    ready: Prepared
    nothing: str
    """What to say where it is empty."""
    beside: str = ""
    """Calls that were only counted and belong here, or may; empty for none."""


class TabbedTables(QWidget):
    """Tabs over one panel, which shows the rows of the chosen one."""

    tab_wanted = Signal(str)
    """The analyst chose a tab; `show_part` then shows it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = TablePanel()
        self.panel.opened.connect(self.panel.open_line)
        self.bar = QTabBar()
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setUsesScrollButtons(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideNone)
        self.bar.setAccessibleName("Tables of this page")
        self.bar.currentChanged.connect(self._on_tab)
        self._tabs: tuple[Tab, ...] = ()
        self._scope: Scope | None = None
        self._shown: tuple[object, ...] = ()
        self._row = QHBoxLayout()
        self._row.setContentsMargins(6, 4, 8, 0)
        self._row.addWidget(self.bar, 1)
        for tool in self.panel.tools(with_texts=False):
            self._row.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._row)
        column.addWidget(self.panel, 1)

    @property
    def current(self) -> str:
        """The tab that is shown; empty for none."""
        place = self.bar.currentIndex()
        return self._tabs[place].id if 0 <= place < len(self._tabs) else ""

    def show_tabs(self, scope: Scope, tabs: Sequence[Tab]) -> None:
        """Replace all tables; the tab that is shown stays where the new ones have it."""
        kept = self.current
        self._scope, self._tabs, self._shown = scope, tuple(tabs), ()
        self.bar.blockSignals(True)
        while self.bar.count():
            self.bar.removeTab(0)
        for tab in self._tabs:
            place = self.bar.addTab(f"{tab.title}  {format_compact(len(tab.ready.table))}")
            self.bar.setTabToolTip(place, tab.ready.table.view.description)
        self.bar.blockSignals(False)
        self.show_part(kept, "", descending=True)

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """Show a tab, an unknown one is the first; in an order, the table's own for an empty column."""
        if self._scope is None or not self._tabs:
            return
        names = [one.id for one in self._tabs]
        place = names.index(tab) if tab in names else 0
        if (self._tabs[place], sort, descending) == self._shown:
            return
        is_other = not self._shown or self._shown[0] is not self._tabs[place]
        self._shown = (self._tabs[place], sort, descending)
        self.bar.blockSignals(True)
        self.bar.setCurrentIndex(place)
        self.bar.blockSignals(False)
        if is_other:
            self.panel.show_rows(self._scope, self._tabs[place].ready, self._tabs[place].nothing)
            self.panel.tell_beside(self._tabs[place].beside)
            self.panel.go_to_line(0)
        if sort or not is_other:
            self.panel.want_order(sort, descending=descending)

    def _on_tab(self, place: int) -> None:
        if 0 <= place < len(self._tabs):
            self.tab_wanted.emit(self._tabs[place].id)
