"""The summary: what was recorded and what was found, in sentences and figures."""

from __future__ import annotations

from inspect_app.analysis.moments import moment_text
from inspect_app.analysis.timelines import capture_window
from inspect_app.reports.found import by_tactic, weight_of
from inspect_app.reports.material import Material
from inspect_app.reports.model import (
    Block,
    Bullets,
    Figure,
    Figures,
    Paragraph,
    Picture,
    Section,
    Tone,
    Weight,
)
from inspect_app.reports.pictures.containers import container_lives
from inspect_app.reports.pictures.lifelines import lifelines_drawing
from inspect_app.reports.sections.limits import warnings_of
from inspect_app.reports.wording import listed, shown_text
from inspect_app.views.format import format_count, format_duration
from inspect_app.views.tiles import TileMeasure, measure

LIVES_SHOWN = 30
_FIGURES, _FIGURES_BRIEF = 18, 9
_ALWAYS = frozenset({"syscalls", "containers", "infra.drops"})
"""Figures that tell something at zero too."""
_NOTED_SHOWN = 8


def summary(material: Material) -> Section:
    """What a reader learns who reads nothing else."""
    blocks: list[Block] = [Paragraph(text) for text in (_recorded(material), _found(material))]
    blocks += _noted(material)
    if warnings := warnings_of(material.summary):
        blocks.append(Bullets(warnings, Tone.WARNING))
    else:
        blocks.append(Paragraph(f"The capture is {material.summary.state.state}, and nothing was lost."))
    blocks.append(Figures(_figures(material)))
    return Section("summary", "Summary", (*blocks, *_lifelines(material)))


def _recorded(material: Material) -> str:
    told, window = material.summary, material.window
    host = (
        f"the {'machines' if told.hosts > 1 else 'machine'} {shown_text(told.hostname)}"
        if told.hostname
        else "a machine of unknown name"
    )
    day = moment_text(window.start_ns, digits=0)
    events = format_count(len(material.selection), "event")
    whole = material.options.session.window is None
    part = "" if whole else ", a part of what was recorded"
    filtered = " that the filter of this report lets through" if material.conditions else ""
    containers = format_count(told.containers, "container")
    gone = _gone(told.containers, told.containers_dead)
    seen = f" {containers} {'was' if told.containers == 1 else 'were'} seen{gone}." if told.containers else ""
    processes = format_count(told.processes, "process", "processes")
    return (
        f"This report is about {host}, from {day} on, for {format_duration(window.duration_ns)}{part}. "
        f"It looks at {events}{filtered}; {processes} ran in the whole recording.{seen}"
    )


def _gone(containers: int, dead: int) -> str:
    if not dead:
        return ""
    every = "" if containers == 1 else "both " if containers == 2 else "all "
    return f", {every}gone by the end" if dead == containers else f", {dead:,} of them gone by the end"


def _found(material: Material) -> str:
    tactics = by_tactic(material.run)
    if not tactics:
        return "No detection rule found anything."
    outcomes = [one for tactic in tactics for one in tactic.outcomes]
    count, rules = sum(len(one.rows) for one in outcomes), len(outcomes)
    serious = [one.rule.name for one in outcomes if weight_of(one.rule.priority) is Weight.HIGH]
    worst = (
        f" The most serious: {listed([f'“{shown_text(name)}”' for name in serious[:4]])}." if serious else ""
    )
    named = listed([tactic.name for tactic in tactics if tactic.name != "other"])
    kinds = f", of the tactics {named}" if named else ""
    verb = "rule" if rules == 1 else "rules"
    return f"{rules:,} detection {verb} found {format_count(count, 'event')} to look at{kinds}.{worst}"


def _noted(material: Material) -> list[Block]:
    notes = material.notes
    if not notes:
        return []
    matter = sorted(notes, key=lambda note: list(Weight).index(note.weight))[:_NOTED_SHOWN]
    first = [shown_text(" ".join(note.text.split()), 300) for note in notes if note in matter]
    many = "" if len(matter) == len(notes) else ", the most serious among them"
    return [
        Paragraph(f"{format_count(len(notes), 'note')} by analysts{many}:"),
        Bullets(tuple(first)),
    ]


def _figures(material: Material) -> tuple[Figure, ...]:
    measured = measure(material.frames, material.selection, material.window, 1)
    measures = [one for one in measured if one.shown and (one.total or one.tile.id in _ALWAYS)]
    # Noteworthy ones first: a report has room for some only.
    most = _FIGURES_BRIEF if material.is_brief else _FIGURES
    chosen = sorted(measures, key=lambda one: not (one.tile.noteworthy and one.total > 0))[:most]
    kept = {one.tile.id for one in chosen}
    return tuple(_figure(one) for one in measures if one.tile.id in kept)


def _figure(one: TileMeasure) -> Figure:
    return Figure(one.tile.title, one.text, shown_text(one.meaning), one.tile.noteworthy and one.total > 0)


def _lifelines(material: Material) -> tuple[Block, ...]:
    lives = container_lives(material.frames)
    if not lives:
        return ()
    shown = lives[:LIVES_SHOWN]
    drawing = lifelines_drawing(shown, capture_window(material.frames), row=24.0)
    many = format_count(len(lives), "container")
    counted = many if len(shown) == len(lives) else f"{len(shown)} of {many} shown"
    alt = f"A bar for each of {many}: when it lived within the recording. The tables have the times."
    title = f"When the containers lived ({counted}); a round end is a beginning or an end that was seen"
    return (Picture("container-lifelines", title, alt, drawing),)
