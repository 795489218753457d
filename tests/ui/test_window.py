"""The window as an analyst uses it."""

import hashlib
import json
import os
import threading

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from inspect_app.session.examiner_log import ExaminerLog, _Kept, read_log
from inspect_app.ui.about.dialog import AboutDialog
from inspect_app.ui.actions import COMMANDS
from inspect_app.ui.command_palette import CommandPalette
from inspect_app.ui.help import ShortcutsDialog
from inspect_app.ui.loader import explain
from inspect_app.ui.screenshot import PAGES
from inspect_app.ui.tour import STEPS, TourDialog
from inspect_app.ui.workspace import page_title
from inspect_app.views.catalogue import VIEWS
from tests.builders.capture import CaptureBuilder
from tests.builders.evidence import rewrite, signer_of


def go(window, settle, page):
    window.workspace.go(window.workspace.session.with_page(page))
    settle(window)


def crumbs(window):
    return [(crumb.title, crumb.chosen) for crumb in window.workspace.crumbs()]


def chips(window):
    return [(chip.kind, chip.text) for chip in window.workspace.chips()]


def small_capture(path, **options):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home", argv=[b"sh"], exe="/bin/sh", uid=0)
    for _ in range(40):
        book.open(100, "notes", ino=7)
        book.event("write", pid=100, ret=5, fd=3, ino=7, data=b"hello", args=(3, 0, 5))
    return book.write(path, block=10, **options)


def test_an_empty_window_says_what_to_do(window):
    texts = [label.text() for label in window.areas.welcome.findChildren(QLabel)]
    assert "Open a capture to dig into it" in texts
    assert window.title.capture_name == "No capture is open"
    assert not window.actions_by_id["filter"].isEnabled()
    assert window.actions_by_id["open"].isEnabled()


def test_a_capture_opens_at_the_overview(opened):
    assert opened.title.capture_name == "story.exhume"
    assert opened.title.state_text == "whole"
    assert opened.book.current is opened.book.overview
    assert len(opened.book.overview.tiles) >= 12
    assert opened.book.overview.card.value("Containers") == "3, 1 ended"
    assert opened.areas.status.drops_text == "53 events not recorded"
    assert opened.areas.status.shown_text == f"{len(opened.workspace.frames.events):,} events shown"


ALL_PAGES = [*PAGES, *[view for view in VIEWS if view not in PAGES]]
SOME_PAGES = [ALL_PAGES[at : at + 8] for at in range(0, len(ALL_PAGES), 8)]
"""Eight pages a window: to open one takes longer than to show a page."""


@pytest.mark.parametrize("pages", SOME_PAGES, ids=lambda pages: f"{pages[0]} to {pages[-1]}")
def test_every_page_shows_the_capture(opened, settle, pages):
    for page in pages:
        go(opened, settle, page)
        assert not opened.areas.banner.text, page
        assert crumbs(opened)[-1][0] == page_title(page)
        picture = opened.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        dots = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), -1)
        # The page without its heading: what it shows, or why it shows nothing.
        assert len(np.unique(dots[180:620:7, 220::5])) > 3, page


