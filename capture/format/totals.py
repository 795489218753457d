"""What the end blocks of several files that are one recording tell together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_NUMBERS = ("late", "counted")
_MAPS = ("lost", "masked", "filtered")


def totals_of(endings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The last end block, with what each file counts for itself added up; what none has is not there."""
    sums: dict[str, Any] = {name: _sum(ending.get(name) for ending in endings) for name in _NUMBERS}
    for name in _MAPS:
        counted = [ending[name] for ending in endings if name in ending]
        sums |= {name: sums_of(counted)} if counted else {}
    return {**endings[-1], **sums}


def sums_of(maps: Iterable[object]) -> dict[str, int]:
    """Numbers of the same name added up; what is no map or no number is passed over."""
    sums: dict[str, int] = {}
    for values in maps:
        for name, value in values.items() if isinstance(values, Mapping) else ():
            sums[str(name)] = sums.get(str(name), 0) + _sum([value])
    return sums


def _sum(values: Iterable[object]) -> int:
    return sum(value for value in values if isinstance(value, int))
