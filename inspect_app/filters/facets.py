"""A field's values over events, in the form in which a question about them is cheap.

An event points to a row of some frame, a row to one of the distinct values:

    event ──rows──► row ──codes──► value

A predicate is decided once for each value, spread over the rows, then over the events. Both arrows are
integer arrays in which -1 says: missing. Either may be left out where it would be the identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capture.format.pieces import taken_from
from inspect_app.filters.postings import spread

MAX_ANCESTORS = 64
"""How far a chain of rows is followed; a cycle in a hostile capture ends here too."""


@dataclass(frozen=True, slots=True, eq=False)
class TextFacet:
    """Text: `values` are distinct."""

    values: Sequence[str]
    codes: np.ndarray | None = None
    """Row → position in values."""
    rows: np.ndarray | None = None
    """Event → row."""
    next_row: np.ndarray | None = None
    """Row → the row it comes from. Where given, a row has the values of all it comes from, not its own."""
    passing: bool = False
    """These events are asked about once: nothing is found out about `rows` to be kept."""

    def of_rows(self, decided: np.ndarray) -> np.ndarray:
        """bool[values] → bool[rows]."""
        return _reached(self, decided if self.codes is None else look_up(decided, self.codes))

    def spread(self, decided: np.ndarray) -> np.ndarray:
        """bool[values] → bool[events]."""
        return self.over_events(self.of_rows(decided))

    def over_events(self, per_row: np.ndarray) -> np.ndarray:
        """bool[rows] → bool[events]."""
        return _over_events(self, per_row)

    def everywhere(self) -> np.ndarray:
        """bool[values], all of them true."""
        return np.ones(len(self.values), np.bool_)

    def present(self) -> np.ndarray:
        """bool[events]: where there is a value."""
        return self.spread(self.everywhere())

    def at(self, events: np.ndarray, *, passing: bool = False) -> TextFacet:
        """The same for some events, by their rows."""
        if self.rows is not None:
            return replace(self, rows=self.rows[events], passing=passing)
        if self.next_row is not None or self.codes is None:
            return replace(self, rows=events, passing=passing)
        return replace(self, codes=self.codes[events])

    def event_codes(self) -> np.ndarray:
        """int[events]: position in values, -1 missing; the nearest one's where rows form a chain."""
        per_row = self.codes
        if self.next_row is not None:
            per_row = compose(self.codes, self.next_row, len(self.values))
        return compose(per_row, self.rows, len(self.values))

    def mapped(self, change: Callable[[str], str | None]) -> TextFacet:
        """Every value changed; None makes it missing."""
        codes, values = distinct([change(value) for value in self.values])
        joined = codes if self.codes is None else look_up(codes, self.codes, missing=-1)
        return replace(self, values=values, codes=joined)


