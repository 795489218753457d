"""An investigator's ways through an incident, by keyboard and mouse, from the question to what answers it."""

import pytest
from PySide6.QtCore import QPoint, Qt

from inspect_app.ui.row_menu import build_row_menu
from tests.ui.test_menus import entries
from tests.ui.test_window import go


@pytest.fixture
def sample(window, settle):
    """The incident that comes with Exhume."""
    window.open_sample()
    settle(window)
    return window


def table_of(window):
    """The rows in sight."""
    page = window.book.current
    return page.tables.panel if hasattr(page, "tables") else page.panel


def titles(panel):
    return [panel.model.table.columns[place].title for place in panel.model.shown]


def column(panel, title):
    section = titles(panel).index(title)
    return [panel.model.text(line, section) for line in range(panel.model.rowCount())]


def choose(panel, line, entry, section=0):
    """An entry of a row's menu, by how it begins."""
    menu = entries(build_row_menu(panel, panel.choice(line), line, section))
    next(action for text, action in menu.items() if text.startswith(entry)).trigger()


def test_a_dropped_binary(sample, settle):
    """What was brought here, made executable, run, and removed?"""
    go(sample, settle, "file_changes")
    panel = table_of(sample)
    line = column(panel, "File").index("/dev/shm/.cache/kworker")
    choose(panel, line, "File page")
    settle(sample)
    life = column(table_of(sample), "Call")
    assert [life.index(call) for call in ("openat", "chmod", "execve", "unlink")] == sorted(
        life.index(call) for call in ("openat", "chmod", "execve", "unlink")
    )
    who = dict(zip(life, column(table_of(sample), "Process"), strict=True))
    assert (who["chmod"], who["unlink"]) == ("chmod", "rm")


def test_an_exfiltration(sample, settle, qtbot):
    """Who sent how much to where, and what was it?"""
    go(sample, settle, "connections")
    panel = table_of(sample)
    header = panel.grid.horizontalHeader()
    place = header.sectionViewportPosition(titles(panel).index("Out")) + 8
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place, 10))
    settle(sample)
    assert column(panel, "Process")[0] == "nc"
    choose(panel, 0, "Connection page")
    settle(sample)
    assert "write" in column(table_of(sample), "Call")
    qtbot.keyClick(sample, Qt.Key.Key_E)
    settle(sample)
    assert sample.workspace.session.page == "streams"
    assert len(sample.book.streams.streams) > 10


def test_a_secret_that_was_read(sample, settle):
    """Where does the password's file occur, and who opened it?"""
    go(sample, settle, "pivot/db-password")
    panel = table_of(sample)
    line = column(panel, "Where").index("File or connection")
    panel.grid.opened.emit(line)
    settle(sample)
    model = sample.book.events.model
    assert any(model.text(row, 3).startswith("cat ") for row in range(model.rowCount()))


def test_a_break_in_seen_from_its_container(sample, settle, qtbot):
    """What ran in the container that is gone, and what was its state in the middle of it?"""
    lines = sample.book.overview.lifelines
    lines.setFocus()
    qtbot.keyClick(lines, Qt.Key.Key_Return)
    settle(sample)
    page = sample.book.subject
    assert page.facts.values()["Container", "Image"].startswith("localhost/exhume-demo")
    page.tables.tab_wanted.emit("commands")
    settle(sample)
    panel = table_of(sample)
    line = next(row for row, text in enumerate(column(panel, "Command")) if "kworker" in text)
    choose(panel, line, "State at this moment")
    settle(sample)
    assert any("httpd" in text for text in column(table_of(sample), "Command"))
    sample.workspace.back()
    settle(sample)
    assert sample.workspace.session.tab == "commands"


def test_what_was_new_when_it_happened(sample, settle):
    """Which programs were run in the second half that had not been run before?"""
    start, end = sample.workspace.scope().span
    sample.workspace.set_window(((start + end) // 2, end), final=True)
    go(sample, settle, "compare/before")
    panel = table_of(sample)
    assert "/dev/shm/.cache/kworker" in column(panel, "Script")


def test_a_container_that_failed(opened, settle):
    """How did the batch job end, and which of its processes was killed?"""
    go(opened, settle, "containers")
    panel = table_of(opened)
    choose(panel, column(panel, "Container").index("batch"), "Container page")
    settle(opened)
    panel = table_of(opened)
    names = column(panel, "Process")
    choose(panel, next(row for row, name in enumerate(names) if name.startswith("python")), "Process page")
    settle(opened)
    page = opened.book.subject
    assert "exit code 1" in page.facts.values()["Process", "Ended"]
    page.tables.tab_wanted.emit("children")
    settle(opened)
    choose(table_of(opened), 0, "Process page")
    settle(opened)
    assert "killed by SIGKILL" in opened.book.subject.facts.values()["Process", "Ended"]


def test_slow_calls(opened, settle, qtbot):
    """Which calls took longest, and on what?"""
    qtbot.keyClick(opened, Qt.Key.Key_L)
    settle(opened)
    page = opened.book.spectrogram
    top = len(page.answer.shown.counts) - 1
    page.map.choose((top, top + 1, 0, page.answer.shown.counts.shape[1]))
    settle(opened)
    qtbot.keyClick(page.map, Qt.Key.Key_Return)
    settle(opened)
    longest = int(opened.workspace.frames.events["latency"].max())
    rows = opened.book.events.model.rows
    assert longest in opened.workspace.frames.events["latency"].to_numpy()[rows]
