"""The trees of cgroups by which a recording tells who is to be left out: the unified one, and one of v1.

On v1 and hybrid layouts a container may show in the trees of single controllers alone; of those that every
runtime uses, the first that is mounted counts. A cgroup's id is the inode of its folder; ids repeat from tree
to tree, so that the tree's number stands above them in the probe's tables (bpf/filter.c).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from capture.agent.btf import KernelTypes
from capture.agent.cgroups import unified_mount
from capture.agent.host_root import is_elsewhere, on_host
from capture.agent.proc_files import PROC

_CONTROLLERS = ("pids", "memory", "devices", "freezer", "cpu", "cpuset", "blkio")
_TREE_SHIFT = 56
_UNIFIED = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """One mounted hierarchy."""

    number: int
    """As the kernel counts them; the unified one is 0."""
    top: Path
    controller: str = ""
    """Of v1."""

    def key(self, path: str) -> int | None:
        """What the probe finds a cgroup by, None where there is none of that path here."""
        try:
            return Path(f"{self.top}{path}").stat().st_ino | self.number << _TREE_SHIFT
        except (OSError, ValueError):
            return None

    def paths(self) -> Iterator[str]:
        """All cgroups that there are now."""
        for folder, _, _ in os.walk(self.top):
            relative = os.path.relpath(folder, self.top)
            yield "/" if relative == "." else f"/{relative}"


@cache
def trees() -> tuple[Tree, ...]:
    """Those by which cgroups are chosen, the unified one first; none where neither is mounted."""
    unified = unified_mount()
    found = [Tree(_UNIFIED, unified)] if unified else []
    mounted, numbers = _mounted_controllers(), _numbers()
    chosen = next((name for name in _CONTROLLERS if name in mounted and numbers.get(name)), None)
    if chosen:
        found.append(Tree(numbers[chosen], mounted[chosen], chosen))
    return tuple(found)


def constants(types: KernelTypes) -> dict[str, int]:
    """What the probe is compiled with: the number of v1's tree, and the place of its controller in a task."""
    for tree in trees():
        place = types.enumerator(
            "cgroup_subsys_id", f"{_SUBSYSTEMS.get(tree.controller, tree.controller)}_cgrp_id"
        )
        if tree.controller and place is not None:
            return {"V1_HIERARCHY": tree.number, "V1_SUBSYSTEM": place}
    return {}


_SUBSYSTEMS = {"blkio": "io"}
"""Where the kernel calls a controller otherwise than v1 does."""


def _mounted_controllers() -> dict[str, Path]:
    """v1's controllers and where their trees are mounted (mountinfo, proc(5))."""
    found: dict[str, Path] = {}
    for line in _lines(PROC / ("1" if is_elsewhere() else "self") / "mountinfo"):
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup":
            target = left.split(" ")[4]
            found |= dict.fromkeys(options.split(","), on_host(target) if is_elsewhere() else Path(target))
    return found


def _numbers() -> dict[str, int]:
    """Each controller's hierarchy; 0 where it is part of the unified one."""
    rows = (line.split() for line in _lines(PROC / "cgroups") if not line.startswith("#"))
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
