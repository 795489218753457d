"""A case: all that analysts wrote about some captures, as a value. Every change makes a new one."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

from inspect_app.cases.anchor import Anchor
from inspect_app.cases.errors import CaseError
from inspect_app.cases.note import Bookmark, Facts, Note, SavedLink, Sighting, Triage, TriageState
from inspect_app.cases.record import Record, Version

MAX_RECORDS = 100_000
"""Of a shelf."""
MAX_SIGHTINGS = 10_000
THE_CASE = "0" * 32
"""The key of the one record of facts."""
STEP = 1 << 20
"""Between two notes of the report, so that others fit in between."""
_KEY = re.compile(r"[0-9a-f]{32}")

SHELVES: Mapping[str, type[Any]] = {
    "facts": Facts,
    "notes": Note,
    "triage": Triage,
    "bookmarks": Bookmark,
    "links": SavedLink,
}
"""What a case keeps by keys, and the values that are kept there."""


@dataclass(frozen=True, slots=True)
class By:
    """Who writes, and when."""

    author: str
    now_ns: int
    """Nanoseconds since 1970 UTC."""


class ShownNote(NamedTuple):
    """A note as it stands, with what is known of its writing."""

    key: str
    note: Note
    author: str
    """Who wrote it first."""
    written_ns: int
    edited_by: str
    """Who wrote the version that is shown."""
    edited_ns: int
    disputed: tuple[Version[Note], ...]
    """What others made of it at the same time: to be told beside it."""

    @property
    def place(self) -> tuple[int, int, str]:
        """The order of a list: by the time of what is noted, then of writing."""
        time = self.note.on.time_ns
        return (-(2**63) if time is None else time, self.written_ns, self.key)


@dataclass(frozen=True)
class Case:
    """All that was written; each shelf maps keys of 32 hex digits to records."""

    facts: Mapping[str, Record[Facts]] = field(default_factory=dict)
    notes: Mapping[str, Record[Note]] = field(default_factory=dict)
    triage: Mapping[str, Record[Triage]] = field(default_factory=dict)
    bookmarks: Mapping[str, Record[Bookmark]] = field(default_factory=dict)
    links: Mapping[str, Record[SavedLink]] = field(default_factory=dict)
    captures: frozenset[Sighting] = frozenset()

    @property
    def about(self) -> Facts:
        """What the case is."""
        record = self.facts.get(THE_CASE)
        return (record.value if record is not None else None) or Facts()

    def told(self, shelf: str, key: str, value: Any | None, by: By) -> Self:
        """The case with another value; None takes it away.

        Raises:
            CaseError: There is no room, or no such value to take away.
        """
        records = getattr(self, shelf)
        before = records.get(key)
        if before is not None:
            after = before.changed(value, by.author, by.now_ns)
        elif value is None:
            raise CaseError(f"there is none with the key {key[:40]!r} among the {shelf}")
        elif len(records) >= MAX_RECORDS:
            raise CaseError(f"a case keeps {MAX_RECORDS:,} {shelf}; this one is full")
        else:
            after = Record.first(value, by.author, by.now_ns)
        if after is before:
            return self
        changed: Any = {shelf: {**records, key: after}}
        return replace(self, **changed)

    def with_note(self, note: Note, by: By, key: str = "") -> Self:
        """The case with a new note, or with `key` another text of one. Raises CaseError as `told` does."""
        return self.told("notes", key or new_key(), note, by)

    def with_notes(self, notes: Mapping[str, Note], by: By) -> Self:
        """The case with many notes that it does not have yet, by their keys. Raises CaseError: no room."""
        if len(self.notes) + len(notes) > MAX_RECORDS:
            raise CaseError(f"a case keeps {MAX_RECORDS:,} notes; these are {len(notes):,} too many")
        new = {key: Record.first(note, by.author, by.now_ns) for key, note in notes.items()}
        return replace(self, notes={**self.notes, **new})

    def with_triage(self, triage: Triage, by: By) -> Self:
        """The case with another opinion of a finding. Raises CaseError as `told` does."""
        return self.told("triage", key_of(triage.on), triage, by)

    def with_capture(self, sighting: Sighting) -> Self:
        """The case of which this capture is part."""
        if sighting in self.captures or len(self.captures) >= MAX_SIGHTINGS:
            return self
        return replace(self, captures=self.captures | {sighting})

    def note(self, key: str) -> Note | None:
        """A note as it stands; None where there is none, or no more."""
        record = self.notes.get(key)
        return record.value if record is not None else None

    def triage_of(self, finding: Anchor) -> Triage:
        """What is held of a finding; open where nobody has said."""
        record = self.triage.get(key_of(finding))
        found = record.value if record is not None else None
        return found or Triage(finding, TriageState.OPEN)

    def shown_notes(self) -> list[ShownNote]:
        """Every note that was not taken away, by the time of what it is on."""
        return sorted(self._shown(), key=lambda one: one.place)

    def report_notes(self) -> list[ShownNote]:
        """The notes that belong into the report, in their order there."""
        chosen = [one for one in self._shown() if one.note.report is not None]
        return sorted(chosen, key=lambda one: (one.note.report or 0, *one.place))

    def report_end(self) -> int:
        """Where the next note of the report stands."""
        notes = (record.value for record in self.notes.values())
        return (
            max((note.report for note in notes if note is not None and note.report is not None), default=0)
            + STEP
        )

    def _shown(self) -> Iterator[ShownNote]:
        for key, record in self.notes.items():
            shown, first = record.shown, record.versions[0]
            if shown.value is not None:
                yield ShownNote(
                    *(key, shown.value, first.author, first.written_ns),
                    *(shown.author, shown.written_ns, record.others),
                )

    def disputes(self) -> list[tuple[str, str]]:
        """Shelf and key of every value that stands in several versions."""
        return [
            (shelf, key) for shelf in SHELVES for key, record in getattr(self, shelf).items() if record.others
        ]

    def merged(self, other: Case) -> Case:
        """All that either says: the same whichever comes first, and however often.

        Raises:
            CaseError: That is more than a case keeps.
        """
        shelves = {shelf: _joined(shelf, getattr(self, shelf), getattr(other, shelf)) for shelf in SHELVES}
        captures = self.captures | other.captures
        if len(captures) > MAX_SIGHTINGS:
            raise CaseError(f"both have {len(captures):,} captures; a case keeps {MAX_SIGHTINGS:,}")
        return Case(**shelves, captures=captures)


def moved_in_report(case: Case, key: str, to: int, by: By) -> Case:
    """The case with a note at another place of the report, counted from 0; the others keep theirs.

    Raises:
        CaseError: The note is not in the report.
    """
    order = [one.key for one in case.report_notes()]
    if key not in order:
        raise CaseError("the note is not in the report, where it was to be moved")
    order.remove(key)
    to = max(0, min(to, len(order)))
    order.insert(to, key)
    places = [_report_place(case, one) for one in order]
    before = places[to - 1] if to else places[to + 1] - 2 * STEP if len(order) > 1 else 0
    after = places[to + 1] if to + 1 < len(order) else before + 2 * STEP
    if after - before > 1:
        return _placed(case, key, (before + after) // 2, by)
    for place, one in enumerate(order, start=1):
        case = _placed(case, one, place * STEP, by)
    return case


def new_key() -> str:
    """A key that nothing has."""
    return uuid.uuid4().hex


def key_of(*parts: object) -> str:
    """The key that the same things always give: so two analysts judge the same finding under one."""
    plain = [part.identity if isinstance(part, Anchor) else part for part in parts]
    return hashlib.sha256(repr(plain).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_key(word: object) -> bool:
    """Whether it can be a key of a record."""
    return isinstance(word, str) and _KEY.fullmatch(word) is not None


def _report_place(case: Case, key: str) -> int:
    note = case.note(key)
    return (note.report or 0) if note is not None else 0


def _placed(case: Case, key: str, place: int, by: By) -> Case:
    note = case.note(key)
    assert note is not None  # noqa: S101  it is in the report
    return case.with_note(replace(note, report=place), by, key)


def _joined(
    shelf: str, one: Mapping[str, Record[Any]], other: Mapping[str, Record[Any]]
) -> Mapping[str, Record[Any]]:
    if one is other:
        return one
    joined = {**one, **other}
    for key in one.keys() & other.keys():
        joined[key] = one[key].merged(other[key])
    if len(joined) > MAX_RECORDS:
        raise CaseError(f"both have {len(joined):,} {shelf}; a case keeps {MAX_RECORDS:,}")
    return joined
