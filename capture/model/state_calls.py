"""Calls by which lives and names become known: without them other events would have no names."""

from __future__ import annotations

from capture.model.catalogue import SYSTEM_CALL_SPECS
from capture.model.events import ArgKind, EventSpec, Returns

LIFE_CALLS = frozenset(
    (
        *(
            "connect",
            "accept",
            "accept4",
            "bind",
            "listen",
            "ptrace",
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
        ),
        *("init_module", "finit_module", "delete_module", "bpf", "setns", "unshare"),
        *("setuid", "setgid", "setresuid", "setresgid", "setreuid", "setregid", "capset"),
        *("clone", "clone3", "fork", "vfork", "execve", "execveat", "exit", "exit_group", "creat"),
    )
)
"""Calls that travel in the lane of process life, so that a storm of reads cannot push them out."""


def _tells_names(spec: EventSpec) -> bool:
    kinds = {arg.kind for arg in spec.args}
    return spec.returns is Returns.FD or ArgKind.FD_PAIR in kinds or spec.name in STATE_CALLS


STATE_CALLS = LIFE_CALLS | {"close", "close_range", "chdir", "fchdir"}
ALWAYS_RECORDED = frozenset(spec.name for spec in SYSTEM_CALL_SPECS if _tells_names(spec))
"""Calls of lives, names and places: they make or close descriptors, connect, change what paths mean."""
