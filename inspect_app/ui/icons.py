"""Icons: small drawings in the colour of the theme that is in force."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inspect_app.ui.theme import colour

_SIZES = (16, 20, 24, 32, 48)
_FALLBACK = "table"


def icon(name: str, ink: str = "muted") -> QIcon:
    """A drawing of `resources/icons` in a token's colour or #rrggbb; an unknown name gives the table's."""
    return _drawn(name, ink if ink.startswith("#") else colour(ink).name())


def app_icon() -> QIcon:
    """The mark of the window."""
    return _drawn("exhume", "#000000")


@lru_cache(maxsize=256)
def _drawn(name: str, ink: str) -> QIcon:
    folder = resources.files("resources") / "icons"
    source = folder / f"{name}.svg"
    if not source.is_file():
        source = folder / f"{_FALLBACK}.svg"
    text = source.read_text(encoding="utf-8").replace("currentColor", ink)
    renderer = QSvgRenderer(QByteArray(text.encode()))
    drawn = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        drawn.addPixmap(pixmap)
    return drawn
