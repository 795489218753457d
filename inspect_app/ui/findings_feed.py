"""What rules found, as marks on the time strip and figures of the overview; looked for while nobody waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, Signal

from inspect_app.analysis.selection import select
from inspect_app.rules.rule import Priority
from inspect_app.rules.run import Run
from inspect_app.rules.whole import findings_among, is_known, whole_run
from inspect_app.ui.jobs import Job, Jobs
from inspect_app.ui.marks import Marks, MarkStyle, Shape
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.views.format import format_count, format_time

MAX_UNASKED = 10_000_000
"""Events of a capture in which rules look without being asked; in a larger one, when the page is opened."""

STYLES = {
    Priority.EMERGENCY: MarkStyle(Shape.DIAMOND, "error"),
    Priority.ALERT: MarkStyle(Shape.DIAMOND, "error"),
    Priority.CRITICAL: MarkStyle(Shape.DIAMOND, "error"),
    Priority.ERROR: MarkStyle(Shape.TRIANGLE, "error"),
    Priority.WARNING: MarkStyle(Shape.TRIANGLE, "warning"),
    Priority.NOTICE: MarkStyle(Shape.SQUARE, "accent"),
    Priority.INFORMATIONAL: MarkStyle(Shape.CIRCLE, "muted"),
    Priority.DEBUG: MarkStyle(Shape.CIRCLE, "muted", is_filled=False),
}


@dataclass(frozen=True, eq=False)
class _Found:
    """Findings of what the filter and the path select, over the whole time."""

    run: Run
    which: np.ndarray
    rows: np.ndarray
    times: np.ndarray


class FindingsFeed(QObject):
    """Asks once for each capture and set of rules; a filter alone only chooses among what is known."""

    marked = Signal(object)
    """Marks, or None where nothing is known."""
    counted = Signal(object)
    """dict of Priority and how many findings it has; None where nothing is known."""
    finding_wanted = Signal(str, str)
    """A mark was clicked: the condition that its event meets, and its rule's name."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._shown: tuple[object, ...] = ()
        self._asked: tuple[object, ...] = ()
        """What is being looked for: a capture by its file, as it grows while rules are run."""
        self._latest: tuple[Scope, Sequence[Path]] | None = None

    def show(self, scope: Scope, files: Sequence[Path]) -> None:
        """Show what the rules of some files, or our own, find in what is selected."""
        self._latest = (scope, files)
        wanted = (id(scope.frames), scope.conditions, tuple(files))
        asked = (scope.frames.path, scope.conditions, tuple(files))
        if wanted == self._shown or (asked == self._asked and self._jobs.has("findings")):
            return
        try:
            asks = len(scope.frames.events) <= MAX_UNASKED or is_known(scope.frames, files)
        except OSError:
            asks = False
        if not asks:
            self.clear()
            return
        self._shown, self._asked = wanted, asked

        def work(job: Job) -> object:
            run = whole_run(scope.frames, files, lambda _done, _total: job.check())
            which, rows = findings_among(run, select(scope.frames, None, scope.conditions), scope.frames)
            return _Found(run, which, rows, scope.frames.events["time"].to_numpy()[rows])

        # The page of findings tells what went wrong.
        self._jobs.start("findings", "Running rules", work, self._present, lambda _: self.clear(), quiet=True)

    def clear(self) -> None:
        """Nothing is known."""
        self._shown, self._latest = (), None
        self._jobs.cancel("findings")
        self.marked.emit(None)
        self.counted.emit(None)

    def _present(self, answer: object) -> None:
        found = cast(_Found, answer)
        priorities = np.array([one.rule.priority for one in found.run.outcomes], np.int64)[found.which]
        counts = np.bincount(priorities, minlength=len(Priority)).tolist()
        self.counted.emit({one: counts[one] for one in Priority if counts[one]})
        self.marked.emit(
            Marks(
                "Findings",
                format_count(len(found.rows), "finding"),
                found.times,
                priorities,
                tuple(STYLES[one] for one in Priority),
                _labels(found),
                self._opener(found),
            )
        )
        self._go_on()

    def _go_on(self) -> None:
        """Look into what the capture has grown by meanwhile."""
        if self._latest is not None:
            self.show(*self._latest)

    def _opener(self, found: _Found) -> Callable[[int], None]:
        def opened(at: int) -> None:
            rule = found.run.outcomes[int(found.which[at])].rule
            self.finding_wanted.emit(f"evt.num = {int(found.rows[at]) + 1}", rule.name)

        return opened


def _labels(found: _Found) -> Callable[[int], str]:
    def label(at: int) -> str:
        rule = found.run.outcomes[int(found.which[at])].rule
        clock = format_time(int(found.times[at]), digits=3, date=False)
        return f"{clock}  {rule.priority.title}: {plain(rule.name)}"

    return label
