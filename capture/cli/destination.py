"""Where a recording goes: files with names that follow a pattern, or standard output."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from capture.agent.files import CaptureFiles
from capture.agent.rotation import FileNames, Rotation
from capture.cli.errors import Exit, fail
from capture.evidence.signing import KeySigner
from capture.format import create
from capture.format.writer import standard_output


def open_destination(
    output: Path | None, rotation: Rotation, *, overwrite: bool, signer: KeySigner | None = None
) -> CaptureFiles:
    """The first file, made and empty; leaves with a line and an exit code where it cannot be.

    `-` is standard output: what is printed to it from now on, by a command, too, goes to standard error.
    """
    if str(output) == "-":
        return _standard_output(rotation, signer)
    now = datetime.now(UTC)
    pattern = output or Path(f"{socket.gethostname()}-{now:%Y%m%dT%H%M%SZ}.exhume")
    names = FileNames(pattern, counted=rotation.rotates)
    path = names.name(1, now)
    try:
        stream = create(path, overwrite=overwrite)
    except FileExistsError:
        way = "choose another name, one with the time in it (-o 'node-%Y%m%d-%H%M%S.exhume')"
        fail(
            f"{path} exists already; a capture is evidence: {way}, or pass --overwrite",
            Exit.WRITE_FAILED,
        )
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}; choose another place with -o", Exit.WRITE_FAILED)
    return CaptureFiles(stream, path, rotation, names, overwrite, signer=signer)


def _standard_output(rotation: Rotation, signer: KeySigner | None) -> CaptureFiles:
    if rotation != Rotation():
        raise click.UsageError("-o - is one stream: it cannot be rotated or kept small")
    if sys.stdout.isatty():
        fail(
            "a capture is no text for a terminal: `exhume-capture record -o - > node.exhume`, or name a file",
            Exit.USAGE,
        )
    return CaptureFiles(standard_output(), signer=signer)
