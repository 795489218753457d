"""exhume-capture events."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from capture.cli.errors import Exit, told_in_one_line
from capture.cli.following import follow
from capture.cli.lines import EventLines
from capture.cli.opening import files_argument, opened
from capture.format import State

_ROWS_AT_ONCE = 10_000


@click.command()
@files_argument
@click.option("-n", "most", type=click.IntRange(0), help="Only the first N events.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="text: lines as strace prints them; json: one object a line; csv: with a header.",
)
@click.option(
    "-f", "--follow", "following", is_flag=True, help="Go on with what is appended, until the recording ends."
)
@told_in_one_line
def events(files: tuple[Path, ...], most: int | None, form: str, following: bool) -> None:
    """The events of FILE, in the order in which the calls returned.

    Several files of a set, or their folder, are read as one recording.

    \b
    A line of text has: time (UTC), container, process[pid] (and /tid of a thread), the call with its
    arguments decoded, what it returned, and how long it took in seconds:

    \b
    02:33:07.123456789 host cat[4711] read(3</etc/hostname>, "node-7\\n", 131072) = 7 <0.000012>

    \b
    JSON and CSV are keyed by the field names of the filter language:
    exhume-capture events node.exhume --format json | jq 'select(."proc.name" == "sh")'
    exhume-capture events /var/captures/ -n 20
    exhume-capture events node.exhume --follow
    """
    if following:
        _follow(files, form, most)
        return
    with opened(files) as capture:
        lines = EventLines(capture)
        count = capture.count if most is None else min(most, capture.count)
        for start in range(0, count, _ROWS_AT_ONCE):
            rows = range(start, min(start + _ROWS_AT_ONCE, count))
            _WRITERS[form](lines, rows)
        sys.stdout.flush()
        state = capture.verdict.state
    if state is not State.WHOLE:
        sys.exit(Exit.CUT_SHORT if state is State.CUT_SHORT else Exit.ALTERED)


def _follow(files: Sequence[Path], form: str, most: int | None) -> None:
    """Show a growing file's events; with `most` no more than so many."""
    if len(files) != 1 or files[0].is_dir():
        raise click.UsageError("--follow takes one file: the one that is being written")
    left = most

    def show(lines: EventLines, rows: Sequence[int]) -> None:
        nonlocal left
        rows = rows if left is None else rows[:left]
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            _WRITERS[form](lines, rows[start : start + _ROWS_AT_ONCE])
        sys.stdout.flush()
        if left is not None:
            left -= len(rows)
            if not left:
                sys.exit(Exit.FINE)

    follow(files[0], show).close()


def _write_text(lines: EventLines, rows: Sequence[int]) -> None:
    sys.stdout.write("".join(f"{lines.text(row)}\n" for row in rows))


def _write_json(lines: EventLines, rows: Sequence[int]) -> None:
    sys.stdout.write("".join(f"{json.dumps(lines.fields(row))}\n" for row in rows))


def _write_csv(lines: EventLines, rows: Sequence[int]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for fields in _fields(lines, rows):
        if fields["evt.num"] == 1:
            writer.writerow(fields)
        writer.writerow([_harmless(value) for value in fields.values()])


def _fields(lines: EventLines, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
    return (lines.fields(row) for row in rows)


def _harmless(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets a quote before it."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


_WRITERS = {"text": _write_text, "json": _write_json, "csv": _write_csv}
