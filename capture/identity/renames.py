"""Names that processes gave themselves while they ran: prctl(PR_SET_NAME) of their main threads.

What another thread calls itself is its own name, not that of its process.
"""

from __future__ import annotations

import numpy as np

from capture.identity.events import EXECS, EventColumns
from capture.identity.processes import Processes
from capture.identity.snapshot import text_of

_SET_NAME = 15
_LONGEST = 15
"""Bytes that the kernel keeps of a name."""


def find_renames(events: EventColumns, processes: Processes) -> np.ndarray:
    """int64: the rows at which a process got another name than it had given itself since its last exec."""
    rows = events.rows_of(["prctl"])
    named = (events.ret[rows] == 0) & (events.text[rows] > 0) & (events.pid[rows] == events.tid[rows])
    rows = rows[named]
    rows = rows[events.arguments(0, rows) == _SET_NAME]
    execs = events.rows_of(EXECS)
    execs = execs[events.ret[execs] == 0] if len(rows) else rows
    both = np.concatenate((rows, execs))
    name = np.concatenate((events.text[rows].astype(np.int64), np.full(len(execs), -1)))
    owner = processes.of_event[both]
    order = np.lexsort((both, owner))
    same = (name[order][1:] == name[order][:-1]) & (owner[order][1:] == owner[order][:-1])
    changed: np.ndarray = both[order][np.concatenate(([True], ~same))[: len(order)] & (name[order] >= 0)]
    changed.sort()
    return changed


def names_given(events: EventColumns, rows: np.ndarray) -> list[str]:
    """The name that each of some renames gives."""
    codes = events.text[rows].tolist()
    known = {code: text_of(events.texts[code].partition(b"\0")[0][:_LONGEST]) for code in set(codes)}
    return [known[code] for code in codes]
