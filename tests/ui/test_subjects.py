"""The pages of processes, containers, files and connections: reached by menu, and ways on from them."""

import pytest
from PySide6.QtCore import Qt

from inspect_app.analysis.subject import Kind, container_subject, process_subject, thing_subject
from inspect_app.ui.row_menu import build_row_menu
from inspect_app.views.subjects import SECTIONS
from tests.builders.frames import CURL, WEB
from tests.ui.test_menus import entries
from tests.ui.test_window import chips, crumbs, go


def addresses(frames):
    """A subject of each kind, by kind."""
    things = (thing_subject(frames, row) for row in range(len(frames.descriptors)))
    known = [process_subject(frames, CURL), container_subject(frames, WEB), *filter(None, things)]
    return {subject.kind: subject.address for subject in reversed(known)}


@pytest.mark.parametrize("kind", Kind)
def test_each_page_has_facts_lanes_and_all_its_tables(opened, settle, frames, kind):
    go(opened, settle, addresses(frames)[kind])
    page = opened.book.current
    assert page is opened.book.subject
    assert page.facts.topLevelItemCount() > 0
    assert page.tables.bar.count() == len(SECTIONS[kind])
    assert not opened.areas.banner.text
    for section in SECTIONS[kind]:
        page.tables.tab_wanted.emit(section.id)
        settle(opened)
        assert (
            page.tables.current == section.id == opened.workspace.session.tab or section is SECTIONS[kind][0]
        )


def test_a_row_leads_to_its_container_s_page_and_back(opened, settle, qtbot):
    go(opened, settle, "containers")
    panel = opened.book.table.panel
    line = next(line for line in range(panel.model.rowCount()) if panel.choice(line).label.startswith("web"))
    menu = entries(build_row_menu(panel, panel.choice(line), line, 0))
    next(action for text, action in menu.items() if text.startswith("Container page")).trigger()
    settle(opened)
    assert crumbs(opened)[-1] == ("Container web", "")
    qtbot.keyClick(opened, Qt.Key.Key_Backspace)
    settle(opened)
    assert opened.workspace.session.page == "containers"


def test_views_opened_from_a_subject_s_page_are_of_the_subject(opened, settle, frames):
    go(opened, settle, container_subject(frames, WEB).address)
    opened.areas.side.page_chosen.emit("processes")
    settle(opened)
    assert chips(opened) == [("container", "web")]
    names = {opened.book.table.model.text(line, 1) for line in range(opened.book.table.model.rowCount())}
    assert names == {"nginx"}
    opened.workspace.up()
    settle(opened)
    assert opened.book.current is opened.book.subject


def test_what_a_subject_is_not_is_said(opened, settle):
    go(opened, settle, "container/feedfacefeed")
    assert "no container" in opened.book.subject.empty.text()
    go(opened, settle, "process/abc")
    assert "no process" in opened.book.subject.empty.text()


def test_a_tab_is_a_place_to_come_back_to(opened, settle, frames):
    go(opened, settle, process_subject(frames, CURL).address)
    page = opened.book.subject
    page.tables.bar.setCurrentIndex(2)
    settle(opened)
    assert opened.workspace.session.tab == "children"
    page.tables.bar.setCurrentIndex(0)
    settle(opened)
    opened.workspace.back()
    settle(opened)
    assert page.tables.current == "children"


def test_the_order_of_a_tab_is_a_place_too(opened, settle, frames):
    go(opened, settle, container_subject(frames, WEB).address)
    panel = opened.book.subject.tables.panel
    panel.sorted_by.emit("proc.pid", False)
    settle(opened)
    pids = [int(panel.model.text(line, 0)) for line in range(panel.model.rowCount())]
    assert pids == sorted(pids)
    opened.workspace.back()
    settle(opened)
    assert panel.model.sorted_by == ("events", True)


def test_a_long_name_makes_no_window_wider(opened, settle):
    width = opened.width()
    opened.workspace.turn_to("file/:" + "/a-long-folder-name" * 40)
    settle(opened)
    assert opened.width() == width
    assert opened.book.subject.head._title.toolTip() or "<" in opened.book.subject.head._title.full
