"""Parameters of events, found for all events of one kind at once: where each lies, and what numbers say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.format.convert.headers import Headers, as_numbers
from capture.format.convert.kinds import MAX_PARAMETERS, Parameter, kinds

Array = np.ndarray[Any, np.dtype[Any]]

MISSING = np.iinfo(np.int64).min
"""Stands for a number that is not recorded."""
_WIDTHS = {1: "1", 2: "2", 4: "4", 8: "8"}


@dataclass(frozen=True, slots=True)
class Group:
    """Events of one kind and direction that have the same number of parameters."""

    type: int
    rows: Array
    """int64: which events."""
    at: Array
    """int64 (parameters, events): where each lies."""
    sizes: Array
    """int64: its bytes; 0 not recorded."""
    parameters: tuple[Parameter, ...]
    """What is known of them: fewer than there are where a newer recorder has added some."""

    @property
    def surplus(self) -> int:
        """How many parameters of each event are not known, of a kind that is."""
        if self.type & ~1 not in kinds():
            return 0
        return max(len(self.at) - len(self.parameters), 0)


def grouped(headers: Headers, data: Array) -> Iterator[Group]:
    """The events by kind, direction and number of parameters; of a kind its beginnings first.

    Events whose parameters do not fit into their block are in none.
    """
    order = np.argsort(headers.type, kind="stable")
    of_type = headers.type[order]
    cuts = np.flatnonzero(np.diff(of_type)) + 1
    for rows in np.split(order, cuts) if len(order) else ():
        number = int(headers.type[rows[0]])
        kind = kinds().get(number & ~1)
        known = kind.parameters(number) if kind else ()
        yield from _with_counts(headers, data, rows, number, known)


def _with_counts(
    headers: Headers, data: Array, rows: Array, number: int, known: tuple[Parameter, ...]
) -> Iterator[Group]:
    count, wide = headers.count[rows], headers.wide[rows]
    for is_wide in (False, True):
        of_width = wide == is_wide
        for told in _distinct(count[of_width]):
            some = rows[of_width & (count == told)]
            if told >= 0:
                count_here, width = min(told, MAX_PARAMETERS), 4 if is_wide else 2
                at, sizes, fits = _places(headers, data, some, count_here, width)
                if not fits.all():
                    some, at, sizes = some[fits], at[:, fits], sizes[:, fits]
                if len(some):
                    yield Group(number, some, at, sizes, known[:count_here])
            else:
                yield from _uncounted(headers, data, some, number, known)


def _distinct(values: Array) -> list[int]:
    """Ascending; nearly always there is one."""
    if not len(values):
        return []
    least, most = int(values.min()), int(values.max())
    return [least] if least == most else [int(value) for value in np.unique(values)]


def _places(headers: Headers, data: Array, rows: Array, count: int, width: int) -> tuple[Array, Array, Array]:
    start = headers.sizes_at[rows]
    end = headers.end[rows]
    fits = start + width * count <= end
    at, sizes = np.empty((2, count, len(rows)), np.int64)
    told = as_numbers(data, f"<u{width}")
    within = start if fits.all() else np.where(fits, start, 0)
    place = start + width * count
    for parameter in range(count):
        size = told[within + width * parameter]
        at[parameter], sizes[parameter] = place, size
        place = place + size
    return at, sizes, fits & (place <= end)


def _uncounted(
    headers: Headers, data: Array, rows: Array, number: int, known: tuple[Parameter, ...]
) -> Iterator[Group]:
    """Old files do not say how many parameters there are: as many as fill the event exactly."""
    for count in range(len(known), -1, -1):
        if not len(rows):
            return
        at, sizes, fits = _places(headers, data, rows, count, 2)
        filled = at[-1] + sizes[-1] if count else headers.sizes_at[rows]
        exact = fits & (np.abs(headers.end[rows] - filled) <= _slack(number))
        if exact.any():
            yield Group(number, rows[exact], at[:, exact], sizes[:, exact], known[:count])
        rows = rows[~exact]
    if len(rows):
        # Of no number of parameters that we know: the event is kept, its parameters are not read.
        nothing = np.zeros((0, len(rows)), np.int64)
        yield Group(number, rows, nothing, nothing, ())


_MISCOUNTED = (280, 286)
"""Old recorders stated three bytes too many for notifications and infrastructure events."""


def _slack(number: int) -> int:
    return 3 if number in _MISCOUNTED else 0


def numbers(data: Array, at: Array, sizes: Array, *, signed: bool) -> Array:
    """int64: what parameters say as numbers, MISSING where there is none."""
    if not len(sizes):
        return np.empty(0, np.int64)
    first = int(sizes[0])
    if first in _WIDTHS and bool((sizes == first).all()):
        dtype = f"<{'i' if signed else 'u'}{first}"
        return as_numbers(data, dtype)[at].astype(np.int64)
    result = np.full(len(sizes), MISSING, np.int64)
    for width in _WIDTHS:
        some = np.flatnonzero(sizes == width)
        if len(some):
            dtype = f"<{'i' if signed else 'u'}{width}"
            result[some] = as_numbers(data, dtype)[at[some]].astype(np.int64)
    return result
