"""A capture that is still being written: told, read again, followed to its end."""

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QPushButton

from inspect_app.analysis.selection import TimeRange
from inspect_app.ui import growth
from tests.builders.capture import MS, START_NS, CaptureBuilder

BLOCK = 50


def story(count=6 * BLOCK):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home", argv=[b"sh"], exe="/bin/sh", uid=0)
    for at in range(count):
        name = "read" if at % 2 else "write"
        book.event(name, pid=100, ret=5, fd=3, ino=7, data=b"hello", args=(3, at, 5))
    return book


@pytest.fixture
def growing(window, settle, tmp_path):
    """A window on the first block of a file, looked at often, and what writes the next block."""
    path = tmp_path / "node.exhume"
    steps = story().write_in_steps(path, block=BLOCK)
    next(steps)
    window.open_path(str(path))
    settle(window)
    window.growth.findChild(QTimer).setInterval(30)
    yield window, steps
    steps.close()


def shown(window):
    return len(window.workspace.frames.events)


def follow(window, qtbot):
    qtbot.keyClick(
        window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert window.growth.following


def hurry(window):
    """Reads again at once, not after three times what the last time took."""
    window.growth._not_before = 0.0


def test_growth_is_told_with_a_way_to_reload(growing, qtbot, settle):
    window, steps = growing
    assert window.title.state_text == "cut short"
    next(steps)
    qtbot.waitUntil(lambda: "has grown" in window.areas.banner.text)
    assert window.title.state_text == "still being written"
    assert shown(window) == BLOCK
    settle(window)
    assert window.book.overview.card.value("File") == "unfinished"
    labels = [button.text() for button in window.areas.banner.findChildren(QPushButton)]
    assert labels == ["Reload   F5", "Follow: show what is added   Ctrl+Shift+F"]
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: shown(window) == 2 * BLOCK)
    settle(window)
    assert window.areas.banner.text == ""
    assert window.workspace.frames.state.state == "unfinished"


def test_what_grows_while_it_is_read_is_never_said_to_be_cut_short(window, settle, tmp_path, monkeypatch):
    path = tmp_path / "node.exhume"
    steps = story().write_in_steps(path, block=BLOCK)
    next(steps)
    read = growth.load

    def load_and_write_on(paths, job):
        frames = read(paths, job)
        next(steps)
        return frames

    monkeypatch.setattr(growth, "load", load_and_write_on)
    said = []
    window.workspace.opened.connect(lambda: said.append(window.workspace.frames.state.state))
    window.open_path(str(path))
    settle(window)
    assert said == ["unfinished"]
    assert window.title.state_text == "still being written"
    steps.close()


def test_the_first_block_of_a_new_file_is_waited_for(window, qtbot, settle, tmp_path):
    path = tmp_path / "node.exhume"
    path.touch()
    window.open_path(str(path))
    qtbot.waitUntil(window.areas.progress.isVisible)
    assert window.areas.banner.text == ""
    steps = story().write_in_steps(path, block=BLOCK)
    next(steps)
    settle(window)
    assert not window.areas.progress.isVisible()
    # It may have been read before its first events were there.
    follow(window, qtbot)
    qtbot.waitUntil(lambda: shown(window) == BLOCK)
    steps.close()


def test_waiting_for_the_first_block_can_be_cancelled(window, qtbot, settle, tmp_path):
    path = tmp_path / "node.exhume"
    path.touch()
    window.open_path(str(path))
    qtbot.waitUntil(window.areas.progress.isVisible)
    window.areas.progress.cancelled.emit()
    # Less than would be waited for the block.
    settle(window, timeout=25_000)
    assert window.workspace.frames is None


def test_following_ends_by_itself_with_the_recording(growing, qtbot, settle):
    window, steps = growing
    follow(window, qtbot)
    for count in (2, 3):
        next(steps)
        hurry(window)
        qtbot.waitUntil(lambda count=count: shown(window) == count * BLOCK)
        assert window.title.state_text == "still being written, followed"
    for _ in steps:
        pass
    qtbot.waitUntil(lambda: shown(window) == 6 * BLOCK)
    settle(window)
    assert window.title.state_text == "whole"
    assert not window.growth.goes_on
    assert not window.actions_by_id["follow"].isChecked()
    assert not window.actions_by_id["follow"].isEnabled()
    assert "has ended" in window.areas.status.currentMessage()
    assert window.areas.status.shown_text == f"{6 * BLOCK:,} events shown"


def test_the_place_stays_while_the_file_grows(growing, qtbot, settle):
    window, steps = growing
    workspace = window.workspace
    end = START_NS + BLOCK * MS + 1
    workspace.drill("syscalls", "proc.pid = 100", "sh")
    workspace.go(
        workspace.session.with_filter("evt.type = read").with_window(TimeRange(START_NS + 9 * MS, end))
    )
    workspace.go(workspace.session.with_sort("name", descending=False))
    settle(window)
    before, way = workspace.session, len(workspace.history.past)
    follow(window, qtbot)
    next(steps)
    qtbot.waitUntil(lambda: shown(window) == 2 * BLOCK)
    settle(window)
    longer = TimeRange(START_NS + 9 * MS, end + BLOCK * MS)
    assert workspace.session == before.with_window(longer)
    assert len(workspace.history.past) == way
    assert window.areas.strip.window_range == (longer.start_ns, longer.end_ns)
    assert window.book.current is window.book.table
    assert window.book.table.model.rowCount() == 1
    assert window.areas.status.shown_text.startswith("46 of 100 events")


