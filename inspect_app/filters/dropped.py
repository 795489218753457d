"""Which programs were begun from a file that somebody had written within the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, pair_codes
from capture.model.events import Category
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import category_of, failures, of_types
from inspect_app.filters.entities import entity_array, event_array
from inspect_app.filters.facets import look_up
from inspect_app.frames.capture import CaptureFrames

_MAKES_ROOM = ("ftruncate", "fallocate")
"""What goes before writing through memory, which makes no call."""


@dataclass(frozen=True, slots=True, eq=False)
class Drops:
    """The last write to the file of each program before it was begun."""

    written: np.ndarray
    """Row of images → row of the event that wrote it, -1 none."""


def drops(frames: CaptureFrames) -> Drops:
    """By device and inode, so that another name makes no difference."""

    def compute() -> Drops:
        writes = of_types(frames, lambda name: category_of(name) == Category.IO_WRITE)
        writes &= event_array(frames, "size") > 0
        writes |= of_types(frames, lambda name: name in _MAKES_ROOM) & ~failures(frames)
        rows = np.flatnonzero(writes & (event_array(frames, "descriptor") >= 0))
        thing = event_array(frames, "descriptor")[rows]
        dev, ino = (entity_array(frames, "descriptor", name)[thing] for name in ("dev", "ino"))
        rows, dev, ino = (column[ino > 0] for column in (rows, dev, ino))
        own_dev, own_ino = (entity_array(frames, "image", name) for name in ("dev", "ino"))
        _, _, code = pair_codes(np.concatenate((dev, own_dev)), np.concatenate((ino, own_ino)))
        known = Latest(code[: len(rows)], rows, int(code.max(initial=-1)) + 1)
        found = known.find(np.where(own_ino > 0, code[len(rows) :], -1), _begun(frames) - 1)
        return Drops(look_up(rows, found, missing=-1))

    return remember(frames, "dropped programs", compute)


def _begun(frames: CaptureFrames) -> np.ndarray:
    """The row of events at which each image was begun."""
    event, since = (entity_array(frames, "image", name) for name in ("event", "since"))
    at = np.searchsorted(event_array(frames, "time"), since)
    return np.where(event >= 0, event, np.where(since < 0, 0, at))
