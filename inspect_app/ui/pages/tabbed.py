"""A page whose rows are in several tables: what all such pages have in common."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspect_app.cases import Anchor
from inspect_app.ui.pages.page import Page, PageHead
from inspect_app.ui.tabs import TabbedTables
from inspect_app.ui.widgets import refresh_tool_icons


class TabbedPage(Page):
    """A head, and tables under tabs; the tab and its order are part of the place one is at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = PageHead()
        self.tables = TabbedTables()
        self.tables.tab_wanted.connect(self.tab_wanted)
        self.tables.panel.sorted_by.connect(self.sorted_by)
        self.adopt(self.tables.panel)

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """A tab and its order."""
        self.tables.show_part(tab, sort, descending=descending)

    def anchor(self) -> Anchor | None:
        """The line that has the focus; without one the page."""
        return self.tables.panel.anchor_of(self.tables.panel.grid.current_line()) or super().anchor()

    def begin_find(self) -> None:
        """In the table."""
        self.tables.panel.find_bar.begin()

    def ask_for_export(self) -> None:
        """Let the analyst choose a file for the table to be written to."""
        self.tables.panel.ask_for_export()

    def take_focus(self) -> None:
        """To the table's rows."""
        self.tables.panel.grid.setFocus()

    def refresh_theme(self) -> None:
        """The tools' icons."""
        refresh_tool_icons(self)
