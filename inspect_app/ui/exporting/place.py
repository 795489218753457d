"""The name of a file to write, typed or chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class PlaceLine(QWidget):
    """A line and a button beside it; changing the kind of file changes the ending alone."""

    changed = Signal()

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit(str(path))
        self.edit.setAccessibleName("Where")
        self.edit.textChanged.connect(lambda *_: self.changed.emit())
        choose = QPushButton("Choose …")
        choose.setAccessibleName("Choose where")
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(choose)
        self.setFocusProxy(self.edit)

    @property
    def path(self) -> Path | None:
        """None where nothing is written."""
        text = self.edit.text().strip()
        return Path(text) if text else None

    def replace_ending(self, before: str, after: str) -> None:
        """Another kind of file under the same name; a name with an ending of its own stays."""
        text = self.edit.text()
        if before and text.endswith(before):
            self.edit.setText(text.removesuffix(before) + after)

    def _choose(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(self, "Where to write it", self.edit.text())
        if path:
            self.edit.setText(path)
