"""Rules run over a capture: each is evaluated, or said to be not evaluable, or invalid. None is silent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, groupby
from pathlib import Path

import numpy as np

from inspect_app.analysis.selection import Selection
from inspect_app.filters.errors import FilterError
from inspect_app.filters.evaluate import Evaluator, not_evaluable
from inspect_app.filters.expression import Expression
from inspect_app.filters.reach import types_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.correlation import correlated
from inspect_app.rules.entries import RuleFileError, read_entries
from inspect_app.rules.output import OutputTemplate
from inspect_app.rules.reach import EventTypes
from inspect_app.rules.rule import SYSCALL, Problem, Rule
from inspect_app.rules.rule_set import RuleSet

MAX_FILES = 5_000
"""Files of rules in a folder."""
_NONE = np.empty(0, np.int64)

Progress = Callable[[int, int], None]
"""(rules done, rules in all). It may raise to stop the run."""


class State(StrEnum):
    """What became of a rule."""

    EVALUATED = "evaluated"
    DISABLED = "disabled"
    NOT_EVALUABLE = "not evaluable"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rule and what it found."""

    rule: Rule
    state: State
    reason: str = ""
    """Why it was not evaluated."""
    looked_at: int = 0
    """Events of the types that its condition asks for."""
    rows: np.ndarray = field(default_factory=_NONE.copy, compare=False)
    """int64: rows of the events that it holds for, in order."""
    seconds: float = 0.0
    expression: Expression | None = None
    template: OutputTemplate | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """All rules of a run, in the order of their files."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...]

    def findings(self) -> tuple[np.ndarray, np.ndarray]:
        """Each finding's position in `outcomes` and row of events, by event, then by rule; int64."""
        tellers = {one.rule.name for one in self.outcomes if one.state is State.EVALUATED}
        told = [_NONE if one.rule.told_by in tellers else one.rows for one in self.outcomes]
        each = np.repeat(np.arange(len(told)), [len(one) for one in told])
        rows = np.concatenate([_NONE, *told])
        order = np.lexsort((each, rows))
        return each[order], rows[order]

    def count(self, state: State) -> int:
        """Rules of a state."""
        return sum(one.state is state for one in self.outcomes)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule that can be run."""

    place: int
    rule: Rule
    expression: Expression
    template: OutputTemplate
    types: frozenset[str] | None


def read_rules(paths: Iterable[Path]) -> RuleSet:
    """The rules of some files, and of the files in folders; the later ones on top of the earlier.

    Raises:
        OSError: A file cannot be read.
    """
    rules = RuleSet()
    for path in chain.from_iterable(map(_files, paths)):
        try:
            rules.add(read_entries(path))
        except RuleFileError as error:
            rules.problems.append(Problem(error.file, error.line, "", error.reason))
    return rules


def _files(path: Path) -> list[Path]:
    """A file itself; the files of rules in a folder and below it, by name."""
    if not path.is_dir():
        return [path]
    found = sorted(file for ending in ("*.yml", "*.yaml") for file in path.rglob(ending) if file.is_file())
    if len(found) > MAX_FILES:
        raise OSError(f"{path}: {len(found):,} files of rules, more than {MAX_FILES:,}")
    return found


def run_rules(
    rules: RuleSet,
    frames: CaptureFrames,
    *,
    among: Selection | None = None,
    chosen: Callable[[Rule], bool] = lambda rule: rule.is_enabled,
    progress: Progress | None = None,
) -> Run:
    """Run the rules that are chosen over the events of a capture.

    Args:
        rules: What was read from files.
        frames: The capture.
        among: Only these events are looked at. None: all.
        chosen: Which rules are wanted; the others are told as disabled.
        progress: Told after each rule.
    """
    outcomes: list[Outcome | None] = []
    ready: list[_Ready] = []
    for place, rule in enumerate(rules.rules()):
        judged = _judged(rules, rule, frames, place, chosen(rule))
        outcomes.append(judged if isinstance(judged, Outcome) else None)
        if isinstance(judged, _Ready):
            ready.append(judged)
    types = EventTypes(frames)
    mask = None
    if among is not None and len(among) < len(frames.events):
        mask = np.zeros(len(frames.events), np.bool_)
        mask[among.rows] = True
    done = len(outcomes) - len(ready)
    # Rules that ask for the same types share what they ask of those events.
    ready.sort(key=lambda one: sorted(one.types or ()))
    for asked, group in groupby(ready, key=lambda one: one.types):
        rows = types.rows(asked)
        if mask is not None:
            rows = np.flatnonzero(mask) if rows is None else rows[mask[rows]]
        evaluator = Evaluator(frames, rows, asked)
        for one in group:
            outcomes[one.place] = _evaluated(one, evaluator, rows, len(frames.events))
            done += 1
            if progress:
                progress(done, len(outcomes))
    _correlate(outcomes, frames)
    return Run(tuple(one for one in outcomes if one is not None), tuple(rules.problems))


def _judged(
    rules: RuleSet, rule: Rule, frames: CaptureFrames, place: int, is_chosen: bool
) -> Outcome | _Ready:
    if not is_chosen:
        return Outcome(rule, State.DISABLED, "the rule is disabled, or was not asked for")
    if rule.source != SYSCALL:
        return Outcome(rule, State.NOT_EVALUABLE, f"it asks for events of {rule.source}; a capture has none")
    if rule.obstacle:
        return Outcome(rule, State.NOT_EVALUABLE, rule.obstacle)
    try:
        template = OutputTemplate.parse(rule.output)
        if rule.correlation:
            return Outcome(rule, State.EVALUATED, template=template)
        expression = rules.expression(rule)
        reasons = not_evaluable(expression, frames)
    except FilterError as error:
        state = State.NOT_EVALUABLE if rule.may_be_unknown else State.INVALID
        return Outcome(rule, state, str(error))
    if reasons:
        return Outcome(rule, State.NOT_EVALUABLE, "; ".join(reasons), expression=expression)
    return _Ready(place, rule, expression, template, types_of(expression.root))


def _evaluated(one: _Ready, evaluator: Evaluator, rows: np.ndarray | None, events: int) -> Outcome:
    began = time.perf_counter()
    try:
        held = np.flatnonzero(evaluator.holds(one.expression.root))
    except FilterError as error:
        return Outcome(one.rule, State.NOT_EVALUABLE, str(error), expression=one.expression)
    found = held if rows is None else rows[held]
    seconds = time.perf_counter() - began
    looked_at = events if rows is None else len(rows)
    return Outcome(one.rule, State.EVALUATED, "", looked_at, found, seconds, one.expression, one.template)


def _correlate(outcomes: list[Outcome | None], frames: CaptureFrames) -> None:
    """Decide what rules ask of what others found, those first that others ask for."""
    known = {(one.rule.file, one.rule.line): one for one in outcomes if one is not None}
    asking = [
        (one.rule.correlation.depth, place)
        for place, one in enumerate(outcomes)
        if one is not None and one.rule.correlation and one.state is State.EVALUATED
    ]
    for _, place in sorted(asking):
        one = outcomes[place]
        assert one is not None  # noqa: S101 - as it was chosen
        outcomes[place] = known[one.rule.file, one.rule.line] = _correlated(one, known, frames)


def _correlated(one: Outcome, known: Mapping[tuple[str, int], Outcome], frames: CaptureFrames) -> Outcome:
    assert one.rule.correlation is not None  # noqa: S101 - as it was chosen
    began = time.perf_counter()
    parts = [known[key] for key in one.rule.correlation.parts]
    unable = [part for part in parts if part.state is not State.EVALUATED]
    if unable:
        reason = "; ".join(f"{part.rule.name}: {part.reason}" for part in unable)
        return replace(one, state=State.NOT_EVALUABLE, reason=reason)
    try:
        rows, looked_at = correlated(one.rule.correlation, [part.rows for part in parts], frames)
    except FilterError as error:
        return replace(one, state=State.NOT_EVALUABLE, reason=str(error))
    return replace(one, rows=rows, looked_at=looked_at, seconds=time.perf_counter() - began)
