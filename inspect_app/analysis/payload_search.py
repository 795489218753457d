"""Finding bytes in what was read, written, sent and received, over the whole capture.

A match lies within the bytes of one event: what two calls moved one after the other need not have been
neighbours anywhere else. Patterns are plain bytes or RE2, whose time is linear in the payload whatever
the pattern is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from capture.format import Cancelled
from inspect_app.filters.errors import FilterError
from inspect_app.filters.patterns import compiled
from inspect_app.frames.capture import CaptureFrames

MAX_MATCHES = 100_000
"""More are counted by nobody: whoever asks for every `a` is told so."""
_MAX_PATTERN = 4_096

Find = Callable[[bytes, int, int], tuple[int, int] | None]
"""(bytes, from, to) → where the first match begins and ends, None without one."""


@dataclass(frozen=True, slots=True)
class Needle:
    """What is searched for."""

    find: Find
    by_lines: bool = False
    """Whether `^` and `$` mean something: each event's bytes then begin and end a line."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Where a pattern was found; arrays of one length, in order of time."""

    rows: np.ndarray
    """int64, rows of events; an event with several matches occurs several times."""
    starts: np.ndarray
    """int64, where in the event's bytes the match begins."""
    lengths: np.ndarray
    """int64, bytes."""
    searched: int
    """Bytes that were looked through."""
    complete: bool
    """False where there are more than `limit`."""

    def __len__(self) -> int:
        return len(self.rows)


def plain_text(text: str, *, ignore_case: bool = False) -> Needle:
    """Find a text in UTF-8. Raises FilterError for an empty or overlong one."""
    if ignore_case:
        return pattern("(?i)" + re.escape(text))
    return plain_bytes(text.encode("utf-8", "surrogateescape"))


def hex_bytes(digits: str) -> Needle:
    """Find bytes given as `de ad be ef`. Raises FilterError for what is no such thing."""
    try:
        return plain_bytes(bytes.fromhex(digits))
    except ValueError as error:
        raise FilterError(f"{digits!r} are no bytes in hex; write them as 'de ad be ef'") from error


def plain_bytes(wanted: bytes) -> Needle:
    """Find these bytes. Raises FilterError for none, or too many."""
    _check_length(wanted)

    def find(data: bytes, start: int, end: int) -> tuple[int, int] | None:
        at = data.find(wanted, start, end)
        return None if at < 0 else (at, at + len(wanted))

    return Needle(find)


def pattern(text: str) -> Needle:
    """Find what an RE2 pattern over bytes matches, `^` and `$` at lines; an empty match is none.

    Raises:
        FilterError: it is no pattern, too long, or wants too much memory.
    """
    _check_length(text.encode("utf-8", "surrogateescape"))
    search_in = compiled(b"(?m)" + text.encode("utf-8", "surrogateescape")).search

    def find(data: bytes, start: int, end: int) -> tuple[int, int] | None:
        while start < end and (found := search_in(data, start, end)) is not None:
            if found.end() > found.start():
                return int(found.start()), int(found.end())
            start = found.end() + 1
        return None

    return Needle(find, by_lines=True)


def search(
    frames: CaptureFrames,
    needle: Needle,
    *,
    selected: np.ndarray | slice | None = None,
    limit: int = MAX_MATCHES,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Matches:
    """Look through the kept bytes of the selected events (of all without a selection).

    Raises:
        Cancelled: `cancelled`, asked at every block, said so.
    """
    wanted = _mask(len(frames.events), selected)
    total = int(frames.events["captured"].sum())
    found: list[tuple[int, int, int]] = []
    searched = 0
    for rows, ends, data in frames.source.payload_blocks():
        if cancelled and cancelled():
            raise Cancelled
        gap = int(needle.by_lines)
        text = _separated(data, ends) if needle.by_lines else data
        limits = (ends + gap * np.arange(len(ends))).tolist()
        for event, start, length in _in_block(needle.find, text, limits, gap):
            if wanted is None or wanted[rows[event]]:
                found.append((int(rows[event]), start, length))
                if len(found) > limit:
                    return _matches(found[:limit], searched, complete=False)
        searched += len(data)
        if progress:
            progress(min(searched, total), total)
    return _matches(found, searched, complete=True)


def _in_block(find: Find, data: bytes, ends: list[int], gap: int) -> Iterator[tuple[int, int, int]]:
    """(event, start, length) of matches that lie within one event's bytes; `start` counts from its first."""
    at = 0
    while at < len(data) and (found := find(data, at, len(data))) is not None:
        event = bisect_right(ends, found[0])
        begin, last = (ends[event - 1] + gap if event else 0), ends[event]
        if found[0] < begin:
            # It begins at the line feed between two events, which is nobody's.
            at = begin
            continue
        if found[1] > last:
            # It reaches into the next event's bytes; without those it may be shorter, later or none.
            part = data[found[0] : last]
            again = find(part, 0, len(part))
            if again is None:
                at = max(last, found[0] + 1)
                continue
            found = (found[0] + again[0], found[0] + again[1])
        yield event, found[0] - begin, found[1] - found[0]
        at = found[1]


def _separated(data: bytes, ends: np.ndarray) -> bytes:
    """The events' bytes with a line feed between each two."""
    return np.insert(np.frombuffer(data, np.uint8), ends[:-1], 0x0A).tobytes()


def _mask(total: int, selected: np.ndarray | slice | None) -> np.ndarray | None:
    if selected is None or (isinstance(selected, slice) and selected.indices(total) == (0, total, 1)):
        return None
    mask = np.zeros(total, bool)
    mask[selected] = True
    return mask


def _matches(found: list[tuple[int, int, int]], searched: int, *, complete: bool) -> Matches:
    table = np.array(found, np.int64).reshape(-1, 3)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return Matches(table[:, 0], table[:, 1], table[:, 2], searched, complete)


def _check_length(wanted: bytes) -> None:
    if not wanted:
        raise FilterError("there is nothing to search for")
    if len(wanted) > _MAX_PATTERN:
        raise FilterError(f"what is searched for has {len(wanted):,} bytes, more than {_MAX_PATTERN:,}")
