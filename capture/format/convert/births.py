"""Births that no event of the file is: told by their parents' clones, or by execs of their own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from capture.format.convert.codes import types_named
from capture.format.convert.lives import EXECS, FORKS
from capture.format.convert.parameters import MISSING
from capture.model.events import SchedCode

if TYPE_CHECKING:
    from capture.format.convert.piece import Piece

Array = np.ndarray[Any, np.dtype[Any]]
Added = dict[str, Array]
"""Columns of events that are added."""

_THREAD, _IN_PID_NAMESPACE = 1 << 13, 1 << 29
"""Of scap's flags of clone."""
_MOST_EARLY = 1 << 16
_MOST_PID = 1 << 31


def added_births(piece: Piece, births: Array) -> Added:
    """Births that are told by others. `births`: events by which threads tell of their own."""
    cloned, executed = _told_by_parents(piece, births), _told_by_execs(piece, births)
    added = {name: np.concatenate((values, executed[name])) for name, values in cloned.items()}
    count = len(added["time"])
    added["code"] = np.full(count, int(SchedCode.PROCFORK), np.uint16)
    added |= {"latency": np.full(count, -1), "fd": np.full(count, -1)}
    piece.state.tally.added += count
    return added


def _told_by_parents(piece: Piece, births: Array) -> Added:
    """The ends of clones as parents see them."""
    found, lives = piece.found, piece.state.lives
    ret, made, inner = (found.number(name) for name in ("ret", "made", "vtid"))
    outside = ((inner == MISSING) | (inner == piece.tid)) & (made & _IN_PID_NAMESPACE == 0)
    forks = types_named(FORKS)[piece.type] & piece.is_exit & (ret > 0) & outside & (ret < _MOST_PID)
    rows = np.flatnonzero(forks)
    known = np.isin(ret[rows], piece.tid[births]) | lives.is_known(ret[rows])
    rows = rows[~known]
    pid, columns = piece.columns["pid"][rows], piece.columns
    child = ret[rows]
    group = np.where((made[rows] != MISSING) & (made[rows] & _THREAD != 0), pid, child)
    lives.made(child, group, rows, piece.order[rows])
    piece.state.early = np.union1d(piece.state.early, child)[-_MOST_EARLY:]
    time = columns["time"][rows] - np.maximum(columns["latency"][rows], 0)
    return _births(piece, rows, (group, child), time, (pid, columns["tid"][rows]))


def _told_by_execs(piece: Piece, births: Array) -> Added:
    """Processes that are first seen in the piece, and whose exec alone tells who made them."""
    found, columns, lives = piece.found, piece.columns, piece.state.lives
    parent = found.number("ptid")
    told = types_named(EXECS)[piece.type] & piece.is_exit & (found.number("ret") == 0) & (parent > 0)
    new, first = lives.first_seen(columns["pid"])
    rows = np.flatnonzero(told & np.isin(columns["pid"], new) & (columns["pid"] == piece.tid))
    born = np.concatenate((piece.tid[births], piece.state.early))
    rows = rows[~np.isin(columns["pid"][rows], born)]
    child, which = np.unique(columns["pid"][rows], return_index=True)
    rows = rows[which]
    at = first[np.searchsorted(new, child)]
    # Right before the first that is seen of it.
    time = columns["time"][at] - np.maximum(columns["latency"][at], 1)
    return _births(piece, rows, (child, child), time, (lives.process_of(parent[rows], rows), parent[rows]))


def _births(
    piece: Piece, rows: Array, child: tuple[Array, Array], time: Array, parent: tuple[Array, Array]
) -> Added:
    """`rows`: events of those who are told of, or of their parents. Both pairs: process and thread."""
    numbers = (*child, time, parent[0], child[1], np.zeros(len(rows), np.int64))
    added = {f"a{at}": values.astype(np.int64).view(np.uint64) for at, values in enumerate(numbers)}
    added |= {"time": time, "pid": parent[0], "tid": parent[1]}
    return added | {name: piece.columns[name][rows] for name in ("uid", "cgroup", "cpu")}
