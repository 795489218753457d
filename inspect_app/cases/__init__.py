"""What analysts wrote about captures: notes, judged findings, bookmarks; kept in a case file of its own."""

from inspect_app.cases.anchor import Anchor, AnchorKind
from inspect_app.cases.case import Case, ShownNote
from inspect_app.cases.errors import CaseError
from inspect_app.cases.file import CaseFile
from inspect_app.cases.note import Bookmark, Facts, Note, SavedLink, Severity, Triage, TriageState

__all__ = [
    "Anchor",
    "AnchorKind",
    "Bookmark",
    "Case",
    "CaseError",
    "CaseFile",
    "Facts",
    "Note",
    "SavedLink",
    "Severity",
    "ShownNote",
    "Triage",
    "TriageState",
]
