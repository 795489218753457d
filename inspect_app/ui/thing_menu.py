"""The menu of a thing that is no row of a table: a tile, a life, a process of the tree, a transfer, a moment.

It has the entries that a row's menu has, as far as they make sense for the thing; whoever shows it may put
entries of its own before them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from inspect_app.analysis.subject import Subject
from inspect_app.cases import Anchor, AnchorKind
from inspect_app.cases.anchors import event_anchor, moment_anchor, page_anchor, subject_anchor
from inspect_app.ui.chips import shortened
from inspect_app.ui.copying import Copier
from inspect_app.ui.icons import icon
from inspect_app.ui.pages.page import Page
from inspect_app.ui.plain import plain
from inspect_app.ui.row_menu import MenuBuilder
from inspect_app.ui.scope import Scope
from inspect_app.views.catalogue import views_for

_LONGEST = 36
_PAGES = (("Events", "events"), ("I/O streams", "streams"), ("Process tree", "tree"))

Entry = tuple[str, str, Callable[[], object]]
"""Text, drawing, what it does."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a menu is about; what is empty has no entries."""

    label: str
    condition: str = ""
    """The filter that selects its events."""
    key: str = ""
    """What it is one of, as views name it: decides in which of them it can be opened."""
    value: str = ""
    """What is looked for elsewhere, and copied."""
    subjects: tuple[Subject, ...] = ()
    moment: int = -1
    """Nanoseconds since 1970 UTC."""
    event: int = -1
    """Row of events, where it is one."""
    deeper: tuple[str, str] = ("", "")
    """What views are opened on where it is too small for one: a condition, and what people call it."""
    is_all: bool = False
    """Whether it stands for everything that is shown: it has ways, and nothing to narrow to."""


def build_thing_menu(
    page: Page, thing: Thing, own: tuple[Entry, ...] = (), anchor: Callable[[], Anchor | None] | None = None
) -> QMenu:
    """Its own entries, then: show only, exclude, elsewhere, its pages, notes, deeper, copy.

    `anchor` gives what a note is on, where that is not the thing itself.
    """
    menu = QMenu(page)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    entries = MenuBuilder(menu)
    for text, drawing, call in own:
        entries.add(text, drawing, call)
    entries.separate()
    _add_filters(entries, page, thing)
    if page.scope is not None:
        entries.add_subjects(page.scope.frames, thing.subjects, page.page_wanted.emit)
    if thing.moment >= 0:
        entries.add("State at this moment", "clock", partial(page.page_wanted.emit, f"moment/{thing.moment}"))
    entries.separate()
    if page.scope is not None and (thing.condition or thing.is_all or thing.moment >= 0):
        entries.add_notes(anchor or partial(anchor_of, thing, page.scope), page.note_wanted.emit)
    if thing.condition or thing.is_all:
        _add_ways(entries, page, thing)
    _add_copies(entries, page, thing)
    return menu


def anchor_of(thing: Thing, scope: Scope) -> Anchor:
    """A thing as a note keeps it: its event, its subject, what its condition selects, or its moment."""
    if thing.event >= 0:
        return event_anchor(scope.frames, thing.event)
    if thing.subjects:
        return subject_anchor(scope.frames, thing.subjects[0])
    if not thing.condition and not thing.is_all:
        return moment_anchor(scope.frames, thing.moment, thing.label)
    at_ns = thing.moment if thing.moment >= 0 else None
    return page_anchor(
        scope.frames,
        AnchorKind.CHART,
        scope.page,
        thing.label,
        condition=thing.condition,
        window=scope.window,
        at_ns=at_ns,
    )


def _add_filters(entries: MenuBuilder, page: Page, thing: Thing) -> None:
    name = shortened(plain(thing.label), _LONGEST)
    if thing.condition:
        entries.add(f"Show only {name}", "filter", partial(page.filter_wanted.emit, thing.condition))
        entries.add(f"Exclude {name}", "close", partial(page.filter_wanted.emit, f"not ({thing.condition})"))
    if thing.value:
        shown = shortened(plain(thing.value), _LONGEST)
        entries.add(
            f"Where else is {shown}?", "search", partial(page.page_wanted.emit, f"pivot/{thing.value}")
        )
    entries.separate()


def _add_ways(entries: MenuBuilder, page: Page, thing: Thing) -> None:
    condition, label = thing.deeper if thing.deeper[0] else (thing.condition, thing.label)
    below = MenuBuilder(entries.menu.addMenu(icon("table"), "Drill down to"))
    for view in views_for(thing.key):
        below.add(view.title, view.id, partial(page.drill_wanted.emit, view.id, condition, label))
    for title, target in _PAGES:
        entries.add(title, target, partial(page.drill_wanted.emit, target, thing.condition, thing.label))
    entries.separate()


def _add_copies(entries: MenuBuilder, page: Page, thing: Thing) -> None:
    copier = Copier(page.told.emit, page.failed.emit)
    text = thing.value or thing.label
    entries.add("Copy", "copy", lambda: copier.copy(text))
    if thing.condition:
        entries.add("Copy as filter", "copy", lambda: copier.copy(thing.condition))
