"""Help: all keys, and which versions these are."""

from __future__ import annotations

import platform
from importlib import metadata

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from inspect_app.ui.actions import COMMANDS, IN_PLACE
from inspect_app.ui.widgets import plain_label


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
        column.addWidget(plain_label("PageTitle", "Keyboard shortcuts"))
        column.addWidget(scroll)
        self.resize(720, 640)


class AboutDialog(QDialog):
    """Versions and licences of what runs here."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Exhume")
        lines = [
            "Exhume records what a Linux node and its containers do, and lets one dig into it later.",
            "",
            f"Exhume {version_of('exhume')}, Apache License 2.0",
            f"Python {platform.python_version()}, Qt {qVersion()}",
            f"PySide6 {version_of('PySide6_Essentials')} (LGPL 3)",
            f"numpy {version_of('numpy')}, pandas {version_of('pandas')} (BSD)",
            "DejaVu fonts (Bitstream Vera licence), used for pictures",
        ]
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 24)
        column.addWidget(plain_label("PageTitle", "Exhume"))
        column.addWidget(plain_label("", "\n".join(lines)))


def version_of(distribution: str) -> str:
    """The version of an installed package, `not installed` where it is not."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
