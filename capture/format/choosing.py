"""Values of a column of some events alone: of those that somebody chose while the blocks were read.

Most columns of arguments are asked for a few kinds of events. Whole, each of them takes eight bytes an event;
so it is unpacked block by block, what is wanted is taken out, and the rest is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from capture.format.coding import Array
from capture.format.columns import EVENT_COLUMNS

_MOST = np.iinfo(np.int32).max
Chooser = Callable[[Mapping[str, Array]], Mapping[str, Array]]
"""Which rows of a block (int64, ascending) are wanted of which columns, told what the block's part is of
those that are read whole."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A column's values of some events."""

    rows: Array
    """Ascending; int32 where that holds all rows."""
    values: Array
    """One for each of them, with the dtype of EVENT_COLUMNS."""

    @classmethod
    def beginning(cls, start: int, rows: Array, values: Array) -> Chosen:
        """Values of the rows `start` + `rows`."""
        return cls(_narrowed(rows.astype(np.int64, copy=False) + start), values)

    @classmethod
    def of(cls, name: str, parts: Iterable[Chosen]) -> Chosen:
        """Several parts of a column as one, each behind the one before."""
        found = list(parts)
        nothing = cls(np.empty(0, np.int32), np.empty(0, EVENT_COLUMNS[name]))
        return cls(
            np.concatenate([part.rows for part in (nothing, *found)]),
            np.concatenate([part.values for part in (nothing, *found)]),
        )

    def moved(self, by: int) -> Chosen:
        """The same so many rows further on."""
        return self.beginning(by, self.rows, self.values) if by else self

    def in_order(self, order: Array) -> Chosen:
        """The same where the event at each row is the one that was at `order[row]`."""
        is_wanted = np.zeros(len(order), bool)
        is_wanted[self.rows] = True
        rows = np.flatnonzero(is_wanted.take(order))
        return Chosen(_narrowed(rows), self.values[np.searchsorted(self.rows, order[rows])])

    def at(self, rows: Array) -> Array | None:
        """The values of some rows; None where one of them was not chosen."""
        place = np.searchsorted(self.rows, rows.astype(self.rows.dtype, copy=False))
        if len(rows) and (not len(self.rows) or not np.array_equal(self.rows.take(place, mode="clip"), rows)):
            return None
        found: Array = self.values[place]
        return found


def _narrowed(rows: Array) -> Array:
    return rows.astype(np.int32) if not len(rows) or int(rows[-1]) <= _MOST else rows
