"""Which events meet a condition, kept for as long as the capture is open.

Views and tiles ask the same few dozen questions again and again, over changing windows. Each is
evaluated once over the whole capture; a window then costs two binary searches.
"""

from __future__ import annotations

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.language import parse
from inspect_app.filters.matching import rows_matching
from inspect_app.frames.capture import CaptureFrames


def matching_rows(frames: CaptureFrames, condition: str) -> np.ndarray:
    """The rows of the events that meet a condition, uint32, ascending; every row for an empty one.

    Raises:
        FilterError: The condition is not one.
    """

    def find() -> np.ndarray:
        if not condition:
            return np.arange(len(frames.events), dtype=np.uint32)
        return rows_matching(parse(condition), frames).astype(np.uint32)

    return remember(frames, ("matching rows", condition), find)


def within(rows: np.ndarray, selected: np.ndarray | slice, total: int) -> np.ndarray:
    """Those of the ascending `rows` that are selected.

    Args:
        rows: Ascending rows of events.
        selected: A slice of the capture, or ascending rows.
        total: How many events the capture has.
    """
    if isinstance(selected, slice):
        start, stop, _ = selected.indices(total)
        first, last = np.searchsorted(rows, (start, stop))
        part: np.ndarray = rows[first:last]
        return part
    if not len(rows) or not len(selected):
        return rows[:0]
    inside = np.zeros(total, dtype=bool)
    inside[selected] = True
    chosen: np.ndarray = rows[inside[rows]]
    return chosen
