"""What was used over time as lines: spread between samples, and together what was used in all."""

from dataclasses import replace

import numpy as np
import pytest

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.usage import usage
from inspect_app.analysis.usage_lanes import usage_lanes
from inspect_app.frames.columns import SAMPLE_COLUMNS
from inspect_app.frames.tables import build_table
from tests.builders.frames import MS, PYTHON, SH, START_NS, build_frames

WINDOW = TimeRange(START_NS, START_NS + 2_000 * MS)


def sampled(*rows):
    """Rows of ms, process, processor ms, resident bytes, faults, threads."""
    names = ("time", "process", "cpu_time", "rss", "minflt", "threads")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns["time"] = [START_NS + ms * MS for ms in columns["time"]]
    columns["cpu_time"] = [ms * MS for ms in columns["cpu_time"]]
    none = [0] * len(rows)
    return replace(
        build_frames(), samples=build_table(SAMPLE_COLUMNS, {**columns, "vms": none, "majflt": none})
    )


@pytest.fixture
def frames():
    """The shell was there before the recording."""
    return sampled((200, SH, 40, 100, 5, 1), (1_000, SH, 60, 300, 9, 2), (1_800, SH, 60, 200, 9, 1))


def lines(frames, *processes, bins=20):
    return {lane.title: lane for lane in usage_lanes(frames, np.array(processes), WINDOW, bins=bins)}


def test_what_was_used_between_two_samples_is_spread_over_the_time_between(frames):
    cpu = lines(frames, SH)["Processor"]
    assert cpu.total == 20 * MS
    assert cpu.counts[:2].sum() == 0
    assert cpu.counts[2:10].tolist() == [20 * MS // 8] * 8
    assert cpu.counts[10:].sum() == 0
    assert cpu.is_time


def test_memory_and_threads_stay_until_the_next_sample(frames):
    found = lines(frames, SH)
    assert found["Memory, most"].counts.tolist() == [100] * 9 + [300] * 8 + [200] * 3
    assert found["Threads, most"].total == 2
    assert found["Page faults"].total == 4


def test_a_container_has_what_its_processes_have(frames):
    both = sampled((500, SH, 10, 100, 0, 1), (500, PYTHON, 10, 50, 0, 3), (1_500, SH, 20, 100, 0, 1))
    one, other, together = (
        lines(both, *who)["Memory, most"].counts for who in ((SH,), (PYTHON,), (SH, PYTHON))
    )
    assert np.array_equal(one + other, together)


def test_the_figures_are_those_that_usage_tells(frames):
    told = usage(frames, window=WINDOW, steps=1, processes=[SH])
    assert int(told["cpu"].sum()) == lines(frames, SH)["Processor"].total


def test_what_lived_between_two_samples_has_no_memory_and_threads_to_show():
    ended = sampled((200, SH, 40, 0, 5, 0))
    assert [lane.title for lane in usage_lanes(ended, np.array([SH]), WINDOW, bins=10)] == [
        "Processor",
        "Page faults",
    ]


def test_nothing_is_drawn_where_nothing_was_sampled():
    assert usage_lanes(build_frames(), np.array([SH]), WINDOW, bins=10) == ()
    assert usage_lanes(build_frames(), np.empty(0, np.int64), WINDOW, bins=10) == ()
