"""How the time strip looks: ruler, all events, pinned tiles, what was not recorded, the chosen window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from inspect_app.ui.axis import TimeAxis, relative_label
from inspect_app.ui.fonts import scaled, small_font, width_of
from inspect_app.ui.histogram import counts_in, draw_hatched, draw_histogram
from inspect_app.ui.marks import Marks, paint_marks
from inspect_app.ui.status import NOTHING_LOST
from inspect_app.ui.theme import category_colour, colour
from inspect_app.views.format import format_compact, format_count, format_duration, format_time

_GUTTER, _WIDEST_GUTTER = 212, 330
"""Pixels at the left for names; as wide as the list of views above it."""
RIGHT_MARGIN = 14
_RULER, _EVENTS, _MARKS, _LANE, _BLIND, _GAP = 24, 44, 16, 32, 14, 5
_TICK_PIXELS = 190
_CUT_PIXELS = 10


@dataclass(frozen=True, slots=True)
class Lane:
    """A pinned tile."""

    id: str
    title: str
    total: str
    """The tile's figure, with its unit."""
    counts: np.ndarray
    """One figure a bin of the shown range."""
    colour: int
    figure: str
    """`{}` is where a bin's figure goes."""


def gutter() -> int:
    """Pixels at the left, in which names stand; large text takes no more than what leaves room beside it."""
    return min(scaled(_GUTTER), _WIDEST_GUTTER)


def strip_height(lanes: int, marks: int = 0) -> int:
    """Pixels that a ruler, the events, so many rows of marks and lanes and the blind spots take."""
    rows = marks * (scaled(_MARKS) + _GAP) + lanes * (scaled(_LANE) + _GAP)
    return scaled(_RULER) + scaled(_EVENTS) + rows + scaled(_BLIND) + 2 * _GAP + 4


