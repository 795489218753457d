"""A table as CSV, JSON or text for a terminal.

CSV and JSON carry exact figures: bytes, nanoseconds, and moments as ISO 8601 in UTC to the
nanosecond. A text out of a capture is hostile: what a terminal would obey is escaped, and in CSV
what a spreadsheet would take for a formula gets a quote before it. Exact texts are in the JSON.
"""

from __future__ import annotations

import csv
import io
import json

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from capture.model.decode import printable
from inspect_app.views.cells import Cells, Value
from inspect_app.views.format import Unit, format_iso, format_value
from inspect_app.views.table import ViewTable
from inspect_app.views.view import Column

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TEXT_LIMIT = 4_096


def to_csv(table: ViewTable, order: np.ndarray) -> str:
    """The rows in this order as CSV with a header of column ids."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.id for column in table.columns])
    cells = [
        [_csv_cell(value) for value in _plain(column, cells, order)]
        for column, cells in zip(table.columns, table.cells, strict=True)
    ]
    writer.writerows(zip(*cells, strict=True))
    return out.getvalue()


def to_records(table: ViewTable, order: np.ndarray) -> list[dict[str, Value]]:
    """The rows in this order, each keyed by column ids; None where nothing was recorded."""
    names = [column.id for column in table.columns]
    cells = [_plain(column, cells, order) for column, cells in zip(table.columns, table.cells, strict=True)]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def to_json(table: ViewTable, order: np.ndarray) -> str:
    """The rows in this order as one JSON array of objects keyed by column ids."""
    lines = (json.dumps(record, ensure_ascii=True) for record in to_records(table, order))
    body = ",\n ".join(lines)
    return f"[{body}]\n"


def to_text(
    table: ViewTable, order: np.ndarray, *, width: int | None = None, color: bool = False, zero: int = 0
) -> str:
    """The rows in this order, and the totals, as a table for a terminal.

    Args:
        table: The view's rows.
        order: Which of them, in which order.
        width: Columns of the terminal; None keeps every line whole.
        color: Whether escape codes may be used.
        zero: Nanoseconds since 1970 UTC that relative times count from.
    """
    shown = [(position, column) for position, column in enumerate(table.columns) if column.shown]
    grid = Table(
        box=None, pad_edge=False, show_footer=_has_totals(table), header_style="bold", footer_style="bold"
    )
    for place, (position, column) in enumerate(shown):
        # Text cells may wrap; figures never do.
        grid.add_column(
            escape(column.title),
            footer=_footer(table, position, column, place == 0),
            justify="right" if column.unit.numeric else "left",
            no_wrap=column.unit.numeric,
            overflow="fold",
        )
    for row in order.tolist():
        grid.add_row(*(Text(safe_text(table.text(row, position, zero=zero))) for position, _ in shown))
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or _natural_width(grid),
        force_terminal=color,
        color_system="auto" if color else None,
        highlight=False,
    )
    console.print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def safe_text(text: str) -> str:
    """A text of the capture that no terminal obeys."""
    return printable(text.encode("utf-8", "surrogateescape"), _TEXT_LIMIT)


def _natural_width(grid: Table) -> int:
    wide = Console(width=100_000, file=io.StringIO())
    return max(20, wide.measure(grid).maximum)


def _has_totals(table: ViewTable) -> bool:
    return len(table) > 1 and any(total is not None for total in table.totals)


def _footer(table: ViewTable, position: int, column: Column, first: bool) -> Text:
    total = table.totals[position]
    if total is None or not (column.adds_up or column.unit in (Unit.RATE, Unit.SHARE)):
        return Text("total" if first else "")
    return Text(format_value(total, column.unit))


def _plain(column: Column, cells: Cells, order: np.ndarray) -> list[Value]:
    """Cells as exact plain values; moments as ISO 8601."""
    taken = cells.take(order)
    absent = taken.absent()
    if taken.codes is not None:
        texts = [*taken.values.tolist(), None]
        values = [texts[code] for code in np.where(absent, -1, taken.codes).tolist()]
    else:
        values = taken.values.tolist()
    if column.unit is Unit.TIME:
        values = [value if value is None else format_iso(value) for value in values]
    return [None if gone else value for gone, value in zip(absent.tolist(), values, strict=True)]


def _csv_cell(value: Value) -> Value:
    """A cell that a spreadsheet takes for text or for a figure, never for a formula."""
    if isinstance(value, str):
        return ("'" if value.startswith(_FORMULA_STARTS) else "") + safe_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value
