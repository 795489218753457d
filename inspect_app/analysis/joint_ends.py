"""Which calls have so much of a text at an end that a match may go on in the next, told from their bytes.

    match over joints  ::=  end of a call  whole calls*  beginning of a call

Of the two ends one has at least half of the text, or whole calls lie between them: few calls have so much of
a text by chance. What is kept may be more than what holds a match, never less. So it need be known of few
descriptors, mostly of none, which call follows which; and where a match is, one of its calls is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_WORD = 8
"""Bytes that are compared at once."""
_PAIR = 2
_EVERY = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class _Side:
    """What calls with at least half of the text have at one end."""

    at_end: bool
    probes: list[tuple[int, np.ndarray]]
    """Places in the word at that end, and bool, by one or two bytes: may they stand there?"""
    words: np.ndarray
    """uint64: the bytes that stand there."""


class JointEnds:
    """Gathers such calls block by block."""

    def __init__(self, spellings: tuple[bytes, ...]) -> None:
        """`spellings`: of the text, as a needle has them."""
        text = np.frombuffer(spellings[0], np.uint8)
        self._fold = np.arange(256, dtype=np.uint8)
        for spelling in spellings:
            self._fold[np.frombuffer(spelling, np.uint8)] = text
        self._half = (len(text) + 1) // 2
        self._width = min(self._half, _WORD)
        self._between = text[1:-1]
        self._inner = np.isin(self._fold, self._between)
        less = self._half - self._width
        self._end = self._side(text[:-1][less:], at_end=True)
        self._beginning = self._side(text[1 : len(text) - less], at_end=False)
        self._rows = [np.empty(0, np.int64)]

    def _side(self, part: np.ndarray, *, at_end: bool) -> _Side:
        """`part`: of the text, where the words of so many bytes are that may stand there."""
        pair = min(self._width, _PAIR)
        places = [0, self._width - pair][:: -1 if at_end else 1]
        probes = []
        for place in dict.fromkeys(places):
            may = np.zeros(1 << 8 * pair, bool)
            may[_windows(part[place : len(part) - (self._width - pair - place)], pair)] = True
            folded = may[self._fold] if pair == 1 else may.reshape(256, 256)[self._fold][:, self._fold]
            probes.append((place, folded.ravel()))
        return _Side(at_end, probes, _windows(part, self._width))

    def block(
        self, rows: np.ndarray, starts: np.ndarray, ends: np.ndarray, data: bytes, *, has_half: bool
    ) -> None:
        """Look at some events' bytes, at least one of each.

        Args:
            rows: of events.
            starts: where each one's bytes begin.
            ends: where they end.
            data: the bytes.
            has_half: whether the first half of the text is anywhere in them.
        """
        if not len(rows):
            return
        buffer = np.frombuffer(data, np.uint8)
        self._rows.append(rows[self._having(buffer, starts, ends, self._beginning)])
        if has_half:
            self._rows.append(rows[self._having(buffer, starts, ends, self._end)])
        self._rows.append(rows[self._lying_between(buffer, starts, ends)])

    def rows(self) -> np.ndarray:
        """int64, ascending: events that have half of the text at an end, or lie within it."""
        return np.unique(np.concatenate(self._rows))

    def _having(self, buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray, side: _Side) -> np.ndarray:
        """Which have half of the text at an end."""
        pair = min(self._width, _PAIR)
        if len(buffer) < self._width:
            return np.empty(0, np.int64)
        pairs = np.ndarray(len(buffer) - pair + 1, f"<u{pair}", buffer.data, 0, (1,))
        base = ends - self._width if side.at_end else starts
        at, near = _EVERY, base
        if base[0] < 0 or base[-1] + self._width > len(buffer):
            # Of the first or the last calls, which are too short.
            at = np.flatnonzero((base >= 0) & (base + self._width <= len(buffer)))
            near = base[at]
        for place, may in side.probes:
            found = np.flatnonzero(may.take(pairs[near + place]))
            at, near = found if at is _EVERY else at[found], near[found]
        at = at[(ends - starts)[at] >= self._half]
        words = self._words(buffer, base[at], ends[at], self._width)
        having: np.ndarray = at[np.isin(words, side.words)]
        return having

    def _lying_between(self, buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Which lie within the text, of long ones as far as a word tells."""
        at = np.flatnonzero(ends - starts <= len(self._between))
        at = at[self._inner[buffer[starts[at]]]]
        length = np.minimum(ends[at] - starts[at], _WORD)
        word = self._words(buffer, starts[at], ends[at], _WORD)
        found = np.zeros(len(at), bool)
        for one in range(1, min(len(self._between), _WORD) + 1 if len(at) else 1):
            mine = np.flatnonzero(length == one)
            found[mine] = np.isin(word[mine], _windows(self._between, one))
        between: np.ndarray = at[found]
        return between

    def _words(self, buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray, width: int) -> np.ndarray:
        """uint64: up to so many bytes from each place on, in one case, zeros behind its end."""
        place = starts[:, None] + np.arange(width)
        letters = self._fold[buffer.take(place, mode="clip")]
        return _numbers(np.where(place < ends[:, None], letters, 0))


def _windows(text: np.ndarray, width: int) -> np.ndarray:
    """uint64: every so many bytes of a text that lie together."""
    if len(text) < width:
        return np.empty(0, np.uint64)
    return np.unique(_numbers(np.lib.stride_tricks.sliding_window_view(text, width)))


def _numbers(letters: np.ndarray) -> np.ndarray:
    """uint64[rows] of uint8[rows, at most 8]."""
    wide = np.zeros((len(letters), _WORD), np.uint8)
    wide[:, : letters.shape[1]] = letters
    return wide.view("<u8").ravel()
