"""Columns of the frames as facets: what an event's process, program, descriptor, container or user says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from inspect_app.filters.cache import remember
from inspect_app.filters.facets import NumberFacet, TextFacet, distinct, look_up, no_arrows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import account_rows

_TABLE_OF = {
    "process": "processes",
    "thread": "threads",
    "image": "images",
    "descriptor": "descriptors",
    "container": "containers",
    "user": "users",
}


def event_array(frames: CaptureFrames, column: str) -> np.ndarray:
    """A column of events as the array that it is: not a copy, and the same object each time."""
    return remember(frames, ("event", column), frames.events[column].to_numpy)


def event_rows(frames: CaptureFrames, entity: str) -> np.ndarray:
    """Event → row of an entity's frame, -1 none."""
    if entity != "user":
        return event_array(frames, entity)
    return remember(
        frames,
        "user rows",
        lambda: account_rows(frames.users, "uid", event_array(frames, "uid"), event_hosts(frames)).astype(
            no_arrows(0, len(frames.users)).dtype, copy=False
        ),
    )


def entity_array(frames: CaptureFrames, entity: str, column: str) -> np.ndarray:
    """One column of an entity's frame."""
    values: np.ndarray = getattr(frames, _TABLE_OF[entity])[column].to_numpy()
    return values


def entity_text(
    frames: CaptureFrames, entity: str, column: str, *, empty_is_missing: bool = True
) -> TextFacet:
    """A text column of an entity's frame, over events."""

    def compute() -> TextFacet:
        codes, found = pd.factorize(getattr(frames, _TABLE_OF[entity])[column])
        codes, values = codes.astype(np.int32), found.tolist()
        if empty_is_missing and "" in values:
            empty = values.index("")
            del values[empty]
            codes[codes == empty] = -1
            codes[codes > empty] -= 1
        return TextFacet(values, codes, event_rows(frames, entity))

    return remember(frames, ("text", entity, column, empty_is_missing), compute)


def entity_number(
    frames: CaptureFrames, entity: str, column: str, *, missing_below: int | None = 0
) -> NumberFacet:
    """A number column of an entity's frame, over events; numbers below the limit mean that there is none."""
    values = entity_array(frames, entity, column)
    missing = None if missing_below is None else values < missing_below
    return NumberFacet(values, missing, event_rows(frames, entity))


def rows_text(
    frames: CaptureFrames, entity: str, rows_key: str, tell: Callable[[int], str | None]
) -> TextFacet:
    """A text that is worked out for each row of an entity's frame."""

    def compute() -> TextFacet:
        count = len(getattr(frames, _TABLE_OF[entity]))
        codes, values = distinct(tell(row) for row in range(count))
        return TextFacet(values, codes, event_rows(frames, entity))

    return remember(frames, ("told", entity, rows_key), compute)


def event_hosts(frames: CaptureFrames, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Event → row of hosts, of some rows; one zero for all of them where there is one host alone."""
    if len(frames.hosts) < 2:
        return np.zeros(1, np.int32)
    of_event = remember(
        frames,
        "event hosts",
        lambda: look_up(entity_array(frames, "process", "host"), event_array(frames, "process"), missing=0),
    )
    found: np.ndarray = of_event[rows]
    return found


def since_start(frames: CaptureFrames, entity: str, starts: np.ndarray) -> NumberFacet:
    """How long before each event its entity began, ns; missing where the beginning is not known (below 0)."""
    rows = event_rows(frames, entity)
    begun = look_up(starts, rows, missing=-1)
    return NumberFacet(event_array(frames, "time") - begun, begun < 0)
