"""exhume-capture verify."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.cli.errors import Exit, told_in_one_line
from capture.format import CaptureFile, State, refuse_devices
from capture.format import verify as verify_stream

_CODES = {State.WHOLE: Exit.FINE, State.CUT_SHORT: Exit.CUT_SHORT, State.ALTERED: Exit.ALTERED}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@told_in_one_line
def verify(file: Path, as_json: bool) -> None:
    """Is FILE whole, cut short, or altered?

    Reads every byte and checks every digest and the chain that the digests make.

    \b
    exhume-capture verify node.exhume && echo as recorded

    \b
    Exit codes: 0 whole, 3 cut short at a block, 4 altered at a block, 5 not readable.
    """
    refuse_devices(file)
    with file.open("rb") as stream:
        verdict = verify_stream(stream)
    if verdict.state is State.WHOLE:
        CaptureFile.open(file).close()  # a newer format: told as an error
    if as_json:
        fields = {"state": verdict.state, "block": verdict.block, "blocks": verdict.blocks}
        click.echo(json.dumps({**fields, "reason": verdict.reason, "last_event_before": verdict.before}))
    else:
        click.echo(f"{file}: {verdict}")
        if verdict.state is not State.WHOLE and verdict.before:
            when = datetime.fromtimestamp(verdict.before / 1e9, UTC).isoformat(timespec="milliseconds")
            click.echo(f"the last event before that returned at {when}")
    sys.exit(_CODES[verdict.state])
