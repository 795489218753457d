"""Opening a capture for a command: a word on standard error where it is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from capture.format import CaptureFile, State


@contextmanager
def opened(path: Path) -> Iterator[CaptureFile]:
    """The capture, read-only.

    Raises:
        FormatError: Not a capture.
        OSError: It cannot be read.
    """
    with CaptureFile.open(path) as capture:
        verdict = capture.verdict
        if verdict.state is not State.WHOLE:
            click.echo(f"exhume-capture: {path}: {verdict}; the whole blocks are shown", err=True)
        yield capture
