"""Two times of a capture, or two captures, side by side: programs, destinations, files, calls, volumes.

address  ::=  "compare"                        the window with all outside of it
           |  "compare/before"                 the window with what was before it
           |  "compare/window:" start "-" end  the window with another one
           |  "compare/file:" path             the window with another capture
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.choice_button import ChoiceButton
from inspect_app.ui.jobs import Job
from inspect_app.ui.loader import load
from inspect_app.ui.pages.page import EmptyState, Question
from inspect_app.ui.pages.tabbed import TabbedPage
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import prepare
from inspect_app.ui.tabs import Tab
from inspect_app.ui.widgets import tool_button
from inspect_app.views.comparison import ASPECTS, Side, compare
from inspect_app.views.format import format_count, format_duration, format_relative

_WINDOW = re.compile(r"window:(\d{1,19})-(\d{1,19})", re.ASCII)
_REST, _BEFORE, _MARKED, _OTHER = range(4)
_WAYS = ("With the rest", "With the time before", "With the marked window", "With another capture …")

_NO_WINDOW = (
    "Nothing is chosen yet.\n"
    "Drag over the time strip: what is in that window is compared with the rest of the capture.\n"
    "Or compare the whole capture with another one."
)


@dataclass(frozen=True, eq=False)
class CompareAnswer:
    """What the worker hands over."""

    tabs: tuple[Tab, ...]
    here: int
    there: int
    """Events of either side."""
    there_text: str
    hint: str = ""
    """What to do first, where nothing can be compared yet."""
    other: tuple[str, CaptureFrames] | None = None
    """The other capture, under its path."""


class ComparePage(TabbedPage):
    """A table for each question, with what is here beside what is there."""

    KEEPS = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._other: tuple[str, CaptureFrames] | None = None
        self._marked: tuple[int, int] | None = None
        self._answer: CompareAnswer | None = None
        self.only_new = QCheckBox("Only what is new")
        self.only_new.setChecked(True)
        self.only_new.toggled.connect(lambda *_: self._again())
        self.way = ChoiceButton("What it is compared with", _WAYS)
        self.way.chosen.connect(self._choose)
        mark = tool_button("Mark window", "pin", "Compare other windows with this one", self.mark)
        for widget in (self.only_new, mark, self.way):
            self.head.row.addWidget(widget)
        self.empty = EmptyState("compare")
        self.empty.offer("Compare with another capture …", lambda: self._choose(_OTHER))
        for part in (self.head, self.empty, self.tables):
            self.column.addWidget(part, 0 if part is self.head else 1)

    def question(self, scope: Scope) -> Question:
        """Every aspect of the selection beside the other side's."""
        only_new, other = self.only_new.isChecked(), self._other

        def work(job: Job) -> object:
            if scope.window is None and scope.page.partition("/")[2] in ("", "before"):
                return CompareAnswer((), 0, 0, "", _NO_WINDOW)
            here = Side(scope.frames, scope.select().rows)
            there, told, loaded = _other_side(scope, other, job)
            tabs = []
            for aspect in ASPECTS:
                job.check()
                table = compare(aspect, here, there, only_new=only_new)
                new = "new " if only_new else ""
                nothing = f"There are no {new}{aspect.noun[1]}."
                tabs.append(Tab(aspect.id, aspect.title, prepare(table, scope=scope), nothing))
            return CompareAnswer(tuple(tabs), _count(here), _count(there), told, "", loaded)

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show both sides."""
        known = cast(CompareAnswer, answer)
        self.scope, self._answer, self._other = scope, known, known.other or self._other
        self.empty.tell(known.hint)
        self.tables.setVisible(not known.hint)
        # What was hidden learns how wide it is before its columns are fitted to that.
        self.column.activate()
        self.way.show_choice(_way_of(scope.page))
        if known.hint:
            self.head.tell("Compare", "")
            return
        here = "the window" if scope.window is not None else "the whole capture"
        self.head.tell(
            "Compare",
            f"{here}, {format_count(known.here, 'event')}, with {known.there_text}, {known.there:,}",
            "Choose a window on the time strip; its rows are looked for on the other side.",
        )
        self.tables.show_tabs(scope, known.tabs)

    def mark(self) -> None:
        """Remember the window: the next ones are compared with it."""
        if self.scope is not None:
            self._marked = self.scope.range
            self.told.emit("The window is marked: choose another, and compare it with the marked one")

    def _choose(self, way: int) -> None:
        if way == _REST:
            self.page_wanted.emit("compare")
        elif way == _BEFORE:
            self.page_wanted.emit("compare/before")
        elif way == _MARKED and self._marked is not None:
            self.page_wanted.emit(f"compare/window:{self._marked[0]}-{self._marked[1]}")
        elif way == _MARKED:
            self.told.emit("No window is marked yet: choose one, then press Mark window")
        elif way == _OTHER:
            path, _kind = QFileDialog.getOpenFileName(
                self, "Compare with", "", "Captures (*.exhume);;All files (*)"
            )
            if path:
                self.page_wanted.emit(f"compare/file:{path}")

    def _again(self) -> None:
        if self.scope is not None:
            scope = self.scope
            self.work_wanted.emit(
                "Comparing", self.question(scope), lambda answer: self.present(scope, answer)
            )


def _way_of(page: str) -> int:
    """Which choice an address stands for."""
    way = page.partition("/")[2]
    if way.startswith("file:"):
        return _OTHER
    return _BEFORE if way == "before" else _MARKED if _WINDOW.fullmatch(way) else _REST


def _count(side: Side) -> int:
    if isinstance(side.rows, slice):
        return len(range(*side.rows.indices(len(side.frames.events))))
    return len(side.rows)


def _other_side(
    scope: Scope, other: tuple[str, CaptureFrames] | None, job: Job
) -> tuple[Side, str, tuple[str, CaptureFrames] | None]:
    """What the selection is compared with, the same in words, and the capture loaded for it."""
    _, _, way = scope.page.partition("/")
    frames, conditions = scope.frames, scope.conditions
    if way.startswith("file:"):
        path = way.removeprefix("file:")
        loaded = other if other is not None and other[0] == path else (path, load([path], job))
        rows = select(loaded[1], None, conditions).rows
        return Side(loaded[1], rows), plain(Path(path).name), loaded
    first, end = scope.span
    if found := _WINDOW.fullmatch(way):
        start, stop = sorted(max(first, min(end, int(found[place]))) for place in (1, 2))
        rows = select(frames, TimeRange(start, stop), conditions).rows
        since = format_relative(start - scope.zero, digits=3)
        return Side(frames, rows), f"{format_duration(stop - start)} from {since}", None
    if way == "before":
        rows = select(frames, TimeRange(first, max(first, scope.range[0])), conditions).rows
        return Side(frames, rows), "the time before", None
    return Side(frames, _outside(scope)), "the rest of the capture", None


def _outside(scope: Scope) -> np.ndarray:
    """The selected events outside the window; without a window there are none."""
    every = select(scope.frames, None, scope.conditions).positions()
    time = scope.frames.events["time"].to_numpy()[every]
    start, end = scope.range
    found: np.ndarray = every[(time < start) | (time >= end)] if scope.window is not None else every[:0]
    return found
