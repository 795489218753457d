"""A file or a folder to be named: typed, or chosen with a button."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class Wanted(Enum):
    """What may be named."""

    FILE = auto()
    NEW = auto()
    """A file that need not be there yet."""
    FILE_OR_FOLDER = auto()


class PathLine(QWidget):
    """The name of a file or folder, to be typed or chosen; empty for none."""

    chosen = Signal(str)

    def __init__(self, title: str, tip: str, path: str, wanted: Wanted = Wanted.FILE) -> None:
        super().__init__()
        self._wanted = wanted
        self.edit = QLineEdit(path)
        self.edit.setPlaceholderText(tip)
        self.edit.setAccessibleName(title)
        self.edit.setClearButtonEnabled(True)
        self.edit.editingFinished.connect(self._tell)
        self._before = path
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        ways = [("File …", self._choose_file)]
        if wanted is Wanted.FILE_OR_FOLDER:
            ways.append(("Folder …", self._choose_folder))
        for word, call in ways:
            button = QPushButton(word)
            button.setAccessibleName(f"{word.removesuffix(' …')}: {title}")
            button.clicked.connect(call)
            row.addWidget(button)

    def _choose_file(self) -> None:
        title, before = self.edit.accessibleName(), self.edit.text()
        if self._wanted is Wanted.NEW:
            # It is appended to, never overwritten.
            keeps = QFileDialog.Option.DontConfirmOverwrite
            path, _kind = QFileDialog.getSaveFileName(self, title, before, options=keeps)
        else:
            path, _kind = QFileDialog.getOpenFileName(self, title, before)
        self._take(path)

    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self.edit.accessibleName(), self.edit.text()))

    def _take(self, path: str) -> None:
        if path:
            self.edit.setText(path)
            self._tell()

    def _tell(self) -> None:
        path = self.edit.text().strip()
        if path != self._before:
            self._before = path
            self.chosen.emit(path)
