"""Numbers that each host gives anew, user and group ids and pids: with their host they are told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capture.format.joins import codes_of
from capture.format.pieces import each_piece, taken_from
from inspect_app.frames.capture import CaptureFrames

_HOST = 33
"""Ids lie below this bit."""
_DENSE = 1 << 20
"""Ids below it are looked up in a table."""


def account_rows(table: pd.DataFrame, column: str, ids: np.ndarray, hosts: np.ndarray) -> np.ndarray:
    """int32: the first row of a list of users or groups with each id on each host, -1 unknown."""
    known, first = np.unique(on_host(table[column].to_numpy(), table["host"].to_numpy()), return_index=True)
    if not hosts.any() and int(known.max(initial=0)) < _DENSE:
        return _by_table(known, first, ids)
    asked, codes = codes_of(on_host(ids, hosts))
    rows = np.full(len(asked) + 1, -1, np.int32)
    if len(known):
        at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        rows[:-1] = np.where((known[at] == asked) & (asked >= 0), first[at], -1)
    return taken_from(rows, codes)


def _by_table(known: np.ndarray, first: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The same for small ids: they are places in a table, of which the last is for all that are unknown."""
    table = np.full(int(known.max(initial=0)) + 2, -1, np.int32)
    table[known[known >= 0]] = first[known >= 0]
    last = len(table) - 1
    rows = np.empty(len(ids), np.int32)

    def find(piece: slice) -> None:
        part = ids[piece]
        rows[piece] = table.take(np.where((part < 0) | (part > last), last, part))

    each_piece(len(ids), find)
    return rows


def user_name(frames: CaptureFrames, uid: int, process: int) -> str:
    """The name of a user on the host of a process (-1: on the first host); empty unknown."""
    host = int(frames.processes["host"].to_numpy()[process]) if process >= 0 else 0
    users = frames.users
    names = users["name"].to_numpy()[(users["uid"] == uid).to_numpy() & (users["host"] == host).to_numpy()]
    return str(names[0]) if len(names) else ""


def on_host(ids: np.ndarray, hosts: np.ndarray) -> np.ndarray:
    """int64: ids (of less than 33 bits) and their hosts as one number, below 0 where there is no id."""
    wide = ids.astype(np.int64, copy=False)
    return np.where(wide < 0, -1, wide | hosts.astype(np.int64) << _HOST) if hosts.any() else wide
