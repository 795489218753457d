"""Links, session files, more windows, and the sample."""

import shlex

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from inspect_app.analysis.selection import TimeRange
from inspect_app.session.document import LINK, SCHEME, Document, Origin, from_link, to_link
from inspect_app.ui.window import _WINDOWS
from tests.builders.frames import MS, START_NS
from tests.ui.test_window import go, small_capture


@pytest.fixture
def place(opened, settle):
    """A place with everything that a place has."""
    workspace = opened.workspace
    workspace.set_window((START_NS, START_NS + 1_500 * MS), final=True)
    workspace.drill("files", "container.name = web", "web")
    workspace.go(workspace.session.with_sort("fd.name", descending=False))
    settle(opened)
    return workspace.session


def test_a_link_leads_back_to_the_place(opened, settle, qtbot, place):
    qtbot.keyClick(
        opened, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert QGuiApplication.clipboard().text().startswith(LINK)
    go(opened, settle, "overview")
    opened.workspace.go(type(place)())
    qtbot.keyClick(
        opened, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    settle(opened)
    assert opened.workspace.session == place
    assert opened.book.table.model.sorted_by == ("fd.name", False)


@pytest.mark.parametrize("text", ["", "hello", LINK, LINK + "%7B%7D"])
def test_what_is_no_link_is_told(opened, settle, text, place):
    QGuiApplication.clipboard().setText(text)
    opened.sharing.paste_link()
    assert "no link to follow" in opened.areas.banner.text
    assert opened.workspace.session == place


def test_links_of_earlier_versions_lead_there_too(opened, settle, place):
    opened.sharing.copy_link()
    link = QGuiApplication.clipboard().text()
    assert link.startswith("exhume://")
    go(opened, settle, "overview")
    opened.sharing.follow(link.replace(LINK, SCHEME))
    settle(opened)
    assert opened.workspace.session == place


def test_a_copied_command_line_names_file_and_place(opened, place):
    opened.sharing.copy_command()
    program, path, link = shlex.split(QGuiApplication.clipboard().text())
    assert (program, path) == ("exhume-inspect", opened.workspace.frames.path)
    assert from_link(link).session == place


def test_a_link_waits_for_its_capture(window, settle, tmp_path):
    paths = [small_capture(tmp_path / f"{name}.exhume") for name in ("one", "two")]
    window.open_path(str(paths[0]))
    settle(window)
    window.workspace.go(window.workspace.session.with_page("files"))
    settle(window)
    link = to_link(Document(window.workspace.session, Origin("elsewhere.exhume")))
    window.sharing.follow(link)
    assert "elsewhere.exhume" in window.areas.banner.text
    window.open_path(str(paths[1]))
    settle(window)
    assert window.workspace.session.page == "overview"
    paths[0].rename(tmp_path / "elsewhere.exhume")
    window.open_path(str(tmp_path / "elsewhere.exhume"))
    settle(window)
    assert window.workspace.session.page == "files"


def test_a_session_file_opens_its_capture_at_its_place(window, settle, tmp_path):
    small_capture(tmp_path / "node.exhume")
    window.open_path(str(tmp_path / "node.exhume"))
    settle(window)
    span = window.workspace.scope().span
    window.workspace.go(
        window.workspace.session.with_page("files")
        .with_window(TimeRange(*span))
        .with_filter("evt.type = write")
    )
    settle(window)
    place = window.workspace.session
    window.sharing.save(tmp_path / "case.exhume-session")
    window.workspace.frames = None
    window.open_path(str(tmp_path / "case.exhume-session"))
    settle(window)
    assert window.title.capture_name == "node.exhume"
    assert window.workspace.session == place


def test_a_session_of_a_capture_that_is_gone_says_so(window, settle, tmp_path):
    small_capture(tmp_path / "node.exhume")
    window.open_path(str(tmp_path / "node.exhume"))
    settle(window)
    window.sharing.save(tmp_path / "case.exhume-session")
    text = (tmp_path / "case.exhume-session").read_text().replace("node.exhume", "gone.exhume")
    (tmp_path / "case.exhume-session").write_text(text)
    window.workspace.frames = None
    window.open_path(str(tmp_path / "case.exhume-session"))
    settle(window)
    assert "gone.exhume" in window.areas.banner.text


def test_another_window_goes_its_own_way(opened, settle, qtbot, place):
    other = opened.open_window()
    settle(other)
    assert other.workspace.session == place
    other.workspace.go(other.workspace.session.with_page("events"))
    settle(other)
    assert opened.workspace.session == place
    other.close()
    qtbot.waitUntil(lambda: not _WINDOWS)


def test_the_sample_is_opened_from_the_first_page(window, settle, qtbot):
    button = window.areas.welcome._sample
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(window)
    names = set(window.workspace.frames.containers["name"])
    assert "web-7f9c" in names
    assert window.title.state_text == "whole"
