"""Item models: Qt's own checks, and speed that a million rows need."""

import gc
import time

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt

from inspect_app.analysis.selection import select
from inspect_app.ui import lookups
from inspect_app.ui.event_model import EventModel
from inspect_app.ui.fonts import scaled
from inspect_app.ui.lookups import column_of, number_at, text_at
from inspect_app.ui.pages.tree import _branches
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import BAR, ViewModel, prepare
from inspect_app.ui.table_view import GridView
from inspect_app.ui.tree_model import TreeModel
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view


def view_model(frames, view_id):
    return ViewModel(prepare(apply_view(VIEWS[view_id], frames, select(frames))), zero=0)


@pytest.mark.parametrize("view_id", ["processes", "files", "errors", "commands"])
def test_views_are_sound_models(frames, qtmodeltester, qapp, view_id):
    qtmodeltester.check(view_model(frames, view_id))


def test_events_are_a_sound_model(frames, qtmodeltester, qapp):
    qtmodeltester.check(EventModel(frames, np.arange(40, dtype=np.uint32), zero=0))


def test_the_tree_is_a_sound_model(frames, qtmodeltester, qapp):
    scope = Scope(frames, None, (), "")
    qtmodeltester.check(TreeModel(_branches(scope, slice(0, len(frames.events)))))


def test_the_tree_has_every_process_once_below_its_creator(frames, qapp):
    model = TreeModel(_branches(Scope(frames, None, (), ""), slice(0, len(frames.events))))
    seen = {}

    def walk(parent, above):
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            process = model.process_of(index)
            assert process not in seen
            seen[process] = above
            assert model.parent(index) == parent
            walk(index, process)

    walk(model.index_of(0).parent(), -1)
    assert seen == dict(enumerate(frames.processes["parent"].tolist()))


def test_bars_are_shares_of_the_highest(frames, qapp):
    model = view_model(frames, "processes")
    section = [model.table.columns[place].id for place in model.shown].index("events")
    bars = [model.index(line, section).data(BAR) for line in range(model.rowCount())]
    assert max(bars) == 1.0
    assert all(0 < bar <= 1 for bar in bars)
    assert model.index(0, 0).data(BAR) is None, "an identifier is no quantity"


def test_select_all_of_a_million_rows_is_quick(many, qtbot):
    grid = GridView()
    qtbot.addWidget(grid)
    grid.setModel(EventModel(many, np.arange(len(many.events), dtype=np.uint32), zero=0, parent=grid))
    grid.resize(1_000, 600)
    grid.show()
    qtbot.waitExposed(grid)
    begun = time.process_time()
    qtbot.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    grid.viewport().repaint()
    grid.horizontalHeader().viewport().repaint()
    assert time.process_time() - begun < 3.0
    assert grid.selected_ranges() == [(0, len(many.events) - 1)]


def test_a_column_is_looked_up_once_and_goes_with_its_table():
    table = pd.DataFrame({"pid": [4, 5], "comm": ["sh", "ls"]})
    assert (number_at(table, "pid", 1), text_at(table, "comm", 0)) == (5, "sh")
    cells = column_of(table, "pid")
    assert column_of(table, "pid") is cells
    other = pd.DataFrame({"pid": [6, 7], "comm": ["a", "b"]})
    assert number_at(other, "pid", 1) == 7
    gone = id(table)
    del table, cells
    gc.collect()
    assert gone not in lookups._KNOWN


def test_texts_give_way_before_a_table_scrolls_and_numbers_never(frames, qtbot):
    grid = GridView()
    qtbot.addWidget(grid)
    grid.resize(1_100, 300)
    grid.show()
    grid.setModel(view_model(frames, "processes"))
    long = "a container's name that is far too long for its column"
    model = grid.model()
    grid.fit_columns(lambda line, section: long if section == 3 else model.text(line, section))
    wide = [grid.columnWidth(section) for section in range(model.columnCount())]
    grid.resize(2_400, 300)
    grid.fit_columns(model.text)
    columns = [model.table.columns[place] for place in model.shown]
    numbers = [section for section, one in enumerate(columns) if one.unit.numeric]
    assert numbers
    assert all(wide[section] >= grid.columnWidth(section) for section in numbers)
    assert scaled(84) <= wide[3] < grid.fontMetrics().horizontalAdvance(long)
    assert sum(wide[:-1]) < 1_100
    grid.resize(400, 300)
    grid.fit_columns(lambda line, section: long if section == 3 else model.text(line, section))
    # Too narrow for all anyway: it scrolls, and nothing is cut for nothing.
    assert grid.columnWidth(3) >= grid.fontMetrics().horizontalAdvance(long)
