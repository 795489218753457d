"""Lines of text for millions of events: pieces, of which each event has some, joined a chunk at a time.

    line   ::=  (constant | piece)*  newline
    piece  ::=  rows of events → a text for each

A piece looks texts up by code: what many events share is written out once, however many show it. So no Python
statement runs for an event; ten pieces cost about a microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import BinaryIO

import numpy as np

from inspect_app.analysis.selection import Selection

CHUNK = 1 << 16
"""Events whose lines are put together at once; some 100 MB of texts at most where lines are long."""
MAX_WRITTEN_OUT = 64 << 20
"""Characters of texts that a piece keeps for those that come later."""

Progress = Callable[[int, int], None]
"""Called with how many of how many are done; may raise to stop the work."""
Piece = Callable[[np.ndarray], np.ndarray]
"""int64 rows of events → object array of texts, one each."""
Line = Sequence[str | Piece]

_THREE = np.array([f"{number:03}" for number in range(1_000)], object)
_LEAST, _MOST = -4_096, 1 << 16
_SECOND = 1_000_000_000


def silent(done: int, total: int) -> None:
    """Nobody is told."""
    del done, total


def chunks(selection: Selection, size: int = CHUNK) -> Iterator[np.ndarray]:
    """The selected rows, int64, so many at a time."""
    rows = selection.rows
    for start in range(0, len(selection), size):
        stop = min(start + size, len(selection))
        if isinstance(rows, slice):
            yield np.arange(rows.start + start, rows.start + stop, dtype=np.int64)
        else:
            yield rows[start:stop].astype(np.int64)


def write_lines(stream: BinaryIO, selection: Selection, line: Line, progress: Progress = silent) -> None:
    """A line for each selected event."""
    merged, done = _merged(line), 0
    for rows in chunks(selection):
        stream.write(joined(merged, rows).encode("utf-8", "backslashreplace"))
        done += len(rows)
        progress(done, len(selection))


def joined(line: Line, rows: np.ndarray) -> str:
    """The lines of some events, end to end."""
    table = np.empty((len(rows), len(line)), object)
    for at, piece in enumerate(line):
        table[:, at] = piece if isinstance(piece, str) else piece(rows)
    return "".join(table.ravel().tolist())


class Looked:
    """A piece of texts by number, each written out when an event first needs it; -1 is missing."""

    def __init__(
        self,
        codes: Callable[[np.ndarray], np.ndarray],
        count: int,
        write: Callable[[int], str],
        missing: str = "",
    ) -> None:
        """`codes`: rows of events → numbers below `count`, or -1; `write`: a number's text."""
        self._codes, self._write, self._missing = codes, write, missing
        self._texts = np.empty(count + 1, object)
        self._known = np.zeros(count + 1, bool)
        self._forget()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """The texts of some events."""
        codes = self._codes(rows)
        new = codes[~self._known[codes]]
        if len(new):
            self._write_out(np.unique(new))
        found: np.ndarray = self._texts[codes]
        if self._held > MAX_WRITTEN_OUT:
            self._forget()
        return found

    def _write_out(self, codes: np.ndarray) -> None:
        for code in codes.tolist():
            text = self._write(code)
            self._held += len(text)
            self._texts[code] = text
        self._known[codes] = True

    def _forget(self) -> None:
        self._held = 0
        self._texts[:] = self._missing
        self._known[:] = False
        self._known[-1] = True


def numbers(values: np.ndarray) -> np.ndarray:
    """Whole numbers as texts (object); small ones are looked up."""
    inside = (values >= _LEAST) & (values < _MOST)
    if inside.all():
        small: np.ndarray = _small()[values.astype(np.int64) - _LEAST]
        return small
    found = np.empty(len(values), object)
    found[inside] = _small()[values[inside].astype(np.int64) - _LEAST]
    found[~inside] = list(map(str, values[~inside].tolist()))
    return found


@cache
def _small() -> np.ndarray:
    """Texts of small numbers (object), the least first; made when the first export wants them."""
    return np.array([str(number) for number in range(_LEAST, _MOST)], object)


def second_texts(moments: np.ndarray) -> np.ndarray:
    """`2026-01-02T03:04:05` of nanoseconds since 1970 (object); neighbours share the text."""
    seconds = moments // _SECOND
    new = np.append(True, seconds[1:] != seconds[:-1])[: len(seconds)]
    texts = np.datetime_as_string(seconds[new].astype("datetime64[s]")).astype(object)
    found: np.ndarray = texts[np.cumsum(new) - 1]
    return found


def moment(times: np.ndarray) -> tuple[Piece, ...]:
    """Pieces that make `2026-01-02T03:04:05.123456789`; `times`: ns since 1970 UTC, one an event."""
    return (
        lambda rows: second_texts(times[rows]) + ".",
        lambda rows: _THREE[times[rows] % _SECOND // 1_000_000],
        lambda rows: _THREE[times[rows] % 1_000_000 // 1_000],
        lambda rows: _THREE[times[rows] % 1_000],
    )


def _merged(line: Line) -> list[str | Piece]:
    """Constants that follow one another as one."""
    merged: list[str | Piece] = []
    for piece in line:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged
