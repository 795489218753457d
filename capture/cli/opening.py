"""Opening captures for a command: a word on standard error where they are not whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from capture.format import Capture, State, open_captures


def files_argument(command: Callable[..., None]) -> Callable[..., None]:
    """FILE…: a capture, or the files of a set, or the folder they are in; handed over as `files`."""
    kind = click.Path(path_type=Path, readable=False)
    return click.argument("files", metavar="FILE...", nargs=-1, required=True, type=kind)(command)


@contextmanager
def opened(files: Sequence[Path]) -> Iterator[Capture]:
    """The capture, read-only.

    Raises:
        FormatError: Not a capture, or several that are not of one set.
        OSError: It cannot be read.
    """
    with open_captures(files) as capture:
        verdict = capture.verdict
        if verdict.state is not State.WHOLE:
            click.echo(f"exhume-capture: {capture.path}: {verdict}; the whole blocks are shown", err=True)
        yield capture
