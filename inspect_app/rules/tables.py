"""A run of rules as tables: what was found, and what became of each rule."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

import numpy as np
import pandas as pd

from inspect_app.cases import Triage, TriageState
from inspect_app.filters.language import MAX_TEXT
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.alerts import findings_of
from inspect_app.rules.output import as_text, operand_of, values_of
from inspect_app.rules.run import Run, State
from inspect_app.views.format import Unit
from inspect_app.views.plain_table import PlainSpec, plain_table
from inspect_app.views.table import ViewTable

MAX_FINDINGS = 100_000
"""Rows of the table; the first in time."""

_FINDINGS = PlainSpec(
    "findings",
    "Findings",
    ("finding", "findings"),
    "What rules found, each at its event.",
    (
        ("time", "Time", Unit.TIME, "when the event's call returned"),
        ("priority", "Priority", Unit.TEXT, "how much it matters, as the rule says"),
        ("rule", "Rule", Unit.TEXT, "the rule that held"),
        ("process", "Process", Unit.TEXT, "who made the event"),
        ("container", "Container", Unit.TEXT, "where"),
        ("triage", "Triage", Unit.TEXT, "what is held of it: open, confirmed or dismissed, and why"),
        ("message", "Message", Unit.TEXT, "what the rule says of the event"),
        ("tactic", "Tactic", Unit.TEXT, "tactic of ATT&CK"),
    ),
    "time",
    drilldown="events",
)
_RULES = PlainSpec(
    "rules",
    "Rules",
    ("rule", "rules"),
    "Every rule with what became of it: none is silently false.",
    (
        ("rule", "Rule", Unit.TEXT, "its name"),
        ("state", "State", Unit.TEXT, "evaluated, disabled, not evaluable or invalid"),
        ("matches", "Matches", Unit.COUNT, "events that it holds for"),
        ("looked_at", "Looked at", Unit.COUNT, "events of the types that it asks for"),
        ("took", "Took", Unit.DURATION, "time that it took to decide"),
        ("priority", "Priority", Unit.TEXT, "how much its findings matter"),
        ("technique", "Technique", Unit.TEXT, "techniques of ATT&CK"),
        ("why", "Why not", Unit.TEXT, "why it was not evaluated"),
        ("description", "Description", Unit.TEXT, "what it is for"),
        ("file", "File", Unit.TEXT, "where it stands"),
    ),
    "matches",
    descending=True,
    drilldown="events",
)


def findings_table(
    run: Run, frames: CaptureFrames, triage: Mapping[tuple[str, int], Triage] = MappingProxyType({})
) -> ViewTable:
    """What was found, one row for each rule and event, at most MAX_FINDINGS.

    `triage`: what is held of findings, by rule and row of events; of the others nothing is.
    """
    found = list(islice(findings_of(run, frames), MAX_FINDINGS))
    rows = np.array([one.row for one in found], np.int64)
    frame = pd.DataFrame(
        {
            "time": pd.Series([one.time for one in found], dtype="int64"),
            "priority": [one.outcome.rule.priority.title for one in found],
            "rule": [one.outcome.rule.name for one in found],
            "process": _texts("proc.name", frames, rows),
            "container": _texts("container.name", frames, rows),
            "triage": [_held(triage.get((one.outcome.rule.name, one.row))) for one in found],
            "tactic": [", ".join(one.outcome.rule.tactics) for one in found],
            "message": [one.message for one in found],
        }
    )
    return plain_table(
        _FINDINGS,
        frame,
        condition=lambda row: f"evt.num = {int(rows[row]) + 1}",
        label=lambda row: found[row].outcome.rule.name,
        events=rows,
    )


def rules_table(run: Run) -> ViewTable:
    """Every rule of a run."""
    all_of = run.outcomes
    frame = pd.DataFrame(
        {
            "rule": [one.rule.name for one in all_of],
            "state": [str(one.state) for one in all_of],
            "matches": _numbers([len(one.rows) if one.state is State.EVALUATED else -1 for one in all_of]),
            "looked_at": _numbers([one.looked_at if one.state is State.EVALUATED else -1 for one in all_of]),
            "took": _numbers(
                [int(one.seconds * 1e9) if one.state is State.EVALUATED else -1 for one in all_of]
            ),
            "priority": [one.rule.priority.title for one in all_of],
            "technique": [", ".join(one.rule.techniques) for one in all_of],
            "why": [one.reason for one in all_of],
            "description": [one.rule.description for one in all_of],
            "file": [f"{one.rule.file}:{one.rule.line}" for one in all_of],
        }
    )

    def condition(row: int) -> str:
        one = all_of[row]
        text = one.expression.text if one.expression and one.state is State.EVALUATED else ""
        return text if len(text) <= MAX_TEXT else ""

    return plain_table(_RULES, frame, condition=condition, label=lambda row: all_of[row].rule.name)


def _held(triage: Triage | None) -> str:
    if triage is None:
        return TriageState.OPEN.value
    return f"{triage.state.value}: {triage.reason}" if triage.reason else triage.state.value


def _texts(field: str, frames: CaptureFrames, rows: np.ndarray) -> list[str]:
    operand = operand_of(field)
    return [
        "" if value is None else as_text(value, operand.type) for value in values_of(operand, frames, rows)
    ]


def _numbers(values: list[int]) -> pd.Series[int]:
    return pd.Series(values, dtype="int64")
