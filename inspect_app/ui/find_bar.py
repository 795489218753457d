"""Find in a table: n of N, next and previous."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from inspect_app.ui.widgets import plain_label
from inspect_app.views.format import format_count


class FindBar(QWidget):
    """A line to type in; Enter goes on, Shift+Enter back, Escape closes."""

    went_to = Signal(int)
    """The line on which a match stands."""
    closed = Signal()

    def __init__(self, find: Callable[[str], np.ndarray | None], parent: QWidget | None = None) -> None:
        """`find` gives the lines, ascending, that hold a text; None: `show_found` tells later."""
        super().__init__(parent)
        self._find = find
        self._lines = np.empty(0, dtype=np.int64)
        self._place = -1
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("Find in this table")
        self.edit.setClearButtonEnabled(True)
        self.edit.setAccessibleName("Find in this table")
        self.edit.textChanged.connect(self._on_text)
        self._count = plain_label("Muted")
        self._count.setMinimumWidth(90)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.edit, 1)
        row.addWidget(self._count)
        for title, by in (("Previous", -1), ("Next", 1)):
            button = QPushButton(title)
            button.clicked.connect(lambda *_, by=by: self.step(by))
            row.addWidget(button)
        self.setMaximumWidth(520)
        self.hide()

    @property
    def count_text(self) -> str:
        """`2 of 17`."""
        return self._count.text()

    def begin(self) -> None:
        """Show it and let the analyst type."""
        self.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def refresh(self) -> None:
        """Look again: the table's lines have changed."""
        if self.isVisible() and self.edit.text():
            self._on_text(self.edit.text())

    def step(self, by: int) -> None:
        """Go to the next match, round the end."""
        if len(self._lines):
            self._place = (self._place + by) % len(self._lines)
            self._count.setText(f"{self._place + 1:,} of {format_count(len(self._lines))}")
            self.went_to.emit(int(self._lines[self._place]))

    def show_found(self, lines: np.ndarray) -> None:
        """Go to the first of the lines that hold the text."""
        self._lines, self._place = lines, -1
        self._count.setText("not found" if self.edit.text() and not len(lines) else "")
        self.step(1)

    def _on_text(self, text: str) -> None:
        none = np.empty(0, dtype=np.int64)
        found = self._find(text) if text else none
        self.show_found(none if found is None else found)
        if found is None:
            self._count.setText("looking …")

    # Qt's own names from here on.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Shift+Enter, Escape."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.edit.clear()
            self.hide()
            self.closed.emit()
        else:
            super().keyPressEvent(event)
