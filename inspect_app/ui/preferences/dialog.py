"""The dialog in which an analyst chooses what stays chosen; every change is in force at once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from inspect_app.ui.fonts import scaled
from inspect_app.ui.preferences.columns import ColumnsPart
from inspect_app.ui.preferences.general import GeneralPart
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.preferences.profiles import ProfilesPart
from inspect_app.ui.preferences.rules_editor import RulesEditor
from inspect_app.ui.settings import Settings


class PreferencesDialog(QDialog):
    """Parts under tabs."""

    def __init__(
        self, settings: Settings, looks: Looks, parent: QWidget | None = None, part: str = ""
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preferences")
        self.general = GeneralPart(settings, looks)
        self.columns = ColumnsPart(looks)
        self.rules = RulesEditor(looks)
        self.profiles = ProfilesPart(looks)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for title, widget in (
            ("General", self.general),
            ("Columns", self.columns),
            ("Colour rules", self.rules),
            ("Profiles", self.profiles),
        ):
            self.tabs.addTab(widget, title)
            if title == part:
                self.tabs.setCurrentWidget(widget)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.addWidget(self.tabs, 1)
        column.addWidget(close)
        self.resize(scaled(760), scaled(560))
