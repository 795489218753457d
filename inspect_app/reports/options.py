"""What is asked for: which template, which sections, which containers, how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from inspect_app.session import Session

ROWS_SHOWN = 200
"""Rows of a table that a document shows; what is cut off is counted, and lies beside it."""
MOST_ROWS = 20_000
PDF_ROWS = 500
"""Rows of a table that a PDF shows at most: each cell takes 20 KiB while it is set."""


class Template(StrEnum):
    """For whom a report is."""

    EXECUTIVE = "executive"
    TECHNICAL = "technical"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class Part:
    """A section that a report may have."""

    id: str
    title: str
    meaning: str
    """What stands in it, for the one who chooses."""


PARTS: tuple[Part, ...] = (
    Part("summary", "Summary", "what happened, in a few sentences and figures"),
    Part("recorded", "What was recorded, and how", "host, recorder, command, filters, clocks, payload"),
    Part("integrity", "Integrity", "whether the files are as they were written, and who signed them"),
    Part("timeline", "Timeline", "noted events, with the time strip and the process tree"),
    Part("findings", "Findings", "what detection rules found, by tactic of ATT&CK"),
    Part("containers", "Containers", "a dossier of each, also of those that are gone"),
    Part("tables", "Tables", "processes, programs, commands, files, connections, users, errors"),
    Part("indicators", "Indicators", "addresses, domains, digests and paths to look for elsewhere"),
    Part("examiner", "Examiner's log", "what the examiner opened, looked at and exported"),
    Part("limits", "Method and limits", "what the figures mean, and what was not seen"),
    Part("events", "Cited events", "where each event lies that the report points at"),
)
"""Every section, in the order of the technical report."""

TEMPLATES: Mapping[Template, tuple[str, ...]] = MappingProxyType(
    {
        Template.EXECUTIVE: ("summary", "timeline", "findings", "integrity", "limits"),
        Template.TECHNICAL: tuple(part.id for part in PARTS),
        Template.CONTAINER: (
            *("summary", "containers", "timeline", "findings", "indicators"),
            *("recorded", "integrity", "limits", "events"),
        ),
    }
)
"""Which sections each template has, in order."""

MEANINGS: Mapping[Template, str] = MappingProxyType(
    {
        Template.EXECUTIVE: "Two or three pages in plain words: what happened, and how sure that is.",
        Template.TECHNICAL: "Everything: findings, containers, tables, indicators, each cited event.",
        Template.CONTAINER: "Chosen containers in depth, dead or alive.",
    }
)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What is asked for."""

    template: Template = Template.TECHNICAL
    title: str = ""
    """Empty: a title of the report's own."""
    sections: tuple[str, ...] | None = None
    """Ids of PARTS; None: those of the template. They keep the template's order."""
    containers: tuple[str, ...] = ()
    """Names or ids; empty: all of them."""
    rows: int = ROWS_SHOWN
    made_ns: int | None = None
    """When the report is made, nanoseconds since 1970 UTC; None: now."""
    session: Session = field(default_factory=Session)
    """The window and the filters that all figures are of."""

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the sections in their order."""
        every = TEMPLATES[self.template]
        if self.sections is None:
            return every
        wanted = set(self.sections)
        others = tuple(part.id for part in PARTS if part.id in wanted and part.id not in every)
        return tuple(name for name in every if name in wanted) + others
