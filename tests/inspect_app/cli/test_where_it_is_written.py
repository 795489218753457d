"""What is written is there whole or not at all, and never takes the place of a device or a pipe."""

import errno
import os
import resource
import stat
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from capture.cli import main as node_side
from inspect_app.cli import main
from tests.builders.capture import CaptureBuilder

ROOM = 2_048
"""Bytes that a file may have on the full disk."""
COMMANDS = {
    "slice": (node_side, "slice", "CAPTURE", "-o", "OUT", "--window", ".."),
    "redact": (node_side, "redact", "CAPTURE", "-o", "OUT", "--pattern", "none"),
    "merge": (node_side, "merge", "CAPTURE", "-o", "OUT"),
    "salvage": (node_side, "salvage", "CAPTURE", "-o", "OUT"),
    "slice by filter": (main, "slice", "CAPTURE", "-o", "OUT"),
    "csv": (main, "export", "CAPTURE", "--as", "csv", "-o", "OUT"),
    "report": (main, "report", "CAPTURE", "-o", "OUT", "--format", "json"),
}


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    for number in range(400):
        book.open(100, f"/etc/file-{number * 7919 % 1_000_003}", ino=number)
    return book.write(tmp_path_factory.mktemp("where") / "node.exhume")


@contextmanager
def a_full_disk():
    """Beyond the limit writing fails; the signal that comes with it Python does not heed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def run(command, capture, out):
    group, *words = COMMANDS[command]
    words = [{"CAPTURE": str(capture), "OUT": str(out)}.get(word, word) for word in words]
    return CliRunner().invoke(group, words, env={"EXHUME_NO_CACHE": "1"})


@pytest.mark.parametrize("command", COMMANDS)
def test_without_room_nothing_is_left_and_one_line_names_the_file(command, capture, tmp_path):
    out = tmp_path / "out.exhume"
    with a_full_disk():
        done = run(command, capture, out)
    assert done.exit_code not in (0, 2), done.stderr
    (line,) = done.stderr.splitlines()
    assert str(out) in line and os.strerror(errno.EFBIG) in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["csv", "report"])
def test_without_room_what_was_there_stays(command, capture, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("of yesterday")
    with a_full_disk():
        assert run(command, capture, out).exit_code not in (0, 2)
    assert out.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("command", COMMANDS)
def test_where_there_is_no_folder_the_line_names_the_file_that_was_asked_for(command, capture, tmp_path):
    done = run(command, capture, tmp_path / "missing" / "out.exhume")
    assert done.exit_code not in (0, 2)
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"{tmp_path}/missing/out.exhume: {os.strerror(errno.ENOENT)}")


def test_a_case_file_that_cannot_be_put_in_its_place_is_named(capture, tmp_path):
    case = tmp_path / "one.exhume-case"
    words = ["notes", "add", str(capture), "--case", str(case), "--text", "odd " * ROOM]
    with a_full_disk():
        done = CliRunner().invoke(main, words, env={"EXHUME_NO_CACHE": "1"})
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"exhume-inspect: {case}: {os.strerror(errno.EFBIG)}; ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_takes_the_place_of_a_pipe(command, capture, tmp_path):
    """Nor of a device: who runs this as root has but one /dev/null."""
    out = tmp_path / "out"
    os.mkfifo(out, 0o644)
    done = run(command, capture, out)
    assert done.exit_code not in (0, 2), done.stderr
    assert "this is no file" in done.stderr
    assert stat.S_ISFIFO(out.stat().st_mode) and stat.S_IMODE(out.stat().st_mode) == 0o644


def test_a_link_is_followed(capture, tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert run("csv", capture, tmp_path / "link.csv").exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().count("\n") == 401


@pytest.mark.parametrize("name", [b"\xff\xfe.exhume", b"\x1b[31mred\n<b>.exhume"], ids=["no text", "escapes"])
@pytest.mark.parametrize("command", COMMANDS)
def test_captures_and_what_is_made_of_them_may_have_any_name(command, name, capture, tmp_path):
    named = tmp_path / os.fsdecode(name)
    named.write_bytes(capture.read_bytes())
    out = tmp_path / os.fsdecode(b"new-" + name)
    done = run(command, named, out)
    assert done.exit_code == 0, done.output
    assert out.exists()
    assert "\x1b" not in done.output and len(done.stderr.splitlines()) == 1
