"""A field of the events as small numbers: what groups and counts of different values are made of.

    event ──pointer──► row ──numbers──► value

A field of a thing (a process, a file) is numbered over the few thousand things, not over the events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capture.format.pieces import each_piece
from inspect_app.filters.cache import remember
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import NumberFacet, TextFacet, compose, look_up
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.cells import Cells, number_cells
from inspect_app.views.entities import declared_field

Rows = np.ndarray | slice
"""Ascending rows of events; a slice has both ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A number 0 … count - 1 for every event; the last one says that there is no value."""

    cells: Cells
    """The value of each number but the last."""
    numbers: np.ndarray
    """int32: row → number, and one more at the end, which the row -1 means."""
    pointer: np.ndarray
    """Event → row."""

    @property
    def count(self) -> int:
        """How many numbers there are, that of a missing value among them."""
        return len(self.cells) + 1

    def of(self, rows: Rows) -> np.ndarray:
        """int32, one for each of the events."""
        return looked_up(self.numbers, self.pointer, rows)

    def of_part(self, rows: Rows, part: slice) -> np.ndarray:
        """int32: `of` for a part of the events alone."""
        return self.numbers.take(taken(self.pointer, part_of(rows, part)), mode="wrap")

    def told(self, numbers: np.ndarray) -> Cells:
        """The cells of some numbers."""
        return self.cells.take_known(np.where(numbers == len(self.cells), -1, numbers))


def coded_field(name: str, frames: CaptureFrames) -> Coded:
    """A field of the filter language; all are missing where the capture cannot provide it."""
    return remember(frames, ("coded", name), lambda: _code(name, frames))


def looked_up(table: np.ndarray, pointer: np.ndarray, rows: Rows) -> np.ndarray:
    """`table[pointer[rows]]` of many rows. Pointers are -1, which means the last entry, or inside."""
    count = count_of(rows)
    result = np.empty(count, table.dtype)

    def look(part: slice) -> None:
        table.take(taken(pointer, part_of(rows, part)), out=result[part], mode="wrap")

    each_piece(count, look)
    return result


def part_of(rows: Rows, part: slice) -> Rows:
    """A part of the selected rows, as a slice or as positions."""
    if isinstance(rows, slice):
        return slice(rows.start + part.start, rows.start + part.stop)
    return rows[part].astype(np.intp)


def taken(column: np.ndarray, rows: Rows) -> np.ndarray:
    """A column's values at some rows."""
    return column[rows] if isinstance(rows, slice) else column.take(rows)


def count_of(rows: Rows) -> int:
    """How many rows are selected."""
    return max(rows.stop - rows.start, 0) if isinstance(rows, slice) else len(rows)


def _code(name: str, frames: CaptureFrames) -> Coded:
    declared, argument = declared_field(name)
    nothing = np.broadcast_to(np.int8(-1), len(frames.events))
    try:
        facet = declared.facets(frames, argument)[0]
    except NotEvaluableError:
        return Coded(number_cells(np.empty(0, np.int64)), np.zeros(1, np.int32), nothing)
    if isinstance(facet, TextFacet):
        return _code_texts(facet)
    if isinstance(facet, NumberFacet):
        return _code_numbers(facet)
    # Payload is told apart as the texts that it is.
    column = declared.column(frames, argument)
    assert column.codes is not None  # noqa: S101 - texts
    return _code_texts(TextFacet(list(column.values), column.codes))


def _code_texts(facet: TextFacet) -> Coded:
    count = len(facet.values)
    values = np.empty(count, object)
    values[:] = facet.values
    cells = Cells(values, np.arange(count, dtype=np.int32))
    per_row = facet.codes
    if facet.next_row is not None:
        per_row = compose(per_row, facet.next_row, count)
    if facet.rows is None:
        pointer = np.arange(count, dtype=np.int32) if per_row is None else per_row
        return Coded(cells, np.arange(count + 1, dtype=np.int32), pointer)
    numbers = np.append(np.arange(count) if per_row is None else per_row, count)
    return Coded(cells, np.where(numbers < 0, count, numbers).astype(np.int32), facet.rows)


def _code_numbers(facet: NumberFacet) -> Coded:
    values, missing = facet.values, facet.missing
    if facet.rows is not None and facet.next_row is not None:
        values = look_up(facet.values, facet.next_row, missing=0)
        gone = np.zeros(len(facet.values), bool) if facet.missing is None else facet.missing
        missing = look_up(gone, facet.next_row, missing=True)
    codes, distinct = pd.factorize(values)
    count = len(distinct)
    if missing is not None:
        codes = np.where(missing, count, codes)
    cells = number_cells(np.asarray(distinct))
    if facet.rows is not None:
        return Coded(cells, np.append(codes, count).astype(np.int32), facet.rows)
    return Coded(cells, np.arange(count + 1, dtype=np.int32), codes.astype(np.min_scalar_type(count)))
