"""exhume-capture record."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from capture.agent.files import CaptureFiles
from capture.agent.recorder import Recorder, Status
from capture.agent.rotation import Rotation
from capture.agent.settings import Settings
from capture.cli.content_options import content_options, content_settings
from capture.cli.destination import open_destination
from capture.cli.errors import Exit, told_in_one_line
from capture.cli.evidence_options import evidence_facts, evidence_options
from capture.cli.filter_options import filter_options, recording_filter
from capture.cli.host_option import host_root_option
from capture.cli.quantities import Duration, human_bytes
from capture.cli.rotating import rotation_options
from capture.evidence.signing import KeySigner
from capture.model.text import printable

_PATIENCE_S = 3.0
"""How long a command may go on after it was told to end."""


@click.command(context_settings={"ignore_unknown_options": False})
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="File to write [HOST-TIME.exhume]; %Y%m%d-%H%M%S and the like are when it begins (UTC). "
    "-: standard output.",
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
@rotation_options
@evidence_options
@host_root_option
@click.option("--overwrite", is_flag=True, help="Write over FILE if it exists.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@told_in_one_line
def record(  # noqa: PLR0917  click hands options over by name
    output: Path | None,
    duration: float | None,
    buffer: int,
    rotation: Rotation,
    signer: KeySigner | None,
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

    \b
    A recording may be spread over files that each stand alone and together make a set, which is opened
    by its folder. Limits can be combined; a file ends behind the first block that goes beyond one:
    exhume-capture record -o 'node-%Y%m%d-%H%M%S.exhume' --rotate-size 100M --rotate-time 10m
    exhume-capture record -o node.exhume --rotate-size 100M --keep 20 --disk-floor 1G

    \b
    As evidence: signed, with what it is for. See `keygen` and `verify --key`:
    exhume-capture record -o node.exhume --case 24-17 --examiner Reyes --note 'after the alert' --sign me.key

    \b
    Into a pipe, without a file on the node:
    ssh root@node exhume-capture record -o - > node.exhume

    \b
    A flight recorder keeps the last part only, until `exhume-capture freeze` saves it:
    exhume-capture record -o /var/lib/exhume/ring.exhume --ring 10m --ring-size 2G
    """
    chosen = recording_filter(more, command)
    # To standard output: nothing is written on the machine.
    keeps_probe = str(output) != "-"
    settings = Settings(
        buffer_mib=buffer,
        filter=chosen,
        keeps_probe=keeps_probe,
        evidence=evidence_facts(more, signer),
        **content_settings(more),
    )
    files = open_destination(output, rotation, overwrite=overwrite, signer=signer)
    # From the first moment on: a signal that comes while the probe loads ends the recording in order, too.
    stop = _Stop()
    console = Console(stderr=True, highlight=False)

    def say(words: str) -> None:
        console.print(Text(printable(f"exhume-capture: {words}")), soft_wrap=True)

    with files:
        recorder = Recorder(files, settings, command, say)
        if command:
            recorder.take_snapshot(lambda: stop.asked)
        run = _Run(recorder, command, stop, console)
        # The command has the caller's own privileges; from here on the recorder has less.
        recorder.give_up_privileges(files.folder, command=bool(command))
        run.until_end(duration, quiet=quiet)
        status = recorder.finish()
    _say_farewell(files, status, recorder, quiet=quiet)
    code = run.code_of_command() if command else Exit.FINE
    sys.exit(Exit.WRITE_FAILED if recorder.failure or recorder.ending else code)


class _Stop:
    """Whether a signal has asked for the end, or for what is held to be saved."""

    def __init__(self) -> None:
        self.asked = self.freeze_asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGUSR1, self._ask_to_freeze)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def _ask_to_freeze(self, _number: int, _frame: FrameType | None) -> None:
        self.freeze_asked = True


class _Run:
    """The recorder beside the command it was given, which starts at once."""

    def __init__(self, recorder: Recorder, command: Sequence[str], stop: _Stop, console: Console) -> None:
        self._recorder = recorder
        self._console = console
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
            if self._stop.freeze_asked:
                self._stop.freeze_asked = False
                self._recorder.freeze()
            late = deadline is not None and time.monotonic() >= deadline
            return self._stop.asked or self._not_started is not None or ended or late

        if quiet or not self._console.is_terminal:
            self._recorder.run(over)
        else:
            with Live(console=self._console, refresh_per_second=4, transient=True) as live:
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
        human_bytes(status.bytes),
        f"ring {status.fill:.0%}",
    ]
    line = Text(" · ".join(parts), no_wrap=True, overflow="ellipsis")
    if status.counted:
        line.append(f" · {status.counted:,} counted only", "yellow")
    line.append(f" · {status.lost:,} lost", "bold red" if status.lost else "dim")
    return line.append(" · Ctrl-C ends", "dim")


def _say_farewell(files: CaptureFiles, status: Status, recorder: Recorder, *, quiet: bool) -> None:
    if isinstance(failure := recorder.failure, BrokenPipeError):
        click.echo(
            f"exhume-capture: who read {files.described()} has gone ({failure.strerror}); "
            "what was taken up to then can be opened",
            err=True,
        )
    elif failure is not None:
        # A stale file is one that others have spoiled.
        kept = "what had been recorded up to then is whole and can be opened"
        click.echo(
            f"exhume-capture: {files.path or 'standard output'} could not be written any more: "
            f"{failure.strerror}{'' if failure.errno == errno.ESTALE else f'; {kept}'}",
            err=True,
        )
    elif recorder.ending:
        click.echo(
            f"exhume-capture: recording ended in order: {printable(recorder.ending)}; "
            f"{files.described()} can be opened",
            err=True,
        )
    elif not quiet:
        counted = f", {status.counted:,} more counted only" if status.counted else ""
        lost = f"{counted}, {status.lost:,} lost" if status.lost else f"{counted}, none lost"
        click.echo(
            f"{files.described()}: {status.events:,} events in {status.seconds:.1f} s{lost}, "
            f"{human_bytes(status.bytes)}",
            err=True,
        )
