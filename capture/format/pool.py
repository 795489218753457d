"""What the files of a set have in common: distinct texts, and how much they may unpack to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from capture.format.blocks import Allowance
from capture.format.coding import Array
from capture.format.errors import FormatError
from capture.format.text_table import PackedTexts, TextTable

EVENTS, EVENTS_PER_BYTE = 1 << 20, 4
"""No recorder packs more events into a byte: what claims to is made to exhaust memory."""
_TEXTS, _TEXTS_PER_BYTE = 1 << 20, 2
_TEXT_BYTES, _TEXT_BYTES_PER_BYTE = 128 << 20, 64
"""Nor more texts: what any file may have, and what more for each of its bytes."""


@dataclass
class Pool:
    """Shared by the files that are read as one; every limit is for all of them together."""

    texts: list[bytes] = field(default_factory=lambda: [b""])
    """Distinct texts; the codes of text columns are positions in it, 0 is not recorded."""
    allowance: Allowance = field(default_factory=Allowance)
    """What documents may still take."""
    _size: int = 0
    """Bytes of the files."""
    _events: int = 0
    _rows: int = 0
    """Sums of calls that were counted."""
    _codes: dict[bytes, int] = field(default_factory=dict)
    _table: TextTable = field(default_factory=TextTable)
    """The short ones of them."""
    _text_bytes: int = 0

    def admit(self, size: int) -> None:
        """So many more bytes of files are going to be read."""
        self._size += size
        self.allowance.grow(size)

    def count_events(self, count: int, offset: int) -> None:
        """Take note of a block's events.

        Raises:
            FormatError: They are more than any recorder writes into so few bytes.
        """
        self._events += count
        if self._events > EVENTS + self._size * EVENTS_PER_BYTE:
            raise FormatError(f"claims {self._events} events in {self._size} bytes", offset)

    def count_rows(self, count: int, offset: int) -> None:
        """Take note of a block's rows of a table: sums of calls, or samples.

        Raises:
            FormatError: They are more than any recorder writes into so few bytes.
        """
        self._rows += count
        if self._rows > EVENTS + self._size * EVENTS_PER_BYTE:
            raise FormatError(f"claims {self._rows} rows of tables", offset)

    def forget_texts(self) -> None:
        """Begin anew with no text: codes that were given out mean nothing any more."""
        self.texts[:] = [b""]
        self._codes.clear()
        self._table = TextTable()
        self._text_bytes = 0

    def codes_of(self, packed: PackedTexts, offset: int) -> Array:
        """For each text code of a block, its position in `texts`.

        Raises:
            FormatError: They are more than any recorder writes into so few bytes.
        """
        known = self._codes
        found = self._table.find(packed)
        # What the table does not know is long, or new: only that becomes objects.
        unknown = np.flatnonzero(found == 0)
        texts = packed.cut(unknown)
        new_ones = [text for text in dict.fromkeys(texts) if text not in known]
        if new_ones:
            before = len(self.texts)
            known.update(zip(new_ones, range(before, before + len(new_ones)), strict=True))
            self.texts += new_ones
            self._text_bytes += sum(map(len, new_ones))
        codes = np.fromiter(map(known.__getitem__, texts), np.int32, len(texts))
        if new_ones:
            new, first = np.unique(codes, return_index=True)
            first = first[new >= before]
            self._table.add(packed, unknown[first], codes[first])
        most_bytes = _TEXT_BYTES + self._size * _TEXT_BYTES_PER_BYTE
        if len(self.texts) > _TEXTS + self._size * _TEXTS_PER_BYTE or self._text_bytes > most_bytes:
            raise FormatError(f"claims {len(self.texts)} texts, {self._text_bytes} bytes of them", offset)
        found[unknown] = codes
        return np.concatenate((np.zeros(1, np.int32), found))
