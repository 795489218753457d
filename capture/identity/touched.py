"""Which file, socket or other thing each event worked on, by what the kernel calls it: a device and an inode.

A socket and a file that have both in common are two, for sockets have inodes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import number_each
from capture.format.pieces import rows_where
from capture.identity.events import EventColumns

_TYPE, _SOCKET = 0o170000, 0o140000


@dataclass(frozen=True)
class Touched:
    """A row an identity, in the order in which they come up."""

    of_event: np.ndarray
    """int32: the identity of each event, -1 none."""
    first: np.ndarray
    """int64: the first event of each."""
    dev: np.ndarray
    """int64, as is `ino`."""
    ino: np.ndarray
    is_socket: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def rows_of(self, which: np.ndarray) -> np.ndarray:
        """int64, ascending: the events on some identities. `which`: bool, of each identity."""
        if not which.any():
            return np.empty(0, np.int64)
        asked = np.append(which, False)  # the last is what -1 points to
        return rows_where(len(self.of_event), lambda some: asked.take(self.of_event[some]))


def find_touched(events: EventColumns) -> Touched:
    """The identities of all events; room for `of_event` is made under the name of descriptors."""

    def told(rows: slice) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        ino = events.ino[rows]
        is_told = ino > 0
        is_told[events.starts_elsewhere(rows)] = False
        at = np.flatnonzero(is_told)
        device = events.dev[rows].take(at).astype(np.uint64) * 2
        return at, (ino.take(at), device + _is_socket(events.mode[rows].take(at)))

    of_event = events.row_of("descriptor")
    first = number_each(len(events), told, of_event)
    dev, ino = (column[first].astype(np.int64) for column in (events.dev, events.ino))
    return Touched(of_event, first, dev, ino, _is_socket(events.mode[first]))


def _is_socket(mode: np.ndarray) -> np.ndarray:
    found: np.ndarray = mode & _TYPE == _SOCKET
    return found
