"""The order of a table's rows, and the rows that hold a text.

A key and the row's number are packed into one integer: sorting plain integers is several times
quicker than sorting by reference, and rows that are equal keep their order.
"""

from __future__ import annotations

import numpy as np

from inspect_app.views.cells import Cells
from inspect_app.views.format import Unit
from inspect_app.views.table import ViewTable

_KEY_BITS = 63


def sort_rows(table: ViewTable, column: str, descending: bool = False) -> np.ndarray:
    """Row numbers in order, uint32; equal rows keep theirs, and missing cells are last either way.

    Raises:
        KeyError: The view has no such column.
    """
    return order_cells(table.cells[table.position(column)], descending)


def order_cells(cells: Cells, descending: bool = False) -> np.ndarray:
    """Places of cells in order, uint32; equal ones keep theirs, and missing ones are last either way."""
    return _order(_ranks(cells), cells.absent(), descending)


def default_order(table: ViewTable) -> np.ndarray:
    """Row numbers in the order that the view declares, uint32."""
    return sort_rows(table, table.view.sort.column, table.view.sort.descending)


def search(table: ViewTable, text: str) -> np.ndarray:
    """Rows of which a text or an identifier holds `text`, whatever its case; uint32, ascending.

    Counts, sizes and times are not searched: their figures are no names.
    """
    wanted = text.casefold()
    found = np.zeros(len(table), dtype=bool)
    for column, cells in zip(table.columns, table.cells, strict=True):
        if column.unit in (Unit.TEXT, Unit.ID, Unit.TERMINAL):
            found |= _holding(cells, wanted)
    return np.flatnonzero(found).astype(np.uint32)


def _holding(cells: Cells, wanted: str) -> np.ndarray:
    texts = cells.as_texts()
    holds = np.fromiter((wanted in text.casefold() for text in texts.values), dtype=bool)
    # The extra last entry is what a missing cell's -1 points to.
    found: np.ndarray = np.append(holds, False)[texts.codes]
    return found


def _ranks(cells: Cells) -> np.ndarray:
    """Numbers that compare like the cells."""
    if cells.codes is None:
        return cells.values
    texts = list(map(str, cells.values))
    folded = list(map(str.casefold, texts))
    order = sorted(range(len(texts)), key=texts.__getitem__)
    if folded != texts:
        # Equal but for their case they stay as they are; single texts compare quicker than pairs of them.
        order.sort(key=folded.__getitem__)
    ranks = np.empty(len(texts) + 1, dtype=np.int64)
    ranks[order] = np.arange(len(texts))
    ranks[-1] = 0
    ordered: np.ndarray = ranks[cells.codes]
    return ordered


def _order(ranks: np.ndarray, absent: np.ndarray, descending: bool) -> np.ndarray:
    present = np.flatnonzero(~absent)
    keys = ranks[present]
    if not len(present):
        return np.flatnonzero(absent).astype(np.uint32)
    if keys.dtype.kind == "f":
        order = np.argsort(-keys if descending else keys, kind="stable")
    else:
        order = _packed_order(keys, descending)
    return np.concatenate([present[order], np.flatnonzero(absent)]).astype(np.uint32)


def _packed_order(keys: np.ndarray, descending: bool) -> np.ndarray:
    low, high = int(keys.min()), int(keys.max())
    bits = len(keys).bit_length()
    if (high - low).bit_length() + bits > _KEY_BITS:
        order = np.argsort(keys, kind="stable")
        # Turned round twice, so that equal rows keep their order.
        return len(keys) - 1 - np.argsort(keys[::-1], kind="stable")[::-1] if descending else order
    wide = keys.astype(np.int64)
    packed = (high - wide if descending else wide - low) << bits
    packed |= np.arange(len(keys))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed
