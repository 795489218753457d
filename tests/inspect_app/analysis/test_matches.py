"""What meets a condition is the same however it is kept and whichever part of the capture is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.format.pieces import PIECE
from inspect_app.analysis.matches import matching_rows, matching_within
from inspect_app.filters.language import FilterError, parse
from inspect_app.filters.matching import rows_matching
from tests.builders.frames import build_frames

EVENTS = 2 * PIECE + 1_001
LONG = build_frames(EVENTS)
CONDITIONS = ("", "proc.name = curl", "not evt.type = read", "fd.num exists", "evt.num < 9", "evt.num < 0")
EDGES = st.one_of(st.integers(0, EVENTS), st.sampled_from((0, 7, PIECE, PIECE + 1, 2 * PIECE, EVENTS)))


def meeting(condition):
    return rows_matching(parse(condition), LONG) if condition else np.arange(EVENTS)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_all_rows_are_those_that_the_filter_finds(condition):
    found = matching_rows(LONG, condition)
    assert found.dtype == np.uint32
    assert np.array_equal(found, meeting(condition))


@settings(max_examples=40)
@given(st.sampled_from(CONDITIONS), EDGES, EDGES)
def test_of_a_window_they_are_the_rows_in_it(condition, start, stop):
    every = meeting(condition)
    found = matching_within(LONG, condition, slice(start, stop))
    assert found.dtype == np.uint32
    assert np.array_equal(found, every[(every >= start) & (every < stop)])


@settings(max_examples=20)
@given(st.sampled_from(CONDITIONS), st.integers(1, 5_000), EDGES)
def test_of_chosen_rows_they_are_those_among_both(condition, step, start):
    chosen, held = np.arange(start, EVENTS, step, dtype=np.uint32), np.zeros(EVENTS, bool)
    held[meeting(condition)] = True
    found = matching_within(LONG, condition, chosen)
    assert found.dtype == np.uint32
    assert np.array_equal(found, chosen[held[chosen]])


def test_what_is_no_condition_is_told():
    with pytest.raises(FilterError):
        matching_rows(LONG, "proc.name =")
