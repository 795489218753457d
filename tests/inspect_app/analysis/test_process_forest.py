"""The process forest."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.processes import is_orphan, lifelines, process_forest, programs_of
from inspect_app.analysis.selection import TimeRange
from tests.builders.frames import CAT, CURL, KILLED, MS, PYTHON, SH, START_NS, SYSTEMD, UNSEEN, build_frames


def with_parents(parents):
    frames = build_frames(0)
    count = len(parents)
    processes = frames.processes.iloc[[0] * count].reset_index(drop=True)
    processes["parent"] = np.array(parents, dtype=np.int32)
    return replace(frames, processes=processes)


def test_a_process_stands_below_its_creator(frames):
    forest = process_forest(frames)
    assert forest.ancestors(KILLED) == [PYTHON, SYSTEMD]
    assert forest.children(SH).tolist() == [CURL, CAT]
    assert forest.depth[KILLED] == 2
    assert UNSEEN in forest.roots
    assert set(forest.descendants(PYTHON).tolist()) == {PYTHON, KILLED}


@settings(deadline=None)
@given(
    st.lists(st.integers(-1, 29), min_size=1, max_size=30).map(lambda p: [x if x < len(p) else -1 for x in p])
)
def test_any_parents_make_a_forest_with_each_process_once(parents):
    """Circles, which only a damaged capture has, are cut."""
    forest = process_forest(with_parents(parents))
    assert sorted(forest.order.tolist()) == list(range(len(parents)))
    assert forest.order[forest.position].tolist() == list(range(len(parents)))
    for row in range(len(parents)):
        mine = forest.descendants(row)
        assert mine[0] == row
        assert len(forest.ancestors(row)) == forest.depth[row]
        for child in mine[1:]:
            assert row in forest.ancestors(int(child))
    assert forest.size[forest.roots].sum() == len(parents)


def test_only_circles_lose_a_parent():
    forest = process_forest(with_parents([-1, 0, 1, 4, 3, 5]))
    assert forest.parent.tolist() == [-1, 0, 1, -1, -1, -1]


def test_a_long_chain_of_processes_is_no_trouble():
    forest = process_forest(with_parents([row - 1 for row in range(3_000)]))
    assert forest.depth[-1] == 2_999
    assert forest.size[0] == 3_000


def test_lives_are_cut_to_the_window(frames):
    window = TimeRange(START_NS + 400 * MS, START_NS + 800 * MS)
    lives = lifelines(frames, window)
    assert (lives.start[PYTHON], lives.end[PYTHON]) == (window.start_ns, window.end_ns)
    assert lives.lived[KILLED]
    assert lives.born[KILLED]
    assert not lives.died[KILLED]
    assert lives.died[CURL]
    assert not lives.lived[CAT]


def test_an_orphan_is_told_from_the_moment_its_creator_ended(frames):
    end = int(frames.processes["end"].iloc[PYTHON])
    assert not is_orphan(frames, KILLED, end - 1)
    assert is_orphan(frames, KILLED, end)
    assert not is_orphan(frames, UNSEEN, end)


def test_programs_come_in_order_of_time(frames):
    assert [program.comm for program in programs_of(frames, CURL)] == ["sh", "curl"]
    assert programs_of(frames, CURL)[0].event == -1
    assert programs_of(frames, CURL)[1].event >= 0
