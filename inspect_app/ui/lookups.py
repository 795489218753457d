"""Single cells of frames, as the plain values that a screen needs.

A table is asked for a column once: to find it again for every cell takes longer than to draw the cell.
"""

from __future__ import annotations

import weakref
from functools import partial

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

Cells = np.ndarray | ExtensionArray
_Known = tuple["weakref.ref[pd.DataFrame]", dict[str, Cells]]
_KNOWN: dict[int, _Known] = {}
"""Columns by the identity of their table; they go when it goes. Tables of frames never change."""


def column_of(table: pd.DataFrame, name: str) -> Cells:
    """A column as an array that is quick to ask for one cell."""
    identity = id(table)
    known = _KNOWN.get(identity)
    if known is None or known[0]() is not table:
        known = _KNOWN[identity] = (weakref.ref(table, partial(_forget, identity)), {})
    cells = known[1].get(name)
    if cells is None:
        column = table[name]
        cells = known[1][name] = column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array
    return cells


def _forget(identity: int, _gone: object) -> None:
    _KNOWN.pop(identity, None)


def number_at(table: pd.DataFrame, column: str, row: int) -> int:
    """A cell of a column of integers."""
    return int(column_of(table, column)[row])


def text_at(table: pd.DataFrame, column: str, row: int) -> str:
    """A cell of a column of texts, as recorded: it must go through `plain` before it is shown."""
    return str(column_of(table, column)[row])
