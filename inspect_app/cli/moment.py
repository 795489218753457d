"""`exhume-inspect at`: the machine as it was at one moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.state import State, state_at
from inspect_app.analysis.timelines import capture_window
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command
from inspect_app.cli.clocks import times_option, told_clock
from inspect_app.cli.commands import main
from inspect_app.cli.options import format_option
from inspect_app.cli.output import view_written
from inspect_app.cli.windows import parse_moment
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.export import to_records
from inspect_app.views.format import format_count, format_time
from inspect_app.views.moment import MOMENT_LISTS, MomentList, moment_table
from inspect_app.views.sorting import default_order
from inspect_app.views.table import ViewTable

_NAMES = [one.id for one in MOMENT_LISTS]
_LISTS = ("all", *_NAMES)


@main.command(epilog=EXIT_CODES)
@click.argument("words", metavar="FILE... TIME [LIST]", nargs=-1)
@times_option
@format_option
@guarded
def at(words: tuple[str, ...], form: str) -> CaptureFrames:
    """Show the machine as it was at TIME: who ran, what each held open, which containers lived.

    TIME is +1.5s (since the first event), 03:04:05.678, 03:04:05 local or 2026-01-02T03:04:05Z. LIST is one
    of processes, descriptors, connections, containers, mounts, users; without it all are shown, except as
    CSV. Several files, or the folder they are in, are opened as one.

    \b
    Examples:
      exhume-inspect at node.exhume +2.5s
      exhume-inspect at node.exhume 15:10:36 connections
      exhume-inspect at node.exhume +2s descriptors --format json | jq '.[] | select(.pid == 812)'
    """
    files, moment, what = _taken_apart(words)
    if what == "all" and form == "csv":
        raise click.BadParameter(f"CSV holds one list; name one of {', '.join(_NAMES)}", param_hint="LIST")
    frames = open_for_command(files)
    try:
        time = parse_moment(moment, capture_window(frames))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="TIME") from error
    state = state_at(frames, time)
    if what != "all":
        table = moment_table(MOMENT_LISTS[_NAMES.index(what)], state)
        click.echo(view_written(frames, table, default_order(table), form), nl=False)
    elif form == "json":
        _echo_json(state)
    else:
        click.echo(f"at {_when(frames, time)}")
        for one in MOMENT_LISTS:
            _echo_list(frames, one, moment_table(one, state))
    return frames


def _taken_apart(words: Sequence[str]) -> tuple[list[Path], str, str]:
    """Files, time and list: how many files there are is known from the end only.

    Raises:
        click.UsageError: A word is missing, or is no list.
    """
    *before, last = words or ("",)
    if len(before) > 1 and not _is_moment(last) and (last in _LISTS or _is_moment(before[-1])):
        if last not in _LISTS:
            raise click.BadParameter(f"{last!r} is not one of {', '.join(_LISTS)}", param_hint="LIST")
        *files, moment = before
        return [Path(word) for word in files], moment, last
    if not before:
        raise click.UsageError("name a capture and a TIME, such as: exhume-inspect at node.exhume +2.5s")
    return [Path(word) for word in before], last, "all"


def _is_moment(word: str) -> bool:
    try:
        parse_moment(word, TimeRange(0, 0))
    except ValueError:
        return False
    return True


def _echo_json(state: State) -> None:
    tables = {one.id: moment_table(one, state) for one in MOMENT_LISTS}
    lists = {name: to_records(table, default_order(table)) for name, table in tables.items()}
    click.echo(json.dumps({"time": state.time, **lists}, indent=1))


def _when(frames: CaptureFrames, time: int) -> str:
    clock, zero = told_clock(frames)
    return format_time(time, clock, zero=zero, digits=9)


def _echo_list(frames: CaptureFrames, one: MomentList, table: ViewTable) -> None:
    click.echo(f"\n{one.title}: {format_count(len(table), *one.noun)}")
    if len(table):
        click.echo(view_written(frames, table, default_order(table), "table"), nl=False)
