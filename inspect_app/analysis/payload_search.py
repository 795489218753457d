"""Finding bytes in what was read, written, sent and received, over the whole capture.

A match lies within the bytes of one call, or over those of several that follow one another directly in a
stream (`frames.segments`): kept whole, nothing lost between. Of two that overlap, the one over several stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from capture.format import Cancelled
from inspect_app.analysis.joint_ends import JointEnds
from inspect_app.analysis.joints import Crossing, Joints, Pieces, parts_of
from inspect_app.analysis.needles import Needle
from inspect_app.filters.transfers import transfers, transfers_through
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.segments import Segments

MAX_MATCHES = 100_000
"""More are counted by nobody: whoever asks for every `a` is told so."""
_ASK_AFTER = 1_024
"""Matches after which a search asks whether it is cancelled."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Where a pattern was found; arrays of one length, in order of time."""

    rows: np.ndarray
    """int64, rows of events; an event with several matches occurs several times."""
    starts: np.ndarray
    """int64, where in the event's bytes the match begins."""
    lengths: np.ndarray
    """int64, bytes; they may go on in the calls that follow."""
    searched: int
    """Bytes that were looked through."""
    complete: bool
    """False where there are more than `limit`."""

    def __len__(self) -> int:
        return len(self.rows)


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
        Cancelled: `cancelled`, asked at every block and now and then within, said so.
    """
    wanted = _mask(len(frames.events), selected)
    captured = frames.events["captured"].to_numpy()
    total = int((captured if wanted is None else captured[wanted]).sum(dtype=np.int64))
    search_in = _Search(frames, needle, wanted, limit, cancelled or _never)
    searched = 0
    for block in _blocks(frames, wanted):
        if not search_in.block(block):
            return search_in.matches(searched, complete=False)
        searched += block.size
        if progress:
            progress(min(searched, total), total)
    return search_in.matches(searched, complete=True)


def bytes_from(frames: CaptureFrames, row: int, start: int, length: int) -> bytes:
    """Kept bytes from a place in an event's on, also of the calls that follow directly."""
    data = frames.source.payload(row)[start:]
    if len(data) >= length:
        return data[:length]
    moved = transfers(frames)
    at = int(np.searchsorted(moved.rows, row))
    while len(data) < length and at < len(moved.rows) and moved.rows[at] == row:
        at = int(moved.follower[at])
        if at < 0:
            break
        row = int(moved.rows[at])
        data += frames.source.payload(row)
    return data[:length]


@dataclass(frozen=True, slots=True)
class _Block:
    """The wanted events of a block that have bytes; arrays of one length."""

    rows: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    data: bytes
    size: int
    """Bytes of these events."""


def _blocks(frames: CaptureFrames, wanted: np.ndarray | None) -> Iterator[_Block]:
    for rows, ends, data in frames.source.payload_blocks(wanted):
        starts = np.concatenate(([0], ends[:-1]))
        if wanted is None or (mine := wanted[rows]).all():
            yield _Block(rows, starts, ends, data, len(data))
        else:
            starts, ends = starts[mine], ends[mine]  # noqa: PLW2901
            yield _Block(rows[mine], starts, ends, data, int((ends - starts).sum()))


class _Search:
    """One search on its way through the blocks.

    What follows what is found out for a pattern, and for a text where ends of calls look like parts of it.
    """

    def __init__(
        self,
        frames: CaptureFrames,
        needle: Needle,
        wanted: np.ndarray | None,
        limit: int,
        cancelled: Callable[[], bool],
    ) -> None:
        self._frames = frames
        self._wanted = wanted
        self._needle = needle
        self._limit = limit
        self._cancelled = cancelled
        self._within: list[tuple[int, int, int]] = []
        self._ends = JointEnds(needle.spellings) if needle.reach and needle.spellings else None
        self._over = None if needle.spellings else _Over(frames, transfers(frames), needle)

    def block(self, block: _Block) -> bool:
        """Look through some events' bytes; False where there are more matches than wanted."""
        self._check()
        starts, ends, data = block.starts, block.ends, block.data
        gap = int(self._needle.by_lines)
        if gap or block.size < len(data):
            text = (b"\n" * gap).join(parts_of(data, starts, ends - starts))
            limits = np.cumsum(ends - starts + gap) - gap
        else:
            text, limits = data, ends
        half = self._needle.find_half
        may = half is None or half(text, 0, len(text)) is not None
        inside = _in_events(self._needle, text, limits, gap) if may else iter(())
        for found, (event, start, length) in enumerate(inside, 1):
            self._within.append((int(block.rows[event]), start, length))
            if len(self._within) > self._limit:
                return False
            if not found % _ASK_AFTER:
                self._check()
        if self._ends:
            self._ends.block(block.rows, starts, ends, data, has_half=may)
        if self._over:
            self._over.block(block)
            return len(self._within) + len(self._over.found) <= self._limit
        return True

    def matches(self, searched: int, *, complete: bool) -> Matches:
        """What was found, in order of time."""
        if self._ends:
            complete &= self._look_over(self._ends)
        table = _table(self._within)
        if self._over:
            table = self._over.with_those_within(table)
        table = table[np.lexsort((table[:, 1], table[:, 0]))][: self._limit]
        return Matches(table[:, 0], table[:, 1], table[:, 2], searched, complete)

    def _look_over(self, ends: JointEnds) -> bool:
        """Look where calls meet that may hold a text; False where there are more matches than wanted."""
        rows = ends.rows()
        if not len(rows):
            return True
        moved = transfers_through(self._frames, rows)
        self._over = _Over(self._frames, moved, self._needle)
        beside = moved.with_neighbours(rows)
        if self._wanted is not None:
            beside = beside[self._wanted[beside]]
        for block in _blocks(self._frames, _mask(len(self._frames.events), beside)):
            self._check()
            self._over.block(block)
            if len(self._within) + len(self._over.found) > self._limit:
                return False
        return True

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled


