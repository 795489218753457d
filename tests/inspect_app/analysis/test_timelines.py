"""Figures over time."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.timelines import (
    alive_per_bin,
    bin_bounds,
    bin_edges,
    distinct_per_bin,
    histogram,
    row_edges,
    sum_per_bin,
)
from tests.builders.frames import MS, START_NS

SPANS = st.tuples(st.integers(0, 1 << 61), st.integers(0, 1 << 61))


@given(SPANS, st.integers(1, 500))
def test_edges_are_exact_however_long_the_window(span, bins):
    window = TimeRange(span[0], span[0] + span[1])
    edges = bin_edges(window, bins)
    assert (edges[0], edges[-1]) == (window.start_ns, window.end_ns)
    widths = np.diff(edges)
    assert widths.min() >= 0
    assert widths.max() - widths.min() <= 1


def test_every_event_is_in_one_slice(frames):
    for bins in (1, 7, 160):
        assert histogram(frames, slice(None), bins=bins).sum() == len(frames.events)


def test_an_event_at_an_edge_belongs_to_the_slice_that_begins_there(frames):
    time = int(frames.events["time"].iloc[5])
    window = TimeRange(time - 10, time + 10)
    assert histogram(frames, slice(None), window, bins=2)[1] >= 1
    assert histogram(frames, slice(None), TimeRange(time - 10, time), bins=1)[0] == 0


def test_rows_and_the_slice_of_them_have_the_same_histogram(frames):
    rows = np.arange(20, 90, dtype=np.uint32)
    assert histogram(frames, rows, bins=30).tolist() == histogram(frames, slice(20, 90), bins=30).tolist()


def test_sums_and_distinct_values_of_slices_are_those_of_their_events(frames):
    window = TimeRange(START_NS, START_NS + 2_000 * MS)
    rows = select(frames, window, ["evt.is_io = true"]).positions()
    bounds = bin_bounds(rows, row_edges(frames, bin_edges(window, 9)), len(frames.events))
    sizes = frames.events["size"].to_numpy()[rows]
    processes = frames.events["process"].to_numpy()[rows]
    parts = [slice(low, high) for low, high in pairwise(bounds)]
    assert sum_per_bin(sizes, bounds).tolist() == [int(sizes[part].sum()) for part in parts]
    distinct = distinct_per_bin(processes, bounds, len(frames.processes))
    assert distinct.tolist() == [len(set(processes[part])) for part in parts]


@given(st.lists(st.tuples(st.integers(-1, 60), st.integers(0, 60)), max_size=20))
def test_a_life_counts_in_every_slice_that_it_touches(lives):
    start = np.array([begin for begin, _ in lives], dtype=np.int64)
    end = np.array([max(begin, 0) + length for begin, length in lives], dtype=np.int64)
    edges = bin_edges(TimeRange(0, 50), 5)
    expected = [
        sum(begin < edges[place + 1] and over >= edges[place] for begin, over in zip(start, end, strict=True))
        for place in range(5)
    ]
    assert alive_per_bin(start, end, edges).tolist() == expected
