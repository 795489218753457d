"""Rows as a table for people, as JSON or as CSV: how every command writes them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence

import click
import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inspect_app.views.export import csv_text, safe_text, to_csv, to_json, to_text
from inspect_app.views.table import ViewTable

_FOLDED_ROWS = 1_000

VIEW_WRITERS: Mapping[str, Callable[[ViewTable, np.ndarray], str]] = {
    "table": lambda table, order: to_text(table, order, width=terminal_width(len(order))),
    "json": to_json,
    "csv": to_csv,
}
"""How a view's rows are written, by the name of the format."""


def echo_rows(
    headings: Sequence[str], rows: Sequence[Sequence[str | int | float | None]], form: str, *, hidden: int = 0
) -> None:
    """Rows in one of the three forms; a table leaves out the last `hidden` columns."""
    if form == "json":
        click.echo(json.dumps([dict(zip(headings, row, strict=True)) for row in rows], indent=1))
        return
    if form == "csv":
        out = io.StringIO()
        safe = ([csv_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
        csv.writer(out, lineterminator="\n").writerows([headings, *safe])
        click.echo(out.getvalue(), nl=False)
        return
    grid = Table(box=None, pad_edge=False)
    shown = len(headings) - hidden
    for heading in headings[:shown]:
        grid.add_column(heading, justify="right" if heading == "figure" else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(safe_text(str(cell))) for cell in row[:shown]))
    out = io.StringIO()
    Console(file=out, width=terminal_width(len(rows)) or 160, highlight=False).print(grid)
    click.echo("\n".join(line.rstrip() for line in out.getvalue().splitlines()))


def terminal_width(rows: int) -> int | None:
    """The width to fold lines into; None when the output is no terminal, or too long to be folded soon."""
    return Console().width if sys.stdout.isatty() and rows <= _FOLDED_ROWS else None
