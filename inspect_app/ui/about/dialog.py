"""Which versions these are, and under which licences."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inspect_app.ui.about.libraries import libraries, text_of, version_of
from inspect_app.ui.fonts import mono_font, scaled
from inspect_app.ui.widgets import Heading, plain_label

_TITLES = ("Library", "Version", "Licence")
_NO_TEXT = "The package holds no text of its licence; the name above says which it is."


class AboutDialog(QDialog):
    """Versions above; below all libraries, and the licence of the chosen one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Exhume")
        self.libraries = libraries()
        self.table = QTableWidget(len(self.libraries), len(_TITLES))
        self.table.setAccessibleName("Libraries and their licences")
        self.table.setHorizontalHeaderLabels(_TITLES)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        for line, one in enumerate(self.libraries):
            for section, text in enumerate((one.name, one.version, one.licence)):
                self.table.setItem(line, section, QTableWidgetItem(text))
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.currentCellChanged.connect(lambda line, *_: self._show(line))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Text of the licence")
        self.text.setFont(mono_font(11))
        split = QSplitter(Qt.Orientation.Vertical)
        for widget in (self.table, self.text):
            split.addWidget(widget)
        split.setSizes([scaled(240), scaled(240)])
        copy, close = QPushButton("Copy the versions"), QPushButton("Close")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.versions()))
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (copy, close):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.addWidget(Heading(f"Exhume {version_of('exhume')}"))
        column.addWidget(
            plain_label(
                "", "Records what a Linux node and its containers do, and lets one dig into it later."
            )
        )
        column.addWidget(plain_label("Muted", f"Apache License 2.0  ·  {_platform()}"))
        column.addWidget(split, 1)
        column.addLayout(row)
        self.resize(scaled(760), scaled(620))
        self.table.setCurrentCell(0, 0)

    def versions(self) -> str:
        """All versions as text, for a report of a defect."""
        lines = [f"{one.name} {one.version}" for one in self.libraries]
        return "\n".join((_platform(), *lines))

    def _show(self, line: int) -> None:
        if 0 <= line < len(self.libraries):
            self.text.setPlainText(text_of(self.libraries[line]) or _NO_TEXT)


def _platform() -> str:
    return f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()} {platform.machine()}"
