"""The transfers of a capture and what was recognised in them, worked out once."""

from __future__ import annotations

import numpy as np

from capture.format.pieces import taken_from
from inspect_app.filters.cache import cache_of, remember
from inspect_app.filters.facets import no_arrows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.peers import SHARED, Peers, find_peers
from inspect_app.frames.protocols.exchanges import Recognised, recognise
from inspect_app.frames.segments import Segments, segments

_TRANSFERS = "transfers"


def transfers(frames: CaptureFrames) -> Segments:
    """Every call that moved bytes, and what follows what."""
    return remember(frames, _TRANSFERS, lambda: segments(frames))


def transfers_through(frames: CaptureFrames, rows: np.ndarray) -> Segments:
    """At least those through the descriptors of some events; all where they are known, or most are asked."""
    known: Segments | None = cache_of(frames).get(_TRANSFERS)
    if known is not None:
        return known
    thing = frames.events["descriptor"].to_numpy()
    things = np.zeros(len(frames.descriptors) + 1, bool)
    things[thing[rows]] = True
    if 2 * np.count_nonzero(taken_from(things, thing)) > len(thing):
        return transfers(frames)
    return segments(frames, things)


def recognised(frames: CaptureFrames) -> Recognised:
    """The messages of a capture; its payload is read for them once."""
    return remember(frames, "recognised messages", lambda: recognise(frames, transfers(frames)))


def peers(frames: CaptureFrames) -> Peers:
    """The other end of each connection, unix socket and pipe."""
    return remember(frames, "peers", lambda: find_peers(frames, transfers(frames)))


def peer_process(frames: CaptureFrames) -> np.ndarray:
    """int32, of each event: the process at the other end of what it worked on, -1 not known.

    Who wrote to a pipe has who reads most from it, and the other way round; calls on a pipe that move nothing
    have none.
    """

    def compute() -> np.ndarray:
        found, moved = peers(frames), transfers(frames)
        thing = frames.events["descriptor"].to_numpy()
        other = np.where(found.how == SHARED, -1, found.other)
        # Decided for each thing, then spread over the events. The last is what -1 points to.
        narrow = no_arrows(0, len(frames.processes)).dtype
        user = np.append(np.append(found.user, -1)[other], -1).astype(narrow)
        process = taken_from(user, thing)
        shared = np.append(found.how == SHARED, False)[thing[moved.rows]]
        rows, writes = moved.rows[shared], moved.writes[shared]
        process[rows] = np.where(writes, found.reader[thing[rows]], found.writer[thing[rows]])
        return process

    return remember(frames, "peer processes", compute)
