"""The values that a case keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from inspect_app.cases.anchor import MAX_LABEL, MAX_NAME, Anchor
from inspect_app.cases.form import Stored, choice, number, optional, part, several, words

MAX_TEXT = 64 << 10
"""Characters of a note."""
MAX_TAGS, MAX_TAG = 50, 100
_ANCHOR = part(Anchor, "place of a note")


class Severity(StrEnum):
    """How much a note matters, in the analyst's eyes; the later, the more."""

    NONE = ""
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for none, 5 for critical."""
        return list(Severity).index(self)


class TriageState(StrEnum):
    """What an analyst holds of a finding."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a thing of a capture."""

    on: Annotated[Anchor, Stored(_ANCHOR, "what it is about")]
    text: Annotated[str, Stored(words(MAX_TEXT), "the note")] = ""
    tags: Annotated[tuple[str, ...], Stored(several(words(MAX_TAG), MAX_TAGS), "words to find it by")] = ()
    severity: Annotated[Severity, Stored(choice(Severity), "how much it matters")] = Severity.NONE
    report: Annotated[
        int | None, Stored(optional(number()), "where it stands in the report, lower first; null: not in it")
    ] = None
    source: Annotated[str, Stored(words(MAX_LABEL), "where it was imported from; empty: written here")] = ""

    @property
    def in_report(self) -> bool:
        """Whether it belongs into the report."""
        return self.report is not None


@dataclass(frozen=True, slots=True)
class Triage:
    """What became of a finding."""

    on: Annotated[Anchor, Stored(_ANCHOR, "the finding")]
    state: Annotated[TriageState, Stored(choice(TriageState), "what is held of it")] = TriageState.OPEN
    reason: Annotated[str, Stored(words(MAX_TEXT), "why")] = ""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A thing to come back to."""

    on: Annotated[Anchor, Stored(_ANCHOR, "the thing")]
    title: Annotated[str, Stored(words(MAX_LABEL), "what it is called")] = ""


@dataclass(frozen=True, slots=True)
class SavedLink:
    """A place in a capture to come back to."""

    title: Annotated[str, Stored(words(MAX_LABEL), "what it is called")]
    link: Annotated[str, Stored(words(256 << 10), "the link, beginning with exhume:")]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the case is."""

    case: Annotated[str, Stored(words(MAX_LABEL), "its number or name")] = ""
    title: Annotated[str, Stored(words(MAX_LABEL), "what it is about")] = ""
    examiner: Annotated[str, Stored(words(MAX_LABEL), "who examines")] = ""
    description: Annotated[str, Stored(words(MAX_TEXT), "what is known beforehand")] = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A capture that was looked at, and where it was then."""

    id: Annotated[str, Stored(words(200), "what notes name it by")]
    marks: Annotated[
        tuple[str, ...], Stored(several(words(200), 500), "ids and digests of it and of what it was made of")
    ] = ()
    name: Annotated[str, Stored(words(MAX_LABEL), "its file's name")] = ""
    path: Annotated[str, Stored(words(MAX_NAME), "where it was")] = ""
    digests: Annotated[
        tuple[str, ...], Stored(several(words(200), 512), "digest of the last block of each of its files")
    ] = ()
    host: Annotated[str, Stored(words(MAX_LABEL), "the recorded machine")] = ""
    started_ns: Annotated[int | None, Stored(optional(number()), "when the recording began")] = None
    ended_ns: Annotated[int | None, Stored(optional(number()), "when it ended")] = None
    events: Annotated[int | None, Stored(optional(number(0)), "how many events it has")] = None
    state: Annotated[str, Stored(words(MAX_LABEL), "whole, cut short, altered or unfinished")] = ""
