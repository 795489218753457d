"""Icons: small drawings in the colour of the theme that is in force."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from inspect_app.ui.fonts import scaled
from inspect_app.ui.theme import colour

_SIZES = (16, 20, 24, 32, 48)
_FALLBACK = "table"


def icon(name: str, ink: str = "muted", *, beside_text: bool = False) -> QIcon:
    """A drawing of `resources/icons` in a token's colour or #rrggbb; an unknown name gives the table's.

    `beside_text` keeps a text at its right a little away.
    """
    return _drawn(name, ink if ink.startswith("#") else colour(ink).name(), beside_text=beside_text)


def icon_size(pixels: int, *, beside_text: bool = False) -> QSize:
    """How large such an icon is, at the size of text in force."""
    return QSize(_wide(scaled(pixels), beside_text=beside_text), scaled(pixels))


def app_icon() -> QIcon:
    """The mark of the window."""
    return _drawn("exhume", "#000000", beside_text=False)


def _wide(size: int, *, beside_text: bool) -> int:
    return size * 11 // 8 if beside_text else size


@lru_cache(maxsize=256)
def _drawn(name: str, ink: str, *, beside_text: bool) -> QIcon:
    folder = resources.files("resources") / "icons"
    source = folder / f"{name}.svg"
    if not source.is_file():
        source = folder / f"{_FALLBACK}.svg"
    text = source.read_text(encoding="utf-8").replace("currentColor", ink)
    renderer = QSvgRenderer(QByteArray(text.encode()))
    drawn = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(_wide(size, beside_text=beside_text), size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size, size))
        painter.end()
        drawn.addPixmap(pixmap)
    return drawn
