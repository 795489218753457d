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
_MAY_BE_CUT = (NAME, CONTAINER, FATE)
_RIGHT_SIDE, _LEFT_SIDE = (
    int(side | Qt.AlignmentFlag.AlignVCenter)
    for side in (Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft)
)
_KEPT_LINES = 4_096
_WRITTEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


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


@dataclass(frozen=True, slots=True)
class _Line:
    """What is shown of a process, put together once."""

    texts: tuple[str, ...]
    failed: bool
    """Whether it was killed, or ended with another code than 0."""
    container: int
    """The row of a container that is not the host, -1 for none."""


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
        self._lines: dict[int, _Line] = {}

    def process_of(self, index: Index) -> int:
        """The row of processes that an index stands for, -1 for none."""
        return int(index.internalId()) if index.isValid() else -1

    def index_of(self, process: int, section: int = 0) -> QModelIndex:
        """Where a process stands."""
        return self.createIndex(int(self._place[process]), section, process)

    def text(self, process: int, section: int) -> str:
        """What a cell says."""
        return self._line(process).texts[section]

    def _line(self, process: int) -> _Line:
        line = self._lines.get(process)
        if line is None:
            if len(self._lines) >= _KEPT_LINES:
                self._lines.clear()
            line = self._lines[process] = self._line_of(process)
        return line

    def _line_of(self, process: int) -> _Line:
        frames, count = self.branches.frames, int(self.branches.events[process])
        table = frames.processes
        container = number_at(table, "container", process)
        texts = (
            self.name(process),
            text_at(table, "pid", process),
            self._container(container),
            ", ".join(filter(None, (fate_text(frames, process), self._adopted(process)))),
            format_count(count) if count else "",
            "",
        )
        failed = number_at(table, "exit_signal", process) > 0 or number_at(table, "exit_code", process) > 0
        return _Line(texts, failed, container if container >= 0 and not frames.is_host[container] else -1)

    def name(self, process: int) -> str:
        """The command it ran last."""
        frames = self.branches.frames
        image = number_at(frames.processes, "image", process)
        if image < 0:
            return UNKNOWN
        known = text_at(frames.images, "cmdline", image) or text_at(frames.images, "comm", image)
        return plain(known) or UNKNOWN

    def _adopted(self, process: int) -> str:
        """Who had it in the end, where that is not its creator."""
        adopter = adopter_of(self.branches.frames, process)
        return f"adopted by {text_at(self.branches.frames.processes, 'pid', adopter)}" if adopter >= 0 else ""

    def _container(self, row: int) -> str:
        table = self.branches.frames.containers
        if row < 0:
            return UNKNOWN
        return plain(text_at(table, "name", row)) or text_at(table, "id", row)

    def failed(self, process: int) -> bool:
        """Whether it was killed, or ended with another code than 0."""
        return self._line(process).failed

    def container(self, process: int) -> int:
        """The row of a container that is not the host, -1 for none."""
        return self._line(process).container

    # Qt's own names from here on.

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        """The child of a process; its internal id is the process's row."""
        place = self.process_of(parent) + 1
        start = int(self._starts[place])
        if parent.column() > 0 or not (
            0 <= row < int(self._starts[place + 1]) - start and 0 <= column < len(_TITLES)
        ):
            return QModelIndex()
        return self.createIndex(row, column, int(self._rows[start + row]))

    def sibling(self, row: int, column: int, index: Index) -> QModelIndex:
        """Qt asks for every cell that it paints; in the same line, that needs no way over the parent."""
        if index.isValid() and row == index.row() and 0 <= column < len(_TITLES):
            return self.createIndex(row, column, index.internalId())
        return super().sibling(row, column, index)

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
        process, section = index.internalId(), index.column()
        if role in _WRITTEN:
            return self._line(process).texts[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT_SIDE if section in _RIGHT else _LEFT_SIDE
        if role == Qt.ItemDataRole.ForegroundRole:
            if section == FATE and self._line(process).failed:
                return colour("error")
            return None if self.branches.chosen[process] and section != CONTAINER else colour("muted")
        if role == Qt.ItemDataRole.DecorationRole and section == CONTAINER:
            container = self._line(process).container
            return category_colour(container) if container >= 0 else None
        if role == Qt.ItemDataRole.ToolTipRole and section in _MAY_BE_CUT:
            text = self._line(process).texts[section]
            return text if "<" not in text else None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles; the last column is headed by a ruler."""
        if role == Qt.ItemDataRole.DisplayRole and 0 <= section < len(_TITLES):
            return _TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT_SIDE if section in _RIGHT else _LEFT_SIDE
        return None
