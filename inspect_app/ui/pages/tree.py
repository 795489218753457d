"""The process tree: who created whom, when each lived, what it ran, how it ended."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QHeaderView, QMenu, QWidget

from inspect_app.analysis.processes import lifelines, process_forest
from inspect_app.analysis.subject import container_subject, process_subject
from inspect_app.cases import Anchor
from inspect_app.cases.anchors import subject_anchor
from inspect_app.ui.copying import Copier
from inspect_app.ui.jobs import Job
from inspect_app.ui.life_column import LifeDelegate, LifeHeader
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.pages.page import EmptyState, Page, PageHead, Question
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_view import BranchView
from inspect_app.ui.thing_menu import Thing, build_thing_menu
from inspect_app.ui.tree_model import CONTAINER, EVENTS, FATE, LIFE, NAME, PID, Branches, TreeModel
from inspect_app.views.format import format_count

_MOST_TOGETHER = 50
"""Processes that one condition names."""
_OPEN_ALL = 600
"""Up to so many processes every branch is opened."""


class TreePage(Page):
    """A tree at the left, lifelines on one axis at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: TreeModel | None = None
        self._branches: Branches | None = None
        self.copier = Copier(self.told.emit, self.failed.emit)
        self.head = PageHead()
        self._idle = QCheckBox("Also those without events")
        self._idle.setToolTip("Show every process that lived in the window, not only those with events")
        self._idle.setChecked(False)
        self._idle.toggled.connect(lambda *_: self._fill())
        self.head.row.addWidget(self._idle)
        self.view = BranchView()
        self.view.setUniformRowHeights(True)
        self.view.setAlternatingRowColors(True)
        self.view.setAccessibleName("Process tree")
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setIndentation(10)
        self.view.setIconSize(QSize(9, 9))
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.menu_wanted.connect(self._show_menu)
        self.view.activated.connect(self._open)
        self.view.setExpandsOnDoubleClick(False)
        self._header = LifeHeader(LIFE, self.view)
        self.view.setHeader(self._header)
        self._delegate = LifeDelegate(self.view)
        self.view.setItemDelegateForColumn(LIFE, self._delegate)
        self.empty = EmptyState("tree")
        for widget in (self.head, self.empty, self.view):
            self.column.addWidget(widget, 0 if widget is self.head else 1)

    def question(self, scope: Scope) -> Question:
        """The forest, and which of its processes are selected."""

        def work(job: Job) -> object:
            rows = scope.select().rows
            job.check()
            return _branches(scope, rows)

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show the selected processes and those above them."""
        self.scope = scope
        self._branches = cast(Branches, answer)
        self._fill()

    def take_focus(self) -> None:
        """To the processes."""
        self.view.setFocus()

    def _fill(self) -> None:
        if self._branches is None or self.scope is None:
            return
        branches = _with_idle(self._branches, idle=self._idle.isChecked() and not self.scope.conditions)
        old, self.model = self.model, TreeModel(branches, self)
        self._header.show_range(self.scope.range, self.scope.zero)
        self._delegate.show_range(self.scope.range)
        self.view.setModel(self.model)
        if old is not None:
            old.deleteLater()
        self._size_columns()
        self._open_branches(int(branches.shown.sum()))
        chosen = int(branches.chosen.sum())
        ended = int((branches.lives.died & branches.chosen).sum())
        note = f"{format_count(chosen, 'process', 'processes')}, {ended:,} ended in this window"
        self._idle.setEnabled(not self.scope.conditions)
        self.head.tell("Process tree", note)
        self.empty.tell("" if chosen else "No process has events in this selection.\nRemove a chip above.")
        self.view.setVisible(bool(chosen))
        first = branches.forest.order[branches.chosen[branches.forest.order]]
        if len(first):
            self.view.setCurrentIndex(self.model.index_of(int(first[0])))
            self.view.scrollToTop()

    def _open_branches(self, count: int) -> None:
        if count <= _OPEN_ALL:
            self.view.expandAll()
        else:
            self.view.expandToDepth(1)

    def _size_columns(self) -> None:
        header = self.view.header()
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        # The lines of life are what the page is about.
        name = max(300, self.view.viewport().width() * 3 // 10)
        for section, width in ((NAME, name), (PID, 74), (CONTAINER, 112), (FATE, 78), (EVENTS, 92)):
            header.resizeSection(section, width)

    def _open(self, index: QModelIndex) -> None:
        if self.model is not None:
            process = self.model.process_of(index)
            pid = self.model.text(process, PID)
            self.drill_wanted.emit("threads", self._condition(process), f"{self._comm(process)} ({pid})")

    def _comm(self, process: int) -> str:
        assert self.model is not None  # noqa: S101 - called for an index of the model
        frames = self.model.branches.frames
        image = number_at(frames.processes, "image", process)
        return (text_at(frames.images, "comm", image) if image >= 0 else "") or "unknown"

    def _condition(self, process: int) -> str:
        """One process, also where its pid was used twice."""
        assert self.model is not None  # noqa: S101 - called for an index of the model
        table = self.model.branches.frames.processes
        pid, start = number_at(table, "pid", process), number_at(table, "start", process)
        twice = int((table["pid"].to_numpy() == pid).sum()) > 1
        return f"proc.pid = {pid} and proc.pid.ts = {start}" if twice and start >= 0 else f"proc.pid = {pid}"

    def anchor(self) -> Anchor | None:
        """The process that has the focus."""
        index = self.view.currentIndex()
        if self.model is None or not index.isValid():
            return super().anchor()
        frames = self.model.branches.frames
        return subject_anchor(frames, process_subject(frames, self.model.process_of(index)))

    def _show_menu(self, index: QModelIndex, place: QPoint) -> None:
        if self.model is None:
            return
        chosen = self.chosen()
        process = self.model.process_of(index)
        together = process in chosen and 1 < len(chosen) <= _MOST_TOGETHER
        (self.menu_of_all(chosen) if together else self.menu_of(process)).popup(place)

    def chosen(self) -> list[int]:
        """Rows of the processes that are chosen."""
        assert self.model is not None  # noqa: S101 - lines are of a model
        return [self.model.process_of(index) for index in self.view.selectionModel().selectedRows()]

    def menu_of_all(self, processes: list[int]) -> QMenu:
        """Where one can go from several processes at once."""
        condition = " or ".join(f"({self._condition(process)})" for process in processes)
        name = format_count(len(processes), "process", "processes")
        return build_thing_menu(self, Thing(label=name, condition=condition, key="process"))

    def menu_of(self, process: int) -> QMenu:
        """Where one can go from a process."""
        assert self.model is not None  # noqa: S101 - called for a process of the model
        condition, pid = self._condition(process), self.model.text(process, PID)
        frames = self.model.branches.frames
        about = [process_subject(frames, process)]
        container = number_at(frames.processes, "container", process)
        about += [container_subject(frames, container)] if container >= 0 else []
        image = number_at(frames.processes, "image", process)
        name, command = f"{self._comm(process)} ({pid})", self.model.name(process)
        thing = Thing(
            label=name,
            condition=condition,
            key="process",
            value=text_at(frames.images, "comm", image) if image >= 0 else "",
            subjects=tuple(about),
            moment=number_at(frames.processes, "start", process),
        )
        family = partial(self.filter_wanted.emit, f"({condition} or proc.apid = {pid})")
        return build_thing_menu(
            self,
            thing,
            (
                ("Show only it and its descendants", "tree", family),
                ("Copy command", "copy", partial(self.copier.copy, command)),
            ),
        )


def _branches(scope: Scope, rows: np.ndarray | slice) -> Branches:
    frames = scope.frames
    count = len(frames.processes)
    process = frames.events["process"].to_numpy()[rows]
    events = np.bincount(process[process >= 0], minlength=count)
    forest = process_forest(frames)
    owner, since = frames.images["process"].to_numpy(), frames.images["since"].to_numpy()
    execs = np.flatnonzero(frames.images["event"].to_numpy() >= 0)
    execs = execs[np.lexsort((since[execs], owner[execs]))]
    return Branches(
        frames=frames,
        forest=forest,
        lives=lifelines(frames, scope.period),
        shown=forest.with_ancestors(events > 0),
        chosen=events > 0,
        events=events,
        exec_starts=np.searchsorted(owner[execs], np.arange(count + 1)),
        exec_times=since[execs],
        exec_rows=execs,
    )


def _with_idle(branches: Branches, *, idle: bool) -> Branches:
    if not idle:
        return branches
    chosen = branches.chosen | branches.lives.lived
    shown = branches.forest.with_ancestors(chosen)
    return Branches(
        branches.frames, branches.forest, branches.lives, shown, chosen, branches.events,
        branches.exec_starts, branches.exec_times, branches.exec_rows,
    )  # fmt: skip
