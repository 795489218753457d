"""A report as PDF, set by typst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspect_app.reports.model import Kind, Report, Section, Table
from inspect_app.reports.writers.glyphs import drawable
from inspect_app.reports.writers.layout import letters, lines, shares
from inspect_app.reports.writers.plain import plain_report
from inspect_app.reports.writers.states import state_text
from inspect_app.reports.writers.typesetting import pdf_of


def write_pdf(report: Report) -> bytes:
    """The report as the bytes of a PDF file."""
    document = plain_report(report)
    document["state_text"] = state_text(report.state)
    for section, told in zip(report.sections, document["sections"], strict=True):
        _lay_out(section, told)
    return pdf_of(document, report.made_ns)


def _in_lines(table: Table, widths: Sequence[float]) -> list[list[str]]:
    """The rows, with line breaks in what is exact: finding them takes typst most of its time and memory."""
    rooms = [
        letters(width) if column.kind is Kind.EXACT else 0
        for column, width in zip(table.columns, widths, strict=True)
    ]
    return [
        [
            "\n".join(lines(drawable(cell), room)) if room else cell
            for cell, room in zip(row, rooms, strict=True)
        ]
        for row in table.rows
    ]


def _lay_out(section: Section, told: dict[str, Any]) -> None:
    """Tell each table how wide its columns are."""
    for block, plain in zip(section.blocks, told["blocks"], strict=True):
        if isinstance(block, Table):
            plain["shares"] = shares(block)
            plain["rows"] = _in_lines(block, plain["shares"])
    for part, plain in zip(section.parts, told["parts"], strict=True):
        _lay_out(part, plain)
