"""Who began what: programs and processes with the chain of their creators.

The parent of a program is the program that the creating process was running when this one began. So it
stays the same while the parent goes on to other programs, dies, or leaves its pid to someone else.
"""

from __future__ import annotations

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.entities import entity_array
from inspect_app.filters.facets import MAX_ANCESTORS, look_up
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import on_host


def parent_processes(frames: CaptureFrames) -> np.ndarray:
    """Row of processes → row of the process that created it, -1 not known."""
    return entity_array(frames, "process", "parent")


def parent_images(frames: CaptureFrames) -> np.ndarray:
    """Row of images → row of the image that its creator was running then, -1 not known."""

    def compute() -> np.ndarray:
        own = entity_array(frames, "image", "process")
        creators = look_up(parent_processes(frames), own, missing=-1)
        return images_at(frames, creators, entity_array(frames, "image", "since"))

    return remember(frames, "parent images", compute)


def leader_images(frames: CaptureFrames) -> np.ndarray:
    """Row of images → row of the image that the leader of its session was running then, -1 not known."""

    def compute() -> np.ndarray:
        own = entity_array(frames, "image", "process")
        leaders = look_up(session_leaders(frames), own, missing=-1)
        return images_at(frames, leaders, entity_array(frames, "image", "since"))

    return remember(frames, "leader images", compute)


def session_leaders(frames: CaptureFrames) -> np.ndarray:
    """Row of processes → row of its session's leader, -1 not known."""
    pids, starts, sids, hosts = (
        entity_array(frames, "process", name) for name in ("pid", "start", "sid", "host")
    )
    rows = np.arange(len(pids), dtype=np.int32)
    found = _latest(on_host(pids, hosts), starts, rows, on_host(sids, hosts), starts)
    return np.where(sids > 0, found, np.int32(-1))


def images_at(frames: CaptureFrames, processes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """What each of these processes was running at each of these times: rows of images, -1 not known.

    A process that had not begun then, as far as is known, counts with its first program.
    """
    own = entity_array(frames, "image", "process")
    since = entity_array(frames, "image", "since")
    rows = np.arange(len(own), dtype=np.int32)
    return _latest(own, since, rows, processes, times)


def ancestors(next_row: np.ndarray, level: int) -> np.ndarray:
    """Row → the row that many steps up; level 0 is the row itself."""
    rows = np.arange(len(next_row), dtype=np.int32)
    for _ in range(min(level, MAX_ANCESTORS + 1)):
        rows = look_up(next_row, rows, missing=-1)
    return rows if level <= MAX_ANCESTORS else np.full(len(next_row), -1, np.int32)


def oldest(holds: np.ndarray, next_row: np.ndarray) -> np.ndarray:
    """Row → the farthest of the row itself and its ancestors for which it holds, -1 none."""
    rows = np.arange(len(holds), dtype=np.int32)
    found = np.where(holds, rows, np.int32(-1))
    jump = next_row
    for _ in range(MAX_ANCESTORS.bit_length() - 1):
        farther = look_up(found, jump, missing=-1)
        found = np.where(farther >= 0, farther, found)
        jump = look_up(jump, jump, missing=-1)
    return found


def _latest(
    keys: np.ndarray, times: np.ndarray, rows: np.ndarray, wanted: np.ndarray, moments: np.ndarray
) -> np.ndarray:
    """For each (wanted key, moment): the row of that key with the latest time not after the moment.

    Where all are after, the earliest; -1 where the key does not occur or is negative.
    """
    if not len(keys):
        return np.full(len(wanted), -1, np.int32)
    instants = np.unique(times)
    width = len(instants) + 1
    names = np.unique(keys)
    place = np.searchsorted(names, keys) * width + np.searchsorted(instants, times) + 1
    order = np.argsort(place, kind="stable")
    place = place[order]
    name = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    known = (names[name] == wanted) & (wanted >= 0)
    first = np.searchsorted(place, name * width)
    last = (
        np.searchsorted(place, name * width + np.searchsorted(instants, moments, side="right"), side="right")
        - 1
    )
    at = np.minimum(np.maximum(first, last), len(place) - 1)
    return np.where(known, rows[order[at]], np.int32(-1)).astype(np.int32)
