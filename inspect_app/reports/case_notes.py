"""What a case file tells a report: notes chosen for it, what is held of findings, what the case is."""

from __future__ import annotations

from dataclasses import replace

from inspect_app.cases import Case, Severity, ShownNote, TriageState
from inspect_app.cases.sightings import of_this
from inspect_app.cases.spots import rows_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.material import Given
from inspect_app.reports.noted import Judged, Noted


def with_case(given: Given, case: Case, frames: CaptureFrames) -> Given:
    """The same with what a case says of a capture."""
    return replace(
        given, notes=notes_of(case, frames), case=facts_of(case), judged=judgements_of(case, frames)
    )


def notes_of(case: Case, frames: CaptureFrames) -> list[Noted]:
    """The notes of this capture chosen for the report, in the order chosen; none chosen: all, by time."""
    ids = of_this(case, frames)
    shown = [one for one in case.report_notes() if one.note.on.capture in ids]
    shown = shown or [one for one in case.shown_notes() if one.note.on.capture in ids]
    rows = rows_of(frames, [one.note.on for one in shown])
    return [_noted(one, row) for one, row in zip(shown, rows.tolist(), strict=True)]


def facts_of(case: Case) -> list[tuple[str, str]]:
    """Title and text of what the case is."""
    about = case.about
    told = (
        *(("Case", about.case), ("Matter", about.title)),
        *(("Examiner", about.examiner), ("Description", about.description)),
    )
    return [(title, text) for title, text in told if text]


def judgements_of(case: Case, frames: CaptureFrames) -> dict[tuple[str, int], Judged]:
    """What is held of findings, by the rule's name and the row of the event."""
    ids = of_this(case, frames)
    values = [record.value for record in case.triage.values()]
    known = [one for one in values if one is not None and one.on.capture in ids]
    known = [one for one in known if one.state is not TriageState.OPEN]
    rows = rows_of(frames, [one.on for one in known])
    return {
        (one.on.rule, row): Judged(str(one.state), one.reason)
        for one, row in zip(known, rows.tolist(), strict=True)
        if row >= 0
    }


def _noted(shown: ShownNote, row: int) -> Noted:
    note = shown.note
    edited = shown.edited_by != shown.author
    others = [
        f"Another version, by {version.author}: {version.value.text}"
        if version.value is not None
        else f"{version.author} took it away."
        for version in shown.disputed
    ]
    return Noted(
        text="\n".join((note.text, *others)),
        time_ns=note.on.time_ns,
        title=note.on.label,
        severity="" if note.severity is Severity.NONE else str(note.severity),
        author=f"{shown.author}, edited by {shown.edited_by}" if edited else shown.author,
        tags=note.tags,
        row=row,
    )
