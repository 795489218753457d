"""What gives way comes back with hysteresis, and every step and loss is told once, with its interval."""

from types import SimpleNamespace

import numpy as np
import pytest

from capture.agent.plan import CATEGORIES
from capture.agent.pressure import CONTROL, COUNT_KEY, COUNT_VALUE, GIVEN_UP, STEPS, Pressure
from capture.model.events import Category

MS = 1_000_000
UTC = 1_700_000_000_000_000_000
LANES = ("small", "life")
READ, WRITE = 0, 1


class Tables:
    """The tables that probe and recorder share, without a probe."""

    def __init__(self):
        self.control = np.zeros(1, CONTROL)
        self.lost = np.zeros((2, len(LANES) + len(GIVEN_UP), len(CATEGORIES)), np.uint64)
        self.tables = [[], []]

    def take_counts(self, side):
        rows, self.tables[side] = self.tables[side], []
        keys, values = np.zeros(len(rows), COUNT_KEY), np.zeros(len(rows), COUNT_VALUE)
        for at, row in enumerate(rows):
            for name, value in row.items():
                (keys if name in COUNT_KEY.names else values)[name][at] = value
        return keys, values

    def count(self, **row):
        self.tables[int(self.control["side"][0])].append(row)

    def reach(self, level, now):
        self.control["level"][0] = level
        for below in range(1, level + 1):
            self.control["since"][0, below] = self.control["since"][0, below] or now


@pytest.fixture
def made():
    tables = Tables()
    return SimpleNamespace(tables=tables, pressure=Pressure(tables, LANES, UTC, now=1_000 * MS))


def level_of(made):
    return int(made.tables.control["level"][0])


def test_levels_are_left_one_by_one_when_the_lanes_have_been_calm_for_a_while(made):
    made.tables.reach(2, 1_010 * MS)
    seen = []
    for now in range(1_020, 2_600, 20):
        made.pressure.after_round(now * MS, fill=0.1)
        seen.append(level_of(made))
    assert [seen.index(level) for level in (1, 0)] == [7, 15], "150 milliseconds each"
    rows, _ = made.pressure.interval(2_600 * MS)
    assert [(row["kind"], row["where"], row["count"]) for row in rows] == [
        ("step", STEPS[2], 0),
        ("step", STEPS[1], 0),
    ]
    assert [row["since"] for row in rows] == [UTC + 1_010 * MS] * 2
    assert rows[0]["time"] < rows[1]["time"]
    assert made.pressure.interval(3_600 * MS)[0] == [], "told once"


def test_lanes_that_fill_again_keep_a_level_up(made):
    made.tables.reach(1, 1_010 * MS)
    for now in range(1_020, 5_000, 20):
        made.pressure.after_round(now * MS, fill=0.5 if now % 100 == 0 else 0.0)
        assert level_of(made) == 1


def test_levels_that_are_up_at_the_end_are_told_too(made):
    made.tables.reach(2, 1_010 * MS)
    made.pressure.close(1_200 * MS)
    rows, _ = made.pressure.interval(1_200 * MS)
    assert [row["where"] for row in rows] == [STEPS[2], STEPS[1]]
    assert {row["time"] for row in rows} == {UTC + 1_200 * MS}


@pytest.mark.parametrize("why", ["recorder", "disk"])
def test_a_round_that_takes_long_is_told_with_what_held_it_up(made, why):
    made.pressure.after_round(1_500 * MS, 0.0)
    made.pressure.held_up_by = why
    made.pressure.after_round(6_500 * MS, 0.0)
    made.pressure.after_round(6_600 * MS, 0.0)
    ((row),) = made.pressure.interval(7_000 * MS)[0]
    assert (row["kind"], row["where"]) == ("stalled", why)
    assert (row["since"], row["time"]) == (UTC + 1_500 * MS, UTC + 6_500 * MS)


def test_losses_are_told_by_lane_category_and_processor_each_once(made):
    file, net = CATEGORIES.index(Category.FILE), CATEGORIES.index(Category.NET)
    made.tables.lost[0, 0, file] = 3
    made.tables.lost[1, 1, net] = 5
    made.tables.lost[1, 2, net] = 7
    made.tables.lost[1, 3, file] = 2
    rows, _ = made.pressure.interval(2_000 * MS)
    assert [(row["kind"], row["where"], row["category"], row["cpu"], row["count"]) for row in rows] == [
        ("lost", "small", "file", 0, 3),
        ("lost", "life", "net", 1, 5),
        ("payload", "probe", "net", 1, 7),
        ("path", "probe", "file", 1, 2),
    ]
    made.tables.lost[0, 0, file] += np.uint64(1)
    rows, _ = made.pressure.interval(3_000 * MS)
    assert [(row["where"], row["count"], row["since"], row["time"]) for row in rows] == [
        ("small", 1, UTC + 2_000 * MS, UTC + 3_000 * MS)
    ]
    assert made.pressure.lost == 9, "what events are without is no event"
    assert made.pressure.lost_by_lane == [4, 5]


def test_counts_are_read_from_the_table_that_nobody_writes_and_all_of_them_once(made):
    made.tables.count(tid=7, code=READ, count=10, bytes=100, first=5, last=9)
    rows, counted = made.pressure.interval(2_000 * MS)
    assert rows == [] and len(counted["count"]) == 0, "the probe may still write it"
    made.tables.count(tid=7, code=WRITE, count=3, first=11, last=12)
    made.tables.count(tid=8, code=WRITE, count=4, first=10, last=13)
    rows, counted = made.pressure.interval(3_000 * MS)
    assert counted["count"].tolist() == [10]
    assert (counted["first"][0], counted["last"][0]) == (UTC + 5, UTC + 9)
    assert [(row["kind"], row["category"], row["count"]) for row in rows] == [("counted", "io-read", 10)]
    rows, counted = made.pressure.interval(4_000 * MS)
    assert sorted(counted["count"].tolist()) == [3, 4]
    assert [(row["category"], row["count"], row["since"], row["time"]) for row in rows] == [
        ("io-write", 7, UTC + 10, UTC + 13)
    ]
    assert made.pressure.counted == 17
    assert made.pressure.interval(5_000 * MS)[0] == []
