"""What a rule is, and what keeps one from being run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum

from inspect_app.rules.correlation import Correlation

SYSCALL = "syscall"
"""The source of events that a capture is."""

_TECHNIQUE = re.compile(r"(?:attack\.)?(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)
_TACTIC = re.compile(r"mitre_(.+)|attack\.(?![tgs]\d)(.+)")


class Priority(IntEnum):
    """How much a finding matters; the smaller, the more."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7

    @property
    def title(self) -> str:
        """As Falco writes it in alerts."""
        return self.name.capitalize()

    @classmethod
    def named(cls, name: str) -> Priority | None:
        """The priority that a rule file names; `INFO` is Informational."""
        wanted = name.upper()
        return cls.__members__.get("INFORMATIONAL" if wanted == "INFO" else wanted)


class ItemError(Exception):
    """An item of a rule file is not as it should be; the message says in what."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a rule file that is not as it should be."""

    file: str
    line: int
    """From 1; 0 of the whole file."""
    item: str
    """The rule, macro or list, where it is known."""
    reason: str
    is_fatal: bool = True
    """Whether the item is not used for it."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.item}: {self.reason}" if self.item else f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Background:
    """What its author tells of a rule beside what it asks for."""

    author: str = ""
    status: str = ""
    """How far it is tried: stable, test, experimental, …"""
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    """Ordinary work that it may find."""

    def lines(self) -> list[str]:
        """What is told, a line each."""
        told = [("author", self.author), ("status", self.status)]
        told += [("may be ordinary", one) for one in self.false_positives]
        told += [("reference", one) for one in self.references]
        return [f"{what}: {text}" for what, text in told if text]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, with all that files added to it."""

    name: str
    description: str
    condition: str
    """With its exceptions."""
    output: str
    priority: Priority
    tags: tuple[str, ...] = ()
    source: str = SYSCALL
    is_enabled: bool = True
    file: str = ""
    line: int = field(default=0, compare=False)
    background: Background = field(default=Background(), compare=False)
    may_be_unknown: bool = False
    """Whether it is left out, not wrong, where it asks for a field that there is not."""
    is_plain: bool = False
    """Whether its condition is a filter as it stands, that no list or macro has a part in."""
    obstacle: str = ""
    """Why no capture can answer it."""
    correlation: Correlation | None = None
    """What it asks of the findings of other rules, instead of a condition."""
    told_by: str = ""
    """The rule that alone tells what this one finds."""

    @property
    def tactics(self) -> tuple[str, ...]:
        """Tactics of ATT&CK, as words: `privilege escalation`."""
        found = (_TACTIC.fullmatch(tag) for tag in self.tags)
        return tuple((one[1] or one[2]).replace("_", " ").replace("-", " ") for one in found if one)

    @property
    def techniques(self) -> tuple[str, ...]:
        """Techniques of ATT&CK: `T1059.004`."""
        found = (_TECHNIQUE.fullmatch(tag) for tag in self.tags)
        return tuple(one[1].upper() for one in found if one)
