"""Colours: two declared sets of tokens, and the palette and style sheet made from them.

Every pair of text and ground keeps a contrast of at least 4.5:1 (`TEXT_PAIRS`, checked by a test).
The categorical colours follow Okabe and Ito's set for colour-blind readers, darkened or lightened
for the ground they stand on; no meaning is carried by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from inspect_app.ui.style import style_sheet


class ThemeName(StrEnum):
    """What the View menu offers."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as #rrggbb."""

    window: str
    surface: str
    raised: str
    stripe: str
    border: str
    strong_border: str
    text: str
    muted: str
    accent: str
    accent_text: str
    """Text on the accent."""
    selection: str
    selection_text: str
    title: str
    """The title area, dark in both themes."""
    title_text: str
    title_muted: str
    read: str
    write: str
    good: str
    warning: str
    error: str
    bar: str
    """Bars behind numbers in cells."""
    histogram: str
    match: str
    """The ground of found text."""
    categories: tuple[str, ...]
    """Colours of tiles and containers, in the order in which they are given out."""


DARK = Tokens(
    window="#12151b",
    surface="#191d25",
    raised="#222833",
    stripe="#1c212a",
    border="#2c3440",
    strong_border="#475364",
    text="#e7eaf0",
    muted="#a0abba",
    accent="#6cb8f6",
    accent_text="#0b1622",
    selection="#234a70",
    selection_text="#ffffff",
    title="#0d1016",
    title_text="#f0f3f8",
    title_muted="#9aa6b6",
    read="#e3a951",
    write="#6cb8f6",
    good="#4cc3a0",
    warning="#f0bd4f",
    error="#ff8f7d",
    bar="#29405a",
    histogram="#5c8fc0",
    match="#6b5310",
    categories=("#6cb8f6", "#f0a94a", "#4cc3a0", "#d89ac2", "#f2dd6e", "#ff8f6b", "#9fb2ff", "#b8c4d2"),
)

LIGHT = Tokens(
    window="#eef1f5",
    surface="#ffffff",
    raised="#f3f5f8",
    stripe="#f8fafc",
    border="#d5dbe3",
    strong_border="#a3aebb",
    text="#1a2330",
    muted="#55616f",
    accent="#0a62b5",
    accent_text="#ffffff",
    selection="#cfe3f8",
    selection_text="#0f1d2c",
    title="#1b2430",
    title_text="#f3f6fa",
    title_muted="#b3bfcd",
    read="#8a5200",
    write="#0a62b5",
    good="#007355",
    warning="#855600",
    error="#b3361d",
    bar="#d3e5f6",
    histogram="#4f8ac4",
    match="#ffe58a",
    categories=("#0a62b5", "#a35c00", "#007a5a", "#9c3f7d", "#7a6a00", "#b3471f", "#4a55b8", "#566270"),
)

TEXT_PAIRS = (
    *((ink, ground) for ink in ("text", "muted") for ground in ("window", "surface", "raised", "stripe")),
    *((ink, "surface") for ink in ("accent", "read", "write", "good", "warning", "error")),
    *((ink, "raised") for ink in ("accent", "read", "write", "good", "warning", "error")),
    ("accent_text", "accent"),
    ("selection_text", "selection"),
    ("title_text", "title"),
    ("title_muted", "title"),
    ("text", "bar"),
    ("text", "match"),
)
"""Which token is written on which."""


def tokens() -> Tokens:
    """The tokens of the theme that is in force."""
    return LIGHT if QApplication.palette().window().color().lightness() > 127 else DARK


def colour(name: str, alpha: int = 255) -> QColor:
    """A token as a colour, `alpha` 0 to 255."""
    value = QColor(cast(str, getattr(tokens(), name)))
    value.setAlpha(alpha)
    return value


def category_colour(index: int) -> QColor:
    """The colour given out `index`-th; after the last it starts over."""
    palette = tokens().categories
    return QColor(palette[index % len(palette)])


def apply_theme(app: QApplication, name: ThemeName, *, anew: bool = False) -> None:
    """Put a theme in force; `system` follows the desktop's scheme where it tells one, else is dark.

    A theme that is in force already is left alone, for every widget is styled again by it; unless `anew` asks
    for that, as text of another size does.
    """
    chosen = DARK if name is ThemeName.DARK or (name is ThemeName.SYSTEM and _system_is_dark(app)) else LIGHT
    sheet = style_sheet(chosen)
    if app.styleSheet() == sheet and not anew:
        return
    if app.style().objectName().lower() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(_palette(chosen))
    app.setStyleSheet(sheet)


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""
    lighter, darker = sorted((_luminance(QColor(first)), _luminance(QColor(second))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _system_is_dark(app: QApplication) -> bool:
    return app.styleHints().colorScheme() is not Qt.ColorScheme.Light


def _luminance(value: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(value.redF()) + 0.7152 * linear(value.greenF()) + 0.0722 * linear(value.blueF())


def _palette(theme: Tokens) -> QPalette:
    role = QPalette.ColorRole
    roles = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.stripe,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.selection_text,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Accent: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.border,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.window,
    }
    palette = QPalette()
    for which, value in roles.items():
        palette.setColor(which, QColor(value))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(disabled, which, QColor(theme.strong_border))
    return palette
