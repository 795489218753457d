"""Opening a capture, and saying what is wrong with one that does not open."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from capture.format import FormatError
from inspect_app.cases import CaseError
from inspect_app.exports.errors import ExportError
from inspect_app.filters.errors import FilterError
from inspect_app.frames import Cancelled as LoadingCancelled
from inspect_app.frames import open_capture
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.material import ReportError
from inspect_app.session import SessionError
from inspect_app.ui.jobs import Cancelled, Job
from inspect_app.ui.plain import plain

_BEGINS_S = 30.0
"""How old an empty file may be to have its first block waited for."""
_LOOK_S = 0.1


def load(paths: Sequence[str], job: Job) -> CaptureFrames:
    """A file, or the files of a set or their folder; runs on a worker. Raises what `explain` knows."""
    try:
        return open_capture(paths, progress=job.report, cancelled=job.cancelled)
    except LoadingCancelled as stopped:
        raise Cancelled(paths[0]) from stopped


def await_beginning(path: Path, job: Job) -> None:
    """Wait for the first block of a file that was made just now: its recorder may be starting."""
    title = job.title
    while path.is_file() and _is_new_and_empty(path.stat()):
        job.title = f"Waiting for the first block of {plain(path.name)}"
        job.report(0, 0)
        time.sleep(_LOOK_S)
    job.title = title


def _is_new_and_empty(status: os.stat_result) -> bool:
    return status.st_size == 0 and 0 <= time.time() - status.st_mtime < _BEGINS_S


EXPECTED = (
    *(FilterError, FormatError, SessionError, CaseError, ReportError, ExportError),
    *(OSError, MemoryError, Cancelled),
)
"""What may go wrong without Exhume being at fault."""


def explain(error: Exception, doing: str) -> tuple[str, str]:
    """An error as cause and remedy, for people."""
    match error:
        case FilterError():
            return (
                f"This filter does not hold: {error}.",
                "Correct it in the filter bar, or remove its chip.",
            )
        case ExportError():
            return (f"{doing} failed: {str(error).rstrip('.')}.", "Choose another form or place.")
        case FormatError():
            return (
                f"{doing} failed: {str(error).rstrip('.')}.",
                "Choose a file that exhume-capture has recorded.",
            )
        case CaseError():
            return (f"{doing} failed: {plain(str(error)).rstrip('.')}.", "Choose another case file.")
        case ReportError():
            return (f"{doing} failed: {plain(str(error)).rstrip('.')}.", "Ask for another report.")
        case FileNotFoundError():
            return (f"{doing} failed: there is no such file.", "Check the name, or choose another file.")
        case PermissionError():
            return (
                f"{doing} failed: you may not read this file.",
                "Captures belong to whoever recorded them: ask for a copy, or change its permissions.",
            )
        case IsADirectoryError():
            return (f"{doing} failed: this is a folder.", "Choose a capture inside it.")
        case OSError():
            return (
                f"{doing} failed: {error.strerror or error}.",
                "Check the disk, or copy the file elsewhere.",
            )
        case MemoryError():
            return (
                f"{doing} failed: there is not enough memory.",
                "Close other programs, or narrow the selection.",
            )
        case _:
            return (
                f"{doing} failed unexpectedly ({plain(f'{type(error).__name__}: {error}')}).",
                "The window can still be used. This is a defect of Exhume: report it with the crash log.",
            )