def test_three_levels_are_drilled_by_keyboard_and_left_again(opened, qtbot, settle):
    go(opened, settle, "containers")
    table = opened.book.table
    labels = [table.panel.choice(line).label for line in range(table.model.rowCount())]
    table.panel.go_to_line(next(line for line, label in enumerate(labels) if "batch" in label))
    seen = [opened.areas.status.shown_text]
    for _ in range(3):
        qtbot.keyClick(opened.focusWidget(), Qt.Key.Key_Return)
        settle(opened)
        seen.append(opened.areas.status.shown_text)
    assert len(opened.workspace.session.steps) == 3
    assert len(set(seen)) > 1
    assert crumbs(opened)[1] == ("Containers", labels[next(i for i, x in enumerate(labels) if "batch" in x)])
    deep = opened.workspace.session
    for _ in range(3):
        qtbot.keyClick(opened.focusWidget(), Qt.Key.Key_Backspace)
        settle(opened)
    assert opened.workspace.session.page == "containers"
    assert not opened.workspace.session.steps
    for _ in range(3):
        qtbot.keyClick(opened, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    settle(opened)
    assert opened.workspace.session == deep
    qtbot.keyClick(opened, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    settle(opened)
    assert len(opened.workspace.session.steps) == 2


def test_a_filter_narrows_and_its_chip_widens_again(opened, qtbot, settle):
    go(opened, settle, "processes")
    every = opened.book.table.model.rowCount()
    qtbot.keyClick(opened, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    edit = opened.areas.filter.edit
    assert edit.hasFocus()
    qtbot.keyClicks(edit, "proc.name = nginx")
    assert opened.areas.filter.state == "valid"
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    settle(opened)
    assert 0 < opened.book.table.model.rowCount() < every
    assert chips(opened) == [("filter", "proc.name = nginx")]
    assert opened.settings.filters() == ["proc.name = nginx"]
    opened.areas.path.chip_removed.emit("filter")
    settle(opened)
    assert opened.book.table.model.rowCount() == every


def test_a_wrong_filter_is_told_and_not_applied(opened, qtbot, settle):
    bar = opened.areas.filter
    bar.begin()
    qtbot.keyClicks(bar.edit, "proc.nam = nginx")
    assert bar.state == "invalid"
    assert "proc.name" in bar.edit.toolTip() + bar.message
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.filter == ""
    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert bar.edit.text() == ""


def test_brushing_the_time_strip_filters_every_page(opened, qtbot, settle):
    strip = opened.areas.strip
    every = opened.areas.status.shown_text
    axis = strip.axis()
    left, right = QPoint(int(axis.left + 50), 40), QPoint(int(axis.left + 300), 40)
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=left)
    for x in range(left.x(), right.x(), 25):
        qtbot.mouseMove(strip, QPoint(x, 40))
    qtbot.mouseMove(strip, right)
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=right)
    settle(opened)
    window = opened.workspace.session.window
    assert window.start_ns == axis.ns_at(left.x())
    assert window.end_ns == axis.ns_at(right.x())
    assert opened.areas.status.shown_text != every
    assert len(opened.workspace.history.past) == 1, "a drag is one place in the history"
    assert chips(opened)[0][0] == "time"
    opened.workspace.back()
    settle(opened)
    assert opened.workspace.session.window is None
    assert strip.window_range is None


def test_a_tile_is_pinned_by_a_click_and_opened_by_a_double_click(opened, qtbot, settle):
    tile = opened.book.overview.tiles["errors"]
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    settle(opened)
    assert list(opened.pins.colours) == ["errors"]
    assert opened.areas.strip.sizeHint().height() > 130
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    assert not opened.pins.colours
    # A double click is a click, and then the second one.
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    qtbot.mouseDClick(tile, Qt.MouseButton.LeftButton)
    settle(opened)
    assert opened.workspace.session.steps[0].label == "Failed calls"
    assert not opened.pins.colours


def test_tiles_are_reached_and_pinned_by_keyboard(opened, qtbot, settle):
    tiles = opened.book.overview.tiles
    tiles["processes"].setFocus()
    qtbot.keyClick(tiles["processes"], Qt.Key.Key_Down)
    assert tiles["containers"].hasFocus()
    qtbot.keyClick(tiles["containers"], Qt.Key.Key_Right)
    assert not tiles["containers"].hasFocus()
    focused = next(tile for tile in tiles.values() if tile.hasFocus())
    qtbot.keyClick(focused, Qt.Key.Key_Space)
    settle(opened)
    assert list(opened.pins.colours) == [focused.tile_id]


def test_rows_are_found_n_of_n_and_copied(opened, qtbot, settle):
    go(opened, settle, "processes")
    table = opened.book.table
    qtbot.keyClick(opened, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(table.find_bar.edit, "nginx")
    assert table.find_bar.count_text == "1 of 2"
    qtbot.keyClick(table.find_bar.edit, Qt.Key.Key_Return)
    assert table.find_bar.count_text == "2 of 2"
    assert "nginx" in table.panel.choice(table.grid.current_line()).label
    qtbot.keyClick(table.find_bar.edit, Qt.Key.Key_Escape)
    qtbot.keyClick(table.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    settle(opened)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2
    assert "nginx" in lines[1]


def test_a_click_on_a_title_sorts_and_going_back_restores_the_order(opened, qtbot, settle):
    go(opened, settle, "processes")
    model = opened.book.table.model
    header = opened.book.table.grid.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(0) + 10, 8)
    before = [model.text(line, 0) for line in range(model.rowCount())]
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    settle(opened)
    down = [int(model.text(line, 0)) for line in range(model.rowCount())]
    assert down == sorted(down, reverse=True)
    assert model.headerData(0, Qt.Orientation.Horizontal) == "PID ▾"
    opened.workspace.back()
    settle(opened)
    assert [model.text(line, 0) for line in range(model.rowCount())] == before


def test_columns_are_chosen_and_the_totals_follow(opened, settle):
    go(opened, settle, "processes")
    table = opened.book.table
    columns = table.model.columnCount()
    table.panel.columns_menu.actions()[0].setChecked(False)
    assert table.model.columnCount() == columns - 1
    assert len(table.totals.texts) == columns - 1


def test_a_table_is_exported(opened, settle, tmp_path):
    go(opened, settle, "files")
    table = opened.book.table
    export_table(opened, settle, "csv", tmp_path / "files.csv")
    export_table(opened, settle, "json", tmp_path / "files.json")
    found = json.loads((tmp_path / "files.json").read_text())
    assert len(found["rows"]) == table.model.rowCount()
    assert found["source"]["view"] == "files"
    lines = (tmp_path / "files.csv").read_text().splitlines()
    assert len(lines) == table.model.rowCount() + 1
    assert table.model.text(0, 0) in lines[1]
    export_table(opened, settle, "csv", tmp_path / "nowhere" / "files.csv")
    assert "failed: there is no such file" in opened.areas.banner.text


def export_table(window, settle, kind, path):
    """Through the button, as an analyst does."""
    window.book.table.panel.ask_for_export()
    window.exporter.dialog.choose("table", kind, str(path))
    window.exporter.dialog.go.click()
    settle(window)


def test_an_events_detail_follows_the_chosen_line(opened, qtbot, settle):
    qtbot.keyClick(opened, Qt.Key.Key_D)
    settle(opened)
    page = opened.book.events
    assert page.head.note == f"{len(opened.workspace.frames.events):,} events in order of return"
    first = page.detail.values()
    qtbot.keyClick(page.grid, Qt.Key.Key_Down)
    second = page.detail.values()
    assert first["Event", "Number"] == "1"
    assert second["Event", "Number"] == "2"
    assert ("Process", "PID") in second


def test_events_are_found_by_name(opened, qtbot, settle):
    go(opened, settle, "events")
    page = opened.book.events
    page.begin_find()
    qtbot.keyClicks(page.find_bar.edit, "execve")
    assert page.model.text(page.grid.current_line(), 4) == "execve"


def test_streams_are_shown_in_three_ways(opened, qtbot, settle):
    qtbot.keyClick(opened, Qt.Key.Key_E)
    settle(opened)
    page = opened.book.streams
    texts = [page.view.text_of(box) for box in range(len(page.streams))]
    request = next(box for box, text in enumerate(texts) if "GET /index" in text)
    assert "HTTP/1.1..Host" in texts[request]
    page.rendering.choose(1)
    assert "HTTP/1.1\nHost: example.org" in page.view.text_of(request)
    page.rendering.choose(2)
    assert "47 45 54 20" in page.view.text_of(request)
    assert "captured 71 of 71 bytes" in page.view.text_of(request)


def test_an_empty_selection_is_explained(opened, settle):
    opened.workspace.go(opened.workspace.session.with_filter("proc.name = nobody-there"))
    for page in ("processes", "events", "streams", "tree"):
        go(opened, settle, page)
        shown = opened.book.current
        assert shown.empty.isVisible()
        assert "Remove a chip" in shown.empty.text()


def test_the_list_at_the_left_offers_what_applies(opened, qtbot, settle):
    go(opened, settle, "processes")
    opened.book.table.panel.go_to_line(0)
    qtbot.keyClick(opened.book.table.grid, Qt.Key.Key_Return)
    settle(opened)
    side = opened.areas.side
    names = [side.item(row).text() for row in range(side.count())]
    assert "Files" in names
    assert "Processes" not in names, "a process is not asked for its processes"


def test_the_palette_finds_commands_and_views(opened, qtbot, settle):
    qtbot.keyClick(opened, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = opened.findChild(CommandPalette)
    qtbot.keyClicks(palette.edit, "goconn")
    assert palette.list.currentItem().text().startswith("Go to Connections")
    qtbot.keyClick(palette.edit, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.page == "connections"


def test_help_lists_every_shortcut(opened, qtbot):
    qtbot.keyClick(opened, Qt.Key.Key_F1)
    dialog = opened.findChild(ShortcutsDialog)
    texts = {label.text() for label in dialog.findChildren(QLabel)}
    assert {command.text for command in COMMANDS if command.shortcuts} <= texts
    dialog.close()
    opened.show_about()
    about = opened.findChild(AboutDialog)
    assert any("Apache License" in label.text() for label in about.findChildren(QLabel))
    about.close()


def test_no_two_commands_share_a_shortcut():
    keys = [keys for command in COMMANDS for keys in command.shortcuts]
    assert len(keys) == len(set(keys))


def test_a_real_file_opens_and_is_remembered(window, settle, tmp_path):
    path = small_capture(tmp_path / "one.exhume")
    window.open_path(str(path))
    settle(window)
    assert window.title.capture_name == "one.exhume"
    assert window.settings.recent_files() == [str(path)]
    assert len(window.workspace.frames.events) == 80


def test_a_file_can_be_dropped(window, settle, tmp_path):
    path = small_capture(tmp_path / "dropped.exhume")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    none = Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    window.dropEvent(drop)
    settle(window)
    assert window.title.capture_name == "dropped.exhume"


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_set_can_be_dropped_as_its_folder_or_its_files(window, settle, tmp_path, as_folder):
    book = CaptureBuilder()
    for at in range(6):
        book.event("read", pid=100, ret=5, args=(3, at, 5))
    files = book.write_set(tmp_path, 3)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(one)) for one in ([tmp_path] if as_folder else files)])
    none = Qt.KeyboardModifier.NoModifier
    window.dropEvent(
        QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    )
    settle(window)
    assert len(window.workspace.frames.events) == 6
    assert window.title.state_text == "whole"


def test_a_folder_can_be_chosen(window, settle, tmp_path, monkeypatch):
    book = CaptureBuilder()
    for at in range(6):
        book.event("read", pid=100, ret=5, args=(3, at, 5))
    book.write_set(tmp_path, 3)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.actions_by_id["open_folder"].trigger()
    settle(window)
    assert len(window.workspace.frames.events) == 6
    assert window.settings.recent_files() == [str(tmp_path)]


@pytest.mark.parametrize(
    "content", [b"", bytes(4096), b"\x89PNG\r\n\x1a\n" + bytes(100)], ids=["empty", "zeros", "a picture"]
)
def test_a_bad_file_shows_a_banner_and_the_window_stays_usable(opened, settle, tmp_path, content):
    path = tmp_path / "bad.exhume"
    path.write_bytes(content)
    # Long ago: for a file that has just been made, its first block is waited for.
    os.utime(path, (1_700_000_000, 1_700_000_000))
    opened.open_path(str(path))
    settle(opened)
    assert opened.areas.banner.text.startswith("Opening bad.exhume failed:")
    assert "exhume-capture" in opened.areas.banner.text
    assert "Traceback" not in opened.areas.banner.text
    assert opened.title.capture_name == "story.exhume"
    go(opened, settle, "files")
    assert opened.book.table.model.rowCount() > 0


def test_a_file_that_is_not_there_shows_a_banner(window, settle, tmp_path):
    window.open_path(str(tmp_path / "gone.exhume"))
    settle(window)
    assert "there is no such file" in window.areas.banner.text


def test_a_file_cut_short_says_so_and_shows_its_start(window, settle, tmp_path):
    path = small_capture(tmp_path / "cut.exhume")
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
    window.open_path(str(path))
    settle(window)
    assert window.title.state_text != "whole"
    assert "cut short" in window.areas.banner.text.lower()
    assert "What could be read is shown." in window.areas.banner.text
    assert 0 < len(window.workspace.frames.events) <= 80


def test_hostile_text_is_shown_as_text(opened, settle):
    opened.workspace.drill("files", "proc.pid = 100", "<b>bold</b>\u202e&amp; <img src=x>")
    settle(opened)
    labels = [label for label in opened.areas.path.findChildren(QLabel) if "bold" in label.text()]
    assert labels
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)


