"""The figures of a table's columns, one function a way of counting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from capture.format.pieces import taken_from
from inspect_app.analysis.matches import matching_rows
from inspect_app.analysis.samples import used
from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.fields import FIELDS
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.aggregation import count_by, distinct_by, first_by, last_by, max_by, sum_by
from inspect_app.views.cells import Cells, Value, number_cells
from inspect_app.views.entities import field_cells, is_event_field
from inspect_app.views.keys import Groups
from inspect_app.views.measures import MEASURES, Measure
from inspect_app.views.view import Column, How

Made = tuple[Cells, Value]
"""A column's cells, one a group, and its total."""

_SECOND = 1_000_000_000


class Tally:
    """Counts and sums of grouped events; what two columns need is computed once."""

    def __init__(self, frames: CaptureFrames, rows: np.ndarray, groups: Groups, span: TimeRange) -> None:
        self._frames = frames
        self._rows = rows
        self._groups = groups
        self._span = span
        self._times: np.ndarray = frames.events["time"].to_numpy()
        self._last = last_by(groups.codes, rows, groups.count)
        self._taken: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        # Group of every event from the first selected one to the last, so that a measure's events find theirs
        # by one look-up.
        self._start = int(rows[0]) if len(rows) else 0
        extent = int(rows[-1]) + 1 - self._start if len(rows) else 0
        self._codes = groups.codes
        if extent != len(rows):
            self._codes = np.full(extent, -1, dtype=np.int32)
            self._codes[rows - self._start] = groups.codes

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
        seen = np.flatnonzero(self._last >= 0)
        at_last = np.full(self._groups.count, -1)
        at_last[seen] = np.arange(len(seen))
        latest = field_cells(field, self._frames, self._last[seen]).take_known(at_last)
        return latest if own is None else own.either(latest), None

    def count(self, measure: str) -> Made:
        """How many of the measure's events each group has."""
        codes, _ = self._events_of(measure)
        return number_cells(count_by(codes, self._groups.count)), len(codes)

    def sum(self, measure: str) -> Made:
        """The measure's figures of each group, added up."""
        codes, rows = self._events_of(measure)
        sums = sum_by(codes, self._figures(measure)[rows], self._groups.count)
        return number_cells(sums), int(sums.sum())

    def mean(self, measure: str) -> Made:
        """The measure's mean figure; missing where a group has no such event."""
        codes, rows = self._events_of(measure)
        counts = count_by(codes, self._groups.count)
        sums = sum_by(codes, self._figures(measure)[rows], self._groups.count)
        means = sums / np.maximum(counts, 1)
        total = float(sums.sum() / len(codes)) if len(codes) else None
        return number_cells(means, missing=counts == 0), total

    def max(self, measure: str) -> Made:
        """The measure's largest figure; missing where a group has no such event."""
        codes, rows = self._events_of(measure)
        largest, none = max_by(codes, self._figures(measure)[rows], self._groups.count)
        return number_cells(largest, missing=none), int(largest.max()) if len(codes) else None

    def rate(self, measure: str) -> Made:
        """The measure's events a second over the window."""
        codes, _ = self._events_of(measure)
        seconds = self._span.duration_ns / _SECOND
        counts = count_by(codes, self._groups.count)
        if not seconds:
            return number_cells(counts.astype(float), missing=np.ones(len(counts), dtype=bool)), None
        return number_cells(counts / seconds), len(codes) / seconds

    def share(self, measure: str) -> Made:
        """The measure's events as a part of those of all groups."""
        codes, _ = self._events_of(measure)
        counts = count_by(codes, self._groups.count)
        return number_cells(counts / max(len(codes), 1)), 1.0 if len(codes) else None

    def distinct(self, field: str) -> Made:
        """How many different values of a field each group's events have; a missing one is none."""
        cells = field_cells(field, self._frames, self._rows)
        present = ~cells.absent()
        values = cells.codes if cells.codes is not None else pd.factorize(cells.values)[0]
        values, codes = values[present], self._groups.codes[present]
        size = int(values.max()) + 1 if len(values) else 0
        total = int(np.count_nonzero(np.bincount(values, minlength=1)))
        return number_cells(distinct_by(codes, values, self._groups.count, max(size, 1))), total

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
        return self._times_at(first_by(self._groups.codes, self._rows, self._groups.count), 0)

    def last(self, _: str) -> Made:
        """When each group's last event returned."""
        return self._times_at(self._last, -1)

    def _times_at(self, rows: np.ndarray, end: int) -> Made:
        total = int(self._times[self._rows[end]]) if len(self._rows) else None
        if not len(self._times):
            return _nothing(len(rows)), total
        return number_cells(self._times[np.maximum(rows, 0)], missing=rows < 0), total

    def _events_of(self, measure: str) -> tuple[np.ndarray, np.ndarray]:
        """Group and row of each selected event that the measure takes."""
        if not MEASURES[measure].where:
            return self._groups.codes, self._rows
        if measure not in self._taken:
            rows = matching_rows(self._frames, MEASURES[measure].where)
            ends = (self._rows[0], self._rows[-1] + 1) if len(self._rows) else (0, 0)
            first, last = np.searchsorted(rows, ends)
            rows = rows[first:last]
            codes = taken_from(self._codes, rows - np.uint32(self._start) if self._start else rows)
            mine = codes >= 0
            self._taken[measure] = (codes, rows) if mine.all() else (codes[mine], rows[mine])
        return self._taken[measure]

    def _figures(self, measure: str) -> np.ndarray:
        wanted: Measure = MEASURES[measure]
        if wanted.figure not in self._frames.events:
            field, _, argument = wanted.figure.rpartition(".")
            return FIELDS[field].column(self._frames, argument).values
        return self._frames.events[wanted.figure].to_numpy()


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
