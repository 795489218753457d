"""The menu of a value in a table: the same wherever rows stand for something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QMenu

from inspect_app.analysis.subject import Subject, label_of
from inspect_app.cases import Anchor
from inspect_app.ui.chips import shortened
from inspect_app.ui.icons import icon
from inspect_app.ui.plain import plain
from inspect_app.views.catalogue import VIEWS, views_for
from inspect_app.views.export import to_csv, to_json, to_text
from inspect_app.views.format import format_count
from inspect_app.views.keys import condition_of
from inspect_app.views.view import How, View

if TYPE_CHECKING:
    from inspect_app.ui.table_panel import TablePanel

_MOST_TOGETHER = 50
"""Rows that one condition names."""
_LONGEST = 36


@dataclass(frozen=True, slots=True)
class RowChoice:
    """A row, as a way on."""

    view: View
    condition: str
    """Empty where the row stands for no events."""
    label: str
    subjects: tuple[Subject, ...] = ()
    """What it is about, the nearest first."""


class MenuBuilder:
    """Adds entries to a menu; texts of the capture are shown as they are."""

    def __init__(self, menu: QMenu) -> None:
        self.menu = menu

    def add(self, text: str, drawing: str, call: Callable[[], object]) -> None:
        """One entry; what stands after a tab is its key."""
        title = text.replace("&", "&&")
        self.menu.addAction(icon(drawing), title).triggered.connect(lambda *_: call())

    def add_subjects(
        self, frames: object, subjects: tuple[Subject, ...], go: Callable[[str], object]
    ) -> None:
        """An entry for the page of each subject."""
        for subject in subjects:
            label = shortened(plain(label_of(frames, subject)), _LONGEST)  # type: ignore[arg-type]  # a capture's
            self.add(
                f"{subject.kind.value.capitalize()} page: {label}",
                _DRAWINGS[subject.kind.value],
                lambda to=subject.address: go(to),  # type: ignore[misc]  # bound now
            )

    def add_notes(self, make: Callable[[], Anchor | None], wanted: Callable[[Anchor, bool], object]) -> None:
        """A note on a thing, and the thing into the report; `make` is asked when one of them is chosen."""

        def ask(into_report: bool) -> None:
            anchor = make()
            if anchor is not None:
                wanted(anchor, into_report)

        self.add("Add a note …\tn", "notes", lambda: ask(False))
        self.add("Add to the report\ta", "notes", lambda: ask(True))
        self.separate()

    def separate(self) -> None:
        """A line between two groups."""
        self.menu.addSeparator()


_DRAWINGS = {
    "process": "processes",
    "container": "containers",
    "file": "files",
    "connection": "connections",
}


def build_row_menu(panel: TablePanel, choice: RowChoice, line: int, section: int) -> QMenu:
    """Filter to the value or the row, exclude it, see where else it occurs, go to its pages, copy it."""
    menu = QMenu(panel)
    entries = MenuBuilder(menu)
    _add_value(entries, panel, line, section)
    if choice.condition:
        _add_row(entries, panel, choice)
    _add_pages(entries, panel, choice, line)
    if panel.more_entries is not None:
        panel.more_entries(entries, line)
    if panel.anchor_of(line) is not None:
        entries.add_notes(lambda: panel.anchor_of(line), panel.note_wanted.emit)
    if choice.condition:
        _add_drilldowns(entries, panel, choice)
    _add_copies(entries, panel, choice, line, section)
    return menu


def _add_value(entries: MenuBuilder, panel: TablePanel, line: int, section: int) -> None:
    """What the pointed cell says, where it is a field's value."""
    assert panel.model is not None  # noqa: S101 - a menu opens on a row
    table, place = panel.model.table, panel.model.shown[section]
    column, value = table.columns[place], table.value(panel.model.row_of(line), place)
    if value is None or value == "":
        return
    shown = shortened(panel.model.text(line, section), _LONGEST)
    if column.how is How.VALUE and column.of:
        condition = condition_of(column.of, value)
        entries.add(
            f"Show only {column.title} {shown}", "filter", lambda: panel.filter_wanted.emit(condition)
        )
        entries.add(
            f"Exclude {column.title} {shown}",
            "close",
            lambda: panel.filter_wanted.emit(f"not ({condition})"),
        )
    if not column.unit.numeric or column.unit.value == "id":
        entries.add(f"Where else is {shown}?", "search", lambda: panel.page_wanted.emit(f"pivot/{value}"))
    entries.separate()


