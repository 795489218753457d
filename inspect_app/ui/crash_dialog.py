"""The crash log on the screen: to read, copy, save; nothing of it is sent anywhere."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from capture.format.placing import placed
from inspect_app.session.crash_log import CrashLog
from inspect_app.ui.fonts import mono_font, scaled
from inspect_app.ui.plain import plain
from inspect_app.ui.widgets import Heading, plain_label

_NOTHING = "Nothing has failed so far."


class CrashLogDialog(QDialog):
    """The text, and what one can do with it."""

    def __init__(self, log: CrashLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Crash log")
        self._log = log
        self.text = QPlainTextEdit(log.read() or _NOTHING)
        self.text.setReadOnly(True)
        self.text.setFont(mono_font(12))
        self.text.setAccessibleName("Crash log")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.told = plain_label("Muted", plain(str(log.path)))
        row = QHBoxLayout()
        row.addWidget(self.told, 1)
        for text, call in (
            ("Copy", self.copy),
            ("Save …", self._ask_for_place),
            ("Open its folder", self._open_folder),
            ("Close", self.close),
        ):
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda *_, call=call: call())
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.addWidget(Heading("Crash log"))
        column.addWidget(
            plain_label(
                "Muted",
                "What failed through a fault of Exhume, without the contents of captures. It stays on this"
                " machine; nothing of it is sent.",
            )
        )
        column.addWidget(self.text, 1)
        column.addLayout(row)
        self.resize(scaled(820), scaled(520))

    def copy(self) -> None:
        """All of it, for a report of the defect."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.told.setText("Copied")

    def save_to(self, path: str) -> None:
        """All of it into a file."""
        try:
            with placed(Path(path)) as stream:
                stream.write(self.text.toPlainText().encode("utf-8", "replace"))
        except OSError as error:
            self.told.setText(plain(f"Could not write {path}: {error.strerror or error}."))
        else:
            self.told.setText(plain(f"Saved {path}"))

    def _ask_for_place(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(self, "Save the crash log", "exhume-crash.log")
        if path:
            self.save_to(path)

    def _open_folder(self) -> None:
        self._log.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log.folder)))
