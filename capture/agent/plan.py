"""What the probe copies behind the arguments of each system call, made from the catalogue.

`PLAN_DTYPE` mirrors `struct plan` in bpf/plan.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from capture.model.abi import Abi
from capture.model.catalogue import BETWEEN_DESCRIPTORS, SYSTEM_CALL_SPECS, spec_named
from capture.model.events import ArgKind, Category, EventSpec, Returns, text_places
from capture.model.state_calls import LIFE_CALLS
from capture.model.syscalls_i386 import SOCKETCALLS

PLANS = 640
"""Entries for each table of numbers; a call with a higher one is recorded without what lies behind it."""
SOCKETCALL_PLANS = 32
"""Entries for what i386's socketcall asks for."""
NONE = 0xFF

PLAN_DTYPE = np.dtype(
    [
        ("fd", "u1"),
        ("dirfd", "u1"),
        ("returns_fd", "u1"),
        ("text", "u1"),
        ("text2", "u1"),
        ("addr", "u1"),
        ("addr_kind", "u1"),
        ("data", "u1"),
        ("data_kind", "u1"),
        ("size_from_ret", "u1"),
        ("life", "u1"),
        ("args", "u1"),
        ("behind", "u1"),
        ("names", "u1"),
        ("bulk", "u1"),
        ("open_flags", "u1"),
        ("category", "u1"),
        ("second_fd", "u1"),
        ("structure", "u1"),
        ("pointer", "u1"),
        ("narrow", "u1"),
        ("size", "u1"),
        ("unused", "u1", 2),
    ]
)

_ADDRESS_KINDS = {ArgKind.SOCKADDR_IN: 1, ArgKind.SOCKADDR_OUT: 2}
_DATA_KINDS = {
    ArgKind.BUFFER_IN: 1,
    ArgKind.BUFFER_OUT: 2,
    ArgKind.IOVEC_IN: 3,
    ArgKind.IOVEC_OUT: 4,
    ArgKind.MSGHDR_IN: 5,
    ArgKind.MSGHDR_OUT: 6,
    ArgKind.FD_PAIR: 7,
    ArgKind.MMSGHDR_IN: 8,
    ArgKind.MMSGHDR_OUT: 9,
}

_LAID_OUT_BY_WIDTH = frozenset((3, 4, 5, 6, 8, 9))
"""Of _DATA_KINDS those that are structures with pointers in them."""

_PERMISSIONS = 24
"""Bytes of struct ipc64_perm up to its mode."""
STRUCTURED_CALLS: Mapping[str, tuple[int, str, int]] = {
    "openat2": (1, "how", 0),
    "mount_setattr": (1, "attr", 0),
    "open_tree_attr": (1, "attr", 0),
    "landlock_create_ruleset": (1, "attr", 0),
    "semop": (1, "sops", 6),
    "semtimedop": (1, "sops", 6),
    "clone3": (2, "cl_args", 0),
    "capget": (3, "hdrp", 0),
    "capset": (3, "hdrp", 0),
    "fcntl": (4, "arg", 0),
    "fcntl64": (4, "arg", 0),
    "prctl": (5, "arg2", 0),
    "bpf": (6, "attr", 0),
    "socketcall": (7, "args", 0),
    "setgroups": (9, "list", 0),
    "setgroups32": (9, "list", 0),
    "landlock_add_rule": (10, "rule_attr", 12),
    "perf_event_open": (10, "attr", 48),
    "io_uring_setup": (10, "params", 16),
    "setrlimit": (10, "rlim", 16),
    "prlimit64": (10, "new_limit", 16),
    "sched_setattr": (10, "attr", 48),
    "sched_setscheduler": (10, "param", 4),
    "sched_setparam": (10, "param", 4),
    "sched_setaffinity": (10, "mask", 8),
    "request_key": (11, "callout_info", 0),
    "mount": (12, "fstype", 0),
    "fsconfig": (13, "value", 0),
    "keyctl": (14, "arg2", 0),
    "msgsnd": (15, "msgp", 0),
    "msgrcv": (15, "msgp", 0),
    "msgctl": (16, "buf", _PERMISSIONS),
    "shmctl": (16, "buf", _PERMISSIONS),
    "semctl": (16, "arg", _PERMISSIONS),
}
"""Call → which of the probe's ways reads what an argument points to (`OF_…` in bpf/plan.c); that argument;
bytes of the structure, or of one of several, where that does not depend on the call."""
_NARROW_PAYLOAD = 8

_ID_SETTERS = (
    *("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid"),
    "setgroups",
)
PRIVILEGED_CALLS = frozenset(
    (
        *_ID_SETTERS,
        *(f"{name}32" for name in _ID_SETTERS),
        *("capset", "prctl", "execve", "execveat", "setns", "unshare"),
    )
)
"""Calls over which a thread's credentials and namespaces are compared."""
OPENS = frozenset(("open", "openat", "openat2", "creat", "open_by_handle_at"))

MOVES = frozenset(
    ("rename", "renameat", "renameat2", "mount", "umount", "umount2", "pivot_root", "move_mount")
)
"""Calls after which files may have other paths."""


