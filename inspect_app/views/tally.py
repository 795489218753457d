"""The figures of a table's columns, one function a way of counting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from inspect_app.analysis.samples import used
from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.facets import NumberFacet
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.leaves import Pointed
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.aggregation import distinct_by, sum_by
from inspect_app.views.cells import Cells, Value, number_cells
from inspect_app.views.classes import classes_of
from inspect_app.views.coded import Rows, coded_field, count_of
from inspect_app.views.entities import field_cells, is_event_field
from inspect_app.views.keys import Groups
from inspect_app.views.measures import MEASURES
from inspect_app.views.sweep import NONE, Asked, Figure, sweep
from inspect_app.views.view import Column, How

Made = tuple[Cells, Value]
"""A column's cells, one a group, and its total."""

_SECOND = 1_000_000_000


class Tally:
    """Figures of grouped events: one pass for all that the columns ask for."""

    def __init__(
        self, frames: CaptureFrames, rows: Rows, groups: Groups, span: TimeRange, columns: Sequence[Column]
    ) -> None:
        self._frames = frames
        self._rows = rows
        self._groups = groups
        self._span = span
        self._times: np.ndarray = frames.events["time"].to_numpy()
        asked = list(dict.fromkeys(one for column in columns for one in _asked(column)))
        self._swept = sweep(
            rows,
            groups.codes,
            groups.count,
            asked=asked,
            classes=classes_of(frames, [one.condition for one in asked]),
            columns={one.figure: self._figures(one.figure) for one in asked if one.figure},
        )

    @property
    def events(self) -> np.ndarray:
        """How many events each group has, int64."""
        return self._swept.events

    @property
    def first_rows(self) -> np.ndarray:
        """The row of each group's first event, int64, -1 without any."""
        return self._swept.first

    @property
    def last_rows(self) -> np.ndarray:
        """The row of each group's last event, int64, -1 without any."""
        return self._swept.last

    def column(self, column: Column) -> Made:
        """The cells of a column and their total."""
        return _MAKERS[column.how](self, column.of)

    def value(self, field: str) -> Made:
        """The field of the entity itself, else of the group's last event."""
        own = self._groups.attribute(field)
        if own is not None and (field in self._groups.key.fields or not own.absent().any()):
            return own, None
        if not is_event_field(field):
            return own if own is not None else _nothing(self._groups.count), None
        seen = np.flatnonzero(self.last_rows >= 0)
        at_last = np.full(self._groups.count, -1)
        at_last[seen] = np.arange(len(seen))
        latest = field_cells(field, self._frames, self.last_rows[seen]).take_known(at_last)
        return latest if own is None else own.either(latest), None

    def count(self, measure: str) -> Made:
        """How many of the measure's events each group has."""
        counts = self._counts(measure)
        return number_cells(counts), int(counts.sum())

    def sum(self, measure: str) -> Made:
        """The measure's figures of each group, added up."""
        sums = self._sums(measure)
        return number_cells(sums), int(sums.sum())

    def mean(self, measure: str) -> Made:
        """The measure's mean figure; missing where a group has no such event."""
        counts, sums = self._counts(measure), self._sums(measure)
        total, every = int(sums.sum()), int(counts.sum())
        return number_cells(
            sums / np.maximum(counts, 1), missing=counts == 0
        ), total / every if every else None

    def max(self, measure: str) -> Made:
        """The measure's largest figure; missing where a group has no such event."""
        largest = self._swept.figures[_most_of(measure)]
        none = largest == NONE
        if none.all():
            return number_cells(np.zeros(len(largest), np.int64), missing=none), None
        return number_cells(np.where(none, 0, largest), missing=none), int(largest.max())

    def rate(self, measure: str) -> Made:
        """The measure's events a second over the window."""
        counts = self._counts(measure)
        seconds = self._span.duration_ns / _SECOND
        if not seconds:
            return number_cells(counts.astype(float), missing=np.ones(len(counts), dtype=bool)), None
        return number_cells(counts / seconds), int(counts.sum()) / seconds

    def share(self, measure: str) -> Made:
        """The measure's events as a part of those of all groups."""
        counts = self._counts(measure)
        every = int(counts.sum())
        return number_cells(counts / max(every, 1)), 1.0 if every else None

    def distinct(self, field: str) -> Made:
        """How many different values of a field each group's events have; a missing one is none."""
        coded = coded_field(field, self._frames)
        counts, total = distinct_by(
            self._groups.codes,
            lambda part: coded.of_part(self._rows, part),
            self._groups.count,
            coded.count,
        )
        return number_cells(counts), total

    def used(self, figure: str) -> Made:
        """A figure of the groups' processes: see `analysis.samples`."""
        members = self._groups.members
        if members is None:
            return _nothing(self._groups.count), None
        told = used(self._frames, figure, self._span)
        known = np.flatnonzero(~told.missing)
        values, missing = np.zeros(self._groups.count, told.values.dtype), np.ones(self._groups.count, bool)
        missing[members[known]] = False
        # More than one process in a group are one pid that was seen twice.
        np.maximum.at(values, members[known], told.values[known])
        return number_cells(values, missing=missing), None

    def counted(self, figure: str) -> Made:
        """A figure of the groups' calls that were only counted, of intervals that touch the window."""
        members, table = self._groups.members, self._frames.counted
        column = self._groups.key.parts[0].entity
        if members is None or column not in table:
            return _nothing(self._groups.count), None
        first, last = table["first"].to_numpy(), table["last"].to_numpy()
        owner = table[column].to_numpy()
        chosen = (owner >= 0) & (last >= self._span.start_ns) & (first < self._span.end_ns)
        sums = sum_by(members[owner[chosen]], table[figure].to_numpy()[chosen], self._groups.count)
        return number_cells(sums), int(sums.sum())

    def first(self, _: str) -> Made:
        """When each group's first event returned."""
        return self._times_at(self.first_rows, 0)

    def last(self, _: str) -> Made:
        """When each group's last event returned."""
        return self._times_at(self.last_rows, -1)

    def _times_at(self, rows: np.ndarray, end: int) -> Made:
        total = int(self._times[_row_at(self._rows, end)]) if count_of(self._rows) else None
        if not len(self._times):
            return _nothing(len(rows)), total
        return number_cells(self._times[np.maximum(rows, 0)], missing=rows < 0), total

    def _counts(self, measure: str) -> np.ndarray:
        return self._swept.figures[_count_of(measure)]

    def _sums(self, measure: str) -> np.ndarray:
        return self._swept.figures[_sum_of(measure)]

    def _figures(self, figure: str) -> Figure:
        if figure in self._frames.events:
            column: np.ndarray = self._frames.events[figure].to_numpy()
            return column
        field, argument = (figure, "") if figure in FIELDS else figure.rsplit(".", 1)
        (facet, *_) = FIELDS[field].facets(self._frames, argument)
        if isinstance(facet, NumberFacet) and facet.rows is not None and facet.next_row is None:
            return Pointed(facet.rows, np.append(facet.values, 0))
        return FIELDS[field].column(self._frames, argument).values


