"""What of a case is on an open capture: which events have notes, where they are in time, what was judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from inspect_app.cases.anchor import Anchor, AnchorKind
from inspect_app.cases.case import Case, ShownNote
from inspect_app.cases.note import Triage
from inspect_app.cases.sightings import of_this
from inspect_app.cases.spots import rows_of
from inspect_app.frames.capture import CaptureFrames

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Noted:
    """A case as one capture has it; arrays of one length, a place for each note of the capture."""

    case: Case = field(default_factory=Case)
    every: tuple[ShownNote, ...] = ()
    """All notes of the case, by the time of what they are on."""
    notes: tuple[ShownNote, ...] = ()
    """Of this capture, by the time of what they are on."""
    rows: np.ndarray = field(default_factory=_NONE.copy)
    """int64: the row of the noted event, -1 for what is no event."""
    times: np.ndarray = field(default_factory=_NONE.copy)
    """int64, ascending: when, ns since 1970 UTC, of those that have a time."""
    triage: dict[tuple[str, int], Triage] = field(default_factory=dict)
    """What is held of findings, by rule and row of events."""

    @cached_property
    def noted_rows(self) -> np.ndarray:
        """int64, ascending: rows of events that have notes; one twice that has two."""
        found: np.ndarray = self.rows[self._order]
        return found

    @cached_property
    def _order(self) -> np.ndarray:
        """int64: places of notes on events, by row."""
        order = np.argsort(self.rows, kind="stable")
        found: np.ndarray = order[np.searchsorted(self.rows[order], 0) :]
        return found

    def of_row(self, row: int) -> list[ShownNote]:
        """The notes on an event."""
        rows = self.noted_rows
        first, last = np.searchsorted(rows, row), np.searchsorted(rows, row, side="right")
        places = self._order[first:last]
        return [self.notes[place] for place in places.tolist()]

    def of_thing(self, anchor: Anchor) -> list[ShownNote]:
        """The notes on a process, container, file or connection."""
        wanted = anchor.identity
        return [one for one in self.notes if one.note.on.identity == wanted]


def noted(case: Case, frames: CaptureFrames) -> Noted:
    """What of a case is on a capture: of it, of what it was made of, and of what was made of it."""
    wanted = of_this(case, frames)
    every = tuple(case.shown_notes())
    notes = tuple(one for one in every if one.note.on.capture in wanted)
    on = [one.note.on for one in notes]
    times = np.array([one.time_ns for one in on if one.time_ns is not None], np.int64)
    judged = [record.value for record in case.triage.values() if record.value is not None]
    judged = [one for one in judged if one.on.kind is AnchorKind.FINDING and one.on.capture in wanted]
    found = rows_of(frames, [one.on for one in judged]).tolist()
    triage = {(one.on.rule, row): one for one, row in zip(judged, found, strict=True) if row >= 0}
    return Noted(case, every, notes, rows_of(frames, on), times, triage)
