"""A capture from which calls are missing on purpose says so wherever its figures are shown."""

from dataclasses import replace

import pandas as pd
import pytest

from inspect_app.analysis.host import recording_filter
from inspect_app.analysis.selection import select
from inspect_app.analysis.summary import summarise
from inspect_app.reports.sections.limits import warnings_of
from inspect_app.reports.sections.recorded import provenance
from inspect_app.views.tiles import TILES, measure

RULES = [
    {"rule": "only", "by": "container", "values": ["web", "\x1b[31mdb"]},
    {"rule": "skip", "by": "call", "values": ["futex", "poll"]},
]
TEXT = "only container web, \x1b[31mdb; skip call futex, poll"


@pytest.fixture
def filtered(frames):
    """The frames as a recording with a filter would have left them."""
    row = frames.drops.iloc[:1].assign(kind="filtered", where="probe", count=1234)
    drops = pd.concat([frames.drops, row], ignore_index=True)
    return replace(frames, host={**frames.host, "recorder": {"filter": RULES}}, drops=drops)


def test_a_filter_is_read_as_one_line(filtered, frames):
    assert recording_filter(filtered.host) == TEXT
    assert recording_filter(frames.host) == ""


@pytest.mark.parametrize(
    "rows",
    [None, 7, "only", {}, [1], [{"rule": 1, "by": "uid", "values": []}], [{"rule": "only"}], [{"by": []}]],
)
def test_what_is_no_filter_is_none(rows):
    assert recording_filter({"recorder": {"filter": rows}}) == ""
    assert recording_filter({"recorder": rows}) == ""


def test_calls_left_out_on_purpose_are_not_among_those_that_were_lost(filtered, frames):
    summary = summarise(filtered)
    assert (summary.filter, summary.left_out) == (TEXT, 1234)
    assert summary.unseen_events == summarise(frames).unseen_events


def test_a_report_tells_the_filter_as_a_fact_and_as_a_warning(filtered, frames):
    facts = {fact.name: fact.value for fact in provenance(summarise(filtered))}
    assert facts["Recording filter"].startswith("only container web, ")
    assert "\x1b" not in facts["Recording filter"]
    (warning,) = [text for text in warnings_of(summarise(filtered)) if "filter" in text]
    assert "1,234 calls were left out on purpose" in warning
    assert "\x1b" not in warning
    assert not [text for text in warnings_of(summarise(frames)) if "filter" in text]
    facts = {fact.name: fact.value for fact in provenance(summarise(frames))}
    assert facts["Recording filter"] == "none: all calls"


def test_a_tile_at_zero_does_not_claim_that_there_was_nothing(filtered, frames):
    tiles = {one.tile.id: one for one in measure(filtered, select(filtered, None, ["proc.pid = 4000000"]))}
    plain = {one.tile.id: one for one in measure(frames, select(frames, None, ["proc.pid = 4000000"]))}
    assert (plain["errors"].text, tiles["errors"].text) == ("0", "–")
    assert "filter: only container web" in tiles["errors"].meaning
    assert plain["errors"].meaning == TILES["errors"].description
    # Lives are always recorded.
    assert tiles["processes"].text == plain["processes"].text == "0"


def test_a_tile_that_counts_something_still_tells_how_much(filtered, frames):
    tiles = {one.tile.id: one.text for one in measure(filtered, select(filtered, None, []))}
    plain = {one.tile.id: one for one in measure(frames, select(frames, None, []))}
    assert all(tiles[name] == one.text for name, one in plain.items() if one.total)
