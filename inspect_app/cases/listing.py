"""Which notes are meant, and notes as rows: what a list, an export and a command show of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inspect_app.analysis.moments import moment_text
from inspect_app.cases.case import ShownNote
from inspect_app.cases.note import Severity

COLUMNS = ("time", "on", "what", "text", "tags", "severity", "author", "written", "report", "id")
"""Of `rows_of_notes`."""


@dataclass(frozen=True, slots=True)
class NoteFilter:
    """Which notes are meant; what is empty asks for nothing."""

    text: str = ""
    """In the text, the label or a tag, whatever the case of letters."""
    tags: frozenset[str] = frozenset()
    """All of them."""
    least: Severity = Severity.NONE
    """This severity or more."""
    author: str = ""
    """Who wrote it, or edited it last."""
    in_report: bool = False
    captures: frozenset[str] | None = None
    """Ids of captures that they are of; None: any."""

    def chosen(self, notes: Iterable[ShownNote]) -> list[ShownNote]:
        """Those that are meant, in their order."""
        return [one for one in notes if self._means(one)]

    def _means(self, one: ShownNote) -> bool:
        note, text = one.note, self.text.casefold()
        return (
            note.severity.rank >= self.least.rank
            and (not self.tags or self.tags <= set(note.tags))
            and (not self.author or self.author in (one.author, one.edited_by))
            and (not self.in_report or note.in_report)
            and (self.captures is None or note.on.capture in self.captures)
            and (
                not text
                or text in note.text.casefold()
                or text in note.on.label.casefold()
                or any(text in tag.casefold() for tag in note.tags)
            )
        )


def rows_of_notes(notes: Sequence[ShownNote]) -> Iterator[tuple[str | int | None, ...]]:
    """Each note as COLUMNS has it; texts as they are, to be made safe by what shows them."""
    for one in notes:
        note = one.note
        when = moment_text(note.on.time_ns) if note.on.time_ns is not None else ""
        yield (
            *(when, note.on.kind.value, note.on.label, note.text, ", ".join(note.tags)),
            *(
                note.severity.value,
                one.author,
                moment_text(one.written_ns),
                "yes" if note.in_report else "",
                one.key,
            ),
        )


def timeline_lines(notes: Iterable[ShownNote]) -> Iterator[str]:
    """Notes as JSON lines for Timesketch: what has no time is left out."""
    for one in notes:
        note = one.note
        if note.on.time_ns is None:
            continue
        told: dict[str, Any] = {
            "message": note.text or note.on.label,
            "datetime": moment_text(note.on.time_ns).replace(" UTC", "").replace(" ", "T") + "+00:00",
            "timestamp": note.on.time_ns // 1_000,
            "timestamp_desc": f"Note on {note.on.kind.value}",
            "tag": list(note.tags),
            "severity": note.severity.value,
            "author": one.author,
            "what": note.on.label,
            "note_id": one.key,
        }
        yield json.dumps(told)
