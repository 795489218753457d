"""A report as PDF, set by typst."""

from __future__ import annotations

from typing import Any

from inspect_app.reports.model import Report, Section, Table
from inspect_app.reports.writers.layout import shares
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


def _lay_out(section: Section, told: dict[str, Any]) -> None:
    """Tell each table how wide its columns are."""
    for block, plain in zip(section.blocks, told["blocks"], strict=True):
        if isinstance(block, Table):
            plain["shares"] = shares(block)
    for part, plain in zip(section.parts, told["parts"], strict=True):
        _lay_out(part, plain)
