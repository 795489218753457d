"""The first page: what was recorded, what stands out, which containers lived when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from inspect_app.analysis.subject import container_subject, label_of
from inspect_app.analysis.summary import Summary, summarise
from inspect_app.ui.fonts import scaled
from inspect_app.ui.jobs import Job
from inspect_app.ui.lookups import number_at
from inspect_app.ui.pages.fold_line import FoldLine
from inspect_app.ui.pages.lifelines import Life, Lifelines
from inspect_app.ui.pages.lives import container_lives
from inspect_app.ui.pages.page import Page, Question
from inspect_app.ui.pages.severity_line import SeverityLine
from inspect_app.ui.pages.summary_card import SummaryCard
from inspect_app.ui.pages.tile import TileWidget
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.thing_menu import Thing, build_thing_menu
from inspect_app.ui.widgets import card, named, plain_label, scroll_area
from inspect_app.views.tiles import TILES, TileCategory, TileMeasure, measure

Groups = list[tuple[TileCategory, list[TileMeasure]]]
"""What stands in one column of the board."""

BINS = 60
_COLUMN, _LIVES = 176, 380


@dataclass(frozen=True, eq=False)
class OverviewAnswer:
    """What the worker hands over."""

    summary: Summary
    tiles: tuple[TileMeasure, ...]
    lives: tuple[Life, ...]


class OverviewPage(Page):
    """Summary and lifelines above, tiles in columns by category below."""

    pin_toggled = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: dict[str, TileWidget] = {}
        self._columns: list[list[str]] = []
        self._pinned: dict[str, int] = {}
        self._measures: list[TileMeasure] = []
        self._limit = 6
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Overview: the arrows lead to its tiles")
        self.card = SummaryCard()
        self.lifelines = Lifelines()
        self.lifelines.opened.connect(self._open_container)
        self.lifelines.menu_wanted.connect(lambda row, place: self.container_menu(row).popup(place))
        inner = named(QWidget(), "PageHead")
        self._board = QHBoxLayout()
        self._board.setSpacing(8)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(12)
        self._top.addWidget(self.card, 0)
        self._top.addWidget(self._containers_card(), 1)
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 14, 14, 14)
        column.setSpacing(12)
        self.severity = SeverityLine()
        self.severity.opened.connect(lambda: self.page_wanted.emit("findings"))
        column.addLayout(self._top)
        column.addWidget(self.severity)
        column.addLayout(self._board)
        column.addStretch(1)
        self._area = scroll_area(inner)
        self.fold = FoldLine(self._area)
        self.column.addWidget(self._area, 1)
        self.column.addWidget(self.fold)

    def question(self, scope: Scope) -> Question:
        """All tiles at once, and what containers did."""

        def work(job: Job) -> object:
            selection = scope.select()
            job.check()
            tiles = measure(scope.frames, selection, scope.period, BINS)
            job.check()
            lives = container_lives(scope.frames, selection, scope.period, 240)
            return OverviewAnswer(summarise(scope.frames), tuple(tiles), lives)

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Fill the board; under another time window alone no tile goes, so that nothing jumps about."""
        known = cast(OverviewAnswer, answer)
        before, self.scope = self.scope, scope
        same = (
            before is not None
            and before.frames.path == scope.frames.path
            and before.conditions == scope.conditions
        )
        self.card.show_summary(known.summary)
        self.lifelines.show_lives(known.lives, scope.range)
        self._containers_note.setText(_containers_note(known.summary))
        kept = set(self.tiles) if same else set()
        self._measures = [one for one in known.tiles if one.shown or one.tile.id in kept]
        if same and kept == {one.tile.id for one in self._measures}:
            for one in self._measures:
                show_measure(self.tiles[one.tile.id], one)
            self.fold.watch([self.tiles[one.tile.id] for one in self._measures if _stands_out(one)])
        else:
            self._fill_board(self._measures)

    def take_focus(self) -> None:
        """To the page; the arrows then go to its tiles."""
        if not any(tile.hasFocus() for tile in self.tiles.values()):
            self.setFocus()

    def refresh_theme(self) -> None:
        """The shapes of priorities."""
        self.severity.refresh()

    def show_pinned(self, pinned: dict[str, int]) -> None:
        """Which tiles are on the time strip, with their colours."""
        self._pinned = dict(pinned)
        for tile_id, widget in self.tiles.items():
            widget.show_pinned(pinned.get(tile_id))

    def _fill_board(self, measures: list[TileMeasure]) -> None:
        focused = next((tile_id for tile_id, widget in self.tiles.items() if widget.hasFocus()), "")
        while (item := self._board.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self.tiles, self._columns = {}, []
        for groups in _in_columns(measures, self._limit):
            self._board.addWidget(self._column_of(groups), 1, Qt.AlignmentFlag.AlignTop)
        self.show_pinned(self._pinned)
        self.fold.watch([self.tiles[one.tile.id] for one in measures if _stands_out(one)])
        if focused in self.tiles:
            self.tiles[focused].setFocus()

    def _column_of(self, groups: Groups) -> QWidget:
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        self._columns.append([one.tile.id for _, members in groups for one in members])
        for category, members in groups:
            column.addWidget(plain_label("GroupTitle", category.value))
            for one in members:
                column.addWidget(self._tile(one))
        return widget

    def _tile(self, one: TileMeasure) -> TileWidget:
        widget = TileWidget(one.tile.id, one.tile.title, plain(one.meaning))
        show_measure(widget, one)
        widget.pin_toggled.connect(self.pin_toggled)
        widget.opened.connect(self._open_tile)
        widget.menu_wanted.connect(lambda name, place: self.tile_menu(name).popup(place))
        widget.moved.connect(self._move_focus)
        self.tiles[one.tile.id] = widget
        return widget

    def tile_menu(self, tile_id: str) -> QMenu:
        """What can be done with a tile, and with what it counts."""
        tile = TILES[tile_id]
        word = "Unpin from" if tile_id in self._pinned else "Pin to"
        own = (
            ("Open\tEnter", tile.view, partial(self._open_tile, tile_id)),
            (f"{word} the time strip\tSpace", "pin", partial(self.pin_toggled.emit, tile_id)),
        )
        return build_thing_menu(self, Thing(tile.title, tile.condition, is_all=not tile.condition), own)

    def container_menu(self, row: int) -> QMenu:
        """What can be done with a container."""
        assert self.scope is not None  # noqa: S101 - lifelines are of a scope
        subject = container_subject(self.scope.frames, row)
        label = label_of(self.scope.frames, subject)
        birth = number_at(self.scope.frames.containers, "birth", row)
        thing = Thing(label, subject.condition(), "container", label, (subject,), birth)
        return build_thing_menu(self, thing)

    def _open_tile(self, tile_id: str) -> None:
        tile = TILES[tile_id]
        self.drill_wanted.emit(tile.view, tile.condition, tile.title)

    def _move_focus(self, tile_id: str, columns: int, lines: int) -> None:
        column = next(place for place, names in enumerate(self._columns) if tile_id in names)
        line = self._columns[column].index(tile_id) + lines
        names = self._columns[max(0, min(len(self._columns) - 1, column + columns))]
        # Columns end at different heights.
        self.tiles[names[max(0, min(len(names) - 1, line))]].setFocus()

    def _open_container(self, row: int) -> None:
        if self.scope is not None:
            self.page_wanted.emit(container_subject(self.scope.frames, row).address)

    def _containers_card(self) -> QFrame:
        ground = card()
        title = plain_label("GroupTitle", "Containers")
        self._containers_note = plain_label("Muted")
        self._containers_note.setMinimumWidth(20)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addSpacing(8)
        head.addWidget(self._containers_note, 1)
        scroll = scroll_area(self.lifelines)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(ground)
        column.setContentsMargins(14, 10, 14, 10)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        ground.setFixedHeight(scaled(SummaryCard.HEIGHT))
        self._containers_ground = ground
        return ground

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._containers_ground.setFixedHeight(scaled(SummaryCard.HEIGHT))
            self._fill_board(self._measures)
            self._fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Any arrow leads to the first tile."""
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        if event.key() in arrows and self._columns:
            self.tiles[self._columns[0][0]].setFocus()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Perhaps other columns fit."""
        self._fit_columns()

    def _fit_columns(self) -> None:
        """As many columns as titles can be read in; lives below the figures where there is no room beside."""
        beside = self.width() >= scaled(SummaryCard.WIDTH + _LIVES)
        direction = QBoxLayout.Direction
        self._top.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        limit = max(2, min(len(TileCategory), (self.width() - 30) // scaled(_COLUMN)))
        if limit != self._limit:
            self._limit = limit
            self._fill_board(self._measures)


def show_measure(widget: TileWidget, one: TileMeasure) -> None:
    """Put a tile's figure and trend on its widget."""
    widget.show_figure(one.text, one.counts, quiet=one.total == 0)
    widget.show_noteworthy(on=_stands_out(one))


def _stands_out(one: TileMeasure) -> bool:
    return one.tile.noteworthy and one.total > 0


def _in_columns(measures: list[TileMeasure], limit: int) -> list[Groups]:
    """Categories side by side in their order; of more than `limit`, short ones share a column."""
    columns: list[Groups] = []
    for category in TileCategory:
        members = [one for one in measures if one.tile.category is category]
        # What deserves a second look stands first, so that no fold hides it.
        members.sort(key=lambda one: not _stands_out(one))
        if members:
            columns.append([(category, members)])
    while len(columns) > limit:
        first, second = sorted(sorted(range(len(columns)), key=lambda place: _length(columns[place]))[:2])
        columns[first] += columns.pop(second)
    return columns


def _length(groups: Groups) -> int:
    return sum(len(members) + 1 for _, members in groups)


def _containers_note(summary: Summary) -> str:
    if not summary.containers:
        return ""
    alive = summary.containers - summary.containers_dead
    parts = [f"{alive:,} alive at the end", f"{summary.containers_dead:,} gone"]
    if summary.containers_unnamed:
        parts.append(f"{summary.containers_unnamed:,} without a recorded name")
    return "  ·  ".join(parts)
