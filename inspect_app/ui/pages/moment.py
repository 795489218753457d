"""The machine as it was at one moment: who lived, what each held open, what was mounted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from PySide6.QtWidgets import QWidget

from inspect_app.analysis.state import state_at
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.page import Question
from inspect_app.ui.pages.tabbed import TabbedPage
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import prepare
from inspect_app.ui.tabs import Tab
from inspect_app.ui.widgets import tool_button
from inspect_app.views.format import Clock, format_time
from inspect_app.views.moment import MOMENT_LISTS, moment_table

_LONGEST = 19
"""Digits of a time in an address."""


@dataclass(frozen=True, eq=False)
class MomentAnswer:
    """What the worker hands over."""

    time: int
    is_fixed: bool
    """Whether the address names the moment; else it is the end of the window."""
    tabs: tuple[Tab, ...]


class MomentPage(TabbedPage):
    """A list for each kind of thing; the moment is that of the address, else where the window ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.time = 0
        for title, drawing, tip, by in (
            ("Earlier", "back", "The state one event earlier", -1),
            ("Later", "forward", "The state one event later", 1),
        ):
            self.head.row.addWidget(tool_button(title, drawing, tip, lambda by=by: self.step(by)))  # type: ignore[misc]  # bound now
        self.column.addWidget(self.head)
        self.column.addWidget(self.tables, 1)

    def question(self, scope: Scope) -> Question:
        """The state at the moment that the address, or else the window, tells."""
        moment = moment_of(scope)

        def work(job: Job) -> object:
            time = moment if moment is not None else scope.range[1] - 1
            state = state_at(scope.frames, time)
            tabs = []
            for one in MOMENT_LISTS:
                job.check()
                table = moment_table(one, state, scope.frames.events)
                nothing = f"No {one.noun[0]} is known to have been there."
                tabs.append(Tab(one.id, one.title, prepare(table, scope=scope), nothing))
            return MomentAnswer(time, moment is not None, tuple(tabs))

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show the lists."""
        known = cast(MomentAnswer, answer)
        self.scope, self.time = scope, known.time
        when = format_time(known.time, digits=9)
        since = format_time(known.time, Clock.RELATIVE, zero=scope.zero, digits=6)
        why = "" if known.is_fixed else "  ·  where the window ends"
        self.head.tell(
            f"State at {when}",
            f"{since}{why}  ·  of the whole machine, whatever the filter",
            "Click on the time strip, or drag the end of the window, for another moment.",
        )
        self.tables.show_tabs(scope, known.tabs)

    def step(self, by: int) -> None:
        """To the event before or after."""
        if self.scope is None or not len(self.scope.frames.events):
            return
        times = self.scope.frames.events["time"].to_numpy()
        side, add = ("left", -1) if by < 0 else ("right", 0)
        place = int(np.searchsorted(times, self.time, side=side)) + add  # type: ignore[call-overload]  # one of two words
        self.page_wanted.emit(f"moment/{int(times[max(0, min(len(times) - 1, place))])}")


def moment_of(scope: Scope) -> int | None:
    """The moment that the address names, kept within the recording; None where it names none."""
    _, _, text = scope.page.partition("/")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        return None
    start, end = scope.span
    return max(start - 1, min(end, int(text)))
