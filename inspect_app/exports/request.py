"""What shall be exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.analysis.selection import Selection, TimeRange, select
from inspect_app.exports.source import Source, source_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.sorting import default_order
from inspect_app.views.table import ViewTable, apply_view
from inspect_app.views.view import View


@dataclass(frozen=True, eq=False)
class Request:
    """A selection of events, or the rows of a view on it."""

    frames: CaptureFrames
    selection: Selection
    source: Source
    table: ViewTable | None = None
    """The view's rows; None: events."""
    order: np.ndarray | None = None
    """int64, positions of the table's rows in their order; None: there is no table."""


def request_of(
    frames: CaptureFrames,
    *,
    window: TimeRange | None = None,
    filters: Sequence[str] = (),
    view: View | None = None,
) -> Request:
    """What a window and filters choose.

    Raises:
        FilterError: A filter is none, or asks for what this capture cannot tell.
    """
    selection = select(frames, window, filters)
    if view is None:
        return Request(frames, selection, source_of(frames, selection, filters=filters, window=window))
    table = apply_view(view, frames, selection, window=window)
    order = default_order(table)
    source = source_of(frames, selection, filters=filters, window=window, view=view.id, rows=len(order))
    return Request(frames, selection, source, table, order)
