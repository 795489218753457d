"""What a recording was asked to leave out: rules, as they are in a file and as people read them.

A rule is `only` or `skip`, by one property, with values. What matches a `skip` is left out; where there are
`only` rules by a property, what matches none of them is. Calls and categories are one property: which call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ONLY, SKIP = "only", "skip"
PROPERTIES = {
    "container": "of a container, by name or by the beginning of its id; host: of none",
    "pod": "of a pod, by name, namespace/name or uid",
    "cgroup": "in a cgroup or below it",
    "tree": "of a process or its descendants",
    "uid": "of a user",
    "comm": "of threads of a name",
    "call": "a system call",
    "category": "a category of system calls",
}
COMMAND = "command"
"""In place of a pid: the command that was recorded."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One option's worth."""

    kind: str
    """`only` or `skip`."""
    by: str
    """One of PROPERTIES."""
    values: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """As it is in a file."""
        return {"rule": self.kind, "by": self.by, "values": list(self.values)}

    def __str__(self) -> str:
        return f"{self.kind} {self.by} {', '.join(self.values)}"


def read_rules(rows: object) -> tuple[Rule, ...]:
    """Rules out of a file; what is none is left out."""
    found = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        kind, by, values = (row.get(key) for key in ("rule", "by", "values"))
        if isinstance(kind, str) and isinstance(by, str) and isinstance(values, list):
            found.append(Rule(kind, by, tuple(value for value in values if isinstance(value, str))))
    return tuple(found)


def filter_text(rules: Sequence[Rule]) -> str:
    """All rules in one line; empty where everything was recorded."""
    return "; ".join(map(str, rules))
