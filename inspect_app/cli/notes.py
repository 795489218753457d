"""`exhume-inspect notes`: what analysts wrote, without the window."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from capture.model.text import ELLIPSIS, printable
from inspect_app.analysis.subject import Kind, Subject, find
from inspect_app.analysis.timelines import capture_window
from inspect_app.cases import Anchor, Case, CaseFile, Note, Severity
from inspect_app.cases.anchors import (
    capture_anchor,
    event_anchor,
    moment_anchor,
    subject_anchor,
    window_anchor,
)
from inspect_app.cases.case import By, ShownNote
from inspect_app.cases.imports import MAX_BYTES, imported
from inspect_app.cases.listing import COLUMNS, NoteFilter, rows_of_notes, timeline_lines
from inspect_app.cases.sightings import of_this, sighting_of
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, format_option
from inspect_app.cli.output import echo_rows
from inspect_app.cli.windows import parse_moment
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import format_count

_SHORT = 200
_CONNECTION_HELP = "On a socket, as the view of connections tells it: 'tcp 10.0.0.5:40000->203.0.113.9:80'."
_case_option = click.option(
    "--case", "case_path", type=FILE, required=True, metavar="FILE", help="The case file; made where missing."
)
_author_option = click.option(
    "--author", metavar="NAME", default="", help="Who writes; without, your login name."
)
_severity = click.Choice([one.value for one in Severity if one.value])


@main.group("notes", epilog=EXIT_CODES)
def notes_group() -> None:
    """Notes of a case file: list, add, merge those of several analysts, import others' findings, export.

    \b
    Examples:
      exhume-inspect notes list --case 24-17.exhume-case --severity high
      exhume-inspect notes add node.exhume --case 24-17.exhume-case --event 812 --text 'the first download'
      exhume-inspect notes merge --case 24-17.exhume-case lee.exhume-case
      exhume-inspect notes import --case 24-17.exhume-case alerts.jsonl --capture node.exhume
      exhume-inspect notes export --case 24-17.exhume-case --as timesketch > notes.jsonl
    """


def _chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose notes."""
    for option in (
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="With this tag; of several all."),
        click.option("--severity", type=_severity, default=None, help="Of this severity or more."),
        click.option("--author", metavar="NAME", default="", help="Written or edited last by NAME."),
        click.option(
            "--text", metavar="TEXT", default="", help="With TEXT in it, its tags, or what it is on."
        ),
        click.option("--in-report", is_flag=True, help="Only those for the report, in their order there."),
    ):
        command = option(command)
    return command


def _notes(
    case: Case, *, tags: tuple[str, ...], severity: str | None, author: str, text: str, in_report: bool
) -> list[ShownNote]:
    asked = NoteFilter(text, frozenset(tags), Severity(severity or ""), author, in_report)
    return asked.chosen(case.report_notes() if in_report else case.shown_notes())


@notes_group.command("list")
@_case_option
@_chosen
@format_option
@guarded
def list_notes(case_path: Path, form: str, **asked: Any) -> None:
    """List notes by the time of what they are on, with the severity, tags and author of each."""
    case = _existing(case_path)
    notes = _notes(case, **asked)
    rows = [
        tuple(_short(str(cell)) if form == "table" else cell for cell in row) for row in rows_of_notes(notes)
    ]
    echo_rows(COLUMNS, rows, form, hidden=1)
    if form == "table":
        told = f"{format_count(len(notes), 'note')} of {len(case.shown_notes()):,}"
        disputes = len(case.disputes())
        click.echo(told + (f"; {disputes:,} stand in several versions" if disputes else ""), err=True)


@notes_group.command("add")
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@_case_option
@click.option("--text", metavar="TEXT", required=True, help="The note.")
@click.option("--tag", "tags", multiple=True, metavar="TAG")
@click.option("--severity", type=_severity, default=None)
@_author_option
@click.option("--report", "in_report", is_flag=True, help="Put it at the end of the report.")
@click.option("--event", type=click.IntRange(min=1), metavar="N", help="On event N, as `evt.num` tells it.")
@click.option("--at", "moment", metavar="TIME", help="On a moment: +1.5s, 03:04:05 or a full date.")
@click.option("--window", metavar="FROM..TO", default="", help="On a span of time.")
@click.option("--process", metavar="PID[@START]", help="On a process.")
@click.option("--container", metavar="NAME", help="On a container, by name or id.")
@click.option("--file", "path", metavar="[CONTAINER:]PATH", help="On a file.")
@click.option("--connection", metavar="'PROTOCOL ENDS'", help=_CONNECTION_HELP)
@guarded
def add_note(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    case_path: Path,
    text: str,
    tags: tuple[str, ...],
    severity: str | None,
    author: str,
    in_report: bool,
    **on: Any,
) -> CaptureFrames:
    """Write a note on a thing of a capture; without one of the options, on the capture as a whole."""
    frames = open_for_command(files)
    anchor = _anchor(frames, {name: value for name, value in on.items() if value})
    file = CaseFile(case_path)
    case = file.load().with_capture(sighting_of(frames))
    place = case.report_end() if in_report else None
    note = Note(anchor, text, tuple(dict.fromkeys(tags)), Severity(severity or ""), place)
    file.save(case.with_note(note, _by(author)))
    click.echo(f"noted on {printable(anchor.label, _SHORT) or anchor.kind.value}", err=True)
    return frames


