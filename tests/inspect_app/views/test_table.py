"""Views over the hand-made capture: figures that add up, conditions that lead back to the events."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import Selection, TimeRange, select
from inspect_app.views.catalogue import VIEWS, How, Kind
from inspect_app.views.entities import field_cells
from inspect_app.views.export import to_csv, to_json, to_text
from inspect_app.views.measures import MEASURES
from inspect_app.views.sorting import default_order, search, sort_rows
from inspect_app.views.table import apply_view
from tests.builders.frames import MS, START_NS, build_frames

TABLES = [view for view in VIEWS.values() if view.kind is Kind.TABLE]
LISTS = [view for view in VIEWS.values() if view.kind is Kind.LIST]
FRAMES = build_frames()
WINDOWS = st.one_of(
    st.none(),
    st.tuples(st.integers(-10, 2_100), st.integers(0, 2_100)).map(
        lambda pair: TimeRange(START_NS + pair[0] * MS, START_NS + (pair[0] + pair[1]) * MS)
    ),
)
FILTERS = st.sampled_from(
    [
        "",
        "",
        "evt.failed = true",
        "proc.name = sh",
        "container.name = web",
        "not container.id exists",
        "evt.type = no",
    ]
)


def table_of(name, *conditions, window=None, frames=FRAMES):
    return apply_view(VIEWS[name], frames, select(frames, window, conditions), window=window)


def cell(table, row, column):
    return table.value(row, table.position(column))


def rows_where(table, column, value):
    return [row for row in range(len(table)) if cell(table, row, column) == value]


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.id)
@settings(max_examples=8, deadline=None)
@given(window=WINDOWS, text=FILTERS)
def test_a_rows_condition_selects_exactly_its_events(view, window, text):
    """What a row counts is what opening it shows."""
    conditions = [text] if text else []
    table = apply_view(view, FRAMES, select(FRAMES, window, conditions), window=window)
    for row in range(len(table)):
        opened = select(FRAMES, window, [*conditions, table.condition(row)])
        assert len(opened) == table.events[row], table.condition(row)
        if len(opened):
            positions = opened.positions()
            assert (positions[0], positions[-1]) == (table.first[row], table.last[row])


@pytest.mark.parametrize("view", TABLES, ids=lambda view: view.id)
@settings(max_examples=8, deadline=None)
@given(window=WINDOWS, text=FILTERS)
def test_the_rows_of_a_table_add_up_to_its_events(view, window, text):
    """No event falls out of a table, and none is in two rows."""
    conditions = [one for one in (text, view.filter) if one]
    chosen = select(FRAMES, window, conditions)
    table = apply_view(view, FRAMES, select(FRAMES, window, [text]), window=window)
    assert table.events.sum() == len(chosen)
    for position, column in enumerate(view.columns):
        if column.adds_up:
            assert sum(table.value(row, position) for row in range(len(table))) == table.totals[position]


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.id)
def test_a_list_has_a_row_for_each_event(view):
    chosen = select(FRAMES, None, [view.filter])
    table = apply_view(view, FRAMES, select(FRAMES), window=None)
    assert table.first.tolist() == chosen.positions().tolist()


def test_two_windows_side_by_side_add_up_to_both():
    middle = START_NS + 333 * MS
    parts = [TimeRange(START_NS, middle), TimeRange(middle, START_NS + 3_000 * MS)]
    whole = table_of("syscalls")
    for column in ("events", "errors", "latency_total"):
        position = whole.position(column)
        assert (
            sum(table_of("syscalls", window=part).totals[position] for part in parts)
            == whole.totals[position]
        )


def test_sums_are_the_sums_over_the_events_themselves():
    table = table_of("processes")
    events = FRAMES.events
    for row in range(len(table)):
        mine = events.iloc[select(FRAMES, None, [table.condition(row)]).positions()]
        assert cell(table, row, "latency_total") == mine["latency"][mine["latency"] >= 0].sum()


def test_a_pid_that_is_used_again_is_another_row():
    table = table_of("processes")
    again = rows_where(table, "proc.pid", 201)
    assert sorted(cell(table, row, "proc.name") for row in again) == ["cat", "curl"]
    assert {table.label(row) for row in again} == {"cat (201)", "curl (201)"}


def test_an_idle_process_has_a_row_until_a_filter_asks_for_events():
    early = TimeRange(START_NS, START_NS + 15 * MS)
    assert 0 in table_of("processes", window=early).events
    assert all(table_of("processes", "evt.num > 0", window=early).events > 0)


def test_a_process_that_was_gone_or_not_yet_there_has_no_row():
    early = table_of("processes", window=TimeRange(START_NS, START_NS + 20 * MS))
    assert not rows_where(early, "proc.name", "python3")
    late = table_of("processes", window=TimeRange(START_NS + 1_900 * MS, START_NS + 2_000 * MS))
    assert not rows_where(late, "proc.name", "curl")


def test_a_container_without_metadata_is_there_by_its_id():
    table = table_of("containers")
    (row,) = rows_where(table, "container.id", "ffee00112233")
    assert cell(table, row, "container.name") is None
    assert table.label(row) == "ffee00112233"


def test_events_of_an_unknown_container_have_a_row_of_their_own():
    table = table_of("containers")
    (row,) = rows_where(table, "container.id", None)
    assert table.condition(row) == "not container.id exists"
    assert table.events[row] == len(select(FRAMES, None, ["not container.id exists"]))


def test_opens_count_every_call_that_opens_and_only_those_that_did():
    table = table_of("files")
    (hosts,) = rows_where(table, "fd.name", "/etc/hosts")
    (missing,) = rows_where(table, "fd.name", "/etc/curlrc")
    assert (cell(table, hosts, "opens"), cell(table, hosts, "errors")) == (1, 0)
    assert (cell(table, missing, "opens"), cell(table, missing, "errors")) == (0, 1)


def test_commands_are_told_in_order_of_time():
    table = table_of("commands")
    position = table.position("proc.exeline")
    lines = [table.text(row, position) for row in default_order(table)]
    assert [line.split()[0] for line in lines] == ["curl", "python3", "sh", "cat"]


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.id)
@pytest.mark.parametrize("descending", [False, True])
def test_every_column_sorts_missing_cells_last(view, descending):
    table = apply_view(view, FRAMES, select(FRAMES))
    for column in view.columns:
        order = sort_rows(table, column.id, descending)
        assert sorted(order.tolist()) == list(range(len(table)))
        values = [cell(table, row, column.id) for row in order.tolist()]
        present = [
            value.casefold() if isinstance(value, str) else value for value in values if value is not None
        ]
        assert present == sorted(present, reverse=descending)
        assert values[len(present) :] == [None] * (len(values) - len(present))


@given(
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(0, 3), min_size=1, max_size=50),
    st.booleans(),
)
def test_numbers_of_any_size_sort_and_equal_ones_keep_their_order(numbers, descending):
    from inspect_app.views.sorting import _packed_order

    order = _packed_order(np.array(numbers, dtype=np.int64), descending).tolist()
    wanted = sorted(range(len(numbers)), key=lambda row: -numbers[row] if descending else numbers[row])
    assert order == wanted


def test_search_finds_text_in_any_case_and_identifiers_but_not_figures():
    table = table_of("processes")
    found = {cell(table, row, "proc.name") for row in search(table, "EXAMPLE.org").tolist()}
    assert found == {"curl"}
    assert rows_where(table, "proc.pid", 402) == search(table, "402").tolist()
    assert len(search(table, "")) == len(table)
    assert len(search(table, "no such text")) == 0


def test_an_empty_selection_is_an_empty_table():
    nothing = Selection(np.zeros(0, dtype=np.uint32))
    for view in VIEWS.values():
        table = apply_view(view, FRAMES, nothing)
        assert len(table) == 0
        assert to_json(table, default_order(table)) == "[]\n"
        assert to_text(table, default_order(table))


def test_a_capture_without_events_has_tables():
    empty = build_frames(0)
    for view in VIEWS.values():
        assert apply_view(view, empty, select(empty)).events.sum() == 0


def test_a_table_reads_well_in_a_terminal():
    table = table_of("errors")
    assert to_text(table, default_order(table)) == (
        "Error         Events   Share  Calls  PIDs  Process  Call\n"
        "ENOENT            23  67.6 %      2     2  sh       stat\n"
        "EINTR              8  23.5 %      1     1  nginx    rt_sigsuspend\n"
        "EAGAIN             1   2.9 %      1     1  nginx    accept4\n"
        "EACCES             1   2.9 %      1     1  python3  openat\n"
        "ECONNREFUSED       1   2.9 %      1     1  python3  connect\n"
        "total             34   100 %\n"
    )


def test_json_carries_exact_figures_keyed_by_column():
    table = table_of("files")
    rows = json.loads(to_json(table, default_order(table)))
    assert [set(row) == {column.id for column in table.columns} for row in rows] == [True] * len(table)
    (hosts,) = (row for row in rows if row["fd.name"] == "/etc/hosts")
    assert (hosts["file_bytes_in"], hosts["container.name"]) == (20, "host")
    assert hosts["first"] == "2023-11-14T22:13:20.063000000Z"


def test_a_formula_in_a_name_stays_text_and_a_negative_figure_a_figure():
    frames = build_frames()
    frames.descriptors.loc[frames.descriptors["name"] == "/etc/hosts", "name"] = "=HYPERLINK(1)"
    frames.descriptors.loc[frames.descriptors["name"] == "/etc/passwd", "name"] = "-2+3"
    table = table_of("files", frames=frames)
    text = to_csv(table, default_order(table))
    assert "\n'=HYPERLINK(1)," in text
    assert "\n'-2+3," in text
    assert not any(line.startswith(("=", "-", "+", "@")) for line in text.splitlines())


def test_a_terminal_escape_in_a_name_is_not_obeyed():
    frames = build_frames()
    frames.descriptors.loc[frames.descriptors["name"] == "/etc/hosts", "name"] = "/\x1b[2J\u202egpj[bold]"
    table = table_of("files", frames=frames)
    for text in (to_text(table, default_order(table)), to_csv(table, default_order(table))):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\\x1b[2J\\u202egpj[bold]" in text


def test_a_mean_is_over_calls_whose_start_was_seen():
    table = table_of("syscalls")
    for row in range(len(table)):
        total, mean = (cell(table, row, name) for name in ("latency_total", "latency_mean"))
        if mean is None:
            assert total == 0
        else:
            assert total / mean <= cell(table, row, "events") + 1e-6


def test_a_distinct_count_is_that_of_the_events():
    table = table_of("errors")
    position = table.position("distinct_evt_type")
    assert table.columns[position].how is How.DISTINCT
    for row in range(len(table)):
        mine = FRAMES.events.iloc[select(FRAMES, None, [table.condition(row)]).positions()]
        assert table.value(row, position) == mine["type"].nunique()


FIGURES = [
    (view, position)
    for view in TABLES
    for position, column in enumerate(view.columns)
    if column.how in (How.COUNT, How.SUM, How.MAX, How.MEAN, How.DISTINCT)
]


@pytest.mark.parametrize(
    ("view", "position"),
    FIGURES,
    ids=[f"{view.id}-{view.columns[position].id}" for view, position in FIGURES],
)
@settings(max_examples=3, deadline=None)
@given(window=WINDOWS, text=FILTERS)
def test_a_figure_is_what_its_own_events_say(view, position, window, text):
    """Each cell, worked out anew from the events that opening its row shows."""
    table = apply_view(view, FRAMES, select(FRAMES, window, [text]), window=window)
    column = view.columns[position]
    for row in range(len(table)):
        conditions = [text, table.condition(row), MEASURES[column.of].where if column.of in MEASURES else ""]
        assert table.value(row, position) == figure_of(column, select(FRAMES, window, conditions).positions())


def figure_of(column, rows):
    """A column's figure of some events, by Python's own sums."""
    if column.how is How.COUNT:
        return len(rows)
    if column.how is How.DISTINCT:
        cells = field_cells(column.of, FRAMES, rows)
        return len({cells.at(row) for row in range(len(rows))} - {None})
    figures = [field_or_column(MEASURES[column.of].figure, row) for row in rows.tolist()]
    if column.how is How.SUM:
        return sum(figures)
    if not figures:
        return None
    return max(figures) if column.how is How.MAX else sum(figures) / len(figures)


def field_or_column(name, row):
    if name in FRAMES.events:
        return int(FRAMES.events[name].to_numpy()[row])
    return field_cells(name, FRAMES, np.array([row])).at(0)


@pytest.mark.parametrize("view", TABLES, ids=lambda view: view.id)
@settings(max_examples=5, deadline=None)
@given(cut=st.integers(0, 2_100))
def test_the_sums_of_two_windows_side_by_side_are_those_of_both(view, cut):
    middle = START_NS + cut * MS
    whole = TimeRange(START_NS, START_NS + 3_000 * MS)
    parts = [TimeRange(START_NS, middle), TimeRange(middle, START_NS + 3_000 * MS)]
    one, *both = (apply_view(view, FRAMES, select(FRAMES, part), window=part) for part in (whole, *parts))
    for position, column in enumerate(view.columns):
        if column.adds_up:
            assert sum(table.totals[position] for table in both) == one.totals[position]
