"""exhume-capture salvage."""

from __future__ import annotations

from pathlib import Path

import click

from capture.cli.errors import told_in_one_line
from capture.cli.output_option import output_option, say_made
from capture.cli.quantities import human_bytes
from capture.evidence.deriving import new_capture
from capture.evidence.salvaging import salvage
from capture.evidence.signing import KeySigner
from capture.format import refuse_devices


@click.command("salvage")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@output_option
@told_in_one_line
def salvage_command(file: Path, output: Path, signer: KeySigner | None) -> None:
    """Save every whole block of a damaged FILE into a capture of its own, which lists what is lost.

    Works on files that are cut short, altered, without their beginning, or found in the middle of something
    else. Damaged captures open as they are, too: this is for handing on, or for tools that want a whole file.

    \b
    exhume-capture salvage damaged.exhume -o saved.exhume
    """
    refuse_devices(file)
    with new_capture(output) as stream:
        found = salvage(file, stream, signer)
    lost = f"{len(found.lost)} parts lost, {human_bytes(found.lost_bytes)}" if found.lost else "nothing lost"
    say_made(output, found.events, f", {found.blocks:,} whole blocks, {lost}")
