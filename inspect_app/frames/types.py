"""What events are called, and how many bytes they moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType

import numpy as np
import pandas as pd

from capture.format import Zeros, in_memory
from capture.format.pieces import each_piece, rows_where
from capture.model.catalogue import BETWEEN_DESCRIPTORS, CATALOGUE, event_name
from capture.model.events import Category, Returns

_MOVES_BYTES = np.array(
    [
        spec.returns == Returns.SIZE
        and (spec.category in (Category.IO_READ, Category.IO_WRITE) or spec.name in BETWEEN_DESCRIPTORS)
        for spec in CATALOGUE
    ]
    + [False]
)


def event_types(kind: np.ndarray, code: np.ndarray, flags: np.ndarray, machine: str) -> pd.Categorical:
    """The names of events: those of the catalogue, then the unknown ones that were seen.

    `kind`, int16, becomes part of it where all are known.
    """
    codes = kind
    unknown = rows_where(len(kind), lambda rows: kind[rows] < 0)
    names = [spec.name for spec in CATALOGUE]
    if len(unknown):
        codes = kind.copy()
        seen, inverse = np.unique(code[unknown].astype(np.int64) << 16 | flags[unknown], return_inverse=True)
        called = [event_name(machine, key >> 16, key & 0xFFFF) for key in seen.tolist()]
        places = {name: len(names) + at for at, name in enumerate(dict.fromkeys(called))}
        codes[unknown] = np.array([places[name] for name in called], np.int16)[inverse]
        names += places
    return pd.Categorical.from_codes(codes, pd.Index(names, dtype="str"), validate=False)


def rows_of_types(kinds: pd.Series, names: Iterable[str]) -> np.ndarray:
    """int64, ascending: the rows of a column of types that have one of some names."""
    wanted = np.append(kinds.cat.categories.isin(list(names)), False)  # the last is what -1 points to
    codes = kinds.cat.codes.to_numpy()
    return rows_where(len(codes), lambda rows: wanted[codes[rows]])


PEEK, PEEKS = 2, MappingProxyType({"recvfrom": 3, "recvmsg": 2})
"""MSG_PEEK of linux/socket.h, and the argument that has it."""
_SUM, _MESSAGES = 5, ("sendmmsg", "recvmmsg")
"""The place behind the arguments in which the recorder puts the bytes of several messages."""
_ASKED = np.array(
    [_SUM if spec.name in _MESSAGES else PEEKS.get(spec.name, 0) for spec in CATALOGUE] + [0], np.int8
)
"""By kind, which argument tells what a call moved, beside its result; 0 none."""


def sizes(
    kind: np.ndarray,
    ret: np.ndarray,
    arguments: Callable[[int, np.ndarray], np.ndarray],
    zeros: Zeros = in_memory,
) -> np.ndarray:
    """int64: bytes that a successful read, write, send or receive moved, else 0.

    What was only peeked at counts when it is received.
    """
    found = zeros("size", "<i8", len(kind))

    def fill(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        moved, asks = np.maximum(ret[rows], 0), _ASKED.take(kind[rows])
        np.multiply(moved, _MOVES_BYTES.take(kind[rows]), out=found[rows])
        asking = np.flatnonzero((asks > 0) & (moved > 0))
        return asking + rows.start, asks[asking]

    parts = each_piece(len(kind), fill)
    if not parts:
        return found
    asking, asks = (np.concatenate(column) for column in zip(*parts, strict=True))
    several = asking[asks == _SUM]
    # These return how many messages.
    found[several] = np.minimum(arguments(_SUM, several), np.uint64(1 << 62)).astype(np.int64)
    for argument in PEEKS.values():
        received = asking[asks == argument]
        found[received[arguments(argument, received) & np.uint64(PEEK) != 0]] = 0
    return found
