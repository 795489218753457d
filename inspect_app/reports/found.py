"""What rules found, by tactic of ATT&CK, in the order in which an intrusion goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.model import Weight
from inspect_app.rules.alerts import Finding, findings_of
from inspect_app.rules.rule import Priority
from inspect_app.rules.run import Outcome, Run

OTHER = "other"

TACTICS: dict[str, str] = {
    "reconnaissance": "Gathering knowledge for a later attack",
    "resource development": "Preparing means for an attack",
    "initial access": "Getting in",
    "execution": "Running code of one's own",
    "persistence": "Staying in after a restart or a discovery",
    "privilege escalation": "Gaining more rights",
    "defense evasion": "Avoiding to be noticed",
    "credential access": "Getting at passwords and keys",
    "discovery": "Finding out what there is",
    "lateral movement": "Going on to other machines",
    "collection": "Gathering what is of interest",
    "command and control": "Talking to whoever directs it",
    "exfiltration": "Carrying data away",
    "impact": "Destroying, encrypting, or using up what belongs to others",
    OTHER: "Of no single tactic",
}
"""Tactics and what they mean, in the order of ATT&CK."""


@dataclass(frozen=True, slots=True)
class Tactic:
    """A tactic and the rules that found something of it."""

    name: str
    outcomes: tuple[Outcome, ...]
    """The most serious first."""

    @property
    def title(self) -> str:
        """With a capital."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def count(self) -> int:
        """Findings."""
        return sum(len(one.rows) for one in self.outcomes)


def by_tactic(run: Run) -> list[Tactic]:
    """The rules that found something, each below its first tactic."""
    known: dict[str, list[Outcome]] = {name: [] for name in TACTICS}
    for outcome in run.outcomes:
        if len(outcome.rows):
            first = next((name for name in outcome.rule.tactics if name in known), OTHER)
            known[first].append(outcome)
    return [
        Tactic(name, tuple(sorted(outcomes, key=lambda one: (one.rule.priority, one.rule.name))))
        for name, outcomes in known.items()
        if outcomes
    ]


def first_findings(outcomes: Sequence[Outcome], frames: CaptureFrames, each: int) -> list[Finding]:
    """The first findings of each rule, by time."""
    few = tuple(replace(one, rows=one.rows[:each]) for one in outcomes)
    return list(findings_of(Run(few, ()), frames))


def rows_found(run: Run) -> list[int]:
    """Every event that a rule found, each once, by time."""
    return sorted(set(chain.from_iterable(one.rows.tolist() for one in run.outcomes)))


def weight_of(priority: Priority) -> Weight:
    """How much a finding matters, in the words of a report."""
    if priority <= Priority.CRITICAL:
        return Weight.HIGH
    if priority <= Priority.WARNING:
        return Weight.MEDIUM
    return Weight.LOW