class StripPainter:
    """Paints what the strip knows; keeps no state of its own but that."""

    def __init__(self) -> None:
        self.times = np.empty(0, dtype=np.int64)
        self.drops = np.empty((0, 4), dtype=np.int64)
        self.cut = False
        """Whether the file ends before the recording did."""
        self.nothing_lost = NOTHING_LOST
        """What to say where no loss is known."""
        self.lanes: tuple[Lane, ...] = ()
        self.marks: tuple[Marks, ...] = ()
        self._counts = np.zeros(1, dtype=np.int64)

    def paint_ground(self, painter: QPainter, axis: TimeAxis, *, bins: int, limits: tuple[int, int]) -> None:
        """Ruler, histograms and names: what stays as it is while a window is dragged."""
        height = strip_height(len(self.lanes), len(self.marks))
        whole = QRectF(0, 0, axis.left + axis.width + RIGHT_MARGIN, height)
        painter.fillRect(whole, colour("surface"))
        painter.setPen(colour("border"))
        painter.drawLine(whole.topLeft(), whole.topRight())
        painter.setFont(small_font())
        self._ruler(painter, axis, limits, height)
        self._counts = counts_in(self.times, axis.edges(bins))
        area = QRectF(axis.left, scaled(_RULER), axis.width, scaled(_EVENTS))
        draw_histogram(painter, area, self._counts, colour("histogram"))
        total = format_count(int(self._counts.sum()))
        self._name(painter, area, "All events", total, colour("histogram"))
        for position, marks in enumerate(self.marks):
            place = self._marks_place(axis, position)
            self._row_name(painter, place, marks.title, marks.total)
            paint_marks(painter, place, axis, marks)
        for lane, place in zip(self.lanes, self._places(axis), strict=True):
            draw_histogram(painter, place, lane.counts, category_colour(lane.colour))
            self._name(painter, place, lane.title, lane.total, category_colour(lane.colour), cross=True)
        self._blind_spots(painter, axis, limits, height)

    def paint_over(
        self,
        painter: QPainter,
        axis: TimeAxis,
        *,
        zero: int,
        window: tuple[int, int] | None,
        hover: QPointF | None,
    ) -> None:
        """The chosen window and what lies under the pointer, over the ground that was painted last."""
        painter.setFont(small_font())
        if window is not None:
            self._window(painter, axis, window, strip_height(len(self.lanes), len(self.marks)))
        if hover is not None:
            self._hover(painter, axis, hover, zero=zero)

    def unpin_at(self, point: QPointF) -> str:
        """The lane whose cross lies under a point, empty for none."""
        for position, lane in enumerate(self.lanes):
            top = self._top(position)
            if QRectF(gutter() - 26, top, 22, scaled(_LANE)).contains(point):
                return lane.id
        return ""

    def marks_at(self, point: QPointF, axis: TimeAxis) -> Marks | None:
        """The row of marks that lies under a point."""
        for position, marks in enumerate(self.marks):
            if self._marks_place(axis, position).contains(point):
                return marks
        return None

    def _marks_place(self, axis: TimeAxis, position: int) -> QRectF:
        top = scaled(_RULER) + scaled(_EVENTS) + _GAP + position * (scaled(_MARKS) + _GAP)
        return QRectF(axis.left, top, axis.width, scaled(_MARKS))

    def _top(self, position: int) -> float:
        above = scaled(_RULER) + scaled(_EVENTS) + len(self.marks) * (scaled(_MARKS) + _GAP)
        return above + _GAP + position * (scaled(_LANE) + _GAP)

    def _places(self, axis: TimeAxis) -> list[QRectF]:
        return [QRectF(axis.left, self._top(i), axis.width, scaled(_LANE)) for i in range(len(self.lanes))]

    def _ruler(self, painter: QPainter, axis: TimeAxis, limits: tuple[int, int], height: int) -> None:
        painter.setPen(colour("muted"))
        painter.drawText(
            QRectF(12, 0, gutter() - 20, scaled(_RULER)),
            Qt.AlignmentFlag.AlignVCenter,
            f"{format_time(axis.start, digits=0)[:10]}  UTC",
        )
        for tick in axis.ticks(limits[0], scaled(_TICK_PIXELS)):
            x = axis.x_of(tick.ns)
            painter.setPen(colour("border"))
            painter.drawLine(QPointF(x, 6), QPointF(x, height - 2))
            room = axis.left + axis.width + RIGHT_MARGIN - x
            clock_width = width_of(tick.clock, painter.font())
            if room < clock_width + 6:
                continue
            painter.setPen(colour("text"))
            painter.drawText(QPointF(x + 4, scaled(_RULER - 8)), tick.clock)
            relative = f"  {tick.relative}"
            if room > clock_width + width_of(relative, painter.font()) + 8:
                painter.setPen(colour("muted"))
                painter.drawText(QPointF(x + 4 + clock_width, scaled(_RULER - 8)), relative)

    def _name(
        self, painter: QPainter, area: QRectF, title: str, total: str, ink: QColor, *, cross: bool = False
    ) -> None:
        painter.fillRect(QRectF(6, area.top() + 2, 3, area.height() - 4), ink)
        room = gutter() - 22 - (20 if cross else 0)
        metrics = painter.fontMetrics()
        line = metrics.height()
        top = area.center().y() - line
        painter.setPen(colour("text"))
        text = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(16, top, room, line), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(16, top + line, room, line), Qt.AlignmentFlag.AlignVCenter, total)
        if cross:
            painter.setPen(QPen(colour("muted"), 1.4))
            x, y = gutter() - 18.0, area.center().y()
            painter.drawLine(QPointF(x - 4, y - 4), QPointF(x + 4, y + 4))
            painter.drawLine(QPointF(x - 4, y + 4), QPointF(x + 4, y - 4))

    def _row_name(self, painter: QPainter, area: QRectF, title: str, total: str) -> None:
        """A row of marks is too low for two lines."""
        metrics = painter.fontMetrics()
        painter.setPen(colour("text"))
        room = QRectF(16, area.top(), gutter() - 22, area.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)
        painter.setPen(colour("muted"))
        left = metrics.horizontalAdvance(f"{title}  ")
        text = metrics.elidedText(total, Qt.TextElideMode.ElideRight, int(room.width() - left))
        painter.drawText(room.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.fillRect(QRectF(area.left(), area.center().y(), area.width(), 1), colour("border"))

    def _blind_spots(self, painter: QPainter, axis: TimeAxis, limits: tuple[int, int], height: int) -> None:
        area = QRectF(axis.left, height - scaled(_BLIND) - 4, axis.width, scaled(_BLIND))
        is_counted = self.drops[:, 3] > 0
        lost, counted = (int(self.drops[which, 2].sum()) for which in (~is_counted, is_counted))
        text = f"Not recorded: {format_count(lost, 'event')}" if lost else self.nothing_lost
        if counted and not lost:
            text = f"Only counted: {format_count(counted, 'call')}"
        if self.cut:
            text = f"{format_count(lost, 'event')} lost, and cut short" if lost else "Cut short at its end"
            end = min(axis.x_of(limits[1]), axis.left + axis.width)
            mark = QRectF(end - _CUT_PIXELS, area.top() + 1, _CUT_PIXELS, scaled(_BLIND) - 3)
            if axis.end >= limits[1]:
                draw_hatched(painter, mark, colour("error"))
        painter.setPen(colour("error" if lost or self.cut else "warning" if counted else "muted"))
        painter.drawText(
            QRectF(16, area.top(), gutter() - 20, area.height()), Qt.AlignmentFlag.AlignVCenter, text
        )
        painter.fillRect(QRectF(area.left(), area.center().y(), area.width(), 1), colour("border"))
        for since, until, _count, was_counted in self.drops.tolist():
            left = max(axis.left, axis.x_of(since))
            right = min(axis.left + axis.width, axis.x_of(until))
            if right >= left:
                mark = QRectF(left, area.top() + 1, max(3.0, right - left), scaled(_BLIND) - 3)
                draw_hatched(painter, mark, colour("warning" if was_counted else "error"))

    def _window(self, painter: QPainter, axis: TimeAxis, window: tuple[int, int], height: int) -> None:
        left, right = axis.left, axis.left + axis.width
        start, end = (min(max(axis.x_of(ns), left), right) for ns in window)
        shade = colour("window", 175)
        painter.fillRect(QRectF(left, scaled(_RULER), start - left, height - scaled(_RULER)), shade)
        painter.fillRect(QRectF(end, scaled(_RULER), right - end, height - scaled(_RULER)), shade)
        painter.fillRect(
            QRectF(start, scaled(_RULER), end - start, height - scaled(_RULER)), colour("accent", 26)
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for x, ns in ((start, window[0]), (end, window[1])):
            if not axis.start <= ns <= axis.end:
                continue
            painter.fillRect(QRectF(x - 1, 2, 2, height - 4), colour("accent"))
            painter.setBrush(colour("accent"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(x - 4, scaled(_RULER) + scaled(_EVENTS) / 2 - 11, 8, 22), 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _hover(self, painter: QPainter, axis: TimeAxis, point: QPointF, *, zero: int) -> None:
        x = point.x()
        counts, height = self._counts, strip_height(len(self.lanes), len(self.marks))
        if not axis.left <= x <= axis.left + axis.width:
            return
        painter.setPen(QPen(colour("strong_border"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, 2), QPointF(x, height - 2))
        ns = axis.ns_at(x)
        position = min(len(counts) - 1, int((x - axis.left) / axis.width * len(counts)))
        bin_ns = max(1, axis.span // len(counts))
        digits = max(0, min(9, 10 - len(str(bin_ns))))
        lines = [
            f"{format_time(ns, digits=digits, date=False)} UTC   {relative_label(ns - zero, 1)}",
            f"{format_count(int(counts[position]), 'event')} in {format_duration(bin_ns)}",
        ]
        for lane in self.lanes:
            if len(lane.counts):
                figure = format_compact(float(lane.counts[min(position, len(lane.counts) - 1)]))
                lines.append(f"{lane.title}: {lane.figure.format(figure)}")
        marks = self.marks_at(point, axis)
        if marks is not None:
            lines += marks.told(x, axis)
        draw_note(painter, lines, x, axis.left + axis.width, height)


def draw_note(painter: QPainter, lines: list[str], x: float, right: float, height: float) -> None:
    """A small box beside a pointer, kept inside the widget."""
    metrics = painter.fontMetrics()
    width = max(metrics.horizontalAdvance(line) for line in lines) + 16
    tall = metrics.height() * len(lines) + 8
    left = x + 10 if x + 10 + width <= right else x - 10 - width
    box = QRectF(left, max(1.0, min(26.0, height - tall - 1)), width, tall)
    painter.setPen(colour("strong_border"))
    painter.setBrush(colour("raised", 240))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(colour("text"))
    painter.drawText(box.adjusted(8, 4, -8, -4), Qt.AlignmentFlag.AlignLeft, "\n".join(lines))
