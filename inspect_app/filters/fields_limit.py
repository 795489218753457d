"""How many descriptors each process may have open, at every event: RLIMIT_NOFILE.

The snapshot tells what was so at the beginning; setrlimit and prlimit change it, a fork hands it down.
"""

from __future__ import annotations

import struct

import numpy as np

from capture.format.pieces import each_piece
from capture.model.abi import ABIS
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import arguments_of, rows_of
from inspect_app.filters.entities import entity_array, event_array
from inspect_app.filters.facets import Facets, NumberFacet
from inspect_app.filters.field import Field, FieldType
from inspect_app.filters.fields_standing import process_meant
from inspect_app.filters.holding_counts import held_counts
from inspect_app.filters.states import process_lives
from inspect_app.frames.capture import CaptureFrames

_RLIMIT_NOFILE = 7
_WIDE, _NARROW = struct.Struct("<q"), struct.Struct("<i")


def descriptor_limits(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    """The limits that there were (int64, -1 not known), and which holds at each event (-1 none)."""
    return remember(frames, "descriptor limits", lambda: _limits(frames))


def _limits(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
    rows = rows_of(frames, lambda name: name in ("setrlimit", "prlimit64"))
    done = event_array(frames, "ret")[rows] == 0
    is_set = rows_of(frames, lambda name: name == "setrlimit")
    own = np.isin(rows, is_set)
    first, second, third = arguments_of(frames, [(at, rows) for at in range(3)])
    resource, given = np.where(own, first, second), np.where(own, second, third)
    chosen = done & (resource == _RLIMIT_NOFILE) & (given != 0)
    rows, own = rows[chosen], own[chosen]
    caller = event_array(frames, "process")[rows]
    owner = np.where(own, caller, process_meant(frames, rows, 0))
    told = np.array([_told(frames, row) for row in rows.tolist()], np.int64)
    known = owner >= 0
    values = np.concatenate((told[known], entity_array(frames, "process", "fd_limit")))
    return values, process_lives(frames).holding(owner[known], rows[known])


def _told(frames: CaptureFrames, row: int) -> int:
    """The soft limit that a call set, -1 where it was not recorded."""
    recorded = frames.source.address(row) or b""
    is_wide = ABIS[int(event_array(frames, "abi")[row])] != "i386" or _is_prlimit(frames, row)
    form = _WIDE if is_wide else _NARROW
    return max(-1, form.unpack_from(recorded)[0]) if len(recorded) >= form.size else -1


def _is_prlimit(frames: CaptureFrames, row: int) -> bool:
    return bool(frames.events["type"].iat[row] == "prlimit64")


def _limit(frames: CaptureFrames, _argument: str) -> Facets:
    values, of_event = descriptor_limits(frames)
    return (NumberFacet(values, values < 0, of_event),)


def _usage(frames: CaptureFrames, _argument: str) -> Facets:
    values, of_event = descriptor_limits(frames)
    counts, held = held_counts(frames)
    # The last of both is what -1 points to.
    limits, open_ = np.append(values, -1), np.append(counts, 0).astype(np.int64)
    largest = 100 * int(open_.max()) // int(limits[limits > 0].min(initial=1 << 62))
    percent = np.empty(len(held), np.min_scalar_type(-largest - 1))
    unknown = np.empty(len(held), np.bool_)

    def fill(rows: slice) -> None:
        most, used = limits.take(of_event[rows], mode="wrap"), open_.take(held[rows], mode="wrap")
        unknown[rows] = most <= 0
        percent[rows] = np.where(most > 0, 100 * used // np.maximum(most, 1), 0)

    each_piece(len(held), fill)
    return (NumberFacet(percent, unknown),)


def _no_limits(frames: CaptureFrames) -> str:
    if descriptor_limits(frames)[0].max(initial=-1) >= 0:
        return ""
    return "proc.fdlimit: this capture tells of no process how many descriptors it may open"


LIMIT_FIELDS = (
    Field(
        "proc.fdlimit",
        FieldType.INTEGER,
        "Limit",
        "most descriptors that it might have open at that moment",
        _limit,
        lacking=_no_limits,
    ),
    Field(
        "proc.fdusage",
        FieldType.INTEGER,
        "Usage",
        "descriptors that it held at that moment, in percent of its limit",
        _usage,
        lacking=_no_limits,
    ),
)
