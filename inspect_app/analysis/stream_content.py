"""One direction of a connection, pipe or terminal as bytes at places."""

from __future__ import annotations

import numpy as np

from inspect_app.analysis.recovered import Extents, Recovered
from inspect_app.analysis.streams import Direction, Streams, of_thing


def stream_content(streams: Streams, descriptor: int, direction: Direction) -> Recovered:
    """What went one way through a thing, as far as it was kept.

    Places are counted from the first byte that was seen. Messages that belong to no stream (datagrams) follow
    one another.

    Args:
        streams: the transfers that count.
        descriptor: a row of descriptors.
        direction: which way.
    """
    found = of_thing(streams, descriptor)
    moved, places = found.moved, found.places
    mine = np.flatnonzero((found.writes == (direction is Direction.WRITE)) & ~moved.peeked[places])
    columns = (moved.offset, moved.size, moved.captured)
    offset, size, kept = (column[places[mine]].astype(np.int64) for column in columns)
    is_stream = bool((offset >= 0).all())
    begins = offset - offset[:1] if is_stream else np.cumsum(size) - size
    extents = Extents()
    lengths = np.minimum(kept, size).tolist()
    for row, begin, length in zip(found.rows[mine].tolist(), begins.tolist(), lengths, strict=True):
        extents.place(begin, begin + length, row)
    # A gap where nothing is missing before it: the bytes that were lost are not counted by anything.
    lost = int(np.count_nonzero(found.gaps[mine][1:] & (kept[:-1] == size[:-1]))) if len(mine) else 0
    notes = [f"events were lost before {lost:,} of its transfers: bytes may be missing"] if lost else []
    if not is_stream:
        notes.append("messages one after another: where each began is in the map")
    return Recovered(
        name=str(found.frames.descriptors["name"].iat[descriptor]),
        size=int((begins + size).max(initial=0)),
        is_size_known=not lost,
        ranges=tuple(extents.ranges),
        notes=tuple(notes),
    )
