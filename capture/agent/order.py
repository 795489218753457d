"""The order of a batch's events: by time, as they came where times are equal."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from capture.format import Sparse

Array = np.ndarray[Any, np.dtype[Any]]


class Order:
    """Puts columns of events in order of time."""

    def __init__(self, time: Array) -> None:
        """`time`: int64[n], in long runs that are in order: the sort makes use of them."""
        is_needed = bool((time[1:] < time[:-1]).any())
        self._rows: Array | None = np.argsort(time, kind="stable") if is_needed else None

    def of(self, values: Array) -> Array:
        """The values in order, in memory of their own; one value seen many times stays that."""
        if values.strides == (0,):
            return values
        return np.ascontiguousarray(values) if self._rows is None else values.take(self._rows)

    def of_column(self, column: Array | Sparse) -> Array | Sparse:
        """The same for a column of which most may have one value."""
        if not isinstance(column, Sparse):
            return self.of(column)
        at = self.places(column.at)
        by_place = np.argsort(at)
        return Sparse(column.count, column.value, at[by_place], column.values[by_place])

    def places(self, at: Array) -> Array:
        """Where these events, int64, are in order."""
        return at if self._rows is None else self._places[at]

    def rows(self, places: Array) -> Array:
        """Which events are at these places, int64, of the order."""
        return places if self._rows is None else self._rows[places]

    @cached_property
    def _places(self) -> Array:
        rows = np.arange(0) if self._rows is None else self._rows
        places = np.empty(len(rows), np.int64)
        places[rows] = np.arange(len(rows))
        return places
