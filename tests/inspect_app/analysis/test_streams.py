"""What went through descriptors."""

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.streams import Direction, io_streams
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
