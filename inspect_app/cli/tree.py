"""`exhume-inspect tree`: who created whom, when each lived, and how it ended."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from inspect_app.analysis.processes import Forest, adopter_of, fate_text, lifelines, process_forest
from inspect_app.analysis.selection import select
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.clocks import time_text, times_option
from inspect_app.cli.commands import main
from inspect_app.cli.holders import host_of
from inspect_app.cli.options import files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows, terminal_width
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.export import safe_text
from inspect_app.views.format import UNKNOWN, format_count

_HEADINGS = (
    "depth",
    "pid",
    "ppid",
    "name",
    "command",
    "container",
    "start",
    "end",
    "fate",
    "events",
    "last_ppid",
    "host",
)
_LEAST = 24
_MOST_DEPTH = 60
"""Deeper ones are drawn as deep: a chain of a thousand shells would leave no room for names."""


@main.command(epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@times_option
@format_option
@click.option("--all", "idle", is_flag=True, help="Also processes without a selected event.")
@guarded
def tree(files: tuple[Path, ...], expression: str, window: str, form: str, idle: bool) -> CaptureFrames:
    """Show the process tree: who created whom, when each began, how it ended.

    Processes with selected events are shown, below all that led to them. The parent is the one that created
    a process, also when that one is gone and the kernel has given it to another, which is told beside it. On
    a terminal long commands are cut. JSON and CSV have a row a process in the order of the tree, with
    nanoseconds since 1970.

    \b
    Examples:
      exhume-inspect tree node.exhume --filter 'container.name = web'
      exhume-inspect tree node.exhume --window +2s..+3s
      exhume-inspect tree node.exhume --format json | jq '.[] | select(.fate == "SIGKILL")'
    """
    frames = open_for_command(files, expression)
    span = window_option(frames, window)
    process = select(frames, span, [expression]).take(frames.events["process"].to_numpy())
    events = np.bincount(process[process >= 0], minlength=len(frames.processes))
    chosen = events > 0
    if idle:
        chosen = chosen | lifelines(frames, span).lived
    forest = process_forest(frames)
    order = forest.order[forest.with_ancestors(chosen)[forest.order]]
    if form == "table":
        _echo_tree(frames, forest, order, events)
    else:
        echo_rows(_HEADINGS, [_row(frames, forest, row, events) for row in order.tolist()], form)
    return frames


def _row(frames: CaptureFrames, forest: Forest, row: int, events: np.ndarray) -> tuple[str | int | None, ...]:
    pid, ppid, start, end = (
        int(frames.processes[name].to_numpy()[row]) for name in ("pid", "ppid", "start", "end")
    )
    known = (ppid if ppid >= 0 else None, start if start >= 0 else None, end if end >= 0 else None)
    name, command = _program(frames, row)
    container = _container(frames, row)
    fate = fate_text(frames, row)
    return (
        *(int(forest.depth[row]), pid, known[0], name, command, container),
        *(
            known[1],
            known[2],
            fate,
            int(events[row]),
            _last_ppid(frames, row),
            host_of(frames, "processes", row),
        ),
    )


def _last_ppid(frames: CaptureFrames, row: int) -> int | None:
    """Pid of its parent in the end."""
    last = int(frames.processes["last_parent"].to_numpy()[row])
    return int(frames.processes["pid"].to_numpy()[last]) if last >= 0 else None


def _adopted(frames: CaptureFrames, row: int) -> str:
    """Who adopted it, empty where nobody did."""
    adopter = adopter_of(frames, row)
    if adopter < 0:
        return ""
    return f"adopted by {_program(frames, adopter)[0] or UNKNOWN} ({frames.processes['pid'].iat[adopter]})"


def _program(frames: CaptureFrames, row: int) -> tuple[str, str]:
    image = int(frames.processes["image"].to_numpy()[row])
    if image < 0:
        return "", ""
    return str(frames.images["comm"].iat[image]), str(frames.images["cmdline"].iat[image])


def _container(frames: CaptureFrames, row: int) -> str:
    at = int(frames.processes["container"].to_numpy()[row])
    return str(frames.containers["name"].iat[at] or frames.containers["id"].iat[at]) if at >= 0 else ""


def _echo_tree(frames: CaptureFrames, forest: Forest, order: np.ndarray, events: np.ndarray) -> None:
    """Lines with branches, then facts."""
    if not len(order):
        click.echo("no process has a selected event", err=True)
        return
    width = terminal_width(0)
    for row, branch in zip(order.tolist(), _branches(forest.depth[order]), strict=True):
        name, command = _program(frames, row)
        start = int(frames.processes["start"].to_numpy()[row])
        facts = [
            _container(frames, row) or UNKNOWN,
            time_text(frames, start) if start >= 0 else "",
            fate_text(frames, row),
            _adopted(frames, row),
            host_of(frames, "processes", row) if len(frames.hosts) > 1 else "",
            format_count(int(events[row]), "event") if events[row] else "",
        ]
        pid = int(frames.processes["pid"].to_numpy()[row])
        text = safe_text(command or name) or UNKNOWN
        told = f"  [{'  '.join(safe_text(fact) for fact in facts if fact)}]"
        click.echo(_fitting(f"{branch}{pid} {text}", width - len(told) if width else None) + told)


def _fitting(text: str, room: int | None) -> str:
    """The text, cut where a terminal has no more room; never to less than a name."""
    return text if room is None or len(text) <= max(room, _LEAST) else text[: max(room, _LEAST) - 1] + "…"


def _branches(depth: np.ndarray) -> list[str]:
    """The lines drawn before each of the rows of a tree, given depth first."""
    depth = np.minimum(depth, _MOST_DEPTH)
    goes_on: list[bool] = [False] * (_MOST_DEPTH + 2)
    lines = []
    for level in reversed(depth.tolist()):
        above = "".join("│  " if goes_on[at] else "   " for at in range(1, level))
        own = ("├─ " if goes_on[level] else "└─ ") if level else ""
        lines.append(above + own)
        goes_on[level] = level > 0
        goes_on[level + 1 :] = [False] * (len(goes_on) - level - 1)
    return lines[::-1]
