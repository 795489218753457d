"""The first page: what was recorded, what stands out, which containers lived when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from inspect_app.analysis.summary import Summary, summarise
from inspect_app.filters.language import quote
from inspect_app.ui.banner import plain_label
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.lifelines import Life, Lifelines
from inspect_app.ui.pages.lives import container_lives
from inspect_app.ui.pages.page import Page, Question
from inspect_app.ui.pages.summary_card import SummaryCard
from inspect_app.ui.pages.tile import TileWidget
from inspect_app.ui.scope import Scope
from inspect_app.views.tiles import TILES, TileCategory, TileMeasure, measure

BINS = 60
_COLUMN = 176


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
        self._grid_of: dict[str, tuple[int, int]] = {}
        self._pinned: dict[str, int] = {}
        self._measures: list[TileMeasure] = []
        self._limit = 6
        self.card = SummaryCard()
        self.lifelines = Lifelines()
        self.lifelines.opened.connect(self._open_container)
        scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget(objectName="PageHead")
        self._board = QGridLayout()
        self._board.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.card, 0)
        top.addWidget(self._containers_card(), 1)
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 14, 14, 14)
        column.setSpacing(12)
        column.addLayout(top)
        column.addLayout(self._board)
        column.addStretch(1)
        scroll.setWidget(inner)
        self.column.addWidget(scroll)

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
        """Fill the board; tiles that were there keep their place in memory and focus."""
        known = cast(OverviewAnswer, answer)
        self.scope = scope
        self.card.show_summary(known.summary)
        self.lifelines.show_lives(known.lives, scope.range)
        self._containers_note.setText(_containers_note(known.summary))
        self._measures = [tile for tile in known.tiles if tile.shown]
        self._fill_board(self._measures)

    def show_pinned(self, pinned: dict[str, int]) -> None:
        """Which tiles are on the time strip, with their colours."""
        self._pinned = dict(pinned)
        for tile_id, widget in self.tiles.items():
            widget.show_pinned(pinned.get(tile_id))

    def _fill_board(self, measures: list[TileMeasure]) -> None:
        focused = next((tile_id for tile_id, widget in self.tiles.items() if widget.hasFocus()), "")
        while self._board.count():
            item = self._board.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.tiles, self._grid_of = {}, {}
        columns = _in_columns(measures, self._limit)
        for place, groups in enumerate(columns):
            line = 0
            for category, members in groups:
                self._board.addWidget(plain_label("GroupTitle", category.value), line, place)
                for one in members:
                    line += 1
                    self._board.addWidget(self._tile(one), line, place)
                    self._grid_of[one.tile.id] = (place, line)
                line += 1
        for place in range(self._board.columnCount()):
            self._board.setColumnStretch(place, int(place < len(columns)))
        self.show_pinned(self._pinned)
        if focused in self.tiles:
            self.tiles[focused].setFocus()

    def _tile(self, one: TileMeasure) -> TileWidget:
        widget = TileWidget(one.tile.id, one.tile.title, one.tile.description)
        widget.show_figure(one.text, one.counts, quiet=one.total == 0)
        widget.show_noteworthy(on=one.tile.noteworthy and one.total > 0)
        widget.pin_toggled.connect(self.pin_toggled)
        widget.opened.connect(self._open_tile)
        widget.moved.connect(self._move_focus)
        self.tiles[one.tile.id] = widget
        return widget

    def _open_tile(self, tile_id: str) -> None:
        tile = TILES[tile_id]
        self.drill_wanted.emit(tile.view, tile.condition, tile.title)

    def _move_focus(self, tile_id: str, columns: int, lines: int) -> None:
        column, line = self._grid_of[tile_id]
        places = {place: name for name, place in self._grid_of.items()}
        wanted = (column + columns, line + lines)
        # Headings lie between tiles, and columns end at different heights.
        while wanted not in places and 0 <= wanted[1] <= self._board.rowCount():
            wanted = (wanted[0], wanted[1] + (lines or -1))
        if wanted in places:
            self.tiles[places[wanted]].setFocus()

    def _open_container(self, row: int) -> None:
        if self.scope is not None:
            name = str(self.scope.frames.containers["id"].iat[row])
            shown = str(self.scope.frames.containers["name"].iat[row]) or name
            self.drill_wanted.emit("processes", f"container.id = {quote(name)}", shown)

    def _containers_card(self) -> QFrame:
        card = QFrame(objectName="Card")
        title = plain_label("GroupTitle", "Containers")
        self._containers_note = plain_label("Muted")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addSpacing(8)
        head.addWidget(self._containers_note, 1)
        scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        scroll.setWidget(self.lifelines)
        # `setWidget` fills the widget with the window's colour; the card has its own.
        self.lifelines.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(card)
        column.setContentsMargins(14, 10, 14, 10)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        card.setFixedHeight(SummaryCard.HEIGHT)
        return card

    # Qt's own names from here on.

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as titles can be read in."""
        limit = max(2, min(len(TileCategory), (self.width() - 30) // _COLUMN))
        if limit != self._limit:
            self._limit = limit
            self._fill_board(self._measures)


Groups = list[tuple[TileCategory, list[TileMeasure]]]


def _in_columns(measures: list[TileMeasure], limit: int) -> list[Groups]:
    """Categories side by side in their order; where there are more than `limit`, short ones share a column."""
    columns: list[Groups] = []
    for category in TileCategory:
        members = [one for one in measures if one.tile.category is category]
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
    parts = [f"{alive:,} alive at the end", f"{summary.containers_dead:,} gone by then"]
    if summary.containers_unnamed:
        parts.append(f"{summary.containers_unnamed:,} of which only the ID is known")
    return "  ·  ".join(parts)
