"""Notes of the case: chosen by severity, tag, author and text, each a way to what it is on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from inspect_app.cases import Anchor, Case, Severity, ShownNote
from inspect_app.cases.listing import NoteFilter
from inspect_app.cases.noted import Noted
from inspect_app.ui.note_dialog import SEVERITIES
from inspect_app.ui.pages.one_table import OneTablePage
from inspect_app.ui.pages.page import PageHead, Question
from inspect_app.ui.row_menu import MenuBuilder
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import Prepared, prepare
from inspect_app.ui.widgets import tool_button
from inspect_app.views.format import Unit, format_count
from inspect_app.views.plain_table import PlainSpec, plain_table
from inspect_app.views.table import ViewTable

_SPEC = PlainSpec(
    "notes",
    "Notes",
    ("note", "notes"),
    "What was written about this and other captures of the case.",
    (
        ("number", "Report", Unit.ID, "its place in the report; empty: not in it"),
        ("time", "Time", Unit.TIME, "when the noted thing was, or began"),
        ("severity", "Severity", Unit.TEXT, "how much it matters, as its author holds"),
        ("text", "Note", Unit.TEXT, "what was written"),
        ("on", "On", Unit.TEXT, "what kind of thing it is on"),
        ("what", "What", Unit.TEXT, "the thing"),
        ("tags", "Tags", Unit.TEXT, "words to find it by"),
        ("author", "Author", Unit.TEXT, "who wrote it"),
        ("where", "Capture", Unit.TEXT, "where it was written, if not in this capture"),
        ("written", "Written", Unit.TIME, "when it was changed last, by its author's clock"),
        ("also", "Also", Unit.TEXT, "what others made of it at the same time"),
    ),
    "time",
)
_NOTHING = (
    "Nothing is noted yet.\nPress n on a row, an event or a page to add a note, or a to add it to the report."
)
_NONE_CHOSEN = "No note of this case is like that.\nClear the fields above."


_NARROW = 70
"""Pixels to which a choice gives way where there is little room."""


@dataclass(frozen=True, eq=False)
class _Answer:
    ready: Prepared
    notes: tuple[ShownNote, ...]


class NotesPage(OneTablePage):
    """One table; Enter leads to what is noted, e edits."""

    KEEPS = False

    edit_wanted = Signal(str)
    """A note's key."""
    remove_wanted = Signal(str)
    report_toggled = Signal(str)
    moved = Signal(str, int)
    """A note's key, and its new place in the report, from 0."""
    jump_wanted = Signal(object)
    """An anchor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notes: tuple[ShownNote, ...] = ()
        self._kept = ""
        self.panel.opened.connect(self._jump)
        self.panel.sorted_by.connect(self.sorted_by)
        self.panel.anchor_of = lambda _: None
        self.panel.more_entries = self._add_entries
        self.adopt(self.panel)
        self.text = QLineEdit()
        self.text.setPlaceholderText("Text or tag")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName("Only notes with this text")
        self.text.setMaximumWidth(130)
        self.severity, self.tag, self.author = QComboBox(), QComboBox(), QComboBox()
        self.severity.addItems(["Severity", *(f"{title} or more" for one, title in SEVERITIES if one)])
        for box, name in ((self.severity, "severity"), (self.tag, "tag"), (self.author, "author")):
            box.setAccessibleName(f"Only notes of this {name}")
            box.setMinimumWidth(_NARROW)
            box.currentIndexChanged.connect(lambda *_: self._refresh())
        self.text.textChanged.connect(lambda *_: self._refresh())
        self.head = PageHead()
        for widget in (self.text, self.severity, self.tag, self.author):
            self.head.row.addWidget(widget)
        self._up = tool_button("", "up", "Earlier in the report (Alt+Shift+Up)", lambda: self._move(-1))
        self._down = tool_button("", "down", "Later in the report (Alt+Shift+Down)", lambda: self._move(1))
        self._up.setShortcut("Alt+Shift+Up")
        self._down.setShortcut("Alt+Shift+Down")
        for tool in (self._up, self._down, *self.panel.tools(with_texts=False)):
            self.head.row.addWidget(tool)
        self.column.addWidget(self.head)
        self.column.addWidget(self.panel, 1)

    def question(self, scope: Scope) -> Question:
        """The notes that are chosen, as a table."""
        noted, asked = self.noted, self._asked()
        return lambda _: _answer(noted, asked, scope)

    def present(self, scope: Scope, answer: object) -> None:
        """Show them; the note that had the focus keeps it."""
        found = cast(_Answer, answer)
        self.scope, self._notes = scope, found.notes
        every = len(self.noted.every)
        self.panel.show_rows(scope, found.ready, _NONE_CHOSEN if every else _NOTHING)
        chosen = format_count(len(found.notes), "note")
        told = chosen if len(found.notes) == every else f"{chosen} of {every:,}"
        reported = sum(one.note.in_report for one in found.notes)
        disputed = len(self.noted.case.disputes())
        told += f"  ·  {reported:,} in report" if reported else ""
        told += f"  ·  {disputed:,} changed by two at once" if disputed else ""
        self.head.tell("Notes", told)
        self.panel.go_to_line(self._line_of(self._kept))

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """The order of the notes."""
        if sort:
            self.panel.want_order(sort, descending=descending)

    def show_noted(self, noted: Noted) -> None:
        """Other notes: the list and what it can be narrowed to."""
        super().show_noted(noted)
        notes = noted.every
        _fill(self.tag, "Tag", sorted({tag for one in notes for tag in one.note.tags}))
        _fill(self.author, "Author", sorted({one.author for one in notes}))
        self._refresh()

    def anchor(self) -> Anchor | None:
        """A note on what the chosen note is on."""
        shown = self.current()
        return shown.note.on if shown is not None else None

    def keep(self, key: str) -> None:
        """The note that has the focus next."""
        self._kept = key
        if self.scope is not None:
            self._refresh(keep=False)

    def current(self) -> ShownNote | None:
        """The note that has the focus."""
        return self._at(self.panel.grid.current_line())

    def _asked(self) -> NoteFilter:
        place = self.severity.currentIndex()
        return NoteFilter(
            text=self.text.text().strip(),
            tags=frozenset({self.tag.currentText()} if self.tag.currentIndex() > 0 else ()),
            least=SEVERITIES[place][0] if place > 0 else Severity.NONE,
            author=self.author.currentText() if self.author.currentIndex() > 0 else "",
        )

    def _refresh(self, *, keep: bool = True) -> None:
        scope = self.scope
        if scope is None:
            return
        shown = self.current() if keep else None
        self._kept = shown.key if shown is not None else self._kept

        def show(answer: object) -> None:
            if self.scope is scope:
                self.present(scope, answer)

        self.work_wanted.emit("Listing notes", self.question(scope), show)

    def _line_of(self, key: str) -> int:
        """Where a note stands; the first line for one that is not in the list."""
        keys = [one.key for one in self._notes]
        if key not in keys or self.panel.model is None:
            return 0
        return int(self.panel.model.lines_of(np.array([keys.index(key)]))[0])

    def _at(self, line: int) -> ShownNote | None:
        if self.panel.model is None or not 0 <= line < self.panel.model.rowCount():
            return None
        return self._notes[self.panel.model.row_of(line)]

    def _jump(self, line: int) -> None:
        shown = self._at(line)
        if shown is not None:
            self.jump_wanted.emit(shown.note.on)

    def _move(self, by: int) -> None:
        shown = self.current()
        order = [one.key for one in self.noted.case.report_notes()]
        if shown is not None and shown.key in order:
            self._kept = shown.key
            self.moved.emit(shown.key, order.index(shown.key) + by)

    def _add_entries(self, entries: MenuBuilder, line: int) -> None:
        shown = self._at(line)
        if shown is None:
            return
        entries.add("Go to what is noted\tEnter", "events", lambda: self.jump_wanted.emit(shown.note.on))
        entries.add("Edit the note …", "notes", lambda: self.edit_wanted.emit(shown.key))
        word = "Take out of the report" if shown.note.in_report else "Put into the report"
        entries.add(word, "table", lambda: self.report_toggled.emit(shown.key))
        if shown.note.in_report:
            entries.add("Earlier in the report", "up", lambda: self._move(-1))
            entries.add("Later in the report", "down", lambda: self._move(1))
        entries.add("Remove the note", "close", lambda: self.remove_wanted.emit(shown.key))
        entries.separate()


def _answer(noted: Noted, asked: NoteFilter, scope: Scope) -> _Answer:
    notes = tuple(asked.chosen(noted.every))
    return _Answer(prepare(_table(noted.case, notes, {one.key for one in noted.notes})), notes)


def _table(case: Case, notes: Sequence[ShownNote], here: set[str]) -> ViewTable:
    place = {one.key: number for number, one in enumerate(case.report_notes(), start=1)}
    names = {one.id: one.name for one in case.captures}
    columns: dict[str, Callable[[ShownNote], object]] = {
        "number": lambda one: place.get(one.key, -1),
        "time": lambda one: -1 if one.note.on.time_ns is None else one.note.on.time_ns,
        "severity": lambda one: one.note.severity.value,
        "on": lambda one: one.note.on.kind.value,
        "what": lambda one: one.note.on.label,
        "text": lambda one: one.note.text,
        "tags": lambda one: ", ".join(one.note.tags),
        "author": lambda one: one.author,
        "where": lambda one: "" if one.key in here else names.get(one.note.on.capture) or "another capture",
        "written": lambda one: one.edited_ns,
        "also": lambda one: "; ".join(
            f"{other.author}: {other.value.text if other.value else 'took it away'}" for other in one.disputed
        ),
    }
    numbers = {name for name, _, unit, _ in _SPEC.columns if unit is not Unit.TEXT}
    frame = pd.DataFrame(
        {
            name: pd.Series([tell(one) for one in notes], dtype="int64" if name in numbers else "object")
            for name, tell in columns.items()
        }
    )
    # Where all notes are of this capture, and no two analysts differ, these would be empty.
    idle = {name for name in ("where", "also") if not frame[name].astype(bool).any()}
    spec = replace(_SPEC, columns=tuple(one for one in _SPEC.columns if one[0] not in idle))
    return plain_table(spec, frame, label=lambda row: notes[row].note.on.label)


def _fill(box: QComboBox, first: str, words: Sequence[str]) -> None:
    """Other words to choose from; the chosen one stays."""
    kept = box.currentText() if box.currentIndex() > 0 else ""
    box.blockSignals(True)
    box.clear()
    box.addItems([first, *words[:1_000]])
    box.setCurrentIndex(max(0, box.findText(kept, Qt.MatchFlag.MatchExactly)) if kept else 0)
    box.blockSignals(False)
