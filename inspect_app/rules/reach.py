"""The events of a capture by type, for rules that look at a few types alone."""

from __future__ import annotations

import numpy as np

from inspect_app.filters.facets import TextFacet
from inspect_app.filters.fields import FIELDS
from inspect_app.frames.capture import CaptureFrames

_TYPE = "evt.type"


class EventTypes:
    """The events of a capture by type."""

    def __init__(self, frames: CaptureFrames) -> None:
        (facet,) = FIELDS[_TYPE].facets(frames)
        assert isinstance(facet, TextFacet)  # noqa: S101 - the table says so
        self._names = list(facet.values)
        self._codes = facet.event_codes()

    def rows(self, types: frozenset[str] | None) -> np.ndarray | None:
        """Row numbers of the events of these types, in order; None: all."""
        if types is None:
            return None
        wanted = np.array([*(name in types for name in self._names), False], np.bool_)
        rows: np.ndarray = np.flatnonzero(wanted[self._codes])
        return rows
