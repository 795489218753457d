"""The process forest for Qt: rows of arrays, looked up when a branch is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from inspect_app.analysis.processes import Forest, Lifelines, adopter_of, fate_text
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.plain import plain
from inspect_app.ui.table_model import Index
from inspect_app.ui.theme import category_colour, colour
from inspect_app.views.format import UNKNOWN, format_count

_ROOT = QModelIndex()
NAME, PID, CONTAINER, FATE, EVENTS, LIFE = range(6)
_TITLES = ("Process", "PID", "Container", "Ended", "Events", "")
_RIGHT = (PID, EVENTS)


@dataclass(frozen=True, eq=False)
class Branches:
    """The part of the forest that is shown. Arrays have one entry a row of processes."""

    frames: CaptureFrames
    forest: Forest
    lives: Lifelines
    shown: np.ndarray
    """bool: selected, or above one that is."""
    chosen: np.ndarray
    """bool: selected itself; the others step back."""
    events: np.ndarray
    """int64: how many selected events it has."""
    exec_starts: np.ndarray
    """Positions in `exec_times` and `exec_names` at which a process's begin, one more than processes."""
    exec_times: np.ndarray
    exec_rows: np.ndarray
    """Rows of images."""


class TreeModel(QAbstractItemModel):
    """Processes below the one that created them."""

    def __init__(self, branches: Branches, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.branches = branches
        order = branches.forest.order
        order = order[branches.shown[order]]
        above = branches.forest.parent[order]
        # Stable: siblings stay in the order of the forest, by start.
        by_parent = np.argsort(above, kind="stable")
        self._rows = order[by_parent]
        self._starts = np.searchsorted(above[by_parent], np.arange(-1, len(branches.shown) + 1))
        self._place = np.zeros(len(branches.shown), dtype=np.int64)
        self._place[self._rows] = np.arange(len(self._rows)) - self._starts[above[by_parent] + 1]

    def process_of(self, index: Index) -> int:
        """The row of processes that an index stands for, -1 for none."""
        return int(index.internalId()) if index.isValid() else -1

    def index_of(self, process: int, section: int = 0) -> QModelIndex:
        """Where a process stands."""
        return self.createIndex(int(self._place[process]), section, process)

    def text(self, process: int, section: int) -> str:
        """What a cell says."""
        frames = self.branches.frames
        match section:
            case 0:
                return self.name(process)
            case 1:
                return text_at(frames.processes, "pid", process)
            case 2:
                return self._container(process)
            case 3:
                return ", ".join(filter(None, (fate_text(frames, process), self._adopted(process))))
            case 4:
                count = int(self.branches.events[process])
                return format_count(count) if count else ""
            case _:
                return ""

    def name(self, process: int) -> str:
        """The command it ran last."""
        frames = self.branches.frames
        image = number_at(frames.processes, "image", process)
        if image < 0:
            return UNKNOWN
        known = frames.images["cmdline"].iat[image] or frames.images["comm"].iat[image]
        return plain(str(known)) or UNKNOWN

    def _adopted(self, process: int) -> str:
        """Who had it in the end, where that is not its creator."""
        adopter = adopter_of(self.branches.frames, process)
        return f"adopted by {text_at(self.branches.frames.processes, 'pid', adopter)}" if adopter >= 0 else ""

    def _container(self, process: int) -> str:
        frames = self.branches.frames
        row = number_at(frames.processes, "container", process)
        if row < 0:
            return UNKNOWN
        return plain(text_at(frames.containers, "name", row)) or text_at(frames.containers, "id", row)

    def failed(self, process: int) -> bool:
        """Whether it was killed, or ended with another code than 0."""
        table = self.branches.frames.processes
        return number_at(table, "exit_signal", process) > 0 or number_at(table, "exit_code", process) > 0

    # Qt's own names from here on.

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        """The child of a process; its internal id is the process's row."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        start = int(self._starts[self.process_of(parent) + 1])
        return self.createIndex(row, column, int(self._rows[start + row]))

    def parent(self, index: Index = _ROOT) -> QModelIndex:  # type: ignore[override]  # Qt overloads the name
        """The process that created it."""
        above = int(self.branches.forest.parent[self.process_of(index)]) if index.isValid() else -1
        return self.index_of(above) if above >= 0 else QModelIndex()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many it created."""
        if parent.column() > 0:
            return 0
        place = self.process_of(parent) + 1
        return int(self._starts[place + 1] - self._starts[place])

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Always the same."""
        return len(_TITLES)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        if not index.isValid():
            return None
        process = self.process_of(index)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.text(process, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole:
            if index.column() == FATE and self.failed(process):
                return colour("error")
            return None if self.branches.chosen[process] and index.column() != CONTAINER else colour("muted")
        if role == Qt.ItemDataRole.DecorationRole and index.column() == CONTAINER:
            row = number_at(self.branches.frames.processes, "container", process)
            return category_colour(row) if row >= 0 and not self.branches.frames.is_host[row] else None
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == NAME:
            name = self.name(process)
            return name if "<" not in name else None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles; the last column is headed by a ruler."""
        if role == Qt.ItemDataRole.DisplayRole and 0 <= section < len(_TITLES):
            return _TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None
