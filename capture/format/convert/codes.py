"""From a .scap file's numbers of kinds to the codes of our catalogue on the machine that was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from capture.format.convert.call_numbers import CALL_NAMES
from capture.format.convert.kinds import kinds
from capture.model.catalogue import CATALOGUE, spec_named
from capture.model.events import ArgKind, EventFlag, EventSpec, Returns

Array = np.ndarray[Any, np.dtype[Any]]

TYPES = 1 << 16
NO_FD, AT_FDCWD = -1, -100
ARGUMENTS = 6
_NOT_TOLD = {ArgKind.FD: NO_FD, ArgKind.DIRFD: AT_FDCWD}
"""What stands for an argument that is not recorded, where 0 would mean something."""
_NONE = 0xFFFF
"""No system call has this number."""


@dataclass(frozen=True)
class Codes:
    """Tables by type of event, and by scap's number of a generic call."""

    code: Array
    """uint16."""
    flags: Array
    """uint16: COMPAT where a call exists at the 32-bit entry alone."""
    defaults: Array
    """int64 (arguments, types)."""
    fd_argument: Array
    """int8: which argument is the descriptor, -1 none."""
    makes_fd: Array
    returns_size: Array
    of_id: Array
    """uint16, by number of a generic call: its code, `unknown` where there is none."""
    narrow_of_id: Array
    """uint16: its number at the 32-bit entry, 0xFFFF none."""
    id_flags: Array
    takes_arguments: Array
    """bool, by code."""
    unknown: int
    """The code of events that have none."""


@cache
def codes_for(machine: str) -> Codes:
    """The tables of a machine, `x86_64` or `aarch64`."""
    unknown = _code(spec_named("scap_event"), machine)[0]
    code = np.full(TYPES, unknown, np.uint16)
    flags = np.zeros(TYPES, np.uint16)
    defaults = np.zeros((ARGUMENTS, TYPES), np.int64)
    fd_argument = np.full(TYPES, -1, np.int8)
    makes_fd, returns_size = np.zeros(TYPES, bool), np.zeros(TYPES, bool)
    for number, kind in kinds().items():
        if kind.name == "?":
            continue
        spec, both = spec_named(kind.name), slice(number, number + 2)
        code[both], flags[both] = _code(spec, machine)
        defaults[:, both] = _defaults(spec)[:, None]
        fd_argument[both] = -1 if spec.fd_arg is None else spec.fd_arg
        makes_fd[both] = spec.returns is Returns.FD
        returns_size[both] = spec.returns is Returns.SIZE
    named = {spec.name: spec for spec in CATALOGUE}
    specs = [named.get(name) for name in CALL_NAMES]
    told = [(unknown, 0) if spec is None else _code(spec, machine) for spec in specs]
    return Codes(
        code=code,
        flags=flags,
        defaults=defaults,
        fd_argument=fd_argument,
        makes_fd=makes_fd,
        returns_size=returns_size,
        of_id=np.array([number for number, _ in told], np.uint16),
        narrow_of_id=np.array([_NONE if s is None or s.i386 is None else s.i386 for s in specs], np.uint16),
        id_flags=np.array([flag for _, flag in told], np.uint16),
        takes_arguments=_takes_arguments(machine),
        unknown=unknown,
    )


def _takes_arguments(machine: str) -> Array:
    table = np.ones(TYPES, bool)
    for spec in CATALOGUE:
        if not spec.args:
            table[_code(spec, machine)[0]] = False
    return table


def _code(spec: EventSpec, machine: str) -> tuple[int, int]:
    """The number of an event on a machine, and the flag of the table that has it."""
    own = spec.code_on(machine)
    if own is not None:
        return own, 0
    if spec.i386 is not None and machine == "x86_64":
        return spec.i386, int(EventFlag.COMPAT)
    return _code(spec_named("scap_event"), machine)


def _defaults(spec: EventSpec) -> Array:
    told = [_NOT_TOLD.get(arg.kind, 0) for arg in spec.args[:ARGUMENTS]]
    return np.array(told + [0] * (ARGUMENTS - len(told)), np.int64)


@cache
def types_named(names: Iterable[str]) -> Array:
    """bool, by type of event: is it one of these? `names` is a tuple."""
    wanted = frozenset(names)
    table = np.zeros(TYPES, bool)
    for number, kind in kinds().items():
        table[number : number + 2] = kind.name in wanted
    return table


def machine_of(ids: Array, natives: Array) -> str:
    """Which machine it was, by the native numbers that generic calls tell; `x86_64` where none tells."""
    votes = {}
    known = (ids >= 0) & (ids < len(CALL_NAMES)) & (natives >= 0)
    for machine in ("x86_64", "aarch64"):
        own = codes_for(machine)
        told = (own.of_id[ids[known]] == natives[known]) & (own.id_flags[ids[known]] == 0)
        votes[machine] = int(np.count_nonzero(told))
    return max(votes, key=lambda machine: votes[machine])
