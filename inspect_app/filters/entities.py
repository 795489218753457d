"""Columns of the frames as facets: what an event's process, program, descriptor, container or user says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.facets import NumberFacet, TextFacet, distinct, look_up, occurring
from inspect_app.frames.capture import CaptureFrames

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
    return remember(frames, "user rows", lambda: user_rows(frames, event_array(frames, "uid")))


def entity_array(frames: CaptureFrames, entity: str, column: str) -> np.ndarray:
    """One column of an entity's frame."""
    values: np.ndarray = getattr(frames, _TABLE_OF[entity])[column].to_numpy()
    return values


def entity_text(
    frames: CaptureFrames, entity: str, column: str, *, empty_is_missing: bool = True
) -> TextFacet:
    """A text column of an entity's frame, over events."""

    def compute() -> TextFacet:
        texts = entity_array(frames, entity, column).astype(object)
        codes, values = distinct(text if isinstance(text, str) and (text or not empty_is_missing) else None
                                 for text in texts)  # fmt: skip
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


def user_rows(frames: CaptureFrames, uids: np.ndarray) -> np.ndarray:
    """User ids → rows of users, -1 unknown; the first row where an id occurs twice."""

    known, first = np.unique(frames.users["uid"].to_numpy(), return_index=True)
    codes, found = occurring(uids)
    rows = np.full(len(found), -1, np.int32)
    if len(known):
        at = np.minimum(np.searchsorted(known, found), len(known) - 1)
        rows = np.where(known[at] == found, first[at], -1).astype(np.int32)
    of_uid: np.ndarray = rows[codes]
    return of_uid


def since_start(frames: CaptureFrames, entity: str, starts: np.ndarray) -> NumberFacet:
    """How long before each event its entity began, ns; missing where the beginning is not known (below 0)."""
    rows = event_rows(frames, entity)
    begun = look_up(starts, rows, missing=-1)
    return NumberFacet(event_array(frames, "time") - begun, begun < 0)
