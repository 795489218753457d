"""Descriptor numbers that came over unix sockets (SCM_RIGHTS), as far as what was done with them tells.

What a message carries beside its bytes is not recorded. But a number that a process uses, or closes, though
nothing had made it, and that it was not handed down, came in a message: the last one that it got before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inspect_app.filters.calls import arguments_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.types import rows_of_types

_RECEIVING = ("recvmsg", "recvmmsg", "uring_recvmsg")
_MSG_CMSG_CLOEXEC = 0x40000000
_EBADF = -9
_ROW = 32
"""Bits of a row in a key."""


@dataclass(frozen=True, eq=False)
class Receipts:
    """Entries that tell of such a number; arrays of one length, ascending by entry."""

    entry: np.ndarray
    """int64: position among the entries."""
    is_first: np.ndarray
    """bool: the first that is known of the number, which may have been handed down as well."""
    message: np.ndarray
    """int64, row of events: with which it came."""
    cloexec: np.ndarray
    """int8: whether it closes at exec."""

    def between(self, begin: int, end: int) -> Receipts:
        """Those of entries `begin` up to `end`."""
        first, last = np.searchsorted(self.entry, (begin, end))
        return self.chosen(slice(int(first), int(last)))

    def chosen(self, places: slice | np.ndarray) -> Receipts:
        """Some of them."""
        return Receipts(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


def find_receipts(
    frames: CaptureFrames, process: np.ndarray, row: np.ndarray, tells: np.ndarray, closed: np.ndarray
) -> Receipts:
    """The receipts among entries.

    Args:
        frames: the capture.
        process: of each entry, in order of process, number and row.
        row: of each.
        tells: bool: it works on the number, or closes it, and neither makes it.
        closed: int64: since which row the number was known to be closed; -1 it is the first that is known,
            -2 it was open.
    """
    asked = np.flatnonzero(tells & (closed >= -1) & (row >= 0))
    asked = asked[frames.events["ret"].to_numpy()[row[asked]] != _EBADF]
    messages = _messages(frames)
    owner = frames.events["process"].to_numpy()[messages].astype(np.int64)
    keys = np.sort(owner << _ROW | messages)
    wanted = process[asked].astype(np.int64) << _ROW
    found = np.append(keys, -1)[np.searchsorted(keys, wanted | row[asked]) - 1]
    message = np.where(found >> _ROW == process[asked], found & ((1 << _ROW) - 1), -1)
    came = message > np.maximum(closed[asked], -1)
    asked, message = asked[came], message[came]
    return Receipts(asked, closed[asked] < 0, message, _cloexec(frames, message))


def _messages(frames: CaptureFrames) -> np.ndarray:
    """int64: rows at which a process got a message of a unix socket."""
    unix = np.append((frames.descriptors["type"] == "unix").to_numpy(), False)
    thing, ret, process = (frames.events[name].to_numpy() for name in ("descriptor", "ret", "process"))
    rows = rows_of_types(frames.events["type"], _RECEIVING)
    found: np.ndarray = rows[(ret[rows] > 0) & unix[thing[rows]] & (process[rows] >= 0)]
    return found


def _cloexec(frames: CaptureFrames, messages: np.ndarray) -> np.ndarray:
    if not len(messages):
        return np.empty(0, np.int8)
    several = (frames.events["type"].iloc[messages] == "recvmmsg").to_numpy()
    one, other = (part.astype(np.int64) for part in arguments_of(frames, [(2, messages), (3, messages)]))
    found: np.ndarray = (np.where(several, other, one) & _MSG_CMSG_CLOEXEC != 0).astype(np.int8)
    return found
