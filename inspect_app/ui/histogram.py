"""Histograms as outlines: one polygon however many bins there are."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF


def draw_histogram(
    painter: QPainter, area: QRectF, counts: np.ndarray, ink: QColor, *, steps: bool = True
) -> None:
    """Fill `area` with bars of equal width, the highest as high as the area.

    A bin that is not empty is at least a pixel high: rare things are what one looks for.
    """
    if not len(counts) or area.width() < 1:
        return
    peak = float(counts.max())
    painter.save()
    painter.setPen(QPen(QColor(ink.red(), ink.green(), ink.blue(), 60), 1))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    if peak > 0:
        heights = counts.astype(np.float64) / peak * (area.height() - 1)
        heights = np.where(counts > 0, np.maximum(heights, 1.5), 0.0)
        fill = QColor(ink)
        fill.setAlpha(150)
        painter.setBrush(fill)
        painter.setPen(QPen(ink, 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not steps)
        painter.drawPath(_outline(area, heights))
    painter.restore()


def _outline(area: QRectF, heights: np.ndarray) -> QPainterPath:
    """The bars as closed shapes, one for each run of bins that are not empty."""
    bottom, width = area.bottom(), area.width() / len(heights)
    xs = (area.left() + np.arange(len(heights) + 1) * width).tolist()
    tops = (bottom - heights).tolist()
    filled = np.flatnonzero(np.diff(np.concatenate(([0], heights > 0, [0]))))
    path = QPainterPath()
    for first, last in filled.reshape(-1, 2).tolist():
        points = [QPointF(xs[first], bottom)]
        for at in range(first, last):
            points += (QPointF(xs[at], tops[at]), QPointF(xs[at + 1], tops[at]))
        points.append(QPointF(xs[last], bottom))
        path.addPolygon(QPolygonF(points))
        path.closeSubpath()
    return path


def draw_hatched(painter: QPainter, area: QRectF, ink: QColor) -> None:
    """What was not recorded: hatched, so that it never passes for a quiet time."""
    painter.save()
    painter.setPen(QPen(ink, 1))
    painter.setBrush(ink)
    brush = painter.brush()
    brush.setStyle(Qt.BrushStyle.BDiagPattern)
    painter.setBrush(brush)
    painter.drawRect(area)
    painter.restore()


def counts_in(times: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many of the sorted times (int64) lie between neighbouring edges."""
    return np.diff(np.searchsorted(times, edges))
