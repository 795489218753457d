"""Distinct texts of a field in an order that answers many comparisons without looking at each text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.facets import TextFacet
from inspect_app.frames.capture import CaptureFrames

_PATIENCE = 2
"""Comparisons of a kind that are made sooner than texts are arranged for them."""
_PATTERNED = re.compile(r"[*?[]")


class TextIndex:
    """The distinct values of a facet. Arranging them costs more than one comparison: it is for many."""

    def __init__(self, values: Sequence[str], *, patience: int = 0) -> None:
        """`patience`: so many comparisons of a kind are left to be made text by text."""
        self._values = values
        self._patience = patience
        self._asked = Counter[str]()

    def decide(self, operator: str, constants: Sequence[str]) -> np.ndarray | None:
        """bool[values]: which of them meet a comparison; None where each has to be looked at."""
        find = self._FINDERS.get(operator)
        if find is None or (operator == "pmatch" and any(map(_PATTERNED.search, constants))):
            return None
        self._asked[find.__name__] += 1
        if self._asked[find.__name__] <= self._patience:
            return None
        decided = np.zeros(len(self._values), np.bool_)
        for constant in constants:
            decided[find(self, constant)] = True
        return ~decided if operator == "!=" else decided

    @cached_property
    def _place(self) -> dict[str, int]:
        return {value: at for at, value in enumerate(self._values)}

    @cached_property
    def _forwards(self) -> tuple[list[str], np.ndarray]:
        return _sorted(self._values)

    @cached_property
    def _backwards(self) -> tuple[list[str], np.ndarray]:
        return _sorted([value[::-1] for value in self._values])

    def _equal(self, constant: str) -> list[int]:
        at = self._place.get(constant)
        return [] if at is None else [at]

    def _beginning(self, constant: str) -> np.ndarray:
        return _with_prefix(*self._forwards, constant)

    def _below(self, constant: str) -> np.ndarray:
        path = constant.rstrip("/")
        return np.append(self._equal(path), self._beginning(f"{path}/")).astype(np.int64)

    def _ending(self, constant: str) -> np.ndarray:
        return _with_prefix(*self._backwards, constant[::-1])

    _FINDERS: dict[str, Callable[[TextIndex, str], np.ndarray | list[int]]] = {  # noqa: RUF012  never changed
        "=": _equal,
        "!=": _equal,
        "in": _equal,
        "intersects": _equal,
        "startswith": _beginning,
        "endswith": _ending,
        "pmatch": _below,
    }


def index_of(frames: CaptureFrames, facet: TextFacet) -> TextIndex:
    """The index of a facet's values; facets of the same values share one."""
    # The index holds the values, so that no others can come to be at their place.
    return remember(frames, ("index", id(facet.values)), lambda: TextIndex(facet.values, patience=_PATIENCE))


def _sorted(values: Sequence[str]) -> tuple[list[str], np.ndarray]:
    order = sorted(range(len(values)), key=values.__getitem__)
    return [values[at] for at in order], np.array(order, np.int64)


def _with_prefix(ordered: list[str], places: np.ndarray, prefix: str) -> np.ndarray:
    begin = bisect_left(ordered, prefix)
    end = bisect_right(ordered, prefix, begin, key=lambda value: value[: len(prefix)])
    return places[begin:end]
