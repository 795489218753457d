"""The styles of a Word report, so that whoever edits it changes them in one place."""

from __future__ import annotations

from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from inspect_app.reports.drawing import COLOURS, Ink

_SANS, _MONO = "DejaVu Sans", "DejaVu Sans Mono"
_SIZES = {"Heading 1": 17, "Heading 2": 13, "Heading 3": 11, "Heading 4": 10, "Title": 26, "Subtitle": 14}


def style(document: Any) -> None:
    """Give a new document the looks of a report."""
    styles = document.styles
    _font(styles["Normal"], _SANS, 9.5, Ink.TEXT)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    for name, points in _SIZES.items():
        _font(styles[name], _SANS, points, Ink.SOFT if name == "Subtitle" else Ink.TEXT)
        styles[name].font.bold = name != "Subtitle"
        styles[name].font.italic = False
    for name, font, size, ink in (
        ("Soft", _SANS, 8.5, Ink.SOFT),
        ("Brand", _SANS, 9, Ink.ACCENT),
        ("Cell", _SANS, 7.5, Ink.TEXT),
        ("Exact cell", _MONO, 7, Ink.TEXT),
        ("Header cell", _SANS, 7.5, Ink.SOFT),
    ):
        made = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = styles["Normal"]
        _font(made, font, size, ink)
        made.paragraph_format.space_after = Pt(4 if name == "Soft" else 0)
    styles["Header cell"].font.bold = True


def _font(style: Any, name: str, size: float, ink: Ink) -> None:
    style.font.name, style.font.size = name, Pt(size)
    style.font.color.rgb = RGBColor.from_string(COLOURS[ink].removeprefix("#"))
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(script), name)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)
