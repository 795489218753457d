"""What went through descriptors."""

import pytest

from inspect_app.analysis.conversations import conversations
from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.streams import Direction, io_streams
from inspect_app.frames import open_capture
from tests.builders.capture import FILE, PIPE, SOCKET, CaptureBuilder
from tests.builders.frames import MS, REQUEST, RESPONSE, START_NS


def of(frames, condition, window=None):
    return io_streams(frames, select(frames, window, [condition]).rows)


def test_a_conversation_is_told_in_order_with_its_bytes(frames):
    streams = of(frames, 'fd.name = "192.168.1.5:51000->172.17.0.2:80"')
    assert [streams.segment(index).direction for index in range(len(streams))] == [
        Direction.WRITE,
        Direction.READ,
    ]
    assert [streams.payload(index) for index in range(len(streams))] == [REQUEST, RESPONSE]
    assert b"".join(streams.joined(Direction.READ)) == RESPONSE
    assert b"".join(streams.joined()) == REQUEST + RESPONSE


def test_bytes_that_were_not_kept_are_told(frames):
    streams = of(frames, "fd.name = /app/job.py")
    segment = streams.segment(0)
    assert (segment.size, segment.captured, segment.missing) == (400, 22, 378)
    assert (streams.size, streams.captured) == (400, 22)


def test_calls_that_moved_nothing_are_no_segments(frames):
    streams = of(frames, "fd.name = /etc/hosts")
    assert len(streams) == 1


def test_a_loss_is_told_at_the_segment_after_it(frames):
    streams = of(frames, "proc.name = sh")
    after = [streams.segment(index) for index in range(len(streams)) if streams.segment(index).lost_before]
    assert sum(segment.lost_before for segment in after) == 12
    assert after[0].time >= START_NS + 900 * MS


def test_a_window_without_transfers_has_an_empty_stream(frames):
    nothing = of(frames, "", TimeRange(START_NS - 2, START_NS - 1))
    assert len(nothing) == 0
    assert nothing.size == 0


@pytest.fixture
def everything(tmp_path):
    """All transfers of a capture as a function of what happens in it."""

    def streams(tell):
        book = CaptureBuilder()
        book.process(100, comm="sh")
        tell(book)
        frames = open_capture(book.write(tmp_path / "x.exhume"))
        return io_streams(frames, select(frames).rows)

    return streams


def pipe(book, kind, data, *, size=None, **columns):
    book.event(kind, ret=size or len(data), data=data, **{"fd": 3, "ino": 5, "mode": PIPE, **columns})


def test_a_pipe_is_one_stream_whoever_holds_it_and_under_whatever_number(everything):
    def tell(book):
        pipe(book, "write", b"one ")
        book.event("dup2", args=(3, 9), ret=9, fd=9, ino=5, mode=PIPE)
        pipe(book, "write", b"two ", fd=9)
        book.fork(100, 200)
        pipe(book, "write", b"three", pid=200, fd=9)
        pipe(book, "read", b"one two three", pid=300, fd=0)

    streams = everything(tell)
    segments = [streams.segment(at) for at in range(len(streams))]
    assert [segment.offset for segment in segments] == [0, 4, 8, 0]
    assert len({segment.thread for segment in segments}) == 3
    assert not any(segment.gap for segment in segments)
    (row,) = conversations(streams).to_dict("records")
    assert (row["read"], row["written"], row["kept"], row["gaps"]) == (13, 13, 26, 0)
    assert (row["transfers"], row["processes"], row["type"]) == (4, 3, "pipe")


def test_a_gap_is_told_at_the_segment_behind_it(everything):
    def tell(book):
        pipe(book, "write", b"abc", size=1_000)
        pipe(book, "write", b"def")
        pipe(book, "write", b"ghi")

    streams = everything(tell)
    assert [streams.segment(at).gap for at in range(3)] == [False, True, False]
    assert [streams.segment(at).offset for at in range(3)] == [0, 1_000, 1_003]
    assert conversations(streams)["gaps"].tolist() == [1]


def test_what_was_peeked_at_is_told_and_counts_once(everything):
    def tell(book):
        pipe(book, "recvfrom", b"abc", mode=SOCKET, args=(3, 0, 100, 2))
        pipe(book, "recvfrom", b"abc", mode=SOCKET)

    streams = everything(tell)
    assert [streams.segment(at).peeked for at in range(2)] == [True, False]
    assert (streams.size, b"".join(streams.joined())) == (3, b"abc")
    assert conversations(streams)[["read", "transfers", "peeked"]].iloc[0].tolist() == [3, 2, 1]


def test_two_who_read_a_file_read_two_streams(everything):
    def tell(book):
        for pid in (100, 200, 100):
            book.event("read", pid=pid, fd=3, ino=6, mode=FILE, ret=4, data=b"abcd")
        book.event("pread64", fd=3, ino=6, mode=FILE, ret=2, data=b"ab")

    streams = everything(tell)
    assert [streams.segment(at).offset for at in range(4)] == [0, 0, 4, -1]


def test_no_transfers_are_no_streams(frames):
    assert len(conversations(of(frames, "evt.type = execve"))) == 0
