"""Which events a condition can hold for at all, by their type: no others need be looked at."""

from __future__ import annotations

import numpy as np

from inspect_app.filters.expression import And, Compare, FieldOperand, Node, Or
from inspect_app.filters.facets import TextFacet
from inspect_app.filters.fields import FIELDS
from inspect_app.frames.capture import CaptureFrames

_TYPE = "evt.type"


def types_of(node: Node) -> frozenset[str] | None:
    """Names of types that a condition asks for; None: it may hold for any."""
    match node:
        case Compare(FieldOperand(field), operator, values, modifier) if field.name == _TYPE:
            names_one = operator in ("=", "in", "intersects") and modifier in ("", "anyof", "oneof")
            return frozenset(value.text for value in values) if names_one else None
        case And(parts):
            known = [types for part in parts if (types := types_of(part)) is not None]
            return frozenset.intersection(*known) if known else None
        case Or(parts):
            each = [types_of(part) for part in parts]
            known = [types for types in each if types is not None]
            return frozenset.union(*known) if len(known) == len(each) else None
        case _:
            return None


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
