"""How captures are shown, and the colour rules in it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.selection import select
from inspect_app.session.colour_rules import (
    OUR_RULES,
    PAINTS,
    ColourRule,
    marks_of_events,
    marks_of_rows,
    problem_of,
)
from inspect_app.session.look import (
    MAX_FILE,
    TEXT_PERCENTS,
    Look,
    Profile,
    ProfileError,
    from_json,
    to_json,
)
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from tests.builders.frames import build_frames

FRAMES = build_frames()
NAMES = st.text(max_size=20)
RULES = st.builds(
    ColourRule,
    NAMES,
    NAMES,
    st.sampled_from([paint.id for paint in PAINTS]),
    st.booleans(),
    st.booleans(),
)
LOOKS = st.builds(
    Look,
    st.sampled_from(["system", "dark", "light"]),
    st.sampled_from(TEXT_PERCENTS),
    st.sampled_from(["", "relative", "utc", "local"]),
    st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=4).map(tuple), max_size=3),
    st.lists(RULES, max_size=4).map(tuple),
    st.dictionaries(NAMES, st.lists(st.integers(0, 5_000), max_size=3).map(tuple), max_size=3),
)


@given(LOOKS)
def test_a_profile_comes_back_as_it_was_stored(look):
    assert from_json(to_json(Profile("mine", look))) == Profile("mine", look)


def stored(**changes):
    return json.dumps({**json.loads(to_json(Profile("mine", Look()))), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        " " * (MAX_FILE + 1),
        stored(**{"exhume profile": 2}),
        stored(**{"exhume profile": True}),
        stored(name=""),
        stored(name="x" * 101),
        stored(theme="purple"),
        stored(theme=["dark"]),
        stored(text=10**9),
        stored(text=True),
        stored(clock="sundial"),
        stored(columns={"processes": []}),
        stored(columns={"processes": [1]}),
        stored(columns=[]),
        stored(layout={"events": [-1]}),
        stored(layout={"events": [True]}),
        stored(layout={str(number): [1] for number in range(500)}),
        stored(rules=[{}]),
        stored(rules=[{"title": "a", "condition": "b", "paint": "mauve", "is_on": True, "in_tables": True}]),
        stored(rules=[{"title": "a", "condition": "b", "paint": "blue", "is_on": 1, "in_tables": True}]),
        stored(rules=[{"title": "a"}] * 51),
    ],
)
def test_what_is_no_profile_is_refused(text):
    with pytest.raises(ProfileError):
        from_json(text)


@given(st.text())
def test_any_text_is_a_profile_or_refused(text):
    with pytest.raises(ProfileError):
        from_json(text)


def test_text_grows_and_shrinks_within_limits():
    look = Look()
    assert look.with_text(1).text_percent == 110
    assert look.with_text(-1).text_percent == 90
    for _ in range(20):
        look = look.with_text(1)
    assert look.text_percent == TEXT_PERCENTS[-1]
    assert look.with_text(0).text_percent == 100


def test_columns_of_a_view_are_chosen_and_given_back():
    look = Look().with_columns("files", ("name", "bytes"))
    assert look.columns == {"files": ("name", "bytes")}
    assert look.with_columns("files", ()).columns == {}


def test_the_first_rule_that_an_event_meets_decides():
    reads = ColourRule("reads", "evt.type = read")
    all_of_curl = ColourRule("curl", "proc.name = curl", "green")
    marks = marks_of_events((reads, all_of_curl), FRAMES)
    reading = select(FRAMES, None, ("evt.type = read",)).positions()
    curl = select(FRAMES, None, ("proc.name = curl and evt.type != read",)).positions()
    assert set(marks[reading]) == {1}
    assert set(marks[curl]) == {2}
    assert np.count_nonzero(marks) == len(reading) + len(curl)


@pytest.mark.parametrize(
    "rule",
    [
        ColourRule("off", "evt.type = read", is_on=False),
        ColourRule("wrong", "evt.type ="),
        ColourRule("empty", " "),
        ColourRule("unknown here", "mesos.task.name = x"),
    ],
)
def test_a_rule_that_cannot_be_used_paints_nothing(rule):
    assert not marks_of_events((rule,), FRAMES).any()


def test_a_rule_says_what_is_wrong_with_it():
    assert problem_of("") == "a filter is missing"
    assert "proc.nme" in problem_of("proc.nme = x")
    assert not any(problem_of(rule.condition) for rule in OUR_RULES)


@pytest.mark.parametrize("view_id", VIEWS)
@pytest.mark.parametrize("condition", ["", "proc.name = nginx"])
def test_rows_are_painted_for_the_events_that_they_stand_for(view_id, condition):
    rule = ColourRule("reads", "evt.type = read", in_tables=True)
    table = apply_view(VIEWS[view_id], FRAMES, select(FRAMES, None, (condition,)))
    marks = marks_of_rows((rule,), FRAMES, table.rows_with, len(table))
    reads = set(select(FRAMES, None, ("evt.type = read", condition)).positions().tolist())
    for row in range(len(table)):
        if table.events[row]:
            events = select(FRAMES, None, (table.condition(row), condition)).positions().tolist()
            assert bool(marks[row]) == bool(reads.intersection(events)), table.label(row)


def test_rows_are_painted_only_where_a_rule_says_so():
    rule = ColourRule("reads", "evt.type = read")
    table = apply_view(VIEWS["processes"], FRAMES, select(FRAMES))
    assert not marks_of_rows((rule,), FRAMES, table.rows_with, len(table)).any()
