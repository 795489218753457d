"""Views and tiles as data: what is declared must hold together."""

import pytest

from inspect_app.analysis.samples import FIGURES
from inspect_app.filters.evaluate import not_evaluable
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.frames.columns import COUNTED_COLUMNS
from inspect_app.views.catalogue import EVENTS, VIEWS, How, Kind, views_for
from inspect_app.views.entities import ENTITIES, is_event_field
from inspect_app.views.keys import KEYS
from inspect_app.views.measures import MEASURES
from inspect_app.views.tile_catalogue import TILES, TileCategory

OF_THE_ISSUE = {
    "processes",
    "threads",
    "containers",
    "files",
    "connections",
    "syscalls",
    "errors",
    "commands",
}


def test_the_views_that_every_analyst_needs_are_there():
    assert set(VIEWS) >= OF_THE_ISSUE


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.id)
def test_a_view_leads_somewhere_and_sorts_by_a_column_it_has(view):
    assert view.drilldown == EVENTS or view.drilldown in VIEWS
    assert view.column(view.sort.column)
    assert len({column.id for column in view.columns}) == len(view.columns)
    assert (view.key in KEYS) is (view.kind is Kind.TABLE)
    assert view.applies_to <= {"", *KEYS}
    assert view.description.endswith(".")
    assert view.tips


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.id)
def test_a_column_is_taken_from_something_that_exists(view):
    for column in view.columns:
        if column.how in (How.VALUE, How.DISTINCT):
            known = is_event_field(column.of) or any(
                column.of in entity.fields for entity in ENTITIES.values()
            )
            assert known, column.of
        elif column.how is How.USED:
            assert column.of in FIGURES
        elif column.how is How.COUNTED:
            assert column.of in {one.name for one in COUNTED_COLUMNS}
        elif column.how not in (How.FIRST, How.LAST):
            assert column.of in MEASURES


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.id)
def test_a_drilldown_target_applies_to_the_rows_that_lead_there(view):
    if view.drilldown != EVENTS:
        assert view.key in VIEWS[view.drilldown].applies_to


def test_conditions_of_views_measures_and_tiles_are_filters():
    conditions = [view.filter for view in VIEWS.values()]
    conditions += [measure.where for measure in MEASURES.values()]
    conditions += [tile.condition for tile in TILES.values()]
    for condition in filter(None, conditions):
        assert parse(condition).text


def test_every_capture_can_tell_what_tiles_ask(frames):
    unknown = {
        tile.id for tile in TILES.values() if tile.condition and not_evaluable(parse(tile.condition), frames)
    }
    assert not unknown


def test_key_fields_are_fields_of_the_language():
    for key in KEYS.values():
        assert set(key.fields) <= set(FIELDS)


@pytest.mark.parametrize("tile", TILES.values(), ids=lambda tile: tile.id)
def test_a_tile_opens_a_view_and_says_in_one_line_what_it_counts(tile):
    assert tile.view == EVENTS or tile.view in VIEWS
    assert tile.category in TileCategory
    assert tile.description.endswith(".")
    assert "\n" not in tile.description


def test_there_are_tiles_for_all_that_an_overview_tells():
    assert len(TILES) >= 40
    assert {tile.category for tile in TILES.values()} == set(TileCategory)


def test_every_view_but_its_own_opens_from_a_process():
    offered = {view.id for view in views_for("process")}
    assert {"files", "connections", "syscalls", "commands"} <= offered
    assert "processes" not in offered
