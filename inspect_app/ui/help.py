"""Help: all keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from inspect_app.ui.actions import COMMANDS, IN_PLACE
from inspect_app.ui.widgets import Heading, plain_label


class ShortcutsDialog(QDialog):
    """All keys, out of the table of commands."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        keys = [(", ".join(command.shortcuts), command.text) for command in COMMANDS if command.shortcuts]
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(24)
        for line, (key, text) in enumerate((*keys, *IN_PLACE)):
            grid.addWidget(plain_label("GroupTitle", key), line, 0)
            grid.addWidget(plain_label("", text), line, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(inner)
        column = QVBoxLayout(self)
        column.addWidget(Heading("Keyboard shortcuts"))
        column.addWidget(scroll)
        self.resize(720, 640)
