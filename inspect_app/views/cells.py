"""A column of a table: numbers as an array, texts as codes into their distinct values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

Value = int | float | bool | str | None
"""One cell; None is missing, which is not the same as empty."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one column.

    Texts lie once in `values` and are meant by position; so a text is formatted, compared or
    searched once, however many rows show it.
    """

    values: np.ndarray
    """Numbers, one a row; or the distinct texts (dtype object) that `codes` points to."""
    codes: np.ndarray | None = None
    """Positions in `values`, one a row, -1 missing; None where `values` itself has the rows."""
    missing: np.ndarray | None = None
    """bool, one a row: where nothing was recorded."""

    def __len__(self) -> int:
        return len(self.values if self.codes is None else self.codes)

    def at(self, row: int) -> Value:
        """One cell as a plain value; None where it is missing."""
        if self.missing is not None and self.missing[row]:
            return None
        if self.codes is None:
            value = self.values[row]
        else:
            code = int(self.codes[row])
            if code < 0:
                return None
            value = self.values[code]
        return value.item() if isinstance(value, np.generic) else value  # type: ignore[no-any-return]

    def take(self, rows: np.ndarray | slice) -> Cells:
        """The cells of some rows, in their order."""
        missing = None if self.missing is None else self.missing[rows]
        if self.codes is None:
            return Cells(self.values[rows], None, missing)
        return Cells(self.values, self.codes[rows], missing)

    def take_known(self, rows: np.ndarray) -> Cells:
        """The cells of some rows; row -1 gives a missing cell."""
        if not len(self):
            return Cells(np.empty(0, dtype=object), np.full(len(rows), -1, dtype=np.int32))
        found = self.take(np.maximum(rows, 0))
        absent = found.absent() | (rows < 0)
        if found.codes is None:
            return number_cells(found.values, missing=absent)
        return Cells(found.values, np.where(absent, -1, found.codes).astype(np.int32))

    def absent(self) -> np.ndarray:
        """bool, one a row: where there is nothing to show."""
        absent = np.zeros(len(self), dtype=bool) if self.missing is None else self.missing.copy()
        if self.codes is not None:
            absent |= self.codes < 0
        return absent

    def either(self, other: Cells) -> Cells:
        """These cells, and the other's where these are missing."""
        absent = self.absent()
        if not absent.any():
            return self
        if self.codes is None and other.codes is None:
            return Cells(np.where(absent, other.values, self.values), None, absent & other.absent())
        mine, theirs = self.as_texts(), other.as_texts()
        assert mine.codes is not None and theirs.codes is not None  # noqa: S101 - what as_texts makes
        values = np.concatenate([mine.values, theirs.values])
        borrowed = np.where(theirs.codes < 0, -1, theirs.codes + len(mine.values))
        return text_cells(values, np.where(absent, borrowed, mine.codes))

    def as_texts(self) -> Cells:
        """The same cells as codes into texts, missing ones as code -1."""
        if self.codes is None:
            codes, values = pd.factorize(self.values)
            texts = np.array([str(value) for value in values.tolist()], dtype=object)
        else:
            texts, codes = self.values, self.codes
        return Cells(texts, np.where(self.absent(), -1, codes).astype(np.int32))


def text_cells(values: Sequence[str] | np.ndarray, codes: np.ndarray) -> Cells:
    """Cells of texts that may repeat among `values`: equal texts get one code."""
    every = np.empty(len(values), dtype=object)
    every[:] = list(values)
    lut, distinct = pd.factorize(every)
    # The extra last entry is what -1 points to.
    return Cells(np.asarray(distinct, dtype=object), np.append(lut, -1).astype(np.int32)[codes])


def number_cells(values: np.ndarray, *, missing: np.ndarray | None = None) -> Cells:
    """Cells of numbers; a mask without a missing cell is left out."""
    return Cells(values, None, missing if missing is not None and missing.any() else None)
