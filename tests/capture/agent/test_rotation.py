"""What the files of a recording are called, when one ends, and which stay."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.agent.files import CaptureFiles
from capture.agent.rotation import FileNames, Rotation
from capture.format import CaptureFile, create, open_captures

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "counted", "name"),
    [
        ("node.exhume", False, "node.exhume"),
        ("node.exhume", True, "node-00007.exhume"),
        ("/var/x/node", True, "/var/x/node-00007"),
        ("node-%Y%m%d-%H%M%S.exhume", True, "node-20260102-030405.exhume"),
        ("node-%Y%m%d-%H%M%S.exhume", False, "node-20260102-030405.exhume"),
        ("100%%.exhume", False, "100%.exhume"),
    ],
)
def test_names_have_the_time_or_a_number(pattern, counted, name):
    assert FileNames(Path(pattern), counted).name(7, NOW) == Path(name)


def test_a_name_that_is_taken_gets_a_further_number(tmp_path):
    names = FileNames(tmp_path / "node-%Y.exhume", counted=True)
    assert names.free_name(2, NOW).name == "node-2026.exhume"
    (tmp_path / "node-2026.exhume").write_text("evidence")
    (tmp_path / "node-2026-2.exhume").symlink_to("nowhere")
    assert names.free_name(2, NOW).name == "node-2026-3.exhume"


@pytest.mark.parametrize(
    ("rotation", "grown", "due"),
    [
        (Rotation(), (1 << 60, 1e9, 1 << 60), False),
        (Rotation(size=100), (99, 1e9, 1 << 60), False),
        (Rotation(size=100), (100, 0, 0), True),
        (Rotation(seconds=2), (0, 1.9, 0), False),
        (Rotation(seconds=2), (0, 2.0, 0), True),
        (Rotation(size=100, events=5), (0, 0, 5), True),
    ],
)
def test_a_file_ends_when_the_first_limit_is_reached(rotation, grown, due):
    assert rotation.is_due(*grown) is due


class Book:
    """A recording of nothing, turned by hand."""

    def __init__(self, folder, overwrite=False, name="node.exhume", **limits):
        rotation = Rotation(size=1, **limits)
        names = FileNames(folder / name, counted=True)
        path = names.name(1, NOW)
        self.files = CaptureFiles(create(path, overwrite=overwrite), path, rotation, names, overwrite)
        self.files.begin({})

    def turn(self, times=1):
        for _ in range(times):
            following = self.files.open_next()
            self.files.writer.end({})
            self.files.advance(*following)
            self.files.begin({})
            self.files.drop_old()

    def end(self):
        self.files.writer.end({})
        with self.files:
            pass


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_make_a_chain_that_is_whole(tmp_path):
    book = Book(tmp_path)
    book.turn(3)
    book.end()
    assert names_in(tmp_path) == [f"node-{number:05}.exhume" for number in range(1, 5)]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    with open_captures([tmp_path]) as capture:
        assert str(capture.verdict).startswith("whole")
        assert [member.section["set"]["number"] for member in capture.members] == [1, 2, 3, 4]
        assert capture.members[0].section["set"]["previous"] is None


def test_the_last_files_stay_and_older_ones_go(tmp_path):
    book = Book(tmp_path, keep=2)
    book.turn(5)
    book.end()
    assert names_in(tmp_path) == ["node-00005.exhume", "node-00006.exhume"]
    assert book.files.described().endswith("(2 files, 4 older ones removed)")
    with open_captures([tmp_path]) as capture:
        assert str(capture.verdict).startswith("whole")


def test_a_file_that_somebody_has_put_in_its_place_is_not_removed(tmp_path):
    book = Book(tmp_path, keep=2)
    book.turn()
    (tmp_path / "node-00001.exhume").rename(tmp_path / "kept.exhume")
    (tmp_path / "node-00001.exhume").write_text("not ours")
    book.turn(2)
    book.end()
    assert (tmp_path / "node-00001.exhume").read_text() == "not ours"
    assert (tmp_path / "kept.exhume").exists()
    assert not (tmp_path / "node-00002.exhume").exists()


def test_a_capture_that_is_there_already_is_not_written_over(tmp_path):
    (tmp_path / "node-00002.exhume").write_bytes(b"evidence")
    book = Book(tmp_path)
    book.turn(2)
    book.end()
    assert (tmp_path / "node-00002.exhume").read_bytes() == b"evidence"
    assert "node-00002-2.exhume" in names_in(tmp_path)


def test_with_overwrite_old_captures_are_written_over_and_own_files_never(tmp_path):
    (tmp_path / "day.exhume").write_bytes(b"evidence")
    (tmp_path / "day-2.exhume").write_bytes(b"evidence")
    book = Book(tmp_path, overwrite=True, name="day%%.exhume".replace("%%", ""))
    book.end()
    other = Book(tmp_path, overwrite=True, name="%%.exhume")
    other.turn(2)
    other.end()
    assert {"%.exhume", "%-2.exhume", "%-3.exhume"} <= set(names_in(tmp_path))


def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_is(tmp_path):
    """Root may write anywhere: a folder that is gone is one that nobody can write to."""
    folder = tmp_path / "here"
    folder.mkdir()
    book = Book(folder)
    folder.rename(tmp_path / "there")
    assert book.files.is_due()
    with pytest.raises(OSError, match="No such file"):
        book.files.open_next()
    assert not book.files.is_due()  # for a while: it is not tried for again at every block
    book.end()
    with CaptureFile.open(tmp_path / "there" / "node-00001.exhume") as capture:
        assert str(capture.verdict).startswith("whole")


def test_the_oldest_files_make_room_where_older_ones_may_go(tmp_path, monkeypatch):
    book = Book(tmp_path, keep=9, disk_floor=100)
    book.turn(3)
    free = iter([50, 99, 100, 100])
    monkeypatch.setattr(CaptureFiles, "_free", lambda _: next(free))
    assert book.files.make_room() == ""
    assert names_in(tmp_path) == ["node-00003.exhume", "node-00004.exhume"]


def test_where_none_may_go_the_recording_has_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr(CaptureFiles, "_free", lambda _: 50 << 20)
    book = Book(tmp_path, disk_floor=100 << 20)
    book.turn(2)
    assert "50 MiB are free" in book.files.make_room()
    assert "--disk-floor" in book.files.make_room()
    assert len(names_in(tmp_path)) == 3


def test_free_space_is_what_the_system_says(tmp_path):
    book = Book(tmp_path, disk_floor=1)
    status = os.statvfs(tmp_path)
    assert abs(book.files._free() - status.f_bavail * status.f_frsize) < 1 << 30


def test_a_file_into_which_nothing_was_written_is_taken_away(tmp_path):
    path = tmp_path / "node.exhume"
    with CaptureFiles(create(path), path):
        pass
    assert names_in(tmp_path) == []
    path.write_bytes(b"older evidence")
    with CaptureFiles(create(path, overwrite=True), path):
        pass
    assert path.read_bytes() == b"older evidence"
