"""Findings by how much they matter, in one line of the overview."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from inspect_app.rules.rule import Priority
from inspect_app.ui.findings_feed import STYLES
from inspect_app.ui.marks import MarkStyle, paint_mark
from inspect_app.ui.widgets import named, plain_label
from inspect_app.views.format import format_count

_SIZE = 14


class SeverityLine(QFrame):
    """A button for each priority that has findings; hidden where no rules were run."""

    opened = Signal()
    """The analyst wants to see the findings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Card")
        self.counts: dict[Priority, int] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 5, 14, 5)
        self._row.setSpacing(12)
        self._row.addWidget(plain_label("GroupTitle", "Findings"))
        self._note = plain_label("Muted", "no rule found anything")
        self._row.addWidget(self._note)
        self._row.addStretch(1)
        self._buttons: list[QToolButton] = []
        self.hide()

    def show_counts(self, counts: Mapping[Priority, int] | None) -> None:
        """How many findings each priority has; None: no rules were run."""
        self.counts = dict(counts or {})
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(one, count) for one, count in self.counts.items()]
        for place, button in enumerate(self._buttons):
            self._row.insertWidget(2 + place, button)
        self._note.setVisible(not self.counts)
        self.setVisible(counts is not None)

    def refresh(self) -> None:
        """Draw the shapes in the colours of the theme in force."""
        for priority, button in zip(self.counts, self._buttons, strict=True):
            button.setIcon(_icon(STYLES[priority]))

    def _button(self, priority: Priority, count: int) -> QToolButton:
        button = named(QToolButton(), "Plain")
        button.setText(f"{priority.title}  {count:,}")
        button.setIcon(_icon(STYLES[priority]))
        button.setIconSize(QSize(_SIZE, _SIZE))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(f"{format_count(count, 'finding')} of priority {priority.title}: show them (r)")
        button.clicked.connect(lambda *_: self.opened.emit())
        return button


def _icon(style: MarkStyle) -> QIcon:
    drawn = QPixmap(2 * _SIZE, 2 * _SIZE)
    drawn.fill(Qt.GlobalColor.transparent)
    drawn.setDevicePixelRatio(2)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_mark(painter, QPointF(_SIZE / 2, _SIZE / 2), style, 5.0)
    painter.end()
    return QIcon(drawn)