def test_both_themes_are_drawn_and_kept(opened, settle):
    pictures = {}
    for name in ("theme_light", "theme_dark"):
        opened.actions_by_id[name].trigger()
        settle(opened)
        pictures[name] = opened.grab().toImage().pixelColor(700, 500).lightness()
    assert pictures["theme_light"] > 200
    assert pictures["theme_dark"] < 60
    assert opened.settings.theme().value == "dark"


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (PermissionError(13, "Permission denied"), "you may not read this file", "ask for a copy"),
        (IsADirectoryError(21, "Is a directory"), "this is a folder", "inside it"),
        (OSError(5, "Input/output error"), "Input/output error", "Check the disk"),
        (MemoryError(), "not enough memory", "Close other programs"),
        (KeyError("column"), "KeyError", "report it"),
    ],
)
def test_every_failure_is_told_with_a_remedy(error, cause, remedy):
    told = explain(error, "Opening one.exhume")
    assert told[0].startswith("Opening one.exhume failed")
    assert cause in told[0]
    assert remedy in told[1]


def test_recent_files_are_offered_in_the_menu(window, settle, tmp_path, qtbot):
    path = small_capture(tmp_path / "a & b.exhume")
    window.open_path(str(path))
    settle(window)
    window.recent_menu.aboutToShow.emit()
    actions = window.recent_menu.actions()
    assert actions[0].text().endswith("a && b.exhume")
    actions[0].trigger()
    settle(window)
    assert window.title.capture_name == "a & b.exhume"


