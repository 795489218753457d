"""exhume-capture record."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from capture.agent.recorder import Recorder, Status
from capture.agent.settings import Settings
from capture.cli.content_options import content_options, content_settings
from capture.cli.errors import Exit, fail, told_in_one_line
from capture.cli.filter_options import filter_options, recording_filter
from capture.format import create

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_PATIENCE_S = 3.0
"""How long a command may go on after it was told to end."""


class Duration(click.ParamType[float]):
    """A time such as 30, 30s, 500ms, 5m or 1h, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, as a number."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)", str(value), re.ASCII)
        if not match or not float(match[1]):
            self.fail(f"{value!r} is no duration: 30s, 500ms, 5m or 1h was expected", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


@click.command(context_settings={"ignore_unknown_options": False})
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write [HOST-TIME.exhume].",
)
@click.option("--duration", type=Duration(), help="Stop after this time: 30s, 5m, 1h.")
@content_options
@click.option(
    "--buffer",
    type=click.IntRange(8, 4096),
    default=Settings().buffer_mib,
    show_default=True,
    metavar="MIB",
    help="Kernel memory for events on their way.",
)
@filter_options
@click.option("--overwrite", is_flag=True, help="Write over FILE if it exists.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@told_in_one_line
def record(  # noqa: PLR0917  click hands options over by name
    output: Path | None,
    duration: float | None,
    buffer: int,
    overwrite: bool,
    quiet: bool,
    command: tuple[str, ...],
    **more: Any,
) -> None:
    """Record this machine until Ctrl-C, until --duration is over, or until COMMAND ends.

    All of the machine is recorded, all containers included, not only COMMAND. COMMAND keeps its input,
    its output and its exit code; what Exhume has to say goes to standard error. The recorder never
    records itself. When --duration is over or the disk is full, the recording ends and COMMAND goes on;
    a signal ends both.

    \b
    exhume-capture record -o node.exhume
    exhume-capture record -o node.exhume --duration 30s --snaplen 0
    exhume-capture record -o build.exhume -- make all

    \b
    Less than all, decided in the kernel. --only: nothing else; --skip: not this; several values with commas.
    Calls by which names become known (open, close, exec, fork, …) are always recorded; what is left out
    is counted, and the filter stands in the file.
    exhume-capture record -o make.exhume --only-command -- make all
    exhume-capture record -o web.exhume --only-container web --skip-call futex,poll
    exhume-capture record -o node.exhume --skip-container host --skip-category memory
    exhume-capture record -o user.exhume --only-uid 1000 --only-tree 1234 --skip-comm postgres
    exhume-capture record -o unit.exhume --only-cgroup /system.slice/foo.service
    """
    chosen = recording_filter(more, command)
    settings = Settings(buffer_mib=buffer, filter=chosen, **content_settings(more))
    path = output or Path(f"{socket.gethostname()}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.exhume")
    existed = path.exists()
    try:
        stream = create(path, overwrite=overwrite)
    except FileExistsError:
        fail(
            f"{path} exists already; a capture is evidence: choose another name, or pass --overwrite",
            Exit.WRITE_FAILED,
        )
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}; choose another place with -o", Exit.WRITE_FAILED)
    # From the first moment on: a signal that comes while the probe loads ends the recording in order, too.
    stop = _Stop()
    with stream:
        try:
            recorder = Recorder(stream, settings, command)
        except BaseException:
            if not existed:
                path.unlink(missing_ok=True)
            raise
        run = _Run(recorder, command, stop)
        # The command has the caller's own privileges; from here on the recorder has less.
        recorder.give_up_privileges(path.parent, command=bool(command))
        run.until_end(duration, quiet=quiet)
        status = recorder.finish()
    _say_farewell(path, status, recorder.failure, quiet=quiet)
    code = run.code_of_command() if command else Exit.FINE
    sys.exit(Exit.WRITE_FAILED if recorder.failure else code)


class _Stop:
    """Whether a signal has asked for the end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class _Run:
    """The recorder beside the command it was given, which starts at once."""

    def __init__(self, recorder: Recorder, command: Sequence[str], stop: _Stop) -> None:
        self._recorder = recorder
        self._command = command
        self._stop = stop
        self._child: subprocess.Popen[bytes] | None = None
        self._not_started: OSError | None = None
        self._start()

    def until_end(self, duration: float | None, *, quiet: bool) -> None:
        """Record until something ends it."""
        deadline = None if duration is None else time.monotonic() + duration

        def over() -> bool:
            ended = self._child is not None and self._child.poll() is not None
            late = deadline is not None and time.monotonic() >= deadline
            return self._stop.asked or self._not_started is not None or ended or late

        console = Console(stderr=True, highlight=False)
        if quiet or not console.is_terminal:
            self._recorder.run(over)
        else:
            with Live(console=console, refresh_per_second=4, transient=True) as live:
                self._recorder.run(over, lambda status: live.update(_line(status)))

    def code_of_command(self) -> int:
        """The command's exit code, 128 and the signal's number where one killed it."""
        if self._not_started is not None:
            click.echo(f"exhume-capture: {self._command[0]}: {self._not_started.strerror}", err=True)
            return 127 if isinstance(self._not_started, FileNotFoundError) else 126
        if self._child is None:
            return Exit.FAILED
        if self._stop.asked and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
        code = self._child.wait()
        return 128 - code if code < 0 else code

    def _start(self) -> None:
        if self._command:
            try:
                self._child = subprocess.Popen(self._command)
            except OSError as error:
                self._not_started = error


def _line(status: Status) -> Text:
    rate = status.events / status.seconds if status.seconds else 0
    parts = [
        f"{status.seconds:,.0f} s",
        f"{status.events:,} events",
        f"{rate:,.0f}/s",
        _bytes(status.bytes),
        f"ring {status.fill:.0%}",
    ]
    line = Text(" · ".join(parts), no_wrap=True, overflow="ellipsis")
    if status.counted:
        line.append(f" · {status.counted:,} counted only", "yellow")
    line.append(f" · {status.lost:,} lost", "bold red" if status.lost else "dim")
    return line.append(" · Ctrl-C ends", "dim")


def _say_farewell(path: Path, status: Status, failure: OSError | None, *, quiet: bool) -> None:
    if failure is not None:
        click.echo(
            f"exhume-capture: {path} could not be written any more: {failure.strerror}; "
            "what had been recorded up to then is whole and can be opened",
            err=True,
        )
    elif not quiet:
        counted = f", {status.counted:,} more counted only" if status.counted else ""
        lost = f"{counted}, {status.lost:,} lost" if status.lost else f"{counted}, none lost"
        click.echo(
            f"{path}: {status.events:,} events in {status.seconds:.1f} s{lost}, {_bytes(status.bytes)}",
            err=True,
        )


def _bytes(number: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1024
    raise AssertionError
