"""Rows as a table for people, as JSON or as CSV: how every command writes them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence

import click
import numpy as np
from rich.console import Console

from inspect_app.cli.clocks import told_clock
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.export import csv_text, safe_text, to_csv, to_json, to_text
from inspect_app.views.table import ViewTable
from inspect_app.views.text_table import laid_out

_FOLDED_ROWS = 1_000


def view_written(frames: CaptureFrames, table: ViewTable, order: np.ndarray, form: str) -> str:
    """A view's rows in one of the three forms."""
    if form == "json":
        return to_json(table, order)
    if form == "csv":
        return to_csv(table, order)
    clock, zero = told_clock(frames)
    return to_text(table, order, width=terminal_width(len(order)), clock=clock, zero=zero)


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
    shown = list(headings[: len(headings) - hidden])
    columns = [[safe_text(str(row[at])) for row in rows] for at in range(len(shown))]
    right = [heading == "figure" for heading in shown]
    click.echo(laid_out(shown, columns, right, width=terminal_width(len(rows))), nl=False)


def terminal_width(rows: int) -> int | None:
    """The width to fold lines into; None when the output is no terminal, or too long to be folded soon."""
    return Console().width if sys.stdout.isatty() and rows <= _FOLDED_ROWS else None
