"""exhume-inspect examiner-log: what is in an examiner's log, and whether it is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from inspect_app.cli.boundary import ExitCode, fail, guarded
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, format_option
from inspect_app.cli.output import echo_rows
from inspect_app.session.examiner_log import LogError, read_log

_HEADINGS = ("time", "user", "action", "what")
_ASIDE = frozenset({"time", "user", "host", "tool", "action", "before"})


@main.command("examiner-log")
@click.argument("log", type=FILE)
@format_option
@guarded
def examiner_log(log: Path, form: str) -> None:
    """Show what was opened, looked at and exported, and check that no line was changed or taken out.

    A log is kept where one is asked for: `exhume-inspect --examiner-log LOG FILE`, or the environment
    variable EXHUME_EXAMINER_LOG.

    \b
    Examples:
      exhume-inspect --examiner-log case.log view node.exhume processes
      exhume-inspect examiner-log case.log
    """
    rows, told = list[tuple[str, ...]](), ""
    try:
        rows.extend(map(_row, read_log(log)))
    except LogError as error:
        told = str(error)
    echo_rows(_HEADINGS, rows, form)
    if told:
        fail(f"{log}: {told}", ExitCode.ALTERED)


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    what = ", ".join(f"{name} {value}" for name, value in line.items() if name not in _ASIDE and value)
    return (*(str(line.get(name, "")) for name in _HEADINGS[:3]), what)
