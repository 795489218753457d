"""Payload in filters: `evt.buffer contains "HTTP/"`, decided where the bytes lie, block by block.

The bytes of all events of a block are looked through at once, as one array; what is found is told to the
event whose bytes hold it. Bytes of two events are never taken together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inspect_app.filters.entities import event_array
from inspect_app.filters.errors import FilterError
from inspect_app.filters.patterns import MAX_PATTERN, as_bytes, compiled, hex_bytes
from inspect_app.frames.capture import CaptureFrames

FEW = 2_000
"""Events whose bytes are fetched one by one sooner than by going through the whole file."""
_FEW_BYTES = 8
"""A part of a block's bytes up to which they are copied, so that nobody looks through the others."""


@dataclass(frozen=True)
class Pieces:
    """The bytes of some events, end to end."""

    rows: np.ndarray
    """Rows of events."""
    starts: np.ndarray
    ends: np.ndarray
    """Where in `data` each one's bytes begin and end."""
    data: bytes

    def array(self) -> np.ndarray:
        """uint8."""
        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def lowered(self) -> bytes:
        """The bytes with letters in lower case, made once for all who ask."""
        return self.data.lower()

    def of(self, chosen: np.ndarray) -> Pieces:
        """Some of the events (bool); where they have few of the bytes, without those of the others."""
        rows, starts, ends = self.rows[chosen], self.starts[chosen], self.ends[chosen]
        lengths = ends - starts
        kept = int(lengths.sum())
        if kept * _FEW_BYTES > len(self.data):
            return Pieces(rows, starts, ends, self.data)
        after = np.cumsum(lengths)
        places = np.repeat(starts - (after - lengths), lengths) + np.arange(kept)
        return Pieces(rows, after - lengths, after, self.array()[places].tobytes())


Decide = Callable[[Pieces], np.ndarray]
"""Pieces → bool, one a piece."""


def payload_test(operator: str, modifier: str, constants: Sequence[str]) -> Decide:
    """A predicate on bytes. Raises FilterError where a constant is no pattern or no hex."""
    if operator in ("in", "intersects"):
        operator, modifier = "=", "anyof"
    tests = [_TESTS[operator](constant) for constant in constants]
    if not modifier:
        return tests[0]
    combine = _COMBINED[modifier]

    def decide(pieces: Pieces) -> np.ndarray:
        held = np.zeros((len(tests), len(pieces.rows)), np.bool_)
        for at, test in enumerate(tests):
            held[at] = test(pieces)
        return combine(held)

    return decide


def decide_all(frames: CaptureFrames, tests: Sequence[Decide], among: np.ndarray | None) -> list[np.ndarray]:
    """bool[events] for each test, all in one pass through the file; false where `among` is."""
    masks = [np.zeros(len(frames.events), np.bool_) for _ in tests]
    for pieces in _pieces(frames, among):
        for mask, test in zip(masks, tests, strict=True):
            mask[pieces.rows] = test(pieces)
    return masks


def _pieces(frames: CaptureFrames, among: np.ndarray | None) -> Iterator[Pieces]:
    if among is not None:
        wanted = np.flatnonzero(among & (event_array(frames, "captured") > 0))
        if len(wanted) <= FEW:
            yield from _fetched(frames, wanted)
            return
    for rows, ends, data in frames.source.payload_blocks(among):
        starts = np.concatenate(([0], ends[:-1]))
        if among is None:
            yield Pieces(rows, starts, ends, data)
            continue
        chosen = among[rows]
        if chosen.any():
            yield Pieces(rows, starts, ends, data).of(chosen)


def _fetched(frames: CaptureFrames, rows: np.ndarray) -> Iterator[Pieces]:
    if not len(rows):
        return
    parts = [frames.source.payload(row) for row in rows.tolist()]
    ends = np.cumsum([len(part) for part in parts])
    yield Pieces(rows, ends - np.array([len(part) for part in parts]), ends, b"".join(parts))


def _begins_at(pieces: Pieces, places: np.ndarray, wanted: bytes) -> np.ndarray:
    """bool, one a place: are those the bytes that stand there? The place must leave room for them."""
    array = pieces.array()
    held = np.ones(len(places), np.bool_)
    for offset, byte in enumerate(wanted):
        held[held] = array[places[held] + offset] == byte
    return held