def privileged_words(abi: str) -> list[int]:
    """The numbers of PRIVILEGED_CALLS in an `Abi` as bits of 64-bit words."""
    words = [0] * 6
    for spec in SYSTEM_CALL_SPECS:
        number = spec.code_on(abi)
        if spec.name in PRIVILEGED_CALLS and number is not None:
            words[number // 64] |= 1 << number % 64
    return words


_OPENS = {"open": 1, "openat": 2, "openat2": 2}
"""Calls that travel there if they open for writing: which argument holds (openat2: points to) the flags."""

CATEGORIES = tuple(Category)
"""Losses are counted by category; the probe has the position in here."""

_BULK_CATEGORIES = (Category.IO_READ, Category.IO_WRITE, Category.SLEEP, Category.TIME)
_BULK_NAMES = frozenset(
    (
        *("lseek", "fstat", "getdents", "getdents64", "copy_file_range", "splice", "tee"),
        *("fsync", "fdatasync", "getsockname", "getpeername", "getsockopt"),
        *("poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2"),
        *("futex", "futex_waitv", "futex_wake", "futex_wait", "sched_yield", "getcpu", "getrandom"),
        *("getpid", "getppid", "gettid", "getpgrp", "getpgid", "getsid", "getuid", "geteuid", "getgid"),
        *("getegid", "getrusage", "getpriority", "uname", "sysinfo", "brk", "madvise", "mincore"),
        *("rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigreturn", "sigaltstack"),
        *("io_getevents", "io_pgetevents", "semop", "semtimedop", "msgsnd", "msgrcv"),
        *("mq_timedsend", "mq_timedreceive"),
    )
)


def is_bulk(spec: EventSpec) -> bool:
    """Whether single calls are given up where lanes fill: of high rate, and nothing else depends on them."""
    often = spec.category in _BULK_CATEGORIES or spec.name in _BULK_NAMES
    return often and not spec.text_args and spec.returns is not Returns.FD and spec.name not in LIFE_CALLS


def probe_plans() -> np.ndarray[Any, np.dtype[Any]]:
    """The probe's table: plans for x86_64, its 32-bit entry and x32, then for what socketcall asks for."""
    tables = (make_plans(abi) for abi in (Abi.X86_64, Abi.I386, Abi.X32))
    return np.concatenate([*tables, _socketcall_plans()])


def make_plans(abi: str) -> np.ndarray[Any, np.dtype[Any]]:
    """One row of PLAN_DTYPE for each system call number of an `Abi` below PLANS."""
    plans = _no_plans(PLANS)
    for spec in SYSTEM_CALL_SPECS:
        number = spec.code_on(abi)
        if number is not None and number < PLANS:
            _fill(plans[number], spec, abi)
            if abi in (Abi.I386, Abi.X32):
                _narrow(plans[number], spec)
    return plans


def _socketcall_plans() -> np.ndarray[Any, np.dtype[Any]]:
    """One row of PLAN_DTYPE for each number that socketcall's first argument may be."""
    plans = _no_plans(SOCKETCALL_PLANS)
    for number, name in SOCKETCALLS.items():
        spec = spec_named(name)
        _fill(plans[number], spec, Abi.I386)
        _narrow(plans[number], spec)
    return plans


def _no_plans(count: int) -> np.ndarray[Any, np.dtype[Any]]:
    plans = np.zeros(count, PLAN_DTYPE)
    plans["category"] = CATEGORIES.index(Category.OTHER)
    for name in ("fd", "dirfd", "text", "text2", "addr", "data", "open_flags", "second_fd", "pointer"):
        plans[name] = NONE
    return plans


def _narrow(plan: Any, spec: EventSpec) -> None:
    """What is other in calls of 32-bit programs: the probe reads their structures in a program of its own."""
    plan["bulk"] = 0
    if plan["data_kind"] in _LAID_OUT_BY_WIDTH:
        plan["narrow"], plan["data_kind"] = plan["data_kind"], 0
        plan["structure"] = _NARROW_PAYLOAD
        plan["behind"] = plan["addr_kind"] > 0 or plan["text"] != NONE
    if spec.name == "close":
        plan["fd"] = NONE  # at its exit the descriptor may be another thing already


def _fill(plan: Any, spec: EventSpec, abi: str) -> None:
    args = spec.args_on(abi)
    kinds = [arg.kind for arg in args]
    if ArgKind.FD in kinds:
        plan["fd"] = kinds.index(ArgKind.FD)
    if ArgKind.DIRFD in kinds:
        plan["dirfd"] = kinds.index(ArgKind.DIRFD)
    plan["returns_fd"] = spec.returns is Returns.FD
    # An argument list is read where the new program's stack has it, not through the old one's pointers.
    texts = [at for at in text_places(args) if kinds[at] is not ArgKind.ARGV]
    for slot, at in zip(("text", "text2"), texts, strict=False):
        plan[slot] = at
    for at, kind in enumerate(kinds):
        if kind in _ADDRESS_KINDS:
            plan["addr"], plan["addr_kind"] = at, _ADDRESS_KINDS[kind]
        elif kind in _DATA_KINDS and plan["data_kind"] == 0:
            plan["data"], plan["data_kind"] = at, _DATA_KINDS[kind]
    if spec.name in BETWEEN_DESCRIPTORS:
        plan["second_fd"] = [at for at, kind in enumerate(kinds) if kind is ArgKind.FD][1]
    plan["args"] = len(args)
    plan["behind"] = (
        bool(texts) or plan["addr_kind"] > 0 or plan["data_kind"] > 0 or plan["second_fd"] != NONE
    )
    plan["size_from_ret"] = spec.returns is Returns.SIZE
    plan["life"] = spec.name in LIFE_CALLS
    plan["names"] = 1 if spec.name in OPENS else 2 if spec.name in MOVES else 0
    plan["bulk"] = is_bulk(spec)
    plan["category"] = CATEGORIES.index(spec.category)
    if spec.name in _OPENS:
        plan["open_flags"] = _OPENS[spec.name]
    if spec.name in STRUCTURED_CALLS:
        plan["structure"], pointer, plan["size"] = STRUCTURED_CALLS[spec.name]
        plan["pointer"] = [arg.name for arg in args].index(pointer)
