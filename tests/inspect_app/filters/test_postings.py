import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters import postings
from inspect_app.filters.evaluate import evaluate, events_meeting
from inspect_app.filters.language import parse
from tests.builders.frames import build_frames


@pytest.fixture(autouse=True, scope="module")
def _small():
    before, postings.WORTH = postings.WORTH, 2
    yield
    postings.WORTH = before


@given(st.lists(st.integers(-1, 8), max_size=40), st.lists(st.booleans(), min_size=9, max_size=9))
@settings(deadline=None)
def test_a_decision_is_spread_as_by_looking_it_up(rows, decided):
    found = postings.spread(np.array(decided), np.array(rows, np.int32))
    assert found.tolist() == [row >= 0 and decided[row] for row in rows]


def test_few_rows_of_many_are_spread_by_their_lists():
    rows = np.random.default_rng(1).integers(-1, 100, 5_000).astype(np.int32)
    for wanted in (0, 42, 99):
        decided = np.arange(100) == wanted
        assert np.array_equal(postings.spread(decided, rows), rows == wanted)
    assert id(rows) in postings._KEPT


def test_lists_go_when_the_events_go():
    rows = np.zeros(1_000, np.int32)
    rows[0] = 1
    postings.spread(np.arange(10) == 1, rows)
    kept = len(postings._KEPT)
    del rows
    gc.collect()
    assert len(postings._KEPT) == kept - 1


def test_long_lists_are_sorted_beside_and_only_the_last_few_are_kept(monkeypatch):
    monkeypatch.setattr(postings, "BESIDE", 1_000)
    every = [np.random.default_rng(at).integers(-1, 100, 2_000).astype(np.int32) for at in range(5)]
    wanted = np.arange(100) == 42
    for rows in every:
        for _ in range(3):
            assert np.array_equal(postings.spread(wanted, rows), rows == 42)
            if worker := postings._ASKED.get(id(rows)):
                worker.join()
    kept = [at for at, rows in enumerate(every) if id(rows) in postings._KEPT]
    assert kept == [2, 3, 4]
    for _ in range(2):
        postings.spread(wanted, every[0])
    postings._ASKED[id(every[0])].join()
    assert np.array_equal(postings.spread(wanted, every[0]), every[0] == 42)
    assert id(every[0]) in postings._KEPT


@given(st.lists(st.integers(-1, 40), max_size=200), st.sets(st.integers(0, 39), max_size=6))
@settings(deadline=None)
def test_the_events_of_rows_are_listed_where_they_are_few(rows, chosen):
    column, decided = np.array(rows, np.int32), np.isin(np.arange(40), list(chosen))
    listed = postings.events_listed(decided, column)
    expected = [at for at, row in enumerate(rows) if row in chosen]
    assert listed is None or sorted(listed.tolist()) == expected
    if len(chosen) == 1 and listed is not None:
        assert listed.tolist() == expected
    if chosen and len(expected) * 4 <= len(rows) and len(rows) > 1 and len(chosen) < 6:
        assert listed is not None


@pytest.mark.parametrize(
    "condition",
    [
        *("proc.pid = 100", "proc.name in (curl, sh)", "container.name exists", "not proc.name = curl"),
        *("proc.aname = sh", "evt.type = read", "fd.name contains etc and proc.name = curl", "proc.pid = 1"),
    ],
)
def test_a_filter_finds_the_events_of_its_mask_in_order(condition):
    frames, expression = build_frames(), parse(condition)
    for _ in range(3):
        found = events_meeting(expression, frames)
        assert found.dtype == np.uint32
        assert found.tolist() == np.flatnonzero(evaluate(expression, frames)).tolist()
