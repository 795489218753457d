"""The reference of case files, from the declared fields: `python -m inspect_app.cases.reference`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from inspect_app.cases.anchor import NEEDED, Anchor, AnchorKind
from inspect_app.cases.case import MAX_RECORDS, THE_CASE
from inspect_app.cases.document import KEY, MAX_FILE, VERSION
from inspect_app.cases.form import described
from inspect_app.cases.note import Bookmark, Facts, Note, SavedLink, Sighting, Triage
from inspect_app.cases.record import MAX_VERSIONS

_INTRODUCTION = f"""\
# Case files

This page is written by `python -m inspect_app.cases.reference`; a test holds it against what is read and
written.

A case is what analysts wrote about captures: notes, what they hold of findings, bookmarks, places to come
back to. It is kept in a file of its own, `NAME.exhume-case`, beside the capture or anywhere else; a capture
is never changed.

- **Nothing is lost.** Whoever changes a note adds a version; what it was before stays, also when it is
  taken away.
- **Several analysts.** Files merge by the ids of what is in them: the same whichever comes first, and
  however often. What two changed at the same time stands in both versions, is told, and waits for somebody
  to decide.
- **Two windows, or two programs, on one file** lose nothing of each other: before writing the file is read
  and merged.
- **Found again.** A note names its thing by what tells it in any copy of the capture, and in slices of it:
  an event by time, thread and type, a process by pid and start, a file by device, inode and path. Of an
  event it also tells file, block, place in the block and the block's digest, as one cites it.
- **From strangers.** At most {MAX_FILE >> 20} MiB, {MAX_RECORDS:,} of each kind, {MAX_VERSIONS:,} versions
  of each. Every value is checked; a field that is not listed here is refused by name. Text is never markup,
  formula or terminal command.

## The file

JSON in UTF-8, a field a line, so that two files can be compared with `diff`. Written mode 0600, in one
step.

    {{"{KEY}": {VERSION}, "captures": [capture…],
     "facts": […], "notes": […], "triage": […], "bookmarks": […], "links": […]}}

Each of the latter five is a list of records:

    {{"id": 32 hex digits,
     "versions": [{{"author": …, "written_ns": …, "replaces": [digest…], "value": …}}…]}}

`value` is what the tables below list, or null: it was taken away. `replaces` names the versions that it was
written in place of, by the first 16 hex digits of the SHA-256 of `[value, author, written_ns, replaces]` as
JSON with sorted keys and ASCII alone. A version that no other replaces stands; of several the one that was
written last is shown, and the others are told beside it. `facts` has one record, `{THE_CASE}`. The id of a
judgement is made of its finding, so that two analysts judge the same one. Fields without a default must be
there.
"""
_PROGRAMS = """\
## From a program

`inspect_app.cases` needs no window:

    from pathlib import Path
    from inspect_app.cases import CaseFile
    from inspect_app.cases.sightings import of_this
    from inspect_app.cases.spots import rows_of, spot_of

    case = CaseFile(Path("24-17.exhume-case")).load()
    case.about                       # number, title, examiner
    case.report_notes()              # the notes of the report in their order; shown_notes(): all, by time
    case.triage_of(finding)          # open, confirmed or dismissed, and why
    case.disputes()                  # what stands in several versions
    of_this(case, frames)            # under which ids notes are of this capture
    spot_of(frames, shown.note.on)   # the page, filter, window and row of a noted thing
    rows_of(frames, anchors)         # rows of events for many notes at once

`inspect_app.cases.anchors` makes the places of notes out of rows, `case.with_note(note, By(author, now_ns))`
a new case; `CaseFile.save` gives back what the file holds after merging.
"""
_VALUES = (
    ("A note", "notes", Note),
    ("The place of a note", "on", Anchor),
    ("What is held of a finding", "triage", Triage),
    ("A bookmark", "bookmarks", Bookmark),
    ("A saved place", "links", SavedLink),
    ("What the case is", "facts", Facts),
    ("A capture that was looked at", "captures", Sighting),
)


def reference() -> str:
    """The whole page as Markdown."""
    tables = [f"### {title}: `{key}`\n\n" + "\n".join(_rows(kind)) + "\n" for title, key, kind in _VALUES]
    return "\n".join([_INTRODUCTION, "## Values\n", *tables, _kinds(), _PROGRAMS])


def _rows(kind: type[Any]) -> Iterator[str]:
    yield "| field | form | default | meaning |"
    yield "|---|---|---|---|"
    defaults = {one.name: one.default for one in fields(kind)}
    for name, form, meaning in described(kind):
        yield f"| `{name}` | {form} | {_default(defaults[name])} | {meaning} |"


def _default(value: object) -> str:
    if value is MISSING:
        return ""
    if value is None:
        return "null"
    if value == ():
        return "[]"
    return f"`{value}`" if value != "" else "empty"


def _kinds() -> str:
    rows = [
        f"| `{kind}` | {', '.join(f'`{name}`' for name in NEEDED.get(kind, ()))} |" for kind in AnchorKind
    ]
    return "\n".join(["A place needs, by its kind:\n", "| kind | not without |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    print(reference(), end="")
