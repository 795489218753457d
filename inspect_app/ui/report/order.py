"""What is asked for, as a value, and the work that fulfils it: any thread may do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capture.format import files_of
from inspect_app.cases import CaseError, CaseFile
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.foreign import ENDINGS
from inspect_app.reports.case_notes import notes_of, with_case
from inspect_app.reports.given import digests_of, log_of
from inspect_app.reports.material import Given, ReportError
from inspect_app.reports.options import ReportOptions
from inspect_app.reports.report import build_report
from inspect_app.reports.writing import Written, form_of, rows_of, write_report
from inspect_app.rules.run import read_rules
from inspect_app.views.format import format_count

_QUICKLY_READ = 1 << 20
"""Bytes of a case file that are read while somebody waits."""


@dataclass(frozen=True, slots=True)
class Order:
    """A report that somebody wants."""

    options: ReportOptions
    path: Path
    """Where it is written; its ending tells the form."""
    case: Path | None = None
    log: Path | None = None


def notes_told(case: Path, frames: CaptureFrames) -> str:
    """How many notes of a case file a report tells; empty where that would take long to find out."""
    try:
        if case.stat().st_size > _QUICKLY_READ:
            return ""
        found = CaseFile(case).load()
    except (OSError, CaseError):
        return "a case file that cannot be read"
    chosen = len(notes_of(found, frames))
    return f"{format_count(chosen, 'note')} of {len(found.shown_notes()):,} in the case"


def fulfil(
    order: Order,
    frames: CaptureFrames,
    captured: Sequence[Path],
    rules: Sequence[Path],
    progress: Callable[[int, int], None],
) -> list[Written]:
    """Build and write a report; the document comes first in the answer.

    Args:
        order: What is wanted.
        frames: The capture.
        captured: The files that it was read from.
        rules: Files of rules; none: our own.
        progress: Told after each step; it may raise to stop.

    Raises:
        ReportError, CaseError, FilterError, FormatError, OSError: As the rooms below raise them.
    """
    files = files_of(captured, ENDINGS)
    if order.path.exists() and any(order.path.samefile(file) for file in files):
        raise ReportError(f"{order.path.name} is the capture itself; choose another name")
    lines, problem = log_of(order.log) if order.log is not None else ([], "")
    given = Given(
        rules=read_rules(rules) if rules else None,
        examiner_log=lines,
        log_problem=problem,
        digests=digests_of(files),
    )
    if order.case is not None:
        order.case.stat()
        given = with_case(given, CaseFile(order.case).load(), frames)
    options = replace(order.options, rows=rows_of(form_of(order.path), order.options.rows))
    report = build_report(frames, options, given, progress=lambda done, total: progress(done, total + 1))
    return write_report(report, order.path)
