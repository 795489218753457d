"""Arguments, texts and payload of several captures that were opened as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from capture.format import EventPlace
from inspect_app.frames.capture import PayloadSource

_OWNER = 40
"""Text codes of a capture lie below this bit, its number above."""
_START = 2


class UnitedSource:
    """Asks the source of the capture that an event is of; any thread may ask."""

    def __init__(
        self,
        sources: Sequence[PayloadSource],
        counts: Sequence[int],
        rows: np.ndarray,
        starts: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """What is asked, and how its events lie.

        Args:
            sources: one a capture.
            counts: events of each capture.
            rows: of each event its place were all captures' laid end to end.
            starts: rows of events whose third argument is a time, and what is added to it.
        """
        self._shifted = starts
        self._sources = list(sources)
        self._starts = np.cumsum([0, *counts])
        self._rows = rows

    def argument(self, index: int) -> np.ndarray:
        """Raw argument `index` (0-5) of every event, uint64; laid together anew each time."""
        every: np.ndarray = np.concatenate([source.argument(index) for source in self._sources])[self._rows]
        if index == _START and len(self._shifted[0]):
            rows, shift = self._shifted
            times = every[rows].astype(np.int64)
            every[rows] = np.where(times > 0, times + shift, times).astype(np.uint64)
        return every

    def arguments_at(self, wanted: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Raw arguments of some events each, uint64."""
        found = {index: np.empty(len(rows), np.uint64) for index, rows in wanted.items()}
        asked: dict[int, dict[int, tuple[np.ndarray, np.ndarray]]] = {}
        for index, rows in wanted.items():
            for at, which, own in self._split(rows):
                asked.setdefault(at, {})[index] = which, own
        for at, parts in asked.items():
            told = self._sources[at].arguments_at({index: own for index, (_, own) in parts.items()})
            for index, (which, _) in parts.items():
                found[index][which] = told[index]
        if _START in found and len(self._shifted[0]):
            found[_START] = self._put_right(found[_START], wanted[_START])
        return found

    def _put_right(self, starts: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The third argument of some events, with what is added to it where it is a time."""
        shifted, shift = self._shifted
        order = np.argsort(shifted)
        place = order[np.minimum(np.searchsorted(shifted[order], rows), len(order) - 1)]
        mine = np.flatnonzero(shifted[place] == rows)
        times = starts[mine].astype(np.int64)
        starts[mine] = np.where(times > 0, times + shift[place[mine]], times).astype(np.uint64)
        return starts

    def cgroups(self) -> np.ndarray:
        """The number of every event's cgroup in the unified hierarchy of its host, uint64."""
        every: np.ndarray = np.concatenate([source.cgroups() for source in self._sources])[self._rows]
        return every

    def raw_arguments(self, row: int) -> list[int]:
        """The six raw arguments of one event."""
        source, own = self._at(row)
        found = source.raw_arguments(own)
        rows, shift = self._shifted
        for at in np.flatnonzero(rows == row).tolist():
            time = int(np.uint64(found[_START]).astype(np.int64))
            found[_START] = time + int(shift[at]) if time > 0 else found[_START]
        return found

    def place(self, row: int) -> EventPlace | None:
        """Where one event lies in its file, for citing it."""
        source, own = self._at(row)
        return source.place(own)

    def payload(self, row: int) -> bytes:
        """The captured bytes of one event, empty where none were kept."""
        source, own = self._at(row)
        return source.payload(own)

    def payload_blocks(
        self, wanted: np.ndarray | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, bytes]]:
        """All captured bytes, block by block: rows of events, where each one's bytes end, the bytes."""
        place = np.full(int(self._starts[-1]), -1, np.int64)
        place[self._rows] = np.arange(len(self._rows))
        for at, source in enumerate(self._sources):
            mine = place[self._starts[at] : self._starts[at + 1]]
            asked = None if wanted is None else np.where(mine >= 0, wanted[mine], False)
            for rows, ends, data in source.payload_blocks(asked):
                yield _without_unplaced(mine[rows], np.asarray(ends), data)

    def texts(self, row: int) -> tuple[bytes | None, bytes | None]:
        """The two texts of one event as recorded, None where there was none."""
        source, own = self._at(row)
        return source.texts(own)

    def text_codes(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers for the two texts of some events: those of two captures differ, whatever the texts are."""
        found = np.zeros((2, len(rows)), np.int64)
        for at, which, own in self._split(rows):
            for side, codes in enumerate(self._sources[at].text_codes(own)):
                found[side, which] = _owned(codes, at)
        return found[0], found[1]

    def address(self, row: int) -> bytes | None:
        """The raw sockaddr of one event, None where there was none."""
        source, own = self._at(row)
        return source.address(own)

    def address_codes(self, rows: np.ndarray) -> np.ndarray:
        """Numbers for the addresses of some events: those of two captures differ, whatever they are."""
        found = np.zeros(len(rows), np.int64)
        for at, which, own in self._split(rows):
            found[which] = _owned(self._sources[at].address_codes(own), at)
        return found

    def _at(self, row: int) -> tuple[PayloadSource, int]:
        end_to_end = int(self._rows[row])
        at = int(np.searchsorted(self._starts, end_to_end, side="right")) - 1
        return self._sources[at], end_to_end - int(self._starts[at])

    def _split(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Each capture with which of the rows are its own, and what they are in it."""
        end_to_end = self._rows[rows]
        owner = np.searchsorted(self._starts, end_to_end, side="right") - 1
        for at in np.unique(owner).tolist():
            which = np.flatnonzero(owner == at)
            yield at, which, end_to_end[which] - self._starts[at]


def _owned(codes: np.ndarray, at: int) -> np.ndarray:
    wide = codes.astype(np.int64)
    return np.where(wide == 0, 0, wide | at << _OWNER)


def _without_unplaced(
    rows: np.ndarray, ends: np.ndarray, data: bytes
) -> tuple[np.ndarray, np.ndarray, bytes]:
    """A block without the events that another capture told already."""
    kept = rows >= 0
    if kept.all():
        return rows, ends, data
    sizes = np.diff(ends, prepend=0)
    bytes_kept = np.frombuffer(data, np.uint8)[: int(ends[-1])][np.repeat(kept, sizes)]
    return rows[kept], np.cumsum(sizes[kept]), bytes_kept.tobytes()
