"""Figures over time under one ruler: a line for each, with the life of what they belong to behind them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspect_app.analysis.subject_lanes import Lane
from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.fonts import scaled, small_font, text_font
from inspect_app.ui.histogram import draw_histogram
from inspect_app.ui.strip_painter import draw_note
from inspect_app.ui.theme import category_colour, colour
from inspect_app.views.format import format_bytes, format_compact, format_duration

_RULER, _LANE, _NAMES, _TICK_PIXELS = 20, 30, 190, 110
_FEW, _LOW_LANE = 5, 18


class LaneChart(QWidget):
    """Draws lanes over a range; what a subject was not alive for is shaded."""

    moment_chosen = Signal(object)
    """Nanoseconds since 1970 UTC, at a double click or Enter (Qt's int is too small)."""
    menu_wanted = Signal(object, object)
    """The part under the pointer or the mark, (start, end) in ns since 1970 UTC; a place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane, ...] = ()
        self._range, self._zero = (0, 1), 0
        self._life: tuple[int, int] = (-1, -1)
        self._hover = -1.0
        self._mark = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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
        self._mark = -1
        said = ", ".join(f"{lane.title}: {total_text(lane)}" for lane in self._lanes)
        self.setAccessibleDescription(said)
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def _lane(self) -> int:
        """How high a lane is: less where there are many."""
        return scaled(_LANE if len(self._lanes) <= _FEW else _LOW_LANE)

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
        height = self._lane()
        top = scaled(_RULER) + place * height
        painter.setFont(text_font(12))
        painter.setPen(colour("text"))
        painter.drawText(QRectF(0, top, scaled(104), height), Qt.AlignmentFlag.AlignVCenter, lane.title)
        painter.setPen(colour("muted"))
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.drawText(QRectF(scaled(100), top, scaled(_NAMES - 112), height), right, total_text(lane))
        area = QRectF(axis.left, top + 4, axis.width, height - 6)
        draw_histogram(painter, area, lane.counts, category_colour(place))

    def _draw_focus(self, painter: QPainter, axis: TimeAxis) -> None:
        """A ring; and the part that the keyboard has chosen, with what it holds."""
        painter.setPen(colour("accent"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self._mark < 0:
            return
        start, end = self.part(self._mark)
        left = axis.x_of(start)
        area = QRectF(
            left, scaled(_RULER), max(2.0, axis.x_of(end) - left), self.height() - scaled(_RULER) - 1
        )
        painter.fillRect(area, colour("accent", 90))
        draw_note(painter, self.told(self._mark).split("\n"), left, axis.left + axis.width, self.height())

    @property
    def bins(self) -> int:
        """Into how many parts the range is counted; 0 where nothing is shown."""
        return len(self._lanes[0].counts) if self._lanes else 0

    def part(self, place: int) -> tuple[int, int]:
        """First nanosecond of a part, and the one after its last."""
        edges = self._axis().edges(max(1, self.bins))
        return int(edges[place]), int(edges[place + 1])

    def told(self, place: int) -> str:
        """What a part holds, in words."""
        start, end = self.part(place)
        told = [f"{lane.title}: {_figure(int(lane.counts[place]), lane)}" for lane in self._lanes]
        since = format_duration(max(0, start - self._zero))
        return "\n".join((f"at +{since}, in {format_duration(end - start)}", *told))

    def _place_at(self, x: float, axis: TimeAxis) -> int:
        return max(0, min(self.bins - 1, int((x - axis.left) / axis.width * self.bins)))

    def _move_mark(self, place: int) -> None:
        self._mark = max(0, min(self.bins - 1, place))
        self.setAccessibleDescription(self.told(self._mark))
        self.update()

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """As high as its lanes."""
        return QSize(600, scaled(_RULER) + max(1, len(self._lanes)) * self._lane())

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
        if self.hasFocus():
            self._draw_focus(painter, axis)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell what lies under the pointer."""
        axis = self._axis()
        self._hover = event.position().x()
        inside = 0 <= self._hover - axis.left < axis.width and bool(self._lanes)
        self.setToolTip(self._tip(axis) if inside else "")
        self.update()

    def _tip(self, axis: TimeAxis) -> str:
        return self.told(self._place_at(self._hover, axis))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from part to part, with shift by ten; Home and End; Enter chooses the moment."""
        step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        moves = {
            Qt.Key.Key_Left: self._mark - step,
            Qt.Key.Key_Right: self._mark + step,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self.bins - 1,
        }
        if self.bins and event.key() in moves:
            self._move_mark(moves[Qt.Key(event.key())])
        elif self._mark >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.moment_chosen.emit(self.part(self._mark)[0])
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the part under the pointer, or of the marked one; of that in the middle where none is."""
        by_key, axis = event.reason() is QContextMenuEvent.Reason.Keyboard, self._axis()
        marked = self._mark if self._mark >= 0 else self.bins // 2
        place = marked if by_key else self._place_at(event.pos().x(), axis)
        if self.bins and place >= 0 and (by_key or event.pos().x() >= axis.left):
            below = self.mapToGlobal(QPoint(round(axis.x_of(self.part(place)[0])), self.height()))
            self.menu_wanted.emit(self.part(place), below if by_key else event.globalPos())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The moment under the pointer is chosen."""
        axis = self._axis()
        if event.position().x() >= axis.left:
            self.moment_chosen.emit(axis.ns_at(event.position().x()))


def total_text(lane: Lane) -> str:
    """All of a lane as one figure."""
    return _figure(lane.total, lane)


def _figure(number: int, lane: Lane) -> str:
    if lane.is_time:
        return format_duration(number)
    return format_bytes(number) if lane.is_bytes else format_compact(number)
