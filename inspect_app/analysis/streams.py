"""What went through descriptors: reads and writes in order, with what was kept of their bytes.

The table of segments is made of columns; the bytes stay in the file until a segment is looked at.
What is not there is told: bytes that were transferred but not kept, and intervals in which the
recorder lost events, so that nobody takes two segments for neighbours that were not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from inspect_app.analysis.matches import matching_rows, within
from inspect_app.frames.capture import CaptureFrames


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
    descriptor: int
    """Row of descriptors, -1 not known."""
    fd: int
    size: int
    """Bytes transferred."""
    captured: int
    """Bytes kept."""
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
    """uint32, ascending: the events that moved bytes."""
    writes: np.ndarray
    """bool, one a segment: written or sent, else read or received."""
    lost_before: np.ndarray
    """int64, one a segment."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """Bytes transferred by all segments."""
        return int(self._column("size").sum())

    @property
    def captured(self) -> int:
        """Bytes kept of all segments."""
        return int(self._column("captured").sum())

    def segment(self, index: int) -> Segment:
        """One segment without its bytes."""
        row = int(self.rows[index])
        events = self.frames.events
        return Segment(
            row=row,
            time=int(events["time"].to_numpy()[row]),
            direction=Direction.WRITE if self.writes[index] else Direction.READ,
            process=int(events["process"].to_numpy()[row]),
            descriptor=int(events["descriptor"].to_numpy()[row]),
            fd=int(events["fd"].to_numpy()[row]),
            size=int(events["size"].to_numpy()[row]),
            captured=int(events["captured"].to_numpy()[row]),
            lost_before=int(self.lost_before[index]),
        )

    def payload(self, index: int) -> bytes:
        """The kept bytes of one segment, read from the file now."""
        return self.frames.source.payload(int(self.rows[index]))

    def joined(self, direction: Direction | None = None) -> Iterator[bytes]:
        """The kept bytes in order, for saving; of one direction or of both."""
        for index in range(len(self)):
            if direction is None or bool(self.writes[index]) is (direction is Direction.WRITE):
                yield self.payload(index)

    def _column(self, name: str) -> np.ndarray:
        column: np.ndarray = self.frames.events[name].to_numpy()
        taken: np.ndarray = column[self.rows]
        return taken


def io_streams(frames: CaptureFrames, selected: np.ndarray | slice) -> Streams:
    """The transfers among the selected events: calls that moved bytes, in order of time."""
    total = len(frames.events)
    rows = within(matching_rows(frames, "evt.is_io = true and evt.buflen > 0"), selected, total)
    written = matching_rows(frames, "evt.is_io_write = true")
    is_write = np.zeros(total, dtype=bool)
    is_write[written] = True
    return Streams(frames, rows, is_write[rows], _lost_before(frames, rows))


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
