"""What rules find in a whole capture, kept as long as it is open: strip, overview and page show the same."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from inspect_app.analysis.selection import Selection
from inspect_app.filters.cache import cache_of, remember
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.rule import Priority
from inspect_app.rules.run import Progress, Run, read_rules, run_rules


def whole_run(frames: CaptureFrames, files: Sequence[Path], progress: Progress | None = None) -> Run:
    """Run the rules of some files, or our own where none are named, over all events of a capture; once.

    Raises:
        OSError: A file cannot be read.
    """

    def compute() -> Run:
        return run_rules(read_rules(files) if files else built_in_rules(), frames, progress=progress)

    return remember(frames, _key(files), compute)


def is_known(frames: CaptureFrames, files: Sequence[Path]) -> bool:
    """Whether the rules of these files were run over the capture already. Raises OSError."""
    return _key(files) in cache_of(frames)


def findings_by_priority(run: Run) -> dict[Priority, int]:
    """How many findings there are of each priority that has any, what matters most first."""
    which, _ = run.findings()
    priorities = np.array([one.rule.priority for one in run.outcomes], np.int64)
    counts = (
        np.bincount(priorities[which], minlength=len(Priority)) if len(which) else np.zeros(len(Priority))
    )
    return {one: int(counts[one]) for one in Priority if counts[one]}


def findings_by_tactic(run: Run) -> dict[str, dict[str, int]]:
    """Findings by tactic of ATT&CK, and within it by rule; the tactic is empty for rules that name none.

    A rule of several tactics stands in each. Tactics and rules with most findings come first.
    """
    which, _ = run.findings()
    counts = np.bincount(which, minlength=len(run.outcomes)) if len(run.outcomes) else np.zeros(0, np.int64)
    found: dict[str, dict[str, int]] = {}
    for outcome, count in zip(run.outcomes, counts.tolist(), strict=True):
        for tactic in outcome.rule.tactics or ("",) if count else ():
            rules = found.setdefault(tactic, {})
            rules[outcome.rule.name] = rules.get(outcome.rule.name, 0) + count
    ordered = {tactic: _most_first(rules) for tactic, rules in found.items()}
    return dict(sorted(ordered.items(), key=lambda one: (not one[0], -sum(one[1].values()), one[0])))


def findings_among(run: Run, selection: Selection, frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """As `Run.findings`, of the events that are selected."""
    which, rows = run.findings()
    selected = np.zeros(len(frames.events), np.bool_)
    selected[selection.rows] = True
    return which[selected[rows]], rows[selected[rows]]


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _key(files: Sequence[Path]) -> Hashable:
    return ("findings", *((str(file), file.stat().st_mtime_ns) for file in files))
