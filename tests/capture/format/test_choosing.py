"""Columns of which some events are wanted, and columns that are as narrow as their values."""

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from capture.format import EVENT_COLUMNS, CaptureFile, Chosen, open_captures
from capture.format.coding import DTYPES, pack_column, unpack_column, unpack_into, unpack_some, width_of
from tests.builders.capture import MS, START_NS, CaptureBuilder

ZSTD = zstandard.ZstdCompressor(level=1)
PIDS = [7, 300, 7, 70_000, 9]


@pytest.fixture
def book():
    """Five events, the fourth of which came late."""
    book = CaptureBuilder()
    for at, pid in enumerate(PIDS):
        time = START_NS + MS * (at - 2 if at == 3 else at) - (at == 3)
        book.event("read", pid=pid, tid=at, time=time, args=(at, 1 << 60 | at), ino=at + 1)
    return book


def odd_ones(own):
    rows = np.flatnonzero(own["tid"] % 2)
    return {"a0": rows, "a1": rows, "a2": rows[:0]}


@pytest.mark.parametrize("block", [1, 2, 9])
def test_what_is_chosen_of_a_column_is_what_the_whole_one_has_there(book, tmp_path, block):
    with CaptureFile.open(book.write(tmp_path / "one.exhume", block=block)) as capture:
        read = capture.read_events(("time", "tid"), choose=odd_ones)
        whole = capture.read_columns(("time", "tid", "a0", "a1"))
    assert read.columns["time"].tolist() == sorted(read.columns["time"].tolist())
    assert read.columns["tid"].tolist() == whole["tid"].tolist() == [0, 3, 1, 2, 4]
    for name in ("a0", "a1"):
        assert read.chosen[name].rows.tolist() == [1, 2]
        assert read.chosen[name].at(np.array([2, 1])).tolist() == whole[name][[2, 1]].tolist()
        assert read.chosen[name].at(np.array([0, 1])) is None
    assert read.chosen["a2"].at(np.array([1])) is None


def test_it_is_the_same_of_the_files_of_a_set(book, tmp_path):
    with open_captures(book.write_set(tmp_path, 2)) as capture:
        first = np.array([0])
        read = capture.read_events(("time", "pid"), narrow={"pid"}, choose=lambda own: {"a0": first})
        assert read.columns["time"].tolist() == sorted(read.columns["time"].tolist())
        assert read.columns["pid"].tolist() == [7, 70_000, 300, 7, 9]
        assert read.columns["pid"].dtype == "<u4"
        assert (read.chosen["a0"].rows.tolist(), read.chosen["a0"].values.tolist()) == ([0, 3], [0, 2])


def test_a_column_is_as_narrow_as_its_widest_block_stores_it(book, tmp_path):
    with CaptureFile.open(book.write(tmp_path / "one.exhume", block=2)) as capture:
        assert [capture.narrowest(name) for name in ("tid", "pid", "ino", "uid", "ret")] == [
            *("<u1", "<u4", "<u1", "<u1", "<i8")
        ]
        names = ("tid", "pid", "ino", "ret")
        narrow, wide = capture.read_events(names, narrow=set(names)).columns, capture.read_columns(names)
    for name in names:
        assert narrow[name].tolist() == wide[name].tolist()
        assert wide[name].dtype == EVENT_COLUMNS[name]


@pytest.mark.parametrize("coding", [{}, {"planes": 8}, {"delta": True}, {"delta": True, "planes": 8}])
@pytest.mark.parametrize("dtype", sorted(DTYPES))
@given(data=st.data())
def test_any_column_is_the_same_in_the_width_that_is_told_of_it_and_at_some_rows(coding, dtype, data):
    values = data.draw(arrays.arrays(dtype, st.integers(1, 40)))
    values = np.repeat(values, data.draw(st.sampled_from([1, 70])))
    column, count = pack_column(values, ZSTD, **coding), len(values)
    whole = unpack_column(column, count)
    assert whole.tolist() == values.tolist()
    kind, width = np.dtype(dtype).kind, width_of(column, np.dtype(dtype))
    assert width <= np.dtype(dtype).itemsize
    out = np.zeros(count, f"<{kind}{width}")
    assert unpack_into(column, out) or not values.any()
    assert out.tolist() == values.tolist()
    rows = np.array(data.draw(st.lists(st.integers(0, count - 1))), np.int64)
    some = unpack_some(column, rows, count)
    assert (some.dtype, some.tolist()) == (whole.dtype, whole[rows].tolist())


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_what_was_chosen_moves_with_its_events(wanted, random):
    values = np.arange(len(wanted), dtype=np.uint64) * 3
    rows = np.flatnonzero(wanted)
    order = np.array(random.sample(range(len(wanted)), len(wanted)), np.int64)
    moved = Chosen(rows, values[rows]).in_order(order)
    assert moved.rows.tolist() == np.flatnonzero(np.array(wanted)[order]).tolist()
    assert moved.values.tolist() == values[order][moved.rows].tolist()
