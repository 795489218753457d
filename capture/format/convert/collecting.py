"""What the parameters of a piece's events say, one value an event of ours: numbers, and where bytes lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from capture.format.convert.kinds import Parameter
from capture.format.convert.numbers import TRANSLATIONS
from capture.format.convert.parameters import MISSING, Group, numbers

Array = np.ndarray[Any, np.dtype[Any]]

_NOT_TOLD = (b"<NA>", b"(NULL)")
"""What recorders write where a program gave no text."""


@dataclass
class Slices:
    """Bytes of the piece, a run an event; a length of -1 is not recorded."""

    at: Array
    size: Array


@dataclass
class Collected:
    """Values by role; a role that no event has is in neither."""

    count: int
    data: Array
    numbers: dict[str, Array] = field(default_factory=dict)
    """int64, MISSING where not recorded."""
    slices: dict[str, Slices] = field(default_factory=dict)
    surplus: int = 0
    """Parameters that are not known."""

    def number(self, role: str) -> Array:
        """The values of a role, MISSING everywhere where no event has it."""
        if role not in self.numbers:
            self.numbers[role] = np.full(self.count, MISSING, np.int64)
        return self.numbers[role]

    def slice(self, role: str) -> Slices:
        """The runs of a role."""
        if role not in self.slices:
            nothing = np.full(self.count, -1, np.int64)
            self.slices[role] = Slices(np.zeros(self.count, np.int64), nothing)
        return self.slices[role]

    def add(self, group: Group, row_of: Array) -> None:
        """Take a group's parameters.

        Args:
            group: ends come after beginnings, and count where both tell something.
            row_of: our event of each event of the piece, -1 none.
        """
        target = row_of[group.rows]
        kept = np.flatnonzero(target >= 0)
        whole = len(kept) == len(target)
        self.surplus += group.surplus * len(kept)
        for place, parameter in enumerate(group.parameters):
            if not parameter.roles:
                continue
            at, sizes = group.at[place], group.sizes[place]
            if not whole:
                at, sizes = at[kept], sizes[kept]
            self._take(parameter, target if whole else target[kept], at, sizes)

    def _take(self, parameter: Parameter, target: Array, at: Array, sizes: Array) -> None:
        if parameter.type in "su":
            values = numbers(self.data, at, sizes, signed=parameter.type == "s")
            for role in parameter.roles:
                told = (
                    TRANSLATIONS[role.numbers].translated(values).view(np.int64) if role.numbers else values
                )
                self._store(role.target, target, told, values != MISSING)
            return
        if parameter.type == "t":
            sizes = self._text_sizes(at, sizes)
        for role in parameter.roles:
            runs = self.slice(role.target)
            some = np.flatnonzero(sizes >= (0 if parameter.type == "t" else 1))
            if len(some) < len(target):
                target, at, sizes = target[some], at[some], sizes[some]
            runs.at[target], runs.size[target] = at, sizes

    def _store(self, role: str, target: Array, values: Array, present: Array) -> None:
        column = self.number(role)
        if present.all():
            column[target] = values
        else:
            column[target[present]] = values[present]

    def _text_sizes(self, at: Array, sizes: Array) -> Array:
        """Without the closing NUL; -1 where nothing is recorded."""
        told = sizes > 0
        closed = told & (self.data[at + np.maximum(sizes, 1) - 1] == 0)
        result = np.where(told, sizes - closed, -1)
        for mark in _NOT_TOLD:
            alike = np.flatnonzero(result == len(mark))
            if len(alike):
                is_mark = np.ones(len(alike), bool)
                for place, byte in enumerate(mark):
                    is_mark &= self.data[at[alike] + place] == byte
                result[alike[is_mark]] = -1
        return result


def end_to_end(data: Array, at: Array, sizes: Array) -> Array:
    """The bytes of runs, one run after another; a negative size is none."""
    having = np.flatnonzero(sizes > 0)
    if not len(having):
        return np.empty(0, np.uint8)
    at, sizes = at[having], sizes[having]
    ends = np.cumsum(sizes)
    shift = np.repeat(at - (ends - sizes), sizes)
    shift += np.arange(int(ends[-1]))
    picked: Array = data[shift]
    return picked


def texts_of(data: Array, slices: Slices, rows: Array) -> list[bytes]:
    """Single texts, for what is rare."""
    raw = data.tobytes() if len(rows) > len(data) >> 8 else None
    at, size = slices.at[rows].tolist(), slices.size[rows].tolist()
    pick: Sequence[bytes] = [
        (raw[start : start + length] if raw is not None else data[start : start + length].tobytes())
        if length > 0
        else b""
        for start, length in zip(at, size, strict=True)
    ]
    return list(pick)
