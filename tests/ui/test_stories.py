"""An investigator's ways through an incident, by keyboard and mouse, from the question to what answers it."""

import pytest
from click.testing import CliRunner
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from inspect_app.cli import main as commands
from inspect_app.ui.row_menu import build_row_menu
from inspect_app.ui.tree_model import FATE
from tests.builders.incidents import OUTSIDE, container_escape, crash_loop, reverse_shell, slow_disk
from tests.ui.test_menus import entries
from tests.ui.test_window import go


@pytest.fixture
def sample(window, settle):
    """The incident that comes with Exhume."""
    window.opener.open_sample()
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


@pytest.fixture
def opens(window, settle, qtbot, monkeypatch):
    """Opens a capture as an analyst does: Ctrl+O, and a choice."""

    def open_file(path):
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
        qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
        settle(window)
        assert not window.areas.banner.text
        return window

    return open_file


def press(window, settle, qtbot, *keys):
    """Keys, one after the other, to whatever has the keyboard."""
    for key in keys:
        qtbot.keyClick(window.focusWidget() or window, key)
        settle(window)


def go_to_row(window, title, text):
    """Down to the first row whose column begins so, with the arrow key's help."""
    panel = table_of(window)
    line = next(row for row, cell in enumerate(column(panel, title)) if cell.startswith(text))
    panel.grid.setFocus()
    panel.go_to_line(line)
    return panel, line


def choose_by_key(panel, entry):
    """An entry of the menu that the menu key opens."""
    place = panel.grid.rect().center()
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, panel.grid.mapToGlobal(place))
    QApplication.sendEvent(panel.grid, asked)
    menu = next(one for one in QApplication.topLevelWidgets() if isinstance(one, QMenu) and one.isVisible())
    action = next(action for text, action in entries(menu).items() if text.startswith(entry))
    menu.close()
    action.trigger()


def reported(window, path, folder):
    """The report of what the window is narrowed to, as Markdown."""
    condition = " and ".join(f"({one})" for one in window.workspace.session.conditions())
    out = folder / "report.md"
    run = CliRunner().invoke(commands, ["report", str(path), "-o", str(out), "--filter", condition])
    assert run.exit_code == 0, run.output
    return out.read_text()


def test_a_reverse_shell(opens, settle, qtbot, tmp_path):
    """Which finding is it, who was at the other end, what was typed, and what was taken?"""
    path = reverse_shell(tmp_path / "node.exhume")
    window = opens(path)
    press(window, settle, qtbot, Qt.Key.Key_R)
    go_to_row(window, "Rule", "Shell with a connection in place of a terminal")
    press(window, settle, qtbot, Qt.Key.Key_Return)
    assert window.workspace.session.page == "events"
    assert "sh" in window.book.events.model.text(0, 3)
    menu = window.book.events.menu_of(0, 3)
    next(action for text, action in entries(menu).items() if text.startswith("Process page")).trigger()
    settle(window)
    assert "sh -i" in window.book.subject.facts.values().values()
    window.book.subject.tables.tab_wanted.emit("connections")
    settle(window)
    panel = table_of(window)
    ends = [panel.model.text(0, place) for place in range(panel.model.columnCount())]
    assert set(OUTSIDE.split(":")) <= set(ends)
    panel.go_to_line(0)
    choose_by_key(panel, "Connection page")
    settle(window)
    assert window.workspace.session.page.startswith("connection/")
    window.actions_by_id["streams"].trigger()
    settle(window)
    told = [window.book.streams.view.text_of(box) for box in range(len(window.book.streams.streams))]
    assert any("cat /run/secrets/key" in text for text in told)
    assert any("key-of-the-shop-4711" in text for text in told)
    report = reported(window, path, tmp_path)
    assert OUTSIDE in report
    assert "cat /run/secrets/key" in report


def test_a_container_escape(opens, settle, qtbot, tmp_path):
    """What reached for the host, through what, and what was left there?"""
    path = container_escape(tmp_path / "node.exhume")
    window = opens(path)
    lines = window.book.overview.lifelines
    qtbot.mouseClick(lines, Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
    qtbot.keyClick(lines, Qt.Key.Key_Return)
    settle(window)
    assert window.book.subject.facts.values()["Container", "Name"] == "shop"
    press(window, settle, qtbot, Qt.Key.Key_R)
    go_to_row(window, "Rule", "Step out of a container")
    press(window, settle, qtbot, Qt.Key.Key_Return)
    assert window.book.events.model.text(0, 4) == "mount"
    assert "/dev/sda1" in window.book.events.model.text(0, 5)
    for _ in range(2):
        press(window, settle, qtbot, Qt.Key.Key_Backspace)
    go(window, settle, "file_changes")
    go_to_row(window, "File", "/mnt/etc/cron.d/update")
    press(window, settle, qtbot, Qt.Key.Key_E)
    told = [window.book.streams.view.text_of(box) for box in range(len(window.book.streams.streams))]
    assert any("* * * * * root /tmp/.x" in text for text in told)
    assert "/mnt/etc/cron.d/update" in reported(window, path, tmp_path)


def test_a_crash_loop(opens, settle, qtbot, tmp_path):
    """What ends again and again, how, and what did each of them miss?"""
    path = crash_loop(tmp_path / "node.exhume")
    window = opens(path)
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(window.areas.filter.edit, "proc.name = job")
    press(window, settle, qtbot, Qt.Key.Key_Return)
    press(window, settle, qtbot, Qt.Key.Key_T)
    tree = window.book.tree
    ended = [row for row in range(len(tree.model.branches.chosen)) if tree.model.branches.chosen[row]]
    assert len(ended) == 6
    assert {tree.model.text(row, FATE) for row in ended} == {"SIGSEGV"}
    go(window, settle, "errors")
    panel = table_of(window)
    assert any("ENOENT" in cell for cell in column(panel, "Error"))
    press(window, settle, qtbot, Qt.Key.Key_Return)
    go(window, settle, "events")
    model = window.book.events.model
    assert all("/etc/job.conf" in model.text(row, 5) for row in range(model.rowCount()))
    assert model.rowCount() == 6
    assert "job --all" in reported(window, path, tmp_path)


def test_a_slow_disk(opens, settle, qtbot, tmp_path):
    """Which calls take long, in whom, on which file, and when?"""
    path = slow_disk(tmp_path / "node.exhume")
    window = opens(path)
    press(window, settle, qtbot, Qt.Key.Key_L)
    picture = window.book.spectrogram
    area = picture.map._area()
    qtbot.mouseClick(
        picture.map, Qt.MouseButton.LeftButton, pos=QPoint(int(area.center().x()), int(area.top()) + 3)
    )
    settle(window)
    assert picture.map.region[1] == len(picture.answer.shown.counts)
    qtbot.keyClick(picture.map, Qt.Key.Key_Return)
    settle(window)
    model = window.book.events.model
    assert {model.text(row, 4) for row in range(model.rowCount())} == {"fsync"}
    assert model.rowCount() == 3
    menu = window.book.events.menu_of(0, 5)
    next(action for text, action in entries(menu).items() if text.startswith("File page")).trigger()
    settle(window)
    assert window.workspace.session.page.endswith("/var/db/journal")
    assert "/var/db/journal" in reported(window, path, tmp_path)
