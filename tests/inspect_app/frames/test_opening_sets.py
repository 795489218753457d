"""The files of a set become the frames that one file would."""

import shutil

import numpy as np
import pandas as pd
import pytest

from inspect_app.frames import Cancelled, FormatError, open_capture
from tests.builders.capture import SOCKET, START_NS, CaptureBuilder, sock

FRAMES = ("events", "processes", "threads", "images", "descriptors", "containers", "users")


@pytest.fixture
def book():
    builder = CaptureBuilder()
    builder.process(100, comm="sh", exe="/bin/sh", argv=[b"-sh"], cwd="/home", uid=1000)
    builder.descriptor(100, 0, "/dev/pts/0", ino=5)
    builder.tables["users"] = [{"uid": 0, "name": "root", "home": "/root", "shell": "/bin/sh"}]
    builder.fork(100, 200, comm=b"sh")
    builder.exec(200, "/usr/bin/cat", "cat", "notes")
    builder.open(200, "notes", ino=7)
    for at in range(6):
        builder.event("read", pid=200, fd=3, ino=7, ret=5, args=(3, at, 2, 3, 4, 5), data=b"hello")
    builder.event("connect", pid=200, fd=4, ino=9, mode=SOCKET, sock=sock("10.0.0.1:1", "10.0.0.2:80"))
    builder.event("write", pid=200, fd=4, ino=9, mode=SOCKET, ret=-32)
    builder.exit(200, status=2 << 8)
    return builder


def later(book, pid, start):
    """A later snapshot: the shell again, and what has become of a process that was forked meanwhile."""
    shell = book.tables["processes"][0]
    return {
        "processes": [shell, {"pid": pid, "start_ns": start, "ppid": 100, "comm": "cat", "threads": [pid]}],
        "users": book.tables["users"],
    }


def test_frames_of_a_set_are_those_of_one_file(book, tmp_path):
    one = open_capture(book.write(tmp_path / "one.capture"))
    book.write_set(tmp_path, 4, 8, tables=[later(book, 200, START_NS)] * 2, unfinished=(5, 8))
    for many in (open_capture(tmp_path), open_capture(sorted(tmp_path.glob("*.exhume"), reverse=True))):
        for name in FRAMES:
            pd.testing.assert_frame_equal(getattr(many, name), getattr(one, name))
        assert [many.source.payload(row) for row in range(len(many.events))] == [
            one.source.payload(row) for row in range(len(one.events))
        ]
        assert np.array_equal(many.source.argument(5), one.source.argument(5))
        assert many.state.state == "whole"
        assert many.host["part"] == "files 1 to 3 of set 5e7"
        assert one.host["part"] == ""


def test_a_process_known_from_a_later_snapshot_alone_has_its_name(book, tmp_path):
    """Its fork is in a file that is not here."""
    paths = book.write_set(tmp_path, 2, 5, tables=[{}, later(book, 200, START_NS + 1)])
    frames = open_capture([paths[0], paths[2]])
    cats = frames.processes[frames.processes["pid"] == 200]
    assert "cut short" in frames.state.state
    assert "file 2 of the set is not here" in frames.state.detail
    assert len(cats) == 1


def test_a_set_and_another_recording_are_two(book, tmp_path):
    book.write_set(tmp_path, 4)
    book.write(tmp_path / "other.exhume")
    frames = open_capture(tmp_path)
    assert len(frames.recordings) == 2
    assert len(frames.events) == 2 * len(book.rows)


def test_a_copy_of_a_file_of_a_set_is_refused(book, tmp_path):
    paths = book.write_set(tmp_path, 4)
    copy = shutil.copy(paths[0], tmp_path / "copy.exhume")
    with pytest.raises(FormatError, match="both file 1 of the set"):
        open_capture([*paths, copy])


def test_progress_is_told_and_cancelling_is_obeyed(book, tmp_path):
    book.write_set(tmp_path, 4, 8)
    told = []
    open_capture(tmp_path, progress=lambda *step: told.append(step))
    assert told[-1] == (100, 100)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    with pytest.raises(Cancelled):
        open_capture(tmp_path, cancelled=lambda: True)
