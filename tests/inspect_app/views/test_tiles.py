"""Tiles over the hand-made capture: each counts what its condition says, and its slices add up."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from inspect_app.views.tiles import TILES, Counting, measure
from tests.builders.frames import MS, START_NS, build_frames
from tests.builders.privileges import build_privileged_frames

FRAMES = build_frames()
PRIVILEGED = build_privileged_frames()
WHOLE = TimeRange(START_NS, START_NS + 3_000 * MS)


def measured(*conditions, window=None, bins=20, frames=FRAMES):
    selection = select(frames, window, conditions)
    return {one.tile.id: one for one in measure(frames, selection, window, bins)}


def test_the_overview_of_the_story():
    totals = {name: one.total for name, one in measured().items()}
    assert totals["processes"] == 10
    assert totals["containers"] == 3
    assert totals["sec.commands"] == 4
    assert totals["sec.shells"] == 1
    assert totals["file.opens"] == 7
    assert totals["perf.open_errors"] == 2
    assert totals["perf.connect_errors"] == 1
    assert totals["net.outbound"] == totals["net.inbound"] == 1
    assert totals["net.listening"] == 0
    assert totals["perf.killed"] == 1
    assert totals["perf.http"] == 1
    assert totals["perf.http_errors"] == totals["log.errors"] == 0
    assert totals["log.files"] == 1
    assert (totals["infra.begun"], totals["infra.ended"]) == (1, 1)
    assert totals["net.ports"] == 1
    assert totals["infra.drops"] == 12 + 40 + 1


def test_drops_are_told_where_they_happened():
    drops = measured(window=TimeRange(START_NS, START_NS + 1_500 * MS))["infra.drops"]
    assert drops.total == 52


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2_000),
    st.integers(1, 2_000),
    st.integers(1, 60),
    st.sampled_from(["", "proc.name = curl"]),
)
def test_the_slices_of_a_tile_add_up_to_its_total(start, length, bins, text):
    window = TimeRange(START_NS + start * MS, START_NS + (start + length) * MS)
    for one in measured(*filter(None, [text]), window=window, bins=bins).values():
        assert len(one.counts) == bins
        if one.tile.counting not in (Counting.ALIVE, Counting.DISTINCT):
            assert one.counts.sum() == one.total, one.tile.id
        else:
            assert one.counts.max() <= one.total <= one.counts.sum(), one.tile.id


@pytest.mark.parametrize("tile", TILES.values(), ids=lambda tile: tile.id)
@pytest.mark.parametrize("text", ["", "container.name = batch"])
def test_a_tile_counts_the_events_that_its_condition_shows(tile, text):
    (one,) = measure(FRAMES, select(FRAMES, WHOLE, [text]), WHOLE, 10, tiles=[tile])
    if one.unknown or tile.counting not in (Counting.EVENTS, Counting.BYTES, Counting.DISTINCT):
        return
    shown = FRAMES.events.iloc[select(FRAMES, WHOLE, [text, tile.condition]).positions()]
    expected = {
        Counting.EVENTS: len(shown),
        Counting.BYTES: shown["size"].sum(),
        Counting.DISTINCT: distinct_things(shown, tile.of),
    }
    assert one.total == expected[tile.counting]


def distinct_things(shown, of):
    """How many different descriptors the events have, or different ports."""
    if of != "fd.lport":
        return shown["descriptor"].nunique()
    return len(set(FRAMES.descriptors["lport"].to_numpy()[shown["descriptor"]].tolist()))


def test_a_filter_leaves_only_processes_that_have_events():
    assert measured("container.name = web")["processes"].total == 2


def test_the_host_is_no_container():
    assert measured("container.id = host")["containers"].total == 0


def test_a_window_has_the_containers_that_lived_in_it():
    early = TimeRange(START_NS, START_NS + 200 * MS)
    assert measured(window=early)["containers"].total == 2


def test_a_tile_that_the_capture_cannot_tell_says_why_and_is_not_shown():
    asks = dataclasses.replace(TILES["perf.slow_1ms"], condition="thread.exectime > 1s")
    (one,) = measure(FRAMES, select(FRAMES), tiles=[asks])
    assert "not recorded" in one.unknown
    assert not one.shown


def test_a_tile_at_zero_hides_unless_zero_tells_something():
    tiles = measured()
    assert not tiles["net.listening"].shown
    assert measured("evt.type = no")["infra.drops"].shown
    assert tiles["file.bytes"].text.endswith("KiB")


def test_an_empty_capture_has_tiles_at_zero():
    for one in measured(frames=build_frames(0)).values():
        assert one.counts.dtype == np.int64
        assert one.counts.shape == (20,)
        of_events = one.tile.counting in (Counting.EVENTS, Counting.BYTES, Counting.DISTINCT)
        assert one.total == 0 or not of_events


@pytest.mark.parametrize(
    "tile",
    [
        tile
        for tile in TILES.values()
        if tile.view in VIEWS and tile.counting in (Counting.EVENTS, Counting.BYTES)
    ],
    ids=lambda tile: tile.id,
)
def test_a_tile_opens_a_view_of_exactly_the_events_that_it_counts(tile):
    for frames in (FRAMES, PRIVILEGED):
        counted = len(select(frames, None, [tile.condition]))
        table = apply_view(VIEWS[tile.view], frames, select(frames, None, [tile.condition]))
        assert table.events.sum() == counted


@pytest.mark.parametrize(
    "tile",
    [tile for tile in TILES.values() if tile.condition and tile.view in VIEWS and VIEWS[tile.view].filter],
    ids=lambda tile: tile.id,
)
def test_no_event_that_a_tile_counts_is_outside_of_the_view_that_it_opens(tile):
    outside = parse(f"({tile.condition}) and not ({VIEWS[tile.view].filter})")
    for frames in (FRAMES, PRIVILEGED):
        assert not evaluate(outside, frames).any()
