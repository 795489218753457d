"""Arguments whose meaning depends on other arguments of the same call: ignored ones, names, contents.

Sources: the manual pages of the calls; include/uapi/linux/{keyctl,prctl,sched,fcntl}.h.
"""

from __future__ import annotations

from collections.abc import Mapping

COUNTED_BY = {"sembuf": "nsops"}
"""The argument that tells how many structures there are, by their layout, where that is not `size`."""

_CREATES = 0o100 | 0o20000000
_IS_DEVICE = 0o020000
_NEEDS_BITS = {
    ("open", "mode"): ("flags", _CREATES),
    ("openat", "mode"): ("flags", _CREATES),
    ("mknod", "dev"): ("mode", _IS_DEVICE),
    ("mknodat", "dev"): ("mode", _IS_DEVICE),
    ("clone", "parent_tid"): ("flags", 0x101000),  # CLONE_PARENT_SETTID, CLONE_PIDFD
    ("clone", "child_tid"): ("flags", 0x1200000),  # CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID
    ("clone", "tls"): ("flags", 0x80000),  # CLONE_SETTLS
    ("mremap", "new_addr"): ("flags", 6),  # MREMAP_FIXED, MREMAP_DONTUNMAP
}
"""Arguments that the kernel looks at only if another one has one of these bits."""
_FCNTL_WITHOUT_ARG = frozenset({1, 3, 9, 11, 1025, 1032, 1034})
_ARGUMENTS_OF_KEYCTL = {
    **dict.fromkeys((1, 3, 7, 14, 16, 21), 1),
    **dict.fromkeys((0, 5, 8, 9, 15, 22, 31), 2),
    **dict.fromkeys((2, 4, 6, 11, 13, 17, 29, 32), 3),
    **dict.fromkeys((10, 12, 19, 20), 4),
    18: 0,
}
"""By operation, which itself does not count; one that is not named here has four."""
_NOT_KEPT_OF_PROGRAMS = frozenset({"dirfd", "envp", "flags"})
"""Registers are the new program's once it begins. A path of /dev/fd/N tells which descriptor was given."""
_POSITIONED = frozenset({"preadv", "preadv2", "pwritev", "pwritev2"})
_NAMES = {
    ("prctl", 15, "arg2"): 0,  # PR_SET_NAME
    ("prctl", 16, "arg2"): 0,  # PR_GET_NAME
    ("prctl", 0x53564D41, "arg5"): 0,  # PR_SET_VMA
    ("keyctl", 1, "arg2"): 0,  # KEYCTL_JOIN_SESSION_KEYRING
    ("keyctl", 10, "arg3"): 0,  # KEYCTL_SEARCH: a type, and a description
    ("keyctl", 10, "arg4"): 1,
}
_ASKS_FOR = {"prctl": "option", "keyctl": "operation"}
_CONTENT_OF_KEYS = frozenset({2, 6, 11, 12})
"""KEYCTL_UPDATE, KEYCTL_DESCRIBE, KEYCTL_READ, KEYCTL_INSTANTIATE."""


def is_ignored(call: str, name: str, values: Mapping[str, int], ret: int) -> bool:
    """Whether an argument means nothing in a call, so that its register holds whatever was left there.

    Args:
        call: the call's name.
        name: the argument's.
        values: all arguments of the call, by name.
        ret: what it returned.
    """
    if needed := _NEEDS_BITS.get((call, name)):
        return not values[needed[0]] & needed[1]
    if call in ("execve", "execveat") and name in _NOT_KEPT_OF_PROGRAMS:
        return ret == 0 and not (values["envp"] or values["path"])
    if call in ("fcntl", "fcntl64") and name == "arg":
        return _int(values["cmd"]) in _FCNTL_WITHOUT_ARG
    if call == "keyctl" and name != "operation":
        return int(name[-1]) > 1 + _ARGUMENTS_OF_KEYCTL.get(_int(values["operation"]), 4)
    # A machine of 64 bits has all of the position in the lower half.
    return name == "pos_h" and call in _POSITIONED


def place_of_name(call: str, name: str, values: Mapping[str, int]) -> int | None:
    """Which of the event's texts an argument of prctl or keyctl is, None where it is none."""
    asked = _ASKS_FOR.get(call)
    return _NAMES.get((call, _int(values[asked]), name)) if asked else None


def is_content_of_key(call: str, name: str, values: Mapping[str, int]) -> bool:
    """Whether keyctl gives or takes what is in a key here."""
    return call == "keyctl" and name == "arg3" and _int(values["operation"]) in _CONTENT_OF_KEYS


def _int(value: int) -> int:
    """What the kernel sees of an int."""
    return value & 0xFFFFFFFF
