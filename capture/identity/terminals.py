"""Which terminal controls each process: its creator's, until it leads a session of its own.

A session begins without one (setsid) and gets one when its leader asks for it (ioctl TIOCSCTTY). The name of
what was asked tells which: `/dev/pts/3` is the pseudoterminal number 3, also of a container.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from capture.format.joins import Latest, taken
from capture.identity.events import EventColumns
from capture.identity.processes import Processes, inherited

_TIOCSCTTY = 0x540E
_PSEUDOTERMINALS, _CONSOLES = 136, 4
_MINOR_BITS = 8
_MOST_OF_A_MAJOR = 256
_NAME = re.compile(r"/dev/(pts/|tty)(\d{1,5})", re.ASCII)


def find_terminals(
    events: EventColumns, processes: Processes, listed: np.ndarray, thing: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """int64, of each process: its terminal's device number, 0 none, -1 not known.

    Args:
        events: the columns.
        processes: found in them.
        listed: of each process what the snapshot says, -1 not in it.
        thing: of each event the row of what its descriptor stands for, -1 none.
        names: of those things.
    """
    left, got = events.rows_of(["setsid"]), events.rows_of(["ioctl"])
    left = left[events.ret[left] > 0]
    got = got[events.ret[got] == 0]
    got = got[events.arguments(1, got) == _TIOCSCTTY]
    number = np.array([terminal_named(names[at]) if at >= 0 else -1 for at in thing[got].tolist()], np.int64)
    rows = np.concatenate((left, got))
    told = np.concatenate((np.zeros(len(left), np.int64), number))
    change = Latest(processes.of_event[rows], rows, len(processes))
    own = listed.copy()
    known = processes.snapshot >= 0
    made = np.flatnonzero((processes.forked >= 0) & (processes.parent >= 0) & ~known)
    before = change.find(processes.parent[made], processes.forked[made])
    own[made[before >= 0]] = told[before[before >= 0]]
    known[made[before >= 0]] = True
    tty = inherited(processes, own, known)
    last = change.find(np.arange(len(processes)), np.full(len(processes), len(events)))
    return np.where(last >= 0, taken(told, last), tty)


def terminal_named(name: str) -> int:
    """The device number of a terminal by its path, -1 where the name does not tell."""
    found = _NAME.fullmatch(name)
    if found is None:
        return -1
    number = int(found[2])
    major = _PSEUDOTERMINALS + number // _MOST_OF_A_MAJOR if found[1] == "pts/" else _CONSOLES
    return major << _MINOR_BITS | number % _MOST_OF_A_MAJOR
