"""What an analyst writes about a thing: text, tags, how much it matters, whether it is for the report."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from inspect_app.cases import Note, Severity
from inspect_app.cases.case import ShownNote
from inspect_app.cases.note import MAX_TAG, MAX_TAGS, MAX_TEXT
from inspect_app.ui.plain import plain
from inspect_app.ui.widgets import plain_label

SEVERITIES = tuple((one, one.value.capitalize() or "None") for one in Severity)
_WIDTH, _TEXT_HEIGHT = 520, 130


class NoteDialog(QDialog):
    """Asks for a note, new or again."""

    def __init__(
        self, note: Note, report_place: int, before: ShownNote | None = None, parent: QWidget | None = None
    ) -> None:
        """`report_place` is where it stands in the report if it is put there now."""
        super().__init__(parent)
        self._note, self._place = note, report_place
        self.setWindowTitle("Add a note" if before is None else "Edit the note")
        self.setMinimumWidth(_WIDTH)
        self.text = QPlainTextEdit(note.text)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(_TEXT_HEIGHT)
        self.text.setPlaceholderText("What you see, and why it matters")
        self.text.setAccessibleName("Text of the note")
        self.tags = QLineEdit(", ".join(note.tags))
        self.tags.setPlaceholderText("persistence, ask the admin")
        self.severity = QComboBox()
        self.severity.addItems([title for _, title in SEVERITIES])
        self.severity.setCurrentIndex(note.severity.rank)
        self.in_report = QCheckBox("In the report")
        self.in_report.setChecked(note.in_report)
        on = plain_label("PageNote", plain(note.on.label or note.on.kind.value)[:300])
        on.setWordWrap(True)
        form = QFormLayout()
        form.addRow(f"{note.on.kind.value.capitalize()}", on)
        form.addRow("&Text", self.text)
        form.addRow("Ta&gs", self.tags)
        form.addRow("&Severity", self.severity)
        form.addRow("", self.in_report)
        for line in _told(before):
            label = plain_label("PageNote", line)
            label.setWordWrap(True)
            form.addRow("", label)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.button(QDialogButtonBox.StandardButton.Save).setShortcut("Ctrl+Return")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(buttons)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def note(self) -> Note:
        """The note as it is written now."""
        words = (word.strip()[:MAX_TAG] for word in self.tags.text().split(","))
        place = self._note.report if self._note.in_report else self._place
        return replace(
            self._note,
            text=self.text.toPlainText().strip()[:MAX_TEXT],
            tags=tuple(dict.fromkeys(word for word in words if word))[:MAX_TAGS],
            severity=SEVERITIES[self.severity.currentIndex()][0],
            report=place if self.in_report.isChecked() else None,
        )


def _told(before: ShownNote | None) -> list[str]:
    """Who wrote it, and what others made of it at the same time."""
    if before is None:
        return []
    lines = [f"Written by {plain(before.author)}" + _edited(before)]
    for other in before.disputed:
        text = "took it away" if other.value is None else f"wrote: {plain(other.value.text)[:500]}"
        lines.append(f"At the same time {plain(other.author)} {text}")
    return lines


def _edited(before: ShownNote) -> str:
    return f", changed by {plain(before.edited_by)}" if before.edited_ns != before.written_ns else ""
