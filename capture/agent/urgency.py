"""Records that somebody waits for: a container may be gone in 50 ms, a program's file sooner.

All other records may lie in their lanes until many have come together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk
from capture.agent.lanes import Lane
from capture.agent.signs import names_of_runtimes
from capture.model.events import SchedCode

CGROUP_CODES = (SchedCode.CGROUP_MKDIR, SchedCode.CGROUP_RMDIR)
_MOST = 1024
"""Records that are looked at; who has more does not rest."""
_MOST_KNOWN = 65_536
_FACTORS = np.random.default_rng(0x757267656E74).integers(1, 1 << 63, 5, dtype=np.uint64)
"""One for device, inode, size and either time of a program's file."""

Array = np.ndarray[Any, np.dtype[Any]]


class Urgency:
    """Tells by a glance at a ring buffer whether it may rest."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        """Programs' files, by a hash: of a new one it is looked at the file before it may be gone."""
        self._looks: dict[str, Callable[[Array], bool]] = {
            "life": _tells_of_cgroups,
            "exec": self._has_new_programs,
            "exec_long": self._has_new_programs,
        }

    def of(self, lane: Lane) -> bool:
        """Whether somebody waits for a record that lies there."""
        look = self._looks.get(lane.name)
        if look is None or not lane.waiting:
            return False
        return lane.waiting > _MOST or look(lane.glance())

    def programs_begun(self, chunk: Chunk) -> None:
        """A chunk of programs has been taken: these are known, but for runtimes: each call of one counts."""
        exe = chunk.text("exe")
        if exe is None:
            return
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        dev, ino = (chunk.heads.field(name)[exe.at] for name in ("dev", "ino"))
        keys = _keys(dev, ino, exe.rows)
        waited_for = np.isin(exe.at, names_of_runtimes(chunk))
        self._known.update(keys[~waited_for].tolist())

    def _has_new_programs(self, records: Array) -> bool:
        keys = _keys(records["dev"], records["ino"], records["data"])
        return not self._known.issuperset(keys.tolist())


def _tells_of_cgroups(records: Array) -> bool:
    code = records["code"]
    return any(bool((code == each).any()) for each in CGROUP_CODES)


def _keys(dev: Array, ino: Array, exe: Array) -> Array:
    """A hash of each program's file, uint64; `exe` begins with `struct exe_data` of bpf/program.c."""
    facts = np.ascontiguousarray(exe[:, 8:32]).view("<u8")
    keys: Array = facts @ _FACTORS[2:] + ino * _FACTORS[0] + dev * _FACTORS[1]
    return keys