def _add_row(entries: MenuBuilder, panel: TablePanel, choice: RowChoice) -> None:
    together = chosen_condition(panel)
    condition, name = choice.condition, shortened(choice.label, _LONGEST)
    if together[1] > 1:
        condition, name = together[0], format_count(together[1], "row")
    entries.add(f"Show only {name}", "filter", lambda: panel.filter_wanted.emit(condition))
    entries.add(f"Exclude {name}", "close", lambda: panel.filter_wanted.emit(f"not ({condition})"))
    entries.separate()


def chosen_condition(panel: TablePanel) -> tuple[str, int]:
    """One condition for all chosen rows, and how many; of very many, none."""
    lines = [np.arange(top, end + 1) for top, end in panel.grid.selected_ranges()]
    chosen = np.concatenate(lines) if lines else np.empty(0, dtype=np.int64)
    if panel.model is None or not 1 < len(chosen) <= _MOST_TOGETHER:
        return "", 0
    table, order = panel.model.table, panel.model.order
    parts = [table.condition(int(row)) for row in order[chosen].tolist()]
    return " or ".join(f"({part})" for part in parts), len(parts)


def _add_pages(entries: MenuBuilder, panel: TablePanel, choice: RowChoice, line: int) -> None:
    assert panel.model is not None  # noqa: S101 - a menu opens on a row
    assert panel.scope is not None  # noqa: S101 - rows have a scope
    entries.add_subjects(panel.scope.frames, choice.subjects, panel.page_wanted.emit)
    table = panel.model.table
    event = int(table.last[panel.model.row_of(line)])
    if event >= 0:
        moment = int(panel.scope.frames.events["time"].to_numpy()[event])
        when = "at this moment" if choice.view.kind.value == "list" else "at its last event"
        entries.add(f"State {when}", "clock", lambda: panel.page_wanted.emit(f"moment/{moment}"))
    entries.separate()


def _add_drilldowns(entries: MenuBuilder, panel: TablePanel, choice: RowChoice) -> None:
    def drill(target: str) -> Callable[[], None]:
        return lambda: panel.drill_wanted.emit(target, choice.condition, choice.label)

    target = VIEWS.get(choice.view.drilldown)
    if target is not None:
        entries.add(f"Drill down to {target.title.lower()}\tEnter", target.id, drill(target.id))
    deeper = MenuBuilder(entries.menu.addMenu(icon("table"), "Drill down to"))
    for view in views_for(choice.view.key):
        deeper.add(view.title, view.id, drill(view.id))
    for title, page in (("Events", "events"), ("I/O streams", "streams"), ("Process tree", "tree")):
        entries.add(title, page, drill(page))
    entries.separate()


def _add_copies(entries: MenuBuilder, panel: TablePanel, choice: RowChoice, line: int, section: int) -> None:
    assert panel.model is not None  # noqa: S101 - a menu opens on a row
    cell = panel.model.text(line, section)
    entries.add("Copy cell", "copy", lambda: panel.copier.copy(cell))
    below = MenuBuilder(entries.menu.addMenu(icon("copy"), "Copy chosen rows"))
    for title, write in (("As CSV\tCtrl+C", to_csv), ("As JSON", to_json), ("As text", to_text)):
        below.add(title, "copy", lambda write=write: panel.copy_as(write))  # type: ignore[misc]  # bound now
    if choice.condition:
        entries.add("Copy as filter", "copy", lambda: panel.copier.copy(choice.condition))
