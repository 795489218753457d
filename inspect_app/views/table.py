"""A view applied to a selection: its rows, their figures, and the condition that leads into each.

The figures of a table add up to the figures of its events: events that lack a value of the key
have a row of their own. An entity that lived in the window has a row even without events, as long as
no filter restricts the selection; a filter asks for events, and then only they make rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from inspect_app.analysis.matches import matching_within
from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.analysis.timelines import capture_window
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.cells import Cells, Value
from inspect_app.views.coded import Rows
from inspect_app.views.entities import field_cells
from inspect_app.views.format import Clock, format_value
from inspect_app.views.hosts import among_hosts, key_among_hosts
from inspect_app.views.keys import KEYS, Groups, condition_of, group_events
from inspect_app.views.tally import Tally
from inspect_app.views.view import Column, Kind, View


@dataclass(frozen=True)
class ViewTable:
    """The rows of a view."""

    view: View
    cells: tuple[Cells, ...]
    """One for each of the view's columns, in their order."""
    totals: tuple[Value, ...]
    """One for each column, None where a total means nothing."""
    events: np.ndarray
    """int64, one a row: how many events it stands for."""
    first: np.ndarray
    """int64, one a row: the row of its first event, -1 without events."""
    last: np.ndarray
    row_condition: Callable[[int], str]
    row_label: Callable[[int], str]
    row_key: Callable[[int], Mapping[str, Value]] = lambda row: {}
    """The fields of the view's key and their values; nothing where no key makes the rows."""
    rows_with: Callable[[np.ndarray], np.ndarray] | None = None
    """Which rows stand for one of the given ascending rows of events; None: it cannot be told."""

    def __len__(self) -> int:
        return len(self.events)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns' declarations, in the order of `cells`."""
        return self.view.columns

    def condition(self, row: int) -> str:
        """The filter that selects exactly the events of a row."""
        return self.row_condition(row)

    def label(self, row: int) -> str:
        """What people call a row: `curl (812)`, `/etc/passwd`."""
        return self.row_label(row)

    def value(self, row: int, column: int) -> Value:
        """A cell as it is: exact, None where nothing was recorded."""
        return self.cells[column].at(row)

    def text(self, row: int, column: int, *, clock: Clock = Clock.UTC, zero: int = 0) -> str:
        """A cell as people read it. It may hold any text of the capture: show it as plain text."""
        return format_value(self.value(row, column), self.columns[column].unit, clock=clock, zero=zero)

    def position(self, column: str) -> int:
        """Where a column stands; KeyError names those there are."""
        return self.columns.index(self.view.column(column))


def apply_view(
    view: View, frames: CaptureFrames, selection: Selection, *, window: TimeRange | None = None
) -> ViewTable:
    """The rows of a view over the selected events, in no particular order: see `sorting`.

    Args:
        view: Which.
        frames: The capture.
        selection: Events after window and filters; a slice means that no filter restricts it.
        window: The selection's, for rates are over its length and entities that lived in it have rows.
            Without it: from the first to the last event of a slice, else the whole capture.

    Raises:
        FilterError: The view's own filter is not one.
    """
    view = among_hosts(view, frames)
    rows: Rows = selection.rows
    if isinstance(rows, slice):
        rows = slice(*rows.indices(len(frames.events))[:2])
    span = window or _span(frames, rows)
    restricted = not isinstance(rows, slice)
    if view.filter:
        rows = matching_within(frames, view.filter, rows)
    if view.kind is Kind.LIST:
        return _list_events(view, frames, rows)
    idle_window = None if restricted or view.filter else span
    groups = group_events(key_among_hosts(KEYS[view.key], frames), frames, rows, idle_window)
    return _tabulate(view, frames, rows, groups, span)


def _tabulate(view: View, frames: CaptureFrames, rows: Rows, groups: Groups, span: TimeRange) -> ViewTable:
    tally = Tally(frames, rows, groups, span, view.columns)
    kept = np.flatnonzero((tally.events > 0) | groups.alive)
    made = [tally.column(column) for column in view.columns]
    return ViewTable(
        view=view,
        cells=tuple(cells.take(kept) for cells, _ in made),
        totals=tuple(total for _, total in made),
        events=tally.events[kept],
        first=tally.first_rows[kept],
        last=tally.last_rows[kept],
        row_condition=lambda row: _within_view(view, groups.condition(int(kept[row]))),
        row_label=lambda row: _label(groups, int(kept[row])),
        row_key=lambda row: {name: groups.value(name, int(kept[row])) for name in groups.key.fields},
        rows_with=lambda found: _groups_with(found, rows, groups, kept),
    )


def _groups_with(found: np.ndarray, rows: Rows, groups: Groups, kept: np.ndarray) -> np.ndarray:
    has = np.zeros(groups.count, dtype=bool)
    has[groups.codes[_places(found, rows)]] = True
    return np.flatnonzero(has[kept])


def _places(found: np.ndarray, rows: Rows) -> np.ndarray:
    """Where those of the ascending `found` stand that are among the ascending rows."""
    if isinstance(rows, slice):
        inside = (found >= rows.start) & (found < rows.stop)
        shifted: np.ndarray = found[inside].astype(np.int64) - rows.start
        return shifted
    places = np.searchsorted(rows, found)
    inside = places < len(rows)
    inside[inside] = rows[places[inside]] == found[inside]
    return places[inside]


def _list_events(view: View, frames: CaptureFrames, rows: np.ndarray | slice) -> ViewTable:
    numbers = _as_rows(rows, len(frames.events))
    cells = tuple(field_cells(column.of, frames, numbers) for column in view.columns)
    number = field_cells("evt.num", frames, numbers)
    return ViewTable(
        view=view,
        cells=cells,
        totals=tuple(None for _ in cells),
        events=np.ones(len(numbers), dtype=np.int64),
        first=numbers,
        last=numbers,
        row_condition=lambda row: condition_of("evt.num", number.at(row)),
        row_label=lambda row: f"event {number.at(row):,}",
        rows_with=lambda found: _places(found, numbers),
    )


def _within_view(view: View, condition: str) -> str:
    """A row's condition together with what the view takes."""
    if not view.filter or view.key_tells_all:
        return condition
    wrapped = f"({view.filter})" if " or " in view.filter else view.filter
    return f"{wrapped} and {condition}"


def _label(groups: Groups, group: int) -> str:
    first, *others = (groups.value(name, group) for name in groups.key.label)
    known = [str(value) for value in others if value is not None]
    if first is None and groups.key.label[0] not in groups.key.fields and known:
        return known[0]
    name = "not known" if first is None else str(first)
    return f"{name} ({', '.join(known)})" if known else name


def _as_rows(rows: np.ndarray | slice, total: int) -> np.ndarray:
    if isinstance(rows, slice):
        start, stop, _ = rows.indices(total)
        return np.arange(start, stop, dtype=np.int64)
    return rows.astype(np.int64, copy=False)


def _span(frames: CaptureFrames, rows: np.ndarray | slice) -> TimeRange:
    times = frames.events["time"].to_numpy()
    if not isinstance(rows, slice) or len(times) == 0:
        return capture_window(frames)
    start, stop, _ = rows.indices(len(times))
    return TimeRange(int(times[start]), int(times[stop - 1]) + 1) if start < stop else TimeRange(0, 0)