def _count_of(measure: str) -> Asked:
    return Asked(MEASURES[measure].where)


def _sum_of(measure: str) -> Asked:
    return Asked(MEASURES[measure].where, MEASURES[measure].figure)


def _most_of(measure: str) -> Asked:
    return Asked(MEASURES[measure].where, MEASURES[measure].figure, largest=True)


def _asked(column: Column) -> tuple[Asked, ...]:
    """What a column needs of the pass over the events."""
    return tuple(ask(column.of) for ask in _ASKED.get(column.how, ()))


_ASKED: Mapping[How, tuple[Callable[[str], Asked], ...]] = MappingProxyType(
    {
        How.COUNT: (_count_of,),
        How.RATE: (_count_of,),
        How.SHARE: (_count_of,),
        How.SUM: (_sum_of,),
        How.MEAN: (_count_of, _sum_of),
        How.MAX: (_most_of,),
    }
)


def _row_at(rows: Rows, end: int) -> int:
    if isinstance(rows, slice):
        return int(rows.stop - 1 if end else rows.start)
    return int(rows[end])


def _nothing(count: int) -> Cells:
    return Cells(np.empty(0, dtype=object), np.full(count, -1, dtype=np.int32))


_MAKERS: Mapping[How, Callable[[Tally, str], Made]] = MappingProxyType(
    {
        How.VALUE: Tally.value,
        How.COUNT: Tally.count,
        How.SUM: Tally.sum,
        How.MEAN: Tally.mean,
        How.MAX: Tally.max,
        How.RATE: Tally.rate,
        How.SHARE: Tally.share,
        How.DISTINCT: Tally.distinct,
        How.USED: Tally.used,
        How.COUNTED: Tally.counted,
        How.FIRST: Tally.first,
        How.LAST: Tally.last,
    }
)
