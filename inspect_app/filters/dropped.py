"""Which programs were begun from a file that somebody had written within the recording.

A script is begun as its interpreter: the file that counts is then the script, which is known by its path.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat

import numpy as np

from capture.format.joins import Latest, pair_codes
from capture.format.pieces import rows_where
from capture.model.events import Category
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import category_of, event_type_codes, failures, types
from inspect_app.filters.copies import copies
from inspect_app.filters.entities import entity_array, entity_text, event_array
from inspect_app.filters.facets import compose, look_up
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import on_host

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
        writes = _writes(frames)
        scripts = _last_writes(frames, writes, *_scripts(frames), within=True)
        programs = _last_writes(frames, writes, *_programs(frames))
        return Drops(np.where(scripts >= 0, scripts, programs))

    return remember(frames, "dropped programs", compute)


_Writes = tuple[np.ndarray, np.ndarray]


def _writes(frames: CaptureFrames) -> _Writes:
    """Rows of events that wrote to a file, and what each wrote to; by copies within the kernel last."""
    codes, names = event_type_codes(frames), types(frames).values
    writes = np.array([*(category_of(name) == Category.IO_WRITE for name in names), False])
    makes_room = np.array([*(name in _MAKES_ROOM for name in names), False])
    thing, size, failed = event_array(frames, "descriptor"), event_array(frames, "size"), failures(frames)

    def holds(rows: slice) -> np.ndarray:
        kind = codes[rows]
        wrote = writes.take(kind, mode="wrap") & (size[rows] > 0)
        wrote |= makes_room.take(kind, mode="wrap") & ~failed[rows]
        held: np.ndarray = wrote & (thing[rows] >= 0)
        return held

    rows = rows_where(len(codes), holds)
    copied, into = copies(frames)
    known = into >= 0
    return np.concatenate((rows, copied[known])), np.concatenate((thing[rows], into[known]))


def _programs(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """A code of each thing's file and of each image's, by device and inode; -1 none.

    A code of a thing is that of some image, or -1.
    """
    dev, ino, host = (entity_array(frames, "descriptor", name) for name in ("dev", "ino", "host"))
    own_dev, own_ino = (entity_array(frames, "image", name) for name in ("dev", "ino"))
    own_host = look_up(
        entity_array(frames, "process", "host"), entity_array(frames, "image", "process"), missing=0
    )
    devices = on_host(np.concatenate((dev, own_dev)), np.concatenate((host, own_host)))
    inodes = np.concatenate((ino, own_ino))
    _, _, code = pair_codes(devices, inodes)
    code = np.where(inodes > 0, code, -1)
    things, own = code[: len(ino)], code[len(ino) :]
    return np.where(look_up(np.bincount(own[own >= 0], minlength=len(code)) > 0, things), things, -1), own


def _scripts(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """A code of each thing's path and of each image's script; -1 none, or no image's."""
    paths = entity_array(frames, "image", "script").astype(object)
    names = {path: at for at, path in enumerate(dict.fromkeys(paths[paths != ""].tolist()))}
    own = np.fromiter((names.get(path, -1) for path in paths.tolist()), np.int64, len(paths))
    if not names:
        return np.full(len(frames.descriptors), -1), own
    told = entity_text(frames, "descriptor", "name")
    known = np.fromiter(map(names.get, told.values, repeat(-1)), np.int64, len(told.values))
    return compose(known, told.codes, len(known)), own


def _last_writes(
    frames: CaptureFrames, writes: _Writes, of_thing: np.ndarray, own: np.ndarray, *, within: bool = False
) -> np.ndarray:
    """Row of images → the last write to its file before it was begun, -1 none.

    Args:
        frames: The capture.
        writes: See `_writes`.
        of_thing: Row of descriptors → code of its file, -1 none that an image was begun from.
        own: Row of images → code of its file, -1 none.
        within: Whether only a write in the image's own container counts.
    """
    rows, things = writes
    mine = rows_where(len(rows), lambda some: of_thing.take(things[some]) >= 0)
    rows, code = rows[mine], of_thing[things[mine]]
    order = np.argsort(rows, kind="stable")
    rows, code = rows[order], code[order]
    if within:
        count = len(frames.containers) + 1
        process = entity_array(frames, "image", "process")
        container = look_up(entity_array(frames, "process", "container"), process, missing=-1)
        own = np.where(own >= 0, own * count + container + 1, -1)
        code = code * count + event_array(frames, "container")[rows] + 1
    known = Latest(code, rows, int(max(code.max(initial=-1), own.max(initial=-1))) + 1)
    return look_up(rows, known.find(own, _begun(frames) - 1), missing=-1)


def _begun(frames: CaptureFrames) -> np.ndarray:
    """The row of events at which each image was begun."""
    event, since = (entity_array(frames, "image", name) for name in ("event", "since"))
    at = np.searchsorted(event_array(frames, "time"), since)
    return np.where(event >= 0, event, np.where(since < 0, 0, at))
