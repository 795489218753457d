"""Tables of a Word report, made of elements: the library's own cells take a second for a few hundred."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from inspect_app.reports.model import Fact, Kind, Table

_TWENTIETHS = 9638
"""Of a point: the width between the margins of a page."""
_CELL_MARGIN = 50
"""On the left and the right of a cell; Word's own of twice as much breaks short numbers into two lines."""
_MARKED, _SHADE = "FBF1E6", "FBF1E6"
_LINE = "CFD5DC"
_AFTER_BORDERS = ("w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook", "w:tblCaption", "w:tblDescription")


def add_table(document: Any, table: Table, widths: Sequence[float]) -> None:
    """A table of the report, with how many rows there are above it."""
    told = f"{table.title} · {table.counted}" if table.title else table.counted
    document.add_paragraph(told, style="Soft").paragraph_format.keep_with_next = True
    kinds = [column.kind for column in table.columns]
    add_rows(
        document,
        [column.title for column in table.columns],
        table.rows,
        widths,
        numeric={place for place, kind in enumerate(kinds) if kind is Kind.NUMBER},
        exact={place for place, kind in enumerate(kinds) if kind is Kind.EXACT},
        marked=table.marked,
    )


def add_rows(
    document: Any,
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    numeric: Collection[int] = (),
    exact: Collection[int] = (),
    marked: Sequence[bool] = (),
) -> None:
    """A table with a header that is repeated on every page."""
    table = _empty(document, widths)
    header = _row(titles, ["Header cell"] * len(titles), widths, numeric)
    header.get_or_add_trPr().append(_flag("w:tblHeader"))
    table.append(header)
    styles = ["Exact cell" if place in exact else "Cell" for place in range(len(titles))]
    for place, cells in enumerate(rows):
        fill = _MARKED if marked and marked[place] else ""
        table.append(_row(cells, styles, widths, numeric, fill))
    document.add_paragraph(style="Cell")


def add_facts(document: Any, facts: Sequence[Fact]) -> None:
    """Names and values, without a header: there is nothing that a header would add."""
    widths = (0.24, 0.76)
    table = _empty(document, widths)
    for fact in facts:
        styles = ["Header cell", "Exact cell" if fact.exact else "Cell"]
        table.append(_row((fact.name, fact.value), styles, widths))
    document.add_paragraph(style="Cell")


def add_field(line: Any, instruction: str) -> None:
    """A field of our own, such as the number of the page."""
    run = line.add_run()
    for kind in ("begin", "", "end"):
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = instruction
        run._r.append(mark)


def shade(line: Any) -> None:
    """Put a paragraph on a ground that tells: this must be known."""
    mark = OxmlElement("w:shd")
    mark.set(qn("w:val"), "clear")
    mark.set(qn("w:fill"), _SHADE)
    line._p.get_or_add_pPr().append(mark)


def _empty(document: Any, widths: Sequence[float]) -> Any:
    table = document.add_table(0, len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    for column, share in zip(table._tbl.tblGrid.gridCol_lst, widths, strict=True):
        column.set(qn("w:w"), str(int(share * _TWENTIETHS)))
    borders = OxmlElement("w:tblBorders")
    for side in ("w:top", "w:bottom", "w:insideH"):
        line = OxmlElement(side)
        for name, value in (("w:val", "single"), ("w:sz", "4"), ("w:color", _LINE)):
            line.set(qn(name), value)
        borders.append(line)
    inside = OxmlElement("w:tblCellMar")
    for side in ("w:left", "w:right"):
        space = OxmlElement(side)
        space.set(qn("w:w"), str(_CELL_MARGIN))
        space.set(qn("w:type"), "dxa")
        inside.append(space)
    # Word refuses a file whose elements stand in another order than its schema's.
    table._tbl.tblPr.insert_element_before(borders, *_AFTER_BORDERS)
    table._tbl.tblPr.insert_element_before(inside, *_AFTER_BORDERS[_AFTER_BORDERS.index("w:tblLook") :])
    return table._tbl


def _row(
    cells: Sequence[str],
    styles: Sequence[str],
    widths: Sequence[float],
    numeric: Collection[int] = (),
    fill: str = "",
) -> Any:
    row = OxmlElement("w:tr")
    row.get_or_add_trPr().append(_flag("w:cantSplit"))
    for place, text in enumerate(cells):
        cell = OxmlElement("w:tc")
        row.append(cell)
        cell.append(_cell_looks(widths[place], fill))
        for part in text.split("\n"):
            cell.append(_paragraph(part, styles[place], right=place in numeric))
    return row


def _cell_looks(share: float, fill: str) -> Any:
    looks = OxmlElement("w:tcPr")
    width = OxmlElement("w:tcW")
    width.set(qn("w:w"), str(int(share * _TWENTIETHS)))
    width.set(qn("w:type"), "dxa")
    looks.append(width)
    if fill:
        ground = OxmlElement("w:shd")
        ground.set(qn("w:val"), "clear")
        ground.set(qn("w:fill"), fill)
        looks.append(ground)
    return looks


def _paragraph(text: str, style: str, *, right: bool) -> Any:
    line, looks, run, said = (OxmlElement(name) for name in ("w:p", "w:pPr", "w:r", "w:t"))
    named = OxmlElement("w:pStyle")
    named.set(qn("w:val"), style.replace(" ", ""))
    looks.append(named)
    if right:
        side = OxmlElement("w:jc")
        side.set(qn("w:val"), "right")
        looks.append(side)
    said.text = text
    said.set(qn("xml:space"), "preserve")
    run.append(said)
    line.append(looks)
    line.append(run)
    return line


def _flag(name: str) -> Any:
    flag = OxmlElement(name)
    flag.set(qn("w:val"), "true")
    return flag
