"""Which terminal controls each process: its creator's, until it leads a session of its own.

A session begins without one (setsid) and gets one when its leader asks for it (ioctl TIOCSCTTY). The name of
what was asked tells which: `/dev/pts/3` is the pseudoterminal number 3, also of a container. Programs that
make a pseudoterminal (script, sshd, tmux) mostly get its other end from the kernel, without a path
(TIOCGPTPEER): what it is called follows from its inode, which file systems of pseudoterminals count from 3 on
(fs/devpts/inode.c).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from capture.format.joins import Latest, taken
from capture.identity.descriptors import Descriptors
from capture.identity.events import EventColumns
from capture.identity.processes import Processes, inherited
from capture.identity.snapshot import Table, integers, texts

_TIOCSCTTY = 0x540E
_TYPE, _CHARACTER_DEVICE = 0o170000, 0o020000
_PSEUDOTERMINALS, _CONSOLES = 136, 4
_MINOR_BITS = 8
_MOST_OF_A_MAJOR = 256
_FIRST_INODE = 3
"""The inode of pseudoterminal 0."""
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
    left, got = events.rows_of(["setsid"]), _asked(events)
    left = left[events.ret[left] > 0]
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


def _asked(events: EventColumns) -> np.ndarray:
    """Rows of calls by which sessions got a terminal."""
    rows = events.rows_of(["ioctl"])
    rows = rows[events.ret[rows] == 0]
    got: np.ndarray = rows[events.arguments(1, rows) == _TIOCSCTTY]
    return got


def name_pseudoterminals(things: Descriptors, events: EventColumns, mounts: Table) -> None:
    """Give pseudoterminals that no path led to the names that they have."""
    unnamed = (things.mode & _TYPE == _CHARACTER_DEVICE) & (things.ino >= _FIRST_INODE)
    devices = np.flatnonzero(unnamed)
    unnamed[devices] = [not things.name[thing] for thing in devices.tolist()]
    asked = things.of_event[_asked(events)]
    asked = asked[asked >= 0]
    mounted = np.array([kind == "devpts" for kind in texts(mounts, "type")], bool)
    devices = np.concatenate((integers(mounts, "dev")[mounted], things.dev[asked[unnamed[asked]]]))
    for thing in np.flatnonzero(unnamed & np.isin(things.dev, devices)).tolist():
        things.name[thing] = f"/dev/pts/{things.ino[thing] - _FIRST_INODE}"


def terminal_named(name: str) -> int:
    """The device number of a terminal by its path, -1 where the name does not tell."""
    found = _NAME.fullmatch(name)
    if found is None:
        return -1
    number = int(found[2])
    major = _PSEUDOTERMINALS + number // _MOST_OF_A_MAJOR if found[1] == "pts/" else _CONSOLES
    return major << _MINOR_BITS | number % _MOST_OF_A_MAJOR
