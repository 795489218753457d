"""A drawing as SVG: in a page, coloured by its style sheet, or as a file of its own."""

from __future__ import annotations

from html import escape

from inspect_app.reports.drawing import COLOURS, Drawing, Line, Rect, Shape, Text

_FONT = "'DejaVu Sans', 'Segoe UI', system-ui, sans-serif"


def svg_shapes(drawing: Drawing) -> str:
    """The shapes as elements; each has its ink as a class."""
    return "".join(map(_element, drawing.shapes))


def svg_file(drawing: Drawing, title: str) -> str:
    """A file that stands alone, on white."""
    style = "".join(f".{ink}{{fill:{colour};stroke:none}}" for ink, colour in COLOURS.items())
    lines = "".join(f"line.{ink}{{stroke:{colour}}}" for ink, colour in COLOURS.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{_box(drawing)}" role="img">'
        f"<title>{escape(title)}</title><style>text{{font-family:{_FONT}}}{style}{lines}</style>"
        f'<rect width="100%" height="100%" fill="{COLOURS_PAPER}"/>{svg_shapes(drawing)}</svg>\n'
    )


COLOURS_PAPER = "#ffffff"


def _box(drawing: Drawing) -> str:
    return f"-4 -4 {drawing.width + 8:g} {drawing.height + 8:g}"


def _element(shape: Shape) -> str:
    match shape:
        case Rect(x, y, width, height, ink, radius):
            corner = f' rx="{radius:g}"' if radius else ""
            return f'<rect class="{ink}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{corner}/>'
        case Line(x1, y1, x2, y2, ink):
            return f'<line class="{ink}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
        case Text(x, y, text, size, ink, anchor, bold):
            weight = ' font-weight="600"' if bold else ""
            place = f'x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}"{weight}'
            return f'<text class="{ink}" {place}>{escape(text)}</text>'
