"""The command `exhume-inspect`: a window on a file, or one of the commands that need none.

    exhume-inspect [FILE...] [LINK]  opens the window: on a capture, the files of a set, or their folder, a
                                     session file; at the place to which a copied link leads
    exhume-inspect COMMAND …         view, report, screenshot, … without a display
    exhume-inspect --examiner-log LOG …   either, with what is done written down

Qt is loaded for the window and for pictures alone. With `--no-cache` before all that no side index is
made or used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click

from inspect_app.app.launch import open_window
from inspect_app.app.screenshot import screenshot
from inspect_app.cli import main as commands
from inspect_app.cli.boundary import ExitCode
from inspect_app.cli.options import take_own_views
from inspect_app.frames.side_index import OFF
from inspect_app.session.examiner_log import keep_log

__all__ = ["main"]

NO_CACHE = "--no-cache"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for; leaves with the exit code that the command's help lists."""
    words = [_local(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    if words == ["--version"]:
        click.echo(f"exhume-inspect {_version()}")
        return
    words = _keep_log(words)
    if problem := take_own_views():
        click.echo(f"exhume-inspect: your own views are left out: {problem}", err=True)
    if words and words[0] == NO_CACHE:
        os.environ[OFF] = "1"
        words = words[1:]
    commands.add_command(screenshot)
    if words[:1] == ["--smoke"]:
        sys.exit(open_window(*words[1:]))
    if wants_window(words, commands):
        sys.exit(open_window(*words[1:] if words and words[0] == "--" else words))
    commands.main(args=words, prog_name="exhume-inspect")


def _local(word: str) -> str:
    """A desktop may hand over a file as an address: its path."""
    return url2pathname(urlsplit(word).path) if word.startswith("file:///") else word


def _keep_log(words: list[str]) -> list[str]:
    """Keep the examiner's log that is asked for; gives the other words."""
    path = os.environ.get("EXHUME_EXAMINER_LOG", "")
    if words[:1] == ["--examiner-log"] and len(words) > 1:
        path, words = words[1], words[2:]
    try:
        if path:
            keep_log(Path(path))
    except OSError as error:
        click.echo(f"exhume-inspect: the examiner's log {path} cannot be kept: {error.strerror}", err=True)
        sys.exit(ExitCode.UNREADABLE)
    return words


def _version() -> str:
    try:
        return version("exhume")
    except PackageNotFoundError:
        return "(not installed)"


def wants_window(words: Sequence[str], group: click.Group) -> bool:
    """Whether no command is named: nothing at all, or files, after `--` also one named like a command.

    Several words are files only if there is such a file: the first may be a command mistyped.
    """
    if not words or words[0] == "--":
        return True
    if words[0].startswith("-") or words[0] in group.commands:
        return False
    return len(words) == 1 or all(word.startswith("exhume:") or Path(word).exists() for word in words)
