"""Files rebuilt from recorded calls: each byte where it was, and nothing claimed that was not recorded."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.file_content import FileState, file_content, files_with_content
from inspect_app.analysis.recovered import Extents, content
from inspect_app.analysis.stream_content import stream_content
from inspect_app.analysis.streams import Direction, io_streams
from inspect_app.frames import open_capture
from tests.builders.capture import AT_FDCWD, PIPE, CaptureBuilder

O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND = 1, 2, 0o100, 0o1000, 0o2000
NEW = O_RDWR | O_CREAT | O_TRUNC


class Story:
    """Calls of one file with inode 7, as one would write them down."""

    def __init__(self, flags=NEW, *, opened=True):
        self.book = CaptureBuilder()
        self.book.process(100, comm="app", cwd="/")
        if opened:
            self.open(flags)

    def open(self, flags=NEW, *, pid=100, fd=3, path="/tmp/file"):
        self.book.open(pid, path, ino=7, fd=fd, args=(AT_FDCWD, 0, flags))

    def call(self, name, ret, *args, fd=3, data=b"", pid=100):
        self.book.event(name, pid=pid, ret=ret, fd=fd, ino=7, args=(fd, *args), data=data)

    def write(self, data, *, size=None, **how):
        self.call("write", len(data) if size is None else size, 0, len(data), data=data, **how)

    def read(self, data, *, asked=4096, size=None, **how):
        self.call("read", len(data) if size is None else size, 0, asked, data=data, **how)

    def pwrite(self, data, place, **how):
        self.call("pwrite64", len(data), 0, len(data), place, data=data, **how)

    def rebuilt(self, tmp_path, state=FileState.LATEST):
        frames = open_capture(self.book.write(tmp_path / "one.exhume"), cache=False)
        (row,) = files_with_content(frames).tolist()
        found = file_content(frames, row, state)
        out = bytearray(b"?" * found.size)
        for place, data in content(frames, found):
            out[place : place + len(data)] = data
        return bytes(out), found


def test_what_is_written_goes_where_the_file_stands(tmp_path):
    story = Story()
    story.write(b"hello ")
    story.write(b"world")
    story.call("lseek", 6, 6, 0)
    story.write(b"W")
    story.pwrite(b"H", 0)
    story.write(b"ORLD!")
    data, found = story.rebuilt(tmp_path)
    assert data == b"Hello WORLD!"
    assert found.is_whole and found.coverage == 1


def test_a_file_that_is_made_shorter_and_longer_has_zeros_there(tmp_path):
    story = Story()
    story.write(b"0123456789")
    story.call("ftruncate", 0, 4)
    story.call("ftruncate", 0, 8)
    data, found = story.rebuilt(tmp_path)
    assert data == b"0123\0\0\0\0"
    assert found.is_whole


def test_appending_goes_to_the_end_whatever_the_place(tmp_path):
    story = Story(NEW | O_APPEND)
    story.write(b"one")
    story.call("lseek", 0, 0, 0)
    story.write(b"two")
    assert story.rebuilt(tmp_path)[0] == b"onetwo"


def test_appending_to_a_file_of_unknown_length_has_no_place(tmp_path):
    story = Story(O_WRONLY | O_APPEND)
    story.write(b"line")
    _, found = story.rebuilt(tmp_path)
    assert found.ranges == ()
    assert "where in the file they were is not known" in found.notes[0]


def test_what_was_not_kept_covers_what_was_there_before(tmp_path):
    story = Story()
    story.write(b"x" * 10)
    story.call("lseek", 2, 2, 0)
    story.write(b"ab", size=6)
    data, found = story.rebuilt(tmp_path)
    assert data == b"xxab????xx"
    assert list(found.holes()) == [(4, 8)]
    assert found.coverage == pytest.approx(0.6)
    assert not found.is_whole


def test_a_read_that_was_cut_leaves_what_is_known(tmp_path):
    story = Story()
    story.write(b"abcdef")
    story.call("lseek", 0, 0, 0)
    story.read(b"ab", size=6)
    assert story.rebuilt(tmp_path)[0] == b"abcdef"


def test_reads_and_writes_are_told_apart(tmp_path):
    story = Story(O_RDWR)
    story.read(b"old!")
    story.pwrite(b"n", 0)
    assert story.rebuilt(tmp_path, FileState.READ)[0] == b"old!"
    assert story.rebuilt(tmp_path, FileState.LATEST)[0] == b"nld!"
    data, found = story.rebuilt(tmp_path, FileState.WRITTEN)
    assert (data, found.known) == (b"n???", 1)


def test_reading_nothing_at_the_end_tells_that_there_is_no_more(tmp_path):
    story = Story(0)
    story.read(b"all of it")
    assert not story.rebuilt(tmp_path)[1].is_size_known
    story.read(b"")
    assert story.rebuilt(tmp_path)[1].is_whole


def test_numbers_made_by_dup_and_handed_to_children_share_the_place(tmp_path):
    story = Story()
    story.write(b"a")
    story.call("dup2", 1, 1)
    story.write(b"b", fd=1)
    story.book.fork(100, 200)
    story.write(b"c", fd=1, pid=200)
    story.write(b"d")
    assert story.rebuilt(tmp_path)[0] == b"abcd"


def test_each_opening_has_a_place_of_its_own(tmp_path):
    story = Story()
    story.write(b"12345")
    story.open(O_RDWR, fd=4)
    story.write(b"ab", fd=4)
    story.write(b"6")
    assert story.rebuilt(tmp_path)[0] == b"ab3456"


def test_a_file_that_was_open_before_has_no_place_until_it_is_told(tmp_path):
    story = Story(opened=False)
    story.write(b"lost")
    story.call("lseek", 2, 2, 0)
    story.write(b"xy")
    data, found = story.rebuilt(tmp_path)
    assert data == b"??xy"
    assert "1 reads and writes are left out" in found.notes[0]


def test_bytes_that_were_not_recorded_make_the_place_unknown_and_are_told(tmp_path):
    story = Story()
    story.write(b"a")
    story.call("sendfile", 10, 9, 0, 10)
    story.write(b"b")
    data, found = story.rebuilt(tmp_path)
    assert data == b"a"
    assert any("sendfile" in one for one in found.notes)


def test_a_place_beyond_all_files_is_left_out(tmp_path):
    story = Story()
    story.pwrite(b"x", (1 << 63) - 1)
    story.pwrite(b"ok", 0)
    data, found = story.rebuilt(tmp_path)
    assert data == b"ok"
    assert "no file reaches" in found.notes[0]


def test_a_program_knows_its_digest_and_size(tmp_path):
    body = b"\x7fELF" + bytes(60)
    story = Story()
    story.write(body)
    digest = hashlib.sha256(body).hexdigest()
    story.book.exec(100, "/tmp/file", ino=7)
    frames = open_capture(story.book.write(tmp_path / "one.exhume"))
    frames.images[["sha256", "dev", "ino", "exe_size"]] = digest, 1, 7, len(body)
    (row,) = files_with_content(frames).tolist()
    assert file_content(frames, row).recorded_sha256 == digest


def test_a_stream_is_what_went_one_way(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    for data, size in ((b"abc", 3), (b"de", 5), (b"fg", 2)):
        book.event("write", pid=100, ret=size, fd=1, ino=5, mode=PIPE, args=(1, 0, size), data=data)
    frames = open_capture(book.write(tmp_path / "pipe.exhume"))
    streams = io_streams(frames, slice(0, 3))
    found = stream_content(streams, int(frames.events["descriptor"].iloc[0]), Direction.WRITE)
    assert [(place, data) for place, data in content(frames, found)] == [(0, b"abc"), (3, b"de"), (8, b"fg")]
    assert (found.size, found.known, list(found.holes())) == (10, 7, [(5, 8)])


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), st.booleans()), max_size=40))
def test_extents_are_what_painting_byte_by_byte_gives(moves):
    extents, painted = Extents(), {}
    for row, (start, length, lays) in enumerate(moves):
        if lays:
            extents.place(start, start + length, row)
            painted |= {at: (row, at - start) for at in range(start, start + length)}
        else:
            extents.clear(start, start + length)
            painted = {at: held for at, held in painted.items() if not start <= at < start + length}
    found = {
        at: (one.row, one.begin + at - one.start)
        for one in extents.ranges
        for at in range(one.start, one.end)
    }
    assert found == painted
    assert extents.starts == sorted(one.start for one in extents.ranges)
