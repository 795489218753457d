"""The menus of rows, events and transfers: every entry leads somewhere that holds."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from inspect_app.analysis.selection import select
from inspect_app.ui.pages.event_ways import ways_from
from inspect_app.ui.row_menu import build_row_menu
from inspect_app.views.catalogue import VIEWS
from tests.ui.test_window import go

SOME_VIEWS = [list(VIEWS)[at : at + 15] for at in range(0, len(VIEWS), 15)]
"""To open a window takes longer than to show a view."""


def entries(menu):
    """All actions, also of menus in the menu, by their text."""
    found = {}
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            found |= entries(below)
        elif action.text():
            found[action.text().partition("\t")[0]] = action
    return found


@pytest.fixture
def row(opened, settle):
    """The menu of the row of nginx's worker."""
    go(opened, settle, "processes")
    table = opened.book.table
    line = next(line for line in range(table.model.rowCount()) if table.model.text(line, 0) == "301")
    table.panel.go_to_line(line)
    return lambda: entries(build_row_menu(table.panel, table.panel.choice(line), line, 0))


def test_a_row_is_shown_alone_and_excluded(opened, settle, row):
    table = opened.book.table
    every = table.model.rowCount()
    next(action for text, action in row().items() if text.startswith("Exclude")).trigger()
    settle(opened)
    assert table.model.rowCount() == every - 1
    opened.workspace.back()
    settle(opened)
    next(action for text, action in row().items() if text.startswith("Show only")).trigger()
    settle(opened)
    assert [table.model.text(line, 0) for line in range(table.model.rowCount())] == ["301"]


@pytest.mark.parametrize("entry", ["Events", "I/O streams", "Process tree", "Files", "Connections", "Errors"])
def test_a_row_is_opened_in_other_pages(opened, settle, row, entry):
    row()[entry].trigger()
    settle(opened)
    assert [step.label for step in opened.workspace.session.steps] == ["nginx (301)"]
    assert not opened.areas.banner.text


def test_a_cell_and_a_filter_are_copied(opened, row):
    row()["Copy cell"].trigger()
    assert QGuiApplication.clipboard().text() == "301"
    row()["Copy as filter"].trigger()
    assert "proc.pid = 301" in QGuiApplication.clipboard().text()


def test_every_way_from_every_event_selects_that_event_or_excludes_it(frames):
    for number in range(len(frames.events)):
        for way in ways_from(frames, number):
            rows = select(frames, None, (way.condition,)).positions()
            assert (number in rows) is not way.title.startswith("Exclude"), way


@pytest.mark.parametrize("views", SOME_VIEWS, ids=lambda views: f"{views[0]} to {views[-1]}")
def test_the_rows_condition_selects_as_many_events_as_the_row_says(opened, settle, views):
    table = opened.book.table
    for view_id in views:
        go(opened, settle, view_id)
        assert opened.book.current is table
        assert table.model.table.view.id == view_id
        for line in range(min(5, table.model.rowCount())):
            count = int(table.model.table.events[table.model.row_of(line)])
            chosen = select(opened.workspace.frames, None, (table.panel.choice(line).condition,))
            assert len(chosen) == count, view_id


def test_a_stream_is_followed(opened, settle, qtbot):
    go(opened, settle, "streams")
    page = opened.book.streams
    texts = [page.view.text_of(box) for box in range(len(page.streams))]
    request = next(box for box, text in enumerate(texts) if "GET /index" in text)
    page._show_menu(request, page.mapToGlobal(page.rect().center()))
    menu = page.findChild(QMenu)
    entries(menu)["Follow this descriptor"].trigger()
    menu.close()
    settle(opened)
    assert len(page.streams) < len(texts)
    descriptors = {page.streams.segment(box).descriptor for box in range(len(page.streams))}
    assert len(np.unique(list(descriptors))) == 1


def test_a_text_in_the_bytes_is_found_from_one_transfer_to_the_next(opened, settle, qtbot):
    go(opened, settle, "streams")
    page = opened.book.streams
    texts = [page.view.text_of(box) for box in range(len(page.streams))]
    having = [box for box, text in enumerate(texts) if "get /index" in text.lower()]
    qtbot.keyClick(opened, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(page.find_bar.edit, "get /INDEX")
    settle(opened)
    assert page.view.current == having[0]
    assert page.find_bar.count_text == f"1 of {len(having)}"
    qtbot.keyClick(page.find_bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert page.view.current == having[-1]
    page.find_bar.edit.setText("no such text anywhere")
    settle(opened)
    assert page.find_bar.count_text == "not found"
