"""Where the command meets the world: captures opened, errors told in one line, exit codes chosen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import click

from capture.format import files_of
from capture.format.placing import is_of_writing, reason_of
from capture.model.decode import printable
from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.timelines import capture_window
from inspect_app.cases.errors import CaseError
from inspect_app.cli.windows import parse_window
from inspect_app.filters.errors import FilterError
from inspect_app.filters.language import parse
from inspect_app.frames import FormatError, open_capture
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.foreign import ENDINGS
from inspect_app.session.examiner_log import note

P = ParamSpec("P")

_MESSAGE_LIMIT = 2_000
_BAR_AFTER_BYTES = 32 << 20
"""Smaller captures open before a bar could be read."""


class ExitCode(IntEnum):
    """What a command's exit code says."""

    FINE = 0
    USAGE = 2
    """The command, a filter, a view's name or a window is wrong."""
    CUT_SHORT = 3
    """The capture ends before its end; what is there was read and shown."""
    ALTERED = 4
    """The capture is not as it was written; what is whole was read and shown."""
    UNREADABLE = 5
    """There is no such file, it may not be read, or it is no capture."""
    WRITE_FAILED = 6
    """The file could not be written."""


EXIT_CODES = """\b
Exit codes:
  0  fine, also where nothing is found
  1  interrupted (Ctrl-C)
  2  the command, a filter, a view's name or a window is wrong
  3  the capture is cut short; it was read and shown up to there
  4  the capture was altered; what is whole was read and shown
  5  the capture cannot be read: no such file, no permission, or no capture
  6  the file could not be written"""

_CODE_OF_STATE = {
    "whole": ExitCode.FINE,
    "cut short": ExitCode.CUT_SHORT,
    "unfinished": ExitCode.CUT_SHORT,
    "altered": ExitCode.ALTERED,
}


def guarded(command: Callable[P, CaptureFrames | None]) -> Callable[P, None]:
    """Turn what goes wrong in a command into one line on standard error and an exit code.

    The command gives back the capture that it read, so that the state of the file decides the code.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            frames = command(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_quietly()
        except FilterError as error:
            fail(f"the filter is wrong: {error}", ExitCode.USAGE)
        except CaseError as error:
            fail(f"{error}", ExitCode.UNREADABLE)
        except FormatError as error:
            fail(f"this is no capture that can be read: {error}", ExitCode.UNREADABLE)
        except OSError as error:
            fail(reason_of(error), ExitCode.WRITE_FAILED if is_of_writing(error) else ExitCode.UNREADABLE)
        _note(frames)
        if frames is not None:
            _tell_state(frames)

    return run


def fail(message: str, code: ExitCode) -> NoReturn:
    """One line on standard error, and out."""
    click.echo(f"exhume-inspect: {printable(message, _MESSAGE_LIMIT)}", err=True)
    sys.exit(code)


def open_for_command(files: Path | Sequence[Path], expression: str = "") -> CaptureFrames:
    """A capture, or the files of a set as one, with a bar on a terminal while a large one is read.

    A filter that is none is refused before a large capture is read for nothing.

    Raises:
        FilterError, FormatError, OSError: As the rooms below raise them.
    """
    if expression.strip():
        parse(expression)
    files = [files] if isinstance(files, Path) else files
    if (
        not sys.stderr.isatty()
        or sum(path.stat().st_size for path in files_of(files, ENDINGS)) < _BAR_AFTER_BYTES
    ):
        return open_capture(files)
    with click.progressbar(length=100, label="opening", file=sys.stderr) as bar:

        def report(done: int, total: int) -> None:
            bar.update(max(0, done * 100 // max(total, 1) - bar.pos))

        return open_capture(files, progress=report)


def window_option(frames: CaptureFrames, text: str) -> TimeRange | None:
    """The window of `--window`, None without one. Raises click.BadParameter."""
    if not text:
        return None
    try:
        return parse_window(text, capture_window(frames))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--window") from error


def _note(frames: CaptureFrames | None) -> None:
    """What was done, for the examiner's log; whoever asked for one must hear that it cannot be kept."""
    context = click.get_current_context(silent=True)
    options = {name: value for name, value in context.params.items() if value} if context else {}
    told = {"command": context.info_name if context else "", "options": options}
    try:
        if frames is not None:
            digests, state = frames.host.get("digests"), frames.state.detail
            note("looked into", file=frames.path, digests=digests, state=state, **told)
    except OSError as error:
        fail(f"the examiner's log cannot be written: {error.strerror}", ExitCode.UNREADABLE)


def exit_code_of(frames: CaptureFrames) -> ExitCode:
    """How a command ends that has read a capture."""
    return _CODE_OF_STATE.get(frames.state.state, ExitCode.ALTERED)


def _tell_state(frames: CaptureFrames) -> None:
    code = exit_code_of(frames)
    if code is not ExitCode.FINE:
        fail(f"{frames.path}: {frames.state.detail}", code)


def _leave_quietly() -> NoReturn:
    """Whoever read our output has seen enough; nothing may be written at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(ExitCode.FINE)