def _anchor(frames: CaptureFrames, on: dict[str, Any]) -> Anchor:
    if len(on) > 1:
        raise click.UsageError(f"a note is on one thing, not on {' and '.join(sorted(on))}")
    match on:
        case {"event": number}:
            if number > len(frames.events):
                raise click.BadParameter(f"there are {len(frames.events):,} events", param_hint="--event")
            return event_anchor(frames, number - 1)
        case {"moment": moment}:
            try:
                return moment_anchor(frames, parse_moment(moment, capture_window(frames)))
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--at") from error
        case {"window": text}:
            window = window_option(frames, text)
            assert window is not None  # noqa: S101  a text was given
            return window_anchor(frames, window)
        case {"process": name}:
            return _subject(frames, Subject(Kind.PROCESS, name), "--process")
        case {"container": name}:
            return _subject(frames, Subject(Kind.CONTAINER, name), "--container")
        case {"path": name}:
            return _subject(frames, Subject(Kind.FILE, name if ":" in name else f":{name}"), "--file")
        case {"connection": name}:
            return _subject(frames, Subject(Kind.CONNECTION, name), "--connection")
    return capture_anchor(frames)


def _subject(frames: CaptureFrames, subject: Subject, option: str) -> Anchor:
    if find(frames, subject) is None:
        name = subject.name.removeprefix(":")
        raise click.BadParameter(f"the capture has no such {subject.kind}: {name}", param_hint=option)
    return subject_anchor(frames, subject)


@notes_group.command("merge")
@_case_option
@click.argument("others", metavar="CASE...", type=FILE, nargs=-1, required=True)
@guarded
def merge_notes(case_path: Path, others: tuple[Path, ...]) -> None:
    """Take what is in other case files into one; what two changed at the same time is kept twice and told."""
    file = CaseFile(case_path)
    case = file.load()
    before, disputed = len(case.shown_notes()), set(case.disputes())
    for other in others:
        case = case.merged(_existing(other))
    case = file.save(case)
    new = sorted(set(case.disputes()) - disputed)
    now = len(case.shown_notes())
    click.echo(f"{format_count(now, 'note')}, {now - before:,} more than before")
    for shelf, key in new:
        record = getattr(case, shelf)[key]
        who = ", ".join(dict.fromkeys(one.author for one in record.standing))
        click.echo(printable(f"changed by several at the same time ({who}): {shelf} {key}", 1_000), err=True)


@notes_group.command("import")
@_case_option
@click.argument("foreign", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option("--capture", "captures", type=FILE, multiple=True, help="The capture that they are about.")
@_author_option
@guarded
def import_notes(case_path: Path, foreign: tuple[Path, ...], captures: tuple[Path, ...], author: str) -> None:
    """Take findings of others as notes, placed by time: Falco's JSON lines, Timesketch's, or CSV.

    CSV needs a column of times and one of messages. A finding that is there already is not added again.
    """
    file = CaseFile(case_path)
    case, capture, by = file.load(), "", _by(author)
    if captures:
        seen = sighting_of(open_for_command(captures))
        case, capture = case.with_capture(seen), seen.id
    total = 0
    for path in foreign:
        with path.open("rb") as stream:
            case, count = imported(case, stream.read(MAX_BYTES + 1), path.name, by, capture)
        total += count
    file.save(case)
    click.echo(f"{format_count(total, 'new note')} out of {format_count(len(foreign), 'file')}", err=True)


@notes_group.command("export")
@_case_option
@_chosen
@click.option(
    "--as", "form", type=click.Choice(["json", "csv", "timesketch"]), default="json", show_default=True
)
@click.option("--capture", "captures", type=FILE, multiple=True, help="Only notes of this capture.")
@guarded
def export_notes(case_path: Path, form: str, captures: tuple[Path, ...], **asked: Any) -> None:
    """Write notes to standard output: JSON, CSV, or JSON lines that Timesketch reads."""
    case = _existing(case_path)
    notes = _notes(case, **asked)
    if captures:
        wanted = of_this(case, open_for_command(captures))
        notes = [one for one in notes if one.note.on.capture in wanted]
    if form == "timesketch":
        for line in timeline_lines(notes):
            click.echo(line)
    else:
        echo_rows(COLUMNS, [*rows_of_notes(notes)], form)


def _existing(path: Path) -> Case:
    """The case of a file that has to be there."""
    path.stat()
    return CaseFile(path).load()


def _by(author: str) -> By:
    if not author:
        try:
            author = getpass.getuser()
        except (KeyError, OSError):
            author = "unknown"
    return By(author, time.time_ns())


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[:_SHORT] + ELLIPSIS
