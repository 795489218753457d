"""Texts in order: what is found by it is what looking at each text finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.filters.index import TextIndex
from inspect_app.filters.operators import text_test

TEXTS = st.text(st.sampled_from("ab/\U0010ffff\udc80"), max_size=5)


@pytest.mark.parametrize("operator", ["=", "!=", "in", "intersects", "startswith", "endswith", "pmatch"])
@given(values=st.lists(TEXTS, unique=True, max_size=12), constants=st.lists(TEXTS, min_size=1, max_size=3))
def test_a_comparison_holds_for_the_same_texts(operator, values, constants):
    constants = constants if operator in ("in", "intersects", "pmatch") else constants[:1]
    test = text_test(operator, "", constants)
    assert TextIndex(values).decide(operator, constants).tolist() == [test(value) for value in values]


def test_what_needs_a_look_at_each_text_is_left_to_that():
    assert TextIndex(["a"]).decide("contains", ["a"]) is None


def test_texts_are_arranged_once_a_few_comparisons_of_a_kind_were_made():
    index = TextIndex(["a", "b"], patience=1)
    assert index.decide("=", ["a"]) is None
    assert index.decide("startswith", ["b"]) is None
    assert index.decide("in", ["b"]).tolist() == [False, True]


def test_paths_with_patterns_are_left_to_a_look_at_each():
    assert TextIndex(["/a/b"]).decide("pmatch", ["/a", "/*/b"]) is None
