"""The headless commands on real capture files: output, one-line errors, exit codes."""

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from inspect_app.cli.options import take_own_views
from inspect_app.views.catalogue import VIEWS, set_own_views
from tests.builders.capture import AT_FDCWD, FILE, MS, START_NS, CaptureBuilder


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    book.process(200, comm="cat", cwd="/")
    book.event("openat", pid=100, ret=3, fd=3, ino=7, dev=1, mode=FILE, text=b"notes", args=(AT_FDCWD,))
    for _ in range(30):
        book.event("read", pid=100, ret=5, fd=3, ino=7, dev=1, mode=FILE, data=b"hello", args=(3, 0, 5))
    book.event("openat", pid=200, ret=-2, text=b"/etc/\x1b[31m=x", args=(AT_FDCWD,))
    path = tmp_path_factory.mktemp("captures") / "node.exhume"
    book.write(path)
    return path


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_json_is_one_array_of_rows(capture):
    result = run("view", capture, "processes", "--format", "json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert {row["proc.pid"]: row["events"] for row in rows} == {100: 31, 200: 1}
    assert next(row for row in rows if row["proc.pid"] == 100)["file_bytes"] == 150


def test_csv_has_a_header(capture):
    result = run("view", capture, "file_opens", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["evt.res"] for row in rows] == ["SUCCESS", "ENOENT"]
    assert "\x1b" not in result.stdout


def test_a_table_is_for_people(capture):
    result = run("view", capture, "files", "--sort", "fd.name")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["File", "Container", "Events"]
    assert lines[1].startswith("/etc/\\x1b[31m=x")
    assert "150 B" in lines[2]


def test_a_filter_and_a_window_restrict_the_rows(capture):
    by_filter = run("view", capture, "processes", "--filter", "evt.failed = true", "--format", "json")
    assert [row["proc.pid"] for row in json.loads(by_filter.stdout)] == [200]
    by_window = run("view", capture, "syscalls", "--window", "+0s..+5ms", "--format", "json")
    assert sum(row["events"] for row in json.loads(by_window.stdout)) == 5


def test_rows_left_out_are_counted(capture):
    result = run("view", capture, "processes", "-n", "1")
    assert result.stderr == "1 of 2 processes shown\n"


def test_sorting_turns_round(capture):
    names = [
        [
            row["fd.name"]
            for row in json.loads(run("view", capture, "files", "--sort", sort, "--format", "json").stdout)
        ]
        for sort in ("fd.name", "-fd.name")
    ]
    assert names[0] == sorted(names[0]) == names[1][::-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("files", "--filter", "proc.nam = x"), "did you mean proc.name?"),
        (("fils",), "did you mean files?"),
        (("zzz",), "`exhume-inspect views` lists them"),
        (("files", "--sort", "evnts"), "did you mean events?"),
        (("files", "--sort", "zzz"), "it has fd.name, container.name"),
        (("files", "--window", "yesterday"), "FROM..TO"),
        (("files", "--window", "+2s..+1s"), "ends before it starts"),
        (("files", "--window", "soon..later"), "no moment"),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(capture, arguments, told):
    result = run("view", capture, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def spoilt(capture, tmp_path, kind):
    data = capture.read_bytes()
    path = tmp_path / "spoilt.exhume"
    match kind:
        case "cut":
            path.write_bytes(data[: len(data) * 2 // 3])
        case "flipped":
            path.write_bytes(data[:-200] + bytes([data[-200] ^ 1]) + data[-199:])
        case "zeros":
            path.write_bytes(bytes(4_096))
        case "empty":
            path.write_bytes(b"")
        case "picture":
            path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        case "folder":
            path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "code"),
    [("cut", 3), ("flipped", 4), ("zeros", 5), ("empty", 5), ("picture", 5), ("folder", 5), ("nothing", 5)],
)
def test_a_spoilt_file_gives_one_clear_line_and_its_code(capture, tmp_path, kind, code):
    result = run("view", spoilt(capture, tmp_path, kind), "files")
    assert result.exit_code == code, result.stderr
    problems = [line for line in result.stderr.splitlines() if line.startswith("exhume-inspect: ")]
    assert len(problems) == 1
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_told(capture, tmp_path):
    path = tmp_path / "secret.exhume"
    path.write_bytes(capture.read_bytes())
    path.chmod(0)
    result = run("view", path, "files")
    assert result.exit_code == 5
    assert "Permission denied" in result.stderr


def test_the_views_and_the_fields_are_listed():
    views = json.loads(run("views", "--format", "json").stdout)
    assert {"processes", "commands"} <= {view["id"] for view in views}
    fields = run("fields", "container")
    assert "container.id" in fields.stdout
    assert "proc.pid" not in fields.stdout
    assert run("fields", "prco.name").exit_code == 2


def test_tiles_mark_what_is_noteworthy(capture):
    result = run("tiles", capture)
    assert result.exit_code == 0
    assert "File open errors" in result.stdout
    totals = {
        row["id"]: row["total"]
        for row in json.loads(run("tiles", capture, "--all", "--format", "json").stdout)
    }
    assert (totals["file.opens"], totals["perf.open_errors"], totals["perf.http"]) == (1, 1, 0)


def test_a_report_is_written_with_the_digest_of_the_file(capture, tmp_path):
    import hashlib

    result = run("report", capture, "-o", tmp_path / "report.html", "--filter", "proc.pid = 100")
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "report.html").read_text()
    assert hashlib.sha256(capture.read_bytes()).hexdigest() in text
    assert "proc.pid = 100" in text


def test_a_report_never_overwrites_the_capture(capture):
    before = capture.read_bytes()
    assert run("report", capture, "-o", capture).exit_code == 2
    assert capture.read_bytes() == before


def test_a_report_that_cannot_be_written_says_where(capture, tmp_path):
    result = run("report", capture, "-o", tmp_path / "no" / "report.html")
    assert result.exit_code == 5
    assert "report.html: No such file or directory" in result.stderr


def test_a_reader_that_has_seen_enough_is_no_error(capture):
    """As in `exhume-inspect view … | head -1`."""
    code = "import sys; from inspect_app.cli import main; main()"
    command = [sys.executable, "-c", code, "view", str(capture), "files", "--format", "json"]
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, env=environment, check=False, timeout=60
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("command", ["view", "views", "tiles", "fields", "report"])
def test_help_teaches_by_example(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"exhume-inspect {command}" in result.stdout


def test_the_exit_codes_are_told():
    assert "Exit codes:" in run("--help").stdout


def test_a_moment_is_read_in_every_form_that_help_names():
    from inspect_app.analysis.selection import TimeRange
    from inspect_app.cli.windows import parse_window

    whole = TimeRange(START_NS, START_NS + 3_000 * MS)
    one_to_two = TimeRange(START_NS + 1_000 * MS, START_NS + 2_000 * MS)
    for text in (
        "+1s..+2s",
        "+1..+2000ms",
        "22:13:21..22:13:22",
        "2023-11-14T22:13:21Z..2023-11-14 22:13:22.000",
        "2023-11-14T23:13:21+01:00..2023-11-14T17:13:22-05:00",
        f"{START_NS + 1_000 * MS}..{START_NS + 2_000 * MS}",
        "-2s..-1000ms",
        "22:13:21Z..22:13:22 UTC",
        "2023-11-15 03:43:21 +05:30..16:13:22-06:00",
    ):
        assert parse_window(text, whole) == one_to_two, text
    assert parse_window("..", whole) == whole
    assert parse_window("+1.000000001s..", whole).start_ns == START_NS + 1_000_000_001
    # In New Zealand it is the fifteenth already.
    assert parse_window("11:13:21+13:00..", whole).start_ns == START_NS + 1_000 * MS
    for text in (
        "24:00..",
        "2023-02-30T00:00Z..",
        "0000-01-01T00:00Z..",
        "1s..",
        "22:13:21+99:00..",
        "--1s..",
    ):
        with pytest.raises(ValueError, match="is no moment"):
            parse_window(text, whole)


def test_local_times_are_those_of_the_reader(monkeypatch, capture):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        local = run("view", capture, "file_opens", "--window", "11:13 local..", "--times", "local")
        assert "2023-11-15 11:13:2" in local.stdout and "NZDT" in local.stdout
        same = run("view", capture, "file_opens", "--window", "2023-11-14T22:13Z..", "--format", "json")
        assert len(json.loads(same.stdout)) == len(local.stdout.splitlines()) - 1
    finally:
        monkeypatch.undo()
        time.tzset()


def test_times_are_counted_from_the_first_event_or_from_a_moment(capture):
    relative = run("view", capture, "file_opens", "--times", "relative").stdout.splitlines()[1]
    marked = run("view", capture, "file_opens", "--times", "+1s").stdout.splitlines()[1]
    assert float(relative.split()[0]) - float(marked.split()[0]) == pytest.approx(1)
    for command in ("tree", "streams", "usage"):
        assert " UTC" not in run(command, capture, "--times", "relative").stdout
    assert run("at", capture, "+0s", "--times", "relative").stdout.startswith("at +0.000000000 s\n")
    wrong = run("view", capture, "file_opens", "--times", "soon")
    assert wrong.exit_code == 2 and "or utc, local, relative" in wrong.stderr


@pytest.fixture
def capture_set(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    for at in range(9):
        book.event("read", pid=100, ret=5, fd=3, ino=7, dev=1, mode=FILE, data=b"hello", args=(3, at, 5))
    return book.write_set(tmp_path, 3, 6)


def test_the_files_of_a_set_are_shown_as_one_recording(capture_set):
    for files in ([capture_set[0].parent], capture_set):
        result = run("view", *files, "processes", "--format", "json")
        assert result.exit_code == 0, result.stderr
        assert [row["events"] for row in json.loads(result.stdout)] == [9]


@pytest.mark.parametrize(
    ("command", "rest", "told"),
    [
        ("at", ("+3ms",), "100"),
        ("at", ("+3ms", "processes"), "100"),
        ("tree", (), "9 events"),
        ("streams", (), "hello"),
        ("search", ("hello",), "+0: hello"),
    ],
)
def test_every_command_takes_the_files_of_a_set(capture_set, command, rest, told):
    for files in ([capture_set[0].parent], capture_set):
        result = run(command, *files, *rest)
        assert result.exit_code == 0, result.stderr
        assert told in result.stdout


def test_bytes_are_never_written_over_a_file_of_the_set(capture_set):
    before = capture_set[1].read_bytes()
    assert run("streams", capture_set[0].parent, "-o", capture_set[1]).exit_code == 2
    assert capture_set[1].read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name a capture and a TIME"),
        (("x",), "name a capture and a TIME"),
        (("x", "+1s", "connectons"), "'connectons' is not one of"),
        (("x", "x", "+1s", "user"), "'user' is not one of"),
    ],
)
def test_a_moment_that_is_asked_for_wrongly_is_told(words, told):
    result = run("at", *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_report_of_a_set_names_its_files_and_their_digest(capture_set, tmp_path):
    out = tmp_path / "report.html"
    result = run("report", tmp_path, "-o", out)
    assert result.exit_code == 0, result.stderr
    page = out.read_text("utf-8")
    assert "files 1 to 3 of set 5e7" in page
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() in page for path in capture_set)
    assert run("report", tmp_path, "-o", capture_set[1]).exit_code == 2


def test_a_set_with_a_gap_is_shown_and_told(capture_set):
    capture_set[1].unlink()
    result = run("view", capture_set[0].parent, "processes", "--format", "json")
    assert result.exit_code == 3
    assert [row["events"] for row in json.loads(result.stdout)] == [6]
    assert "file 2 of the set is not here" in result.stderr


OWN = """
[[view]]
id = "reads"
title = "Reads"
filter = "evt.type = read"
rows = "process"
columns = ["proc.name", { count = "events", title = "Reads" }, { sum = "bytes", title = "Moved" }]
sort = "-events"
"""


@pytest.fixture
def own_views(tmp_path):
    path = tmp_path / "views.toml"
    path.write_text(OWN)
    yield path
    set_own_views(())


def test_an_own_view_is_listed_and_shown(capture, own_views):
    listed = json.loads(run("views", "--views", own_views, "--format", "json").stdout)
    assert listed[-1]["id"] == "reads"
    rows = json.loads(run("view", capture, "reads", "--views", own_views, "--format", "json").stdout)
    assert rows == [{"proc.name": "sh", "events": 30, "bytes": 150}]


def test_an_own_view_that_is_wrong_is_told_in_one_line(capture, own_views):
    own_views.write_text(OWN.replace('"process"', '"procss"'))
    result = run("view", capture, "reads", "--views", own_views)
    assert result.exit_code == 2
    assert "rows = 'procss' is no key; did you mean process?" in result.stderr
    assert run("views", "--views", "/nowhere.toml").exit_code == 2


def test_own_views_of_the_settings_folder_are_offered_unless_they_are_wrong(own_views, monkeypatch, tmp_path):
    monkeypatch.setattr(click, "get_app_dir", lambda _name: str(tmp_path))
    assert take_own_views() == "" and "reads" in VIEWS
    own_views.write_text("[[view]]\nid = '\x1b[2J'")
    assert "views.toml" in take_own_views() and "\x1b" not in take_own_views()
    own_views.unlink()
    assert take_own_views() == ""


def test_a_spectrogram_is_drawn_and_exported(capture):
    drawn = run("spectrogram", capture, "--slices", "4").stdout
    assert "1 µs │" in drawn and drawn.count("│") % 2 == 0
    cells = json.loads(run("spectrogram", capture, "--slices", "4", "--format", "json").stdout)
    assert sum(cell["count"] for cell in cells) == 32
    assert {(cell["latency_from"], cell["latency_to"]) for cell in cells} == {(1_000, 1_585)}
    assert "no selected call" in run("spectrogram", capture, "--filter", "proc.pid = 1").stderr


def test_fields_that_no_capture_can_tell_are_listed_with_the_reason():
    assert "thread.exectime" not in run("fields", "thread.").stdout
    told = run("fields", "thread.", "--all").stdout
    assert "switches between threads are not recorded" in told
    rows = json.loads(run("fields", "--format", "json").stdout)
    assert {row["name"]: row["unavailable"] for row in rows}[
        "evt.pluginname"
    ] == "no event is made by a plugin"
    assert sum(not row["unavailable"] for row in rows) > 300


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("proc.name",), [(31, "sh"), (1, "cat")]),
        (("proc.name", "--holding", "c"), [(1, "cat")]),
        (("evt.type",), [(30, "read"), (2, "openat")]),
        (("fd.name", "--holding", "/et"), [(1, "/etc/\x1b[31m=x")]),
        (("evt.res",), [(31, "SUCCESS"), (1, "ENOENT")]),
        (("proc.name", "--holding", "nobody"), []),
    ],
)
def test_values_of_a_field_come_with_their_events(capture, arguments, expected):
    rows = json.loads(run("values", capture, *arguments, "--format", "json").stdout)
    assert [(row["events"], row["value"]) for row in rows] == expected
    assert "\x1b" not in run("values", capture, *arguments).stdout


def test_values_of_what_is_no_field_are_refused(capture):
    result = run("values", capture, "proc.nam")
    assert result.exit_code == 2 and "did you mean proc.name?" in result.stderr


def test_a_table_that_is_no_terminal_has_a_line_a_row(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    name = b"/srv" + b"/long" * 60
    book.event("openat", ret=3, fd=3, ino=9, text=name, args=(AT_FDCWD,))
    book.event("read", fd=3, ino=9, ret=5, data=b"hello", args=(3, 0, 5))
    path = book.write(tmp_path / "long.exhume")
    for command in (("streams", "--list"), ("values", "fd.name")):
        lines = run(command[0], path, *command[1:]).stdout.splitlines()
        assert len(lines) == 2 and name.decode() in lines[1]
