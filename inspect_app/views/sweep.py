"""All figures of grouped events in one pass: counts, exact sums, extremes, the first and the last event.

Events are put down under (group, class), piece by piece, so that what is made on the way stays in the
processor's cache; what a measure takes are some of the classes. See `classes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import pieces_of
from inspect_app.filters.leaves import Pointed
from inspect_app.views.classes import Classes
from inspect_app.views.coded import Rows, part_of, taken

_PIECE = 1 << 15
"""Events that are put down together: what one figure has brought into the cache is there for the next."""
_MOST_PLACES = 1 << 23
"""Up to so many (group, class) a table is filled at once; with more, for some classes after the other."""
Figure = np.ndarray | Pointed
"""A number of every event, or of the rows that they point to."""
NONE = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure that is wanted of every group, of the events that meet a condition."""

    condition: str
    figure: str = ""
    """What is added up; empty: events are counted."""
    largest: bool = False
    """The largest figure instead of the sum; `NONE` where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """What a pass found, one value a group."""

    figures: Mapping[Asked, np.ndarray]
    """int64."""
    first: np.ndarray
    """int64: the row of the first event, -1 without any."""
    last: np.ndarray
    events: np.ndarray
    """int64: how many."""


def sweep(
    rows: Rows,
    groups: np.ndarray,
    count: int,
    *,
    asked: Sequence[Asked],
    classes: Classes,
    columns: Mapping[str, Figure],
    with_ends: bool = True,
) -> Swept:
    """Put every selected event down under its group.

    Args:
        rows: The selected events, ascending.
        groups: Integer, one a selected event: 0 … count - 1.
        count: How many groups there are.
        asked: What is wanted of each.
        classes: Those of every event of the capture.
        columns: The figures of every event of the capture, by name.
        with_ends: Whether the first and the last event of a group matter; without, they are -1.
    """
    unseen = len(classes.of_event)
    first, last = np.full(count, unseen), np.full(count, -1)
    takes = np.array([classes.meeting(""), *(classes.meeting(one.condition) for one in asked)])
    # Classes that all of these measures take, or leave, alike are one.
    kinds, of_class = np.unique(takes, axis=1, return_inverse=True)
    width = max(1, min(kinds.shape[1], _MOST_PLACES // max(count, 1)))
    figures = {one: np.full(count, NONE if one.largest else 0) for one in asked}
    events = np.zeros(count, np.int64)
    for start in range(0, kinds.shape[1], width):
        held = kinds[:, start : start + width]
        table = _Table(count, held.shape[1], asked)
        for part in pieces_of(len(groups), _PIECE):
            group, at = groups[part].astype(np.intp), part_of(rows, part)
            table.put(at, group, of_class.take(taken(classes.of_event, at)) - start, columns)
            if with_ends and start == 0:
                numbers = np.arange(at.start, at.stop) if isinstance(at, slice) else at
                # Of several assignments to one place numpy keeps the last.
                last[group] = numbers
                new = np.flatnonzero(first.take(group) == unseen)[::-1]
                first[group[new]] = numbers[new]
        events += table.counted.sum(axis=1)
        for one, takes_kind in zip(asked, held[1:], strict=True):
            table.add_to(figures[one], one, takes_kind)
    first[last < 0] = -1
    return Swept(figures, first, last, events)


class _Table:
    """Counts, sums and extremes by group and class."""

    def __init__(self, count: int, width: int, asked: Sequence[Asked]) -> None:
        shape = count, width
        self.counted = np.zeros(shape, np.int64)
        self._sums = {
            one.figure: np.zeros(shape, np.int64) for one in asked if one.figure and not one.largest
        }
        self._largest = {one.figure: np.full(shape, NONE) for one in asked if one.largest}
        self._width = width

    def put(self, at: Rows, group: np.ndarray, kind: np.ndarray, columns: Mapping[str, Figure]) -> None:
        """Put some events down; those of other classes than the table's are left out."""
        places = group * self._width + kind
        mine: np.ndarray | slice = slice(None)
        if int(kind.min()) < 0 or int(kind.max()) >= self._width:
            mine = (kind >= 0) & (kind < self._width)
        places = places[mine]
        np.add.at(self.counted.reshape(-1), places, np.int64(1))
        for tables, add in ((self._sums, np.add), (self._largest, np.maximum)):
            for name, table in tables.items():
                column = columns[name]
                figures = column.at(at) if isinstance(column, Pointed) else taken(column, at)
                figures = figures[mine].astype(np.int64, copy=False)
                add.at(table.reshape(-1), places, figures)

    def add_to(self, result: np.ndarray, one: Asked, takes: np.ndarray) -> None:
        """What a measure takes of it."""
        if not takes.any():
            return
        if one.largest:
            np.maximum(result, self._largest[one.figure][:, takes].max(axis=1), out=result)
        else:
            table = self._sums[one.figure] if one.figure else self.counted
            result += table[:, takes].sum(axis=1)
