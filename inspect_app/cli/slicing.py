"""exhume-inspect slice: a part of a capture, chosen by a filter, as a capture of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import numpy as np

from capture.evidence.deriving import derive, new_capture
from capture.evidence.errors import EvidenceError
from capture.evidence.signing import KeySigner, unlocked_signer
from capture.evidence.slicing import Choice, sliced
from capture.format import open_captures
from capture.model.text import printable
from inspect_app.analysis.selection import select
from inspect_app.cli.boundary import EXIT_CODES, ExitCode, fail, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, files_argument, filter_option, window_choice
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.foreign import as_captures


@main.command("slice", epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@click.option("-o", "--output", type=FILE, required=True, metavar="OUT", help="The new capture.")
@click.option("--bare", is_flag=True, help="Only these events; names of what was opened before are lost.")
@click.option("--sign", "key", type=FILE, metavar="KEY", help="Sign with this Ed25519 key (PEM).")
@guarded
def slice_command(  # noqa: PLR0917  click hands options over by name
    files: tuple[Path, ...], expression: str, window: str, output: Path, bare: bool, key: Path | None
) -> CaptureFrames:
    """Write the events that a filter chooses as a capture of its own, which tells what it was cut out of.

    Earlier calls of the same processes by which names become known stay, too, unless --bare. By time,
    container and process alone, on a node: `exhume-capture slice`. A key with a password is asked for it.

    \b
    Examples:
      exhume-inspect slice node.exhume --filter 'proc.name = sshd' -o sshd.exhume
      exhume-inspect slice node.exhume --filter 'fd.port = 443' --window +2s..+8s -o tls.exhume --sign me.key
    """
    signer = _signer(key)
    frames = open_for_command(files, expression)
    span = window_option(frames, window)
    chosen = np.zeros(len(frames.events), bool)
    chosen[select(frames, span, [expression]).rows] = True
    choice = Choice(mask=chosen if expression.strip() else None, context=not bare)
    if span is not None:
        choice = replace(choice, since=span.start_ns, until=span.end_ns)
    told = {"filter": expression.strip(), "window": window, "bare": bare}
    try:
        with open_captures(as_captures(files)) as capture, new_capture(output) as stream:
            options = {name: value for name, value in told.items() if value}
            writer = derive([sliced(capture, choice)], stream, "slice", options, signer)
    except EvidenceError as error:
        fail(str(error), ExitCode.USAGE)
    click.echo(
        f"wrote {printable(str(output))}: {writer.events_written:,} of {len(frames.events):,} events",
        err=True,
    )
    return frames


def _signer(key: Path | None) -> KeySigner | None:
    """The signer, before anything is read: a key that cannot be used is told at once."""
    if key is None:
        return None
    try:
        return unlocked_signer(key, partial(click.prompt, hide_input=True, err=True))
    except EvidenceError as error:
        fail(str(error), ExitCode.USAGE)
