"""exhume-capture freeze."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.agent.control import connect, receive, recorders, runtime_folder, send
from capture.agent.errors import CaptureError
from capture.agent.freezing import save
from capture.cli.errors import Exit, fail, told_in_one_line
from capture.cli.evidence_options import sign_option
from capture.cli.quantities import Duration, human_bytes
from capture.evidence.signing import KeySigner
from capture.format import FormatError


@click.command()
@click.argument("pid", type=click.IntRange(1), required=False)
@click.option("--all", "everyone", is_flag=True, help="Ask every recorder on this machine.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write [frozen-HOST-TIME.exhume].",
)
@click.option("--after", type=Duration(), default=0.0, help="Go on for so long first: 30s.")
@click.option("--before", type=Duration(), help="Save no more than so far back: 5m. [all that is held]")
@sign_option
@told_in_one_line
def freeze(  # noqa: PLR0917  click hands options over by name
    pid: int | None,
    everyone: bool,
    output: Path | None,
    after: float,
    before: float | None,
    signer: KeySigner | None,
) -> None:
    """Save what a flight recorder holds as a file of its own, while it goes on.

    A flight recorder is `exhume-capture record --ring 10m`. PID is its process id; it may be left out where
    there is one. The file holds the window before this moment and --after it, with the snapshot of its
    start: it stands alone, and stays when the ring moves on. SIGUSR1 to a recorder does the same, into the
    folder `frozen` beside its files.

    Case, examiner and note are those of the recording. A recorder that signs also signs what SIGUSR1 saves;
    here the file is signed with --sign, for the key is not handed out.

    \b
    exhume-capture freeze
    exhume-capture freeze -o incident.exhume --after 30s
    exhume-capture freeze 4711 --before 2m
    exhume-capture freeze --all
    exhume-capture freeze -o incident.exhume --sign reyes.key
    """
    chosen = _chosen(pid, everyone)
    many = len(chosen) > 1
    code = Exit.FINE
    for one in chosen:
        try:
            _freeze(one, _name(output, one if many else None), after, before, signer)
        except (CaptureError, FormatError, OSError) as error:
            told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            click.echo(f"exhume-capture: recorder {one}: {told}", err=True)
            code = Exit.FAILED
        # Those that are asked later have gone on meanwhile.
        after = 0.0
    sys.exit(code)


def _chosen(pid: int | None, everyone: bool) -> list[int]:
    if pid is not None:
        return [pid]
    running = recorders()
    if not running:
        fail(
            f"no flight recorder runs (looked in {runtime_folder()}): "
            "start one with `exhume-capture record --ring 10m`",
            Exit.FAILED,
        )
    if len(running) > 1 and not everyone:
        fail(f"recorders {', '.join(map(str, running))} run: name one, or --all", Exit.USAGE)
    return running


def _name(output: Path | None, pid: int | None) -> Path:
    path = output or Path(f"frozen-{socket.gethostname()}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.exhume")
    return path if pid is None else path.with_name(f"{path.stem}-{pid}{path.suffix}")


def _freeze(pid: int, output: Path, after: float, before: float | None, signer: KeySigner | None) -> None:
    if output.exists():
        fail(f"{output} exists already; a capture is evidence: choose another name", Exit.WRITE_FAILED)
    with connect(pid) as line:
        send(line, {"after_s": after, "before_s": before})
        answer = receive(line)
        if "error" in answer:
            raise CaptureError(str(answer["error"]))
        paths = [Path(path) for path in answer["files"]]
        # The recorder holds on to its files for as long as this line is open.
        events = save(paths, output, answer["frozen"], signer)
    size = human_bytes(output.stat().st_size)
    click.echo(f"{output}: {events:,} events, {size}, of recorder {pid}", err=True)
