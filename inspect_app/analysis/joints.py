"""Matches that begin in the bytes of one call and end in those of a later one of the same stream.

Where two calls meet, the last bytes of one and the first of the other are laid side by side, as many as a
match may have there. Of a literal text most places where calls meet fall out by the two bytes that touch.

Blocks come in the order of the file; what may go on in a later block is carried along, within bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from inspect_app.analysis.needles import Needle
from inspect_app.frames.segments import Segments

MAX_CARRIED = 64 << 20
"""Bytes of the ends of streams that wait for a later block; beyond that the oldest are let go."""

Crossing = tuple[int, int, int]
"""Position of the segment where a match begins, where in its bytes, and how many it has."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts of the bytes of segments; arrays of one length."""

    position: np.ndarray
    """int64, of the segment."""
    offset: np.ndarray
    """Where in the segment's bytes the part begins."""
    start: np.ndarray
    """Where in `data`."""
    length: np.ndarray
    """At least 1."""
    data: bytes

    def __len__(self) -> int:
        return len(self.position)

    def take(self, which: np.ndarray) -> Pieces:
        """Some of them, in another order."""
        return Pieces(
            self.position[which], self.offset[which], self.start[which], self.length[which], self.data
        )

    def parts(self, skip: np.ndarray | int = 0, length: np.ndarray | None = None) -> list[bytes]:
        """The bytes of each, or a part of them."""
        starts = self.start + skip
        return parts_of(self.data, starts, self.length if length is None else length)

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last byte of each, uint8."""
        buffer = np.frombuffer(self.data, np.uint8)
        return buffer[self.start], buffer[self.start + self.length - 1]


def parts_of(data: bytes, starts: np.ndarray, lengths: np.ndarray) -> list[bytes]:
    """Some parts of bytes; the interpreter runs no statement for each."""
    return list(map(data.__getitem__, map(slice, starts.tolist(), (starts + lengths).tolist())))


_NO = np.empty(0, np.int64)
_NOTHING = Pieces(_NO, _NO, _NO, _NO, b"")


class Joints:
    """Looks for matches over joints, block by block."""

    def __init__(self, transfers: Segments, needle: Needle) -> None:
        self._follower, self._run = transfers.follower.astype(np.int64), transfers.run
        self._needle = needle
        self._pairs = _touching(needle.spellings)
        self._carried = _NOTHING
        """Of each stream that goes on its last pieces, in their order."""
        self._due = _NO
        """For each carried piece the position that its stream goes on with."""

    def matches(self, block: Pieces) -> list[Crossing]:
        """Those that end in a block; its pieces are in order of position."""
        if not self._needle.reach or not len(block):
            return []
        ripe = self._due <= block.position[-1]
        both = _Both(self._carried.take(np.flatnonzero(ripe)), block)
        follows = self._next(both)
        found = list(self._search(both, self._possible(both, follows)))
        self._carry(both, follows, np.flatnonzero(~ripe))
        return found

    def _next(self, both: _Both) -> np.ndarray:
        """For each piece the one whose bytes follow directly, -1 none here."""
        carried = len(both.carried)
        wanted = self._follower[both.position]
        first, last = int(both.position[carried]), int(both.position[-1])
        here = np.full(last - first + 1, -1, np.int64)
        here[both.position[carried:] - first] = np.arange(carried, len(wanted))
        inside = (wanted >= first) & (wanted <= last)
        found = np.where(inside, here[np.where(inside, wanted - first, 0)], -1)
        chained = np.flatnonzero(wanted[: max(carried - 1, 0)] == both.position[1 : max(carried, 1)])
        found[chained] = chained + 1
        return found

    def _possible(self, both: _Both, follows: np.ndarray) -> np.ndarray:
        """The same, -1 where no match can lie over the two bytes that touch."""
        if self._pairs is None:
            return follows
        one = np.flatnonzero(follows >= 0)
        first, last = both.first_and_last_bytes()
        one = one[self._pairs[last[one].astype(np.int64) << 8 | first[follows[one]]]]
        possible = np.full(len(follows), -1)
        possible[one] = follows[one]
        return possible

    def _search(self, both: _Both, follows: np.ndarray) -> Iterator[Crossing]:
        involved = np.zeros(len(follows), bool)
        involved[follows >= 0] = True
        involved[follows[follows >= 0]] = True
        at = np.flatnonzero(involved)
        if not len(at):
            return
        at = at[np.lexsort((both.position[at], self._run[both.position[at]]))]
        at, skip, length, ended = _halved(at, both.length[at], follows[at] < 0, self._needle.reach)
        ends = np.cumsum(length + ended)
        begins = ends - length - ended
        position, offset = both.position[at], both.offset[at] + skip
        text = both.spelled(at, skip, length, ended)
        for begin, end in _within(self._needle, text, ends[ended] - 1):
            one, other = (int(np.searchsorted(begins, place, side="right")) - 1 for place in (begin, end - 1))
            if one < other and at[other] >= len(both.carried):
                yield int(position[one]), int(offset[one]) + begin - int(begins[one]), end - begin

    def _carry(self, both: _Both, follows: np.ndarray, later: np.ndarray) -> None:
        """Keep the last bytes of streams that go on behind this block."""
        before = np.full(len(follows), -1)
        before[follows[follows >= 0]] = np.flatnonzero(follows >= 0)
        at = np.flatnonzero(self._follower[both.position] > both.position[-1])
        due, room = self._follower[both.position[at]], np.full(len(at), self._needle.reach)
        kept, dues, rooms = [_NO], [_NO], [_NO]
        while len(at):
            kept, dues, rooms = [*kept, at], [*dues, due], [*rooms, room]
            room = room - both.length[at]
            more = (room > 0) & (before[at] >= 0)
            at, due, room = before[at[more]], due[more], room[more]
        ends = both.last_bytes(np.concatenate(kept), np.concatenate(rooms))
        every = _Both(self._carried.take(later), ends)
        due = np.concatenate((self._due[later], *dues))
        order = np.lexsort((every.position, self._run[every.position]))
        if int(every.length.sum()) > MAX_CARRIED:
            newest = np.argsort(-due, kind="stable")
            fits = np.cumsum(every.length[newest]) <= MAX_CARRIED
            order = order[np.isin(order, newest[fits])]
        self._carried, self._due = every.together(order), due[order]


class _Both:
    """Carried pieces, and behind them those of a block."""

    def __init__(self, carried: Pieces, block: Pieces) -> None:
        self.carried, self._block = carried, block
        self.position = np.concatenate((carried.position, block.position))
        self.offset = np.concatenate((carried.offset, block.offset))
        self.length = np.concatenate((carried.length, block.length))

    def first_and_last_bytes(self) -> tuple[np.ndarray, np.ndarray]:
        """uint8, of each piece."""
        (one, two), (other, third) = self.carried.ends(), self._block.ends()
        return np.concatenate((one, other)), np.concatenate((two, third))

    def parts(self, at: np.ndarray, skip: np.ndarray, length: np.ndarray) -> np.ndarray:
        """object: of each of some pieces so many bytes, behind so many."""
        found = np.empty(len(at), object)
        old = at < len(self.carried)
        for pieces, mine, before in ((self.carried, old, 0), (self._block, ~old, len(self.carried))):
            found[mine] = _objects(pieces.take(at[mine] - before).parts(skip[mine], length[mine]))
        return found

    def spelled(self, at: np.ndarray, skip: np.ndarray, length: np.ndarray, ended: np.ndarray) -> bytes:
        """The bytes of some pieces end to end, with a line feed behind each that nothing touches."""
        parts = np.insert(self.parts(at, skip, length), np.flatnonzero(ended) + 1, b"\n")
        return b"".join(parts.tolist())

    def last_bytes(self, at: np.ndarray, most: np.ndarray) -> Pieces:
        """Of some pieces at most so many bytes, from their ends, with bytes of their own."""
        cut = np.maximum(self.length[at] - most, 0)
        length = self.length[at] - cut
        data = b"".join(self.parts(at, cut, length).tolist())
        return Pieces(self.position[at], self.offset[at] + cut, np.cumsum(length) - length, length, data)

    def together(self, at: np.ndarray) -> Pieces:
        """Some pieces with bytes of their own."""
        return self.last_bytes(at, self.length[at])


def _objects(parts: list[bytes]) -> np.ndarray:
    found = np.empty(len(parts), object)
    found[:] = parts
    return found


def _touching(spellings: tuple[bytes, ...]) -> np.ndarray | None:
    """bool, by two bytes: may a match lie over the two? None for a pattern, which may lie over any."""
    if not spellings:
        return None
    pairs = np.zeros(1 << 16, bool)
    letters = [np.frombuffer(spelling, np.uint8).astype(np.int64) for spelling in spellings]
    for one, other in product(letters, letters):
        pairs[one[:-1] << 8 | other[1:]] = True
    return pairs


def _halved(
    at: np.ndarray, length: np.ndarray, ended: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of long pieces the first and the last bytes, as two that do not touch: which, skipped, bytes, ended."""
    twice = np.repeat(np.arange(len(at)), 1 + (length > 2 * reach))
    head = np.append(twice[1:] == twice[:-1], False)
    tail = np.append(False, twice[1:] == twice[:-1])
    whole = length[twice]
    skip = np.where(tail, whole - reach, 0)
    return at[twice], skip, np.where(head | tail, reach, whole), ended[twice] | head


def _within(needle: Needle, text: bytes, limits: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where matches begin and end that lie between two of the limits, each of which is a line feed."""
    at = 0
    while at < len(text) and (found := needle.find(text, at, len(text))) is not None:
        begin, end = found
        last = int(limits[np.searchsorted(limits, begin)])
        if begin == last:
            at = begin + 1
            continue
        if end > last:
            again = needle.find(text[begin:last], 0, last - begin)
            if again is None:
                at = last + 1
                continue
            begin, end = begin + again[0], begin + again[1]
        yield begin, end
        at = end
