"""What a recording leaves out, as the probe takes it: a rule for each call, marks for those who make calls.

The kernel decides (bpf/filter.c); this is what it decides by. Calls by which names and lives become known are
always recorded: without them what is recorded would have no names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from capture.agent.plan import PLANS
from capture.containers.cgroup_paths import ContainerRef
from capture.model.abi import Abi
from capture.model.catalogue import CATALOGUE, types_of
from capture.model.events import EventSpec
from capture.model.recording_filter import COMMAND, ONLY, SKIP, Rule
from capture.model.state_calls import ALWAYS_RECORDED

ABIS = (Abi.X86_64, Abi.I386, Abi.X32)
"""The tables of numbers in the order of the probe's `rule_of`."""
CALLS = PLANS * len(ABIS)
_ALWAYS, _LEFT_OUT, _CHANGES_CALLER = 1, 2, 4
_BY = {"container": 1, "pod": 1, "cgroup": 2, "tree": 4, "uid": 8, "comm": 16}
MARK_ONLY, MARK_SKIP, _CGROUP_ONLY, _CGROUP_SKIP, UNDECIDED, _NO_CONTAINER = 1, 2, 4, 8, 16, 32
"""The enumerations of bpf/filter.c."""
_CHANGERS = frozenset(("setuid", "setreuid", "setresuid", "prctl"))
_SOCKETCALL = 102
"""i386's one call for all of sockets: it makes descriptors, too."""
HOST = "host"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """What to leave out; no rules: nothing."""

    rules: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)

    def values(self, kind: str, by: str) -> tuple[str, ...]:
        """All values of the rules of a kind by a property."""
        return tuple(
            value for rule in self.rules if (rule.kind, rule.by) == (kind, by) for value in rule.values
        )

    def marks(self, by: str) -> dict[str, int]:
        """Each value by a property with its mark in the probe's table."""
        return {value: mark for kind, mark in _MARKS for value in self.values(kind, by)}

    def constants(self) -> dict[str, int]:
        """What the probe is compiled with."""
        if not self:
            return {}
        concerns = {
            kind: reduce(or_, (bit for by, bit in _BY.items() if self.values(kind, by)), 0)
            for kind in (ONLY, SKIP)
        }
        of_command = MARK_ONLY if COMMAND in self.values(ONLY, "tree") else 0
        return {
            "FILTERING": 1,
            "ONLY_BY": concerns[ONLY],
            "SKIP_BY": concerns[SKIP],
            "OF_COMMAND": of_command,
        }

    def concerns(self, *properties: str) -> bool:
        """Whether any rule is by one of these properties."""
        return any(rule.by in properties for rule in self.rules)

    def call_rules(self) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """What becomes of each call: uint64[CALLS], by number, a table of PLANS for each of ABIS."""
        wanted = bool(self.values(ONLY, "call") or self.values(ONLY, "category"))
        rules = np.full((len(ABIS), PLANS), _LEFT_OUT if wanted else 0, np.uint64)
        of_spec = np.array([self._rule_of(spec, wanted=wanted) for spec in CATALOGUE], np.uint64)
        for at, abi in enumerate(ABIS):
            positions = types_of(abi)[:PLANS]
            known = positions >= 0
            rules[at, known] = of_spec[positions[known]]
        rules[ABIS.index(Abi.I386), _SOCKETCALL] = _ALWAYS
        return rules.reshape(-1)

    def _rule_of(self, spec: EventSpec, *, wanted: bool) -> int:
        rule = _CHANGES_CALLER if spec.name in _CHANGERS else 0
        if spec.name in ALWAYS_RECORDED:
            return rule | _ALWAYS
        chosen = {
            kind: spec.name in self.values(kind, "call") or spec.category in self.values(kind, "category")
            for kind in (ONLY, SKIP)
        }
        left_out = chosen[SKIP] or (wanted and not chosen[ONLY])
        return rule | (_LEFT_OUT if left_out else 0)


_MARKS = ((ONLY, MARK_ONLY), (SKIP, MARK_SKIP))


class CgroupMarks:
    """Which cgroups are chosen: by their paths at once, by the names of containers as these become known.

    Until it is known whether a new cgroup is a chosen container's, what happens there is recorded.
    """

    def __init__(self, chosen: RecordingFilter, mark: Callable[[str, int], None]) -> None:
        """`mark` hands a cgroup's path with its marks to the probe."""
        self._named = {
            kind: [
                (is_meant_by, values)
                for by, is_meant_by in (("container", is_meant), ("pod", is_of_pod))
                if (values := chosen.values(kind, by))
            ]
            for kind in (ONLY, SKIP)
        }
        self._asks_names = any(
            value != HOST for asked in self._named.values() for _, values in asked for value in values
        )
        self._cgroups = [(kind, chosen.values(kind, "cgroup")) for kind in (ONLY, SKIP)]
        self._mark = mark
        self._paths: dict[str, list[str]] = {}
        """Of containers of which more may become known."""

    def learn(self, path: str, ref: ContainerRef | None, row: Row | None, *, final: bool) -> None:
        """Take in what is known of the container in a cgroup now.

        Args:
            path: of the cgroup.
            ref: its container, None where there is none.
            row: what is known of that, None if nothing yet.
            final: whether no more will become known.
        """
        paths = [path]
        if ref is not None:
            paths = self._paths.pop(ref.full_id, [])
            paths += [path] if path not in paths else []
            if not final:
                self._paths[ref.full_id] = paths
        of_container = self._marks_of_container(ref, row, final=final)
        for each in paths:
            self._mark(each, of_container | self._marks_of_path(each))

    def _marks_of_container(self, ref: ContainerRef | None, row: Row | None, *, final: bool) -> int:
        found = _NO_CONTAINER if ref is None else 0
        held = {
            kind: [any(is_meant_by(value, ref, row) for value in values) for is_meant_by, values in asked]
            for kind, asked in self._named.items()
        }
        if held[ONLY] and all(held[ONLY]):
            found |= MARK_ONLY
        if any(held[SKIP]):
            found |= MARK_SKIP
        return (
            found if final or not self._asks_names or found & (MARK_ONLY | MARK_SKIP) else found | UNDECIDED
        )

    def _marks_of_path(self, path: str) -> int:
        found = 0
        for (_, values), mark in zip(self._cgroups, (_CGROUP_ONLY, _CGROUP_SKIP), strict=True):
            if any(_is_below(path, value) for value in values):
                found |= mark
        return found


def is_meant(value: str, ref: ContainerRef | None, row: Row | None) -> bool:
    """Whether a value of the command line names this container."""
    if ref is None:
        return value == HOST
    names = [ref.full_id, *(str(row[key]) for key in ("name",) if row and row.get(key))]
    return ref.full_id.startswith(value) or any(fnmatchcase(name, value) for name in names)


def is_of_pod(value: str, ref: ContainerRef | None, row: Row | None) -> bool:
    """Whether a value of the command line names this container's pod: `name`, `namespace/name` or its uid."""
    if ref is None:
        return False
    known = row or {}
    pod, uids = str(known.get("pod") or ""), (ref.pod_uid, str(known.get("pod_uid") or ""))
    names = (pod, f"{known.get('namespace') or ''}/{pod}") if pod else ()
    return value in filter(None, uids) or any(fnmatchcase(name, value) for name in names)


def _is_below(path: str, top: str) -> bool:
    top = top.rstrip("/")
    return path == top or path.startswith(f"{top}/") or not top


def descendants(of: Iterable[int], parents: dict[int, int]) -> set[int]:
    """The processes and all that came from them. `parents`: pid → parent's pid, of all there are."""
    found = set(of)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
