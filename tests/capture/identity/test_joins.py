import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.format import pieces
from capture.format.joins import (
    _MIXER,
    Latest,
    codes_of,
    first_of_each,
    follow,
    last_of_each,
    number_each,
    pair_codes,
    place_among,
    refined,
    taken,
)

GROUPS = 4


@pytest.fixture(params=[pieces.PIECE, 3], ids=["in one piece", "in pieces"], autouse=True, scope="module")
def _piece(request):
    before, pieces.PIECE = pieces.PIECE, request.param
    yield
    pieces.PIECE = before


entries = st.lists(st.tuples(st.integers(0, GROUPS - 1), st.integers(-1, 12)), max_size=20)
questions = st.lists(st.tuples(st.integers(-1, GROUPS - 1), st.integers(-1, 14)), max_size=20)


def columns(pairs):
    return np.array(pairs, np.int64).reshape(-1, 2).T


@given(entries, questions)
def test_the_latest_entry_is_what_a_loop_finds(known, asked):
    def holds(group, row):
        fitting = [(since, at) for at, (owner, since) in enumerate(known) if owner == group and since <= row]
        return max(fitting)[1] if fitting else -1

    found = Latest(*columns(known), GROUPS).find(*columns(asked))
    assert found.tolist() == [holds(group, row) for group, row in asked]


@given(entries)
def test_the_first_entry_of_a_group_is_its_earliest(known):
    found = Latest(*columns(known), GROUPS).first(np.arange(-1, GROUPS))
    expected = [
        min(((since, at) for at, (owner, since) in enumerate(known) if owner == group), default=(0, -1))[1]
        for group in range(-1, GROUPS)
    ]
    assert found.tolist() == expected


@given(st.lists(st.integers(-1, GROUPS - 1), max_size=20))
def test_the_first_and_the_last_row_of_each_code_are_found(codes):
    array = np.array(codes, np.int32)
    rows = {code: [row for row, one in enumerate(codes) if one == code] for code in range(GROUPS)}
    assert first_of_each(array, GROUPS).tolist() == [min(rows[code], default=-1) for code in range(GROUPS)]
    assert last_of_each(array, GROUPS).tolist() == [max(rows[code], default=-1) for code in range(GROUPS)]


numbers = st.one_of(st.integers(0, 9), st.integers(0, (1 << 63) - 1))


@given(st.lists(numbers, max_size=50))
@settings(deadline=None)
def test_codes_lead_back_to_the_values(values):
    array = np.array(values, np.uint64)
    distinct, codes = codes_of(array)
    assert distinct[codes].tolist() == values
    assert distinct.tolist() == sorted(set(values))


def test_values_that_fall_on_one_place_are_still_told_apart():
    # Their differences vanish in the bits that the first hash keeps.
    inverse = pow(0x9E3779B97F4A7C15, -1, 1 << 64)
    values = np.array([number * inverse % (1 << 64) for number in range(500)] * 2, np.uint64)
    distinct, codes = codes_of(values)
    assert len(distinct) == 500
    assert (distinct[codes] == values).all()


@given(st.lists(st.tuples(st.integers(-3, 3), numbers.map(lambda n: n - 5)), max_size=40))
def test_pairs_lead_back_to_both_values(pairs):
    left, right = columns(pairs)
    lefts, rights, codes = pair_codes(left, right)
    assert list(zip(lefts[codes].tolist(), rights[codes].tolist(), strict=True)) == pairs
    assert len(lefts) == len(set(pairs))


wide = st.one_of(st.integers(0, 3), st.sampled_from([1 << 32, 1 << 63, (1 << 64) - 1]))


@given(st.lists(st.one_of(st.none(), st.tuples(wide, wide)), max_size=40))
@settings(deadline=None)
def test_what_rows_are_about_is_numbered_as_it_comes_up(things):
    """None: such a row is about nothing."""
    about = np.array([thing is not None for thing in things], bool)
    left, right = np.array([thing or (0, 0) for thing in things], np.uint64).reshape(-1, 2).T

    def told(rows):
        at = np.flatnonzero(about[rows])
        return at, (left[rows][at], right[rows][at])

    numbers = np.zeros(len(things), np.int32)
    first = number_each(len(things), told, numbers)
    distinct = list(dict.fromkeys(thing for thing in things if thing is not None))
    assert numbers.tolist() == [-1 if thing is None else distinct.index(thing) for thing in things]
    assert first.tolist() == [things.index(thing) for thing in distinct]


def test_pairs_that_fall_on_one_place_are_still_told_apart():
    # The second column is chosen so that it cancels what the first does to the hash of both.
    mixer = int(_MIXER)
    right = np.arange(500, dtype=np.uint64).repeat(2)
    left = np.array([-int(number) * mixer % (1 << 64) for number in right], np.uint64)
    numbers = np.zeros(1000, np.int32)

    def told(rows):
        return np.arange(rows.stop - rows.start), (left[rows], right[rows])

    first = number_each(1000, told, numbers)
    assert len(first) == 500
    assert (numbers == np.arange(500).repeat(2)).all()


@given(st.lists(st.integers(-2, 30), max_size=10), st.sets(st.integers(0, 20)))
def test_places_are_where_values_stand(asked, known):
    ascending = sorted(known)
    expected = [ascending.index(value) if value in known else -1 for value in asked]
    assert place_among(np.array(ascending, np.int64), np.array(asked, np.int64)).tolist() == expected


@given(st.integers(1, 200))
def test_chains_of_pointers_lead_to_their_end(length):
    source = np.maximum(np.arange(length) - 1, 0)
    assert (follow(source) == 0).all()


def test_a_ring_of_pointers_ends():
    assert set(follow(np.array([1, 2, 0])).tolist()) <= {0, 1, 2}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 3)), max_size=40))
@settings(deadline=None)
def test_refined_codes_are_equal_where_both_columns_are(rows):
    codes, by = columns(rows)
    found, count = refined(codes, 6, by)
    assert all(0 <= code < count for code in found.tolist())
    meant = {}
    for pair, code in zip(rows, found.tolist(), strict=True):
        assert meant.setdefault(code, pair) == pair
    assert len(meant) == len(set(rows))


@given(st.lists(st.integers(-1, 4), max_size=20))
def test_what_is_taken_at_minus_one_is_missing(index):
    values = np.array([10, 20, 30, 40, 50])
    found = taken(values, np.array(index, np.int64), missing=-7)
    assert found.tolist() == [values[at] if at >= 0 else -7 for at in index]


@given(entries, st.lists(st.integers(-1, GROUPS - 1), max_size=20))
def test_asking_at_each_row_is_asking_with_its_number(known, groups):
    latest, groups = Latest(*columns(known), GROUPS), np.array(groups, np.int64)
    assert latest.find_each(groups).tolist() == latest.find(groups, np.arange(len(groups))).tolist()


@pytest.mark.parametrize("count", [1, 5, 2_000, 2_097_153])
def test_pairs_over_a_wide_range_are_numbered_as_one_sum_would(count, monkeypatch):
    """Their places are summed up in steps of a million."""
    # Millions of rows in threes would be many of them, and none is another.
    monkeypatch.setattr(pieces, "PIECE", max(pieces.PIECE, count >> 9))
    left = np.arange(count, dtype=np.int32) * 7 % 1_009
    right = np.arange(count, dtype=np.int32) * 11 % 3_001
    lefts, rights, codes = pair_codes(left, right)
    assert (lefts[codes] == left).all()
    assert (rights[codes] == right).all()
    assert len(np.unique(lefts.astype(np.int64) * 4_096 + rights)) == len(lefts)
