"""The rows of a filter are those for which it holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters import matching
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse
from inspect_app.filters.matching import rows_matching
from tests.inspect_app.filters.test_law import CONDITIONS, STORY


@settings(max_examples=40, deadline=None)
@given(text=CONDITIONS, few=st.sampled_from([1, 4, 1 << 20]))
def test_a_filters_rows_are_those_where_it_holds(text, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "_FEW", few)
        found = rows_matching(parse(text), STORY)
    assert found.tolist() == np.flatnonzero(evaluate(parse(text), STORY)).tolist()
