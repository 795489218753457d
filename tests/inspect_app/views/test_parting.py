"""Many conditions at once tell of each event what each alone does, however they are taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.errors import FilterError, NotEvaluableError
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse
from inspect_app.views import parting
from inspect_app.views.classes import why_not_told
from inspect_app.views.parting import Parting
from tests.builders.frames import build_frames
from tests.inspect_app.filters.test_law import CONDITIONS, STORY

EVENTS = len(STORY.events)


@pytest.mark.parametrize("few", [1, EVENTS * 2])
@settings(max_examples=20, deadline=None)
@given(texts=st.lists(CONDITIONS, min_size=1, max_size=6), begun=st.integers(1, 3))
def test_events_are_parted_by_all_conditions_as_by_each_alone(few, texts, begun):
    before = (np.arange(EVENTS) % begun).astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parting, "_FEW", few)
        parts = Parting(STORY, before, begun)
        came_from, of_event, held = parts.tell_apart([parts.understand(parse(text)) for text in texts])
    assert np.array_equal(came_from[of_event], before)
    for text, holds in zip(texts, held, strict=True):
        assert np.array_equal(holds[of_event], evaluate(parse(text), STORY)), text


def test_payload_is_read_of_events_alone_on_which_something_hangs(monkeypatch):
    read = []
    real = parting.decide_all
    monkeypatch.setattr(
        parting, "decide_all", lambda frames, tests, among: read.append(among) or real(frames, tests, among)
    )
    parts = Parting(STORY, np.zeros(EVENTS, np.uint8), 1)
    parts.tell_apart([parts.understand(parse("evt.is_io_write = true and evt.buffer contains root"))])
    writes = evaluate(parse("evt.is_io_write = true"), STORY)
    assert len(read) == 1
    assert np.array_equal(read[0], writes)


def test_a_condition_that_cannot_be_told_says_why():
    frames = build_frames()
    assert why_not_told(frames, "fd.type = file") == ""
    with pytest.raises(NotEvaluableError) as raised:
        evaluate(parse("evt.pluginname = x"), frames)
    assert why_not_told(frames, "evt.pluginname = x") == str(raised.value)


def test_a_filter_with_too_many_looks_into_payload_is_refused():
    text = " or ".join(f"evt.buffer contains a{at}" for at in range(60))
    with pytest.raises(FilterError, match="60 conditions on payload"):
        Parting(STORY, np.zeros(EVENTS, np.uint8), 1).understand(parse(text))
