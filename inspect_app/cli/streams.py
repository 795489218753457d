"""`exhume-inspect streams` and `search`: the bytes that were read, written, sent and received."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from capture.format import files_of
from capture.model.decode import printable
from inspect_app.analysis.needles import Needle, hex_bytes, pattern, plain_text
from inspect_app.analysis.payload_search import MAX_MATCHES, Matches, bytes_from, search
from inspect_app.analysis.selection import select
from inspect_app.analysis.streams import Direction, Segment, Streams, io_streams
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.export import safe_text
from inspect_app.views.format import UNKNOWN, Clock, format_bytes, format_count, format_time
from inspect_app.views.payload_text import Rendering, render

_AROUND, _LONGEST = 24, 4_096
"""Bytes shown on either side of a match; characters shown of one."""
_WIDTH = 100
_SHOWN = {"text": Rendering.PRINTABLE, "dots": Rendering.DOTTED, "hex": Rendering.HEX}
_STREAM = (
    "event",
    "time",
    "direction",
    "process",
    "pid",
    "fd",
    "name",
    "size",
    "captured",
    "lost_before",
    "data",
)
_MATCH = ("event", "time", "process", "pid", "name", "offset", "length", "data")


@main.command(epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@format_option
@click.option(
    "--as",
    "shown",
    type=click.Choice(list(_SHOWN)),
    default="text",
    show_default=True,
    help="How bytes are shown in a table.",
)
@click.option(
    "--direction",
    type=click.Choice([one.value for one in Direction]),
    help="Only what was read or received, or only what was written or sent.",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="Write the kept bytes as they are; - is standard output.",
)
@guarded
def streams(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    expression: str,
    window: str,
    form: str,
    shown: str,
    direction: str | None,
    output: Path | None,
) -> CaptureFrames:
    """Show what went through descriptors: each transfer in order, with the bytes that were kept.

    How many bytes were moved and not kept, and events lost between two transfers, are told. In JSON and CSV
    bytes are hex digits.

    \b
    Examples:
      exhume-inspect streams node.exhume --filter 'fd.rport = 4444'
      exhume-inspect streams node.exhume --filter 'fd.name = /etc/shadow' --as hex
      exhume-inspect streams node.exhume --filter 'proc.pid = 812 and fd.num = 3' --direction read -o bytes
    """
    frames = open_for_command(files, expression)
    selection = select(frames, window_option(frames, window), [expression])
    found = io_streams(frames, selection.rows)
    wanted = Direction(direction) if direction else None
    chosen = [
        at
        for at in range(len(found))
        if wanted is None or bool(found.writes[at]) is (wanted is Direction.WRITE)
    ]
    if output is not None:
        _write_bytes(found, wanted, output, files_of(files))
    elif form == "table":
        for at in chosen:
            _echo_segment(frames, found, at, _SHOWN[shown])
        _echo_kept(found)
    else:
        echo_rows(_STREAM, [_segment_row(frames, found, at) for at in chosen], form)
    return frames


def _write_bytes(found: Streams, wanted: Direction | None, output: Path, captures: Sequence[Path]) -> None:
    if str(output) == "-":
        _write_all(found, wanted, sys.stdout.buffer)
        return
    if output.exists() and any(map(output.samefile, captures)):
        raise click.BadParameter(f"{output} is the capture itself; name another file", param_hint="--output")
    with output.open("wb") as stream:
        _write_all(found, wanted, stream)
    click.echo(f"wrote {output}", err=True)


def _write_all(found: Streams, wanted: Direction | None, stream: BinaryIO) -> None:
    for piece in found.joined(wanted):
        stream.write(piece)


def _echo_segment(frames: CaptureFrames, found: Streams, at: int, rendering: Rendering) -> None:
    segment = found.segment(at)
    if segment.lost_before:
        click.echo(f"··· {format_count(segment.lost_before, 'event')} lost before the next")
    verb = "wrote" if segment.direction is Direction.WRITE else "read"
    name, pid = _who(frames, segment.row)
    when = format_time(segment.time, Clock.UTC, zero=0)
    kept = f"{segment.captured:,} of {format_bytes(segment.size)} kept"
    thing = _thing(frames, segment.descriptor) or f"fd {segment.fd}"
    click.echo(f"{when}  {safe_text(name)}[{pid}] {verb} {safe_text(thing)}  ({kept})")
    for line in render(found.payload(at), rendering, _WIDTH):
        click.echo(f"    {line}")


def _echo_kept(found: Streams) -> None:
    if not len(found):
        click.echo("no selected event moved bytes", err=True)
        return
    kept = f"{format_bytes(found.captured)} kept of {format_bytes(found.size)}"
    click.echo(f"{format_count(len(found), 'transfer')}, {kept}", err=True)


def _segment_row(frames: CaptureFrames, found: Streams, at: int) -> tuple[str | int | None, ...]:
    segment: Segment = found.segment(at)
    name, pid = _who(frames, segment.row)
    return (
        *(segment.row + 1, segment.time, segment.direction.value, name, pid, segment.fd),
        *(_thing(frames, segment.descriptor), segment.size, segment.captured, segment.lost_before),
        found.payload(at).hex(),
    )


def _who(frames: CaptureFrames, row: int) -> tuple[str, int | None]:
    process, image = (int(frames.events[name].to_numpy()[row]) for name in ("process", "image"))
    name = str(frames.images["comm"].iat[image]) if image >= 0 else UNKNOWN
    return name, int(frames.processes["pid"].to_numpy()[process]) if process >= 0 else None


def _thing(frames: CaptureFrames, descriptor: int) -> str:
    return str(frames.descriptors["name"].iat[descriptor]) if descriptor >= 0 else ""


@main.command("search", epilog=EXIT_CODES)
@files_argument
@click.argument("wanted", metavar="TEXT")
@filter_option
@window_choice
@format_option
@click.option("--regex", is_flag=True, help="TEXT is a regular expression (RE2); ^ and $ match at lines.")
@click.option("--hex", "as_hex", is_flag=True, help="TEXT is bytes in hex: 'de ad be ef'.")
@click.option("-i", "--ignore-case", is_flag=True, help="Letters match whatever their case.")
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1, MAX_MATCHES),
    default=1_000,
    show_default=True,
    metavar="N",
    help="Show at most N matches.",
)
@guarded
def search_command(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    wanted: str,
    expression: str,
    window: str,
    form: str,
    regex: bool,
    as_hex: bool,
    ignore_case: bool,
    limit: int,
) -> CaptureFrames:
    """Search the kept bytes of all that was read, written, sent and received for TEXT.

    A match lies within the bytes of one call, or over several that follow one another directly in one
    direction of a connection, pipe or file. What was not kept cannot be found: the last line tells how
    much was searched, of how much that was moved.

    \b
    Examples:
      exhume-inspect search node.exhume 'BEGIN RSA PRIVATE KEY'
      exhume-inspect search node.exhume --regex '^(GET|POST) /\\S+' --filter 'container.name = web'
      exhume-inspect search node.exhume --hex '7f 45 4c 46' --filter 'evt.is_io_write = true'
    """
    if regex and as_hex:
        raise click.UsageError("--regex and --hex exclude each other")
    needle = _needle(wanted, regex=regex, as_hex=as_hex, ignore_case=ignore_case)
    frames = open_for_command(files, expression)
    selection = select(frames, window_option(frames, window), [expression])
    matches = search(frames, needle, selected=selection.rows, limit=limit)
    rows = [_match_row(frames, matches, at) for at in range(len(matches))]
    if form == "table":
        for row in rows:
            _echo_match(frames, row)
        _echo_searched(frames, matches, limit)
    else:
        echo_rows(_MATCH, rows, form)
    return frames


def _needle(wanted: str, *, regex: bool, as_hex: bool, ignore_case: bool) -> Needle:
    if as_hex:
        return hex_bytes(wanted)
    if regex:
        return pattern(f"(?i){wanted}" if ignore_case else wanted)
    return plain_text(wanted, ignore_case=ignore_case)


def _match_row(frames: CaptureFrames, matches: Matches, at: int) -> tuple[str | int | None, ...]:
    row, start, length = (int(column[at]) for column in (matches.rows, matches.starts, matches.lengths))
    name, pid = _who(frames, row)
    first = max(0, start - _AROUND)
    around = bytes_from(frames, row, first, start - first + min(length, _LONGEST) + _AROUND)
    thing = _thing(frames, int(frames.events["descriptor"].to_numpy()[row]))
    time = int(frames.events["time"].to_numpy()[row])
    return row + 1, time, name, pid, thing, start, length, printable(around, _LONGEST)


def _echo_match(frames: CaptureFrames, row: tuple[str | int | None, ...]) -> None:
    number, time, name, pid, thing, offset, _, data = row
    when = format_time(int(time or 0), Clock.UTC, zero=0)
    place = f"{safe_text(str(name))}[{pid}] {safe_text(str(thing)) or UNKNOWN}"
    click.echo(f"{when}  event {number:,}  {place}  +{offset:,}: {data}")


def _echo_searched(frames: CaptureFrames, matches: Matches, limit: int) -> None:
    if not matches.complete:
        click.echo(f"the first {limit:,} matches are shown; -n shows more", err=True)
    moved = int(frames.events["size"].sum())
    found = format_count(len(matches), "match", "matches")
    click.echo(f"{found} in {format_bytes(matches.searched)} kept of {format_bytes(moved)} moved", err=True)