def test_loading_can_be_cancelled_and_the_open_capture_stays(opened, settle, qtbot):
    begun = threading.Event()

    def endless(job):
        begun.set()
        while True:
            job.report(1, 100)
            threading.Event().wait(0.002)

    told = []
    opened.jobs.start("load", "Opening large.exhume", endless, told.append, told.append)
    qtbot.waitUntil(opened.areas.progress.isVisible)
    assert begun.is_set()
    opened.areas.progress.cancelled.emit()
    settle(opened)
    assert not opened.areas.progress.isVisible()
    assert opened.title.capture_name == "story.exhume"
    assert not told
    assert not opened.areas.banner.text


def test_a_failure_in_a_worker_leaves_the_window_usable(opened, settle):
    opened.book.table.work_wanted.emit("Sorting", lambda _: {}["something nobody thought of"], print)
    settle(opened)
    assert "something nobody thought of" in opened.areas.banner.text
    go(opened, settle, "processes")
    assert opened.book.table.model.rowCount() > 0


def test_a_completion_is_taken_with_tab(opened, qtbot, settle):
    bar = opened.areas.filter
    bar.begin()
    qtbot.keyClicks(bar.edit, "proc.nam")
    qtbot.waitUntil(bar.popup.isVisible)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Tab)
    assert bar.edit.text() == "proc.name "
    qtbot.keyClicks(bar.edit, "= ngi")
    qtbot.waitUntil(lambda: bar.popup.isVisible() and bar.popup.topLevelItem(0).text(0) == "nginx")
    assert "event" in bar.popup.topLevelItem(0).text(2)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Down)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.filter == "proc.name = nginx"


