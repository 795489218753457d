"""Single events for Qt: any number of rows, formatted when they come on screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

import numpy as np
import pandas as pd
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from inspect_app.analysis.event import call_parts
from inspect_app.cases import ShownNote
from inspect_app.cases.noted import Noted
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session.colour_rules import ColourRule
from inspect_app.ui.icons import icon
from inspect_app.ui.lookups import text_at
from inspect_app.ui.paints import ground_of, sign_of
from inspect_app.ui.plain import plain
from inspect_app.ui.table_model import Index
from inspect_app.ui.theme import colour
from inspect_app.views.event_order import FIELDS, TIME
from inspect_app.views.format import UNKNOWN, Clock, format_count, format_duration, format_time

_ROOT = QModelIndex()
_ARGUMENTS_LIMIT = 300
_TIP_NOTES, _TIP_LENGTH = 5, 300
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, eq=False)
class Painted:
    """Which colour rule paints which event of a capture."""

    rules: tuple[ColourRule, ...] = ()
    marks: np.ndarray | None = None
    """uint8, one an event: 1 + the place of its rule, 0 for none; None: nothing is painted."""

    def rule_of(self, row: int) -> ColourRule | None:
        """The rule that paints an event."""
        mark = int(self.marks[row]) if self.marks is not None else 0
        return self.rules[mark - 1] if mark else None


COLUMNS = (
    ("No.", True, "Number of the event in the capture"),
    ("Time", False, "When the call returned"),
    ("Took", True, "How long the call took"),
    ("Process", False, "The kernel's name of the program, and the process id as the host sees it"),
    ("Event", False, "System call or scheduler event"),
    ("Arguments", False, "Arguments, decoded"),
    ("Result", False, "What the call returned"),
    ("TID", True, "Thread id as the host sees it"),
    ("Container", False, "Container of the process"),
)
"""Title, whether it lines up at the right, meaning."""
WHEN, PROCESS, EVENT, ARGUMENTS, RESULT = 1, 3, 4, 5, 6


class EventModel(QAbstractTableModel):
    """The rows of a selection in order of time."""

    def __init__(
        self,
        frames: CaptureFrames,
        rows: np.ndarray,
        zero: int,
        parent: QObject | None = None,
        painted: Painted | None = None,
    ) -> None:
        """`rows` are ascending row numbers of events; `zero` is what relative times count from."""
        super().__init__(parent)
        self.sorted_by = (TIME, False)
        self.frames = frames
        self.rows = rows
        self._painted = painted or Painted()
        self._noted = Noted()
        self.clock = Clock.RELATIVE
        self._zero = zero
        events = frames.events
        self._time = events["time"].to_numpy()
        self._latency = events["latency"].to_numpy()
        self._ret = events["ret"].to_numpy()
        self._process = events["process"].to_numpy()
        self._thread = events["thread"].to_numpy()
        self._image = events["image"].to_numpy()
        self._container = events["container"].to_numpy()
        # Not `.cat.codes`: that copies them.
        self._type = cast(pd.Categorical, events["type"].array).codes
        self._names: list[str] = [plain(str(name)) for name in events["type"].cat.categories]
        span = int(self._time[rows[-1]] - self._time[rows[0]]) if len(rows) else 0
        # Nanoseconds are in the detail; the list shows them where everything lies that close together.
        self._digits = 9 if span < 10_000_000 else 6
        # Bound to the frames, not to the model: a circle would keep a capture that is no longer shown.
        self._parts = lru_cache(maxsize=4_096)(partial(_call, frames))

    def row_of(self, line: int) -> int:
        """The event's row in the capture."""
        return int(self.rows[line])

    def show_order(self, rows: np.ndarray, column: str, *, descending: bool) -> None:
        """The same events in another order; `column` is one of `views.event_order`."""
        self.beginResetModel()
        self.rows, self.sorted_by = rows, (column, descending)
        self.endResetModel()

    def show_clock(self, clock: Clock) -> None:
        """Against what moments are told."""
        self.clock = clock
        self.dataChanged.emit(self.index(0, 1), self.index(max(0, len(self.rows) - 1), 1))

    def text(self, line: int, section: int) -> str:
        """What a cell says."""
        row = int(self.rows[line])
        match section:
            case 0:
                return f"{row + 1:,}"
            case 1:
                return self._moment(row)
            case 2:
                return format_duration(int(self._latency[row]))
            case 3:
                return self._process_name(row)
            case 4:
                return self._names[int(self._type[row])]
            case 5:
                return self._parts(row)[0]
            case 6:
                return self._parts(row)[1]
            case 7:
                thread = int(self._thread[row])
                return text_at(self.frames.threads, "tid", thread) if thread >= 0 else UNKNOWN
            case _:
                return self._container_name(int(self._container[row]))

    def show_noted(self, noted: Noted) -> None:
        """Other notes on events."""
        self._noted = noted
        last = max(0, len(self.rows) - 1)
        self.dataChanged.emit(self.index(0, EVENT), self.index(last, EVENT), [Qt.ItemDataRole.DecorationRole])

    def notes_of(self, line: int) -> list[ShownNote]:
        """The notes on the event in a line."""
        return self._noted.of_row(int(self.rows[line])) if len(self._noted.notes) else []

    def failed(self, line: int) -> bool:
        """Whether the call returned an error."""
        return -4_095 <= int(self._ret[int(self.rows[line])]) < 0

    def rule_of(self, line: int) -> ColourRule | None:
        """The colour rule that paints a line."""
        return self._painted.rule_of(int(self.rows[line]))

    def _told(self, index: Index, role: int) -> str | None:
        """A cell in words alone; the first says which rule paints its line."""
        if index.column() == EVENT:
            return self._told_of_notes(index, role)
        rule = self.rule_of(index.row()) if index.column() == 0 else None
        title = plain(rule.title) if rule is not None else ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return title if title and "<" not in title else None
        text = self.text(index.row(), index.column())
        return f"{text}, {title}" if title else text

    def _told_of_notes(self, index: Index, role: int) -> str | None:
        """The event, and how many notes are on it; as a tip their texts."""
        notes = self.notes_of(index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            told = "\n".join(plain(one.note.text[:_TIP_LENGTH] or "marked") for one in notes[:_TIP_NOTES])
            return told if told and "<" not in told else None
        text = self.text(index.row(), index.column())
        return f"{text}, {format_count(len(notes), 'note')}" if notes else text

    def _moment(self, row: int) -> str:
        if self.clock is Clock.RELATIVE:
            return format_time(int(self._time[row]), Clock.RELATIVE, zero=self._zero, digits=self._digits)
        return format_time(int(self._time[row]), self.clock, digits=self._digits, date=False)

    def _process_name(self, row: int) -> str:
        image, process = int(self._image[row]), int(self._process[row])
        name = plain(text_at(self.frames.images, "comm", image)) if image >= 0 else ""
        if process < 0:
            return name or UNKNOWN
        return f"{name or UNKNOWN} ({text_at(self.frames.processes, 'pid', process)})"

    def _container_name(self, container: int) -> str:
        if container < 0:
            return UNKNOWN
        table = self.frames.containers
        return plain(text_at(table, "name", container)) or text_at(table, "id", container)

    # Qt's own names from here on.

    def rowCount(self, parent: Index = _ROOT) -> int:
        """As many as are selected."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Always the same."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell; results that are errors are red, and say so in words anyway."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self._told(index, role)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == EVENT:
            return icon("notes", "accent") if self.notes_of(index.row()) else None
        if role in (Qt.ItemDataRole.BackgroundRole, Qt.ItemDataRole.DecorationRole):
            rule = self.rule_of(index.row())
            if rule is None or role == Qt.ItemDataRole.BackgroundRole:
                return ground_of(rule) if rule is not None else None
            return sign_of(rule) if index.column() == 0 else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if COLUMNS[index.column()][1] else _LEFT
        if role == Qt.ItemDataRole.ForegroundRole:
            if index.column() == RESULT and self.failed(index.row()):
                return colour("error")
            return colour("accent") if index.column() == EVENT else None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles and their meanings."""
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(COLUMNS):
            return None
        title, right, meaning = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            arrow = (
                {True: " ▾", False: " ▴"}[self.sorted_by[1]] if sort_of(section) == self.sorted_by[0] else ""
            )
            return title + (arrow if section else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return meaning
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if right else _LEFT
        return None


def sort_of(section: int) -> str:
    """What a click on a title sorts by; empty for nothing."""
    word = COLUMNS[section][0].lower()
    return word if word in FIELDS else TIME if word in ("no.", TIME) else ""


def _call(frames: CaptureFrames, row: int) -> tuple[str, str]:
    """Arguments and result of a call, as strace prints them."""
    arguments, result = call_parts(frames, row)
    # The names of arguments are in the detail.
    text = ", ".join(value for _, value in arguments)
    # The error's sentence is in the detail; its name is enough in a list. Both are escaped already.
    return text[:_ARGUMENTS_LIMIT], result.partition(" (")[0]