@dataclass(frozen=True, slots=True, eq=False)
class NumberFacet:
    """Whole numbers or truth values, one a row."""

    values: np.ndarray
    """int64, uint64, … or bool, one a row."""
    missing: np.ndarray | None = None
    """bool, one a row: there is no value."""
    rows: np.ndarray | None = None
    next_row: np.ndarray | None = None
    passing: bool = False

    def of_rows(self, decided: np.ndarray) -> np.ndarray:
        """The same; missing rows are false."""
        return _reached(self, decided if self.missing is None else decided & ~self.missing)

    def spread(self, decided: np.ndarray) -> np.ndarray:
        """bool[rows] → bool[events]; missing rows are false."""
        return self.over_events(self.of_rows(decided))

    def over_events(self, per_row: np.ndarray) -> np.ndarray:
        """bool[rows] → bool[events]."""
        return _over_events(self, per_row)

    def everywhere(self) -> np.ndarray:
        """bool[values], all of them true."""
        return np.ones(len(self.values), np.bool_)

    def present(self) -> np.ndarray:
        """bool[events]: where there is a value."""
        return self.spread(self.everywhere())

    def at(self, events: np.ndarray, *, passing: bool = False) -> NumberFacet:
        """The same for some events, by their rows."""
        if self.rows is not None:
            return replace(self, rows=self.rows[events], passing=passing)
        if self.next_row is not None:
            return replace(self, rows=events, passing=passing)
        missing = None if self.missing is None else self.missing[events]
        return replace(self, values=self.values[events], missing=missing)

    def event_values(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Value and missing mask of every event; the nearest one's where rows form a chain."""
        if self.rows is None:
            return self.values, self.missing
        rows = self.rows if self.next_row is None else look_up(self.next_row, self.rows, missing=-1)
        values = look_up(self.values, rows, missing=0)
        gone = np.zeros(len(self.values), np.bool_) if self.missing is None else self.missing
        absent = look_up(gone, rows, missing=True)
        return values, absent if absent.any() else None


@dataclass(frozen=True, slots=True, eq=False)
class PayloadFacet:
    """The kept bytes of events: they stay in the file, and `filters.payload` decides there."""

    lengths: np.ndarray
    """Unsigned, one an event: bytes that were kept; 0 is no value."""
    next_row: None = None

    def at(self, events: np.ndarray, *, passing: bool = False) -> PayloadFacet:
        """The same for some events, by their rows."""
        del passing
        return replace(self, lengths=self.lengths[events])

    def present(self) -> np.ndarray:
        """bool[events]: where there are bytes."""
        present: np.ndarray = self.lengths > 0
        return present


Facet = TextFacet | NumberFacet | PayloadFacet
Facets = tuple[Facet, ...]
"""A field with several values at once (`fd.ip`: both ends) has several; any of them may meet a comparison."""


def no_arrows(events: int, rows: int) -> np.ndarray:
    """-1 for each event, as wide as the numbers of so many rows need and no wider."""
    return np.full(events, -1, np.min_scalar_type(-rows - 1))


def look_up(table: np.ndarray, codes: np.ndarray, *, missing: object = False) -> np.ndarray:
    """`table[codes]`, with `missing` where the code is -1."""
    extended = np.empty(len(table) + 1, table.dtype)
    extended[:-1] = table
    extended[-1] = missing
    return taken_from(extended, codes)


def compose(inner: np.ndarray | None, outer: np.ndarray | None, count: int) -> np.ndarray:
    """Follow two arrows, either of which may be the identity over `count` values."""
    if inner is None:
        return np.arange(count, dtype=np.int32) if outer is None else outer
    return inner if outer is None else look_up(inner, outer, missing=-1)


def distinct(texts: Iterable[str | None]) -> tuple[np.ndarray, list[str]]:
    """int32 codes and the distinct texts in order of appearance; None has the code -1."""
    column = np.array(list(texts), dtype=object)
    if not len(column):
        return np.empty(0, np.int32), []
    codes, values = pd.factorize(column)
    return np.asarray(codes, np.int32), list(values)


def occurring(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and the numbers that occur, in order of appearance: `np.unique` without the cost of sorting."""
    codes, found = pd.factorize(numbers)
    return np.asarray(codes), np.asarray(found)


def reach(decided: np.ndarray, next_row: np.ndarray) -> np.ndarray:
    """For each row: does it hold for any of the up to MAX_ANCESTORS rows that it comes from?

    Each turn doubles how far one sees, so 64 steps take 6.
    """
    found = look_up(decided, next_row)
    jump = next_row
    seen = 1
    while seen < MAX_ANCESTORS and (jump >= 0).any():
        found = found | look_up(found, jump)
        jump = look_up(jump, jump, missing=-1)
        seen *= 2
    return found


def _reached(facet: TextFacet | NumberFacet, per_row: np.ndarray) -> np.ndarray:
    return per_row if facet.next_row is None else reach(per_row, facet.next_row)


def _over_events(facet: TextFacet | NumberFacet, per_row: np.ndarray) -> np.ndarray:
    if facet.rows is None:
        return per_row
    return look_up(per_row, facet.rows) if facet.passing else spread(per_row, facet.rows)
