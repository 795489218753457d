"""`exhume-inspect carve`: files and streams rebuilt from recorded calls."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import click
import numpy as np

from inspect_app.analysis.file_content import FileState, file_content, files_with_content
from inspect_app.analysis.recovered import Recovered
from inspect_app.analysis.selection import Selection, select
from inspect_app.analysis.stream_content import stream_content
from inspect_app.analysis.streams import Direction, io_streams
from inspect_app.cli.boundary import EXIT_CODES, ExitCode, fail, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.exports.carving import MAX_SIZE, Carved, carve_all
from inspect_app.exports.errors import ExportError
from inspect_app.exports.source import source_of
from inspect_app.frames.capture import CaptureFrames

_HEADINGS = ("file", "name", "size", "known", "coverage", "sha256", "verdict", "notes")
_STREAMS = ("ipv4", "ipv6", "unix", "pipe", "fifo", "char")
_STATES = click.Choice([state.value for state in FileState])
_STATE_HELP = "latest: as the file was last; written: what was put there; read: what was seen there."
_SIZE_HELP = "Leave out what lies beyond so many bytes; a place far out makes a file that is all hole."


@main.command("carve", epilog=EXIT_CODES)
@files_argument
@click.option("--path", "paths", multiple=True, metavar="GLOB", help="Files of such a path; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Every file of which bytes were kept.")
@click.option("--streams", is_flag=True, help="Streams instead: each way of a connection or pipe is a file.")
@click.option("--state", type=_STATES, default="latest", show_default=True, help=_STATE_HELP)
@click.option("--max-size", type=click.IntRange(min=1), default=MAX_SIZE, show_default=True, help=_SIZE_HELP)
@filter_option
@window_choice
@format_option
@click.option("-o", "--output", type=FILE, metavar="DIR", help="A new folder; without it: only tell.")
@guarded
def carve(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    paths: tuple[str, ...],
    everything: bool,
    streams: bool,
    state: str,
    max_size: int,
    expression: str,
    window: str,
    form: str,
    output: Path | None,
) -> CaptureFrames:
    """Rebuild files from what was read from them and written to them, as far as payload was kept.

    Filter and window choose files and streams by their events; a file is then rebuilt from all its events.
    Holes are zeros, and listed in FILE.map.json beside each file, with the event that each byte comes from.
    What was not kept cannot be rebuilt: record with a larger --snaplen.

    \b
    Examples:
      exhume-inspect carve node.exhume --path '/tmp/*' -o files/
      exhume-inspect carve node.exhume --all --filter 'container.name = web' -o files/
      exhume-inspect carve node.exhume --path /usr/bin/dropper --format json
      exhume-inspect carve node.exhume --streams --filter 'fd.rport = 4444' -o streams/
    """
    if not (paths or everything or streams):
        raise click.UsageError("say which: --path GLOB, --all or --streams")
    frames = open_for_command(files, expression)
    span = window_option(frames, window)
    selection = select(frames, span, [expression])
    state_of = FileState(state)
    found = _streams(frames, selection) if streams else _files(frames, selection, paths, state_of)
    try:
        if output is None:
            rows = [_row("", one) for one in found]
        else:
            source = source_of(frames, selection, filters=[expression], window=span)
            carved = carve_all(frames, found, output, source, largest=max_size)
            rows = [_row(one.path.name, one.recovered, one) for one in carved]
    except ExportError as error:
        fail(str(error), ExitCode.USAGE)
    echo_rows(_HEADINGS, rows, form)
    if not rows and form == "table":
        click.echo("nothing of which bytes were kept", err=True)
    return frames


def _files(
    frames: CaptureFrames, selection: Selection, paths: tuple[str, ...], state: FileState
) -> Iterator[Recovered]:
    names = frames.descriptors["name"].to_numpy(object)
    for row in files_with_content(frames, selection.rows).tolist():
        if not paths or any(fnmatchcase(str(names[row]), path) for path in paths):
            yield file_content(frames, row, state)


def _streams(frames: CaptureFrames, selection: Selection) -> Iterator[Recovered]:
    found = io_streams(frames, selection.rows)
    things = frames.events["descriptor"].to_numpy()[found.rows]
    is_stream = np.append(frames.descriptors["type"].isin(list(_STREAMS)).to_numpy(), False)
    for thing in np.unique(things[is_stream[things]]).tolist():
        for direction in Direction:
            recovered = stream_content(found, thing, direction)
            if recovered.known:
                yield recovered


def _row(name: str, recovered: Recovered, carved: Carved | None = None) -> tuple[str | int | float, ...]:
    more = "" if recovered.is_size_known else " at least"
    coverage = f"{recovered.coverage:.1%}"
    return (
        *(name, recovered.name, f"{recovered.size}{more}", recovered.known, coverage),
        *((carved.sha256, carved.verdict) if carved else ("", "")),
        "; ".join(recovered.notes),
    )
