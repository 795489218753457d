"""Which programs were begun from a file that somebody had written within the recording.

A script is begun as its interpreter: the file that counts is then the script, which is known by its path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, pair_codes
from capture.model.events import Category
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import category_of, failures, of_types
from inspect_app.filters.copies import copies
from inspect_app.filters.entities import entity_array, event_array
from inspect_app.filters.facets import look_up
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
        writes = of_types(frames, lambda name: category_of(name) == Category.IO_WRITE)
        writes &= event_array(frames, "size") > 0
        writes |= of_types(frames, lambda name: name in _MAKES_ROOM) & ~failures(frames)
        rows = np.flatnonzero(writes & (event_array(frames, "descriptor") >= 0))
        things = event_array(frames, "descriptor")[rows].astype(np.int64)
        copied, into = copies(frames)
        rows, things = np.concatenate((rows, copied[into >= 0])), np.concatenate((things, into[into >= 0]))
        order = np.argsort(rows, kind="stable")
        rows, things = rows[order], things[order]
        scripts = _written_scripts(frames, rows, things)
        return Drops(np.where(scripts >= 0, scripts, _written_programs(frames, rows, things)))

    return remember(frames, "dropped programs", compute)


def _written_programs(frames: CaptureFrames, rows: np.ndarray, thing: np.ndarray) -> np.ndarray:
    """Row of images → row of the write to its file, by device and inode; -1 none.

    `rows`: all writes; `thing`: what each wrote to.
    """
    dev, ino, host = (entity_array(frames, "descriptor", name)[thing] for name in ("dev", "ino", "host"))
    rows, dev, ino, host = (column[ino > 0] for column in (rows, dev, ino, host))
    own_dev, own_ino = (entity_array(frames, "image", name) for name in ("dev", "ino"))
    own_host = look_up(
        entity_array(frames, "process", "host"), entity_array(frames, "image", "process"), missing=0
    )
    devices = on_host(np.concatenate((dev, own_dev)), np.concatenate((host, own_host)))
    _, _, code = pair_codes(devices, np.concatenate((ino, own_ino)))
    own = np.where(own_ino > 0, code[len(rows) :], -1)
    return _last_write(frames, code[: len(rows)], rows, own)


def _written_scripts(frames: CaptureFrames, rows: np.ndarray, written: np.ndarray) -> np.ndarray:
    """Row of images → row of the write to its script, by path within a container; -1 none or no script."""
    paths = entity_array(frames, "image", "script").astype(object)
    names = {path: at for at, path in enumerate(dict.fromkeys(paths[paths != ""].tolist()))}
    if not names:
        return np.full(len(paths), -1, np.int64)

    def numbered(texts: np.ndarray) -> np.ndarray:
        return np.fromiter((names.get(text, -1) for text in texts.tolist()), np.int64, len(texts))

    things = numbered(entity_array(frames, "descriptor", "name").astype(object))
    path = things[written]
    rows, path = rows[path >= 0], path[path >= 0]
    containers = len(frames.containers) + 1
    process = entity_array(frames, "image", "process")
    own_container = look_up(entity_array(frames, "process", "container"), process, missing=-1)
    own = numbered(paths)
    own = np.where(own >= 0, own * containers + own_container + 1, -1)
    return _last_write(frames, path * containers + event_array(frames, "container")[rows] + 1, rows, own)


def _last_write(frames: CaptureFrames, written: np.ndarray, rows: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The last of `rows` that wrote to the file of each image before it was begun, -1 none.

    `written`: code of the file of each of `rows`; `own`: of each image, -1 none.
    """
    known = Latest(written, rows, int(max(written.max(initial=-1), own.max(initial=-1))) + 1)
    return look_up(rows, known.find(own, _begun(frames) - 1), missing=-1)


def _begun(frames: CaptureFrames) -> np.ndarray:
    """The row of events at which each image was begun."""
    event, since = (entity_array(frames, "image", name) for name in ("event", "since"))
    at = np.searchsorted(event_array(frames, "time"), since)
    return np.where(event >= 0, event, np.where(since < 0, 0, at))
