"""State at a moment, latency over time, comparison, and where else a value occurs."""

import csv
import io
import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication

from inspect_app.analysis.event import DetailGroup, describe_event
from inspect_app.analysis.selection import select
from inspect_app.frames.columns import COUNTED_COLUMNS, SAMPLE_COLUMNS
from inspect_app.frames.tables import build_table
from inspect_app.ui.event_model import COLUMNS
from inspect_app.ui.pages.detail import DetailTree
from inspect_app.ui.pages.detail_value import DetailValue
from inspect_app.ui.row_menu import build_row_menu
from inspect_app.ui.widgets import ShortLabel
from tests.builders.frames import HOST, MS, SH, START_NS
from tests.ui.test_menus import entries
from tests.ui.test_window import go, small_capture


def texts(panel, section):
    return [panel.model.text(line, section) for line in range(panel.model.rowCount())]


def test_a_click_on_the_strip_chooses_the_moment_of_the_state(opened, settle, qtbot):
    qtbot.keyClick(opened, Qt.Key.Key_M)
    settle(opened)
    page, strip = opened.book.moment, opened.areas.strip
    assert "where the window ends" in page.head.note
    at_end = texts(page.tables.panel, 0)
    axis = strip.axis()
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(int(axis.x_of(START_NS + 700 * MS)), 30))
    settle(opened)
    assert opened.workspace.session.page.startswith("moment/")
    assert abs(page.time - START_NS - 700 * MS) < 20 * MS
    assert texts(page.tables.panel, 0) != at_end
    opened.workspace.back()
    settle(opened)
    assert texts(page.tables.panel, 0) == at_end


def test_the_state_goes_from_event_to_event(opened, settle):
    times = opened.workspace.frames.events["time"].to_numpy()
    go(opened, settle, f"moment/{times[5]}")
    page = opened.book.moment
    page.step(1)
    settle(opened)
    assert page.time == times[6]
    page.step(-1)
    page.step(-1)
    settle(opened)
    assert page.time < times[6]


@pytest.mark.parametrize("address", ["moment/", "moment/abc", "moment/99999999999999999999", "moment/0"])
def test_any_moment_is_kept_within_the_recording(opened, settle, address):
    go(opened, settle, address)
    assert not opened.areas.banner.text
    assert opened.book.moment.tables.bar.count() == 6


def test_a_process_of_the_state_is_opened(opened, settle):
    go(opened, settle, f"moment/{START_NS + 700 * MS}")
    panel = opened.book.moment.tables.panel
    panel.go_to_line(0)
    menu = entries(build_row_menu(panel, panel.choice(0), 0, 0))
    next(action for text, action in menu.items() if text.startswith("Process page")).trigger()
    settle(opened)
    assert opened.book.current is opened.book.subject


