"""Files that were written by a call on another descriptor: what `cp` does without a single write."""

from __future__ import annotations

import numpy as np

from capture.format.joins import Latest, pair_codes
from capture.format.pieces import rows_where
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at, rows_of
from inspect_app.filters.entities import event_array
from inspect_app.frames.capture import CaptureFrames

_TO = 2
"""The argument of copy_file_range and splice that is the descriptor which is written to."""
_CLONES = (0x40049409, 0x4020940D)
"""FICLONE and FICLONERANGE of linux/fs.h: ioctl on the file that is written to."""


def copies(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """The calls that copied within the kernel, and what each wrote to.

    Rows of events (int64, ascending) and rows of descriptors (-1 not known: the number was made before the
    recording, or handed down, and not used since).
    """
    return remember(frames, "copies", lambda: _find(frames))


def _find(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    thing, ret = event_array(frames, "descriptor"), event_array(frames, "ret")
    clones = rows_of(frames, "ioctl".__eq__)
    clones = clones[ret[clones] == 0]
    if len(clones):
        asked = argument_at(frames, 1, clones) & np.uint64(0xFFFFFFFF)
        clones = clones[np.isin(asked, np.array(_CLONES, np.uint64))]
    copied, spliced = (rows_of(frames, name.__eq__) for name in ("copy_file_range", "splice"))
    copied, spliced = copied[ret[copied] > 0], spliced[ret[spliced] > 0]
    moved = np.concatenate((copied, spliced))
    told = np.concatenate((thing[copied], np.full(len(spliced), -1)))
    rows = np.concatenate((clones, moved))
    written = np.concatenate((thing[clones], np.where(told >= 0, told, behind_numbers(frames, moved, _TO))))
    order = np.argsort(rows, kind="stable")
    return rows[order], written[order].astype(np.int64)


def behind_numbers(frames: CaptureFrames, rows: np.ndarray, argument: int) -> np.ndarray:
    """What the process had last used, or made, under the number that is an argument of each; -1 unknown."""
    if not len(rows):
        return np.empty(0, np.int64)
    process, fd, thing = (event_array(frames, name) for name in ("process", "fd", "descriptor"))
    copying = np.zeros(len(frames.processes) + 1, bool)
    copying[process[rows]] = True
    copying[-1] = False
    uses = rows_where(len(thing), lambda some: copying[process[some]] & (thing[some] >= 0) & (fd[some] >= 0))
    number = argument_at(frames, argument, rows).astype(np.uint32).view(np.int32)
    owners = np.concatenate((process[uses], process[rows]))
    _, _, code = pair_codes(owners, np.concatenate((fd[uses], number)))
    known = Latest(code[: len(uses)], uses, int(code.max(initial=-1)) + 1)
    found = known.find(code[len(uses) :], rows)
    return np.where(found >= 0, np.append(thing[uses], -1)[found], -1).astype(np.int64)
