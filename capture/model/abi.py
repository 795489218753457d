"""Which table the number and the arguments of a call belong to.

A kernel serves more than one: x86_64 has an entry for 32-bit programs with the numbers of i386, and the x32
ABI, whose numbers carry bit 30. Two numbers of i386 stand for many calls, of which the first argument names
one: socketcall (102) and ipc (117); see socketcall(2) and ipc(2).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from capture.model.events import EventFlag


class Abi(StrEnum):
    """The tables of system calls."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"
    I386 = "i386"
    X32 = "x32"
    SOCKETCALL = "socketcall"
    """i386's call 102: what it does is told by a0, its arguments lie in memory at a1."""
    UNPACKED = "unpacked"
    """The same with the arguments that lay in memory: the number is in the upper half of a0."""
    IPC = "ipc"
    """i386's call 117: what it does is told by the low 16 bits of a0."""
    ARM = "arm"
    """The 32-bit entry of aarch64, whose numbers are not listed here."""
    UNKNOWN = "unknown"
    """That of a machine that is not recorded, or of which no table is here."""


ABIS = tuple(Abi)
"""Columns hold positions in it."""

_MACHINES = {
    "x86_64": (Abi.X86_64, Abi.I386, Abi.X32),
    "aarch64": (Abi.AARCH64, Abi.ARM, Abi.UNKNOWN),
}
_ALIASES = {"amd64": "x86_64", "arm64": "aarch64"}
_NO_TABLES = (Abi.UNKNOWN, Abi.UNKNOWN, Abi.UNKNOWN)
_FOREIGN = int(EventFlag.COMPAT | EventFlag.X32)
MULTIPLEXERS = {102: Abi.SOCKETCALL, 117: Abi.IPC}
_NARROW = frozenset({Abi.I386, Abi.SOCKETCALL, Abi.UNPACKED, Abi.IPC, Abi.ARM})


def machine_named(name: object) -> str:
    """A machine by the name that Linux gives it: `x86_64` for `amd64`; empty where there is none."""
    return _ALIASES.get(name, name) if isinstance(name, str) else ""


def abi_of(machine: str, code: int = 0, flags: int = 0) -> Abi:
    """The table of one event of a capture from a machine."""
    native, compat, x32 = _MACHINES.get(machine_named(machine), _NO_TABLES)
    if flags & EventFlag.COMPAT:
        found = MULTIPLEXERS.get(code, compat) if compat is Abi.I386 else compat
        return Abi.UNPACKED if found is Abi.SOCKETCALL and flags & EventFlag.UNPACKED else found
    return x32 if flags & EventFlag.X32 else native


def abis_of(machine: str, code: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """uint8: the table of each event, as a position in ABIS."""
    native, compat, x32 = (ABIS.index(abi) for abi in _MACHINES.get(machine_named(machine), _NO_TABLES))
    if not flags.any():
        return np.broadcast_to(np.uint8(native), flags.shape)
    foreign = flags & _FOREIGN
    found: np.ndarray = np.array([native, compat, x32, compat], np.uint8)[foreign]
    if compat == ABIS.index(Abi.I386) and foreign.any():
        for number, abi in MULTIPLEXERS.items():
            found[(found == compat) & (code == number)] = ABIS.index(abi)
        unpacked = (flags & int(EventFlag.UNPACKED)) > 0
        found[unpacked & (found == ABIS.index(Abi.SOCKETCALL))] = ABIS.index(Abi.UNPACKED)
    return found


def is_narrow(abi: Abi) -> bool:
    """Whether a register of the ABI has 32 bits: what stands above them means nothing."""
    return abi in _NARROW
