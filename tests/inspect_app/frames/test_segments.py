"""What follows what: held against a simulation that goes through the calls one by one."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.frames import open_capture
from inspect_app.frames.segments import segments
from tests.builders.capture import FILE, PIPE, CaptureBuilder

CALLS = st.lists(
    st.tuples(
        st.sampled_from(["read", "write", "pread64", "close"]),
        st.sampled_from([100, 200]),
        st.sampled_from([(3, 5, PIPE), (4, 5, PIPE), (3, 6, FILE), (4, 6, FILE), (5, 7, PIPE)]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=30)
@given(CALLS)
def test_a_transfer_follows_the_one_before_it_in_its_stream_if_that_is_whole(calls):
    book = CaptureBuilder()
    before, expected, offsets = {}, {}, {}
    for name, pid, (fd, ino, mode), size, cut in calls:
        data = b"x" * max(0, size - cut)
        moves = name != "close"
        row = book.event(
            name, pid=pid, fd=fd, ino=ino, mode=mode, ret=size if moves else 0, data=data if moves else b""
        )
        if not moves or not size:
            continue
        offsets[row] = -1
        if name == "pread64":
            continue
        stream = (ino, name) if mode == PIPE else (ino, name, pid, fd)
        last, whole, moved = before.get(stream, (None, False, 0))
        if whole:
            expected[last] = row
        offsets[row] = moved
        before[stream] = (row, not cut, moved + size)
    with tempfile.TemporaryDirectory() as folder:
        found = segments(open_capture(book.write(Path(folder) / "x.exhume")))
    rows = found.rows.tolist()
    assert rows == sorted(offsets)
    told = {
        row: rows[follower]
        for row, follower in zip(rows, found.follower.tolist(), strict=True)
        if follower >= 0
    }
    assert told == expected
    assert dict(zip(rows, found.offset.tolist(), strict=True)) == offsets
    runs = dict(zip(rows, found.run.tolist(), strict=True))
    for one, other in told.items():
        assert runs[one] == runs[other] >= 0
    alone = set(rows) - set(told) - set(told.values())
    assert all(runs[row] == -1 for row in alone)
    places = dict(zip(rows, found.place.tolist(), strict=True))
    kept = dict(zip(rows, found.captured.tolist(), strict=True))
    assert all(places[other] == places[one] + kept[one] for one, other in told.items())
