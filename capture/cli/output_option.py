"""The options of commands that make a capture out of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from capture.cli.evidence_options import sign_option
from capture.cli.quantities import human_bytes
from capture.model.text import printable


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command -o and --sign; it gets `output` and `signer`."""
    kind = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    option = click.option(
        "-o", "--output", type=kind, required=True, metavar="OUT", help="The new file; - is standard output."
    )
    return sign_option(option(command))


def say_made(output: Path, events: int, more: str = "") -> None:
    """One line of what came of it."""
    size = "" if str(output) == "-" else f", {human_bytes(output.stat().st_size)}"
    name = "standard output" if str(output) == "-" else printable(str(output))
    click.echo(f"{name}: {events:,} events{size}{more}", err=True)
