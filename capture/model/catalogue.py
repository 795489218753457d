"""Every kind of event: the system calls of both architectures, then what the scheduler tells.

Everything else reads this table: the probe plans what to copy from it, the file and the frames
take an event's name from its place in it, filters and views its categories.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import chain

import numpy as np

from capture.model.events import Arg, ArgKind, Category, EventFlag, EventSpec, Returns, SchedCode
from capture.model.syscalls import parse_rows
from capture.model.syscalls_file import FILE_CALLS
from capture.model.syscalls_io import IO_CALLS
from capture.model.syscalls_ipc import IPC_CALLS
from capture.model.syscalls_memory import MEMORY_CALLS
from capture.model.syscalls_net import NET_CALLS
from capture.model.syscalls_process import PROCESS_CALLS
from capture.model.syscalls_system import SYSTEM_CALLS

ARCHITECTURES = ("x86_64", "aarch64")

UNKNOWN_PREFIX = "syscall_"
"""A number N that the table lacks is shown as `syscall_N`."""


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
    _scheduler_event("module_load", SchedCode.MODULE_LOAD, *_MODULE, category=Category.SYSTEM),
    _scheduler_event("module_free", SchedCode.MODULE_FREE, *_MODULE, category=Category.SYSTEM),
)
"""Their first arguments are the columns a0… in order; texts, which have no register, come last."""


def _with_clone_order(spec: EventSpec) -> EventSpec:
    """aarch64 takes clone's `tls` before `child_tid` (CONFIG_CLONE_BACKWARDS)."""
    if spec.name != "clone":
        return spec
    flags, stack, parent_tid, child_tid, tls = spec.args
    return replace(spec, aarch64_args=(flags, stack, parent_tid, tls, child_tid))


_TABLES = (FILE_CALLS, IO_CALLS, NET_CALLS, MEMORY_CALLS, PROCESS_CALLS, IPC_CALLS, SYSTEM_CALLS)

SYSTEM_CALL_SPECS = tuple(_with_clone_order(spec) for spec in chain.from_iterable(map(parse_rows, _TABLES)))

CATALOGUE: tuple[EventSpec, ...] = (*SYSTEM_CALL_SPECS, *SCHEDULER_EVENTS)
"""System calls by subject, then scheduler events. Positions are no file format: read names, not positions."""

_BY_NAME = {spec.name: spec for spec in CATALOGUE}


@cache
def types_of(arch: str) -> np.ndarray:
    """Event code → position in CATALOGUE, for one architecture.

    Returns:
        int32[65536], read-only; -1 where the code is unknown. Numbers of the 32-bit and x32 tables are
        not in it: mask events that carry `EventFlag.COMPAT` or `EventFlag.X32` first.

    Raises:
        ValueError: the architecture is none of ARCHITECTURES.
    """
    if arch not in ARCHITECTURES:
        raise ValueError(f"no system call table for {arch!r}; there is one for {' and '.join(ARCHITECTURES)}")
    positions = np.full(1 << 16, -1, np.int32)
    for position, spec in enumerate(CATALOGUE):
        code = spec.code_on(arch)
        if code is not None:
            positions[code] = position
    positions.setflags(write=False)
    return positions


def spec_named(name: str) -> EventSpec:
    """The row of an event's name.

    Raises:
        KeyError: no event has that name.
    """
    return _BY_NAME[name]


def event_name(arch: str, code: int, flags: int = 0) -> str:
    """What an event is called: `openat`; `i386_5`, `x32_513` in a foreign table; `syscall_999` if unknown."""
    if flags & EventFlag.COMPAT:
        return f"{'i386' if arch == 'x86_64' else 'arm'}_{code}"
    if flags & EventFlag.X32:
        return f"x32_{code}"
    if arch not in ARCHITECTURES:
        # Scheduler events are the same everywhere, the numbers of system calls are not.
        scheduled = {int(spec.x86_64 or 0): spec.name for spec in SCHEDULER_EVENTS}
        return scheduled.get(code, f"{UNKNOWN_PREFIX}{code}")
    position = int(types_of(arch)[code]) if 0 <= code < 1 << 16 else -1
    return CATALOGUE[position].name if position >= 0 else f"{UNKNOWN_PREFIX}{code}"