class _Over:
    """The matches over several calls."""

    def __init__(self, frames: CaptureFrames, moved: Segments, needle: Needle) -> None:
        self.found: list[Crossing] = []
        self._transfers = moved
        self._position = moved.of_event(len(frames.events))
        self._joints = Joints(moved, needle)

    def block(self, block: _Block) -> None:
        """Look where calls meet in this block, or an earlier one with this."""
        position = self._position[block.rows].astype(np.int64)
        mine = np.flatnonzero(position >= 0)
        mine = mine[self._transfers.run[position[mine]] >= 0]
        mine = mine[np.argsort(position[mine], kind="stable")]
        nowhere, length = np.zeros(len(mine), np.int64), (block.ends - block.starts)[mine]
        self.found += self._joints.matches(
            Pieces(position[mine], nowhere, block.starts[mine], length, block.data)
        )

    def with_those_within(self, within: np.ndarray) -> np.ndarray:
        """(row, start, length) of all: of matches that overlap the one over several calls stays."""
        across = _table(self.found)
        if not len(across):
            return within
        across = across[self._outermost(across)]
        within = within[~self._overlapped(within, across)]
        across[:, 0] = self._transfers.rows[across[:, 0]]
        return np.concatenate((within, across))

    def _outermost(self, across: np.ndarray) -> np.ndarray:
        """Those that lie in no other: a match that goes on in a later block was found up to here before."""
        begin = self._transfers.place[across[:, 0]] + across[:, 1]
        order = np.lexsort((-across[:, 2], begin))
        ends = (begin + across[:, 2])[order]
        furthest = np.maximum.accumulate(np.append(-1, ends))[:-1]
        outermost: np.ndarray = order[ends > furthest]
        return outermost

    def _overlapped(self, within: np.ndarray, across: np.ndarray) -> np.ndarray:
        """bool: a match within one event shares bytes with one over several."""
        position = self._position[within[:, 0]]
        place = np.append(self._transfers.place, 0)
        begin = place[position] + within[:, 1]
        others = np.sort(place[across[:, 0]] + across[:, 1])
        ends = place[across[:, 0]] + across[:, 1] + across[:, 2]
        ends = np.maximum.accumulate(np.append(-1, np.sort(ends)))
        before = ends[np.searchsorted(others, begin + within[:, 2])]
        found: np.ndarray = (position >= 0) & (before > begin)
        return found


def _in_events(needle: Needle, text: bytes, limits: np.ndarray, gap: int) -> Iterator[tuple[int, int, int]]:
    """(event, start, length) of matches that lie within one event's bytes; `start` counts from its first.

    `limits`: where each event's bytes end in the text; behind each but the last are `gap` bytes of nobody.
    """
    at = 0
    while at < len(text) and (found := needle.find(text, at, len(text))) is not None:
        event = int(np.searchsorted(limits, found[0], side="right"))
        begin, last = (int(limits[event - 1]) + gap if event else 0), int(limits[event])
        if found[0] < begin:
            # It begins at the line feed between two events, which is nobody's.
            at = begin
            continue
        if found[1] > last:
            # It reaches into the next event's bytes; without those it may be shorter, later or none.
            again = needle.find(text[found[0] : last], 0, last - found[0])
            if again is None:
                at = max(last, found[0] + 1)
                continue
            found = (found[0] + again[0], found[0] + again[1])
        yield event, found[0] - begin, found[1] - found[0]
        at = found[1]


def _mask(total: int, selected: np.ndarray | slice | None) -> np.ndarray | None:
    if selected is None or (isinstance(selected, slice) and selected.indices(total) == (0, total, 1)):
        return None
    mask = np.zeros(total, bool)
    mask[selected] = True
    return mask


def _table(found: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array(found, np.int64).reshape(-1, 3)


def _never() -> bool:
    return False
