"""What a thread is allowed: its credentials and namespaces as captures hold them, and their changes as text.

Two texts of an event, before and after, in one of two layouts (little endian):

    credentials  inheritable permitted effective bounding ambient   u64 each: capability masks
                 uid euid suid fsuid gid egid sgid fsgid            u32 each
                 securebits                                         u32
                 version                                            u32: 1 << 24
    namespaces   mnt uts ipc pid net time cgroup user               u32 each: inode numbers
                 version                                            u32: 1 << 24
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

from capture.model.events import ArgKind
from capture.model.symbols_prctl import CAPABILITY

_CREDENTIALS = struct.Struct("<5Q8III")
_NAMESPACES = struct.Struct("<8II")
_VERSION = 1 << 24
_SETS = ("inheritable", "permitted", "effective", "bounding", "ambient")
_IDS = ("uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid")
NAMESPACES = ("mnt", "uts", "ipc", "pid", "net", "time", "cgroup", "user")
_ALL = (1 << len(CAPABILITY.values)) - 1
ARROW = "→"
_MAIN_SETS = ("permitted", "effective")


def credential_change(before: bytes | None, after: bytes | None) -> str:
    """What is different: `uid 1000→0 euid 1000→0 caps +SYS_ADMIN`; empty where it cannot be told.

    `caps` stands for the permitted and the effective capabilities where both changed alike. Supplementary
    groups are not in the texts: where nothing else differs, it was they.
    """
    old, new = _read(_CREDENTIALS, before), _read(_CREDENTIALS, after)
    if old is None or new is None:
        return ""
    parts = list(_numbers(_IDS, old[5:13], new[5:13]))
    sets = dict(zip(_SETS, zip(old[:5], new[:5], strict=True), strict=True))
    if sets["permitted"] == sets["effective"]:
        sets = {"caps": sets["permitted"], **{name: sets[name] for name in _SETS if name not in _MAIN_SETS}}
    parts += [f"{name} {_gained(*pair)}" for name, pair in sets.items() if pair[0] != pair[1]]
    if old[13] != new[13]:
        parts.append(f"securebits {old[13]:#x}{ARROW}{new[13]:#x}")
    return " ".join(parts) or "supplementary groups"


def namespace_change(before: bytes | None, after: bytes | None) -> str:
    """What is different: `mnt 4026531841→4026532211 pid …`; empty where it cannot be told."""
    old, new = _read(_NAMESPACES, before), _read(_NAMESPACES, after)
    return "" if old is None or new is None else " ".join(_numbers(NAMESPACES, old[:8], new[:8]))


def read_credentials(text: bytes | None) -> Mapping[str, int] | None:
    """A text of cred_change by the names of its masks and ids; None where it is none."""
    found = _read(_CREDENTIALS, text)
    return None if found is None else dict(zip((*_SETS, *_IDS), found, strict=False))


def capability_names(mask: int) -> str:
    """`CAP_CHOWN CAP_KILL`, in the order of their numbers; a bit without a name as it is; empty for none."""
    names = [name for bit, name in CAPABILITY.values.items() if mask >> bit & 1]
    rest = mask & ~_ALL
    return " ".join([*names, f"{rest:#x}"] if rest else names)


def _read(layout: struct.Struct, raw: bytes | None) -> tuple[int, ...] | None:
    if raw is None or len(raw) != layout.size:
        return None
    values: tuple[int, ...] = layout.unpack(raw)
    return values if values[-1] == _VERSION else None


def _numbers(names: tuple[str, ...], old: tuple[int, ...], new: tuple[int, ...]) -> Iterator[str]:
    for name, was, became in zip(names, old, new, strict=True):
        if was != became:
            yield f"{name} {was}{ARROW}{became}"


def _gained(old: int, new: int) -> str:
    """The capabilities gained and lost; `none` where none are left, `all` where there are all of a sudden."""
    if not new:
        return "none"
    if new & _ALL == _ALL and not old:
        return "all"
    signs = (("+", new & ~old), ("-", old & ~new))
    return " ".join(f"{sign}{_names(bits)}" for sign, bits in signs if bits)


def _names(bits: int) -> str:
    known = [name.removeprefix("CAP_") for bit, name in CAPABILITY.values.items() if bits >> bit & 1]
    rest = bits & ~_ALL
    return ",".join([*known, f"{rest:#x}"] if rest else known)


CHANGES: Mapping[ArgKind, Callable[[bytes | None, bytes | None], str]] = {
    ArgKind.CREDENTIALS: credential_change,
    ArgKind.NAMESPACES: namespace_change,
}
"""Kinds of arguments that two texts explain, one before and one after."""
