"""exhume-capture slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from capture.cli.errors import told_in_one_line
from capture.cli.opening import files_argument, opened
from capture.cli.output_option import output_option, say_made
from capture.evidence.deriving import derive, new_capture
from capture.evidence.signing import KeySigner
from capture.evidence.slicing import Choice, sliced
from capture.format import Capture
from capture.model.windows import parse_window


@click.command("slice")
@files_argument
@output_option
@click.option(
    "--window",
    metavar="FROM..TO",
    default="",
    help="Of this time: +1s..+2.5s, 03:04..03:05, 2026-01-02T03:04Z..",
)
@click.option(
    "--container",
    "containers",
    metavar="NAME",
    multiple=True,
    help="Of this container (name or id; host). May be repeated.",
)
@click.option(
    "--pid", "pids", type=click.IntRange(0), multiple=True, help="Of this process. May be repeated."
)
@click.option("--bare", is_flag=True, help="Only these events; names of what was opened before are lost.")
@told_in_one_line
def slice_command(  # noqa: PLR0917  click hands options over by name
    files: tuple[Path, ...],
    output: Path,
    signer: KeySigner | None,
    window: str,
    containers: tuple[str, ...],
    pids: tuple[int, ...],
    bare: bool,
) -> None:
    """Write a part of FILE as a capture of its own, which tells what it was cut out of.

    Conditions hold together. Calls by which names become known (open, exec, fork, …) stay from before the
    window too, unless --bare. The snapshot keeps all of the machine, or with --container or --pid only their
    processes and those that these descend from. By a filter: `exhume-inspect slice --filter`.

    \b
    exhume-capture slice node.exhume -o minute.exhume --window 03:04..03:05
    exhume-capture slice node.exhume -o web.exhume --container web --sign me.key
    exhume-capture verify web.exhume --parent node.exhume
    """
    with opened(files) as capture, new_capture(output) as stream:
        choice = _choice(capture, window, containers, pids, context=not bare)
        writer = derive(
            [sliced(capture, choice)], stream, "slice", _options(window, containers, pids, bare=bare), signer
        )
    say_made(output, writer.events_written, f" of {capture.count:,}")


def _choice(
    capture: Capture, window: str, containers: tuple[str, ...], pids: tuple[int, ...], *, context: bool
) -> Choice:
    if not window:
        return Choice(containers=containers, pids=pids, context=context)
    time = capture.read_columns(("time",))["time"]
    first, last = (int(time[0]), int(time[-1]) + 1) if len(time) else (0, 0)
    try:
        since, until = parse_window(window, first, last)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--window") from error
    return Choice(since, until, containers, pids, context=context)


def _options(
    window: str, containers: tuple[str, ...], pids: tuple[int, ...], *, bare: bool
) -> dict[str, Any]:
    told: dict[str, Any] = {"window": window, "container": list(containers), "pid": list(pids), "bare": bare}
    return {name: value for name, value in told.items() if value}
