"""exhume-inspect notes: from a first note to a merged file, without the window."""

import csv
import io
import json
import re

import pytest
from click.testing import CliRunner

from inspect_app.cases import CaseFile
from inspect_app.cases.case import By
from inspect_app.cli import main
from tests.builders.capture import CaptureBuilder
from tests.builders.cases import AT, note
from tests.builders.report import incident


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def capture(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    book.open(100, "/etc/motd", ino=7)
    book.event("read", pid=100, ret=1, fd=3, ino=7, args=(3, 0, 1), data=b"x")
    return book.write(tmp_path / "node.exhume")


@pytest.fixture
def case(tmp_path):
    return tmp_path / "one.exhume-case"


def add(capture, case, *words):
    result = run("notes", "add", capture, "--case", case, "--author", "Reyes", *words)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize(
    ("words", "kind", "label"),
    [
        (["--event", 2], "event", "read /etc/motd by sh (100)"),
        (["--at", "+1ms"], "moment", ""),
        (["--window", "+0s..+1s"], "window", ""),
        (["--process", 100], "process", "sh (100)"),
        (["--file", "/etc/motd"], "file", "/etc/motd"),
        ([], "capture", "node.exhume"),
    ],
)
def test_a_note_is_written_on_a_thing_and_listed(capture, case, words, kind, label):
    add(capture, case, *words, "--text", "odd", "--tag", "x", "--severity", "high", "--report")
    (row,) = json.loads(run("notes", "list", "--case", case, "--format", "json").stdout)
    assert (row["on"], row["what"], row["text"], row["tags"]) == (kind, label, "odd", "x")
    assert (row["severity"], row["author"], row["report"]) == ("high", "Reyes", "yes")


def test_a_note_is_written_on_a_connection(case, tmp_path):
    capture = incident().write(tmp_path / "incident.exhume")
    add(capture, case, "--connection", "tcp 10.0.0.5:40000->203.0.113.9:80", "--text", "fetched from here")
    (row,) = json.loads(run("notes", "list", "--case", case, "--format", "json").stdout)
    assert (row["on"], row["text"]) == ("connection", "fetched from here")
    wrong = run(
        "notes", "add", capture, "--case", case, "--connection", "tcp 1.1.1.1:1->2.2.2.2:2", "--text", "x"
    )
    assert wrong.exit_code == 2
    assert "no such connection: tcp 1.1.1.1:1->2.2.2.2:2" in wrong.stderr


def test_what_a_terminal_would_obey_is_escaped_once(capture, case):
    add(capture, case, "--text", "two\nlines \x1b[31mred")
    told = " ".join(run("notes", "list", "--case", case).stdout.split())
    assert "two\\nlines \\x1b[31mred" in told


def test_notes_are_chosen_by_what_they_say(capture, case):
    add(capture, case, "--event", 1, "--text", "a download", "--tag", "x", "--severity", "high")
    add(capture, case, "--event", 2, "--text", "something else", "--tag", "x", "--tag", "y")
    for words, texts in [
        (["--text", "DOWN"], ["a download"]),
        (["--tag", "x"], ["a download", "something else"]),
        (["--tag", "x", "--tag", "y"], ["something else"]),
        (["--severity", "medium"], ["a download"]),
        (["--author", "Lee"], []),
        (["--in-report"], []),
    ]:
        rows = json.loads(run("notes", "export", "--case", case, *words).stdout)
        assert [row["text"] for row in rows] == texts


def test_what_a_note_says_is_no_formula_and_no_escape(capture, case):
    add(capture, case, "--event", 1, "--text", "=1+1\x1b[2J")
    (_, row) = csv.reader(io.StringIO(run("notes", "list", "--case", case, "--format", "csv").stdout))
    assert row[3].startswith("'=")
    assert "\x1b" not in run("notes", "list", "--case", case).output


def test_files_of_two_analysts_are_merged_and_what_both_changed_is_told(capture, case, tmp_path):
    add(capture, case, "--event", 1, "--text", "start")
    other = tmp_path / "lee.exhume-case"
    base = CaseFile(case).load()
    (key,) = base.notes
    start = base.note(key)
    CaseFile(other).save(base.with_note(note("theirs", on=start.on), By("Lee", AT), key))
    CaseFile(case).save(base.with_note(note("mine", on=start.on), By("Reyes", AT + 9), key))
    add(capture, other, "--event", 2, "--text", "more")
    result = run("notes", "merge", "--case", case, other)
    assert result.exit_code == 0, result.output
    assert "2 notes, 1 more than before" in result.stdout
    assert re.search(
        rf"changed by several at the same time \((Lee, Reyes|Reyes, Lee)\): notes {key}", result.stderr
    )
    assert "1 stand in several versions" in run("notes", "list", "--case", case).stderr


def test_alerts_of_others_are_imported_once_and_go_out_as_a_timeline(case, tmp_path):
    alerts = tmp_path / "alerts.csv"
    alerts.write_text("time,message\n2026-01-02T03:04:05.5Z,A shell\n")
    assert "1 new note" in run("notes", "import", "--case", case, alerts).stderr
    assert "0 new notes" in run("notes", "import", "--case", case, alerts).stderr
    (line,) = run("notes", "export", "--case", case, "--as", "timesketch").stdout.splitlines()
    told = json.loads(line)
    assert (told["message"], told["datetime"]) == ("A shell", "2026-01-02T03:04:05.500000000+00:00")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["list", "--case", "none"], 5, "none: No such file"),
        (["list", "--case", "CAPTURE"], 5, "no case file"),
        (["merge", "--case", "NEW", "CAPTURE"], 5, "no case file"),
        (["import", "--case", "NEW", "CAPTURE"], 5, "not in UTF-8"),
        (["add", "CAPTURE", "--case", "CAPTURE", "--text", "x"], 5, "no case file"),
        (["add", "CAPTURE", "--case", "NEW", "--text", "x", "--event", "9"], 2, "there are 2 events"),
        (["add", "CAPTURE", "--case", "NEW", "--text", "x", "--process", "9"], 2, "no such process"),
        (["add", "CAPTURE", "--case", "NEW", "--text", "x", "--at", "soon"], 2, "soon"),
        (
            ["add", "CAPTURE", "--case", "NEW", "--text", "x", "--at", "+0s", "--event", "1"],
            2,
            "on one thing",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(capture, case, words, code, told):
    result = run("notes", *({"CAPTURE": capture, "NEW": case}.get(word, word) for word in words))
    assert result.exit_code == code
    assert told in result.stderr.splitlines()[-1]
    assert capture.read_bytes()[:6] != b"{\n"
    assert not case.exists()
