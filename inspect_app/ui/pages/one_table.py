"""A page that is one table: where find, export and the keyboard's focus go."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inspect_app.ui.pages.page import Page
from inspect_app.ui.table_panel import TablePanel
from inspect_app.ui.widgets import refresh_tool_icons


class OneTablePage(Page):
    """Who derives from it places `panel`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = TablePanel()

    def begin_find(self) -> None:
        """In the table."""
        self.panel.find_bar.begin()

    def ask_for_export(self) -> None:
        """Let the analyst choose a file for the table to be written to."""
        self.panel.ask_for_export()

    def take_focus(self) -> None:
        """To the rows."""
        self.panel.grid.setFocus()

    def refresh_theme(self) -> None:
        """The tools' icons."""
        refresh_tool_icons(self)
