"""`exhume-inspect tree`, `streams` and `search` on a capture made by hand."""

import json

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from tests.builders.capture import START_NS, CaptureBuilder


@pytest.fixture
def path(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", argv=[b"-sh"], cwd="/home", ppid=0)
    book.fork(100, 200, comm=b"sh")
    book.exec(200, "/usr/bin/curl", "curl", "-s\x1b[31m")
    book.fork(200, 300, comm=b"curl")
    book.event("read", pid=300, fd=3, ino=7, ret=100, data=b"GET /one HTTP/1.1\r\n")
    book.event("write", pid=300, fd=3, ino=7, ret=4, data=b"\x1b]0;")
    book.exit(300, status=9)
    book.fork(100, 400, comm=b"idle")
    book.exit(400, status=1 << 8)
    book.drops = [{"since": START_NS, "time": START_NS + 1, "kind": "lost", "where": "small", "count": 3}]
    return book.write(tmp_path / "x.exhume")


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_the_tree_is_drawn_with_branches_and_fates(path):
    done = run("tree", path)
    assert done.exit_code == 0
    lines = [line.split("  [")[0] for line in done.stdout.splitlines()]
    assert lines[0] == "100 sh"
    assert lines[1].startswith("├─ 200 curl -s")
    assert lines[2].startswith("│  └─ 300 curl")
    assert lines[3].startswith("└─ 400 ")
    assert "SIGKILL" in done.stdout
    assert "exit 1" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_tree_of_a_selection_keeps_what_led_to_it(path):
    rows = json.loads(run("tree", path, "--filter", "evt.type = write", "--format", "json").stdout)
    assert [(row["depth"], row["pid"], row["events"]) for row in rows] == [
        (0, 100, 0),
        (1, 200, 0),
        (2, 300, 1),
    ]
    assert rows[2]["fate"] == "SIGKILL"
    assert rows[0]["end"] is None


def test_streams_show_bytes_and_what_was_not_kept(path):
    done = run("streams", path)
    assert "read" in done.stdout
    assert "19 of 100 B kept" in done.stdout
    assert "    GET /one HTTP/1.1" in done.stdout
    assert "\x1b" not in done.stdout
    assert "2 transfers, 23 B kept of 104 B" in done.stderr
    as_hex = run("streams", path, "--as", "hex", "--direction", "write").stdout
    assert "1b 5d 30 3b" in as_hex
    assert "GET" not in as_hex


def test_streams_as_json_have_their_bytes_in_hex(path):
    rows = json.loads(run("streams", path, "--format", "json").stdout)
    assert [bytes.fromhex(row["data"]) for row in rows] == [b"GET /one HTTP/1.1\r\n", b"\x1b]0;"]
    assert [row["direction"] for row in rows] == ["read", "write"]


def test_streams_are_listed_and_one_is_shown_alone(path):
    (row,) = json.loads(run("streams", path, "--list", "--format", "json").stdout)
    assert (row["read"], row["written"], row["kept"], row["transfers"], row["pid"]) == (100, 4, 23, 2, 300)
    assert "\x1b" not in run("streams", path, "--list").stdout
    shown = json.loads(run("streams", path, "--stream", row["stream"], "--format", "json").stdout)
    assert [segment["offset"] for segment in shown] == [0, 0]
    assert json.loads(run("streams", path, "--stream", 77, "--format", "json").stdout) == []


def test_kept_bytes_are_written_as_they_are_and_never_over_the_capture(path, tmp_path):
    out = tmp_path / "bytes"
    assert run("streams", path, "-o", out).exit_code == 0
    assert out.read_bytes() == b"GET /one HTTP/1.1\r\n\x1b]0;"
    before = path.read_bytes()
    assert run("streams", path, "-o", path).exit_code == 2
    assert path.read_bytes() == before


def test_a_search_tells_event_place_and_how_much_was_searched(path):
    done = run("search", path, "--regex", r"^GET \S+")
    assert "event 4" in done.stdout
    assert r"+0: GET /one HTTP/1.1\r\n" in done.stdout
    assert "1 match in 23 B kept of 104 B moved" in done.stderr
    (row,) = json.loads(run("search", path, "--hex", "1b 5d", "--format", "json").stdout)
    assert (row["event"], row["offset"], row["length"], row["pid"]) == (5, 0, 2, 300)
    assert "\x1b" not in run("search", path, "--hex", "1b").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "--regex", "("), "not understood"),
        (("search", "--regex", "--hex", "00"), "exclude each other"),
        (("search", ""), "nothing to search for"),
        (("streams", "--direction", "sideways"), "is not one of"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(path, arguments, said):
    done = run(arguments[0], path, *arguments[1:])
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


def test_nothing_selected_is_told(path):
    assert "no process" in run("tree", path, "--filter", "evt.type = openat").output
    assert "no selected event moved bytes" in run("streams", path, "--filter", "evt.type = openat").output
