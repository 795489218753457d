"""One pass over grouped events tells what looking at them one by one does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse
from inspect_app.views import sweep as sweeping
from inspect_app.views.classes import classes_of
from inspect_app.views.sweep import NONE, Asked, sweep
from tests.builders.frames import build_frames

FRAMES = build_frames()
EVENTS = len(FRAMES.events)
FIGURES = {name: FRAMES.events[name].to_numpy() for name in ("latency", "ret")}
CONDITIONS = ("", "evt.failed = true", "evt.is_io = true", "fd.type = file", "proc.name = nobody")
HELD = {text: evaluate(parse(text), FRAMES) if text else np.ones(EVENTS, bool) for text in CONDITIONS}
ASKED = [
    Asked(condition, figure, largest)
    for condition in CONDITIONS
    for figure, largest in (("", False), ("ret", False), ("latency", True))
]


def naive(rows, groups, group, one):
    figures = [
        int(FIGURES[one.figure][row]) if one.figure else 1
        for row, of in zip(rows, groups, strict=True)
        if of == group and HELD[one.condition][row]
    ]
    return max(figures, default=NONE) if one.largest else sum(figures)


@pytest.mark.parametrize("places", [1, 7, 1 << 20])
@settings(max_examples=15, deadline=None)
@given(data=st.data(), asked=st.lists(st.sampled_from(ASKED), unique=True))
def test_a_pass_tells_what_looking_one_by_one_does(places, data, asked):
    rows = sorted(data.draw(st.sets(st.integers(0, EVENTS - 1), max_size=60)))
    groups = [data.draw(st.integers(0, 3)) for _ in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "_MOST_PLACES", places)
        found = sweep(
            np.array(rows, np.uint32),
            np.array(groups, np.int32),
            4,
            asked=asked,
            classes=classes_of(FRAMES, [one.condition for one in asked]),
            columns=FIGURES,
        )
    for group in range(4):
        own = [row for row, of in zip(rows, groups, strict=True) if of == group]
        assert found.events[group] == len(own)
        assert (found.first[group], found.last[group]) == ((own[0], own[-1]) if own else (-1, -1))
        assert [found.figures[one][group] for one in asked] == [
            naive(rows, groups, group, one) for one in asked
        ]


def test_sums_are_exact_where_floats_are_not():
    huge = np.full(EVENTS, 1)
    huge[0], huge[2] = 1 << 60, -(1 << 60)
    asked = Asked("", "huge")
    classes = classes_of(FRAMES, ())
    found = sweep(
        slice(0, 3), np.zeros(3, np.int32), 1, asked=[asked], classes=classes, columns={"huge": huge}
    )
    assert found.figures[asked].tolist() == [1]
