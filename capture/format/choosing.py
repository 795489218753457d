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

Chooser = Callable[[Mapping[str, Array]], Mapping[str, Array]]
"""Which rows of a block (int64, ascending) are wanted of which columns, told what the block's part is of
those that are read whole."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A column's values of some events."""

    rows: Array
    """int64, ascending."""
    values: Array
    """One for each of them, with the dtype of EVENT_COLUMNS."""

    @classmethod
    def of(cls, name: str, parts: Iterable[Chosen]) -> Chosen:
        """Several parts of a column as one, each behind the one before."""
        found = list(parts)
        nothing = np.empty(0, np.int64), np.empty(0, EVENT_COLUMNS[name])
        return cls(
            np.concatenate([nothing[0], *(part.rows for part in found)]),
            np.concatenate([nothing[1], *(part.values for part in found)]),
        )

    def moved(self, by: int) -> Chosen:
        """The same so many rows further on."""
        return Chosen(self.rows + by, self.values) if by else self

    def in_order(self, order: Array) -> Chosen:
        """The same where the event at each row is the one that was at `order[row]`."""
        is_wanted = np.zeros(len(order), bool)
        is_wanted[self.rows] = True
        rows = np.flatnonzero(is_wanted.take(order))
        return Chosen(rows, self.values[np.searchsorted(self.rows, order[rows])])

    def at(self, rows: Array) -> Array | None:
        """The values of some rows; None where one of them was not chosen."""
        place = np.searchsorted(self.rows, rows)
        if len(rows) and (not len(self.rows) or not np.array_equal(self.rows.take(place, mode="clip"), rows)):
            return None
        found: Array = self.values[place]
        return found
