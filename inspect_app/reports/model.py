"""What is handed over: a report as a value, before anything decides how it looks.

    report   ::=  provenance  warning*  figure*  timeline  lifelines  section*
    section  ::=  title  explanation  column*  row*  "n of N"

Every text in it is safe to show: nothing in it is obeyed by a terminal. It is still text of a
hostile capture, and no markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspect_app.analysis.selection import TimeRange
from inspect_app.views.format import format_count


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the provenance."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One tile."""

    title: str
    category: str
    value: str
    meaning: str
    noteworthy: bool
    bars: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One lane of the timeline."""

    title: str
    counts: tuple[int, ...]
    total: str
    noteworthy: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Figures in equal slices of the window."""

    window: TimeRange
    lanes: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Lifeline:
    """When one container lived, as parts of the recording (0 to 1)."""

    label: str
    note: str
    start: float
    end: float
    began_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """One column of a section."""

    title: str
    numeric: bool
    style: str
    """`n` figures, `t` moments, `w` what needs room (paths, commands), or empty."""


@dataclass(frozen=True, slots=True)
class Section:
    """One table."""

    id: str
    title: str
    explanation: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[bool, ...]
    """One a row: worth a second look."""
    total: int
    noun: tuple[str, str]
    """What a row is, one and many."""

    @property
    def counted(self) -> str:
        """`40 of 1,234 processes shown`, or just how many there are."""
        everything = format_count(self.total, *self.noun)
        return everything if len(self.rows) == self.total else f"{len(self.rows):,} of {everything} shown"


@dataclass(frozen=True, slots=True)
class Report:
    """What is handed over."""

    title: str
    subtitle: str
    state: str
    """`whole`, `cut short`, `altered` or `unfinished`."""
    facts: tuple[Fact, ...]
    scope: tuple[Fact, ...]
    """The window and the filters that all figures are of."""
    warnings: tuple[str, ...]
    figures: tuple[Figure, ...]
    timeline: Timeline
    recorded: TimeRange
    """From the first to the last event: what the lifelines are parts of."""
    lifelines: tuple[Lifeline, ...]
    lifelines_total: int
    sections: tuple[Section, ...]
    written: str
    """When the report was made."""
