"""A report as files: the document, beside it what was cut off, and pictures where the form wants them so.

report.html            the document, or .pdf .md .json .docx
report-files/*.csv     the whole of each table that was cut
report-files/*.svg     of Markdown: its pictures
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from capture.format.memory import give_back_memory
from capture.format.placing import placed
from inspect_app.reports.material import ReportError
from inspect_app.reports.model import Picture, Report, Section
from inspect_app.reports.options import PDF_ROWS
from inspect_app.reports.writers.markdown import write_markdown
from inspect_app.reports.writers.plain import write_json
from inspect_app.reports.writers.svg import svg_file

FORMS: Mapping[str, str] = MappingProxyType(
    {
        "html": "Web page",
        "pdf": "PDF",
        "docx": "Word document",
        "md": "Markdown",
        "json": "JSON",
    }
)
"""By the ending of the file: what it is called."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    path: Path
    size: int
    """Bytes."""
    sha256: str


def form_of(path: Path, asked: str = "") -> str:
    """In which form a file is to be written: as asked for, or as its ending says.

    Raises:
        ReportError: Neither tells.
    """
    ending = asked or path.suffix.removeprefix(".").lower()
    ending = {"htm": "html", "markdown": "md"}.get(ending, ending)
    if ending not in FORMS:
        known = ", ".join(f".{name}" for name in FORMS)
        raise ReportError(f"a report ends in one of {known}, not in {path.suffix or 'nothing'!r}")
    return ending


def rows_of(form: str, asked: int) -> int:
    """How many rows of a table are shown in a form where so many were asked for."""
    return min(asked, PDF_ROWS) if form == "pdf" else asked


def document_of(report: Report, form: str, folder: str = "") -> bytes:
    """The document alone.

    Args:
        report: What is told.
        form: One of FORMS.
        folder: Where the files beside it lie, as the document names it; empty: there are none.
    """
    if form == "md" and folder:
        return write_markdown(report, lambda name: f"{folder}/{name}")
    return _writer(form)(report)


def _writer(form: str) -> Callable[[Report], bytes]:
    """What writes a form. Jinja, typst and Word take a while to load: only whoever needs one waits for it."""
    match form:
        case "html":
            from inspect_app.reports.writers.html import write_html  # noqa: PLC0415

            return write_html
        case "pdf":
            from inspect_app.reports.writers.pdf import write_pdf  # noqa: PLC0415

            # What building the report took and gave up, typst takes anew.
            give_back_memory()
            return write_pdf
        case "docx":
            from inspect_app.reports.writers.word import write_word  # noqa: PLC0415

            return write_word
        case "md":
            return write_markdown
        case _:
            return write_json


def write_report(report: Report, path: Path, form: str = "") -> list[Written]:
    """Write a report and what lies beside it; the document comes first in the answer.

    Raises:
        ReportError: The path does not tell in which form.
        OSError: A file cannot be written.
    """
    form = form_of(path, form)
    folder = path.with_name(f"{path.stem}-files")
    data = document_of(report, form, folder.name)
    beside = [(one.name, one.data) for one in report.attachments]
    if form == "md":
        beside += [
            (f"{one.id}.svg", svg_file(one.drawing, one.alt).encode()) for one in pictures_of(report.sections)
        ]
    contents = {path: data} | {folder / name: told for name, told in beside}
    if beside:
        folder.mkdir(exist_ok=True)
    try:
        _write(contents)
    except BaseException:
        with suppress(OSError):
            folder.rmdir()
        raise
    return [Written(one, len(told), hashlib.sha256(told).hexdigest()) for one, told in contents.items()]


def pictures_of(sections: Sequence[Section]) -> Iterator[Picture]:
    """Every picture of some sections and their parts."""
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Picture))
        yield from pictures_of(section.parts)


def _write(contents: Mapping[Path, bytes]) -> None:
    """All files or none: the first, which names the others, is put in its place last."""
    with ExitStack() as files:
        for path, data in contents.items():
            stream = files.enter_context(placed(path))
            stream.write(data)
            stream.flush()
