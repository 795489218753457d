"""The timeline: what was noted, or what rules found, with the time strip and the process tree."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from inspect_app.reports.drawing import Drawing, Ink
from inspect_app.reports.found import by_tactic, first_findings, rows_found, weight_of
from inspect_app.reports.material import Material
from inspect_app.reports.model import Block, Entries, Entry, Paragraph, Picture, Section, Tone, Weight
from inspect_app.reports.noted import Noted
from inspect_app.reports.pictures.lifelines import lifelines_drawing
from inspect_app.reports.pictures.strip import Marks, strip_drawing
from inspect_app.reports.pictures.tree import process_lives
from inspect_app.reports.wording import moment, paragraphs_of, shown_text
from inspect_app.rules.alerts import Finding
from inspect_app.views.export import csv_text
from inspect_app.views.format import format_count, format_time

NOTES_SHOWN = 1_000
"""Notes that a document shows at most, or as many as its tables have rows if these are more."""
_FINDINGS_SHOWN, _FINDINGS_BRIEF, _FINDINGS_EACH = 40, 10, 5
_INKS = {Weight.HIGH: Ink.HIGH, Weight.MEDIUM: Ink.NOTE, Weight.LOW: Ink.ACCENT, Weight.NONE: Ink.SOFT}
_STRIP_ALT = (
    "Bars show how many events, errors, commands and bytes there were in each slice of time; dots below them "
    "mark what was noted and what rules found. The entries below tell the times."
)
_TREE_ALT = (
    "A line for each process, indented below the one that created it, with a bar for the time it lived and "
    "dots where something was noted or found. The entries below tell the same in words."
)


def timeline(material: Material) -> Section:
    """Pictures, then the entries in order of time."""
    blocks: list[Block] = [Picture("time-strip", "When it happened", _STRIP_ALT, _strip(material))]
    blocks += _tree(material)
    if material.notes:
        blocks += _noted(material)
    else:
        blocks += _found(material)
    return Section("timeline", "Timeline", tuple(blocks))


def _strip(material: Material) -> Drawing:
    frames, notes = material.frames, material.notes
    times = np.array([note.time_ns for note in notes if note.time_ns is not None], np.int64)
    found = frames.events["time"].to_numpy()[np.array(rows_found(material.run), np.int64)]
    marks = [Marks("Findings", f"{len(found):,}", found, Ink.NOTE)]
    if len(times):
        marks.insert(0, Marks("Noted", f"{len(times):,}", times, Ink.HIGH))
    return strip_drawing(frames, material.selection, material.window, marks)


def _tree(material: Material) -> list[Block]:
    """The processes that something was noted of or found in."""
    frames = material.frames
    owner, time = frames.events["process"].to_numpy(), frames.events["time"].to_numpy()
    noted = [(note.row, _INKS[note.weight]) for note in material.notes if note.row >= 0]
    found = [(row, Ink.NOTE) for row in rows_found(material.run)]
    pointed: dict[int, list[tuple[int, Ink]]] = {}
    for row, ink in noted or found:
        pointed.setdefault(int(owner[row]), []).append((int(time[row]), ink))
    pointed.pop(-1, None)
    if not pointed:
        return []
    chosen = np.zeros(len(frames.processes), dtype=bool)
    chosen[list(pointed)] = True
    lives, left_out = process_lives(frames, material.window, chosen, pointed)
    more = f"; {format_count(left_out, 'more', 'more')} left out" if left_out else ""
    title = f"The processes it happened in, and who created them{more}"
    return [Picture("process-tree", title, _TREE_ALT, lifelines_drawing(lives, material.window))]


def _noted(material: Material) -> list[Block]:
    notes = material.notes
    shown = notes[: max(NOTES_SHOWN, material.options.rows)]
    cut = f"{format_count(len(notes), 'note')} by analysts"
    if len(shown) < len(notes):
        name = material.attach("notes.csv", _csv(notes))
        cut += f"; {len(shown):,} are shown, all of them are in {name}, beside this report"
    entries = tuple(_entry(material, note) for note in shown)
    return [Paragraph(f"{cut}.", Tone.SOFT), Entries(entries)]


def _entry(material: Material, note: Noted) -> Entry:
    parts = [note.severity, note.author, ", ".join(note.tags)]
    return Entry(
        time="no moment" if note.time_ns is None else moment(note.time_ns, material.window),
        title=shown_text(note.title, 300),
        text=paragraphs_of(note.text),
        weight=note.weight,
        about=" · ".join(shown_text(part, 200) for part in parts if part),
        event=material.cite(note.row),
    )


def _csv(notes: Sequence[Noted]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("time", "severity", "author", "tags", "about", "text", "event"))
    for note in notes:
        time = "" if note.time_ns is None else format_time(note.time_ns, digits=9)
        texts = (note.severity, note.author, " ".join(note.tags), note.title, note.text)
        number = note.row + 1 if note.row >= 0 else ""
        writer.writerow((time, *map(csv_text, texts), number))
    return out.getvalue()


def _found(material: Material) -> list[Block]:
    outcomes = [one for tactic in by_tactic(material.run) for one in tactic.outcomes]
    if not outcomes:
        return [Paragraph("Nothing was noted, and no rule found anything.")]
    most = _FINDINGS_BRIEF if material.is_brief else _FINDINGS_SHOWN
    findings = first_findings(outcomes, material.frames, _FINDINGS_EACH)
    kept = sorted(findings, key=lambda one: one.outcome.rule.priority)[:most]
    kept.sort(key=lambda one: one.row)
    told = (
        "Nothing was noted by an analyst; these are events that detection rules found, at most "
        f"{_FINDINGS_EACH} a rule."
    )
    return [Paragraph(told, Tone.SOFT), Entries(tuple(_finding(material, one) for one in kept))]


def _finding(material: Material, finding: Finding) -> Entry:
    rule = finding.outcome.rule
    return Entry(
        time=moment(finding.time, material.window),
        title=shown_text(rule.name, 300),
        text=(shown_text(finding.message),),
        weight=weight_of(rule.priority),
        about=rule.priority.title,
        event=material.cite(finding.row),
    )
