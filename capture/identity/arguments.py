"""Which arguments the joins ask for: of a few kinds of events, so that no others need be kept.

What is not listed here is found as well, but a whole column is read for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from capture.format import Chooser
from capture.model.abi import ABIS, abi_of
from capture.model.catalogue import CATALOGUE, kinds_without_arguments, types_of
from capture.model.events import ArgKind, EventFlag, EventSpec
from capture.model.requests_uring import PREFIX

_ARGUMENTS = 6
_ANY = frozenset(
    {"procfork", "procexit", "cgroup_mkdir", "cgroup_rmdir", "cgroup_attach_task", "signal_generate"}
    | {"oom_kill", "io_uring_submit", "setns", "fchdir", "prctl", "waitid", "renameat2", "socketcall", "ipc"}
)
"""Kinds of which any argument may be asked for: those that tell of processes are rare, others have few."""
_OF_KIND: Mapping[str, tuple[int, ...]] = {
    "open": (1,),
    "openat": (2,),
    "accept": (0,),
    "accept4": (0,),
    "ioctl": (1,),
    "fcntl": (0, 1),
    "dup": (0,),
    "dup2": (0,),
    "dup3": (0,),
    "copy_file_range": (2,),
    "recvfrom": (3,),
    "recvmsg": (2,),
    "sendmmsg": (5,),
    "recvmmsg": (5,),
}
_REQUEST, _RING = 3, 4
"""What tells which request a completion of io_uring finishes."""
_FOREIGN = int(EventFlag.COMPAT | EventFlag.X32)


def chooser(machine: str) -> Chooser:
    """Tells of each column of arguments which rows of a block the joins may ask for."""
    asked, by_code = _asked(), _asked()[types_of(abi_of(machine))]

    def choose(own: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        code, flags = own["code"], own["flags"]
        if (flags & _FOREIGN).any():
            bits = asked[kinds_without_arguments(machine, code, flags)]
        else:
            bits = by_code.take(code)
        rows = np.flatnonzero(bits)
        bits = bits[rows]
        return {f"a{index}": rows[bits & (1 << index) != 0] for index in range(_ARGUMENTS)}

    return choose


@cache
def _asked() -> np.ndarray:
    """uint8, by position in CATALOGUE: bit i is argument i; the last place stands for -1, unknown."""
    bits = [sum(1 << index for index in _asked_of(spec)) for spec in CATALOGUE]
    return np.array([*bits, 0], np.uint8)


def _asked_of(spec: EventSpec) -> set[int]:
    if spec.name in _ANY:
        return set(range(_ARGUMENTS))
    # A path starts at the directory whose descriptor stands before it.
    places = ((at, arg) for abi in ABIS for at, arg in enumerate(spec.args_on(abi)[:_ARGUMENTS]))
    directories = {at for at, arg in places if arg.kind is ArgKind.DIRFD}
    request = {_REQUEST, _RING} if spec.name.startswith(PREFIX) else set()
    return directories | request | set(_OF_KIND.get(spec.name, ()))
