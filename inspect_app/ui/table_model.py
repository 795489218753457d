"""A view's rows for Qt: nothing is copied, and only what is on screen is formatted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from inspect_app.session.colour_rules import ColourRule, marks_of_rows
from inspect_app.session.look import Look
from inspect_app.ui.paints import ground_of, sign_of
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.theme import colour
from inspect_app.views.format import UNKNOWN, Clock, Unit, format_time
from inspect_app.views.sorting import sort_rows
from inspect_app.views.table import ViewTable

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
BAR = int(Qt.ItemDataRole.UserRole) + 1
"""Role: how long the bar in the cell is, 0 to 1, None for no bar."""
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_WITH_BARS = (Unit.COUNT, Unit.BYTES, Unit.DURATION, Unit.RATE, Unit.SHARE)
_DAY = 86_400 * 10**9
_LEFT_UNITS = (Unit.TEXT, Unit.TIME)
_CLOCK_WORDS = {Clock.UTC: " (UTC)", Clock.LOCAL: " (local)", Clock.RELATIVE: " (from start)"}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table with what takes long for many rows, worked out before Qt sees it."""

    table: ViewTable
    order: np.ndarray
    """Rows in the order of the screen, uint32."""
    sorted_by: tuple[str, bool]
    """Column and whether it descends."""
    peaks: tuple[float, ...]
    """The highest figure of each column, 0 where no bar is drawn."""
    marks: np.ndarray | None = None
    """uint8, one a row of the table: 1 + the place of the colour rule that paints it; None: none does."""


def prepare(
    table: ViewTable, column: str = "", descending: bool = True, scope: Scope | None = None
) -> Prepared:
    """Put a table in order; a column that it does not have gives the view's own order.

    The colour rules of the scope paint rows, where one is given and the table knows its rows' events.
    """
    own = table.view.sort
    if column not in [one.id for one in table.columns]:
        column, descending = own.column, own.descending
    peaks = tuple(_peak(table, place) for place in range(len(table.columns)))
    marks = None
    if scope is not None and table.rows_with is not None:
        marks = marks_of_rows(scope.look.rules, scope.frames, table.rows_with, len(table))
    return Prepared(table, sort_rows(table, column, descending), (column, descending), peaks, marks)


class ViewModel(QAbstractTableModel):
    """The rows of a `ViewTable` in one order, with the chosen columns."""

    def __init__(
        self, ready: Prepared, zero: int, parent: QObject | None = None, look: Look | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look or Look()
        self._clock = Clock(self._look.clock or "utc")
        self._marks = ready.marks
        self.table = ready.table
        self.order = ready.order
        self.sorted_by = ready.sorted_by
        self.shown = [place for place, column in enumerate(ready.table.columns) if column.shown]
        self._zero = zero
        self._peaks = ready.peaks

    def row_of(self, line: int) -> int:
        """The table's row that stands in a line of the screen."""
        return int(self.order[line])

    def lines_of(self, rows: np.ndarray) -> np.ndarray:
        """The lines in which rows of the table stand, ascending."""
        place = np.empty(len(self.order), dtype=np.int64)
        place[self.order] = np.arange(len(self.order))
        return np.sort(place[rows])

    def text(self, line: int, section: int) -> str:
        """What a cell says, as plain text on one line."""
        row, place = self.row_of(line), self.shown[section]
        if self.table.columns[place].unit is Unit.TIME:
            return self._moment(self.table.value(row, place))
        return plain(self.table.text(row, place))

    def _moment(self, value: object) -> str:
        """A time of day, with the day where it is not the one on which the capture began."""
        if not isinstance(value, int):
            return UNKNOWN
        if self._clock is Clock.RELATIVE:
            return format_time(value, Clock.RELATIVE, zero=self._zero)
        same_day = value // _DAY == self._zero // _DAY
        return format_time(value, self._clock, date=not same_day).removesuffix(" UTC")

    def show_order(self, ready: Prepared) -> None:
        """Another order of the same rows."""
        self.layoutAboutToBeChanged.emit()
        self.order, self.sorted_by = ready.order, ready.sorted_by
        self.layoutChanged.emit()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.shown) - 1)

    def show_columns(self, places: list[int]) -> None:
        """Which of the view's columns are there."""
        self.beginResetModel()
        self.shown = places
        self.endResetModel()

    def rule_of(self, line: int) -> ColourRule | None:
        """The colour rule that paints a line."""
        mark = int(self._marks[self.row_of(line)]) if self._marks is not None else 0
        return self._look.rules[mark - 1] if mark else None

    def _painted(self, index: Index, role: int) -> Any:
        """Ground and sign of a painted line; its rule's name for those who cannot see either."""
        rule = self.rule_of(index.row())
        if rule is None:
            return None
        if role == Qt.ItemDataRole.BackgroundRole:
            return ground_of(rule)
        return sign_of(rule) if index.column() == 0 else None

    def _bar(self, line: int, place: int) -> float | None:
        if self._peaks[place] <= 0:
            return None
        value = self.table.value(self.row_of(line), place)
        return max(0.0, float(value) / self._peaks[place]) if isinstance(value, int | float) else None

    # Qt's own names from here on.

    def rowCount(self, parent: Index = _ROOT) -> int:
        """As many as the table has."""
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """As many as are shown."""
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        if not index.isValid():
            return None
        place = self.shown[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._told(index)
        if role in (Qt.ItemDataRole.BackgroundRole, Qt.ItemDataRole.DecorationRole):
            return self._painted(index, role)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if self.table.columns[place].unit in _LEFT_UNITS else _RIGHT
        if role == BAR:
            return self._bar(index.row(), place)
        if role == Qt.ItemDataRole.ForegroundRole:
            return colour("muted") if self.text(index.row(), index.column()) == UNKNOWN else None
        if role == Qt.ItemDataRole.ToolTipRole:
            text = self._told(index)
            return text if len(text) > 24 and "<" not in text else None
        return None

    def _told(self, index: Index) -> str:
        """A cell in words alone."""
        rule = self.rule_of(index.row()) if index.column() == 0 else None
        text = self.text(index.row(), index.column())
        return f"{text}, {plain(rule.title)}" if rule is not None else text

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """A column's title; its meaning as the tip."""
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(self.shown):
            return None
        column = self.table.columns[self.shown[section]]
        if role == Qt.ItemDataRole.DisplayRole:
            arrow = {True: " ▾", False: " ▴"}[self.sorted_by[1]] if column.id == self.sorted_by[0] else ""
            return column.title + (_CLOCK_WORDS[self._clock] if column.unit is Unit.TIME else "") + arrow
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.title}: {column.meaning}" if column.meaning else column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if column.unit in _LEFT_UNITS else _RIGHT
        return None


def _peak(table: ViewTable, place: int) -> float:
    column, cells = table.columns[place], table.cells[place]
    if column.unit not in _WITH_BARS or cells.codes is not None or len(cells) < 2:
        return 0.0
    present = cells.values[~cells.absent()]
    return float(present.max()) if len(present) else 0.0
