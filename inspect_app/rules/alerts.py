"""Findings as Falco tells them, so that what reads its alerts reads ours: a line of text or of JSON each.

The time of a text is that of the day in UTC; keys and tags of JSON are in alphabetical order, without blanks
(falcosecurity/falco, userspace/engine/formats.cpp). What is no ASCII is escaped in JSON, so that no terminal
obeys it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.entities import event_array
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.output import Value, clock
from inspect_app.rules.run import Outcome, Run

_AT_ONCE = 10_000
_TIME = "evt.time"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that held for one event."""

    outcome: Outcome
    row: int
    """Of events."""
    time: int
    """Nanoseconds since 1970 UTC."""
    message: str
    values: dict[str, Value]
    """What the message shows, by field."""

    def text(self) -> str:
        """A line as Falco prints it."""
        return f"{clock(self.time)}: {self.outcome.rule.priority.title} {self.message}"

    def json(self, hostname: str) -> str:
        """A line of JSON as Falco prints it."""
        rule = self.outcome.rule
        # Falco tells of the moment as it is, and of the time of the day only in the text.
        fields = {**self.values, _TIME: self.time}
        alert = {
            "hostname": hostname,
            "output": self.text(),
            "output_fields": fields,
            "priority": rule.priority.title,
            "rule": rule.name,
            "source": rule.source,
            "tags": sorted(set(rule.tags)),
            "time": f"{np.datetime64(self.time, 'ns')}Z",
        }
        return json.dumps(alert, sort_keys=True, separators=(",", ":"))


def findings_of(run: Run, frames: CaptureFrames) -> Iterator[Finding]:
    """Every finding of a run, by time, its values fetched some thousand at a time."""
    which, rows = run.findings()
    for begin in range(0, len(rows), _AT_ONCE):
        yield from _some(run, frames, which[begin : begin + _AT_ONCE], rows[begin : begin + _AT_ONCE])


def _some(run: Run, frames: CaptureFrames, which: np.ndarray, rows: np.ndarray) -> Iterator[Finding]:
    values: dict[int, dict[str, list[Value]]] = {}
    place = np.empty(len(rows), np.int64)
    for rule in np.unique(which).tolist():
        mine = np.flatnonzero(which == rule)
        place[mine] = np.arange(len(mine))
        template = run.outcomes[rule].template
        values[rule] = template.values(frames, rows[mine]) if template else {}
    times = event_array(frames, "time")[rows].tolist()
    for rule, row, at, time in zip(which.tolist(), rows.tolist(), place.tolist(), times, strict=True):
        outcome = run.outcomes[rule]
        shown = {name: column[at] for name, column in values[rule].items()}
        message = outcome.template.written(values[rule], at) if outcome.template else ""
        yield Finding(outcome, row, time, message, shown)
