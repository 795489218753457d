"""A session is a value: every step makes a new one, and it survives a file."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.expression import quote
from inspect_app.filters.language import FilterError
from inspect_app.session import History, Session, SessionError, Step, from_json, to_json
from inspect_app.session.history import MAX_PAST
from inspect_app.session.storage import MAX_STEPS


def deep():
    return (
        Session()
        .with_window(TimeRange(5, 10))
        .with_filter("evt.failed = true")
        .with_page("containers")
        .drill("processes", title="Containers", condition="container.name = web", label="web")
        .with_sort("evt.count", descending=False)
        .drill("files", title="Processes", condition="proc.pid = 300", label="nginx (300)")
    )


def test_drilling_adds_a_condition_and_opens_the_page():
    session = deep()
    assert session.page == "files"
    assert session.conditions() == ("container.name = web", "proc.pid = 300", "evt.failed = true")
    assert [(step.title, step.label) for step in session.steps] == [
        ("Containers", "web"),
        ("Processes", "nginx (300)"),
    ]
    assert session.sort == ""
    assert session.window == TimeRange(5, 10)


def test_going_up_leads_to_where_the_step_was_made():
    session = deep()
    assert (session.up().page, session.up().conditions()) == (
        "processes",
        ("container.name = web", "evt.failed = true"),
    )
    assert session.up().up().page == session.up_to(0).page == "containers"
    assert session.up().up().up() == session.up().up()
    assert session.up_to(2) == session.up_to(-1) == session


def test_a_chip_can_be_closed_anywhere_on_the_way():
    session = deep().without_step(0)
    assert session.page == "files"
    assert session.conditions() == ("proc.pid = 300", "evt.failed = true")


def test_a_blank_filter_is_no_condition():
    assert Session(filter="  ").conditions() == ()


def test_a_session_is_not_changed_by_what_comes_after():
    session = deep()
    session.up(), session.with_filter(""), session.with_window(None), session.with_page("x")
    assert session == deep()


def test_history_goes_back_and_forward():
    one, two, three = Session(), Session(page="files"), Session(page="processes")
    history = History(one).push(two).push(three)
    assert history.back().current == two
    assert history.back().back().current == one
    assert history.back().back().back().current == one
    assert history.back().back().forward().forward().forward() == history
    assert history.back().push(one).forward().current == one
    assert history.push(three) is history


def test_history_forgets_the_oldest():
    history = History()
    for number in range(MAX_PAST + 50):
        history = history.push(Session(page=str(number)))
    assert len(history.past) == MAX_PAST
    assert history.past[-1].page == str(MAX_PAST + 48)


TEXTS = st.text(max_size=20)
CONDITIONS = TEXTS.map(lambda text: f"proc.name = {quote(text)}")
WINDOWS = st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1)).map(
    lambda ends: TimeRange(min(ends), max(ends))
)
SESSIONS = st.builds(
    Session,
    window=st.none() | WINDOWS,
    filter=st.just("") | CONDITIONS,
    steps=st.lists(st.builds(Step, TEXTS, TEXTS, CONDITIONS, TEXTS), max_size=4).map(tuple),
    page=TEXTS,
    sort=TEXTS,
    descending=st.booleans(),
)


@given(SESSIONS)
def test_a_session_survives_being_stored(session):
    assert from_json(to_json(session)) == session


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)
STORED = json.loads(to_json(deep()))


@given(st.text() | JSON.map(json.dumps) | st.tuples(st.sampled_from(sorted(STORED)), JSON).map(
    lambda change: json.dumps({**STORED, change[0]: change[1]})))  # fmt: skip
def test_any_text_is_a_session_or_refused(text):
    with suppress(SessionError, FilterError):
        assert from_json(to_json(from_json(text))) == from_json(text)


def altered(**changes):
    return json.dumps({**STORED, **changes})


HOSTILE = {
    "nothing": "",
    "not an object": "[]",
    "nested": "[" * 200_000,
    "a huge number": '{"exhume session": ' + "9" * 50_000 + "}",
    "too big": " " * (5 << 20),
    "newer": altered(**{"exhume session": 2}),
    "true as a version": altered(**{"exhume session": True}),
    "no page": json.dumps({key: value for key, value in STORED.items() if key != "page"}),
    "a window backwards": altered(window=[10, 5]),
    "a window of three": altered(window=[1, 2, 3]),
    "a window of floats": altered(window=[1.0, 2.0]),
    "a window beyond 64 bits": altered(window=[0, 2**70]),
    "steps without end": altered(steps=STORED["steps"] * MAX_STEPS),
    "a step that is a text": altered(steps=["x"]),
    "a step without condition": altered(steps=[{"view_id": "x", "title": "x", "label": "x"}]),
    "a long label": altered(steps=[{**STORED["steps"][0], "label": "x" * 2_000}]),
    "a filter that is none": altered(filter="rm -rf /"),
    "a condition that is none": altered(steps=[{**STORED["steps"][0], "condition": "proc.nam = x"}]),
    "deep filter": altered(filter="(" * 50_000),
    "descending as a text": altered(descending="yes"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_session_is_refused(text):
    with pytest.raises((SessionError, FilterError)):
        from_json(text)


def test_a_newer_session_asks_for_an_update():
    with pytest.raises(SessionError, match="please update"):
        from_json(HOSTILE["newer"])
