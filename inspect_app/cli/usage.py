"""`exhume-inspect usage`: what processes and containers used over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.timelines import capture_window
from inspect_app.analysis.usage import UsageBy, usage
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.clocks import time_text, times_option
from inspect_app.cli.commands import main
from inspect_app.cli.holders import host_of, latest
from inspect_app.cli.options import files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import (
    format_bytes,
    format_count,
    format_duration,
    format_share,
)

_FIGURES = ("cpu", "share", "rss", "vms", "minflt", "majflt", "threads")
_HEADINGS = {
    UsageBy.PROCESS: ("time", "process", "pid", *_FIGURES, "host"),
    UsageBy.CONTAINER: ("time", "container", "container_id", *_FIGURES, "host"),
}
_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "cpu": format_duration,
    "share": format_share,
    "rss": format_bytes,
    "vms": format_bytes,
    "minflt": format_count,
    "majflt": format_count,
}


@main.command("usage", epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@times_option
@format_option
@click.option(
    "--by",
    type=click.Choice([one.value for one in UsageBy]),
    default="process",
    show_default=True,
    help="Whose usage a row tells.",
)
@click.option(
    "--steps",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="Into how many equal steps the time is divided.",
)
@click.option(
    "-n", "limit", type=click.IntRange(1), metavar="N", help="Only the N that used most processor time."
)
@guarded
def usage_command(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...], expression: str, window: str, form: str, by: str, steps: int, limit: int | None
) -> CaptureFrames:
    """Show what processes or containers used over time: processor, memory, page faults, threads.

    A row is a step of time and a process of which something is known then; with a filter only processes that
    have such events. Figures come from samples, taken about once a second of those that are active, and from
    what the end of a process tells. JSON and CSV have nanoseconds and bytes.

    \b
    Examples:
      exhume-inspect usage node.exhume --by container --steps 60
      exhume-inspect usage node.exhume -n 5 --window +10s..+20s
      exhume-inspect usage node.exhume --filter 'proc.name = postgres' --format csv
    """
    frames = open_for_command(files, expression)
    span = window_option(frames, window) or capture_window(frames)
    table = _table(frames, UsageBy(by), span, steps, expression)
    if limit is not None:
        table = _most(table, by, limit)
    columns = [table[name].tolist() for name in ("time", by, *_FIGURES)]
    rows = [_row(frames, UsageBy(by), row, form) for row in zip(*columns, strict=True)]
    echo_rows(_HEADINGS[UsageBy(by)], rows, form)
    if form == "table" and not rows:
        click.echo("nothing is known of what these used: no samples, no ends", err=True)
    return frames


def _table(frames: CaptureFrames, by: UsageBy, span: TimeRange, steps: int, expression: str) -> pd.DataFrame:
    processes = None
    if expression.strip():
        found = select(frames, span, [expression]).take(frames.events["process"].to_numpy())
        processes = np.unique(found[found >= 0])
    try:
        return usage(frames, by=by, window=span, steps=steps, processes=processes)
    except ValueError as error:
        raise click.UsageError(f"{error}; ask for fewer steps, or filter") from error


def _most(table: pd.DataFrame, by: str, limit: int) -> pd.DataFrame:
    totals = table.groupby(by)["cpu"].sum().sort_values(ascending=False, kind="stable")
    return table[table[by].isin(totals.index[:limit])]


def _row(
    frames: CaptureFrames, by: UsageBy, row: tuple[Any, ...], form: str
) -> tuple[str | int | float | None, ...]:
    time, place, *figures = row
    who = latest(frames, place) if by is UsageBy.PROCESS else _container(frames, place)
    host = host_of(frames, "processes" if by is UsageBy.PROCESS else "containers", place)
    if form != "table":
        return (time, *who, *figures, host)
    written = (_WRITTEN.get(name, str)(figure) for name, figure in zip(_FIGURES, figures, strict=True))
    return (time_text(frames, time, date=False), *who, *written, host)


def _container(frames: CaptureFrames, row: int) -> tuple[str, str]:
    """Its name and id, empty where they could not be told."""
    if row < 0:
        return "", ""
    name, identity = (str(frames.containers[column].iat[row]) for column in ("name", "id"))
    return name or ("host" if frames.is_host[row] else ""), identity
