"""Sums over groups: exact, and the same whichever way they are computed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis import timelines
from inspect_app.views import aggregation

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40)


@pytest.mark.parametrize("limit", [0, 1 << 26])
@given(pairs=PAIRS)
def test_distinct_values_are_counted_alike_with_and_without_flags(limit, pairs):
    codes = np.array([code for code, _ in pairs], dtype=np.int64)
    values = np.array([value for _, value in pairs], dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregation, "_FLAGS_LIMIT", limit)
        counted, total = aggregation.distinct_by(codes, lambda part: values[part], 5, 7)
    # The last value stands for a missing one.
    told = [{value for code, value in pairs if code == group and value < 6} for group in range(5)]
    assert counted.tolist() == [len(values) for values in told]
    assert total == len(set().union(*told))


@pytest.mark.parametrize("limit", [0, 1 << 26])
@given(values=st.lists(st.integers(0, 6), max_size=30), cut=st.integers(0, 30))
def test_distinct_values_of_slices_are_counted_alike_with_and_without_flags(limit, values, cut):
    cut = min(cut, len(values))
    bounds = np.array([0, cut, len(values)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timelines, "_CACHED", limit)
        counted = timelines.distinct_per_bin(np.array(values, dtype=np.int64), bounds, 7).tolist()
    assert counted == [len(set(values[:cut])), len(set(values[cut:]))]


@pytest.mark.parametrize("limit", [0, 1 << 26])
@given(rows=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=40))
def test_combined_codes_are_equal_exactly_where_all_parts_are(limit, rows):
    parts = [(np.array(column), 4) for column in zip(*rows, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregation, "_FLAGS_LIMIT", limit)
        codes, count = aggregation.combine(parts)
    assert count == len(set(rows))
    assert len(set(zip(codes.tolist(), rows, strict=True))) == count
    assert set(codes.tolist()) == set(range(count))


def test_sums_are_exact_where_floats_are_not():
    figures = np.array([1 << 60, 1, -(1 << 60)], dtype=np.int64)
    assert aggregation.sum_by(np.array([0, 0, 0]), figures, 1).tolist() == [1]
