"""Which letters the window is written in, and how large all that is measured by them.

On a desktop these are the system's. Pictures are written in the fonts that come with Exhume, so that the
same capture gives the same picture on every machine. Text of another size scales what is drawn by hand as
well: whoever draws asks `scaled` for each distance that holds text, and listens to a change of the font.
"""

from __future__ import annotations

from importlib import resources

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics, QGuiApplication

_BUNDLED = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf")
_TEXT_PIXELS = 13
_SMALL_PIXELS = 11
_HEADING_PIXELS = 17
_LINE_PIXELS = 20
_MONO, _BASE, _PERCENT = "mono_family", "text_base", "text_percent"


def use_bundled_fonts(app: QGuiApplication) -> None:
    """Write everything in the bundled fonts, without anything that differs between machines."""
    for name in _BUNDLED:
        data = (resources.files("resources") / "fonts" / name).read_bytes()
        QFontDatabase.addApplicationFontFromData(data)
    app.setProperty(_MONO, "DejaVu Sans Mono")
    app.setProperty(_BASE, _exact(QFont("DejaVu Sans")))
    app.setProperty(_PERCENT, 100)
    app.setFont(_exact(QFont("DejaVu Sans")))


def set_text_size(app: QGuiApplication, percent: int) -> None:
    """Write everything larger or smaller; 100 is as the system has it."""
    base = app.property(_BASE)
    if not isinstance(base, QFont):
        base = QFont(QGuiApplication.font())
        app.setProperty(_BASE, base)
    app.setProperty(_PERCENT, percent)
    font = QFont(base)
    if base.pixelSize() > 0:
        font.setPixelSize(scaled(base.pixelSize()))
    else:
        font.setPointSizeF(base.pointSizeF() * percent / 100)
    app.setFont(font)


def text_percent() -> int:
    """The size of text that is in force, in percent."""
    app = QGuiApplication.instance()
    value = app.property(_PERCENT) if app is not None else None
    return value if isinstance(value, int) else 100


def scaled(pixels: float) -> int:
    """A distance that holds text, at the size of text that is in force."""
    return round(pixels * text_percent() / 100)


def with_line(pixels: int) -> int:
    """The height of what holds one line of text: the line grows with the text, what is around it does not."""
    return pixels + scaled(_LINE_PIXELS) - _LINE_PIXELS


def text_font(pixels: int = 0, *, bold: bool = False) -> QFont:
    """The font of running text, of another size where one is given."""
    font = QFont(QGuiApplication.font())
    if pixels:
        font.setPixelSize(scaled(pixels))
    font.setBold(bold)
    return font


def small_font(*, bold: bool = False) -> QFont:
    """Labels on axes, units, notes."""
    return text_font(_SMALL_PIXELS, bold=bold)


def heading_font() -> QFont:
    """What a page or a dialog is about."""
    return text_font(_HEADING_PIXELS, bold=True)


def mono_font(pixels: int = 12) -> QFont:
    """Payloads, hex, and whatever must line up."""
    app = QGuiApplication.instance()
    family = app.property(_MONO) if app is not None else None
    if family:
        font = _exact(QFont(str(family)))
    else:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(scaled(pixels))
    return font


def width_of(text: str, font: QFont) -> int:
    """How many pixels a text takes."""
    return QFontMetrics(font).horizontalAdvance(text)


def _exact(font: QFont) -> QFont:
    font.setPixelSize(_TEXT_PIXELS)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.NoSubpixelAntialias)
    return font
