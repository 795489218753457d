"""Saved files: never outside of the folder, with a map of where each byte comes from."""

import hashlib
import json
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.file_content import file_content, files_with_content
from inspect_app.analysis.selection import select
from inspect_app.cli import main
from inspect_app.exports.carving import MAX_RANGES, carve, carve_all
from inspect_app.exports.errors import ExportError
from inspect_app.exports.safe_names import LONGEST, safe_name
from inspect_app.exports.source import source_of
from inspect_app.frames import open_capture
from tests.builders.capture import AT_FDCWD, SOCKET, CaptureBuilder, sock

HOSTILE = [
    "../../../../etc/cron.d/evil",
    "/..",
    "..",
    "/",
    "",
    "C:\\Windows\\system32\\evil.dll",
    "\\\\server\\share\\x",
    "/tmp/nul\0l",
    "/tmp/\u202egpj.exe",
    "/tmp/\x1b[2Jx",
    "/tmp/CON",
    "/tmp/con.txt",
    "/tmp/trailing. . .",
    "/tmp/" + "a" * 4_096,
    "/tmp/" + "b" * 300 + ".tar.gz",
    "/tmp/a:b*c?d<e>f|g\"h",
    "/tmp/~root",
    "/tmp/-rf",
    "/tmp/.bashrc",
    "/tmp/\udcff\udcfe",
    "/tmp/name\n00001-other",
]  # fmt: skip
RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{at}" for name in ("com", "lpt") for at in range(10))}


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def harmless(name):
    assert name == name.strip(" .") and name[0].isdigit() and len(name) <= LONGEST + 6
    assert not set(name) & set('/\\:*?"<>|\0') and name.partition(".")[0].casefold() not in RESERVED
    assert name.isascii() and name.isprintable() and unicodedata.is_normalized("NFC", name)


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_becomes_one_that_does_no_harm(path):
    harmless(safe_name(1, path))


@given(st.integers(1, 99_999), st.text(max_size=300))
def test_any_name_becomes_one_that_does_no_harm(number, path):
    harmless(safe_name(number, path))


def test_names_that_differ_in_case_alone_stay_apart():
    names = [safe_name(at, path) for at, path in enumerate(("/a/README", "/a/readme", "/b/ReadMe"), start=1)]
    assert len({name.casefold() for name in names}) == 3


def capture(tmp_path, paths=("/tmp/one", "/etc/passwd")):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    for at, path in enumerate(paths):
        place = {"pid": 100, "fd": 3, "ino": 7 + at}
        text = path.encode("utf-8", "surrogateescape")
        book.event("openat", ret=3, text=text, args=(AT_FDCWD, 0, 0o1102), **place)
        book.event("write", ret=5, args=(3, 0, 5), data=b"hello", **place)
        book.event("pwrite64", ret=5, args=(3, 0, 5, 8), data=b"world", **place)
    ends = {"pid": 100, "fd": 4, "ino": 99, "mode": SOCKET, "sock": sock("10.0.0.1:1", "10.0.0.2:80")}
    book.event("sendto", ret=4, args=(4, 0, 4), data=b"ping", **ends)
    book.event("recvfrom", ret=9, args=(4, 0, 9), data=b"pong", **ends)
    return book.write(tmp_path / "node.exhume")


def test_every_file_is_saved_in_the_folder_whatever_it_is_called(tmp_path):
    paths = [path for path in HOSTILE if path.strip("/.") and "\0" not in path]
    folder = tmp_path / "out" / "deep"
    before = set(tmp_path.rglob("*"))
    made = capture(tmp_path, paths)
    done = run("carve", made, "--all", "-o", folder)
    assert done.exit_code == 0, done.output
    index = json.loads((folder / "index.json").read_text())
    assert len(index["files"]) == len(paths)
    outside = set(tmp_path.rglob("*")) - before - {made, folder.parent, folder} - set(folder.iterdir())
    assert outside == set()
    assert all(one.is_file() and one.stat().st_mode & 0o777 == 0o600 for one in folder.iterdir())


def test_a_map_tells_where_each_byte_comes_from_and_what_is_missing(tmp_path):
    folder = tmp_path / "out"
    done = run("carve", capture(tmp_path), "--path", "/etc/*", "-o", folder, "--format", "json")
    (row,) = json.loads(done.stdout)
    saved = (folder / row["file"]).read_bytes()
    assert saved == b"hello\0\0\0world"
    told = json.loads((folder / f"{row['file']}.map.json").read_text())
    assert [(one["start"], one["end"], one["event"]) for one in told["ranges"]] == [(0, 5, 5), (8, 13, 6)]
    assert told["holes"] == [{"start": 5, "end": 8}]
    assert told["sha256_of_known"] == hashlib.sha256(b"helloworld").hexdigest() == row["sha256"]
    assert (told["name"], told["coverage"], told["whole"]) == ("/etc/passwd", round(10 / 13, 6), False)
    assert len(told["source"]["digests"][0]) == 64


def test_coverage_is_told_without_saving(tmp_path):
    done = run("carve", capture(tmp_path), "--all", "--format", "json")
    assert [row["coverage"] for row in json.loads(done.stdout)] == ["76.9%", "76.9%"]


def test_each_way_of_a_stream_is_a_file(tmp_path):
    folder = tmp_path / "out"
    done = run("carve", capture(tmp_path), "--streams", "-o", folder, "--format", "json")
    assert {(folder / row["file"]).read_bytes() for row in json.loads(done.stdout)} == {
        b"ping",
        b"pong\0\0\0\0\0",
    }


def test_a_program_is_held_against_its_recorded_digest(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    book.open(100, "/tmp/x", ino=7, args=(AT_FDCWD, 0, 0o1102))
    book.event("write", pid=100, ret=4, fd=3, ino=7, args=(3, 0, 4), data=b"\x7fELF")
    frames = open_capture(book.write(tmp_path / "one.exhume"))
    source = source_of(frames, select(frames))
    (row,) = files_with_content(frames).tolist()
    for digest, verdict in (
        (hashlib.sha256(b"\x7fELF").hexdigest(), "the digest that was recorded"),
        ("0" * 64, "not the digest that was recorded"),
    ):
        found = file_content(frames, row)
        object.__setattr__(found, "recorded_sha256", digest)
        assert carve(frames, found, tmp_path / "x", source).verdict == verdict


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine").write_text("x")
    done = run("carve", capture(tmp_path), "--all", "-o", folder)
    assert done.exit_code == 2 and "not empty" in done.output
    assert [one.name for one in folder.iterdir()] == ["mine"]
    with pytest.raises(ExportError):
        next(carve_all(None, [], folder, None))


def test_a_place_far_out_makes_no_giant_file(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    book.open(100, "/tmp/x", ino=7, args=(AT_FDCWD, 0, 0o1102))
    book.event("pwrite64", pid=100, ret=1, fd=3, ino=7, args=(3, 0, 1, 1 << 60), data=b"x")
    folder = tmp_path / "out"
    done = run("carve", book.write(tmp_path / "far.exhume"), "--all", "-o", folder)
    assert done.exit_code == 0, done.output
    (row,) = json.loads((folder / "index.json").read_text())["files"]
    assert (row["size"], row["left_out"]) == ((1 << 60) + 1, 1)
    assert (folder / row["file"]).stat().st_blocks * 512 < 1 << 20
    assert MAX_RANGES > 1