def test_a_window_in_the_middle_stays_where_it_is(growing, qtbot, settle):
    window, steps = growing
    middle = TimeRange(START_NS + 9 * MS, START_NS + 20 * MS)
    window.workspace.go(window.workspace.session.with_window(middle))
    follow(window, qtbot)
    next(steps)
    qtbot.waitUntil(lambda: shown(window) == 2 * BLOCK)
    assert window.workspace.session.window == middle


def test_what_is_typed_and_looked_at_stays(growing, qtbot, settle):
    window, steps = growing
    window.workspace.go(window.workspace.session.with_page("events"))
    settle(window)
    events = window.book.events
    events.go_to_line(31)
    window.areas.filter.begin()
    qtbot.keyClicks(window.areas.filter.edit, "proc.name = s")
    follow(window, qtbot)
    top = events.grid.verticalScrollBar().value()
    next(steps)
    qtbot.waitUntil(lambda: events.model.rowCount() == 2 * BLOCK)
    assert window.areas.filter.edit.text() == "proc.name = s"
    assert window.areas.filter.edit.hasFocus()
    assert events.grid.current_line() == 31
    assert events.grid.verticalScrollBar().value() == top


def test_who_looks_at_the_end_sees_what_comes(growing, qtbot, settle):
    window, steps = growing
    window.workspace.go(window.workspace.session.with_page("events"))
    settle(window)
    events = window.book.events
    events.grid.verticalScrollBar().setValue(events.grid.verticalScrollBar().maximum())
    follow(window, qtbot)
    next(steps)
    qtbot.waitUntil(lambda: events.model.rowCount() == 2 * BLOCK)
    bar = events.grid.verticalScrollBar()
    assert bar.value() == bar.maximum() > BLOCK


@pytest.mark.parametrize("page", ["overview", "processes", "events", "streams", "tree"])
def test_what_was_read_before_is_let_go(growing, settle, page):
    window, _ = growing
    window.workspace.go(window.workspace.session.with_page(page))
    settle(window)
    path = window.workspace.frames.path
    for _ in range(5):
        window.growth.reload()
        settle(window)
    held = sum(os.path.realpath(one) == path for one in Path("/proc/self/fd").iterdir())
    # The writer's own, what is shown, and what a page may hold until it is asked again.
    assert held <= 3


def test_half_a_block_is_waited_for(growing, qtbot, settle):
    window, steps = growing
    path = Path(window.workspace.frames.path)
    follow(window, qtbot)
    before = path.stat().st_size
    # The writer's file is left to itself: this is a copy that arrives in pieces.
    arriving = path.with_name("arriving")
    next(steps)
    after = path.read_bytes()
    arriving.write_bytes(after[: (before + len(after)) // 2])
    arriving.replace(path)
    qtbot.wait(200)
    assert shown(window) == BLOCK
    assert window.title.state_text == "still being written, followed"
    path.write_bytes(after)
    hurry(window)
    qtbot.waitUntil(lambda: shown(window) == 2 * BLOCK)
    assert window.areas.banner.text == ""


def test_a_file_that_is_gone_ends_following_and_what_is_shown_stays(growing, qtbot, settle, tmp_path):
    window, _ = growing
    follow(window, qtbot)
    (tmp_path / "node.exhume").unlink()
    qtbot.waitUntil(lambda: "no such file" in window.areas.banner.text)
    assert window.title.state_text == "cut short"
    assert not window.growth.following
    assert shown(window) == BLOCK
    window.workspace.go(window.workspace.session.with_page("files"))
    settle(window)
    assert window.book.table.model.rowCount() > 0


def test_another_capture_is_not_followed(growing, qtbot, settle, tmp_path):
    window, steps = growing
    follow(window, qtbot)
    window.open_path(str(story(4).write(tmp_path / "other.exhume")))
    settle(window)
    next(steps)
    qtbot.wait(150)
    assert window.title.capture_name == "other.exhume"
    assert shown(window) == 4
    assert not window.actions_by_id["follow"].isEnabled()
    assert not window.actions_by_id["follow"].isChecked()


def test_a_folder_is_followed_into_its_next_file(window, qtbot, settle, tmp_path):
    whole, folder = tmp_path / "whole", tmp_path / "set"
    whole.mkdir()
    folder.mkdir()
    first, second, third = story(90).write_set(whole, 30, 60)
    (folder / first.name).write_bytes(first.read_bytes())
    (folder / second.name).write_bytes(second.read_bytes())
    window.open_path(str(folder))
    settle(window)
    window.growth.findChild(QTimer).setInterval(30)
    assert (window.title.capture_name, window.title.state_text, shown(window)) == ("set", "whole", 60)
    follow(window, qtbot)
    # A file that has just begun is no capture yet; that is no reason to complain.
    (folder / third.name).write_bytes(third.read_bytes()[:20])
    qtbot.wait(300)
    assert window.growth.following
    (folder / third.name).write_bytes(third.read_bytes())
    hurry(window)
    qtbot.waitUntil(lambda: shown(window) == 90)
    assert window.areas.banner.text == ""
