"""The examiner's log: what was done is there, and a line that was changed or taken out shows."""

import json
import os
import subprocess
import sys
import threading

import pytest

from inspect_app.session.examiner_log import ExaminerLog, LogError, read_log
from tests.builders.capture import CaptureBuilder


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "case.log"
    kept = ExaminerLog(path)
    for number in range(5):
        kept.note("looked at", page=f"p{number}", conditions=("a = 1",), window=[1, 2])
    return path


def test_each_action_is_a_line_with_who_and_when(log):
    rows = list(read_log(log))
    assert [row["page"] for row in rows] == [f"p{number}" for number in range(5)]
    assert {"time", "user", "host", "tool", "action", "before"} <= set(rows[0])
    assert rows[0]["conditions"] == ["a = 1"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_same_again_is_told_once(log):
    kept = ExaminerLog(log)
    for _ in range(3):
        kept.note("looked at", page="again")
    assert len(list(read_log(log))) == 6


def test_without_a_file_nothing_is_kept(tmp_path):
    ExaminerLog().note("opened", file="x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:2], lines[2].replace(b"p2", b"px"), *lines[3:]],
        lambda lines: lines[:2] + lines[3:],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[1], *lines[2:]],
        lambda lines: [*lines, b"[" * 100_000],
        lambda lines: [*lines, b"7\n"],
        lambda lines: [b"\xff\xfe\n", *lines],
    ],
)
def test_every_change_but_at_the_end_shows(change, log):
    log.write_bytes(b"".join(change(log.read_bytes().splitlines(keepends=True))))
    with pytest.raises(LogError):
        list(read_log(log))


def test_several_writers_make_one_chain(tmp_path):
    path = tmp_path / "case.log"

    def write(name):
        kept = ExaminerLog(path)
        for number in range(40):
            kept.note("did", what=f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(read_log(path))) == 120


def test_a_log_that_cannot_be_written_is_no_log(tmp_path):
    with pytest.raises(OSError):
        ExaminerLog(tmp_path / "no" / "folder.log")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        ExaminerLog(tmp_path / "link")


def test_commands_are_logged_with_what_they_looked_into(tmp_path):
    book = CaptureBuilder()
    book.event("openat", text=b"/etc/passwd")
    capture, path = book.write(tmp_path / "node.exhume"), tmp_path / "case.log"
    before = capture.read_bytes()
    main = [sys.executable, "-c", "from inspect_app.app import main; main()"]
    command = [*main, "--examiner-log", path, "view", capture, "files", "--filter", "evt.type = openat"]
    subprocess.run(command, check=True, capture_output=True)
    environment = {**os.environ, "EXHUME_EXAMINER_LOG": str(path)}
    out = tmp_path / "part.exhume"
    slicing = [*main, "slice", capture, "--filter", "evt.type = openat", "-o", out]
    subprocess.run(slicing, check=True, capture_output=True, env=environment)
    rows = list(read_log(path))
    assert [row["command"] for row in rows] == ["view", "slice"]
    assert rows[0]["options"]["expression"] == "evt.type = openat"
    assert rows[1]["options"]["output"] == str(out)
    assert rows[0]["file"] == str(capture)
    assert len(rows[0]["digests"][0]) == 64
    shown = subprocess.run([*main, "examiner-log", path, "--format", "json"], check=True, capture_output=True)
    assert len(json.loads(shown.stdout)) == 2
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[1])
    shown = subprocess.run([*main, "examiner-log", path], check=False, capture_output=True, text=True)
    assert shown.returncode == 4
    assert "line 1" in shown.stderr
    assert capture.read_bytes() == before
