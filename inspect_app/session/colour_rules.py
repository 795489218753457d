"""Colour rules: which events stand on a ground of their own, under which sign.

A rule is a filter with a paint. Of several that an event meets, the first decides. A rule that is off, whose
filter is none, or which asks for what this capture cannot tell, decides nothing.

A paint is never a colour alone: each has a sign that is drawn beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.analysis.matches import matching_rows
from inspect_app.filters.errors import FilterError
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames

MAX_RULES = 50


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour, as the themes have it under the paint's place in `PAINTS`, and a sign."""

    id: str
    title: str
    sign: str


PAINTS = (
    Paint("blue", "Blue", "●"),
    Paint("orange", "Orange", "▲"),
    Paint("green", "Green", "■"),
    Paint("pink", "Pink", "◆"),
    Paint("yellow", "Yellow", "★"),
    Paint("red", "Red", "✖"),
    Paint("violet", "Violet", "▼"),
    Paint("grey", "Grey", "○"),
)
"""In the order of the themes' categorical colours, which are told apart by colour-blind readers."""


@dataclass(frozen=True, slots=True)
class ColourRule:
    """What to look for, and how to show it."""

    title: str
    condition: str
    paint: str = "blue"
    """The id of one of `PAINTS`."""
    is_on: bool = True
    in_tables: bool = False
    """Whether rows of tables that stand for such an event, among others, are painted too."""

    @property
    def place(self) -> int:
        """Where the paint stands in `PAINTS`."""
        return next((place for place, paint in enumerate(PAINTS) if paint.id == self.paint), 0)


OUR_RULES = (
    ColourRule("Programs started", "evt.type in (execve, execveat) and evt.failed = false", "green"),
    ColourRule("Connections made and taken", "evt.type in (connect, accept, accept4)", "blue"),
    ColourRule("Files opened to be written", "evt.is_open_write = true", "orange", is_on=False),
    ColourRule(
        "Failed calls", "evt.failed = true and not evt.res in (EAGAIN, EINPROGRESS)", "red", is_on=False
    ),
)
"""What is there before an analyst writes any; how calls end is said in red by the list anyway."""


def problem_of(condition: str) -> str:
    """What is wrong with a rule's filter, empty for nothing."""
    if not condition.strip():
        return "a filter is missing"
    try:
        parse(condition)
    except FilterError as error:
        return str(error)
    return ""


def marks_of_events(rules: Sequence[ColourRule], frames: CaptureFrames) -> np.ndarray:
    """uint8, one an event: 1 + the place of the first rule that it meets, 0 for none."""
    marks = np.zeros(len(frames.events), dtype=np.uint8)
    for place, found in reversed(_found(rules, frames, lambda rule: True)):
        marks[found] = place + 1
    return marks


def marks_of_rows(
    rules: Sequence[ColourRule],
    frames: CaptureFrames,
    rows_with: Callable[[np.ndarray], np.ndarray],
    count: int,
) -> np.ndarray:
    """uint8[count]: 1 + the place of the first rule that one of the row's events meets, 0 for none.

    `rows_with` tells for ascending rows of events, which of the `count` rows stand for one of them.
    """
    marks = np.zeros(count, dtype=np.uint8)
    for place, found in reversed(_found(rules, frames, lambda rule: rule.in_tables)):
        marks[rows_with(found)] = place + 1
    return marks


def _found(
    rules: Sequence[ColourRule], frames: CaptureFrames, wanted: Callable[[ColourRule], bool]
) -> list[tuple[int, np.ndarray]]:
    found = []
    for place, rule in enumerate(rules[:MAX_RULES]):
        if rule.is_on and wanted(rule) and rule.condition.strip():
            try:
                found.append((place, matching_rows(frames, rule.condition)))
            except FilterError:
                continue
    return found
