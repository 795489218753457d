"""The order of a list of events by what one of its columns says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.entities import field_cells
from inspect_app.views.sorting import order_cells

TIME = "time"
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "took": "evt.latency",
        "process": "proc.name",
        "event": "evt.type",
        "result": "evt.rawres",
        "tid": "thread.tid",
        "container": "container.name",
    }
)
"""What a list of events can be sorted by besides time, and the field that holds it."""


def order_events(
    frames: CaptureFrames, rows: np.ndarray, column: str, *, descending: bool = False
) -> np.ndarray:
    """The ascending rows of events in another order, uint32; equal ones stay in order of time.

    `column`: `time` or one of `FIELDS`; KeyError for another.
    """
    if column == TIME:
        return rows[::-1] if descending else rows
    ordered: np.ndarray = rows[order_cells(field_cells(FIELDS[column], frames, rows), descending)]
    return ordered
