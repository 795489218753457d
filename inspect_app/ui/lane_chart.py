"""Figures over time under one ruler: a line for each, with the life of what they belong to behind them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspect_app.analysis.subject_lanes import Lane
from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.fonts import scaled, small_font, text_font
from inspect_app.ui.histogram import draw_histogram
from inspect_app.ui.theme import category_colour, colour
from inspect_app.views.format import format_bytes, format_compact, format_duration

_RULER, _LANE, _NAMES, _TICK_PIXELS = 20, 30, 190, 110


class LaneChart(QWidget):
    """Draws lanes over a range; what a subject was not alive for is shaded."""

    moment_chosen = Signal(object)
    """Nanoseconds since 1970 UTC, at a double click (Qt's int is too small)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane, ...] = ()
        self._range, self._zero = (0, 1), 0
        self._life: tuple[int, int] = (-1, -1)
        self._hover = -1.0
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Activity over time")

    def show_lanes(
        self, lanes: Sequence[Lane], shown: tuple[int, int], zero: int, life: tuple[int, int] = (-1, -1)
    ) -> None:
        """Replace the picture.

        Args:
            lanes: The figures, each over the same equal parts of `shown`.
            shown: First and last nanosecond of the picture.
            zero: What relative times count from.
            life: Birth and death in nanoseconds since 1970 UTC; -1: not within the recording.
        """
        self._lanes, self._range, self._zero, self._life = tuple(lanes), shown, zero, life
        said = ", ".join(f"{lane.title}: {total_text(lane)}" for lane in self._lanes)
        self.setAccessibleDescription(said)
        self.setFixedHeight(scaled(_RULER) + max(1, len(self._lanes)) * scaled(_LANE))
        self.update()

    def _axis(self) -> TimeAxis:
        return TimeAxis(*self._range, scaled(_NAMES), max(10, self.width() - scaled(_NAMES) - 8))

    def _draw_ruler(self, painter: QPainter, axis: TimeAxis) -> None:
        painter.setFont(small_font())
        for tick in axis.ticks(self._zero, scaled(_TICK_PIXELS)):
            x = axis.x_of(tick.ns)
            painter.setPen(colour("border"))
            painter.drawLine(QPointF(x, 4), QPointF(x, self.height()))
            if x + painter.fontMetrics().horizontalAdvance(tick.relative) + 6 < self.width():
                painter.setPen(colour("muted"))
                painter.drawText(QPointF(x + 4, scaled(14)), tick.relative)

    def _draw_life(self, painter: QPainter, axis: TimeAxis) -> None:
        birth, death = self._life
        ground = colour("window", 150)
        if birth >= axis.start:
            edge = min(axis.x_of(birth), axis.left + axis.width)
            painter.fillRect(QRectF(axis.left, scaled(_RULER), edge - axis.left, self.height()), ground)
        if 0 <= death < axis.end:
            edge = max(axis.x_of(death), axis.left)
            painter.fillRect(
                QRectF(edge, scaled(_RULER), axis.left + axis.width - edge, self.height()), ground
            )
        painter.setPen(QPen(colour("accent"), 1, Qt.PenStyle.DashLine))
        # At its own side of the line, so that a short life's words do not meet.
        for moment, word, is_left in ((birth, "began", True), (death, "ended", False)):
            if axis.start <= moment < axis.end:
                x = axis.x_of(moment)
                painter.drawLine(QPointF(x, scaled(_RULER)), QPointF(x, self.height()))
                width = painter.fontMetrics().horizontalAdvance(word)
                fits_left, fits_right = x - width - 4 > axis.left, x + width + 8 < self.width()
                goes_left = fits_left if is_left else not fits_right
                painter.drawText(QPointF(x - width - 4 if goes_left else x + 4, scaled(_RULER + 11)), word)

    def _draw_lane(self, painter: QPainter, lane: Lane, place: int, axis: TimeAxis) -> None:
        top = scaled(_RULER) + place * scaled(_LANE)
        painter.setFont(text_font(12))
        painter.setPen(colour("text"))
        painter.drawText(
            QRectF(0, top, scaled(104), scaled(_LANE)), Qt.AlignmentFlag.AlignVCenter, lane.title
        )
        painter.setPen(colour("muted"))
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.drawText(
            QRectF(scaled(100), top, scaled(_NAMES - 112), scaled(_LANE)), right, total_text(lane)
        )
        area = QRectF(axis.left, top + 4, axis.width, scaled(_LANE) - 6)
        draw_histogram(painter, area, lane.counts, category_colour(place))

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """As high as its lanes."""
        return QSize(600, scaled(_RULER) + max(1, len(self._lanes)) * scaled(_LANE))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ruler, lanes, and what was outside the life."""
        painter, axis = QPainter(self), self._axis()
        self._draw_ruler(painter, axis)
        for place, lane in enumerate(self._lanes):
            self._draw_lane(painter, lane, place, axis)
        painter.setFont(small_font())
        self._draw_life(painter, axis)
        if self._hover >= axis.left:
            painter.setPen(QPen(colour("strong_border"), 1))
            painter.drawLine(QPointF(self._hover, scaled(_RULER)), QPointF(self._hover, self.height()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell what lies under the pointer."""
        axis = self._axis()
        self._hover = event.position().x()
        inside = 0 <= self._hover - axis.left < axis.width and bool(self._lanes)
        self.setToolTip(self._tip(axis) if inside else "")
        self.update()

    def _tip(self, axis: TimeAxis) -> str:
        bins = len(self._lanes[0].counts)
        place = min(bins - 1, int((self._hover - axis.left) / axis.width * bins))
        since = format_duration(max(0, axis.ns_at(self._hover) - self._zero))
        told = [f"{lane.title}: {_figure(int(lane.counts[place]), lane)}" for lane in self._lanes]
        return "\n".join((f"at +{since}, in {format_duration(axis.span // max(1, bins))}", *told))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The moment under the pointer is chosen."""
        axis = self._axis()
        if event.position().x() >= axis.left:
            self.moment_chosen.emit(axis.ns_at(event.position().x()))


def total_text(lane: Lane) -> str:
    """All of a lane as one figure."""
    return _figure(lane.total, lane)


def _figure(number: int, lane: Lane) -> str:
    return format_bytes(number) if lane.is_bytes else format_compact(number)
