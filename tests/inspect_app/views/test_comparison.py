"""What is new on one side beside the other."""

import numpy as np
import pytest

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.timelines import capture_window
from inspect_app.views.comparison import ASPECTS, Side, compare
from tests.builders.frames import build_frames

BY_ID = {aspect.id: aspect for aspect in ASPECTS}


@pytest.fixture(scope="module")
def sides():
    frames = build_frames()
    window = capture_window(frames)
    middle = (window.start_ns + window.end_ns) // 2
    late = select(frames, TimeRange(middle, window.end_ns), ())
    early = select(frames, TimeRange(window.start_ns, middle), ())
    return Side(frames, late.rows), Side(frames, early.rows)


def rows(table):
    places = {column.id: place for place, column in enumerate(table.columns)}
    return [{name: table.value(row, place) for name, place in places.items()} for row in range(len(table))]


@pytest.mark.parametrize("aspect", ASPECTS, ids=lambda aspect: aspect.id)
def test_a_side_has_nothing_new_beside_itself(sides, aspect):
    here, _ = sides
    assert len(compare(aspect, here, here, only_new=True)) == 0


@pytest.mark.parametrize("aspect", ASPECTS, ids=lambda aspect: aspect.id)
def test_what_is_new_here_is_gone_the_other_way_round(sides, aspect):
    here, there = sides
    new = rows(compare(aspect, here, there, only_new=True))
    back = [row for row in rows(compare(aspect, there, here, only_new=False)) if row["state"] == "gone"]
    assert len(new) == len(back)
    assert {row["state"] for row in new} <= {"new"}


@pytest.mark.parametrize("aspect", ASPECTS, ids=lambda aspect: aspect.id)
def test_a_row_s_condition_selects_what_it_counts(sides, aspect):
    here, there = sides
    table = compare(aspect, here, there, only_new=False)
    inside = np.zeros(len(here.frames.events), dtype=bool)
    inside[here.rows] = True
    for row, told in enumerate(rows(table)):
        chosen = select(here.frames, None, (table.condition(row),)).positions()
        chosen = chosen[inside[chosen]]
        size = here.frames.events["size"].to_numpy()[chosen]
        assert told["count"] == (int(size.sum()) if aspect.is_bytes else len(chosen)), table.condition(row)


def test_calls_of_all_containers_add_up_to_all_events(sides):
    here, there = sides
    told = rows(compare(BY_ID["calls"], here, there, only_new=False))
    assert sum(row["count"] + row["count_there"] for row in told) == len(here.frames.events)


def test_an_empty_side_makes_everything_new(sides):
    here, _ = sides
    nothing = Side(here.frames, np.empty(0, dtype=np.uint32))
    table = compare(BY_ID["files"], here, nothing, only_new=True)
    assert len(table) > 0
    assert len(compare(BY_ID["files"], nothing, nothing, only_new=False)) == 0
