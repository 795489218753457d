"""What is handed over: a report as a value, before anything decides how it looks.

    report   ::=  cover  section*  attachment*
    section  ::=  title  block*  section*
    block    ::=  paragraph | bullets | facts | figures | table | picture | entries

Every text in it is safe to show: nothing in it is obeyed by a terminal. It is still text of a
hostile capture, and no markup: each writer escapes it in its own way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from inspect_app.reports.drawing import Drawing
from inspect_app.views.format import format_count


class Tone(StrEnum):
    """How a paragraph is meant."""

    PLAIN = "plain"
    SOFT = "soft"
    """An explanation of what stands below."""
    WARNING = "warning"
    """A reader must know it before trusting a figure."""


class Kind(StrEnum):
    """What a column of a table holds."""

    TEXT = "text"
    EXACT = "exact"
    """As recorded, where each character counts: paths, commands, digests."""
    NUMBER = "number"
    TIME = "time"
    EVENT = "event"
    """The number of a cited event, `E12`; the appendix tells which that is."""


class Weight(StrEnum):
    """How much an entry matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is known of it."""

    name: str
    value: str
    exact: bool = False
    """Whether each character counts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, below each other."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One tile."""

    title: str
    value: str
    meaning: str
    noteworthy: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures at a glance."""

    items: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts; what is cut off is counted, and lies beside the report."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    noun: tuple[str, str]
    """What a row is, one and many."""
    total: int
    """How many rows there are; `rows` are the first of them."""
    marked: tuple[bool, ...] = ()
    """One a row: worth a second look. Empty: none is."""
    beside: str = ""
    """The attachment that has all rows, empty where there is none."""

    @property
    def counted(self) -> str:
        """`40 of 1,234 processes shown; all of them are in processes.csv`, or just how many there are."""
        everything = format_count(self.total, *self.noun)
        if len(self.rows) == self.total:
            return everything
        where = f"; all of them are in {self.beside}, beside this report" if self.beside else ""
        return f"{len(self.rows):,} of {everything} shown{where}"

    def is_marked(self, row: int) -> bool:
        """Whether a row is worth a second look."""
        return bool(self.marked) and self.marked[row]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with what it shows in words."""

    id: str
    title: str
    alt: str
    """What somebody who cannot see it is told."""
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, and what somebody says of it."""

    time: str
    title: str
    text: tuple[str, ...]
    """Paragraphs."""
    weight: Weight
    about: str = ""
    """Author, tags, and what it is about."""
    event: str = ""
    """The number of the cited event, empty where it cites none."""


@dataclass(frozen=True, slots=True)
class Entries:
    """A timeline in words."""

    items: tuple[Entry, ...]


Block = Paragraph | Bullets | Facts | Figures | Table | Picture | Entries


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    parts: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that lies beside the report."""

    name: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Its digest in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Report:
    """What is handed over."""

    title: str
    subtitle: str
    template: str
    header: str
    """What stands on top of every page: the case, or the capture."""
    state: str
    """Of the capture: `whole`, `cut short`, `altered` or `unfinished`."""
    cover: tuple[Fact, ...]
    sections: tuple[Section, ...]
    attachments: tuple[Attachment, ...]
    made_ns: int
    """When the report was made, nanoseconds since 1970 UTC."""
    made: str
    """The same for people."""
    tool: str
    """This program and its version."""
