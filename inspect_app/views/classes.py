"""Which measures an event counts in, as one small number.

A view has up to a dozen measures, each a condition. Of all combinations in which events meet them only a few
dozen occur: the classes. So an event is put down once, under its group and class, and what a measure takes
is the sum over some classes; a condition takes no list of events, and a further column no further pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from inspect_app.filters.cache import cache_of
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.parting import Parting


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
    if new:
        parting = Parting(frames, known.of_event, known.count)
        before, of_event, held = parting.tell_apart([parting.understand(parse(one)) for one in new])
        holds = {other: bits[before] for other, bits in known.holds.items()}
        known = Classes(of_event, len(before), {**holds, **dict(zip(new, held, strict=True))})
    kept["classes"] = known
    return known


def why_not_told(frames: CaptureFrames, condition: str) -> str:
    """Why the capture cannot tell which events meet a condition; empty where it can."""
    try:
        Parting(frames, np.zeros(0, np.uint8), 1).understand(parse(condition))
    except NotEvaluableError as error:
        return str(error)
    return ""