def _with_room(
    pieces: Pieces, fits: np.ndarray, places: Callable[[np.ndarray], np.ndarray], wanted: bytes
) -> np.ndarray:
    held = fits.copy()
    held[fits] = _begins_at(pieces, places(fits), wanted)
    return held


def _equals(wanted: bytes) -> Decide:
    def decide(pieces: Pieces) -> np.ndarray:
        fits = pieces.ends - pieces.starts == len(wanted)
        return _with_room(pieces, fits, lambda which: pieces.starts[which], wanted)

    return decide


def _differs(wanted: bytes) -> Decide:
    return lambda pieces: ~_equals(wanted)(pieces)


def _starts_with(wanted: bytes) -> Decide:
    def decide(pieces: Pieces) -> np.ndarray:
        fits = pieces.ends - pieces.starts >= len(wanted)
        return _with_room(pieces, fits, lambda which: pieces.starts[which], wanted)

    return decide


def _ends_with(wanted: bytes) -> Decide:
    def decide(pieces: Pieces) -> np.ndarray:
        fits = pieces.ends - pieces.starts >= len(wanted)
        return _with_room(pieces, fits, lambda which: pieces.ends[which] - len(wanted), wanted)

    return decide


def _holds(wanted: bytes, *, any_case: bool = False) -> Decide:
    wanted = wanted.lower() if any_case else wanted

    def decide(pieces: Pieces) -> np.ndarray:
        if not wanted:
            return np.ones(len(pieces.rows), np.bool_)
        every = pieces.lowered if any_case else pieces.data
        if wanted not in every:
            return np.zeros(len(pieces.rows), np.bool_)
        data = np.frombuffer(every, np.uint8)
        places = np.flatnonzero(data[: max(0, len(data) - len(wanted) + 1)] == wanted[0])
        for offset, byte in enumerate(wanted[1:], start=1):
            places = places[data[places + offset] == byte]
        held = np.zeros(len(pieces.rows), np.bool_)
        event = np.searchsorted(pieces.ends, places, side="right")
        inside = event < len(pieces.ends)
        event, places = event[inside], places[inside]
        fits = (places >= pieces.starts[event]) & (places + len(wanted) <= pieces.ends[event])
        held[event[fits]] = True
        return held

    return decide


def _matches(pattern: str) -> Decide:
    """A pattern takes the bytes of one event at a time."""
    if len(pattern) > MAX_PATTERN:
        raise FilterError(f"the pattern has {len(pattern):,} characters, more than {MAX_PATTERN:,}")
    search = compiled(as_bytes(pattern)).search

    def decide(pieces: Pieces) -> np.ndarray:
        spans = zip(pieces.starts.tolist(), pieces.ends.tolist(), strict=True)
        found = (search(pieces.data[start:end]) is not None for start, end in spans)
        return np.fromiter(found, np.bool_, len(pieces.rows))

    return decide


def _any(held: np.ndarray) -> np.ndarray:
    one: np.ndarray = held.sum(axis=0) > 0
    return one


def _every(held: np.ndarray) -> np.ndarray:
    every: np.ndarray = held.sum(axis=0) == len(held)
    return every


def _only_one(held: np.ndarray) -> np.ndarray:
    one: np.ndarray = held.sum(axis=0) == 1
    return one


_COMBINED = {"anyof": _any, "allof": _every, "oneof": _only_one}
_TESTS: dict[str, Callable[[str], Decide]] = {
    "=": lambda text: _equals(as_bytes(text)),
    "!=": lambda text: _differs(as_bytes(text)),
    "contains": lambda text: _holds(as_bytes(text)),
    "icontains": lambda text: _holds(as_bytes(text), any_case=True),
    "bcontains": lambda text: _holds(hex_bytes(text)),
    "startswith": lambda text: _starts_with(as_bytes(text)),
    "bstartswith": lambda text: _starts_with(hex_bytes(text)),
    "endswith": lambda text: _ends_with(as_bytes(text)),
    "regex": _matches,
}
OPERATORS_ON_BYTES = frozenset({"exists", "in", "intersects", "==", *_TESTS})
"""What a filter can ask of payload."""


def texts_of(frames: CaptureFrames, rows: np.ndarray) -> list[str | None]:
    """The kept bytes of some events as text (what is no UTF-8 as `\\xNN`), None where there are none."""
    having = event_array(frames, "captured")[rows] > 0
    return [
        frames.source.payload(row).decode("utf-8", "backslashreplace") if kept else None
        for row, kept in zip(rows.tolist(), having.tolist(), strict=True)
    ]
