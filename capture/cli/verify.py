"""exhume-capture verify."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from capture.cli.errors import Exit, told_in_one_line
from capture.cli.opening import files_argument
from capture.format import CaptureFile, CaptureSet, State, Verdict, files_of, open_captures, refuse_devices
from capture.format import verify as verify_stream
from capture.model.text import printable

_CODES = {State.WHOLE: Exit.FINE, State.CUT_SHORT: Exit.CUT_SHORT, State.ALTERED: Exit.ALTERED}


@click.command()
@files_argument
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@told_in_one_line
def verify(files: tuple[Path, ...], as_json: bool) -> None:
    """Is FILE whole, cut short, or altered?

    Reads every byte and checks every digest and the chain that the digests make. Of a set of files, or the
    folder they are in, it checks each file and whether they are a chain: a missing file is a cut, one that
    was exchanged makes the set altered.

    \b
    exhume-capture verify node.exhume && echo as recorded
    exhume-capture verify /var/captures/

    \b
    Exit codes: 0 whole, 3 cut short at a block, 4 altered at a block, 5 not readable.
    """
    if files_of(files) == list(files[:1]):
        told, verdict = list[tuple[str, Verdict]](), _verified(files[0])
    else:
        told, verdict = _verified_set(files)
    name = str(files[0]) if len(files) == 1 else "the set"
    if as_json:
        members = {"files": [_fields(one) | {"file": path} for path, one in told]} if told else {}
        click.echo(json.dumps(_fields(verdict) | members))
    else:
        for path, one in (*told, (name, verdict)):
            _print(path, one)
    sys.exit(_CODES[verdict.state])


def _verified(path: Path) -> Verdict:
    refuse_devices(path)
    with path.open("rb") as stream:
        verdict = verify_stream(stream)
    if verdict.state is State.WHOLE:
        CaptureFile.open(path).close()  # a newer format: told as an error
    return verdict


def _verified_set(files: Sequence[Path]) -> tuple[list[tuple[str, Verdict]], Verdict]:
    with open_captures(files) as capture:
        members = capture.members if isinstance(capture, CaptureSet) else [capture]
        return [(member.path, member.verdict) for member in members], capture.verdict


def _fields(verdict: Verdict) -> dict[str, Any]:
    fields = {"state": verdict.state, "block": verdict.block, "blocks": verdict.blocks}
    return {**fields, "reason": verdict.reason, "last_event_before": verdict.before}


def _print(name: str, verdict: Verdict) -> None:
    click.echo(printable(f"{name}: {verdict}"))
    if verdict.state is not State.WHOLE and verdict.before:
        when = datetime.fromtimestamp(verdict.before / 1e9, UTC).isoformat(timespec="milliseconds")
        click.echo(f"the last event before that returned at {when}")
