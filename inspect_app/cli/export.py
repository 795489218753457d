"""`exhume-inspect export`: a selection in the forms that other tools read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from capture.model.text import printable
from inspect_app.cli.boundary import (
    EXIT_CODES,
    ExitCode,
    exit_code_of,
    fail,
    guarded,
    open_for_command,
    window_option,
)
from inspect_app.cli.commands import main, view_named
from inspect_app.cli.options import FILE, files_argument, filter_option, own_views_option, window_choice
from inspect_app.exports.dataset import write_dataset
from inspect_app.exports.destination import refuse_captures
from inspect_app.exports.errors import ExportError
from inspect_app.exports.export import export, write
from inspect_app.exports.kinds import KINDS
from inspect_app.exports.pieces import Progress, silent
from inspect_app.exports.request import Request, request_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.foreign import recordings_among

_KINDS_HELP = "The form: " + "; ".join(f"{kind.id}, {kind.meaning}" for kind in KINDS.values()) + "."

_FOLDER_HELP = "Instead: add each capture to a data set of many, a folder of Parquet files by host and date."


@main.command("export", epilog=EXIT_CODES)
@files_argument
@click.option("--as", "kind", type=click.Choice(list(KINDS)), metavar="KIND", help=_KINDS_HELP)
@filter_option
@window_choice
@own_views_option
@click.option("--view", "view", metavar="NAME", default="", help="Rows of this view instead of events.")
@click.option("--parquet", "folder", type=FILE, metavar="DIR", help=_FOLDER_HELP)
@click.option("-o", "--output", type=FILE, metavar="OUT", help="Where to write it; - is standard output.")
@guarded
def export_command(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    kind: str | None,
    expression: str,
    window: str,
    view: str,
    folder: Path | None,
    output: Path | None,
) -> CaptureFrames:
    """Write events, or the rows of a view, in a form that another tool reads.

    Each export says from which capture and selection it came: in the file, or in OUT.source.json where its
    form has no place for that. The same capture and selection give the same bytes.

    \b
    Examples:
      exhume-inspect export node.exhume --as timesketch -o node.jsonl
      exhume-inspect export node.exhume --as csv --filter 'proc.name = sshd' -o sshd.csv
      exhume-inspect export node.exhume --as csv --view connections -o peers.csv
      exhume-inspect export node.exhume --as strace --window +2s..+3s -o - | less
      exhume-inspect export node.exhume --parquet fleet/
      exhume-inspect export captures/ --parquet fleet/
    """
    if (kind is None or output is None) and (folder is None or kind or output or view):
        raise click.UsageError("an export needs --as KIND and -o OUT, or --parquet DIR alone")
    chosen = view_named(view) if view else None
    try:
        if folder is not None:
            return _add_to_dataset(files, expression, window, folder)
        frames = open_for_command(files, expression)
        span = window_option(frames, window)
        request = request_of(frames, window=span, filters=[expression], view=chosen)
        if kind is not None and output is not None:
            refuse_captures(output, files)
            _export(request, kind, output)
    except ExportError as error:
        fail(str(error), ExitCode.USAGE)
    return frames


def _export(request: Request, kind: str, output: Path) -> None:
    form = KINDS[kind]
    if str(output) == "-":
        notes = write(request, form, sys.stdout.buffer)
        told = request.source.sentence()
    else:
        with progress_bar() as progress:
            written = export(request, form, output, progress)
        notes = written.notes
        size = f"{request.source.rows:,} rows, {written.size:,} bytes"
        told = f"wrote {printable(str(output))}: {size}; SHA-256 {written.sha256}"
    for line in (told, *notes):
        click.echo(line, err=True)


def _add_to_dataset(paths: Sequence[Path], expression: str, window: str, folder: Path) -> CaptureFrames:
    """Each recording by itself, of whichever host: a row names the capture that it can be checked against.

    Gives the one of which the state is worst.
    """
    worst: CaptureFrames | None = None
    for recording in recordings_among(paths):
        frames = open_for_command(recording, expression)
        request = request_of(frames, window=window_option(frames, window), filters=[expression])
        with progress_bar() as progress:
            files = write_dataset(request, folder, progress)
        rows, into = request.source.rows, printable(str(folder))
        of = printable(f"{request.source.capture} of {request.source.host}, {frames.state.state}")
        click.echo(f"wrote {files:,} files of {rows:,} events into {into}: {of}", err=True)
        if worst is None or exit_code_of(frames) > exit_code_of(worst):
            worst = frames
    if worst is None:
        raise ExportError("there is no capture to add")
    return worst


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on a terminal, for work that tells how far it is."""
    if not sys.stderr.isatty():
        yield silent
        return
    with click.progressbar(length=100, label="writing", file=sys.stderr) as bar:
        yield lambda done, total: bar.update(max(0, done * 100 // max(total, 1) - bar.pos))
