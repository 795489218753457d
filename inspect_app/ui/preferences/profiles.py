"""Looks that have names: save, switch, hand over, take over."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspect_app.session.look import MAX_NAME, ProfileError
from inspect_app.ui.plain import plain
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.settings import MAX_PROFILES
from inspect_app.ui.widgets import plain_label

_SUFFIXES = "Profiles (*.exhume-profile);;All files (*)"
_HINT = "A profile holds theme, size of text, clock, columns, colour rules and the sizes of parts."


class ProfilesPart(QWidget):
    """A list of them, and a line to name another."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self.list = QListWidget()
        self.list.setAccessibleName("Profiles")
        self.list.itemActivated.connect(lambda *_: self.switch())
        self.name = QLineEdit(maxLength=MAX_NAME)
        self.name.setPlaceholderText("Name of a profile")
        self.name.setAccessibleName("Name under which the present look is saved")
        self.name.returnPressed.connect(self.save)
        self.message = plain_label("Muted")
        self.message.setWordWrap(True)
        save = QPushButton("Save the present look")
        save.setAutoDefault(False)
        save.clicked.connect(self.save)
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(save)
        buttons = QVBoxLayout()
        for text, call in (
            ("Switch to it", self.switch),
            ("Export …", self._ask_for_export),
            ("Import …", self._ask_for_import),
            ("Remove", self.remove),
        ):
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda *_, call=call: call())
            buttons.addWidget(button)
        buttons.addStretch(1)
        above = QHBoxLayout()
        above.addWidget(self.list, 1)
        above.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 16, 10, 10)
        for part in (above, row):
            column.addLayout(part)
        column.addWidget(plain_label("Muted", _HINT))
        column.addWidget(self.message)
        self._fill()

    @property
    def chosen(self) -> str:
        """The name of the chosen profile, empty for none."""
        profiles, line = self._looks.profiles(), self.list.currentRow()
        return profiles[line].name if 0 <= line < len(profiles) else ""

    def save(self) -> None:
        """Give the present look the name that was typed."""
        name = self.name.text().strip()
        known = [profile.name for profile in self._looks.profiles()]
        if not name:
            self.message.setText("Type a name first.")
        elif name not in known and len(known) >= MAX_PROFILES:
            self.message.setText(f"There are {MAX_PROFILES} profiles already: remove one first.")
        else:
            self._looks.save_as(name)
            self._fill(name)
            self.message.setText(f"Saved as {plain(name)}.")

    def switch(self) -> None:
        """Put the chosen profile in force."""
        if self.chosen:
            self._looks.switch_to(self.chosen)
            self.message.setText(f"{plain(self.chosen)} is in force.")

    def remove(self) -> None:
        """Forget the chosen profile."""
        if self.chosen:
            self._looks.remove(self.chosen)
            self._fill()

    def export_to(self, path: str) -> None:
        """Write the chosen profile to a file."""
        try:
            self._looks.export_to(self.chosen, Path(path))
        except OSError as error:
            self.message.setText(plain(f"Could not write {path}: {error.strerror or error}."))
        else:
            self.message.setText(plain(f"Saved {path}"))

    def import_from(self, path: str) -> None:
        """Take over a profile out of a file."""
        try:
            profile = self._looks.import_from(Path(path))
        except ProfileError as error:
            self.message.setText(plain(f"Not taken over: {error}."))
        except OSError as error:
            self.message.setText(plain(f"Could not read {path}: {error.strerror or error}."))
        else:
            self._fill(profile.name)
            self.message.setText(f"{plain(profile.name)} is there now; switch to it to see it.")

    def _ask_for_export(self) -> None:
        if self.chosen:
            name = re.sub(r"[^\w.-]+", "-", self.chosen) + ".exhume-profile"
            path, _kind = QFileDialog.getSaveFileName(self, "Export the profile", name, _SUFFIXES)
            if path:
                self.export_to(path)

    def _ask_for_import(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, "Import a profile", "", _SUFFIXES)
        if path:
            self.import_from(path)

    def _fill(self, chosen: str = "") -> None:
        self.list.clear()
        for line, profile in enumerate(self._looks.profiles()):
            self.list.addItem(plain(profile.name))
            if profile.name == chosen:
                self.list.setCurrentRow(line)
