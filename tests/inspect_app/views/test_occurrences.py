"""Where else a value occurs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import Selection, select
from inspect_app.views.occurrences import occurrences
from tests.builders.frames import build_frames


@pytest.fixture(scope="module")
def frames():
    return build_frames()


def told(frames, value):
    table = occurrences(frames, value, Selection(slice(0, len(frames.events))))
    return {table.condition(row): table.value(row, 2) for row in range(len(table))}


def test_a_name_is_found_where_it_stands_alone_and_within_texts(frames):
    found = told(frames, "nginx")
    assert found["proc.name = nginx"] > 0
    assert any("proc.exepath contains" in condition for condition in found)


def test_each_place_tells_how_many_events_its_filter_selects(frames):
    for value in ("nginx", "201", "web", "/etc/passwd"):
        for condition, count in told(frames, value).items():
            assert count == len(select(frames, None, (condition,)))


def test_a_number_is_looked_for_as_pid_and_port(frames):
    assert "proc.pid = 201" in told(frames, "201")


@settings(max_examples=20, deadline=None)
@given(value=st.text(max_size=40))
def test_any_text_is_looked_for(frames, value):
    assert all(count > 0 for count in told(frames, value).values())
