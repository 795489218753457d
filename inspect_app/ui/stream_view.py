"""Payload as one column of boxes, in order of time; only what is on screen is read from the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from inspect_app.ui.fonts import mono_font, scaled, small_font, text_font
from inspect_app.ui.theme import colour
from inspect_app.views.payload_text import Rendering, render

_HEAD, _FOOT, _GAP, _MARGIN, _INDENT = 26, 18, 8, 14, 16
_BAR_STEPS = 16
"""Steps of the scroll bar for one box."""


@dataclass(frozen=True, slots=True)
class Box:
    """One transfer, ready to be drawn."""

    write: bool
    title: str
    note: str
    """What stands at the right of the title: how much was kept."""
    before: str
    """What was lost before it, empty for nothing."""
    after: str
    """What is missing at its end, empty for nothing."""


class StreamView(QAbstractScrollArea):
    """Boxes of any height, any number of them: heights are worked out only around the place that is shown."""

    chosen = Signal(int)
    menu_wanted = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("I/O streams")
        self._count = 0
        self._box: Callable[[int], Box] = lambda _: Box(False, "", "", "", "")
        self._payload: Callable[[int], bytes] = lambda _: b""
        self.rendering = Rendering.DOTTED
        self.current = 0
        self._top = (0, 0.0)
        self._lines = lru_cache(maxsize=512)(self._render)
        self.verticalScrollBar().valueChanged.connect(self._on_bar)

    def show_boxes(self, count: int, box: Callable[[int], Box], payload: Callable[[int], bytes]) -> None:
        """Replace everything; both functions are asked for what comes on screen."""
        self._count, self._box, self._payload = count, box, payload
        self.current = 0
        self._refill()
        self._go((0, 0.0))

    def show_as(self, rendering: Rendering) -> None:
        """Another way to show bytes."""
        self.rendering = rendering
        self._refill()

    def go_to(self, box: int) -> None:
        """Choose a box and bring it to the top."""
        self.current = max(0, min(self._count - 1, box))
        self.chosen.emit(self.current)
        self._go((self.current, 0.0))

    def text_of(self, box: int) -> str:
        """A box as text, for the clipboard."""
        drawn = self._box(box)
        return "\n".join([f"{drawn.title}  {drawn.note}".strip(), *self._lines(box)])

    def box_at(self, y: float) -> int:
        """The box under a place, -1 for none."""
        box, top = self._top[0], -self._top[1]
        while box < self._count and top < self.viewport().height():
            if top <= y < top + self._height(box):
                return box
            top += self._height(box)
            box += 1
        return -1

    def _render(self, box: int) -> list[str]:
        return render(self._payload(box), self.rendering, self._columns())

    def _columns(self) -> int:
        advance = QFontMetricsF(mono_font()).horizontalAdvance("0")
        return int((self.viewport().width() - 2 * _MARGIN - 2 * _INDENT) / max(1.0, advance))

    def _line_height(self) -> float:
        return QFontMetricsF(mono_font()).height() + 2

    def _height(self, box: int) -> float:
        drawn = self._box(box)
        extra = scaled(_FOOT) * (bool(drawn.before) + bool(drawn.after))
        return scaled(_HEAD) + len(self._lines(box)) * self._line_height() + extra + _GAP + 6

    def _refill(self) -> None:
        self._lines.cache_clear()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, (self._count - 1) * _BAR_STEPS))
        bar.setPageStep(_BAR_STEPS * 4)
        bar.setSingleStep(1)
        self._go(self._top)

    def _scroll(self, pixels: float) -> None:
        box, offset = self._top
        offset += pixels
        while offset < 0 and box > 0:
            box -= 1
            offset += self._height(box)
        while box < self._count - 1 and offset >= self._height(box):
            offset -= self._height(box)
            box += 1
        self._go((box, max(0.0, offset)))

    def _go(self, top: tuple[int, float]) -> None:
        if not self._count:
            self.viewport().update()
            return
        self._top = min(top, self._lowest())
        bar = self.verticalScrollBar()
        bar.blockSignals(True)
        bar.setValue(self._top[0] * _BAR_STEPS + int(self._top[1] / self._height(self._top[0]) * _BAR_STEPS))
        bar.blockSignals(False)
        self.viewport().update()

    def _lowest(self) -> tuple[int, float]:
        """The place from which the last box just fits."""
        room, box = float(self.viewport().height()), self._count - 1
        while box >= 0:
            height = self._height(box)
            if height >= room:
                return (box, height - room)
            room -= height
            box -= 1
        return (0, 0.0)

    def _on_bar(self, value: int) -> None:
        box, step = divmod(value, _BAR_STEPS)
        if box < self._count:
            self._go((box, self._height(box) * step / _BAR_STEPS))

    def _draw(self, painter: QPainter, box: int, top: float) -> None:
        drawn, width = self._box(box), self.viewport().width() - 2 * _MARGIN
        if drawn.before:
            painter.setFont(small_font(bold=True))
            painter.setPen(colour("error"))
            painter.drawText(
                QRectF(_MARGIN, top, width, scaled(_FOOT)), Qt.AlignmentFlag.AlignVCenter, drawn.before
            )
            top += scaled(_FOOT)
        ink = colour("write" if drawn.write else "read")
        lines = self._lines(box)
        tall = scaled(_HEAD) + len(lines) * self._line_height() + (scaled(_FOOT) if drawn.after else 0) + 4
        area = QRectF(_MARGIN, top, width, tall)
        painter.fillRect(area, QColor(ink.red(), ink.green(), ink.blue(), 22))
        painter.fillRect(QRectF(area.left(), area.top(), 4, tall), ink)
        if box == self.current and self.hasFocus():
            painter.setPen(ink)
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.setFont(text_font(12, bold=True))
        painter.setPen(ink)
        head = QRectF(area.left() + _INDENT, top, width - 2 * _INDENT, scaled(_HEAD))
        note_room = painter.fontMetrics().horizontalAdvance(drawn.note) + 20
        title = painter.fontMetrics().elidedText(
            drawn.title, Qt.TextElideMode.ElideMiddle, max(40, int(head.width()) - note_room)
        )
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        painter.setFont(small_font())
        painter.setPen(colour("muted"))
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, drawn.note)
        self._draw_lines(painter, lines, head.left(), top + scaled(_HEAD))
        if drawn.after:
            foot = QRectF(head.left(), area.bottom() - scaled(_FOOT) - 2, head.width(), scaled(_FOOT))
            painter.setFont(small_font())
            painter.setPen(colour("muted"))
            painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter, drawn.after)

    def _draw_lines(self, painter: QPainter, lines: list[str], left: float, top: float) -> None:
        height, bottom = self._line_height(), self.viewport().height()
        painter.setFont(mono_font())
        painter.setPen(colour("text"))
        first = max(0, int(-top // height))
        for place in range(first, len(lines)):
            y = top + place * height
            if y > bottom:
                break
            painter.drawText(QRectF(left, y, 10_000, height), Qt.AlignmentFlag.AlignVCenter, lines[place])

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._refill()

    def paintEvent(self, event: QPaintEvent) -> None:
        """From the box at the top downwards."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), colour("surface"))
        box, top = self._top[0], 8 - self._top[1] if self._top[0] == 0 else -self._top[1]
        while box < self._count and top < self.viewport().height():
            self._draw(painter, box, top)
            top += self._height(box)
            box += 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other lines fit."""
        self._refill()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the box under the pointer, or of the chosen one."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        place = self.viewport().mapToGlobal(self.viewport().rect().center()) if by_key else event.globalPos()
        self.menu_wanted.emit(self.current if by_key else self.box_at(event.pos().y()), place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """By pixels, over any number of boxes."""
        self._scroll(-event.angleDelta().y() / 120 * 72)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a box."""
        box = self.box_at(event.position().y())
        if box >= 0:
            self.current = box
            self.chosen.emit(box)
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down go from box to box, pages and ends as everywhere."""
        page = self.viewport().height() * 0.9
        match event.key():
            case Qt.Key.Key_Down:
                self.go_to(self.current + 1)
            case Qt.Key.Key_Up:
                self.go_to(self.current - 1)
            case Qt.Key.Key_PageDown:
                self._scroll(page)
            case Qt.Key.Key_PageUp:
                self._scroll(-page)
            case Qt.Key.Key_Home:
                self.go_to(0)
            case Qt.Key.Key_End:
                self.go_to(self._count - 1)
            case _:
                event.ignore()
