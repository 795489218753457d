"""Latency over time: which calls took how long when, and which they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSplitter, QWidget

from inspect_app.analysis.selection import Selection, select
from inspect_app.analysis.spectrogram import Spectrogram, spectrogram
from inspect_app.ui.heat_map import HeatMap, Region, band_text
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.page import EmptyState, Question
from inspect_app.ui.pages.tabbed import TabbedPage
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import prepare
from inspect_app.ui.tabs import Tab
from inspect_app.ui.thing_menu import Thing, build_thing_menu
from inspect_app.ui.widgets import tool_button
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.format import format_count
from inspect_app.views.table import apply_view

_BINS = 240
_TABLES = ("syscalls", "processes", "files", "connections")


@dataclass(frozen=True, eq=False)
class SpectrogramAnswer:
    """What the worker hands over."""

    shown: Spectrogram
    tabs: tuple[Tab, ...]


class SpectrogramPage(TabbedPage):
    """The picture over the tables of what is chosen in it; of everything where nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answer: SpectrogramAnswer | None = None
        self._open = tool_button(
            "Open events", "events", "The chosen calls one by one (Enter)", self.open_region
        )
        self._zoom = tool_button("Zoom in", "search", "The chosen time as the window", self.zoom)
        for button in (self._zoom, self._open):
            self.head.row.addWidget(button)
        self.map = HeatMap()
        self.map.region_chosen.connect(self._on_region)
        self.map.opened.connect(self.open_region)
        self.map.menu_wanted.connect(lambda place: self.region_menu().popup(place))
        self.empty = EmptyState("spectrogram")
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.map)
        self._split.addWidget(self.tables)
        self._split.setSizes([360, 240])
        self._split.setChildrenCollapsible(False)
        for widget in (self.head, self.empty, self._split):
            self.column.addWidget(widget, 0 if widget is self.head else 1)

    def question(self, scope: Scope) -> Question:
        """The picture of the selection, and the tables under it."""

        def work(job: Job) -> object:
            selection = scope.select()
            job.check()
            shown = spectrogram(scope.frames, selection, scope.period, slices=_BINS)
            return SpectrogramAnswer(shown, _tabs(scope, selection, job))

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show it; nothing is chosen."""
        self.scope, self.answer = scope, cast(SpectrogramAnswer, answer)
        total = int(self.answer.shown.counts.sum())
        self.empty.tell(
            "" if total else "No call of this selection has a known duration.\nRemove a chip above."
        )
        self._split.setVisible(bool(total))
        self.map.show_spectrogram(self.answer.shown, scope.zero)
        self.tables.show_tabs(scope, self.answer.tabs)
        self._tell(None)

    def take_focus(self) -> None:
        """To the picture."""
        self.map.setFocus()

    def condition(self) -> str:
        """The filter of what is chosen; empty for nothing."""
        region = self.map.region
        if region is None or self.answer is None:
            return ""
        return region_condition(self.answer.shown, region)

    def open_region(self) -> None:
        """Go to the events of what is chosen."""
        condition, region = self.condition(), self.map.region
        if condition and region is not None and self.answer is not None:
            self.drill_wanted.emit("events", condition, band_text(self.answer.shown, *region[:2]))

    def zoom(self) -> None:
        """Make the chosen time the window."""
        region = self.map.region
        if region is not None and self.answer is not None:
            edges = self.answer.shown.edges
            self.window_wanted.emit((int(edges[region[2]]), int(edges[region[3]])))

    def region_menu(self) -> QMenu:
        """What can be done with what is chosen."""
        region, told = self.map.region, ""
        if region is not None and self.answer is not None:
            told = band_text(self.answer.shown, *region[:2])
        own = (("Zoom in", "search", self.zoom),)
        return build_thing_menu(self, Thing(told, self.condition()), own)

    def refresh_theme(self) -> None:
        """The picture too."""
        super().refresh_theme()
        self.map.refresh_theme()

    def _on_region(self, region: object) -> None:
        scope, condition = self.scope, self.condition()
        self._tell(cast("Region | None", region))
        if scope is None or self.answer is None:
            return
        if not condition:
            self.tables.show_tabs(scope, self.answer.tabs)
            return

        def work(job: Job) -> object:
            return _tabs(scope, select(scope.frames, scope.window, (*scope.conditions, condition)), job)

        def show(tabs: object) -> None:
            if self.condition() == condition and self.scope is scope:
                self.tables.show_tabs(scope, cast("tuple[Tab, ...]", tabs))

        self.work_wanted.emit("Counting", work, show)

    def _tell(self, region: Region | None) -> None:
        assert self.answer is not None  # noqa: S101 - told of an answer
        shown = self.answer.shown
        for button in (self._zoom, self._open):
            button.setEnabled(region is not None)
        if region is None:
            note = f"{format_count(int(shown.counts.sum()), 'call')}  ·  click for a band, drag for a part"
        else:
            count = int(shown.counts[region[0] : region[1], region[2] : region[3]].sum())
            note = f"{format_count(count, 'call')} of {band_text(shown, *region[:2])}"
        self.head.tell("Latency over time", note, "Brighter is more; the scale of latency is logarithmic.")


def region_condition(shown: Spectrogram, region: Region) -> str:
    """The filter that selects the calls of a part of the picture."""
    low, high = shown.bounds(region[0])[0], shown.bounds(region[1] - 1)[1]
    start, end = (int(shown.edges[place]) for place in region[2:])
    # The first class begins at 1 ns and holds 0 as well.
    above = f"evt.latency >= {low if low > 1 else 0} and evt.latency < {high}"
    return f"{above} and evt.rawtime >= {start} and evt.rawtime < {end}"


def _tabs(scope: Scope, selection: Selection, job: Job) -> tuple[Tab, ...]:
    tabs = []
    for name in _TABLES:
        job.check()
        table = apply_view(VIEWS[name], scope.frames, selection, window=scope.window)
        tabs.append(
            Tab(
                name,
                table.view.title,
                prepare(table, scope=scope),
                f"There are no {table.view.noun[1]} here.",
            )
        )
    return tuple(tabs)
