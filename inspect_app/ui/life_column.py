"""The last column of the process tree: one time axis for all, a bar for each life."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.fonts import scaled, small_font
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.plain import plain
from inspect_app.ui.theme import category_colour, colour
from inspect_app.ui.tree_model import TreeModel

_MARGIN = 10
_TICK_PIXELS = 110


class LifeHeader(QHeaderView):
    """A header whose last section is a ruler."""

    def __init__(self, section: int, parent: QTreeView) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._section = section
        self._range, self._zero = (0, 1), 0
        self.setHighlightSections(False)

    def show_range(self, shown: tuple[int, int], zero: int) -> None:
        """What the ruler measures, and from where."""
        self._range, self._zero = shown, zero
        self.viewport().update()

    # Qt's own names from here on.

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        """Titles as usual, ticks over the lifelines."""
        painter.save()
        super().paintSection(painter, rect, logicalIndex)
        painter.restore()
        if logicalIndex != self._section:
            return
        painter.setFont(small_font())
        axis = life_axis(self._range, QRectF(rect))
        for tick in axis.ticks(self._zero, scaled(_TICK_PIXELS)):
            x = axis.x_of(tick.ns)
            painter.setPen(colour("strong_border"))
            painter.drawLine(QPointF(x, rect.bottom() - 6), QPointF(x, rect.bottom()))
            if x + painter.fontMetrics().horizontalAdvance(tick.relative) + 6 < rect.right():
                painter.setPen(colour("muted"))
                painter.drawText(QPointF(x + 4, rect.center().y() + 5), tick.relative)


class LifeDelegate(QStyledItemDelegate):
    """Draws when a process lived, in its container's colour, with a mark at each program it started."""

    def __init__(self, parent: QTreeView) -> None:
        super().__init__(parent)
        self._range = (0, 1)

    def show_range(self, shown: tuple[int, int]) -> None:
        """What the axis spans."""
        self._range = shown

    def _draw(self, painter: QPainter, model: TreeModel, process: int, area: QRectF) -> None:
        branches = model.branches
        lives, axis = branches.lives, life_axis(self._range, area)
        if not lives.lived[process]:
            return
        container = number_at(branches.frames.processes, "container", process)
        is_inside = container >= 0 and not branches.frames.is_host[container]
        ink = category_colour(container) if is_inside else colour("histogram")
        start, end = axis.x_of(int(lives.start[process])), axis.x_of(int(lives.end[process]))
        bar = QRectF(start, area.top() + 5, max(2.0, end - start), area.height() - 10)
        alpha = 110 if branches.chosen[process] else 36
        painter.fillRect(bar, QColor(ink.red(), ink.green(), ink.blue(), alpha))
        painter.setPen(QPen(ink, 2))
        if lives.born[process]:
            painter.drawLine(QPointF(start, bar.top() - 2), QPointF(start, bar.bottom() + 2))
        if lives.died[process]:
            painter.setPen(QPen(colour("error") if model.failed(process) else ink, 2))
            painter.drawLine(QPointF(bar.right(), bar.top() - 2), QPointF(bar.right(), bar.bottom() + 2))
        self._draw_programs(painter, model, process, bar, axis)

    def _draw_programs(
        self, painter: QPainter, model: TreeModel, process: int, bar: QRectF, axis: TimeAxis
    ) -> None:
        branches = model.branches
        first, last = int(branches.exec_starts[process]), int(branches.exec_starts[process + 1])
        painter.setFont(small_font())
        metrics = painter.fontMetrics()
        for place in range(first, last):
            x = axis.x_of(int(branches.exec_times[place]))
            if not bar.left() - 1 <= x <= bar.right() + 1:
                continue
            after = axis.x_of(int(branches.exec_times[place + 1])) if place + 1 < last else bar.right()
            painter.setPen(QPen(colour("text"), 1))
            painter.drawLine(QPointF(x, bar.top()), QPointF(x, bar.bottom()))
            name = plain(text_at(branches.frames.images, "comm", int(branches.exec_rows[place])))
            if metrics.horizontalAdvance(name) + 8 < after - x:
                painter.drawText(QPointF(x + 4, bar.center().y() + metrics.ascent() / 2 - 1), name)

    # Qt's own names from here on.

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """A grid that continues the ruler, then the life."""
        area = QRectF(option.rect)
        model = index.model()
        painter.save()
        painter.setClipRect(area)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("selection"))
        axis = life_axis(self._range, area)
        painter.setPen(colour("border"))
        for tick in axis.ticks(self._range[0], scaled(_TICK_PIXELS)):
            painter.drawLine(
                QPointF(axis.x_of(tick.ns), area.top()), QPointF(axis.x_of(tick.ns), area.bottom())
            )
        if isinstance(model, TreeModel):
            self._draw(painter, model, model.process_of(index), area)
        painter.restore()


def life_axis(shown: tuple[int, int], area: QRectF) -> TimeAxis:
    """The axis over a column: every row and the ruler share it."""
    return TimeAxis(*shown, area.left() + _MARGIN, max(10.0, area.width() - 2 * _MARGIN))
