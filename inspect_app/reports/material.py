"""What the sections of a report are filled from: a capture, what is asked for, and what others said of it.

Each question is asked once, when the first section needs its answer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from inspect_app.analysis.selection import Selection, TimeRange, select
from inspect_app.analysis.subject import Found, container_subject, find
from inspect_app.analysis.summary import Summary, summarise
from inspect_app.analysis.timelines import capture_window
from inspect_app.filters.cache import forget
from inspect_app.filters.transfers import recognised
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.citations import Citations
from inspect_app.reports.model import Attachment
from inspect_app.reports.noted import Judged, Noted
from inspect_app.reports.options import ReportOptions, Template
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.run import Run, run_rules

_LARGE = 2_000_000
"""Events from which on memory matters more than asking twice."""
_MESSAGES, _TEXTS = "recognised messages", "text"
"""What stays of it: messages, for which all payload is read, and texts of things, of which there are few."""


class ReportError(ValueError):
    """A report cannot be made of what was asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a report tells besides the capture."""

    notes: Sequence[Noted] = ()
    case: Sequence[tuple[str, str]] = ()
    """Title and text of what is known of the case: its name, who works on it."""
    judged: Mapping[tuple[str, int], Judged] = field(default_factory=dict)
    """What is held of findings, by the rule's name and the row of the event."""
    rules: RuleSet | None = None
    """None: our own."""
    examiner_log: Sequence[dict[str, Any]] = ()
    log_problem: str = ""
    """What is wrong with the log, empty: it is as it was written."""
    digests: Sequence[tuple[str, str]] = ()
    """Name and SHA-256 of each file of the capture."""


class Material:
    """A capture as a report looks at it."""

    def __init__(self, frames: CaptureFrames, options: ReportOptions, given: Given) -> None:
        """Raises ReportError where a container is asked for that is not there."""
        self._given_frames = frames
        # A copy has answers of its own, which can be forgotten while others still use theirs.
        self.frames = replace(frames) if len(frames.events) > _LARGE else frames
        self.options = options
        self.given = given
        self.citations = Citations()
        self.attachments: list[Attachment] = []
        self.made_ns = _now() if options.made_ns is None else options.made_ns
        self.containers = _containers(frames, options)
        """Rows of the containers that have a dossier."""

    @cached_property
    def summary(self) -> Summary:
        """The capture in figures."""
        return summarise(self.frames)

    @cached_property
    def window(self) -> TimeRange:
        """What the report looks at."""
        return self.options.session.window or capture_window(self.frames)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """All filters; those of the chosen containers among them where the report is about these."""
        asked = self.options.session.conditions()
        if self.options.template is not Template.CONTAINER or not self.options.containers:
            return asked
        ids = [container_subject(self.frames, row).condition() for row in self.containers]
        return (*asked, " or ".join(ids))

    @cached_property
    def selection(self) -> Selection:
        """The events that all figures are of."""
        return select(self.frames, self.options.session.window, self.conditions)

    @cached_property
    def run(self) -> Run:
        """What the rules found among them."""
        rules = built_in_rules() if self.given.rules is None else self.given.rules
        if self.given.rules is None and self.frames is not self._given_frames:
            # Ours ask for messages; what it takes to read these would lie beside all that the others ask for.
            recognised(self.frames)
            self.forget()
        run = run_rules(rules, self.frames, among=self.selection)
        self.forget()
        return run

    @cached_property
    def notes(self) -> list[Noted]:
        """What analysts noted within the window, by time; without a time at the end."""
        inside = (note for note in self.given.notes if self._is_told(note))
        return sorted(inside, key=lambda note: (note.time_ns is None, note.time_ns or 0))

    @property
    def is_brief(self) -> bool:
        """Whether the report is for readers who want plain words."""
        return self.options.template is Template.EXECUTIVE

    @cached_property
    def chosen_parts(self) -> frozenset[str]:
        """Ids of the sections of the report."""
        return frozenset(self.options.chosen)

    def forget(self) -> None:
        """Between two questions: of a large capture, what was computed so far would fill the memory."""
        if self.frames is not self._given_frames:
            forget(self.frames, but=_stays)

    def cite(self, row: int) -> str:
        """The number of an event; empty where the report has no list of them, or there is no event."""
        return self.citations.cite(row) if row >= 0 and "events" in self.chosen_parts else ""

    def time_of(self, row: int) -> int:
        """When an event returned, nanoseconds since 1970 UTC."""
        return int(self.frames.events["time"].to_numpy()[row])

    def found(self, row: int) -> Found | None:
        """A container as a subject."""
        return find(self.frames, container_subject(self.frames, row))

    def attach(self, name: str, text: str) -> str:
        """Put a file beside the report; gives its name."""
        self.attachments.append(Attachment(name, text.encode("utf-8", "backslashreplace")))
        return name

    def _is_told(self, note: Noted) -> bool:
        window = self.options.session.window
        about_some = self.options.template is Template.CONTAINER and self.options.containers
        if about_some and note.row >= 0:
            owner = int(self.frames.events["container"].to_numpy()[note.row])
            if owner not in self.containers:
                return False
        return window is None or note.time_ns is None or window.start_ns <= note.time_ns < window.end_ns


def _stays(key: Hashable) -> bool:
    return key == _MESSAGES or (isinstance(key, tuple) and key[0] == _TEXTS)


def _now() -> int:
    """Nanoseconds since 1970 UTC: as SOURCE_DATE_EPOCH says, for whoever builds the same again, or now."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    return (
        int(told) * 1_000_000_000 if told.isascii() and told.isdigit() and len(told) < 11 else time.time_ns()
    )


def _containers(frames: CaptureFrames, options: ReportOptions) -> list[int]:
    table = frames.containers
    rows = np.flatnonzero(~frames.is_host)
    if not options.containers:
        birth = table["birth"].to_numpy()[rows]
        return [int(row) for row in rows[np.argsort(birth, kind="stable")]]
    chosen: list[int] = []
    for asked in options.containers:
        same = (table["name"] == asked) | (table["id"] == asked[:12]) | (table["full_id"] == asked)
        hits = np.flatnonzero(same.to_numpy() & ~frames.is_host).tolist()
        if not hits:
            raise ReportError(f"there is no container {asked!r} in this capture")
        chosen += [row for row in hits if row not in chosen]
    return chosen
