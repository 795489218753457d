"""A tile: one figure over its trend."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspect_app.ui.fonts import scaled, small_font, text_font
from inspect_app.ui.histogram import draw_histogram
from inspect_app.ui.icons import icon
from inspect_app.ui.theme import category_colour, colour

_HEIGHT = 52
_TREND_AT = 84
"""Where the trend begins, beside the figure."""


class TileWidget(QWidget):
    """Click or Space pins it to the time strip, double click or Enter opens it, arrows go to others."""

    pin_toggled = Signal(str)
    opened = Signal(str)
    moved = Signal(str, int, int)
    """From which tile, by columns, by rows."""
    menu_wanted = Signal(str, object)
    """The tile, and a place on the screen."""

    def __init__(self, tile_id: str, title: str, meaning: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tile_id = tile_id
        self._title = title
        self._figure = ""
        self._counts = np.zeros(0, dtype=np.int64)
        self._quiet = False
        self._pinned: int | None = None
        self._noteworthy = False
        self._double = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            f"{title}: {meaning}\nClick pins it to the time strip, double click opens its events."
        )
        self.setAccessibleDescription(meaning)

    def show_figure(self, figure: str, counts: np.ndarray, *, quiet: bool) -> None:
        """`counts` is one figure a bin; a quiet tile has nothing to tell and steps back."""
        self._figure, self._counts, self._quiet = figure, counts, quiet
        self.setAccessibleName(f"{self._title}: {figure}")
        self.update()

    def show_pinned(self, colour_index: int | None) -> None:
        """Mark it with the colour of its lane on the strip; None for not pinned."""
        self._pinned = colour_index
        self.update()

    def show_noteworthy(self, *, on: bool) -> None:
        """Mark a figure that deserves a second look, with a sign beside it."""
        self._noteworthy = on
        self.update()

    @property
    def title(self) -> str:
        """What it counts."""
        return self._title

    @property
    def figure(self) -> str:
        """What it says."""
        return self._figure

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Wide enough for a title, as high as a figure and a trend."""
        return QSize(scaled(170), scaled(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Narrower than this no title fits."""
        return QSize(scaled(118), scaled(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Card, title, figure, trend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        active = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(colour("accent" if active else "border"), 1))
        painter.setBrush(colour("raised" if active else "surface"))
        painter.drawRoundedRect(card, 6, 6)
        pinned = self._pinned is not None
        ink = category_colour(self._pinned or 0) if pinned else colour("histogram")
        if pinned:
            painter.fillRect(QRectF(0, 8, 4, self.height() - 16), ink)
        painter.setFont(small_font())
        painter.setPen(colour("muted"))
        marks = [name for name, on in (("pin", pinned), ("errors", self._noteworthy)) if on]
        room = self.width() - 20 - 18 * len(marks)
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(11, scaled(5), room, scaled(16)), Qt.AlignmentFlag.AlignVCenter, title)
        for place, name in enumerate(marks):
            ground = "warning" if name == "errors" else "text"
            icon(name, ground).paint(painter, self.width() - 22 - 18 * place, 6, 14, 14)
        painter.setFont(text_font(18, bold=not self._quiet))
        painter.setPen(colour("muted" if self._quiet else "text"))
        painter.drawText(
            QRectF(11, scaled(21), self.width() - 16, scaled(25)), Qt.AlignmentFlag.AlignVCenter, self._figure
        )
        # A long figure pushes the trend aside rather than being drawn over.
        start = max(scaled(_TREND_AT), 11 + painter.fontMetrics().horizontalAdvance(self._figure) + 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        trend = QRectF(start, scaled(24), self.width() - 11 - start, scaled(20))
        if trend.width() > 8:
            draw_histogram(painter, trend, self._counts, ink)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Lit while the pointer is over it."""
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """And no longer."""
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click pins."""
        if self._double:
            self._double = False
        elif event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pin_toggled.emit(self.tile_id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Its first click has pinned the tile: take that back and open it."""
        self._double = True
        self.pin_toggled.emit(self.tile_id)
        self.opened.emit(self.tile_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Under the pointer, or below the tile."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        below = self.mapToGlobal(self.rect().bottomLeft())
        self.menu_wanted.emit(self.tile_id, below if by_key else event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pins, Enter opens, arrows move."""
        moves = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        if event.key() == Qt.Key.Key_Space:
            self.pin_toggled.emit(self.tile_id)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.tile_id)
        elif event.key() in moves:
            self.moved.emit(self.tile_id, *moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