def test_filters_of_before_come_back_with_the_arrows(opened, qtbot, settle):
    for text in ("proc.name = sh", "proc.name = curl"):
        opened._apply_filter(text)
        settle(opened)
    bar = opened.areas.filter
    bar.begin()
    qtbot.keyClick(bar.edit, Qt.Key.Key_Up)
    qtbot.keyClick(bar.edit, Qt.Key.Key_Up)
    assert bar.edit.text() == "proc.name = sh"
    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert bar.edit.text() == "proc.name = curl"


def test_more_views_open_below_their_heading(opened, qtbot, settle):
    side = opened.areas.side
    shut = side.count()
    heading = side.item(shut - 1)
    side.setCurrentItem(heading)
    qtbot.keyClick(side, Qt.Key.Key_Return)
    assert side.count() > shut + 10
    opened.areas.side.page_chosen.emit("directories")
    settle(opened)
    assert side.currentItem().text() == "Directories"


def test_a_container_is_opened_from_its_lifeline(opened, qtbot, settle):
    lines = opened.book.overview.lifelines
    assert "batch: born, removed" in lines.accessibleDescription()
    lines.setFocus()
    names = [life.title for life in lines._lives]
    for _ in range(names.index("batch")):
        qtbot.keyClick(lines, Qt.Key.Key_Down)
    qtbot.keyClick(lines, Qt.Key.Key_Return)
    settle(opened)
    assert crumbs(opened)[-1] == ("Container batch", "")
    assert opened.book.subject.tables.panel.model.rowCount() == 2


