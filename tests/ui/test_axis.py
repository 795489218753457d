"""Time on a line of pixels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.ui.axis import MIN_SPAN, TimeAxis, relative_label

START = 1_700_000_000_000_000_000
moments = st.integers(0, 2**62)


@given(start=moments, span=st.integers(1, 2**61), bins=st.integers(1, 4_000))
def test_edges_are_ordered_and_span_the_axis_exactly(start, span, bins):
    axis = TimeAxis(start, start + span, 0, 1_000)
    edges = axis.edges(min(bins, span))
    assert edges[0] == start
    assert edges[-1] == start + span
    assert (np.diff(edges) > 0).all()


@given(offset=st.integers(0, 999))
def test_a_nanosecond_is_found_again_when_it_is_wide_enough(offset):
    axis = TimeAxis(START, START + 1_000, 200, 4_000)
    assert axis.ns_at(axis.x_of(START + offset)) == START + offset


@given(factor=st.floats(0.01, 100), at=st.integers(0, 10**9), span=st.integers(MIN_SPAN, 10**9))
def test_zooming_never_leaves_the_capture(factor, at, span):
    limits = (START, START + 10**9)
    start = min(START + at, limits[1] - span)
    axis = TimeAxis(start, start + span, 0, 1_000).zoomed(factor, start + span // 2, limits)
    assert limits[0] <= axis.start < axis.end <= limits[1]
    assert axis.span >= MIN_SPAN


def test_zooming_keeps_what_lies_under_the_pointer():
    axis = TimeAxis(START, START + 10**9, 0, 1_000)
    around = axis.ns_at(300)
    closer = axis.zoomed(0.5, around, (START, START + 10**9))
    assert closer.x_of(around) == pytest.approx(300, abs=1)


@given(span=st.integers(MIN_SPAN, 10**17), width=st.integers(100, 4_000))
def test_ticks_are_as_far_apart_as_asked(span, width):
    axis = TimeAxis(START, START + span, 0, width)
    ticks = axis.ticks(START, 90)
    places = [axis.x_of(tick.ns) for tick in ticks]
    assert all(after - before >= 89 for before, after in pairwise(places))
    assert len(ticks) <= width / 89 + 2


@pytest.mark.parametrize(
    ("ns", "step", "text"),
    [
        (0, 10**9, "+0 s"),
        (1_500_000_000, 500_000_000, "+1.5 s"),
        (250_000_000, 50_000_000, "+250 ms"),
        (1_250, 50, "+1.25 µs"),
        (7, 1, "+7 ns"),
        (1_000_000_007, 1, "+1.000000007 s"),
        (90 * 10**9, 30 * 10**9, "+90 s"),
        (150 * 10**9, 60 * 10**9, "+2 min 30 s"),
        (7_200 * 10**9, 3_600 * 10**9, "+2 h"),
        (-500_000_000, 10**8, "−500 ms"),
    ],
)
def test_a_distance_has_the_digits_that_its_step_needs(ns, step, text):
    assert relative_label(ns, step) == text
