"""What colour rules look like in the theme in force: a faint ground, and a sign in full colour."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QGuiApplication, QPainter, QPixmap

from inspect_app.session.colour_rules import PAINTS, ColourRule
from inspect_app.ui.fonts import scaled, text_font
from inspect_app.ui.theme import Tokens, tokens

_SHARE = 0.13
"""How much of the colour is in the ground: text of any ink stays readable on it."""
_SIGN = 13


def tint(theme: Tokens, place: int) -> str:
    """The ground of a paint, as #rrggbb."""
    surface, ink = QColor(theme.surface), QColor(theme.categories[place])
    parts = [
        round(under + (over - under) * _SHARE)
        for under, over in zip(surface.getRgb()[:3], ink.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*parts).name()


def ground_of(rule: ColourRule) -> QBrush:
    """The ground of a painted line."""
    return QBrush(QColor(tint(tokens(), rule.place)))


def sign_of(rule: ColourRule) -> QPixmap:
    """The sign of a painted line."""
    app = QGuiApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    return _sign(PAINTS[rule.place].sign, tokens().categories[rule.place], scaled(_SIGN), ratio)


@lru_cache(maxsize=256)
def _sign(sign: str, ink: str, pixels: int, ratio: float) -> QPixmap:
    drawn = QPixmap(round(pixels * ratio), round(pixels * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setFont(text_font(12))
    painter.setPen(QColor(ink))
    painter.drawText(QRectF(0, 0, pixels, pixels), Qt.AlignmentFlag.AlignCenter, sign)
    painter.end()
    return drawn
