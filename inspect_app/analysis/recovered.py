"""Bytes at places: what is known of a file's or a stream's content, and from which event each byte is.

Pieces are laid down in order of time, later ones over earlier ones. Nothing is read from the capture for
it: how much is known can be told before anything is saved.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from inspect_app.frames.capture import CaptureFrames

FARTHEST = 1 << 62
"""No file of Linux reaches there: what claims to lie beyond is counted and left out."""


@dataclass(frozen=True, slots=True)
class Range:
    """Neighbouring bytes of one event."""

    start: int
    end: int
    row: int
    """Row of the event."""
    begin: int
    """Which of the event's kept bytes is the first; -1: zeros, for the file was made longer."""


@dataclass
class Extents:
    """Ranges that do not overlap, in order of place."""

    starts: list[int] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)

    def place(self, start: int, end: int, row: int, begin: int = 0) -> None:
        """Lay a piece over what is there."""
        self.clear(start, end)
        if end > start:
            at = bisect_left(self.starts, start)
            self.starts.insert(at, start)
            self.ranges.insert(at, Range(start, end, row, begin))

    def clear(self, start: int, end: int = FARTHEST) -> None:
        """Forget what is known of a stretch."""
        first = bisect_right(self.starts, start) - 1
        if first < 0 or self.ranges[first].end <= start:
            first += 1
        last = bisect_left(self.starts, end)
        if first >= last:
            return
        left, right = self.ranges[first], self.ranges[last - 1]
        rest = [_part(left, left.start, start)] if left.start < start else []
        rest += [_part(right, end, right.end)] if right.end > end else []
        self.ranges[first:last] = rest
        self.starts[first:last] = [one.start for one in rest]

    @property
    def end(self) -> int:
        """Where the last known byte ends."""
        return self.ranges[-1].end if self.ranges else 0

    @property
    def known(self) -> int:
        """How many bytes are known."""
        return sum(one.end - one.start for one in self.ranges)


@dataclass(frozen=True, slots=True)
class Recovered:
    """One file, or one direction of a stream, as far as its bytes were recorded."""

    name: str
    """The file's path, or what the stream goes through."""
    size: int
    """Bytes that it has at least."""
    is_size_known: bool
    """Whether it has no more."""
    ranges: tuple[Range, ...]
    notes: tuple[str, ...] = ()
    """What makes it uncertain, each in a sentence."""
    recorded_sha256: str = ""
    """Of a program: the digest that the recorder took when it was run."""

    @property
    def known(self) -> int:
        """Bytes that are known."""
        return sum(one.end - one.start for one in self.ranges)

    @property
    def coverage(self) -> float:
        """The known part of it, 0 to 1; 1 of one that is known to be empty."""
        return self.known / self.size if self.size else float(self.is_size_known)

    @property
    def is_whole(self) -> bool:
        """Whether every byte is known, and that there are no more."""
        return self.is_size_known and self.known == self.size

    def holes(self) -> Iterator[tuple[int, int]]:
        """Stretches of which nothing is known, as start and end."""
        at = 0
        for one in self.ranges:
            if one.start > at:
                yield at, one.start
            at = one.end
        if self.size > at:
            yield at, self.size


def content(frames: CaptureFrames, recovered: Recovered) -> Iterator[tuple[int, bytes]]:
    """Places and bytes, read from the capture as they are asked for."""
    for one in recovered.ranges:
        if one.begin < 0:
            yield from _zeros(one)
        else:
            begin = one.begin
            yield one.start, frames.source.payload(one.row)[begin : begin + one.end - one.start]


def _zeros(one: Range) -> Iterator[tuple[int, bytes]]:
    for start in range(one.start, one.end, 1 << 20):
        yield start, bytes(min(1 << 20, one.end - start))


def _part(one: Range, start: int, end: int) -> Range:
    return Range(start, end, one.row, one.begin + start - one.start if one.begin >= 0 else -1)