def test_a_band_of_latency_leads_to_its_events(opened, settle, qtbot):
    qtbot.keyClick(opened, Qt.Key.Key_L)
    settle(opened)
    page = opened.book.spectrogram
    assert page.map.hasFocus()
    qtbot.keyClick(page.map, Qt.Key.Key_Up)
    settle(opened)
    count = int(page.head.note.partition(" ")[0].replace(",", ""))
    qtbot.keyClick(page.map, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.page == "events"
    assert opened.book.events.model.rowCount() == count > 0


def test_a_part_of_the_picture_is_dragged_and_zoomed_to(opened, settle, qtbot):
    go(opened, settle, "spectrogram")
    page = opened.book.spectrogram
    area = page.map._area()
    start, end = area.topLeft().toPoint() + QPoint(80, 10), area.bottomRight().toPoint() - QPoint(200, 10)
    qtbot.mousePress(page.map, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(page.map, end)
    qtbot.mouseRelease(page.map, Qt.MouseButton.LeftButton, pos=end)
    settle(opened)
    assert page.map.region is not None
    page.zoom()
    settle(opened)
    window = opened.workspace.session.window
    assert window is not None
    assert page.map.region is None


RULES = """
- rule: A program began
  desc: d
  condition: evt.type = execve and proc.name = curl
  output: "%proc.cmdline began"
  priority: WARNING
- rule: From a name
  desc: d
  condition: mesos.task.name = x
  output: o
  priority: INFO
"""


def test_findings_of_chosen_rules_lead_to_their_events(opened, settle, qtbot, tmp_path):
    qtbot.keyClick(opened, Qt.Key.Key_R)
    settle(opened)
    page = opened.book.findings
    assert page.head.note.endswith("by 19 rules")
    path = tmp_path / "rules.yaml"
    path.write_text(RULES + "- rule: broken\n")
    page.use((path,))
    settle(opened)
    found = len(page.answer.run.outcomes[0].rows)
    noun = "finding" if found == 1 else "findings"
    parts = (f"{found} {noun} by 2 rules", "1 could not be evaluated", "1 problem in the files")
    assert page.head.note == "  ·  ".join(parts)
    assert found > 0
    qtbot.keyClick(page.tables.panel.grid, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.page == "events"
    assert opened.book.events.model.rowCount() == 1


def test_findings_are_marks_and_figures_and_tell_why(opened, settle, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.replace("priority: WARNING", "priority: CRITICAL\n  tags: [mitre_execution]"))
    go(opened, settle, "findings")
    page, strip = opened.book.findings, opened.areas.strip
    page.use((path,))
    settle(opened)
    (marks,) = strip._painter.marks
    assert len(marks.times) == len(page.answer.run.outcomes[0].rows) > 0
    assert {priority.name: n for priority, n in opened.book.overview.severity.counts.items()} == {
        "CRITICAL": len(marks.times)
    }
    assert "Critical: A program began" in marks.label(0)
    why = page.why.toPlainText().splitlines()
    assert "proc.name = curl    [proc.name is curl]" in why
    page.tables.show_part("rules", "", descending=True)
    settle(opened)
    assert "evt.type = execve and proc.name = curl" in page.why.toPlainText()
    marks.opened(0)
    settle(opened)
    assert opened.workspace.session.page == "events"
    assert opened.book.events.model.rowCount() == 1
    opened.workspace.up()
    opened.workspace.go(opened.workspace.session.with_filter("proc.name = nginx"))
    settle(opened)
    assert not strip._painter.marks


def test_a_window_is_compared_with_what_was_before(opened, settle, qtbot):
    qtbot.keyClick(opened, Qt.Key.Key_C)
    settle(opened)
    page = opened.book.compare
    assert "Nothing is chosen" in page.empty.text()
    opened.workspace.set_window((START_NS + 900 * MS, START_NS + 2_000 * MS), final=True)
    settle(opened)
    page.way.choose(1)
    settle(opened)
    assert opened.workspace.session.page == "compare/before"
    new = len(texts(page.tables.panel, 0))
    page.only_new.setChecked(False)
    settle(opened)
    assert set(texts(page.tables.panel, 0)) <= {"new", "gone", "both"}
    assert len(texts(page.tables.panel, 0)) >= new


def test_a_marked_window_is_compared_with_another(opened, settle):
    opened.workspace.set_window((START_NS, START_NS + 900 * MS), final=True)
    go(opened, settle, "compare")
    opened.book.compare.mark()
    opened.workspace.set_window((START_NS + 900 * MS, START_NS + 2_000 * MS), final=True)
    settle(opened)
    opened.book.compare.way.choose(2)
    settle(opened)
    assert opened.workspace.session.page == f"compare/window:{START_NS}-{START_NS + 900 * MS}"
    assert "900 ms" in opened.book.compare.head.note


def test_another_capture_is_compared(opened, settle, tmp_path):
    path = tmp_path / "other.exhume"
    small_capture(path)
    go(opened, settle, f"compare/file:{path}")
    page = opened.book.compare
    assert "other.exhume" in page.head.note
    assert set(texts(page.tables.panel, 0)) == {"new"}
    go(opened, settle, f"compare/file:{tmp_path / 'gone.exhume'}")
    assert opened.areas.banner.text


def test_where_else_a_value_is_leads_to_events(opened, settle, qtbot):
    go(opened, settle, "processes")
    panel = opened.book.table.panel
    line = next(line for line in range(panel.model.rowCount()) if panel.model.text(line, 1) == "nginx")
    menu = entries(build_row_menu(panel, panel.choice(line), line, 1))
    menu["Where else is nginx?"].trigger()
    settle(opened)
    page = opened.book.pivot
    assert page.panel.model.rowCount() > 1
    qtbot.keyClick(page.panel.grid, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.page == "events"
    go(opened, settle, "pivot/nobody has ever seen this")
    assert "No field" in page.panel.empty.text()


def test_several_rows_are_filtered_to_at_once(opened, settle):
    go(opened, settle, "processes")
    panel = opened.book.table.panel
    panel.grid.selectRow(0)
    panel.grid.selectAll()
    count = panel.model.rowCount()
    menu = entries(build_row_menu(panel, panel.choice(0), 0, 0))
    menu[f"Show only {count} rows"].trigger()
    settle(opened)
    assert opened.workspace.session.filter.count(" or ") == count - 1
    assert opened.book.table.model.rowCount() > 0


def test_calls_that_were_only_counted_stand_under_the_totals(window, frames, settle):
    counted = {
        **{"first": [START_NS + 300 * MS], "last": [START_NS + 300 * MS]},
        **{"type": ["read"], "category": ["io-read"], "count": [1_000], "errors": [3], "bytes": [2_048]},
        **{"latency": [9], "pid": [100], "tid": [100], "uid": [1000], "fd": [3]},
        **{"process": [SH], "container": [HOST], "descriptor": [-1]},
    }
    window.open_frames(replace(frames, counted=build_table(COUNTED_COLUMNS, counted)))
    settle(window)
    go(window, settle, "processes")
    beside = window.book.table.panel.beside
    assert beside.isVisibleTo(window)
    assert beside.text().startswith("Besides, 1,000 calls (2 KiB moved, 3 failed) were only counted")
    window.workspace.go(window.workspace.session.with_filter("container.name = web"))
    settle(window)
    assert not beside.isVisibleTo(window)


def test_calls_that_were_only_counted_stand_under_the_tables_of_who_made_them(window, frames, settle):
    counted = {
        **{"first": [START_NS + 300 * MS], "last": [START_NS + 300 * MS]},
        **{"type": ["read"], "category": ["io-read"], "count": [1_000], "errors": [3], "bytes": [2_048]},
        **{"latency": [9], "pid": [100], "tid": [100], "uid": [1000], "fd": [3]},
        **{"process": [SH], "container": [HOST], "descriptor": [-1]},
    }
    window.open_frames(replace(frames, counted=build_table(COUNTED_COLUMNS, counted)))
    settle(window)
    go(window, settle, "process/100")
    tables = window.book.subject.tables
    told = {}
    for tab in tables._tabs:
        tables.show_part(tab.id, "", descending=True)
        told[tab.id] = tables.panel.beside.text() if tables.panel.beside.isVisibleTo(window) else ""
    assert told["syscalls"].startswith("Besides, ")
    assert told["children"] == ""
    go(window, settle, "container/web")
    assert not any(tab.beside for tab in tables._tabs)


def test_the_page_of_a_process_draws_what_it_used(window, frames, settle):
    samples = {
        **{"time": [START_NS + 200 * MS, START_NS + 1_200 * MS], "process": [SH, SH]},
        **{"cpu_time": [0, 40 * MS], "rss": [4_096, 8_192], "vms": [0, 0], "minflt": [1, 6]},
        **{"majflt": [0, 0], "threads": [1, 1]},
    }
    window.open_frames(replace(frames, samples=build_table(SAMPLE_COLUMNS, samples)))
    settle(window)
    go(window, settle, "process/100")
    said = window.book.subject.chart.accessibleDescription()
    assert "Processor: 40 ms, Memory, most: 8 KiB, Page faults: 5, Threads, most: 1" in said


def test_a_note_that_does_not_fit_ends_in_an_ellipsis_and_is_told_as_tip(qtbot):
    label = ShortLabel("PageNote")
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    label.tell("one row for each process that lived in the window")
    assert label.text().endswith("…")
    assert label.toolTip() == label.full == "one row for each process that lived in the window"
    label.resize(2_000, 20)
    assert (label.text(), label.toolTip()) == (label.full, "")


def test_a_long_value_is_read_on_several_lines_and_copied_as_it_is(qtbot):
    tree = DetailTree()
    qtbot.addWidget(tree)
    tree.resize(320, 400)
    tree.show()
    digest = "a1" * 32
    tree.show_groups([DetailGroup("Process", (("PID", "7"), ("SHA-256", digest)))])
    head = tree.topLevelItem(0)
    short, long = (tree.visualItemRect(head.child(place)).height() for place in (0, 1))
    assert long >= 2 * short - 6
    assert tree.values()["Process", "SHA-256"] == digest
    tree.setCurrentItem(head.child(1))
    tree._copy()
    assert QGuiApplication.clipboard().text() == digest


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        (DetailValue("Process", "PID", "100"), "proc.pid = 100"),
        (DetailValue("Process", "PID", "100 (7 inside)"), ""),
        (DetailValue("Descriptor", "Name", '/a b"c'), 'fd.name = "/a b\\"c"'),
        (DetailValue("Event", "Error", "ENOENT"), "evt.res = ENOENT"),
        (DetailValue("Event", "Since start", "+1 s"), ""),
    ],
)
def test_a_value_of_a_detail_is_a_filter_where_a_field_holds_it(value, condition):
    assert value.condition() == condition


def test_values_of_a_detail_select_the_event_that_they_are_of(opened, settle):
    frames = opened.workspace.frames
    for row in (0, 40, 90, 160):
        for group in describe_event(frames, row).groups:
            for name, text in group.items:
                condition = DetailValue(group.name, name, text.removesuffix(" UTC")).condition()
                if condition:
                    assert row in select(frames, None, (condition,)).positions(), condition


def test_a_value_of_the_detail_can_be_the_filter(opened, settle):
    go(opened, settle, "events")
    page = opened.book.events
    menu = entries(page.value_menu(DetailValue("Process", "Name", "nginx")))
    assert "Where else is nginx?" in menu
    menu["Exclude nginx"].trigger()
    settle(opened)
    assert opened.workspace.session.filter == "not (proc.name = nginx)"
    assert "nginx" not in {page.value_of(line, 3) for line in range(page.model.rowCount())}


def test_an_error_in_the_list_of_events_can_be_the_filter(opened, settle):
    go(opened, settle, "events")
    page = opened.book.events
    line = next(line for line in range(page.model.rowCount()) if page.model.failed(line))
    error = page.value_of(line, 6)
    entries(page.menu_of(line, 6))[f"Show only {error}"].trigger()
    settle(opened)
    assert opened.workspace.session.filter == f"evt.res = {error}"
    assert {page.value_of(line, 6) for line in range(page.model.rowCount())} == {error}


def test_events_are_sorted_by_a_click_on_a_title_and_back_restores_time(opened, settle):
    go(opened, settle, "events")
    page = opened.book.events
    in_time = page.model.rows.tolist()
    assert in_time == sorted(in_time)
    page.grid.horizontalHeader().sectionClicked.emit(2)
    settle(opened)
    latency = opened.workspace.frames.events["latency"].to_numpy()[page.model.rows]
    known = latency[latency >= 0]
    assert (latency[: len(known)] == known).all()
    assert (known[:-1] >= known[1:]).all()
    assert sorted(page.model.rows.tolist()) == in_time
    assert page.model.headerData(2, Qt.Orientation.Horizontal).endswith("▾")
    assert page.head.note.endswith("the longest first")
    detail = page.detail.values()
    assert detail["Event", "Number"].replace(",", "") == str(int(page.model.rows[0]) + 1)
    page.grid.horizontalHeader().sectionClicked.emit(4)
    settle(opened)
    names = [page.model.text(line, 4) for line in range(page.model.rowCount())]
    assert names == sorted(names, key=str.casefold)
    opened.workspace.back()
    opened.workspace.back()
    settle(opened)
    assert page.model.rows.tolist() == in_time
    go(opened, settle, "files")
    opened.workspace.go(opened.workspace.session.with_page("events").with_sort("time", descending=True))
    settle(opened)
    assert page.model.rows.tolist() == in_time[::-1]


def test_chosen_events_are_copied_as_text_csv_and_json(opened, settle):
    go(opened, settle, "events")
    page = opened.book.events
    page.grid.selectRow(3)
    rows = [page.model.text(3, section) for section in range(page.model.columnCount())]

    def copied(title):
        entries(page.menu_of(3, 4))[title].trigger()
        settle(opened)
        return QGuiApplication.clipboard().text()

    assert json.loads(copied("Copy chosen events as JSON")) == [
        dict(zip([title for title, *_ in COLUMNS], rows, strict=True))
    ]
    header, line = list(csv.reader(io.StringIO(copied("Copy chosen events as CSV"))))
    assert header == [title for title, *_ in COLUMNS]
    # What a spreadsheet would take for a formula has a quote before it.
    assert [cell.removeprefix("'") for cell in line] == rows
    page.copy_lines()
    settle(opened)
    assert QGuiApplication.clipboard().text() == "\t".join(rows)


def test_a_column_that_was_made_wider_stays_so_under_another_filter(opened, settle, monkeypatch):
    go(opened, settle, "processes")
    grid = opened.book.table.grid
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    grid.horizontalHeader().resizeSection(1, 333)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
    opened.workspace.go(opened.workspace.session.with_filter("proc.name = nginx"))
    settle(opened)
    assert grid.columnWidth(1) == 333
    go(opened, settle, "files")
    assert grid.columnWidth(1) != 333
    go(opened, settle, "processes")
    assert grid.columnWidth(1) == 333


def test_a_list_of_events_keeps_its_columns_under_another_window(opened, settle):
    go(opened, settle, "events")
    grid = opened.book.events.grid
    grid.setColumnWidth(3, 222)
    start, end = opened.workspace.scope().span
    opened.workspace.set_window((start, (start + end) // 2), final=True)
    settle(opened)
    assert grid.columnWidth(3) == 222


def test_several_processes_of_the_tree_are_looked_at_together(opened, settle):
    go(opened, settle, "tree")
    page = opened.book.tree
    model, selection = page.model, page.view.selectionModel()
    two = [int(row) for row in model.branches.chosen.nonzero()[0][:2]]
    flags = QItemSelectionModel.SelectionFlag
    for process in two:
        selection.select(model.index_of(process), flags.Select | flags.Rows)
    pids = {model.text(process, 1) for process in page.chosen()}
    entries(page.menu_of_all(page.chosen()))[f"Show only {len(page.chosen())} processes"].trigger()
    settle(opened)
    chosen = page.model.branches.chosen.nonzero()[0]
    assert {page.model.text(int(process), 1) for process in chosen} <= pids
    assert len(chosen) >= 2


def test_what_deserves_a_look_and_lies_below_is_told(opened, settle, qtbot):
    overview, fold = opened.book.overview, opened.book.overview.fold
    opened.resize(1280, 560)
    settle(opened)
    qtbot.waitUntil(lambda: bool(fold.below))
    assert fold.isVisible()
    assert all(tile._noteworthy for tile in fold.below)
    assert fold.below[0].title in fold.accessibleName()
    first = fold.below[0]
    fold.click()
    assert opened.focusWidget() is first
    assert first in overview.tiles.values()
    opened.resize(1280, 1_900)
    qtbot.waitUntil(lambda: not fold.below)
    assert not fold.isVisible()


def test_the_choice_of_a_comparison_is_that_of_its_address(opened, settle):
    start, end = opened.workspace.scope().span
    opened.workspace.set_window(((start + end) // 2, end), final=True)
    for page, choice in (("compare/before", 1), ("compare", 0), (f"compare/window:{start}-{end}", 2)):
        go(opened, settle, page)
        assert opened.book.compare.way.index == choice


@pytest.mark.parametrize("percent", [80, 150, 200])
def test_text_of_any_size_leaves_a_window_on_its_screen(opened, settle, percent):
    """Nothing is wider than a small screen, and headings grow with the text."""
    small = opened.book.subject.head._title.font().pixelSize()
    opened.looks.change(replace(opened.looks.look, text_percent=percent))
    settle(opened)
    try:
        go(opened, settle, "container/web")
        assert opened.minimumSizeHint().width() <= 1280
        assert opened.minimumSizeHint().height() <= 860
        assert (opened.book.subject.head._title.font().pixelSize() > small) == (percent > 100)
        facts = opened.book.subject.facts
        assert facts.font().pixelSize() == round(12 * percent / 100)
    finally:
        opened.looks.change(replace(opened.looks.look, text_percent=100))
