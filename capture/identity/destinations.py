"""Copies within the kernel: of the two files of a copy_file_range, the event is about the one written to.

The recorder tells the one that is read as the event's own, for that is the call's first argument, and the
other in the place of an address (docs/capture-format.md).
"""

from __future__ import annotations

import struct

import numpy as np

from capture.format.joins import codes_of
from capture.identity.events import EventColumns

COPY = "copy_file_range"
THING = struct.Struct("<QIH")
"""What a second descriptor leads to: inode, device, mode."""
_TO = 2
_NOTHING = (0, 0, 0)


def turn_copies(events: EventColumns) -> None:
    """Make successful copies events of the file that they wrote to, in the columns themselves.

    Done again it changes nothing. Where the file was not recorded, nothing stands behind the number.
    """
    rows = events.rows_of([COPY])
    rows = rows[events.ret[rows] > 0]
    if not len(rows):
        return
    distinct, code = codes_of(events.addr[rows])
    told = [_thing(events.texts[at]) if at else _NOTHING for at in distinct.tolist()]
    for at, name in enumerate(("ino", "dev", "mode")):
        column: np.ndarray = getattr(events, name)
        column[rows] = np.array([thing[at] for thing in told], column.dtype)[code]
    events.fd[rows] = events.descriptors(_TO, rows)


def _thing(recorded: bytes) -> tuple[int, int, int]:
    if len(recorded) < THING.size:
        return _NOTHING
    ino, dev, mode = THING.unpack_from(recorded)
    return ino, dev, mode
