"""The menu of a row: the same wherever a row stands for something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from inspect_app.ui.chips import shortened
from inspect_app.ui.copying import Copier
from inspect_app.ui.icons import icon
from inspect_app.views.catalogue import VIEWS, views_for
from inspect_app.views.view import View

if TYPE_CHECKING:
    from inspect_app.ui.pages.page import Page


@dataclass(frozen=True, slots=True)
class RowChoice:
    """A row, as a way on."""

    view: View
    condition: str
    label: str


def build_row_menu(
    page: Page, choice: RowChoice, cell: str, copier: Copier, copy_rows: Callable[[], None]
) -> QMenu:
    """Filter to it, exclude it, open it elsewhere, copy it."""
    menu = QMenu(page)
    name = shortened(choice.label, 36).replace("&", "&&")

    def add(text: str, drawing: str, call: Callable[[], None]) -> None:
        menu.addAction(icon(drawing), text).triggered.connect(lambda *_: call())

    def drill(target: str) -> Callable[[], None]:
        return lambda: page.drill_wanted.emit(target, choice.condition, choice.label)

    add(f"Show only {name}", "filter", lambda: page.filter_wanted.emit(choice.condition))
    add(f"Exclude {name}", "close", lambda: page.filter_wanted.emit(f"not ({choice.condition})"))
    menu.addSeparator()
    target = VIEWS.get(choice.view.drilldown)
    if target is not None:
        add(f"Drill down to {target.title.lower()}\tEnter", target.id, drill(target.id))
    deeper = menu.addMenu(icon("table"), "Drill down to")
    for view in views_for(choice.view.key):
        deeper.addAction(icon(view.id), view.title).triggered.connect(lambda *_, to=view.id: drill(to)())
    add("Events", "events", drill("events"))
    add("I/O streams", "streams", drill("streams"))
    add("Process tree", "tree", drill("tree"))
    menu.addSeparator()
    add("Copy cell", "copy", lambda: copier.copy(cell))
    add("Copy selected rows as CSV\tCtrl+C", "copy", copy_rows)
    add("Copy as filter", "copy", lambda: copier.copy(choice.condition))
    return menu
