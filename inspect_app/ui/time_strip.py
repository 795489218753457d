"""The time strip: the whole capture in one line, always visible, from which the time window is cut.

Drag to select, drag a handle to adjust, wheel to zoom down to nanoseconds, shift and drag (or the middle
button) to move along, double click to reset. With the keyboard: arrows move the window, with shift its
end, with control its beginning; plus and minus zoom, Return zooms to the window, Escape clears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.marks import Marks
from inspect_app.ui.status import LOSS_UNTOLD, NOTHING_LOST
from inspect_app.ui.strip_painter import RIGHT_MARGIN, Lane, StripPainter, gutter, strip_height
from inspect_app.ui.theme import colour, tokens

_GRIP = 7
_THROTTLE_MS = 30


class _Drag(Enum):
    NOTHING = 0
    BRUSH = 1
    START = 2
    END = 3
    PAN = 4


class TimeStrip(QWidget):
    """Shows when things happened and lets the analyst choose when."""

    window_changed = Signal(object, bool)
    """(start, end) in ns since 1970 UTC or None for all, and whether the hand has left the mouse."""
    view_changed = Signal(object, int)
    """(start, end) that is shown now, and into how many bins it should be counted."""
    unpinned = Signal(str)
    menu_wanted = Signal(object, object)
    """The moment under the pointer, or in the middle with the menu key; and a place on the screen."""
    clicked = Signal(object)
    """A click that chose no window: the moment under it, ns since 1970 UTC (Qt's int is too small)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits = (0, 1)
        self._view = (0, 1)
        self._window: tuple[int, int] | None = None
        self._painter = StripPainter()
        self._ground = QPixmap()
        self._ground_of: tuple[object, ...] = ()
        self._drag = _Drag.NOTHING
        self._anchor = 0
        self._hover: QPointF | None = None
        self._marks: dict[str, Marks] = {}
        self._mark: int | None = None
        self._moved = QTimer(self, singleShot=True, interval=_THROTTLE_MS)
        self._moved.timeout.connect(lambda: self.window_changed.emit(self._window, False))
        self._zoomed = QTimer(self, singleShot=True, interval=_THROTTLE_MS)
        self._zoomed.timeout.connect(self._tell_view)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Time strip")
        self.setAccessibleDescription("Arrows move the time window, plus and minus zoom, Escape clears it.")

    @property
    def window_range(self) -> tuple[int, int] | None:
        """The chosen time window, None for the whole capture."""
        return self._window

    @property
    def view_range(self) -> tuple[int, int]:
        """What is shown now."""
        return self._view

    def axis(self) -> TimeAxis:
        """Where moments lie on this widget."""
        return TimeAxis(*self._view, gutter(), max(1, self.width() - gutter() - RIGHT_MARGIN))

    def set_capture(self, limits: tuple[int, int], drops: np.ndarray, *, cut: bool = False) -> None:
        """Begin with another capture.

        Args:
            limits: Its first and last nanosecond, half open.
            drops: What was not recorded, int64[n, 4] of since, until, count, whether it was counted.
            cut: Whether the file ends before the recording did.
        """
        self._painter.cut = cut
        self._limits = self._view = (limits[0], max(limits[0] + 1, limits[1]))
        self._window = None
        self._painter.drops = drops
        self._painter.times = np.empty(0, dtype=np.int64)
        self._marks = {}
        self._painter.marks = ()
        self.set_lanes(())

    def set_loss_told(self, *, told: bool) -> None:
        """Whether the file tells what its recorder lost."""
        self._painter.nothing_lost = NOTHING_LOST if told else LOSS_UNTOLD
        self.update()

    def renew(self, limits: tuple[int, int], drops: np.ndarray, *, cut: bool) -> None:
        """The same capture has grown; what was shown to its end is shown to the new one."""
        before, self._limits = self._limits, (limits[0], max(limits[0] + 1, limits[1]))
        start, end = self._view
        start = self._limits[0] if start <= before[0] else start
        end = self._limits[1] if end >= before[1] else end
        self._painter.cut, self._painter.drops = cut, drops
        if (start, end) != self._view and start < end:
            self._view = (start, end)
            self._zoomed.start()
        self.update()

    def set_times(self, times: np.ndarray) -> None:
        """The sorted times (int64) of the events that pass the filter, in the whole capture."""
        self._painter.times = times
        self.update()

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """The pinned tiles, one under the other."""
        self._painter.lanes = tuple(lanes)
        self.updateGeometry()
        self.update()

    def set_marks(self, sort: str, marks: Marks | None) -> None:
        """Show a row of marks above the tiles, in the place of those of the same sort; None takes it away.

        A row without marks takes no room.
        """
        self._marks.pop(sort, None)
        if marks is not None and len(marks.times):
            self._marks[sort] = marks
        self._painter.marks = tuple(self._marks[name] for name in sorted(self._marks))
        self.updateGeometry()
        self.update()

    def set_window(self, window: tuple[int, int] | None) -> None:
        """Show a window that was chosen elsewhere; emits nothing."""
        if window != self._window and self._drag is _Drag.NOTHING:
            self._window = window
            self.update()

    def set_mark(self, moment: int | None) -> None:
        """Show the moment that a page is about; None for none."""
        self._mark = moment
        self.update()

    def bins(self) -> int:
        """Into how many parts the shown range is counted."""
        axis = self.axis()
        return max(1, min(int(axis.width) // 2, axis.span))

    def part_at(self, moment: int) -> tuple[int, int]:
        """What is counted together with a moment: first nanosecond, and the first after it."""
        (start, end), bins = self._view, self.bins()
        place = max(0, min(bins - 1, (moment - start) * bins // max(1, end - start)))
        first, after = (start + at * (end - start) // bins for at in (place, place + 1))
        return first, max(first + 1, after)

    def zoom_to_window(self) -> None:
        """Show the window and a little on both sides."""
        if self._window is not None:
            start, end = self._window
            margin = max(1, (end - start) // 20)
            self._show(self.axis().zoomed((end - start + 2 * margin) / self.axis().span, start, self._limits))
            self._show(self.axis().panned(start - margin - self._view[0], self._limits))

    def reset(self) -> None:
        """The whole capture, no window."""
        self._view = self._limits
        self._zoomed.start()
        self._choose(None, final=True)

    def _painted_ground(self, axis: TimeAxis) -> QPixmap:
        paints, ratio = self._painter, self.devicePixelRatioF()
        # Arrays are replaced, never changed: the same one holds the same figures.
        arrays = (paints.times, paints.lanes, paints.marks, paints.drops)
        kept = (axis, self.size(), ratio, tokens().surface, *arrays)
        if len(kept) != len(self._ground_of) or any(
            old is not new if isinstance(new, np.ndarray | tuple) else old != new
            for old, new in zip(self._ground_of, kept, strict=True)
        ):
            self._ground = QPixmap(self.size() * ratio)
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(colour("surface"))
            painter = QPainter(self._ground)
            paints.paint_ground(painter, axis, bins=self.bins(), limits=self._limits)
            painter.end()
            self._ground_of = kept
        return self._ground

    def _show(self, axis: TimeAxis) -> None:
        self._view = (axis.start, axis.end)
        self._zoomed.start()
        self.update()

    def _tell_view(self) -> None:
        self.view_changed.emit(self._view, self.bins())

    def _choose(self, window: tuple[int, int] | None, *, final: bool) -> None:
        if window is not None:
            low, high = self._limits
            start, end = sorted(window)
            window = (max(low, start), min(high, max(end, start + 1)))
        self._window = window
        self.update()
        if final:
            self._moved.stop()
            self.window_changed.emit(window, True)
        elif not self._moved.isActive():
            self._moved.start()

    def _grip_at(self, x: float) -> _Drag:
        if self._window is not None:
            axis = self.axis()
            distances = [abs(axis.x_of(ns) - x) for ns in self._window]
            if min(distances) <= _GRIP:
                return _Drag.START if distances[0] <= distances[1] else _Drag.END
        return _Drag.NOTHING

    def _drag_to(self, x: float) -> None:
        axis = self.axis()
        moment = axis.ns_at(min(max(x, axis.left), axis.left + axis.width))
        match self._drag:
            case _Drag.BRUSH:
                self._choose((self._anchor, moment), final=False)
            case _Drag.START | _Drag.END if self._window is not None:
                other = self._window[1] if self._drag is _Drag.START else self._window[0]
                self._choose((other, moment), final=False)
                if (moment > other) == (self._drag is _Drag.START):
                    self._drag = _Drag.END if self._drag is _Drag.START else _Drag.START
            case _Drag.PAN:
                self._show(axis.panned(self._anchor - axis.ns_at(x), self._limits))

    def _open_mark(self, point: QPointF) -> bool:
        """Go to what is marked under a point, the one that matters most; False where nothing is."""
        marks, axis = self._painter.marks_at(point, self.axis()), self.axis()
        found = [] if marks is None else marks.near(point.x(), axis).tolist()
        if marks is None or not found:
            return False
        marks.opened(found[0])
        return True

    def _move_window(self, by: int, key: Qt.KeyboardModifier) -> None:
        start, end = self._window or self._view
        if key & Qt.KeyboardModifier.ShiftModifier:
            end += by
        elif key & Qt.KeyboardModifier.ControlModifier:
            start += by
        else:
            low, high = self._limits
            by = max(low - start, min(by, high - end))
            start, end = start + by, end + by
        self._choose((start, end), final=True)

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._ground_of = ()
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as its lanes."""
        return QSize(900, strip_height(len(self._painter.lanes), len(self._painter.marks)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground is painted when it changes, the window over it at every move."""
        painter, axis = QPainter(self), self.axis()
        painter.drawPixmap(0, 0, self._painted_ground(axis))
        self._painter.paint_over(painter, axis, zero=self._limits[0], window=self._window, hover=self._hover)
        if self._mark is not None and axis.start <= self._mark <= axis.end:
            x = axis.x_of(self._mark)
            painter.setPen(QPen(colour("warning"), 2))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        if self.hasFocus():
            painter.setPen(self.palette().link().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width means other bins."""
        self._zoomed.start()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Under the pointer, or in the middle."""
        axis, by_key = self.axis(), event.reason() is QContextMenuEvent.Reason.Keyboard
        start, end = self._window or self._view
        moment = (start + end) // 2 if by_key else axis.ns_at(event.pos().x())
        if by_key or event.pos().x() >= axis.left:
            place = self.mapToGlobal(QPoint(round(axis.x_of(moment)), 0)) if by_key else event.globalPos()
            self.menu_wanted.emit(moment, place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a handle, or begin a new window."""
        x = event.position().x()
        if x < gutter():
            lane = self._painter.unpin_at(event.position())
            if lane:
                self.unpinned.emit(lane)
            return
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() is Qt.MouseButton.MiddleButton or shifted:
            self._drag = _Drag.PAN
        elif event.button() is Qt.MouseButton.LeftButton:
            self._drag = self._grip_at(x)
            self._drag = _Drag.BRUSH if self._drag is _Drag.NOTHING else self._drag
        self._anchor = self.axis().ns_at(x)
        self._pressed_at = x

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell what lies under the pointer."""
        x = event.position().x()
        self._hover = event.position() if x >= gutter() else None
        # A trembling hand selects nothing.
        if self._drag is not _Drag.NOTHING and (
            self._drag is not _Drag.BRUSH or abs(x - self._pressed_at) > 3
        ):
            self._drag_to(x)
        grip = self._grip_at(x) is not _Drag.NOTHING
        marks = self._painter.marks_at(event.position(), self.axis())
        over_cross = bool(self._painter.unpin_at(QPointF(event.position())))
        over_cross |= marks is not None and len(marks.near(x, self.axis())) > 0
        shape = Qt.CursorShape.PointingHandCursor if over_cross else Qt.CursorShape.ArrowCursor
        self.setCursor(Qt.CursorShape.SizeHorCursor if grip else shape)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The window stands."""
        drag, self._drag = self._drag, _Drag.NOTHING
        moved = abs(event.position().x() - getattr(self, "_pressed_at", 0)) > 3
        if drag in (_Drag.START, _Drag.END) or (drag is _Drag.BRUSH and moved):
            self._choose(self._window, final=True)
        elif drag is _Drag.BRUSH and not self._open_mark(event.position()):
            self.clicked.emit(self.axis().ns_at(event.position().x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to everything."""
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; sideways or with shift, move along."""
        axis = self.axis()
        delta = event.angleDelta()
        if delta.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            steps = (delta.x() or delta.y()) / 120
            self._show(axis.panned(-round(steps * axis.span / 10), self._limits))
        elif delta.y():
            self._show(axis.zoomed(0.8 ** (delta.y() / 120), axis.ns_at(event.position().x()), self._limits))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the pointer any more."""
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything the mouse can do."""
        axis = self.axis()
        middle = (axis.start + axis.end) // 2
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                step = max(1, axis.span // 50)
                self._move_window(step if event.key() == Qt.Key.Key_Right else -step, event.modifiers())
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._show(axis.zoomed(0.5, middle, self._limits))
            case Qt.Key.Key_Minus:
                self._show(axis.zoomed(2.0, middle, self._limits))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.zoom_to_window()
            case Qt.Key.Key_Escape | Qt.Key.Key_0:
                self.reset()
            case _:
                super().keyPressEvent(event)
