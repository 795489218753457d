"""What detection rules found, by tactic of ATT&CK."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inspect_app.reports.found import TACTICS, Tactic, by_tactic, first_findings
from inspect_app.reports.material import Material
from inspect_app.reports.model import Block, Column, Fact, Facts, Kind, Paragraph, Section, Table, Tone
from inspect_app.reports.wording import is_one_day, listed, moment, shown_text
from inspect_app.rules.alerts import Finding
from inspect_app.rules.run import Outcome
from inspect_app.rules.tables import MAX_FINDINGS, findings_table
from inspect_app.views.export import to_csv
from inspect_app.views.format import format_count
from inspect_app.views.sorting import default_order

TITLE = "Findings"
SHOWN_OF_A_RULE = 25
_FILE = "findings.csv"
_HOW = (
    "A rule is a condition on events. Those of ATT&CK's tactics stand below the first tactic that the rule "
    "names. A finding is a reason to look, and no proof."
)


def findings(material: Material) -> Section:
    """A part for each tactic that something was found of."""
    tactics = by_tactic(material.run)
    if not tactics:
        return Section("findings", TITLE, (Paragraph("No detection rule found anything."),))
    overview = _overview(tactics, material)
    if material.is_brief:
        return Section("findings", TITLE, (overview,))
    blocks = [*_held(material), *_beside(tactics, material)]
    parts = tuple(_part(tactic, material) for tactic in tactics)
    return Section("findings", TITLE, (Paragraph(_HOW, Tone.SOFT), overview, *blocks), parts)


def _overview(tactics: list[Tactic], material: Material) -> Table:
    time = "First at (UTC)" if is_one_day(material.window) else "First at"
    columns = (
        *(Column("Tactic"), Column("What was found"), Column("Priority")),
        *(Column("Times", Kind.NUMBER), Column(time, Kind.TIME)),
    )
    rows = tuple(
        (
            tactic.title,
            shown_text(one.rule.name),
            one.rule.priority.title,
            f"{len(one.rows):,}",
            moment(material.time_of(int(one.rows[0])), material.window),
        )
        for tactic in tactics
        for one in tactic.outcomes
    )
    return Table(
        "findings-overview", "Rules that found something", columns, rows, ("rule", "rules"), len(rows)
    )


def _beside(tactics: list[Tactic], material: Material) -> tuple[Block, ...]:
    """All findings as a file, where a part shows fewer."""
    total = sum(tactic.count for tactic in tactics)
    most = max(len(one.rows) for tactic in tactics for one in tactic.outcomes)
    if most <= SHOWN_OF_A_RULE:
        return ()
    name = _whole(material)
    many = format_count(total, "finding")
    first = f"the first {MAX_FINDINGS:,} of {many}" if total > MAX_FINDINGS else f"all {many}"
    return (Paragraph(f"At most {SHOWN_OF_A_RULE} findings of a rule are shown; {first} are in {name}."),)


def _whole(material: Material) -> str:
    """The name of the file that holds all findings; it is written when the first table needs it."""
    if not any(one.name == _FILE for one in material.attachments):
        table = findings_table(material.run, material.frames)
        material.attach(_FILE, to_csv(table, default_order(table)))
    return _FILE


def _held(material: Material) -> list[Block]:
    """How many findings an analyst has judged."""
    states = [one.state for one in material.given.judged.values()]
    if not states:
        return []
    told = listed([f"{states.count(state):,} {state}" for state in sorted(set(states))])
    return [Paragraph(f"Of the findings, analysts held to be: {told}.")]


def _part(tactic: Tactic, material: Material) -> Section:
    blocks: list[Block] = [Paragraph(f"{TACTICS[tactic.name]}.", Tone.SOFT)]
    for outcome in tactic.outcomes:
        blocks += [Facts(_facts(outcome)), _table(outcome, material)]
    return Section(f"tactic-{tactic.name.replace(' ', '-')}", tactic.title, tuple(blocks))


def _facts(outcome: Outcome) -> tuple[Fact, ...]:
    rule = outcome.rule
    facts = [
        Fact("Rule", shown_text(rule.name)),
        Fact("Priority", rule.priority.title),
        Fact("Techniques", shown_text(", ".join(rule.techniques))),
        Fact("Meaning", shown_text(" ".join(rule.description.split()))),
    ]
    return tuple(fact for fact in facts if fact.value)


def findings_among(material: Material, rows: np.ndarray, name: str) -> Table:
    """The findings at some events, at most SHOWN_OF_A_RULE of a rule."""
    narrowed = [
        replace(one, rows=one.rows[np.isin(one.rows, rows)]) for one in material.run.outcomes if len(one.rows)
    ]
    found = first_findings(narrowed, material.frames, SHOWN_OF_A_RULE)
    total = sum(len(one.rows) for one in narrowed)
    return _written(found, material, name, total, with_rule=True)


def _table(outcome: Outcome, material: Material) -> Table:
    found = first_findings([outcome], material.frames, SHOWN_OF_A_RULE)
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in outcome.rule.name)
    return _written(found, material, f"rule-{name}", len(outcome.rows), with_rule=False)


def _written(found: list[Finding], material: Material, name: str, total: int, *, with_rule: bool) -> Table:
    time = "Time (UTC)" if is_one_day(material.window) else "Time"
    columns = [Column(time, Kind.TIME)]
    columns += [Column("Rule"), Column("Priority")] if with_rule else []
    columns.append(Column("Event as the rule tells it", Kind.EXACT))
    rows = [_row(one, material, with_rule=with_rule) for one in found]
    judged = [_judged(one, material) for one in found]
    if any(judged):
        columns.append(Column("Held to be"))
        rows = [(*row, told) for row, told in zip(rows, judged, strict=True)]
    if "events" in material.chosen_parts:
        columns.append(Column("Event", Kind.EVENT))
        rows = [(*row, material.cite(one.row)) for row, one in zip(rows, found, strict=True)]
    is_all_told = sum(len(one.rows) for one in material.run.outcomes) <= MAX_FINDINGS
    beside = _whole(material) if len(rows) < total and is_all_told else ""
    return Table(name, "", tuple(columns), tuple(rows), ("finding", "findings"), total, beside=beside)


def _judged(finding: Finding, material: Material) -> str:
    """What an analyst holds of it, empty where nobody has said."""
    held = material.given.judged.get((finding.outcome.rule.name, finding.row))
    return "" if held is None else shown_text(str(held), 300)


def _row(finding: Finding, material: Material, *, with_rule: bool) -> tuple[str, ...]:
    rule = finding.outcome.rule
    named = (shown_text(rule.name), rule.priority.title) if with_rule else ()
    return (moment(finding.time, material.window), *named, shown_text(finding.message))
