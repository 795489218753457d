"""When each container lived, and when it did something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.fonts import scaled, small_font, text_font
from inspect_app.ui.theme import category_colour, colour

ROW = 26
_NAMES = 276
_TITLES = 132
_FATE = 104


@dataclass(frozen=True, slots=True)
class Life:
    """One line of the picture."""

    key: int
    """The container's row."""
    title: str
    note: str
    birth: int
    """Nanoseconds since 1970 UTC; -1: it was there when the recording began."""
    death: int
    """-1: it was alive at the end."""
    fate: str
    """In words what became of it, so that no colour need say it."""
    activity: np.ndarray
    """Events in equal parts of the shown range."""


class Lifelines(QWidget):
    """A line a container: faint while it lived, filled where it was busy."""

    opened = Signal(int)
    menu_wanted = Signal(int, object)
    """A container's row, and a place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lives: tuple[Life, ...] = ()
        self._range = (0, 1)
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Lifelines of containers")

    def show_lives(self, lives: Sequence[Life], shown: tuple[int, int]) -> None:
        """Replace the picture; `shown` is the range over which it is drawn."""
        self._lives, self._range = tuple(lives), shown
        self._current = 0
        said = "; ".join(f"{life.title}: {life.fate}" for life in self._lives)
        self.setAccessibleDescription(said[:1_000])
        self.setFixedHeight(max(1, len(self._lives)) * scaled(ROW))
        self.update()

    def _names_width(self) -> int:
        """Room for the names; where there is little, what stands beside them is left out."""
        names = scaled(_NAMES)
        return names if self.width() > 2 * names else scaled(_TITLES)

    def _axis(self) -> TimeAxis:
        names = self._names_width()
        return TimeAxis(*self._range, names, max(10, self.width() - names - scaled(_FATE)))

    def _line_at(self, y: float) -> int:
        line = int(y // scaled(ROW))
        return line if 0 <= line < len(self._lives) else -1

    def _draw(self, painter: QPainter, life: Life, line: int, axis: TimeAxis) -> None:
        top = line * scaled(ROW)
        if line == self._current and self.hasFocus():
            painter.fillRect(QRectF(0, top, self.width(), scaled(ROW)), colour("raised"))
            painter.setPen(colour("accent"))
            painter.drawRect(QRectF(0, top, self.width() - 1, scaled(ROW) - 1))
        metrics = painter.fontMetrics()
        painter.setPen(colour("text"))
        title = metrics.elidedText(life.title, Qt.TextElideMode.ElideMiddle, scaled(122))
        painter.drawText(QRectF(0, top, scaled(124), scaled(ROW)), Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(small_font())
        painter.setPen(colour("muted"))
        room = self._names_width() - scaled(_TITLES) - 8
        if room > 0:
            note = painter.fontMetrics().elidedText(life.note, Qt.TextElideMode.ElideMiddle, room)
            area = QRectF(scaled(_TITLES), top, room, scaled(ROW))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, note)
        painter.drawText(
            QRectF(self.width() - scaled(_FATE) + 10, top, scaled(_FATE) - 10, scaled(ROW)),
            Qt.AlignmentFlag.AlignVCenter,
            life.fate,
        )
        self._draw_line(painter, life, QRectF(axis.left, top + 6, axis.width, scaled(ROW) - 12), axis)
        painter.setFont(text_font())

    def _draw_line(self, painter: QPainter, life: Life, area: QRectF, axis: TimeAxis) -> None:
        ink = category_colour(life.key)
        painter.fillRect(QRectF(area.left(), area.center().y(), area.width(), 1), colour("border"))
        start = area.left() if life.birth < 0 else min(max(axis.x_of(life.birth), area.left()), area.right())
        end = area.right() if life.death < 0 else min(max(axis.x_of(life.death), start + 2), area.right())
        painter.fillRect(QRectF(start, area.top(), end - start, area.height()), _faint(ink, 46))
        peak = int(life.activity.max()) if len(life.activity) else 0
        if peak:
            width = area.width() / len(life.activity)
            for place in np.flatnonzero(life.activity).tolist():
                # A root keeps a single event visible beside a busy second.
                alpha = 90 + round(165 * float(life.activity[place] / peak) ** 0.5)
                left = area.left() + place * width
                painter.fillRect(QRectF(left, area.top(), max(1.0, width), area.height()), _faint(ink, alpha))
        painter.setPen(QPen(ink, 2))
        if axis.start <= life.birth < axis.end:
            painter.drawLine(QPointF(start, area.top() - 3), QPointF(start, area.bottom() + 3))
        if axis.start <= life.death < axis.end:
            painter.drawLine(QPointF(end, area.top() - 3), QPointF(end, area.bottom() + 3))

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """A line for each."""
        return QSize(500, max(1, len(self._lives)) * scaled(ROW))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the lines that are asked for."""
        painter = QPainter(self)
        axis = self._axis()
        if not self._lives:
            painter.setPen(colour("muted"))
            text = "No container was running during the recording."
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)
        first, last = event.rect().top() // scaled(ROW), event.rect().bottom() // scaled(ROW)
        for line in range(max(0, first), min(len(self._lives), last + 1)):
            self._draw(painter, self._lives[line], line, axis)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a line."""
        self._current = max(0, self._line_at(event.position().y()))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open a container."""
        line = self._line_at(event.position().y())
        if line >= 0:
            self.opened.emit(self._lives[line].key)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the container under the pointer, or of the chosen one."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        line = self._current if by_key else self._line_at(event.pos().y())
        if 0 <= line < len(self._lives):
            below = self.mapToGlobal(QPoint(scaled(20), (line + 1) * scaled(ROW)))
            self.menu_wanted.emit(self._lives[line].key, below if by_key else event.globalPos())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The chosen line shows itself."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """And no longer."""
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up, down, Enter."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._current = max(0, min(len(self._lives) - 1, self._current + step))
            life = self._lives[self._current] if self._lives else None
            self.setAccessibleDescription(f"{life.title}: {life.fate}" if life is not None else "")
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._lives:
            self.opened.emit(self._lives[self._current].key)
        else:
            super().keyPressEvent(event)


def _faint(ink: QColor, alpha: int) -> QColor:
    return QColor(ink.red(), ink.green(), ink.blue(), alpha)
