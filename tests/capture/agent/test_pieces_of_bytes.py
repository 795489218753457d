"""Pieces of bytes are moved as they are, whatever their sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.agent import pieces as module
from capture.agent.pieces import clear_behind, end_to_end, words_of


@pytest.mark.parametrize("many", [1, 3, 1 << 20])
@given(st.lists(st.one_of(st.binary(min_size=1, max_size=40), st.just(b"x" * 80)), max_size=60), st.randoms())
def test_pieces_are_laid_end_to_end_in_the_order_asked_for(many, parts, random):
    """Each size is moved for itself where there are enough of it, the rest at once."""
    padded = [part + b"?" * (-len(part) % 8) for part in parts]
    places = np.cumsum([0, *(len(part) // 8 for part in padded)])[: len(parts)]
    order = list(range(len(parts)))
    random.shuffle(order)
    words = np.frombuffer(b"".join(padded), np.uint64)
    lengths = np.array([len(part) for part in parts], np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MANY", many)
        found = end_to_end(words, places[order].astype(np.int64), lengths[order])
    assert found.tobytes() == b"".join(parts[at] for at in order)


@given(st.lists(st.integers(0, 24), min_size=1, max_size=9))
def test_behind_a_text_stand_zeros(lengths):
    rows = np.full((len(lengths), 24), 7, np.uint8)
    clear_behind(rows, np.array(lengths))
    assert [row.tolist() for row in rows] == [[7] * length + [0] * (24 - length) for length in lengths]


def test_a_word_begun_is_a_word():
    assert words_of(np.array([0, 1, 8, 9, 80])).tolist() == [0, 1, 1, 2, 10]
