"""Calls that were only counted are told beside figures: exactly, or as the most that may belong there."""

# ruff: noqa: E501 - one case a line, however long

from dataclasses import replace

import numpy as np
import pytest

from inspect_app.analysis.beside import counted_beside
from inspect_app.analysis.selection import TimeRange, select
from inspect_app.frames.columns import COUNTED_COLUMNS
from inspect_app.frames.tables import build_table
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from tests.builders.frames import BATCH, HOST, KILLED, MS, PYTHON, SH, START_NS, WEB, WORKER, build_frames

STORY = build_frames()
THINGS = STORY.descriptors["name"].tolist()
ROWS = [
    # from ms, to ms, call, count, errors, bytes, latency, process, tid, container, thing
    (100, 900, "read", 1_000, 10, 50_000, 7_000, SH, 100, HOST, "/etc/hosts"),
    (400, 1_300, "write", 500, 0, 9_000, 900, PYTHON, 401, BATCH, "/app/out.csv"),
    (600, 800, "futex", 70, 5, 0, 90_000, WORKER, 301, WEB, ""),
    (600, 800, "read", 30, 0, 600, 80, KILLED, 402, BATCH, ""),
]


def with_counted(frames):
    columns = dict(
        zip(
            ("first", "last", "type", "count", "errors", "bytes", "latency", "process", "tid", "container", "thing"),
            map(list, zip(*ROWS, strict=True)),
            strict=True,
        )
    )  # fmt: skip
    things = columns.pop("thing")
    for end in ("first", "last"):
        columns[end] = [START_NS + ms * MS for ms in columns[end]]
    columns |= {
        "category": ["io-read", "io-write", "ipc", "io-read"],
        "pid": [100, 400, 301, 402],
        "uid": [1000, 0, 101, 0],
        "fd": [3, 3, -1, 0],
        "descriptor": [THINGS.index(name) if name else -1 for name in things],
    }
    return replace(frames, counted=build_table(COUNTED_COLUMNS, columns))


FRAMES = with_counted(STORY)


def test_without_counted_calls_there_is_nothing_beside():
    assert counted_beside(STORY, None) is None
    assert counted_beside(FRAMES, None, ["container.name = nowhere"]) is None


def test_all_of_them_are_told_without_a_condition():
    told = counted_beside(FRAMES, None, ["", " "])
    assert (told.calls, told.errors, told.bytes, told.exact) == (1_600, 15, 59_600, True)


@pytest.mark.parametrize(
    ("condition", "calls"),
    [
        ("container.name = batch", 530),
        ("proc.name = python3", 500),
        ("proc.pname = python3", 30),
        ("proc.aname = python3", 30),
        ("thread.tid = 401", 500),
        ("user.name = alice", 1_000),
        ("fd.name startswith /etc", 1_000),
        ("evt.type in (read, write)", 1_530),
        ("evt.is_io_read = true and not container.id = host", 30),
        ("k8s.ns.name = shop", 70),
        ("not fd.name exists", 100),
    ],
)
def test_conditions_on_who_and_what_are_decided_for_sums_too(condition, calls):
    told = counted_beside(FRAMES, None, [condition])
    assert (told.calls, told.exact) == (calls, True)


@pytest.mark.parametrize(
    "condition",
    ["evt.failed = true", "evt.latency > 1ms", "evt.arg.flags contains X", "evt.buffer contains a", "fd.is_new = true",
     "group.gid = 0", "proc.nthreads > 1", "fs.path.name = /x", "thread.exectime > 1s"],
)  # fmt: skip
def test_conditions_on_single_calls_leave_the_most_that_may_belong(condition):
    told = counted_beside(FRAMES, None, ["proc.name = python3", condition])
    assert (told.calls, told.exact) == (500, False)


def test_a_window_takes_the_sums_that_it_touches():
    cut = counted_beside(FRAMES, TimeRange(START_NS + 850 * MS, START_NS + 2_000 * MS))
    assert (cut.calls, cut.exact) == (1_500, False)
    whole = counted_beside(FRAMES, TimeRange(START_NS + 350 * MS, START_NS + 2_000 * MS), ["proc.pid = 400"])
    assert (whole.calls, whole.exact) == (500, True)


@pytest.mark.parametrize(("view", "key"), [("processes", "proc.pid"), ("containers", "container.id")])
def test_rows_tell_their_own_counted_calls_and_add_up(view, key):
    table = apply_view(VIEWS[view], FRAMES, select(FRAMES))
    place, calls = table.position(key), table.position("counted_count")
    told = {table.value(row, place): table.value(row, calls) for row in range(len(table))}
    expected = (
        {100: 1_000, 400: 500, 301: 70, 402: 30}
        if view == "processes"
        else {"host": 1_000, "0f0e0d0c0b0a": 530}
    )
    assert expected.items() <= told.items()
    assert sum(told.values()) == table.totals[calls] == 1_600


def test_figures_of_events_do_not_change_by_what_was_counted():
    one, other = (apply_view(VIEWS["processes"], frames, select(frames)) for frames in (STORY, FRAMES))
    at = one.position("events")
    assert np.array_equal(one.cells[at].values, other.cells[at].values)
