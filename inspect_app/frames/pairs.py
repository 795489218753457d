"""Descriptors that a call made two at once: pipes and socketpairs.

The call tells the two numbers, which the recorder keeps as its payload; what stands behind them is known when
they are next used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import rows_where
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.types import rows_of_types

_NONE = -1
_BYTES = 8
"""Two numbers of four bytes."""


@dataclass(frozen=True, eq=False)
class PairsMade:
    """Calls that made two descriptors."""

    rows: np.ndarray
    """int64, rows of events."""
    fds: np.ndarray
    """int64[2, calls]: the numbers."""

    def things(self, frames: CaptureFrames) -> np.ndarray:
        """int64[2, calls]: rows of descriptors, -1 where the number was not used by who made it."""
        return np.array([_next_use(frames, self.rows, side) for side in self.fds]).reshape(2, -1)


def pairs_made(frames: CaptureFrames, calls: Sequence[str]) -> PairsMade:
    """The calls of some names that succeeded, and of which the numbers were kept."""
    events = frames.events
    made = rows_of_types(events["type"], calls)
    ret, captured, process = (events[name].to_numpy()[made] for name in ("ret", "captured", "process"))
    wanted = np.zeros(len(events), bool)
    wanted[made[(ret == 0) & (captured == _BYTES) & (process >= 0)]] = True
    rows, numbers = [np.empty(0, np.int64)], [np.empty((0, 2), np.int64)]
    for block, ends, data in frames.source.payload_blocks(wanted) if wanted.any() else ():
        mine = np.flatnonzero(wanted[block])
        places = (ends[mine] - _BYTES)[:, None] + np.arange(_BYTES)
        rows.append(block[mine])
        numbers.append(np.frombuffer(data, np.uint8)[places].view("<i4").astype(np.int64).reshape(-1, 2))
    return PairsMade(np.concatenate(rows), np.concatenate(numbers).T)


def _next_use(frames: CaptureFrames, row: np.ndarray, fd: np.ndarray) -> np.ndarray:
    """What a number of the process that made it stood for when it was next used, -1 never."""
    events = frames.events
    process, number, thing = (events[name].to_numpy() for name in ("process", "fd", "descriptor"))
    asks = np.zeros(len(frames.processes) + 1, bool)
    asks[process[row]] = True
    used = rows_where(
        len(process), lambda some: asks[process[some]] & (number[some] >= 0) & (thing[some] >= 0)
    )
    holders = process[used].astype(np.int64) << 32 | number[used]
    keys = np.unique(holders)
    uses = np.sort(np.searchsorted(keys, holders) << 32 | used)
    wanted = process[row].astype(np.int64) << 32 | (fd & 0xFFFFFFFF)
    asked = np.searchsorted(keys, wanted)
    use = np.append(uses, _NONE)[np.searchsorted(uses, asked << 32 | (row + 1))]
    known = (use >> 32 == asked) & (np.append(keys, _NONE)[asked] == wanted)
    found: np.ndarray = np.where(known, thing[np.where(known, use & 0xFFFFFFFF, 0)], _NONE).astype(np.int64)
    return found
