"""The v2 hierarchy of cgroups: every cgroup there is, and the one that a process is in.

A recorder in a container with a cgroup namespace of its own sees paths that begin where it is; they are told
as the host has them.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from posixpath import normpath

from capture.agent.host_root import is_elsewhere, on_host
from capture.agent.mounts import mounts, mounts_of
from capture.agent.proc_files import PROC, Row, content, lines, text


def cgroups() -> list[Row]:
    """Every cgroup of the v2 hierarchy, with the id that events carry: the inode of its folder."""
    rows: list[Row] = []
    top = unified_mount()
    for folder, _, _ in os.walk(top) if top else ():
        relative = Path(folder).relative_to(top) if top else Path()
        try:
            identity = Path(folder).stat().st_ino
        except OSError:
            continue
        rows.append({"id": identity, "path": "/" if relative == Path() else f"/{relative}", "hierarchy": 0})
    return rows


def cgroup_paths(pid: int) -> list[str]:
    """A process's cgroups, one a hierarchy; none where it is gone."""
    try:
        return [text(line).split(":", 2)[-1] for line in lines(PROC / str(pid) / "cgroup")]
    except OSError:
        return []


def cgroup_id(pid: int) -> int:
    """The id that the kernel gives to a process's cgroup of the v2 hierarchy, 0 where it cannot be told."""
    top = unified_mount()
    try:
        own = content(PROC / str(pid) / "cgroup").splitlines()
        path = next(line[3:] for line in own if line.startswith(b"0::"))
        return Path(f"{top}{from_the_top(text(path))}").stat().st_ino if top else 0
    except (OSError, StopIteration):
        return 0


@cache
def unified_mount() -> Path | None:
    """Where the v2 hierarchy of cgroups is mounted."""
    target = _cgroup2_of(mounts())
    if target is None or not is_elsewhere():
        return target
    return on_host(str(target))


def from_the_top(path: str) -> str:
    """A path of the v2 hierarchy as the host has it; a cgroup namespace shows others as /../name."""
    return normpath(f"{_own_top()}{path}") if _own_top() else path


@cache
def _own_top() -> str:
    """The cgroup that /proc shows as / to a container with a cgroup namespace of its own; empty for the root.

    It is told by its id: what is mounted as the hierarchy in here is a folder of the host's.
    """
    if not is_elsewhere():
        return ""
    own = _cgroup2_of(mounts_of("self"))
    try:
        identity = own.stat().st_ino if own else 0
    except OSError:
        identity = 0
    return next((row["path"].rstrip("/") for row in cgroups() if row["id"] == identity), "")


def _cgroup2_of(rows: list[Row]) -> Path | None:
    return next((Path(mount["target"]) for mount in rows if mount["type"] == "cgroup2"), None)
