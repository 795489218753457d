"""Every kind of event: the system calls of all tables, then what the scheduler tells.

Everything else reads this table: the probe plans what to copy from it, the file and the frames
take an event's name from its place in it, filters and views its categories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import chain

import numpy as np

from capture.model.abi import ABIS, Abi, abi_of, abis_of
from capture.model.events import Arg, ArgKind, Category, EventSpec, Returns, SchedCode
from capture.model.foreign_events import FOREIGN_EVENTS
from capture.model.requests_uring import URING_COMPLETIONS
from capture.model.symbols import numbers
from capture.model.syscalls import parse_rows, parse_variants
from capture.model.syscalls_file import FILE_CALLS
from capture.model.syscalls_i386 import (
    I386_CALLS,
    I386_VARIANTS,
    IPC_CALLS_OF_I386,
    MULTIPLEXED_ARGUMENTS,
    SOCKETCALLS,
    X32_LACKS,
    X32_NUMBERS,
    X32_VARIANTS,
)
from capture.model.syscalls_io import IO_CALLS
from capture.model.syscalls_ipc import IPC_CALLS
from capture.model.syscalls_memory import MEMORY_CALLS
from capture.model.syscalls_net import NET_CALLS
from capture.model.syscalls_process import PROCESS_CALLS
from capture.model.syscalls_system import SYSTEM_CALLS

ARCHITECTURES = (Abi.X86_64, Abi.AARCH64)
UNKNOWN_PREFIX = "syscall_"
"""A number N that the table lacks is shown as `syscall_N`."""

TABLES_OF_NUMBERS = (*ARCHITECTURES, Abi.I386, Abi.X32)

_UNKNOWN_PREFIXES = {Abi.I386: "i386_", Abi.X32: "x32_", Abi.ARM: "arm_"}
_SUBCALLS = {Abi.SOCKETCALL: SOCKETCALLS, Abi.UNPACKED: SOCKETCALLS, Abi.IPC: IPC_CALLS_OF_I386}
_MULTIPLEXERS = {Abi.SOCKETCALL: "socketcall", Abi.UNPACKED: "socketcall", Abi.IPC: "ipc"}
_SUBCALL_BITS = 0xFFFF
"""What of a multiplexer's first argument names the call; the rest of ipc's is a version."""
_UNPACKED_SHIFT = 32


def _scheduler_event(
    name: str, code: SchedCode, *args: Arg, category: Category = Category.SCHEDULER
) -> EventSpec:
    return EventSpec(name, category, args, Returns.ZERO, int(code), int(code))


_CGROUP = (Arg("cgroup", ArgKind.ULONG), Arg("hierarchy", ArgKind.UINT))
_SIGNAL = (Arg("sig", ArgKind.SIGNAL), Arg("code", ArgKind.ENUM, "signal_code"))
_MODULE = (Arg("taints", ArgKind.FLAGS, "module_taints"), Arg("name", ArgKind.STRING))

SCHEDULER_EVENTS = (
    _scheduler_event(
        "procfork",
        SchedCode.PROCFORK,
        Arg("pid", ArgKind.PID),
        Arg("tid", ArgKind.PID),
        Arg("start", ArgKind.TIME),
        Arg("ppid", ArgKind.PID),
        Arg("vtid", ArgKind.PID),
        Arg("comm", ArgKind.STRING),
    ),
    _scheduler_event("procexec", SchedCode.PROCEXEC, Arg("path", ArgKind.PATH), Arg("argv", ArgKind.ARGV)),
    _scheduler_event(
        "procexit",
        SchedCode.PROCEXIT,
        Arg("status", ArgKind.WAIT_STATUS),
        Arg("last", ArgKind.UINT),
        Arg("start", ArgKind.TIME),
        Arg("cpu", ArgKind.DURATION),
        Arg("minflt", ArgKind.ULONG),
        Arg("majflt", ArgKind.ULONG),
    ),
    _scheduler_event("cgroup_mkdir", SchedCode.CGROUP_MKDIR, *_CGROUP, Arg("path", ArgKind.PATH)),
    _scheduler_event("cgroup_rmdir", SchedCode.CGROUP_RMDIR, *_CGROUP, Arg("path", ArgKind.PATH)),
    _scheduler_event(
        "cgroup_attach_task",
        SchedCode.CGROUP_ATTACH,
        *_CGROUP,
        Arg("pid", ArgKind.PID),
        Arg("path", ArgKind.PATH),
        Arg("comm", ArgKind.STRING),
    ),
    _scheduler_event(
        "signal_generate",
        SchedCode.SIGNAL_GENERATE,
        *_SIGNAL,
        Arg("pid", ArgKind.PID),
        Arg("tid", ArgKind.PID),
        Arg("result", ArgKind.ENUM, "signal_result"),
        Arg("scope", ArgKind.ENUM, "signal_scope"),
        category=Category.SIGNAL,
    ),
    _scheduler_event(
        "signal_deliver",
        SchedCode.SIGNAL_DELIVER,
        *_SIGNAL,
        Arg("action", ArgKind.ENUM, "signal_action"),
        Arg("handler", ArgKind.POINTER),
        Arg("sender", ArgKind.PID),
        category=Category.SIGNAL,
    ),
    _scheduler_event(
        "cred_change",
        SchedCode.CRED_CHANGE,
        Arg("what", ArgKind.FLAGS, "credential_parts"),
        Arg("by", ArgKind.CALL),
        Arg("change", ArgKind.CREDENTIALS),
        category=Category.USER,
    ),
    _scheduler_event(
        "ns_change",
        SchedCode.NS_CHANGE,
        Arg("what", ArgKind.FLAGS, "namespace_flags"),
        Arg("by", ArgKind.CALL),
        Arg("change", ArgKind.NAMESPACES),
        category=Category.PROCESS,
    ),
    _scheduler_event(
        "opened_path",
        SchedCode.OPENED_PATH,
        Arg("state", ArgKind.ENUM, "name_state"),
        Arg("path", ArgKind.PATH),
        category=Category.FILE,
    ),
    _scheduler_event(
        "io_uring_create",
        SchedCode.IO_URING_CREATE,
        Arg("ring", ArgKind.POINTER),
        Arg("sq_entries", ArgKind.UINT),
        Arg("cq_entries", ArgKind.UINT),
        Arg("flags", ArgKind.FLAGS, "io_uring_setup_flags"),
        category=Category.IO_OTHER,
    ),
    _scheduler_event(
        "io_uring_submit",
        SchedCode.IO_URING_SUBMIT,
        Arg("opcode", ArgKind.ENUM, "io_uring_op"),
        Arg("user_data", ArgKind.HEX),
        Arg("fd", ArgKind.FD),
        Arg("request", ArgKind.POINTER),
        Arg("ring", ArgKind.POINTER),
        Arg("dirfd", ArgKind.DIRFD),
        Arg("path", ArgKind.PATH),
        Arg("newpath", ArgKind.PATH),
        category=Category.IO_OTHER,
    ),
    _scheduler_event("module_load", SchedCode.MODULE_LOAD, *_MODULE, category=Category.SYSTEM),
    _scheduler_event("module_free", SchedCode.MODULE_FREE, *_MODULE, category=Category.SYSTEM),
    _scheduler_event("oom_kill", SchedCode.OOM_KILL, Arg("pid", ArgKind.PID), category=Category.PROCESS),
)
"""Their first arguments are the columns a0… in order; texts, which have no register, come last."""


# Its kernel has CONFIG_CLONE_BACKWARDS.
_AARCH64_VARIANTS = """
clone  flags:flags=clone_flags stack:pointer parent_tid:pointer tls:pointer child_tid:pointer
"""
_VARIANTS = {
    Abi.AARCH64: parse_variants(_AARCH64_VARIANTS),
    Abi.I386: parse_variants(I386_VARIANTS),
    Abi.X32: parse_variants(X32_VARIANTS),
    **{
        abi: dict.fromkeys(_SUBCALLS[abi].values(), arguments)
        for abi, arguments in zip(
            (Abi.SOCKETCALL, Abi.IPC), parse_variants(MULTIPLEXED_ARGUMENTS).values(), strict=True
        )
    },
}
_X32_NUMBERS = {name: number for number, name in numbers(X32_NUMBERS).items()}


def _in_all_tables(spec: EventSpec) -> EventSpec:
    """The row with what other tables say of its call."""
    x32 = None if spec.name in X32_LACKS else _X32_NUMBERS.get(spec.name, spec.x86_64)
    variants: dict[str, tuple[Arg, ...]] = {
        abi: by_name[spec.name] for abi, by_name in _VARIANTS.items() if spec.name in by_name
    }
    return replace(spec, x32=x32, other_args=variants)


_TABLES = (FILE_CALLS, IO_CALLS, NET_CALLS, MEMORY_CALLS, PROCESS_CALLS, IPC_CALLS, SYSTEM_CALLS, I386_CALLS)

SYSTEM_CALL_SPECS = tuple(_in_all_tables(spec) for spec in chain.from_iterable(map(parse_rows, _TABLES)))

CATALOGUE: tuple[EventSpec, ...] = (
    *SYSTEM_CALL_SPECS,
    *SCHEDULER_EVENTS,
    *URING_COMPLETIONS,
    *FOREIGN_EVENTS,
)
"""System calls by subject, scheduler events, those of converted captures. Positions are no file format."""

BETWEEN_DESCRIPTORS = frozenset(("sendfile", "copy_file_range", "splice", "tee"))
"""Calls that move bytes between two descriptors: of the second, `addr` holds what it leads to."""

_BY_NAME = {spec.name: spec for spec in CATALOGUE}


@cache
def types_of(abi: str) -> np.ndarray:
    """Event code → position in CATALOGUE, in the table of an `Abi`.

    Of socketcall and ipc the code is what their first argument asks for. Without a table (a machine that is
    unknown) only scheduler events, which are the same everywhere, have a place.

    Returns:
        int32[65536], read-only; -1 where the code is unknown.

    Raises:
        ValueError: there is no such ABI.
    """
    if abi not in ABIS:
        raise ValueError(f"no system call table for {abi!r}; there is one for {', '.join(TABLES_OF_NUMBERS)}")
    positions = np.full(1 << 16, -1, np.int32)
    for position, spec in enumerate(CATALOGUE):
        code = spec.code_on(abi)
        if code is not None:
            positions[code] = position
    if abi in _SUBCALLS:
        positions[:] = _position(_MULTIPLEXERS[Abi(abi)])
        for call, name in _SUBCALLS[Abi(abi)].items():
            positions[call] = _position(name)
    positions.setflags(write=False)
    return positions


@cache
def _position(name: str) -> int:
    return CATALOGUE.index(_BY_NAME[name])


def kinds_of(
    machine: str,
    code: np.ndarray,
    abi: np.ndarray,
    argument: Callable[[int, np.ndarray], np.ndarray],
) -> np.ndarray:
    """int32: the position in CATALOGUE of each event, -1 unknown.

    Args:
        machine: what the capture was made on.
        code: the events' codes.
        abi: their tables, as `abis_of` gives them.
        argument: gives a raw argument of the events at some rows; asked only where a multiplexer occurs.
    """
    # Of narrow positions `take` is three times as quick as an index.
    kinds: np.ndarray = types_of(abi_of(machine)).take(code)
    foreign = abi != ABIS.index(abi_of(machine))
    for other in np.unique(abi[foreign]).tolist() if foreign.any() else ():
        rows = np.flatnonzero(abi == other)
        number = code[rows]
        if ABIS[other] in _SUBCALLS:
            number = _subcalls(argument(0, rows), Abi(ABIS[other])).astype(np.int64)
        kinds[rows] = types_of(ABIS[other])[number]
    return kinds


def _subcalls(first: np.ndarray, abi: Abi) -> np.ndarray:
    """What a multiplexer's first argument asks for."""
    numbers: np.ndarray = first >> np.uint64(_UNPACKED_SHIFT) if abi is Abi.UNPACKED else first
    return numbers & np.uint64(_SUBCALL_BITS)


def kinds_without_arguments(machine: str, code: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """The same of calls whose arguments are not known: those of a multiplexer go by its own name."""
    return kinds_of(
        machine, code, abis_of(machine, code, flags), lambda _, rows: np.zeros(len(rows), np.uint64)
    )


def spec_named(name: str) -> EventSpec:
    """The row of an event's name.

    Raises:
        KeyError: no event has that name.
    """
    return _BY_NAME[name]


def event_name(machine: str, code: int, flags: int = 0) -> str:
    """What an event is called: `openat`; in no table `syscall_999`, `i386_999`, `x32_999`, `arm_5`.

    The multiplexers of i386 are called by their own names, for their code alone does not tell more.
    """
    return name_in(abi_of(machine, 0, flags), code)


def name_in(abi: Abi, code: int) -> str:
    """What an event is called in the table of an `Abi`."""
    position = int(types_of(abi)[code]) if 0 <= code < 1 << 16 else -1
    return (
        CATALOGUE[position].name if position >= 0 else f"{_UNKNOWN_PREFIXES.get(abi, UNKNOWN_PREFIX)}{code}"
    )
