"""A table as CSV, JSON or text for a terminal.

CSV and JSON carry exact figures: bytes, nanoseconds, and moments as ISO 8601 in UTC to the
nanosecond. A text out of a capture is hostile: what a terminal would obey is escaped, and in CSV
what a spreadsheet would take for a formula gets a quote before it. Exact texts are in the JSON.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import numpy as np

from capture.model.decode import printable
from inspect_app.views.cells import Cells, Value
from inspect_app.views.format import UNKNOWN, Clock, Unit, format_value
from inspect_app.views.table import ViewTable
from inspect_app.views.text_table import laid_out
from inspect_app.views.view import Column

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TEXT_LIMIT = 4_096


def to_csv(table: ViewTable, order: np.ndarray) -> str:
    """The rows in this order as CSV with a header of column ids."""
    return ",".join(column.id for column in table.columns) + "\n" + csv_rows(table, order)


def csv_rows(table: ViewTable, order: np.ndarray) -> str:
    """The same without the header."""
    out = io.StringIO()
    columns = (
        ["" if value is None else value for value in _plain(column, cells, order, csv_text)]
        for column, cells in zip(table.columns, table.cells, strict=True)
    )
    csv.writer(out, lineterminator="\n").writerows(zip(*columns, strict=True))
    return out.getvalue()


def to_records(
    table: ViewTable, order: np.ndarray, text: Callable[[str], str] = str
) -> list[dict[str, Value]]:
    """The rows in this order, each keyed by column ids; None where nothing was recorded.

    `text`: what becomes of each text.
    """
    names = [column.id for column in table.columns]
    columns = (
        _plain(column, cells, order, text) for column, cells in zip(table.columns, table.cells, strict=True)
    )
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def to_json(table: ViewTable, order: np.ndarray) -> str:
    """The rows in this order as one JSON array of objects keyed by column ids."""
    body = ",\n ".join(json.dumps(record, ensure_ascii=True) for record in to_records(table, order))
    return f"[{body}]\n"


def to_text(
    table: ViewTable,
    order: np.ndarray,
    *,
    width: int | None = None,
    clock: Clock = Clock.UTC,
    zero: int = 0,
) -> str:
    """The rows in this order, and the totals, as a table for people.

    Args:
        table: The view's rows.
        order: Which of them, in which order.
        width: Columns of a terminal, see `text_table`; that takes a millisecond a row. None leaves every row
            on one line.
        clock: Against what moments are told.
        zero: The moment that relative ones count from, nanoseconds since 1970 UTC.
    """
    shown = [position for position, column in enumerate(table.columns) if column.shown]
    headings = [table.columns[position].title for position in shown]
    columns = [_shown_texts(table, position, order, clock, zero) for position in shown]
    right = [table.columns[position].unit.numeric for position in shown]
    totals = _totals(table, shown)
    return laid_out(headings, columns, right, totals, width=width)


def safe_text(text: str) -> str:
    """A text of the capture that no terminal obeys."""
    if text.isascii() and len(text) <= _TEXT_LIMIT:
        return printable(text)
    return printable(text.encode("utf-8", "surrogateescape"), _TEXT_LIMIT)


def _shown_texts(table: ViewTable, position: int, order: np.ndarray, clock: Clock, zero: int) -> list[str]:
    """A column as people read it; a text that many rows share is made safe once."""
    column, cells = table.columns[position], table.cells[position].take(order)
    if cells.codes is None:
        values = (cells.at(row) for row in range(len(cells)))
        return [format_value(value, column.unit, clock=clock, zero=zero) for value in values]
    texts = [*(safe_text(str(text)) for text in cells.values), UNKNOWN]
    return [texts[code] for code in np.where(cells.absent(), -1, cells.codes).tolist()]


def _totals(table: ViewTable, shown: list[int]) -> list[str]:
    """The last line: what the rows add up to; no line where there is nothing to add."""
    told = [table.totals[position] is not None for position in shown]
    if len(table) < 2 or not any(told):
        return []
    texts = [_total(table.columns[position], table.totals[position]) for position in shown]
    return [texts[0] or "total", *texts[1:]]


def _total(column: Column, total: Value) -> str:
    if total is None or not (column.adds_up or column.unit in (Unit.RATE, Unit.SHARE)):
        return ""
    return format_value(total, column.unit)


def _plain(column: Column, cells: Cells, order: np.ndarray, text: Callable[[str], str] = str) -> list[Value]:
    """Cells as exact plain values, None where missing; moments as ISO 8601; each text changed once."""
    taken = cells.take(order)
    absent = taken.absent()
    if taken.codes is not None:
        # A few rows of a table that has many texts use few of them.
        used, places = np.unique(taken.codes[~absent], return_inverse=True)
        texts = np.array([None, *(text(str(value)) for value in taken.values[used])], object)
        which = np.zeros(len(taken), np.intp)
        which[~absent] = places + 1
        told: list[Value] = texts[which].tolist()
        return told
    values = _iso(taken.values) if column.unit is Unit.TIME else taken.values.tolist()
    if not absent.any():
        return values
    return [None if gone else value for gone, value in zip(absent.tolist(), values, strict=True)]


def _iso(nanoseconds: np.ndarray) -> list[Value]:
    """Moments to the nanosecond; numpy knows the calendar of all that 64 bits of nanoseconds can say."""
    moments = np.datetime_as_string(nanoseconds.astype("datetime64[ns]"), unit="ns")
    return [f"{moment}Z" for moment in moments.tolist()]


def csv_text(text: str) -> str:
    """A text that a spreadsheet never takes for a formula."""
    return ("'" if text.startswith(_FORMULA_STARTS) else "") + safe_text(text)
