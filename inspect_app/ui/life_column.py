"""The last column of the process tree: one time axis for all, a bar for each life."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.fonts import scaled, small_font, text_percent
from inspect_app.ui.lookups import text_at
from inspect_app.ui.plain import plain
from inspect_app.ui.theme import category_colour, colour, tokens
from inspect_app.ui.tree_model import Branches, TreeModel

_MARGIN = 10
_TICK_PIXELS = 110
_LEAST_NAME = 14
"""Pixels: no name fits into less."""


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
    """Draws when a process lived, in its container's colour, with a mark at each program it started.

    What all lines of a picture share (the axis, its ticks, colours, the font) is worked out once for them.
    """

    def __init__(self, parent: QTreeView) -> None:
        super().__init__(parent)
        self._range = (0, 1)
        self._shared: _Shared | None = None

    def show_range(self, shown: tuple[int, int]) -> None:
        """What the axis spans."""
        self._range = shown

    def _share(self, area: QRectF) -> _Shared:
        known = (self._range, area.left(), area.width(), tokens(), text_percent())
        if self._shared is None or self._shared.known != known:
            axis = life_axis(self._range, area)
            ticks = axis.ticks(self._range[0], scaled(_TICK_PIXELS))
            self._shared = _Shared(known, axis, [axis.x_of(tick.ns) for tick in ticks])
        return self._shared

    def _draw(self, painter: QPainter, model: TreeModel, process: int, area: QRectF, shared: _Shared) -> None:
        branches = model.branches
        lives, axis = branches.lives, shared.axis
        if not lives.lived[process]:
            return
        ink = shared.ink(model.container(process))
        start, end = axis.x_of(int(lives.start[process])), axis.x_of(int(lives.end[process]))
        left, right = max(start, area.left()), min(max(end, start + 2.0), area.right())
        top, bottom = area.top() + 5, area.bottom() - 5
        alpha = 110 if branches.chosen[process] else 36
        painter.fillRect(
            QRectF(left, top, max(0.0, right - left), bottom - top),
            QColor(ink.red(), ink.green(), ink.blue(), alpha),
        )
        if lives.born[process]:
            painter.fillRect(QRectF(start - 1, top - 2, 2, bottom - top + 4), ink)
        if lives.died[process]:
            edge = shared.error if model.failed(process) else ink
            painter.fillRect(QRectF(max(end, start + 2.0) - 1, top - 2, 2, bottom - top + 4), edge)
        self._draw_programs(painter, branches, process, (top, bottom, right), shared)

    def _draw_programs(
        self,
        painter: QPainter,
        branches: Branches,
        process: int,
        bar: tuple[float, float, float],
        shared: _Shared,
    ) -> None:
        first, last = int(branches.exec_starts[process]), int(branches.exec_starts[process + 1])
        if first == last:
            return
        top, bottom, right = bar
        xs = shared.axis.xs_of(branches.exec_times[first:last])
        after = np.append(xs[1:], right)
        seen = np.flatnonzero((xs >= shared.axis.left - 1) & (xs <= right + 1))
        # Of many that fall on one pixel, one is enough.
        seen = seen[np.unique(xs[seen].astype(np.int64), return_index=True)[1]]
        painter.setPen(shared.text)
        for place in seen.tolist():
            x = float(xs[place])
            painter.fillRect(QRectF(x, top, 1, bottom - top), shared.text)
            room = float(after[place]) - x
            if room < _LEAST_NAME:
                continue
            name = plain(text_at(branches.frames.images, "comm", int(branches.exec_rows[first + place])))
            if shared.metrics.horizontalAdvance(name) + 8 < room:
                painter.drawText(QPointF(x + 4, (top + bottom + shared.metrics.ascent()) / 2 - 1), name)

    # Qt's own names from here on.

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """A grid that continues the ruler, then the life."""
        area = QRectF(option.rect)
        model = index.model()
        shared = self._share(area)
        painter.save()
        painter.setClipRect(area)
        painter.setFont(shared.font)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("selection"))
        for x in shared.ticks:
            painter.fillRect(QRectF(x, area.top(), 1, area.height()), shared.border)
        if isinstance(model, TreeModel):
            self._draw(painter, model, model.process_of(index), area, shared)
        painter.restore()


class _Shared:
    """What the lines of one picture have in common."""

    def __init__(self, known: tuple[object, ...], axis: TimeAxis, ticks: list[float]) -> None:
        self.known = known
        """What it was made from."""
        self.axis = axis
        self.ticks = ticks
        """Where lines of the grid are, in pixels."""
        self.font = small_font()
        self.metrics = QFontMetricsF(self.font)
        self.text, self.border, self.error = colour("text"), colour("border"), colour("error")
        self._host = colour("histogram")
        self._inks: dict[int, QColor] = {}

    def ink(self, container: int) -> QColor:
        """The colour of a container's processes; -1 is the host."""
        if container < 0:
            return self._host
        if container not in self._inks:
            self._inks[container] = category_colour(container)
        return self._inks[container]


def life_axis(shown: tuple[int, int], area: QRectF) -> TimeAxis:
    """The axis over a column: every row and the ruler share it."""
    return TimeAxis(*shown, area.left() + _MARGIN, max(10.0, area.width() - 2 * _MARGIN))
