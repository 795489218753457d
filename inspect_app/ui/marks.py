"""Marks on the time strip: moments that somebody or something points at, one row of them a sort.

Each mark has a style, and the first styles matter most: where marks lie closer than they can be drawn, the
one that matters most stands for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from inspect_app.ui.axis import TimeAxis
from inspect_app.ui.theme import colour

CELL = 10
"""Pixels that a mark takes."""
MAX_TOLD = 3
"""Marks that are told one by one where several lie under the pointer."""


class Shape(Enum):
    """Forms that are told apart without their colour."""

    DIAMOND = ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0))
    TRIANGLE = ((0.0, -0.95), (1.0, 0.85), (-1.0, 0.85))
    SQUARE = ((-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8))
    FLAG = ((-0.7, -1.0), (0.9, -0.5), (-0.4, 0.0), (-0.4, 1.0), (-0.7, 1.0))
    CIRCLE = ()


@dataclass(frozen=True, slots=True)
class MarkStyle:
    """How one kind of mark looks."""

    shape: Shape
    colour: str
    """A colour of the theme."""
    is_filled: bool = True


@dataclass(frozen=True, eq=False)
class Marks:
    """One row of marks."""

    title: str
    total: str
    """How many there are, in words."""
    times: np.ndarray
    """int64, sorted: nanoseconds since 1970 UTC."""
    kinds: np.ndarray
    """int64, one a mark: its style."""
    styles: tuple[MarkStyle, ...]
    label: Callable[[int], str] = field(repr=False)
    """What a mark says, by its place among `times`."""
    opened: Callable[[int], None] = field(repr=False)
    """What a click on it does."""

    def cells(self, axis: TimeAxis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """int64 each: cells of the shown range with marks, the mark that stands in each, and how many do."""
        first, last = np.searchsorted(self.times, [axis.start, axis.end])
        kinds = self.kinds[first:last]
        share = (self.times[first:last] - axis.start) / max(1, axis.span)
        cells = (share * axis.width // CELL).astype(np.int64)
        order = np.lexsort((kinds, cells))
        found, begins, counts = np.unique(cells[order], return_index=True, return_counts=True)
        return found, order[begins] + first, counts

    def near(self, x: float, axis: TimeAxis) -> np.ndarray:
        """int64: the marks at a pixel, what matters most first; empty where there are none."""
        cell = int((x - axis.left) // CELL)
        for one in (cell, cell - 1, cell + 1):
            since, until = (axis.ns_at(axis.left + place * CELL) for place in (one, one + 1))
            first, last = np.searchsorted(self.times, [max(since, axis.start), max(until, axis.start)])
            if first < last:
                found: np.ndarray = first + np.argsort(self.kinds[first:last], kind="stable")
                return found
        return np.empty(0, np.int64)

    def told(self, x: float, axis: TimeAxis) -> list[str]:
        """What lies at a pixel, a line each."""
        found = self.near(x, axis)
        lines = [self.label(one) for one in found[:MAX_TOLD].tolist()]
        more = len(found) - len(lines)
        return lines + ([f"and {more:,} more"] if more else [])


def paint_marks(painter: QPainter, area: QRectF, axis: TimeAxis, marks: Marks) -> None:
    """Draw a row of marks; several in one place are drawn larger."""
    cells, shown, counts = marks.cells(axis)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = area.center().y()
    kinds = marks.kinds[shown]
    for cell, kind, count in zip(cells.tolist(), kinds.tolist(), counts.tolist(), strict=True):
        centre = QPointF(axis.left + (cell + 0.5) * CELL, middle)
        paint_mark(painter, centre, marks.styles[kind], 5.0 if count > 1 else 4.0)
    painter.restore()


def paint_mark(painter: QPainter, centre: QPointF, style: MarkStyle, radius: float) -> None:
    """Draw one mark around a point."""
    ink = colour(style.colour)
    painter.setPen(ink)
    painter.setBrush(ink if style.is_filled else Qt.BrushStyle.NoBrush)
    if style.shape is Shape.CIRCLE:
        painter.drawEllipse(centre, radius * 0.8, radius * 0.8)
        return
    corners = [QPointF(centre.x() + x * radius, centre.y() + y * radius) for x, y in style.shape.value]
    painter.drawPolygon(QPolygonF(corners))
