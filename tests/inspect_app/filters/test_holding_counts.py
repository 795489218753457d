"""Which count of a process holds at each event is the last change at or before it."""

import numpy as np
import pytest

from capture.format.pieces import PIECE
from inspect_app.filters.holding_counts import _latest_change

EVENTS = PIECE + 20_000
ROW = 32


def latest_by_search(keys, process):
    """The same, by one search for every event."""
    asked = process.astype(np.int64) << ROW | np.arange(1, len(process) + 1)
    return np.where(process < 0, -1, np.searchsorted(keys, asked, side="right") - 1)


@pytest.mark.parametrize("processes", [1, 3, 400, 70_000])
@pytest.mark.parametrize("own", [0, 0.5, 1])
def test_it_is_found_for_changes_by_the_process_and_by_others(processes, own):
    rng = np.random.default_rng(processes)
    process = rng.integers(-1, processes, EVENTS).astype(np.int32)
    # Of several changes at one event the last one holds.
    rows = np.repeat(rng.integers(0, EVENTS, EVENTS // 6), 2)
    owner = np.where(rng.random(len(rows)) < own, process[rows], rng.integers(0, processes, len(rows)))
    known = owner >= 0
    changes = owner[known].astype(np.int64) << ROW | rows[known] + 1
    keys = np.sort(np.concatenate((np.arange(processes) << ROW, changes)))
    assert np.array_equal(_latest_change(keys, processes, process), latest_by_search(keys, process))


def test_without_events_nothing_is_found():
    keys = np.arange(2) << ROW
    assert not len(_latest_change(keys, 2, np.empty(0, np.int32)))
    assert _latest_change(keys, 2, np.full(3, -1, np.int32)).tolist() == [-1, -1, -1]
