"""What went through descriptors: reads and writes in order, with what was kept of their bytes.

The table of segments is made of columns; the bytes stay in the file until a segment is looked at.
What is not there is told: bytes that were transferred but not kept, and intervals in which the
recorder lost events, so that nobody takes two segments for neighbours that were not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from inspect_app.analysis.matches import within
from inspect_app.filters.transfers import transfers
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.segments import Segments


class Direction(StrEnum):
    """Which way the bytes went, as the process saw it."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Segment:
    """One transfer."""

    row: int
    """Row of the event."""
    time: int
    """Nanoseconds since 1970 UTC, when the call returned."""
    direction: Direction
    process: int
    """Row of processes."""
    thread: int
    """Row of threads."""
    descriptor: int
    """Row of descriptors, -1 not known."""
    fd: int
    offset: int
    """Bytes that went before in this direction of the stream, as far as recorded; -1 a message of its own."""
    size: int
    """Bytes transferred."""
    captured: int
    """Bytes kept."""
    gap: bool
    """Bytes of its stream that went directly before were not kept, or may not have been seen."""
    peeked: bool
    """Left to be received again: its bytes come again in a later segment."""
    lost_before: int
    """Events that the recorder lost between the segment before and this one, of any process."""

    @property
    def missing(self) -> int:
        """Bytes that were transferred and not kept."""
        return max(0, self.size - self.captured)


@dataclass(frozen=True, eq=False)
class Streams:
    """The transfers among selected events, in order of time."""

    frames: CaptureFrames
    rows: np.ndarray
    """int64, ascending: the events that moved bytes."""
    places: np.ndarray
    """int64, their positions among all transfers of the capture."""
    moved: Segments
    """All transfers of the capture."""
    lost_before: np.ndarray
    """int64, one a segment."""

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def writes(self) -> np.ndarray:
        """bool, one a segment: written or sent, else read or received."""
        written: np.ndarray = self.moved.writes[self.places]
        return written

    @cached_property
    def gaps(self) -> np.ndarray:
        """bool, one a segment: see Segment.gap."""
        missing: np.ndarray = ((self.moved.offset > 0) & ~self.moved.follows)[self.places]
        return missing

    @property
    def size(self) -> int:
        """Bytes transferred by all segments, without those that were peeked at."""
        return int(self._column("size").sum())

    @property
    def captured(self) -> int:
        """Bytes kept of these."""
        return int(self._column("captured").sum())

    def segment(self, index: int) -> Segment:
        """One segment without its bytes."""
        row, place = int(self.rows[index]), int(self.places[index])
        events = self.frames.events
        return Segment(
            row=row,
            time=int(events["time"].to_numpy()[row]),
            direction=Direction.WRITE if self.writes[index] else Direction.READ,
            process=int(events["process"].to_numpy()[row]),
            thread=int(events["thread"].to_numpy()[row]),
            descriptor=int(events["descriptor"].to_numpy()[row]),
            fd=int(events["fd"].to_numpy()[row]),
            offset=int(self.moved.offset[place]),
            gap=bool(self.gaps[index]),
            peeked=bool(self.moved.peeked[place]),
            size=int(events["size"].to_numpy()[row]),
            captured=int(events["captured"].to_numpy()[row]),
            lost_before=int(self.lost_before[index]),
        )

    def payload(self, index: int) -> bytes:
        """The kept bytes of one segment, read from the file now."""
        return self.frames.source.payload(int(self.rows[index]))

    def joined(self, direction: Direction | None = None) -> Iterator[bytes]:
        """The kept bytes in order, for saving, each once; of one direction or of both."""
        chosen = ~self.moved.peeked[self.places]
        if direction is not None:
            chosen &= self.writes == (direction is Direction.WRITE)
        for index in np.flatnonzero(chosen).tolist():
            yield self.payload(index)

    def _column(self, name: str) -> np.ndarray:
        column: np.ndarray = self.frames.events[name].to_numpy()
        taken: np.ndarray = column[self.rows[~self.moved.peeked[self.places]]]
        return taken


def io_streams(frames: CaptureFrames, selected: np.ndarray | slice) -> Streams:
    """The transfers among the selected events: calls that moved bytes, in order of time."""
    moved = transfers(frames)
    rows = within(moved.rows, selected, len(frames.events))
    return Streams(frames, rows, np.searchsorted(moved.rows, rows), moved, _lost_before(frames, rows))


def of_thing(streams: Streams, descriptor: int | None) -> Streams:
    """The transfers through one thing: a row of descriptors, -1 what is not known, None any."""
    if descriptor is None:
        return streams
    mine = streams.frames.events["descriptor"].to_numpy()[streams.rows] == descriptor
    rows = streams.rows[mine]
    return Streams(
        streams.frames, rows, streams.places[mine], streams.moved, _lost_before(streams.frames, rows)
    )


def _lost_before(frames: CaptureFrames, rows: np.ndarray) -> np.ndarray:
    """Events lost since the segment before; an interval counts at the first segment after its start."""
    lost = frames.drops[frames.drops["kind"] == "lost"]
    counts = np.zeros(len(rows), dtype=np.int64)
    if not len(lost) or not len(rows):
        return counts
    times = frames.events["time"].to_numpy()[rows]
    after = np.searchsorted(times, lost["since"].to_numpy())
    inside = (after < len(rows)) & (lost["time"].to_numpy() >= times[0])
    np.add.at(counts, after[inside], lost["count"].to_numpy()[inside])
    return counts
