"""The declared table of a .scap file's event kinds, ready to be looked up by number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from capture.format.convert.kind_rows import KIND_ROWS, LISTS
from capture.format.convert.numbers import TRANSLATIONS


class KindClass(StrEnum):
    """Where events of a kind come from."""

    CALL = "c"
    HAPPENING = "t"
    META = "m"


@dataclass(frozen=True, slots=True)
class Role:
    """Where the value of a parameter goes."""

    target: str
    """A column or something that is made into columns: `a0`, `ret`, `text`, `tuple`, `cgroups` …"""
    numbers: str = ""
    """The table that turns scap's own numbers into the kernel's."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of one direction of a kind."""

    name: str
    type: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of events: a system call's beginning and end, or something without an end."""

    number: int
    """That of its enter event; the exit event's is one more."""
    origin: KindClass
    name: str
    """Its name in our catalogue; `?` for calls that are told by a number of their own."""
    enter: tuple[Parameter, ...]
    exit: tuple[Parameter, ...]

    def parameters(self, number: int) -> tuple[Parameter, ...]:
        """Those of the direction that a number of an event means."""
        return self.exit if number & 1 else self.enter


TYPES = frozenset("sutbacx")
MAX_PARAMETERS = 64
"""More than any kind has: a count beyond it is damage."""


@cache
def kinds() -> dict[int, Kind]:
    """All kinds, by the number of the enter event."""
    rows = (line for line in KIND_ROWS.splitlines() if line.strip())
    return {kind.number: kind for kind in map(_parse, rows)}


def _parse(line: str) -> Kind:
    head, _, exits = line.partition("|")
    number, origin, name, *enters = head.split()
    return Kind(int(number), KindClass(origin), name, _parameters(enters), _parameters(exits.split()))


def _parameters(words: list[str]) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for word in words:
        if word.startswith("@"):
            found.extend(_parameters(LISTS[word[1:]].split()))
            continue
        name, _, rest = word.partition(":")
        kind, _, roles = rest.partition("=")
        if kind not in TYPES:
            raise ValueError(f"no type of a parameter: {word!r}")
        found.append(Parameter(name, kind, tuple(_role(role) for role in roles.split(",") if role)))
    return tuple(found)


def _role(text: str) -> Role:
    target, _, numbers = text.partition("~")
    if numbers and numbers not in TRANSLATIONS:
        raise ValueError(f"no table of numbers {numbers!r}")
    return Role(target, numbers)
