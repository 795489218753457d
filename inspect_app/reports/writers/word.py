"""A report as a Word document, with real headings, tables that repeat their headers, and pictures.

Texts of the capture go into runs of text and nowhere else: the only fields in the file are those of page
numbers and of the table of contents, which are written here.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
from docx.shared import Mm

from inspect_app.reports.model import (
    Block,
    Bullets,
    Entries,
    Entry,
    Facts,
    Figures,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    Tone,
)
from inspect_app.reports.writers.layout import shares
from inspect_app.reports.writers.plain import plain_drawing
from inspect_app.reports.writers.states import state_text
from inspect_app.reports.writers.typesetting import png_of
from inspect_app.reports.writers.word_styles import style
from inspect_app.reports.writers.word_tables import add_facts, add_field, add_rows, add_table, shade

_WIDTH_MM = 170


def write_word(report: Report) -> bytes:
    """The report as the bytes of a .docx file."""
    document = docx.Document()
    style(document)
    _properties(document, report)
    _running(document, report)
    _cover(document, report)
    for section in report.sections:
        _section(document, section, 1)
    if report.attachments:
        document.add_heading("Files beside this report", 1)
        rows = tuple((one.name, f"{len(one.data):,}", one.sha256) for one in report.attachments)
        add_rows(document, ("File", "Bytes", "SHA-256"), rows, (0.3, 0.12, 0.58), numeric={1}, exact={0, 2})
    out = io.BytesIO()
    document.save(out)
    return _without_dates(out.getvalue())


def _properties(document: Any, report: Report) -> None:
    known = document.core_properties
    made = datetime.fromtimestamp(report.made_ns // 1_000_000_000, UTC).replace(tzinfo=None)
    known.title, known.author, known.last_modified_by = report.title, report.tool, report.tool
    known.subject, known.comments, known.language = report.subtitle, "", "en"
    known.created = known.modified = made


def _running(document: Any, report: Report) -> None:
    """What stands on top and at the foot of every page but the first."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(24), Mm(20)
    section.different_first_page_header_footer = True
    section.header.paragraphs[0].text = f"{report.header} · {report.title} · {report.subtitle}"
    for footer in (section.footer, section.first_page_footer):
        line = footer.paragraphs[0]
        line.add_run(f"Made on {report.made} by {report.tool} · Page ")
        add_field(line, "PAGE")
        line.add_run(" of ")
        add_field(line, "NUMPAGES")


def _cover(document: Any, report: Report) -> None:
    brand = document.add_paragraph(style="Brand")
    brand.add_run(f"EXHUME · {report.header}")
    document.add_paragraph(report.title, style="Title")
    document.add_paragraph(report.subtitle, style="Subtitle")
    document.add_paragraph(style="Brand").add_run(f"The capture: {state_text(report.state)}")
    add_facts(document, report.cover)
    document.add_page_break()


def _section(document: Any, section: Section, level: int) -> None:
    document.add_heading(section.title, min(level, 4))
    for block in section.blocks:
        _block(document, block)
    for part in section.parts:
        _section(document, part, level + 1)


def _block(document: Any, block: Block) -> None:
    match block:
        case Paragraph():
            _paragraph(document, block.text, block.tone)
        case Bullets():
            for item in block.items:
                line = document.add_paragraph(item, style="List Bullet")
                if block.tone is Tone.WARNING:
                    shade(line)
        case Facts():
            add_facts(document, block.items)
        case Figures():
            rows = tuple((one.title, one.value, one.meaning) for one in block.items)
            marked = tuple(one.noteworthy for one in block.items)
            add_rows(
                document, ("Figure", "Value", "Meaning"), rows, (0.3, 0.15, 0.55), numeric={1}, marked=marked
            )
        case Table():
            add_table(document, block, shares(block)) if block.rows else _nothing(document)
        case Picture():
            _picture(document, block)
        case Entries():
            add_rows(document, ("When", "What"), [_told(one) for one in block.items], (0.22, 0.78))


def _paragraph(document: Any, text: str, tone: Tone) -> None:
    line = document.add_paragraph(text, style="Soft" if tone is Tone.SOFT else "Normal")
    if tone is Tone.WARNING:
        shade(line)


def _told(entry: Entry) -> tuple[str, str]:
    said = (entry.title, *entry.text, entry.about)
    return f"{entry.time} {entry.event}".rstrip(), "\n".join(text for text in said if text)


def _nothing(document: Any) -> None:
    document.add_paragraph("None among the selected events.", style="Soft")


def _picture(document: Any, block: Picture) -> None:
    shape = document.add_picture(io.BytesIO(png_of(plain_drawing(block.drawing))), width=Mm(_WIDTH_MM))
    described = shape._inline.docPr
    described.set("descr", block.alt)
    described.set("title", block.title)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph(block.title, style="Soft")


def _without_dates(data: bytes) -> bytes:
    """The same package with one date for all that is in it, so that the same report is the same bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as read,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written,
    ):
        for name in read.namelist():
            told = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            told.compress_type, told.create_system = zipfile.ZIP_DEFLATED, 3
            written.writestr(told, read.read(name))
    return out.getvalue()
