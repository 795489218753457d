"""`exhume-inspect streams`: the bytes that were read, written, sent and received."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from capture.format import files_of
from capture.format.placing import placed
from inspect_app.analysis.conversations import conversations
from inspect_app.analysis.selection import select
from inspect_app.analysis.streams import Direction, Segment, Streams, io_streams, of_thing
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.clocks import time_text, times_option
from inspect_app.cli.commands import main
from inspect_app.cli.holders import among_hosts, host_of, host_of_event, latest, thing, who
from inspect_app.cli.options import FILE, files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.foreign import ENDINGS
from inspect_app.views.export import safe_text
from inspect_app.views.format import format_bytes, format_count
from inspect_app.views.payload_text import Rendering, render

_WIDTH = 100
_SHOWN = {"text": Rendering.PRINTABLE, "dots": Rendering.DOTTED, "hex": Rendering.HEX}
_STREAM = (
    "event",
    "time",
    "direction",
    "process",
    "pid",
    "tid",
    "fd",
    "name",
    "offset",
    "size",
    "captured",
    "gap",
    "peeked",
    "lost_before",
    "data",
    "host",
)
_LIST = (
    *("stream", "first", "last", "type", "name", "process", "pid", "processes", "transfers", "read"),
    *("written", "kept", "gaps", "peeked", "host"),
)


@main.command(epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@times_option
@format_option
@click.option(
    "--list", "listed", is_flag=True, help="List the streams: what bytes went through, and how many."
)
@click.option(
    "--stream", "number", type=int, metavar="N", help="Only the stream that --list shows under this number."
)
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
    listed: bool,
    number: int | None,
    shown: str,
    direction: str | None,
    output: Path | None,
) -> CaptureFrames:
    """Show what went through descriptors: each transfer in order, with the bytes that were kept.

    A stream is a connection, a pipe, a file or another thing, whoever holds it and under whatever number.
    How many bytes were moved and not kept, gaps in a stream, and events lost between two transfers, are
    told. In JSON and CSV bytes are hex digits.

    \b
    Examples:
      exhume-inspect streams node.exhume --list
      exhume-inspect streams node.exhume --stream 17 --as hex
      exhume-inspect streams node.exhume --filter 'fd.rport = 4444'
      exhume-inspect streams node.exhume --filter 'fd.name = /etc/shadow' --as hex
      exhume-inspect streams node.exhume --filter 'proc.pid = 812 and fd.num = 3' --direction read -o bytes
    """
    frames = open_for_command(files, expression)
    selection = select(frames, window_option(frames, window), [expression])
    found = of_thing(io_streams(frames, selection.rows), number)
    if listed:
        _echo_list(frames, found, form)
        return frames
    wanted = Direction(direction) if direction else None
    chosen = [
        at
        for at in range(len(found))
        if wanted is None or bool(found.writes[at]) is (wanted is Direction.WRITE)
    ]
    if output is not None:
        _write_bytes(found, wanted, output, files_of(files, ENDINGS))
    elif form == "table":
        for at in chosen:
            _echo_segment(frames, found, at, _SHOWN[shown])
        _echo_kept(found)
    else:
        echo_rows(_STREAM, [_segment_row(frames, found, at) for at in chosen], form)
    return frames


def _echo_list(frames: CaptureFrames, found: Streams, form: str) -> None:
    rows = []
    for row in conversations(found).to_dict("records"):
        name, pid = latest(frames, int(row["process"]))
        told = {**row, "stream": row["descriptor"], "process": name, "pid": pid}
        told["host"] = host_of(frames, "processes", int(row["process"]))
        if form == "table":
            told |= {at: time_text(frames, told[at], date=False) for at in ("first", "last")}
            told |= {size: format_bytes(told[size]) for size in ("read", "written", "kept")}
        rows.append(tuple(told[column] for column in _LIST))
    echo_rows(_LIST, rows, form)


def _write_bytes(found: Streams, wanted: Direction | None, output: Path, captures: Sequence[Path]) -> None:
    if str(output) == "-":
        _write_all(found, wanted, sys.stdout.buffer)
        return
    if output.exists() and any(map(output.samefile, captures)):
        raise click.BadParameter(f"{output} is the capture itself; name another file", param_hint="--output")
    with placed(output) as stream:
        _write_all(found, wanted, stream)
    click.echo(f"wrote {safe_text(str(output))}", err=True)


def _write_all(found: Streams, wanted: Direction | None, stream: BinaryIO) -> None:
    for piece in found.joined(wanted):
        stream.write(piece)


def _echo_segment(frames: CaptureFrames, found: Streams, at: int, rendering: Rendering) -> None:
    segment = found.segment(at)
    if segment.gap:
        click.echo("··· bytes of this stream before the next were not kept, or not seen")
    if segment.lost_before:
        click.echo(f"··· {format_count(segment.lost_before, 'event')} lost before the next")
    verb = "wrote" if segment.direction is Direction.WRITE else "peeked at" if segment.peeked else "read"
    name, pid = who(frames, segment.row)
    when = time_text(frames, segment.time)
    kept = f"{segment.captured:,} of {format_bytes(segment.size)} kept"
    place = f" +{segment.offset:,}" if segment.offset > 0 else ""
    where = (thing(frames, segment.descriptor) or f"fd {segment.fd}") + place
    name = among_hosts(frames, host_of_event(frames, segment.row)) + name
    click.echo(f"{when}  {safe_text(name)}[{pid}] {verb} {safe_text(where)}  ({kept})")
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
    name, pid = who(frames, segment.row)
    tid = int(frames.threads["tid"].to_numpy()[segment.thread]) if segment.thread >= 0 else None
    return (
        *(segment.row + 1, segment.time, segment.direction.value, name, pid, tid, segment.fd),
        *(thing(frames, segment.descriptor), segment.offset, segment.size, segment.captured),
        *(segment.gap, segment.peeked, segment.lost_before),
        found.payload(at).hex(),
        host_of_event(frames, segment.row),
    )