def test_the_tree_shows_the_selected_below_their_creators(opened, settle):
    opened.workspace.go(opened.workspace.session.with_filter("proc.name = cat"))
    go(opened, settle, "tree")
    model, tree = opened.book.tree.model, opened.book.tree
    shown = [model.text(row, 0) for row in range(len(model.branches.shown)) if model.branches.shown[row]]
    assert shown == ["systemd", "sh", "cat /etc/passwd notes.txt"]
    assert tree.head.note == "1 process, 1 ended in this window"
    assert "cat" in model.name(model.process_of(tree.view.currentIndex()))


def test_how_a_process_ended_is_said_in_words(opened, settle):
    go(opened, settle, "tree")
    model = opened.book.tree.model
    fates = {model.text(row, 1): model.text(row, 3) for row in range(len(model.branches.shown))}
    assert fates["402"] == "SIGKILL"
    assert fates["400"] == "exit 1"
    assert fates["300"] == ""


def test_a_process_whose_pid_was_used_twice_is_opened_alone(opened, qtbot, settle):
    go(opened, settle, "tree")
    tree = opened.book.tree
    cat = next(row for row in range(len(tree.model.branches.shown)) if tree.model.name(row).startswith("cat"))
    tree.view.setCurrentIndex(tree.model.index_of(cat))
    qtbot.keyClick(tree.view, Qt.Key.Key_Return)
    settle(opened)
    shown = opened.areas.status.shown_text
    assert shown.startswith(f"{int(tree.model.branches.events[cat])} of")


def test_the_welcome_page_opens_a_recent_capture(window, settle, tmp_path, qtbot):
    path = small_capture(tmp_path / "again.exhume")
    window.areas.welcome.show_recent([str(path)])
    button = window.areas.welcome.findChildren(QPushButton)[-1]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(window)
    assert window.title.capture_name == "again.exhume"


@pytest.mark.parametrize("pages", SOME_PAGES, ids=lambda pages: f"{pages[0]} to {pages[-1]}")
def test_every_page_opens_on_a_capture_without_events(window, settle, tmp_path, pages):
    book = CaptureBuilder(ended_ns=1_700_000_001_000_000_000)
    book.process(100, comm="sh", cwd="/home", argv=[b"sh"], exe="/bin/sh", uid=0)
    window.open_path(str(book.write(tmp_path / "quiet.exhume")))
    settle(window)
    assert window.workspace.frames is not None, window.areas.banner.text
    for page in pages:
        go(window, settle, page)
        window.grab()
        assert not window.areas.banner.text, page


HOSTILE = "<img src=x>\x1b[31m\u202egnp.exe\n=cmd()&amp;"


