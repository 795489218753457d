"""`exhume-inspect report`: what is handed over, as a document."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from capture.format import files_of
from capture.model.text import printable
from inspect_app.cases import CaseError, CaseFile
from inspect_app.cli.boundary import EXIT_CODES, ExitCode, fail, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, files_argument, filter_option, window_choice
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.foreign import ENDINGS
from inspect_app.session import Session
from inspect_app.session.examiner_log import note

if TYPE_CHECKING:
    from inspect_app.reports.material import Given
    from inspect_app.reports.model import Report

_OUTPUT_HELP = "Where to write it: .html, .pdf, .docx, .md or .json; - is standard output."
_FORMAT_HELP = "In which form, where the file's name does not tell."
_TEMPLATE_HELP = "For whom: a few pages in plain words, everything, or one or more containers in depth."
_CONTAINER_HELP = "Name or id of a container that is reported; without it, all. May be given several times."
_SECTION_HELP = (
    "Only this section; may be given several times: summary, recorded, integrity, timeline, findings,"
    " containers, tables, indicators, examiner, limits, events."
)
_ROWS_HELP = "Rows of a table that the document shows; the whole is written as CSV beside it."
_CASE_HELP = "A case file: its notes chosen for the report make the timeline; none chosen: all."
_LOG_HELP = "An examiner's log whose lines the report tells."
_RULES_HELP = "A file of rules, instead of our own; may be given several times."
_AS_OF_HELP = "When the report is made, as it says; without it SOURCE_DATE_EPOCH, or now."
_FORMS = ("html", "pdf", "docx", "md", "json")
_TEMPLATES = ("executive", "technical", "container")


@main.command(epilog=EXIT_CODES)
@files_argument
@click.option("-o", "--output", type=FILE, required=True, metavar="FILE", help=_OUTPUT_HELP)
@click.option("--format", "form", type=click.Choice(_FORMS), help=_FORMAT_HELP)
@click.option(
    "--template", type=click.Choice(_TEMPLATES), default="technical", show_default=True, help=_TEMPLATE_HELP
)
@click.option("--container", "containers", multiple=True, metavar="ID", help=_CONTAINER_HELP)
@click.option("--section", "sections", multiple=True, metavar="ID", help=_SECTION_HELP)
@click.option("--title", default="", metavar="TEXT", help="A title of your own.")
@click.option("--rows", type=click.IntRange(1, 20_000), default=200, show_default=True, help=_ROWS_HELP)
@click.option("--case", "case", type=FILE, metavar="CASE", help=_CASE_HELP)
@click.option("--log", type=FILE, metavar="LOG", help=_LOG_HELP)
@click.option("-r", "--rules", "rules", type=FILE, multiple=True, metavar="YAML", help=_RULES_HELP)
@click.option("--as-of", metavar="TIME", default="", help=_AS_OF_HELP)
@filter_option
@window_choice
@guarded
def report(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    output: Path,
    form: str | None,
    template: str,
    containers: tuple[str, ...],
    sections: tuple[str, ...],
    title: str,
    rows: int,
    case: Path | None,
    log: Path | None,
    rules: tuple[Path, ...],
    as_of: str,
    expression: str,
    window: str,
) -> CaptureFrames:
    """Write a report of a capture: what was recorded, what was found, and where each event lies.

    The document needs nothing else and runs nothing. Tables are cut where --rows says, and their whole lies
    beside it, as CSV. The same capture and options give the same bytes, except for the time that is told.

    \b
    Examples:
      exhume-inspect report node.exhume -o report.html
      exhume-inspect report node.exhume -o report.pdf --template executive
      exhume-inspect report node.exhume -o web.docx --template container --container web
      exhume-inspect report node.exhume -o report.md --filter 'container.name = web' --window +2s..+8s
      exhume-inspect report node.exhume -o report.pdf --case 24-17.exhume-case --log examiner.log
      exhume-inspect report node.exhume -o report.pdf --as-of 2026-01-02T10:00:00Z
    """
    from inspect_app.reports.material import ReportError  # noqa: PLC0415 - typst and Word take a while
    from inspect_app.reports.options import ReportOptions, Template  # noqa: PLC0415
    from inspect_app.reports.report import build_report  # noqa: PLC0415

    _refuse_the_capture(output, files)
    form = _form(output, form)
    frames = open_for_command(files, expression)
    options = ReportOptions(
        template=Template(template),
        title=title,
        sections=_sections(sections),
        containers=containers,
        rows=_rows(form, rows),
        made_ns=_made(as_of),
        session=Session(window=window_option(frames, window), filter=expression),
    )
    try:
        given = _given(files, log, rules)
        given = given if case is None else _with_case(given, case, frames)
        _hand_over(build_report(frames, options, given), output, form)
    except (ReportError, CaseError) as error:
        fail(str(error), ExitCode.USAGE)
    return frames


def _given(files: tuple[Path, ...], log: Path | None, rules: tuple[Path, ...]) -> Given:
    from inspect_app.reports.given import digests_of, log_of  # noqa: PLC0415
    from inspect_app.reports.material import Given  # noqa: PLC0415
    from inspect_app.rules.run import read_rules  # noqa: PLC0415

    lines, problem = log_of(log) if log is not None else ([], "")
    return Given(
        rules=read_rules(rules) if rules else None,
        examiner_log=lines,
        log_problem=problem,
        digests=digests_of(files_of(files, ENDINGS)),
    )


def _with_case(given: Given, path: Path, frames: CaptureFrames) -> Given:
    from inspect_app.reports.case_notes import with_case  # noqa: PLC0415

    # A name that is mistyped must not become an empty case.
    path.stat()
    return with_case(given, CaseFile(path).load(), frames)


def _hand_over(made: Report, output: Path, form: str) -> None:
    from inspect_app.reports.writing import document_of, write_report  # noqa: PLC0415

    if str(output) == "-":
        click.echo(document_of(made, form), nl=False)
        return
    for one in write_report(made, output, form):
        note("exported", to=str(one.path), bytes=one.size, sha256=one.sha256)
        click.echo(f"wrote {printable(str(one.path))}", err=True)


def _form(output: Path, asked: str | None) -> str:
    from inspect_app.reports.material import ReportError  # noqa: PLC0415
    from inspect_app.reports.writing import form_of  # noqa: PLC0415

    try:
        return form_of(Path("report.html") if str(output) == "-" else output, asked or "")
    except ReportError as error:
        fail(str(error), ExitCode.USAGE)


def _rows(form: str, asked: int) -> int:
    from inspect_app.reports.writing import rows_of  # noqa: PLC0415

    if (shown := rows_of(form, asked)) < asked:
        click.echo(
            f"exhume-inspect: a PDF shows at most {shown:,} rows of a table; all of them lie beside it",
            err=True,
        )
    return shown


def _refuse_the_capture(output: Path, files: tuple[Path, ...]) -> None:
    if output.exists() and any(output.samefile(file) for file in files_of(files, ENDINGS)):
        raise click.BadParameter(f"{output} is the capture itself; name another file", param_hint="--output")


def _sections(asked: tuple[str, ...]) -> tuple[str, ...] | None:
    from inspect_app.reports.options import PARTS  # noqa: PLC0415

    known = [part.id for part in PARTS]
    for name in asked:
        if name not in known:
            raise click.BadParameter(
                f"there is no section {name!r}, only {', '.join(known)}", param_hint="--section"
            )
    return asked or None


def _made(text: str) -> int | None:
    """Nanoseconds since 1970 UTC; None: now."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp()) * 1_000_000_000
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is no time", param_hint="--as-of") from error
