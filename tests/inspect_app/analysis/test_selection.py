"""A selection is a window and conditions; it is computed once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.selection import KEPT_SELECTIONS, Selection, TimeRange, rows_of, select
from inspect_app.filters.language import FilterError
from tests.builders.frames import START_NS, build_frames

STORY = build_frames()
TIME = STORY.events["time"].to_numpy()
MS = 1_000_000


def test_without_window_and_conditions_all_events_are_selected():
    found = select(STORY)
    assert found.rows == slice(0, len(STORY.events))
    assert len(found) == len(STORY.events)
    assert select(STORY, None, ["", "  "]).rows == found.rows


@given(st.integers(-5, 2_100), st.integers(0, 2_100))
def test_a_window_holds_its_start_and_not_its_end(start, length):
    window = TimeRange(START_NS + start * MS, START_NS + (start + length) * MS)
    held = np.flatnonzero((window.start_ns <= TIME) & (window.end_ns > TIME))
    found = select(STORY, window)
    assert isinstance(found.rows, slice)
    assert found.positions().tolist() == held.tolist()
    both = select(STORY, window, ["proc.name = curl", "evt.type = read"])
    names = STORY.images["comm"].to_numpy()[STORY.events["image"]]
    expected = held[(names[held] == "curl") & (STORY.events["type"].to_numpy()[held] == "read")]
    assert both.positions().tolist() == expected.tolist()
    assert both.positions().dtype == np.uint32
    assert both.take(TIME).tolist() == TIME[expected].tolist()
    assert len(both) == len(expected)


def test_windows_that_touch_share_no_event():
    at = int(TIME[40])
    before, after = select(STORY, TimeRange(START_NS, at)), select(STORY, TimeRange(at, int(TIME[-1]) + 1))
    assert before.rows.stop == after.rows.start == int(np.searchsorted(TIME, at))


def test_a_window_far_outside_selects_nothing():
    for start, end in ((0, 1), (2**63 - 2, 2**63 - 1), (-(2**63), 0)):
        assert len(select(STORY, TimeRange(start, end), ["proc.name = curl"])) == 0


def test_a_window_does_not_end_before_it_starts():
    with pytest.raises(ValueError, match="before it starts"):
        TimeRange(2, 1)
    assert TimeRange(1, 3).duration_ns == 2


def test_a_selection_is_kept_and_old_ones_are_forgotten():
    window = TimeRange(START_NS, START_NS + 100 * MS)
    first = select(STORY, window, ["proc.name = curl"])
    assert select(STORY, window, ("proc.name = curl",)) is first
    assert select(build_frames(), window, ["proc.name = curl"]) is not first
    for number in range(KEPT_SELECTIONS):
        select(STORY, TimeRange(START_NS, START_NS + number), ["proc.name = curl"])
    assert select(STORY, window, ["proc.name = curl"]) is not first


def test_a_condition_that_is_no_filter_is_told():
    with pytest.raises(FilterError, match="column 1"):
        select(STORY, None, ["proc.nam = x"])
    with pytest.raises(FilterError, match="not recorded"):
        select(STORY, None, ["thread.exectime > 1"])


def test_rows_of_an_empty_capture():
    empty = build_frames(0)
    assert rows_of(empty, TimeRange(0, 10)) == slice(0, 0)
    assert len(select(empty, None, ["proc.name = curl"])) == 0
    assert Selection(slice(3, 3)).positions().tolist() == []
