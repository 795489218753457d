"""Who used what to talk to whom: a row for each process, socket or pipe, and process at the other end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capture.format.joins import codes_of
from inspect_app.filters.cache import remember
from inspect_app.filters.transfers import peer_process, transfers
from inspect_app.frames.capture import CaptureFrames

KINDS = ("ipv4", "ipv6", "unix", "pipe", "fifo")


@dataclass(frozen=True, eq=False)
class Channels:
    """The channels of a capture."""

    table: pd.DataFrame
    """`process` (row of processes), `descriptor`, `peer` (row of processes, -1 not known); int32."""
    of_event: np.ndarray
    """int32: the channel through which each event moved bytes, -1 none."""


def channels(frames: CaptureFrames) -> Channels:
    """The channels of a capture, found once."""
    return remember(frames, "channels", lambda: _find(frames))


def _find(frames: CaptureFrames) -> Channels:
    moved = transfers(frames)
    process, thing = (frames.events[name].to_numpy() for name in ("process", "descriptor"))
    talks = np.append(frames.descriptors["type"].isin(list(KINDS)).to_numpy(), False)
    which = np.flatnonzero(talks[thing[moved.rows]] & (process[moved.rows] >= 0))
    rows = moved.rows[which]
    # Who is at the other end depends on what is used, and on a pipe on the way that bytes go.
    way = thing[rows].astype(np.int64) << 1 | moved.writes[which]
    _, code = codes_of(way << 31 | process[rows])
    first = np.full(int(code.max(initial=-1)) + 1, -1)
    first[code[::-1]] = rows[::-1]
    of_event = np.full(len(frames.events), -1, np.int32)
    of_event[rows] = code
    peer = peer_process(frames)[first]
    table = pd.DataFrame(
        {"process": process[first], "descriptor": thing[first], "peer": peer}, dtype=np.int32
    )
    return Channels(table, of_event)
