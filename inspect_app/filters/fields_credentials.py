"""Fields of what a thread may do at the moment of an event: its group and its capabilities.

They are told by the snapshot and by every change of credentials; a fork hands them down.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.model.credentials import capability_names, read_credentials
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import of_types
from inspect_app.filters.entities import entity_array, event_array, event_hosts
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, occurring
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.filters.states import thread_lives
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import account_rows

_LISTED = {"gid": "gid", "permitted": "cap_permitted", "effective": "cap_effective"}
"""Parts of credentials that the snapshot has → the column of processes."""
_MOST = (1 << 63) - 1


@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """All changes of credentials."""

    rows: np.ndarray
    before: np.ndarray
    after: np.ndarray
    """Positions in `texts`."""
    texts: list[bytes | None]


def _changes(frames: CaptureFrames) -> _Changes:
    def compute() -> _Changes:
        rows = np.flatnonzero(of_types(frames, lambda name: name == "cred_change"))
        sides = frames.source.text_codes(rows)
        texts: list[bytes | None] = []
        places = []
        for side, codes in enumerate(sides):
            place, kinds = occurring(codes)
            first = np.zeros(len(kinds), np.int64)
            first[place[::-1]] = rows[::-1]
            places.append(place + len(texts))
            texts.extend(frames.source.texts(row)[side] for row in first.tolist())
        return _Changes(rows, places[0], places[1], texts)

    return remember(frames, "credential changes", compute)


def _credential(frames: CaptureFrames, part: str) -> tuple[np.ndarray, np.ndarray]:
    """A part of credentials: its values (int64, -1 not known), and which of them each event has (-1 none)."""

    def compute() -> tuple[np.ndarray, np.ndarray]:
        changes, lives = _changes(frames), thread_lives(frames)
        told = (read_credentials(text) for text in changes.texts)
        known = np.array([-1 if one is None else min(one[part], _MOST) for one in told], np.int64)
        threads = event_array(frames, "thread")[changes.rows]
        began = np.full(len(lives), -1, np.int64)
        if part in _LISTED:
            process = entity_array(frames, "thread", "process")
            began = look_up(entity_array(frames, "process", _LISTED[part]), process, missing=-1)
        # Of a thread that the snapshot lacks, what its first change found is how it began.
        first = np.full(len(lives), -1, np.int64)
        first[threads[::-1]] = known[changes.before[::-1]]
        began = np.where(began < 0, first, began)
        return np.concatenate((known[changes.after], began)), lives.holding(threads, changes.rows)

    return remember(frames, ("credential", part), compute)


def _capabilities(part: str) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        masks, of_event = _credential(frames, part)
        places, kinds = occurring(masks)
        codes, values = distinct(None if mask < 0 else capability_names(mask) for mask in kinds.tolist())
        return (TextFacet(values, codes[places] if len(codes) else codes, of_event),)

    return compute


def _group_id(frames: CaptureFrames, _argument: str) -> Facets:
    values, of_event = _credential(frames, "gid")
    return (NumberFacet(values, values < 0, of_event),)


def _group_name(frames: CaptureFrames, _argument: str) -> Facets:
    values, of_event = _credential(frames, "gid")
    codes, texts = distinct(name or None for name in frames.groups["name"])
    if len(frames.hosts) == 1:
        rows = account_rows(frames.groups, "gid", values, event_hosts(frames))
        return (TextFacet(texts, look_up(codes, rows, missing=-1), of_event),)
    # What a number means depends on the event's host.
    values = look_up(values, of_event, missing=-1)
    rows = account_rows(frames.groups, "gid", values, event_hosts(frames))
    return (TextFacet(texts, look_up(codes, rows, missing=-1)),)


CREDENTIAL_FIELDS = (
    Field("group.gid", FieldType.INTEGER, "Group id", "real group id at that moment, as the host sees it", _group_id),
    Field("group.name", FieldType.TEXT, "Group", "name of the group id in the host's list of groups", _group_name),
    *(
        Field(f"thread.cap_{part}", FieldType.TEXT, part.capitalize(),
              f"{part} capabilities at that moment, as in 'CAP_CHOWN CAP_KILL'; empty: it has none", _capabilities(part))
        for part in ("permitted", "effective", "inheritable")
    ),
)  # fmt: skip
