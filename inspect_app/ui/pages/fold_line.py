"""What deserves a second look and lies below the fold: told at the end of what can be seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QSizePolicy

from inspect_app.ui.pages.tile import TileWidget
from inspect_app.ui.widgets import ToolButton

_AT_ONCE_MS = 0
_AROUND = 90
"""Pixels of the drawing and the margins."""


class FoldLine(ToolButton):
    """Names the tiles with a sign that one would have to scroll to; a click goes there."""

    def __init__(self, area: QScrollArea) -> None:
        super().__init__("FoldLine")
        self._area = area
        self._tiles: tuple[TileWidget, ...] = ()
        self.below: tuple[TileWidget, ...] = ()
        """The tiles that cannot be seen now."""
        self._later = QTimer(self, singleShot=True, interval=_AT_ONCE_MS)
        self._later.timeout.connect(self._look)
        area.verticalScrollBar().valueChanged.connect(lambda *_: self._later.start())
        area.verticalScrollBar().rangeChanged.connect(lambda *_: self._later.start())
        area.viewport().installEventFilter(self)
        self.clicked.connect(lambda *_: self._go())
        self.setToolTip("Scroll to them")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def watch(self, tiles: Sequence[TileWidget]) -> None:
        """Tell of these tiles from here on."""
        self._tiles = tuple(tiles)
        self._later.start()

    def _look(self) -> None:
        # Reckoned as if the line were there: whether it is must not change what it says.
        end = self._area.viewport().height() - (0 if self.isVisible() else self.sizeHint().height())
        self.below = tuple(tile for tile in self._tiles if self._middle_of(tile) > end)
        told = "  ·  ".join(f"{tile.title} {tile.figure}" for tile in self.below)
        text = f"{len(self.below)} more below:   {told}"
        room = self._area.width() - _AROUND
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        if shown != self.text():
            self.setText(shown)
            self.setAccessibleName(text)
            self.draw("errors")
        self.setVisible(bool(self.below))

    def _middle_of(self, tile: TileWidget) -> int:
        return tile.mapTo(self._area.viewport(), QPoint(0, tile.height() // 2)).y()

    def _go(self) -> None:
        if self.below:
            self._area.ensureWidgetVisible(self.below[-1])
            self.below[0].setFocus()

    # Qt's own names from here on.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Another height shows more or less."""
        if event.type() == QEvent.Type.Resize:
            self._later.start()
        return super().eventFilter(watched, event)