def test_hostile_names_are_harmless_on_every_page(window, settle, tmp_path):
    book = CaptureBuilder(hostname=HOSTILE)
    book.process(100, comm=HOSTILE, cwd="/", argv=[HOSTILE.encode()], exe=HOSTILE, uid=0)
    for number in range(5):
        book.open(100, HOSTILE + str(number), ino=7 + number)
        book.event("write", pid=100, ret=9, fd=3, ino=7, data=b"\x1b[2J\x00<b>", args=(3, 0, 9))
    # A rule finds that.
    book.open(100, "/etc/shadow", ino=20)
    window.open_path(str(book.write(tmp_path / "bad <b> & name.exhume")))
    settle(window)
    for page in PAGES:
        go(window, settle, page)
        window.grab()
        shown = window.book.current
        tables = getattr(shown, "tables", None)
        model = getattr(shown if tables is None else tables.panel, "model", None)
        if page == "tree":
            texts = [
                model.text(row, section) for row in range(len(model.branches.shown)) for section in range(6)
            ]
        elif page == "streams":
            texts = shown.view.text_of(0).splitlines()
        elif model is not None:
            lines, sections = range(model.rowCount()), range(model.columnCount())
            texts = [model.text(line, section) for line in lines for section in sections]
        else:
            texts = [tile.accessibleName() for tile in getattr(shown, "tiles", {}).values()]
        assert texts or page in ("connections", "errors", "commands", "compare", "notes")
        assert all(text.isprintable() for text in texts), page
    labels = [label for label in window.findChildren(QLabel) if label.text()]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    assert window.windowTitle().isprintable()


def test_the_title_says_that_a_capture_is_signed(window, settle, tmp_path):
    signed = rewrite(small_capture(tmp_path / "a.exhume"), tmp_path / "b.exhume", signer=signer_of(1))
    window.open_path(str(signed))
    settle(window)
    assert window.title.state_text == "whole, signed"
    assert signer_of(1).public_key.hex() in window.title._state.toolTip()


def test_what_the_analyst_does_is_written_into_the_log_that_is_kept(window, settle, tmp_path, monkeypatch):
    log = tmp_path / "case.log"
    monkeypatch.setattr(_Kept, "log", ExaminerLog(log))
    window.open_path(str(small_capture(tmp_path / "a.exhume")))
    settle(window)
    window.workspace.add_filter("evt.type = write")
    go(window, settle, "files")
    export_table(window, settle, "csv", tmp_path / "files.csv")
    rows = list(read_log(log))
    actions = [row["action"] for row in rows]
    assert actions[0] == "opened"
    assert actions[-1] == "exported"
    assert rows[-1]["sha256"] == hashlib.sha256((tmp_path / "files.csv").read_bytes()).hexdigest()
    assert rows[-2]["page"] == "files"
    assert rows[-2]["conditions"] == ["evt.type = write"]
    assert len(rows[0]["digests"][0]) == 64


def test_coming_back_to_a_page_asks_nothing_again(opened, settle):
    go(opened, settle, "tree")
    model = opened.book.tree.model
    go(opened, settle, "processes")
    opened.workspace.back()
    assert not opened.jobs.has("page")
    assert opened.book.current is opened.book.tree
    assert opened.book.tree.model is model
    go(opened, settle, "processes")
    assert opened.book.table.panel.model.table.view.id == "processes"


def test_another_selection_or_look_is_asked_anew(opened, settle):
    go(opened, settle, "files")
    whole = len(opened.book.table.model.table)
    go(opened, settle, "overview")
    opened.workspace.go(opened.workspace.session.with_filter("proc.name = nginx"))
    go(opened, settle, "files")
    assert len(opened.book.table.model.table) < whole
    opened.book.ask_again()
    opened.workspace.turn_to("overview")
    opened.workspace.back()
    assert opened.jobs.has("page")
    settle(opened)


def test_the_tour_leads_through_the_sample_and_shows_what_it_tells_of(window, settle, qtbot):
    qtbot.mouseClick(window.areas.welcome._tour, Qt.MouseButton.LeftButton)
    settle(window)
    tour = window.findChild(TourDialog)
    assert window.title.capture_name == "incident.exhume"
    seen = []
    for place in range(len(STEPS)):
        assert tour.place == place
        assert tour._text.text() == STEPS[place].text
        settle(window)
        seen.append(window.workspace.session.page)
        tour._next.click()
    assert seen == ["overview", "overview", "tree", "streams", "streams"]
    assert not tour.isVisible()


def test_every_step_of_the_tour_is_a_command():
    assert {step.command for step in STEPS} <= {command.id for command in COMMANDS}
