"""Names of the numbers that go into and come out of system calls.

A table is declared as text, `NAME=number` separated by blanks, in the files `symbols_*.py` by
subject; `TABLES` finds them by the name that `Arg.table` gives. Where an architecture differs it
has its own table under the same name in `AARCH64_TABLES`. The facts are those of the kernel's
UAPI headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

ALL_BITS = (1 << 64) - 1


class Rest(Enum):
    """How the bits that have no name are shown."""

    HEX = "hex"
    OCTAL = "octal"
    """File permissions in the low nine bits (semget, shmget)."""
    SIGNAL = "signal"
    """A signal in the low eight bits (clone)."""
    HUGE = "huge"
    """The logarithm of a page size in the upper six of 32 bits (mmap, memfd_create)."""
    CLOCK = "clock"
    """A clock of a process or thread (its id inverted above three bits), or of an open device."""
    IOCTL = "ioctl"
    """Direction, size, type and number, as <asm-generic/ioctl.h> packs them."""


@dataclass(frozen=True, slots=True)
class Table:
    """Names of one kind of number: of whole values, of bits, or of a value in some bits and flags above."""

    values: Mapping[int, str] = field(default_factory=dict)
    """Names of what the bits of `mask` can be."""
    bits: Mapping[int, str] = field(default_factory=dict)
    """Names of flags; one of several bits stands before its parts."""
    mask: int = ALL_BITS
    """0 where there are only flags; `values` may then name the 0 that stands for none of them."""
    rest: Rest = Rest.HEX


@dataclass(frozen=True, slots=True)
class KeyedTable:
    """A table that depends on another argument of the same call (socket options on their level)."""

    by: str
    """Name of that argument."""
    tables: Mapping[int, Table]


def numbers(text: str) -> dict[int, str]:
    """`A=1 B=0x2` as a mapping of number to name; the first name of a number wins."""
    found: dict[int, str] = {}
    for item in text.split():
        name, _, number = item.partition("=")
        found.setdefault(int(number, 0), name)
    return found


def choice(text: str, *, rest: Rest = Rest.HEX) -> Table:
    """A table of whole values."""
    return Table(values=numbers(text), rest=rest)


def sequence(text: str, *, start: int = 0, rest: Rest = Rest.HEX) -> Table:
    """A table of whole values that follow each other; a `-` skips one."""
    names = enumerate(text.split(), start)
    return Table(values={number: name for number, name in names if name != "-"}, rest=rest)


def flags(text: str, *, zero: str = "0", rest: Rest = Rest.HEX) -> Table:
    """A table of bits, and the name of having none of them."""
    return Table(values={0: zero}, bits=numbers(text), mask=0, rest=rest)


def choice_and_flags(values: str, mask: int, bits: str, *, rest: Rest = Rest.HEX) -> Table:
    """A table of one value in the bits of `mask`, and flags beside it."""
    return Table(values=numbers(values), bits=numbers(bits), mask=mask, rest=rest)
