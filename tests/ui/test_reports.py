"""Reports from the window: what the dialog asks for, what is written, what is told."""

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from inspect_app.cli import main
from inspect_app.reports.options import TEMPLATES, Template
from inspect_app.ui.actions import COMMANDS
from inspect_app.ui.report.order import Order
from tests.builders.report import incident


@pytest.fixture
def shown(window, settle, tmp_path, monkeypatch):
    """A window on a small incident, at a time that stands still."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = incident().write(tmp_path / "node.exhume")
    window.open_path(str(path))
    settle(window)
    return window


@pytest.fixture
def dialog(shown):
    """The dialog, open."""
    asked = shown.reports.ask()
    yield asked
    asked.close()


def ticked(part_list):
    return {
        item.data(Qt.ItemDataRole.UserRole)
        for item in part_list.lines()
        if item.checkState() is Qt.CheckState.Checked
    }


def test_a_report_can_be_asked_for_by_menu_and_key(shown):
    command = next(one for one in COMMANDS if one.id == "report")
    assert command.menu == "File"
    assert command.shortcuts
    shown.actions_by_id["report"].trigger()
    (dialog,) = [one for one in shown.children() if type(one).__name__ == "ReportDialog"]
    assert dialog.isVisible()
    dialog.reject()


def test_a_template_ticks_its_sections(dialog):
    for place, template in enumerate(Template):
        dialog.template.setCurrentIndex(place)
        assert ticked(dialog.parts) == set(TEMPLATES[template])
        assert dialog.meaning.text()


def test_the_notes_that_will_be_told_are_counted(shown, dialog, tmp_path):
    path = tmp_path / "one.exhume-case"
    words = ["notes", "add", str(tmp_path / "node.exhume"), "--case", str(path), "--text", "odd"]
    for more in (["--event", "2", "--report"], ["--report"], []):
        assert CliRunner().invoke(main, [*words, *more]).exit_code == 0
    dialog.case.edit.setText(str(path))
    assert dialog.told.text().endswith("2 notes of 3 in the case")
    dialog.case.edit.setText(str(tmp_path / "missing"))
    assert dialog.told.text().endswith("a case file that cannot be read")
    dialog.case.edit.clear()
    assert "case" not in dialog.told.text()


def test_without_a_section_there_is_nothing_to_write(dialog):
    for item in dialog.parts.lines():
        item.setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.write.isEnabled()


def test_the_window_and_the_command_write_the_same_bytes(shown, dialog, settle, tmp_path, qtbot):
    dialog.rows.setValue(1)
    dialog.title.setText("What happened")
    dialog.order(tmp_path / "window.json")
    settle(shown)
    path = shown.workspace.frames.path
    words = ["report", path, "-o", str(tmp_path / "command.json"), "--rows", "1", "--title", "What happened"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "window.json").read_bytes() == (tmp_path / "command.json").read_bytes()
    beside = {one.name: one.read_bytes() for one in (tmp_path / "window-files").iterdir()}
    assert beside
    assert beside == {one.name: one.read_bytes() for one in (tmp_path / "command-files").iterdir()}


def test_where_the_report_is_is_told_with_a_way_to_open_it(shown, dialog, settle, tmp_path):
    dialog.order(tmp_path / "report.html")
    settle(shown)
    told = shown.areas.banner
    assert str(tmp_path / "report.html") in told.text
    assert "SHA-256" in told.text
    assert [button.text() for button in told.findChildren(QPushButton) if button.text()] == [
        "Open",
        "Open its folder",
    ]


def test_only_the_events_of_the_window_and_filter_are_told_where_these_are_set(shown, settle, tmp_path):
    shown.workspace.add_filter("proc.pid = 201")
    settle(shown)
    dialog = shown.reports.ask()
    assert dialog.narrowed.isChecked()
    dialog.order(tmp_path / "report.json")
    settle(shown)
    told = json.loads((tmp_path / "report.json").read_text())
    scope = next(part for one in told["sections"] for part in one["parts"] if part["id"] == "scope")
    assert "proc.pid = 201" in str(scope)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"path": "report.doc"}, "ends in one of"),
        ({"path": "node.exhume"}, "is the capture itself"),
        ({"path": "nowhere/report.html"}, "no such file"),
        ({"case": "missing.exhume-case"}, "no such file"),
    ],
)
def test_what_cannot_be_written_is_told(shown, dialog, settle, tmp_path, change, told):
    order = dialog.order_for(tmp_path / change.get("path", "report.html"))
    case = tmp_path / change["case"] if "case" in change else None
    before = Path(shown.workspace.frames.path).read_bytes()
    shown.reports.write(Order(order.options, order.path, case))
    settle(shown)
    assert told in shown.areas.banner.text
    assert Path(shown.workspace.frames.path).read_bytes() == before


def test_a_report_that_takes_long_can_be_cancelled(shown, dialog, settle, tmp_path, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def fulfil(order, frames, captured, rules, progress):
        begun.set()
        go_on.wait(20)
        progress(1, 2)
        order.path.write_text("too late")

    monkeypatch.setattr("inspect_app.ui.report.desk.fulfil", fulfil)
    dialog.order(tmp_path / "report.html")
    assert begun.wait(20)
    shown.jobs.cancel_all()
    go_on.set()
    settle(shown)
    assert not (tmp_path / "report.html").exists()
    assert not shown.areas.banner.text
