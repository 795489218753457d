"""Which of a file's or stream's bytes to save: how much of each is known is shown before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QDialog, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from inspect_app.analysis.recovered import Recovered
from inspect_app.ui.exporting.place import PlaceLine
from inspect_app.ui.fonts import scaled
from inspect_app.ui.plain import plain
from inspect_app.ui.theme import colour
from inspect_app.ui.widgets import Heading, plain_label
from inspect_app.views.format import format_bytes, format_count

_BAR_HEIGHT = 12
_MOST_NOTES = 3


@dataclass(frozen=True, slots=True)
class Content:
    """One way to see the bytes."""

    title: str
    recovered: Recovered


@dataclass(frozen=True, slots=True)
class ContentOrder:
    """What was asked for."""

    content: Content
    path: Path


class CoverageBar(QWidget):
    """Where bytes are known, along the file from its first byte to its last."""

    def __init__(self, recovered: Recovered, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recovered = recovered
        self.setFixedHeight(scaled(_BAR_HEIGHT))
        self.setAccessibleName(coverage_text(recovered))

    # Qt's own names from here on.

    def paintEvent(self, event: QPaintEvent) -> None:
        """Known stretches over an empty ground."""
        del event
        painter = QPainter(self)
        size = max(self._recovered.size, 1)
        painter.fillRect(self.rect(), colour("border"))
        for start, end in _stretches(self._recovered):
            left, right = start * self.width() / size, end * self.width() / size
            painter.fillRect(QRectF(left, 0, max(right - left, 1.0), self.height()), colour("accent"))


class ContentDialog(QDialog):
    """A choice with its coverage for each, and where to save it."""

    ordered = Signal(object)
    """A ContentOrder."""

    def __init__(self, contents: Sequence[Content], path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save content")
        self._contents = contents
        self.place = PlaceLine(path)
        self.choices = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(6)
        name = Heading(plain(contents[0].recovered.name))
        name.setWordWrap(True)
        column.addWidget(name)
        for number, content in enumerate(contents):
            self._add(column, number, content)
        column.addSpacing(8)
        column.addWidget(self.place)
        column.addWidget(plain_label("Muted", "A map of where each byte comes from is written beside it."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = buttons.addButton("Save", QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setDefault(True)
        buttons.accepted.connect(self._order)
        buttons.rejected.connect(self.close)
        column.addSpacing(6)
        column.addWidget(buttons)
        known = next((at for at, one in enumerate(contents) if one.recovered.known), 0)
        self.choices.button(known).setChecked(True)
        self.go.setEnabled(any(one.recovered.known for one in contents))
        self.resize(scaled(620), self.sizeHint().height())

    def _add(self, column: QVBoxLayout, number: int, content: Content) -> None:
        choice = QRadioButton(content.title)
        choice.setEnabled(bool(content.recovered.known))
        self.choices.addButton(choice, number)
        column.addSpacing(8)
        column.addWidget(choice)
        column.addWidget(CoverageBar(content.recovered))
        column.addWidget(plain_label("Muted", coverage_text(content.recovered)))
        for note in content.recovered.notes[:_MOST_NOTES]:
            label = plain_label("Muted", plain(note[:1].upper() + note[1:] + "."))
            label.setWordWrap(True)
            column.addWidget(label)

    def _order(self) -> None:
        path, number = self.place.path, self.choices.checkedId()
        if path is not None and number >= 0:
            self.ordered.emit(ContentOrder(self._contents[number], path))
            self.close()


def coverage_text(recovered: Recovered) -> str:
    """`293 KiB of 300 KiB known (97.7 %), in 2 parts`."""
    if not recovered.known:
        return "No byte of it was kept."
    more = "" if recovered.is_size_known else " at least"
    share = f"{recovered.coverage * 100:.1f} %" if recovered.coverage < 1 else "all"
    holes = sum(1 for _ in recovered.holes())
    parts = f", {format_count(holes, 'hole')}" if holes else ""
    size = format_bytes(recovered.size)
    return f"{format_bytes(recovered.known)} known of {size}{more} ({share}){parts}"


def _stretches(recovered: Recovered) -> list[tuple[int, int]]:
    """Known stretches; neighbours are one."""
    found: list[tuple[int, int]] = []
    for one in recovered.ranges:
        if found and found[-1][1] == one.start:
            found[-1] = (found[-1][0], one.end)
        else:
            found.append((one.start, one.end))
    return found
