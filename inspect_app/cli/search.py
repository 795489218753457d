"""`exhume-inspect search`: a text, bytes or a pattern in all that was read, written, sent and received."""

from __future__ import annotations

from pathlib import Path

import click

from capture.model.decode import printable
from inspect_app.analysis.needles import Needle, hex_bytes, pattern, plain_text
from inspect_app.analysis.payload_search import MAX_MATCHES, Matches, bytes_from, search
from inspect_app.analysis.selection import select
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.clocks import time_text, times_option
from inspect_app.cli.commands import main
from inspect_app.cli.holders import among_hosts, host_of_event, thing, who
from inspect_app.cli.options import files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.export import safe_text
from inspect_app.views.format import UNKNOWN, format_bytes, format_count

_AROUND, _LONGEST = 24, 4_096
"""Bytes shown on either side of a match; characters shown of one."""
_MATCH = ("event", "time", "process", "pid", "name", "offset", "length", "data", "host")


@main.command("search", epilog=EXIT_CODES)
@files_argument
@click.argument("wanted", metavar="TEXT")
@filter_option
@window_choice
@times_option
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
    name, pid = who(frames, row)
    first = max(0, start - _AROUND)
    around = bytes_from(frames, row, first, start - first + min(length, _LONGEST) + _AROUND)
    where = thing(frames, int(frames.events["descriptor"].to_numpy()[row]))
    time = int(frames.events["time"].to_numpy()[row])
    host = host_of_event(frames, row)
    return row + 1, time, name, pid, where, start, length, printable(around, _LONGEST), host


def _echo_match(frames: CaptureFrames, row: tuple[str | int | None, ...]) -> None:
    number, time, name, pid, where, offset, _, data, host = row
    when = time_text(frames, int(time or 0))
    who = f"{among_hosts(frames, str(host))}{name}"
    place = f"{safe_text(who)}[{pid}] {safe_text(str(where)) or UNKNOWN}"
    click.echo(f"{when}  event {number:,}  {place}  +{offset:,}: {data}")


def _echo_searched(frames: CaptureFrames, matches: Matches, limit: int) -> None:
    if not matches.complete:
        click.echo(f"the first {limit:,} matches are shown; -n shows more", err=True)
        return
    moved = int(frames.events["size"].sum())
    found = format_count(len(matches), "match", "matches")
    click.echo(f"{found} in {format_bytes(matches.searched)} kept of {format_bytes(moved)} moved", err=True)
