"""info, verify and events on files that are whole, damaged, foreign or not there."""

import csv
import io
import json
import os
import shutil
import subprocess

import pytest

from capture.format import CaptureWriter
from capture.format import writer as writer_module
from tests.builders.capture import AT_FDCWD, CaptureBuilder
from tests.capture.cli.conftest import COMMAND, REPOSITORY

READERS = (("info",), ("info", "--json"), ("events",), ("events", "--format", "json"), ("verify",))


@pytest.fixture
def cut(capture):
    """The first two thirds of the file."""
    capture.write_bytes(capture.read_bytes()[: capture.stat().st_size * 2 // 3])
    return capture


@pytest.fixture
def altered(capture):
    """A byte in the middle of the file is another."""
    data = bytearray(capture.read_bytes())
    data[len(data) // 2] ^= 1
    capture.write_bytes(data)
    return capture


def test_a_whole_capture_is_called_whole(capture, run):
    result = run("verify", capture)
    assert (result.exit_code, result.stdout) == (
        0,
        f"{capture}: whole: 13 blocks, every digest as recorded\n",
    )


def test_a_cut_capture_is_called_cut_short_at_its_block(cut, run):
    result = run("verify", cut)
    assert result.exit_code == 3
    assert "cut short at block 10" in result.stdout
    assert "the last event before that returned at 2023-11-14T22:13:20.010+00:00" in result.stdout


def test_an_altered_capture_is_called_altered_at_its_block(altered, run):
    result = run("verify", altered, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["state"], told["block"], told["blocks"]) == (4, "altered", 7, 12)


def test_an_altered_first_block_is_called_altered_too(capture, run):
    data = bytearray(capture.read_bytes())
    data[200] ^= 1
    capture.write_bytes(data)
    assert run("verify", capture).exit_code == 4
    for command in READERS[:4]:
        result = run(*command, capture)
        assert result.exit_code == 5
        assert "section block" in result.stderr


@pytest.mark.parametrize("command", READERS[:4])
def test_what_is_whole_of_a_damaged_capture_is_shown_and_the_damage_told(command, cut, run):
    result = run(*command, cut)
    assert result.exit_code == 3
    assert "openat" in result.stdout
    assert result.stderr.count("\n") == 1
    assert "cut short at block 10" in result.stderr


@pytest.mark.parametrize("command", READERS[:4])
def test_an_altered_capture_ends_with_its_own_code(command, altered, run):
    assert run(*command, altered).exit_code == 4


def no_file(path):
    pass


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (no_file, "No such file"),
        (lambda path: path.mkdir(), "directory"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(bytes(100_000)), "capture"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99)), "capture"),
    ],
    ids=["none", "folder", "empty", "zeros", "PNG"],
)
def test_what_is_no_capture_is_told_in_one_line(command, make, told, tmp_path, run):
    path = tmp_path / "odd.exhume"
    make(path)
    result = run(*command, path)
    assert result.exit_code == 5
    assert result.stdout == ""
    assert result.stderr.startswith("exhume-capture: ")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr
    assert "odd.exhume" in result.stderr


