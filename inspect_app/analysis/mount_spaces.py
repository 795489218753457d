"""In which mount namespace processes were: their creator's, until they made or entered another one."""

from __future__ import annotations

import struct

import numpy as np

from capture.format.joins import Latest, codes_of
from inspect_app.filters.cache import remember
from inspect_app.filters.holding_entries import forks_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.types import rows_of_types

_MNT = struct.Struct("<I")
"""How the text of a ns_change begins: the inode of the mount namespace."""
_GENERATIONS = 64


def mount_spaces(frames: CaptureFrames, process: np.ndarray, row: np.ndarray) -> np.ndarray:
    """int64: the inode of the mount namespace of each process just before a row of events; -1 not known."""
    known, value = remember(frames, ("mount namespaces",), lambda: _entries(frames))
    forks = remember(frames, ("forks",), lambda: forks_of(frames))
    parents = frames.processes["parent"].to_numpy()
    found = np.full(len(process), -1, np.int64)
    asked, process, row = np.arange(len(process)), process.astype(np.int64), row.astype(np.int64)
    for _ in range(_GENERATIONS):
        if not len(asked):
            break
        entry = known.find(process, row)
        found[asked[entry >= 0]] = value[entry[entry >= 0]]
        up = np.flatnonzero((entry < 0) & (forks[process] >= 0) & (parents[process] >= 0))
        asked, row, process = asked[up], forks[process[up]], parents[process[up]].astype(np.int64)
    return found


def home_spaces(frames: CaptureFrames) -> np.ndarray:
    """int64: the mount namespace of each host's first process, -1 not known."""
    first = np.flatnonzero((frames.processes["pid"] == 1).to_numpy())
    found = np.full(max(len(frames.hosts), 1), -1, np.int64)
    found[frames.processes["host"].to_numpy()[first]] = frames.processes["mntns"].to_numpy()[first]
    return found


def _entries(frames: CaptureFrames) -> tuple[Latest, np.ndarray]:
    listed = np.flatnonzero((frames.processes["mntns"] >= 0).to_numpy())
    changes = rows_of_types(frames.events["type"], ("ns_change",))
    process = frames.events["process"].to_numpy()
    changes = changes[process[changes] >= 0]
    _, code = codes_of(frames.source.text_codes(changes)[1])
    _, example = np.unique(code, return_index=True)
    told = [_space(frames.source.texts(int(changes[at]))[1]) for at in example.tolist()]
    after = np.array(told or [-1], np.int64)[code]
    told_rows = np.flatnonzero(after >= 0)
    changes, after = changes[told_rows], after[told_rows]
    who = np.concatenate((listed, process[changes])).astype(np.int64)
    since = np.concatenate((np.full(len(listed), -1), changes))
    value = np.concatenate((frames.processes["mntns"].to_numpy()[listed], after))
    return Latest(who, since, len(frames.processes)), value


def _space(text: bytes | None) -> int:
    return int(_MNT.unpack_from(text)[0]) if text and len(text) >= _MNT.size else -1
