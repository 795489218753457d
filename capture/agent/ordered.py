"""The heads of a batch in order of time: a column for each field, of which what differs is moved about."""

from __future__ import annotations

from typing import Any

import numpy as np

from capture.agent.heads import Heads
from capture.agent.order import Order
from capture.agent.records import STAMPED
from capture.format import Sparse, whole

_FEW = 32
"""Of so many events one may have another value than the rest."""
_RATHER_FEW = 8
"""Of so many events one may have a rare head, for frequent ones to be looked at by themselves."""

Array = np.ndarray[Any, np.dtype[Any]]


class Ordered:
    """Heads, and the order in which their events shall be.

    What most events do, a few heads tell; the rest, if they are few, are looked at one by one, and of a field
    in which those few heads are alike nothing else is.
    """

    def __init__(self, heads: Heads, order: Order) -> None:
        self.heads, self.order = heads, order
        self._columns: dict[str, Array | Sparse] = {}
        self._which: Array | None = None
        if heads.which is not None and heads.uses is not None:
            self._which, self._uses = order.of(heads.which), heads.uses
            is_rare = self._uses * (2 * _FEW) < len(heads)
            self._frequent = np.flatnonzero(~is_rare)
            """Heads that many events have, if these are nearly all."""
            self._others: Array | None = None
            """The events that have others."""
            self._are_mostly_single = 2 * len(self._uses) > len(heads)
            """Whether what few heads have is what few events have."""
            if int(self._uses[is_rare].sum()) * _RATHER_FEW <= len(heads):
                self._others = np.flatnonzero(is_rare[self._which])
                self._heads_of_others = self._which[self._others]

    def column(self, name: str) -> Array | Sparse:
        """The values of a field in order, of a type that may be narrower, in memory of their own.

        What all share is one value seen many times.
        """
        if name not in self._columns:
            self._columns[name] = self._made(name)
        return self._columns[name]

    def field(self, name: str) -> Array:
        """The same, whole."""
        return whole(self.column(name))

    def _made(self, name: str) -> Array | Sparse:
        column = self.heads.columns.get(name)
        if column is None or self._which is None or name in STAMPED:
            return self.order.of_column(self.heads.column(name))
        values = whole(column)
        if self._others is None and self._are_mostly_single and not isinstance(column, Sparse):
            return values.take(self._which)
        value = column.value[0] if isinstance(column, Sparse) else values[self._uses.argmax()]
        if self._others is None:
            return _spread(values, value, self._which, self._uses)
        frequent = values[self._frequent]
        if bool((frequent != frequent[0]).any()):
            return values.take(self._which)
        others = values[self._heads_of_others]
        differs = others != frequent[0]
        at, values = self._others[differs], others[differs]
        found = _sparse(len(self.heads), frequent[:1], at, values)
        return found if _are_few(len(at), len(self.heads)) else whole(found)


def _spread(values: Array, value: Any, which: Array, uses: Array) -> Array | Sparse:
    """The values of heads as those of events; most may have this one."""
    is_other = values != value
    if not _are_few(int(uses[is_other].sum()), len(which)):
        return values.take(which)
    at = np.flatnonzero(is_other[which])
    return _sparse(len(which), np.array([value], values.dtype), at, values[which[at]])


def _sparse(count: int, value: Array, at: Array, values: Array) -> Array | Sparse:
    return Sparse(count, value, at, values) if len(at) else np.broadcast_to(value, count)


def _are_few(number: int, count: int) -> bool:
    return number <= count // _FEW
