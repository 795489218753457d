import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters import postings


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