@pytest.mark.parametrize("command", READERS)
def test_a_newer_format_asks_for_an_update(command, tmp_path, run, monkeypatch):
    monkeypatch.setattr(writer_module, "FORMAT_VERSION", 99)
    with (tmp_path / "new.exhume").open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section({})
        writer.end({})
    result = run(*command, tmp_path / "new.exhume")
    assert result.exit_code == 5
    assert "format 99" in result.stderr
    assert "please update" in result.stderr


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
@pytest.mark.parametrize("command", READERS)
def test_a_file_without_permission_is_told_in_one_line(command, capture):
    capture.chmod(0o600)
    for folder in capture.parents[:3]:
        if folder.stat().st_uid == 0 and folder.name.startswith(("pytest", "test")):
            folder.chmod(0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = subprocess.run(
        [*nobody, *COMMAND, *command, str(capture)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named" in done.stderr or "can't open" in done.stderr:
        pytest.skip("nobody may not read the interpreter's packages here")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == f"exhume-capture: {capture}: Permission denied\n"


def test_events_are_lines_a_strace_user_reads(capture, run):
    lines = run("events", capture).stdout.splitlines()
    assert len(lines) == 20
    assert lines[0] == '22:13:20.001000000 host sh[100] read(0</dev/pts/0>, "ls\\n", 3) = 3 <0.000001>'
    assert lines[3].endswith(
        'openat(AT_FDCWD, "no\\x1b[31msuch\\xff", O_RDONLY) = -1 ENOENT '
        "(No such file or directory) <0.000001>"
    )


@pytest.mark.parametrize(("number", "shown"), [(0, 0), (1, 1), (7, 7), (20, 20), (1000, 20)])
@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_n_shows_the_first_events(number, shown, form, capture, run):
    result = run("events", capture, "-n", number, "--format", form)
    lines = len(result.stdout.splitlines())
    assert lines == shown + (form == "csv" and shown > 0)
    assert result.exit_code == 0


def test_json_is_one_object_a_line_keyed_by_filter_names(capture, run):
    rows = [json.loads(line) for line in run("events", capture, "--format", "json").stdout.splitlines()]
    assert [row["evt.num"] for row in rows] == list(range(1, 21))
    first, failed, unfinished = rows[0], rows[3], rows[17]
    assert first["evt.type"] == "read"
    assert (first["evt.rawtime"], first["evt.time.iso8601"]) == (
        1_700_000_000_001_000_000,
        "2023-11-14T22:13:20.001000000Z",
    )
    assert (first["evt.res"], first["evt.rawres"], first["evt.latency"]) == ("SUCCESS", 3, 1000)
    assert (first["proc.name"], first["proc.pid"], first["fd.name"]) == ("sh", 100, "/dev/pts/0")
    assert (first["container.id"], first["user.name"], first["evt.buffer"]) == ("host", "root", "ls\\n")
    assert (failed["evt.res"], failed["evt.failed"]) == ("ENOENT", True)
    assert (unfinished["evt.res"], unfinished["evt.rawres"]) == (None, None)
    assert unfinished["evt.flags"] == ["in_progress"]
    assert {row["container.name"] for row in rows} == {None, "web"}
    assert rows[5]["evt.latency"] is None, "a duration that is not known is not zero"


def test_csv_has_the_same_fields_under_a_header(capture, run):
    rows = list(csv.DictReader(io.StringIO(run("events", capture, "--format", "csv").stdout)))
    told = [json.loads(line) for line in run("events", capture, "--format", "json").stdout.splitlines()]
    assert list(rows[0]) == list(told[0])
    assert [row["evt.type"] for row in rows] == [row["evt.type"] for row in told]


def test_csv_holds_no_formula(tmp_path, run):
    book = CaptureBuilder()
    book.tables["users"] = [{"uid": 0, "name": "@SUM(1)"}]
    for name in (b"=1+1", b"+1", b"-1", b"@x"):
        book.process(100, comm=name.decode(), exe=name.decode(), uid=0)
        book.event("openat", text=name, ret=-2, args=(AT_FDCWD,), data=name)
    book.write(tmp_path / "formula.exhume")
    cells = csv.reader(io.StringIO(run("events", tmp_path / "formula.exhume", "--format", "csv").stdout))
    next(cells)
    hostile = [cell for row in cells for cell in row if cell[:1] in tuple("=+@")]
    assert hostile == []


def test_nothing_in_a_capture_reaches_the_terminal_unescaped(tmp_path, run):
    evil = "\x1b]0;owned\x07\x1b[2J\u202e\r\n\x9b31m"
    section = {
        "host": {"machine": "x86_64", "hostname": evil, "kernel": evil, "os": evil, "machine_id": evil},
        "recorder": {"name": evil, "version": evil, "command_line": [evil, "record"]},
    }
    book = CaptureBuilder(**section)
    container = "c0ffee" * 10 + "beef"
    path = f"/docker/{container}"
    book.tables["cgroups"] = [{"id": 1, "path": path, "hierarchy": 0}]
    facts = dict.fromkeys(("name", "image", "runtime", "metadata", "command"), evil)
    book.tables["containers"] = [{"full_id": container, "id": evil, "cgroup": path, **facts}]
    book.tables["users"] = [{"uid": 0, "name": evil}]
    book.process(100, comm=evil, exe=f"/{evil}", argv=[evil.encode()], cwd=evil)
    book.descriptor(100, 3, f"/{evil}", ino=7)
    book.event("read", fd=3, ino=7, args=(3, 0, 99), ret=20, data=evil.encode())
    book.event("openat", text=evil.encode(), args=(AT_FDCWD,), ret=-2)
    book.event("rename", text=evil.encode(), text2=evil.encode(), addr=evil.encode())
    book.exec(100, evil, evil, evil)
    book.write(tmp_path / "evil.exhume")
    for command in (*READERS, ("events", "--format", "csv")):
        result = run(*command, tmp_path / "evil.exhume")
        assert result.exit_code == 0
        shown = result.stdout.replace("\n", "") + result.stderr
        assert shown.isprintable(), (command, [char for char in shown if not char.isprintable()][:5])


def test_a_name_of_a_file_with_escapes_is_shown_escaped(tmp_path, run):
    result = run("info", tmp_path / "\x1b[31mred")
    assert "\x1b" not in result.stderr
    assert "\\x1b[31mred" in result.stderr


def test_info_tells_what_is_in_it(capture, run):
    told = json.loads(run("info", capture, "--json").stdout)
    assert told["state"].startswith("whole")
    assert (told["events"], told["blocks"], told["format"], told["lost"]) == (20, 13, 2, 3)
    assert told["host"]["hostname"] == "node-7"
    assert told["by_kind"]["openat"] == 3
    assert sum(told["by_kind"].values()) == 20
    assert told["snapshot"]["processes"] == 1
    assert told["containers"] == [
        {
            "id": "c0ffeec0ffee",
            "name": "web",
            "image": "docker.io/library/busybox:1.36",
            "runtime": "podman",
            "metadata": "recorded",
            "birth": "2023-11-14T22:13:20.020000000Z",
            "death": "2023-11-14T22:13:20.031000000Z",
            "starts": 1,
            "exit_code": None,
            "oom_kills": 0,
            "privileged": False,
            **dict.fromkeys(
                (
                    *("kind", "pod", "namespace", "user", "capabilities_added", "capabilities_dropped"),
                    *("seccomp", "host_namespaces", "memory_limit", "cpu_limit", "pids_limit"),
                    *("restart_policy", "parent"),
                )
            ),
        }
    ]
    assert told["notes"] == ["the snapshot lacks mounts: Permission denied"]
    text = run("info", capture).stdout
    for words in ("node-7", "3 events", "web", "openat", "Permission denied"):
        assert words in text


def test_an_empty_capture_is_shown_as_one(tmp_path, run):
    CaptureBuilder().write(tmp_path / "empty.exhume")
    for command in READERS:
        assert run(*command, tmp_path / "empty.exhume").exit_code == 0
    assert json.loads(run("info", tmp_path / "empty.exhume", "--json").stdout)["events"] == 0


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path):
    book = CaptureBuilder(host={"machine": "x86_64"})
    for _ in range(20_000):
        book.event("getpid")
    book.write(tmp_path / "long.exhume")
    command = subprocess.Popen(
        [*COMMAND, "events", str(tmp_path / "long.exhume")],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert b"getpid" in command.stdout.readline()
    command.stdout.close()
    assert command.wait(30) == 0
    assert command.stderr.read() == b""
    command.stderr.close()


@pytest.fixture
def capture_set(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh")
    for at in range(9):
        book.event("getpid", pid=100, ret=at)
    (tmp_path / "set").mkdir()
    return book.write_set(tmp_path / "set", 3, 6)


def test_the_files_of_a_set_are_read_as_one_recording(capture_set, run):
    for files in ([capture_set[0].parent], capture_set):
        lines = run("events", *files).stdout.splitlines()
        assert [line.split(" = ")[1][0] for line in lines] == [*"012345678"]
        told = json.loads(run("info", *files, "--json").stdout)
        assert (told["events"], told["set"]["numbers"]) == (9, [1, 2, 3])
    assert "files 1 to 3 of set 5e7" in run("info", *capture_set).stdout
    assert "file 2 of set 5e7" in run("info", capture_set[1]).stdout


def test_a_set_is_verified_file_by_file_and_as_a_chain(capture_set, run):
    folder = capture_set[0].parent
    result = run("verify", folder)
    assert result.exit_code == 0
    *told, manifest = result.stdout.splitlines()
    assert [line.partition(": ")[2][:5] for line in told] == ["whole"] * 4
    assert manifest == "the manifest of the set is not here: files taken away from its end are not missed"
    capture_set[1].write_bytes(capture_set[1].read_bytes()[:-9])
    result = run("verify", folder, "--json")
    assert result.exit_code == 4
    told = json.loads(result.stdout)
    assert "not written after" in told["reason"]
    assert [one["state"] for one in told["files"]] == ["whole", "cut short", "whole"]
    capture_set[1].unlink()
    result = run("verify", folder)
    assert result.exit_code == 3
    assert "file 2 of the set is not here" in result.stdout


def test_files_of_several_recordings_are_verified_one_by_one_and_the_worst_is_the_exit_code(
    capture, capture_set, tmp_path, run
):
    alone = run("verify", capture, *capture_set)
    assert alone.exit_code == 0
    assert [line.partition(": ")[2][:5] for line in alone.stdout.splitlines()[:5]] == ["whole"] * 5
    junk = tmp_path / "junk.exhume"
    junk.write_bytes(b"junk")
    result = run("verify", junk, tmp_path / "gone.exhume", capture)
    assert (result.exit_code, len(result.stderr.splitlines())) == (5, 2)
    assert result.stdout == f"{capture}: whole: 13 blocks, every digest as recorded\n"
    data = bytearray(capture.read_bytes())
    data[len(data) // 2] ^= 1
    capture.write_bytes(data)
    result = run("verify", capture, junk, *capture_set, "--json")
    states = [one["state"] for one in json.loads(result.stdout)["recordings"]]
    assert (result.exit_code, states) == (4, ["altered", "not readable", "whole"])


def test_an_empty_folder_is_told_in_one_line(tmp_path, run):
    for command in READERS:
        result = run(*command, tmp_path)
        assert (result.exit_code, result.stdout) == (5, "")
        assert "without captures" in result.stderr
