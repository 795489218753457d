"""Which measures an event counts in, as one small number.

A view has up to a dozen measures, each a condition. Of all combinations in which events meet them only a few
dozen occur: the classes. So an event is put down once, under its group and class, and what a measure takes
is the sum over some classes; a condition takes no list of events, and a further column no further pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from capture.format.pieces import each_piece
from inspect_app.filters.cache import cache_of
from inspect_app.filters.evaluate import evaluate_each
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames

_FEW = 8
"""A part of the events up to which only those that meet a condition are put into other classes."""
_TOGETHER = 6
"""Conditions that are told apart in one pass: each takes a byte an event meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Events that meet the same conditions are of one class."""

    of_event: np.ndarray
    """Unsigned, one an event: 0 … count - 1."""
    count: int = 1
    holds: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Condition → bool, one a class: its events meet it."""

    def meeting(self, condition: str) -> np.ndarray:
        """bool, one a class: those whose events meet a condition; all of them for an empty one."""
        return self.holds[condition] if condition else np.ones(self.count, bool)


def classes_of(frames: CaptureFrames, conditions: Iterable[str]) -> Classes:
    """The classes that tell these conditions apart, and those of which others asked before.

    Raises:
        FilterError: A condition is not one, or asks for what the capture cannot tell.
    """
    kept = cache_of(frames)
    known: Classes = kept.get("classes") or Classes(np.zeros(len(frames.events), np.uint8))
    new = [one for one in dict.fromkeys(conditions) if one and one not in known.holds]
    masks = evaluate_each([parse(one) for one in new], frames)
    for start in range(0, len(new), _TOGETHER):
        known = _told_apart(known, dict(zip(new[start : start + _TOGETHER], masks, strict=False)))
    kept["classes"] = known
    return known


def _told_apart(known: Classes, held: Mapping[str, np.ndarray]) -> Classes:
    """Each class parted into those of its events that meet the same of some conditions."""
    meeting = np.logical_or.reduce(list(held.values()))
    if np.count_nonzero(meeting) * _FEW <= len(meeting):
        return _set_apart(known, held, np.flatnonzero(meeting))
    width = 1 << len(held)
    occurs = np.zeros(known.count * width, bool)

    def parts(rows: slice) -> np.ndarray:
        bits = np.zeros(rows.stop - rows.start, np.uint8)
        for bit, mask in enumerate(held.values()):
            bits |= mask[rows].view(np.uint8) << np.uint8(bit)
        part: np.ndarray = known.of_event[rows].astype(np.intp) * width + bits
        return part

    def mark(rows: slice) -> None:
        occurs[parts(rows)] = True

    total = len(known.of_event)
    each_piece(total, mark)
    found = np.flatnonzero(occurs)
    numbers = np.zeros(len(occurs), np.min_scalar_type(max(len(found) - 1, 0)))
    numbers[found] = np.arange(len(found))
    of_event = np.empty(total, numbers.dtype)

    def number(rows: slice) -> None:
        numbers.take(parts(rows), out=of_event[rows], mode="clip")

    each_piece(total, number)
    holds = {other: bits[found // width] for other, bits in known.holds.items()}
    mine = {one: found >> bit & 1 == 1 for bit, one in enumerate(held)}
    return Classes(of_event, len(found), {**holds, **mine})


def _set_apart(known: Classes, held: Mapping[str, np.ndarray], rows: np.ndarray) -> Classes:
    """The same for conditions that few events meet: these get other classes, the rest keep theirs."""
    bits = np.zeros(len(rows), np.int64)
    for bit, mask in enumerate(held.values()):
        bits |= mask[rows].astype(np.int64) << bit
    found, place = np.unique(known.of_event[rows].astype(np.int64) << len(held) | bits, return_inverse=True)
    before = np.concatenate((np.arange(known.count), found >> len(held)))
    of_event = known.of_event.astype(np.min_scalar_type(len(before) - 1))
    of_event[rows] = known.count + place
    holds = {other: meets[before] for other, meets in known.holds.items()}
    none = np.zeros(known.count, bool)
    mine = {one: np.concatenate((none, found >> bit & 1 == 1)) for bit, one in enumerate(held)}
    return Classes(of_event, len(before), {**holds, **mine})
