"""Counts as a picture: time to the right, latency upwards, brighter where there is more.

Drag to choose a rectangle, click for a whole band. With the keyboard: arrows move the choice, with shift they
widen it, Return opens its events, Escape drops it.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspect_app.analysis.spectrogram import Spectrogram
from inspect_app.filters.fields_time import CLASSES
from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.fonts import scaled, small_font
from inspect_app.ui.theme import colour
from inspect_app.views.format import format_count, format_duration

_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 12, 8, 26
_TICK_PIXELS = 110
_LABEL_PIXELS = 15

Region = tuple[int, int, int, int]
"""First band, band after the last, first slice, slice after the last."""


class HeatMap(QWidget):
    """Draws a spectrogram and lets one choose a part of it."""

    region_chosen = Signal(object)
    """A `Region`, or None when it was dropped."""
    opened = Signal()
    """Return or a double click: the chosen region shall be opened."""
    menu_wanted = Signal(object)
    """A place on the screen; what is chosen then is what the menu is of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Spectrogram | None = None
        self._rows = 1
        self._zero = 0
        self._image = QImage()
        self._region: Region | None = None
        self._anchor: tuple[int, int] | None = None
        self._dragged = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(140)
        self.setAccessibleName("Latency over time")

    @property
    def region(self) -> Region | None:
        """What is chosen."""
        return self._region

    def show_spectrogram(self, shown: Spectrogram, zero: int) -> None:
        """Replace the picture; the choice is dropped."""
        self._shown, self._zero, self._region = shown, zero, None
        self._rows = max(1, len(shown.counts))
        self._image = _image_of(shown.counts)
        calls = format_count(int(shown.counts.sum()), "call")
        known = f"{calls}, {band_text(shown, 0, self._rows)}" if len(shown.counts) else calls
        self.setAccessibleDescription(known)
        self.update()

    def choose(self, region: Region | None) -> None:
        """Choose a part, or nothing."""
        self._region = region
        self.update()
        self.region_chosen.emit(region)

    def refresh_theme(self) -> None:
        """The same counts in other colours."""
        if self._shown is not None:
            self._image = _image_of(self._shown.counts)
            self.update()

    def _holds_calls(self) -> bool:
        return self._shown is not None and len(self._shown.counts) > 0

    def _area(self) -> QRectF:
        return QRectF(
            scaled(_LEFT),
            _TOP,
            max(10, self.width() - scaled(_LEFT) - _RIGHT),
            max(10, self.height() - _TOP - scaled(_BOTTOM)),
        )

    def _axis(self) -> TimeAxis:
        area = self._area()
        edges = self._shown.edges if self._shown is not None else np.array([0, 1])
        return TimeAxis(int(edges[0]), int(edges[-1]), area.left(), area.width())

    def _cell_at(self, point: QPointF) -> tuple[int, int]:
        """Band and slice under a point, the nearest for one beside the picture."""
        area, shown = self._area(), self._shown
        bins = shown.counts.shape[1] if shown is not None else 1
        across = int((point.x() - area.left()) / area.width() * bins)
        up = int((area.bottom() - point.y()) / area.height() * self._rows)
        return max(0, min(self._rows - 1, up)), max(0, min(bins - 1, across))

    def _rect_of(self, region: Region) -> QRectF:
        area = self._area()
        bins = self._shown.counts.shape[1] if self._shown is not None else 1
        wide, tall = area.width() / bins, area.height() / self._rows
        top = area.bottom() - region[1] * tall
        return QRectF(
            area.left() + region[2] * wide,
            top,
            (region[3] - region[2]) * wide,
            (region[1] - region[0]) * tall,
        )

    def _draw_scales(self, painter: QPainter) -> None:
        area, axis = self._area(), self._axis()
        painter.setFont(small_font())
        shown = self._shown
        tall = area.height() / self._rows
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        before = area.bottom() + scaled(_LABEL_PIXELS)
        for band in range(len(shown.counts) if shown is not None else 0):
            y = area.bottom() - band * tall
            if shown is None or (shown.lowest + band) % CLASSES or before - y < scaled(_LABEL_PIXELS):
                continue
            before = y
            painter.setPen(colour("muted"))
            painter.drawText(
                QRectF(0, y - scaled(8), scaled(_LEFT) - 8, scaled(16)),
                right,
                format_duration(shown.bounds(band)[0]),
            )
            painter.setPen(QColor(128, 128, 128, 70))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        for tick in axis.ticks(self._zero, scaled(_TICK_PIXELS)):
            x = axis.x_of(tick.ns)
            painter.setPen(colour("strong_border"))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 5))
            if x + painter.fontMetrics().horizontalAdvance(tick.relative) < self.width() - 4:
                painter.setPen(colour("muted"))
                painter.drawText(QPointF(x + 3, area.bottom() + scaled(17)), tick.relative)

    def _tip(self, point: QPointF) -> str:
        if self._shown is None or not len(self._shown.counts) or not self._area().contains(point):
            return ""
        band, place = self._cell_at(point)
        count = format_count(int(self._shown.counts[band, place]), "call")
        since = format_duration(max(0, int(self._shown.edges[place]) - self._zero))
        return f"{band_text(self._shown, band, band + 1)}, at +{since}: {count}"

    # Qt's own names from here on.

    def sizeHint(self) -> QSize:
        """Whatever there is room for."""
        return QSize(600, 260)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, its scales, and the choice."""
        painter = QPainter(self)
        area = self._area()
        painter.fillRect(area, colour("surface"))
        if not self._image.isNull():
            painter.drawImage(area, self._image)
        self._draw_scales(painter)
        if self._region is not None:
            painter.setPen(QPen(colour("text"), 2))
            painter.drawRect(self._rect_of(self._region))
        if self.hasFocus():
            painter.setPen(colour("accent"))
            painter.drawRect(area.adjusted(-1, -1, 0, 0))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of what is chosen; of the band under the pointer where nothing is."""
        if not self._holds_calls() or self._shown is None:
            return
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        if self._region is None:
            band = 0 if by_key else self._cell_at(QPointF(event.pos()))[0]
            self.choose((band, band + 1, 0, self._shown.counts.shape[1]))
        assert self._region is not None  # noqa: S101 - chosen just now
        below = self.mapToGlobal(self._rect_of(self._region).bottomLeft().toPoint())
        self.menu_wanted.emit(below if by_key else event.globalPos())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a rectangle."""
        if event.button() is Qt.MouseButton.LeftButton and self._holds_calls():
            self._anchor, self._dragged = self._cell_at(event.position()), False
            self._pressed_at = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Widen it, or tell what lies under the pointer."""
        self.setToolTip(self._tip(event.position()))
        if self._anchor is None:
            return
        distance = event.position() - self._pressed_at
        if self._dragged or distance.manhattanLength() > 4:
            self._dragged = True
            (band, place), (other, there) = self._anchor, self._cell_at(event.position())
            self._region = (min(band, other), max(band, other) + 1, min(place, there), max(place, there) + 1)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The rectangle stands; without one, the whole band is chosen."""
        if self._anchor is None or self._shown is None:
            return
        band, self._anchor = self._anchor[0], None
        self.choose(self._region if self._dragged else (band, band + 1, 0, self._shown.counts.shape[1]))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open what is chosen."""
        if self._region is not None:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything the mouse can do."""
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (1, 0),
            Qt.Key.Key_Down: (-1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self._holds_calls():
            self._move(*step, widen=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._region is not None:
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Escape and self._region is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def _move(self, bands: int, slices: int, *, widen: bool) -> None:
        assert self._shown is not None  # noqa: S101 - asked by keyPressEvent
        bins = self._shown.counts.shape[1]
        if self._region is None:
            band = int(np.argmax(self._shown.counts.sum(axis=1)))
            self.choose((band, band + 1, 0, bins))
            return
        first, after, left, right = self._region
        if widen:
            after = min(self._rows, max(first + 1, after + bands))
            right = min(bins, max(left + 1, right + slices))
        else:
            bands = max(-first, min(bands, self._rows - after))
            slices = max(-left, min(slices, bins - right))
            first, after, left, right = first + bands, after + bands, left + slices, right + slices
        self.choose((first, after, left, right))


def band_text(shown: Spectrogram, first: int, after: int) -> str:
    """`1 ms to 1.58 ms`: from where to where some bands of a picture reach."""
    low, high = shown.bounds(first)[0], shown.bounds(after - 1)[1]
    return f"{format_duration(low)} to {format_duration(high)}"


def _image_of(counts: np.ndarray) -> QImage:
    """A pixel a cell, the highest latency on top; a single call is always seen."""
    peak = int(counts.max()) if counts.size else 0
    strength = np.zeros(counts.shape)
    if peak:
        strength = np.log1p(counts) / np.log1p(peak)
    shade = np.where(counts > 0, 50 + np.round(strength * 205), 0).astype(np.uint8)
    pixels = np.ascontiguousarray(_shades()[shade[::-1]])
    height, width = counts.shape
    return QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32).copy()


def _shades() -> np.ndarray:
    """uint8[256, 4] of blue, green, red: from the ground over the accent to the colour of text."""
    stops = [colour(name) for name in ("surface", "bar", "accent", "text")]
    places = np.array([0, 40, 150, 255])
    table = np.full((256, 4), 255, dtype=np.uint8)
    for channel, part in enumerate(("blue", "green", "red")):
        values = [getattr(stop, part)() for stop in stops]
        table[:, channel] = np.interp(np.arange(256), places, values).round().astype(np.uint8)
    return table
