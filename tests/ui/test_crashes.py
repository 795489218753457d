"""A failure of our own: told in the window, written down, and the window goes on."""

import stat
import subprocess
import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from inspect_app.session.crash_log import MAX_BYTES, CrashLog
from inspect_app.ui import run
from inspect_app.ui.crash_dialog import CrashLogDialog
from tests.ui.test_window import go

SECRET = "made-up-password"


@pytest.fixture
def crashing(opened, tmp_path):
    """A window whose crash log lies in a folder of its own."""
    opened.crash_log = CrashLog(tmp_path / "logs")
    return opened


def buttons(window):
    return [button.text() for button in window.areas.banner.findChildren(QPushButton)]


def test_a_crash_in_a_worker_is_told_and_the_window_goes_on(crashing, settle, monkeypatch):
    def question(scope):
        return lambda job: {}[SECRET]

    monkeypatch.setattr(crashing.book.streams, "question", question)
    go(crashing, settle, "streams")
    assert "failed unexpectedly (KeyError" in crashing.areas.banner.text
    assert "Crash log …" in buttons(crashing)
    text = crashing.crash_log.read()
    assert "KeyError: '…'" in text
    assert "tests/ui/test_crashes.py" in text
    assert SECRET not in text
    go(crashing, settle, "files")
    assert crashing.book.current is crashing.book.table


@pytest.mark.qt_no_exception_capture
def test_a_crash_in_a_slot_is_told_and_the_window_goes_on(crashing, settle, qtbot, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    run._catch_failures(crashing)
    QTimer.singleShot(0, lambda: SECRET[99])
    qtbot.waitUntil(lambda: "IndexError" in crashing.areas.banner.text)
    assert "This step failed unexpectedly" in crashing.areas.banner.text
    assert "IndexError" in crashing.crash_log.read()
    go(crashing, settle, "processes")
    assert crashing.book.table.model.rowCount()


@pytest.mark.qt_no_exception_capture
def test_a_result_that_cannot_be_shown_leaves_no_progress_behind(crashing, settle, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    run._catch_failures(crashing)
    monkeypatch.setattr(crashing.book.tree, "present", lambda *_: 1 / 0)
    go(crashing, settle, "tree")
    assert "ZeroDivisionError" in crashing.areas.banner.text
    assert not crashing.areas.progress.isVisible()
    go(crashing, settle, "files")
    assert crashing.book.current is crashing.book.table


def test_what_is_nobodys_fault_is_not_written_down(crashing, settle, tmp_path):
    crashing.open_path(str(tmp_path / "none.exhume"))
    settle(crashing)
    assert "no such file" in crashing.areas.banner.text
    assert not crashing.crash_log.read()


def test_the_log_is_offered_copied_and_saved(crashing, tmp_path):
    crashing.tell_failure(ZeroDivisionError("division"), "Counting")
    crashing.actions_by_id["crash_log"].trigger()
    dialog = crashing.findChild(CrashLogDialog)
    assert "Counting\nZeroDivisionError: division" in dialog.text.toPlainText()
    dialog.copy()
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    dialog.save_to(str(tmp_path / "copy.log"))
    assert "ZeroDivisionError" in (tmp_path / "copy.log").read_text()
    dialog.save_to(str(tmp_path / "no" / "copy.log"))
    assert dialog.told.text().startswith("Could not write")
    dialog.close()


def raised(error):
    try:
        raise error
    except type(error) as one:
        return one


def test_the_log_is_its_owners_alone_and_has_an_end(tmp_path):
    log = CrashLog(tmp_path / "logs")
    for number in range(2_000):
        log.record(f"Step {number}", raised(ValueError(f"number {number} " + "x" * 900)))
    sizes = [path.stat().st_size for path in log.folder.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= MAX_BYTES
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700
    assert "Step 1999" in log.read()


def test_the_same_failure_is_not_told_without_end(tmp_path):
    log = CrashLog(tmp_path)
    for _ in range(50):
        log.record("Drawing", raised(ValueError("again")))
    assert log.read().count("ValueError") == 3


@pytest.mark.parametrize("message", ["\x1b[31m", "\n--- 2026", "a \u202e b"])
def test_text_in_a_message_draws_nothing_in_a_terminal(tmp_path, message):
    log = CrashLog(tmp_path)
    log.record("Reading", raised(ValueError(message)))
    assert "\x1b" not in log.read()
    assert "\u202e" not in log.read()
    assert log.read().count("\n---") == 0


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    log = CrashLog(tmp_path / "file")
    log.record("Reading", raised(ValueError("x")))
    with log.watching():
        assert log.read() == ""


def test_a_program_that_ended_hard_is_told_of_the_next_time(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from inspect_app.session.crash_log import CrashLog\n"
        "with CrashLog(Path(sys.argv[1])).watching():\n    os.abort()\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert ended.returncode != 0
    log = CrashLog(tmp_path)
    assert log.gather()
    assert "The program ended hard" in log.read()
    assert "Aborted" in log.read()
    assert not log.gather()


def test_a_program_that_ended_well_leaves_nothing(tmp_path):
    log = CrashLog(tmp_path)
    with log.watching():
        pass
    assert not log.gather()
    assert not log.read()
