"""What is known of a key from some event on, carried from one piece of the file to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from capture.format.joins import Latest, place_among

Array = np.ndarray[Any, np.dtype[Any]]

MOST_KEYS = 1 << 20
"""Keys that are carried on; of more the latest are."""
_END = (1 << 31) - 1
"""A row behind all others."""


class Book:
    """Entries (key, row, values): the latest at or before a row holds.

    Rows are those of the current piece; what earlier pieces said holds from before its first row on.
    """

    def __init__(self, *columns: str) -> None:
        self._columns = ("order", *columns)
        self.keys = np.empty(0, np.int64)
        self.values: dict[str, Array] = {name: np.empty(0, np.int64) for name in self._columns}
        """Of all entries; `order` is the event's number within the whole file, -1 the snapshot."""
        self._rows = np.empty(0, np.int64)
        self._distinct = np.empty(0, np.int64)
        self._latest: Latest | None = None

    def learn(self, key: Array, row: Array, **values: Array | int) -> None:
        """Add entries; of one key and row the last one counts."""
        self.keys = np.concatenate((self.keys, np.asarray(key, np.int64)))
        self._rows = np.concatenate((self._rows, np.asarray(row, np.int64)))
        for name in self._columns:
            told = np.broadcast_to(np.asarray(values[name], np.int64), np.shape(key))
            self.values[name] = np.concatenate((self.values[name], told))
        self._latest = None

    def find(self, key: Array, row: Array) -> Array:
        """int64: the entry that holds for each key at a row, -1 none."""
        latest = self._built()
        return latest.find(place_among(self._distinct, np.asarray(key, np.int64)), np.asarray(row, np.int64))

    def find_coded(self, distinct: Array, code: Array, row: Array) -> Array:
        """The same for keys that are given as places among distinct ones."""
        latest = self._built()
        if not len(distinct):
            return np.empty(0, np.int64)
        return latest.find(place_among(self._distinct, distinct.astype(np.int64))[code], row)

    def rows_of(self, entry: Array) -> Array:
        """int64: the row from which on each entry holds, -1 from before the piece."""
        rows: Array = self._rows[entry] if len(self._rows) else np.full(len(entry), -1, np.int64)
        return rows

    def value(self, name: str, entry: Array, missing: int) -> Array:
        """int64: a value of entries, `missing` for -1."""
        values = self.values[name]
        if not len(values):
            return np.full(len(entry), missing, np.int64)
        found: Array = np.where(entry >= 0, values[entry], missing)
        return found

    def turn(self) -> None:
        """The piece has ended: only the latest entry of each key is carried on."""
        if not len(self.keys):
            return
        latest = self._built()
        last = latest.find(np.arange(len(self._distinct)), np.full(len(self._distinct), _END))
        if len(last) > MOST_KEYS:
            last = last[np.argsort(self.values["order"][last], kind="stable")[-MOST_KEYS:]]
        self.keys = self.keys[last]
        self.values = {name: values[last] for name, values in self.values.items()}
        self._rows = np.full(len(last), -1, np.int64)
        self._latest = None

    def _built(self) -> Latest:
        if self._latest is None:
            self._distinct = np.unique(self.keys)
            group = place_among(self._distinct, self.keys)
            self._latest = Latest(group, self._rows, len(self._distinct))
        return self._latest
