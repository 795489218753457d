"""exhume-capture merge."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from capture.cli.errors import told_in_one_line
from capture.cli.opening import opened
from capture.cli.output_option import output_option, say_made
from capture.evidence.deriving import derive, new_capture
from capture.evidence.merging import merged
from capture.evidence.signing import KeySigner


@click.command()
@click.argument(
    "captures", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False)
)
@output_option
@told_in_one_line
def merge(captures: tuple[Path, ...], output: Path, signer: KeySigner | None) -> None:
    """Write several captures of one machine as one, which tells what it is made of.

    Each FILE is a capture, or the folder of a set. Slices of one recording are put together again, each event
    once. Recordings that overlap in time are laid end to end: of the later one what returned after the end of
    the earlier one. Captures of several machines, or boots, are refused: their processes would mix.

    \b
    exhume-capture merge morning.exhume noon.exhume -o day.exhume
    exhume-capture merge /var/captures/ -o all.exhume
    """
    with ExitStack() as stack:
        parents = [stack.enter_context(opened([path])) for path in captures]
        stream = stack.enter_context(new_capture(output))
        parts, left_out = merged(parents)
        options = {"left_out": left_out} if left_out else {}
        writer = derive(parts, stream, "merge", options, signer)
    say_made(output, writer.events_written, f", {left_out:,} told twice are there once" if left_out else "")
