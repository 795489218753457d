"""The catalogue against the kernel's own headers and tracepoints."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.abi import ABIS, Abi, abi_of, abis_of
from capture.model.catalogue import (
    CATALOGUE,
    SYSTEM_CALL_SPECS,
    TABLES_OF_NUMBERS,
    event_name,
    kinds_of,
    spec_named,
    types_of,
)
from capture.model.events import ArgKind, EventFlag, Returns, SchedCode
from capture.model.foreign_events import FOREIGN_EVENTS
from capture.model.requests_uring import URING_COMPLETIONS
from capture.model.syscalls import parse_rows
from capture.model.syscalls_i386 import IPC_CALLS_OF_I386, SOCKETCALLS
from capture.model.tables import table_named

X86_HEADERS = Path("/usr/include/x86_64-linux-gnu/asm")
GENERIC_HEADER = Path("/usr/include/asm-generic/unistd.h")
TRACEPOINTS = Path("/sys/kernel/tracing/events/syscalls")

# What the generic header numbers for 32-bit machines, other machines, or as its own bookkeeping.
NOT_ON_AARCH64 = {"arch_specific_syscall", "sync_file_range2", "syscalls"}
GENERIC_NAMES = {"fstatat": "newfstatat"}

# Tracepoints are named after the kernel's functions.
TRACED_AS = {
    "stat": "newstat",
    "fstat": "newfstat",
    "lstat": "newlstat",
    "uname": "newuname",
    "umount2": "umount",
    "sendfile": "sendfile64",
}

BUFFERS = {ArgKind.BUFFER_IN, ArgKind.BUFFER_OUT}
POINTERS = BUFFERS | {
    ArgKind.POINTER,
    ArgKind.STRUCT,
    ArgKind.PATH,
    ArgKind.STRING,
    ArgKind.IOVEC_IN,
    ArgKind.IOVEC_OUT,
    ArgKind.MSGHDR_IN,
    ArgKind.MSGHDR_OUT,
    ArgKind.MMSGHDR_IN,
    ArgKind.MMSGHDR_OUT,
    ArgKind.SOCKADDR_IN,
    ArgKind.SOCKADDR_OUT,
    ArgKind.FD_PAIR,
    ArgKind.ARGV,
}


def in_header(path, pattern):
    if not path.exists():
        pytest.skip(f"{path} is not installed (linux-libc-dev)")
    return [(name, int(number)) for name, number in re.findall(pattern, path.read_text())]


def traced():
    """Name of a call → the C declarations of its arguments, from the running kernel."""
    if not TRACEPOINTS.is_dir():
        pytest.skip("no tracefs: mount -t tracefs nodev /sys/kernel/tracing, as root")
    found = {}
    for spec in SYSTEM_CALL_SPECS:
        path = TRACEPOINTS / f"sys_enter_{TRACED_AS.get(spec.name, spec.name)}" / "format"
        if spec.x86_64 is not None and path.exists():
            fields = re.findall(r"\tfield:(.*?);\toffset:(\d+)", path.read_text())
            found[spec] = [field for field, offset in fields if int(offset) >= 16]
    return found


@pytest.mark.parametrize(
    ("header", "flags"),
    [("unistd_64.h", 0), ("unistd_32.h", EventFlag.COMPAT), ("unistd_x32.h", EventFlag.X32)],
)
def test_every_number_of_the_x86_headers_has_its_name(header, flags):
    listed = in_header(X86_HEADERS / header, r"#define __NR_(\w+)\s+(?:\(__X32_SYSCALL_BIT \+ )?(\d+)")
    assert len(listed) > 300
    assert [(name, n) for name, n in listed if event_name("x86_64", n, flags) != name] == []


def test_no_number_is_named_that_the_x86_headers_leave_free():
    """But for calls that are newer than the headers, which all have one number everywhere from 424 on."""
    for header, abi in [("unistd_64.h", "x86_64"), ("unistd_32.h", "i386"), ("unistd_x32.h", "x32")]:
        listed = {n for _, n in in_header(X86_HEADERS / header, r"#define __NR_(\w+)\s+(?:\(\w+ \+ )?(\d+)")}
        named = np.flatnonzero(types_of(abi)[:0xF000] >= 0).tolist()
        newer = {335, 336, *range(424, 512)} if abi == "x86_64" else set(range(424, 512))
        assert set(named) - listed <= newer


def test_the_multiplexers_of_i386_ask_for_what_the_kernels_headers_list():
    calls = in_header(Path("/usr/include/linux/net.h"), r"#define SYS_(\w+)\s+(\d+)")
    assert {n: name.lower() for name, n in calls} == SOCKETCALLS
    objects = in_header(Path("/usr/include/linux/ipc.h"), r"#define ((?:SEM|MSG|SHM)\w+)\s+(\d+)")
    assert {n: name.lower() for name, n in objects if name.lower() in IPC_CALLS_OF_I386.values()} == (
        IPC_CALLS_OF_I386
    )


def test_every_number_of_the_generic_header_has_its_name_on_aarch64():
    listed = in_header(GENERIC_HEADER, r"#define __NR(?:3264)?_(\w+)\s+(\d+)")
    wanted = [
        (GENERIC_NAMES.get(name, name), n)
        for name, n in listed
        if name not in NOT_ON_AARCH64 and not name.endswith(("time64", "gettime64", "settime64", "adjtime64"))
    ]
    assert len(wanted) > 290
    assert [(name, n) for name, n in wanted if event_name("aarch64", n) != name] == []


@pytest.mark.parametrize("arch", TABLES_OF_NUMBERS)
def test_no_two_events_share_a_number(arch):
    codes = Counter(spec.code_on(arch) for spec in CATALOGUE if spec.code_on(arch) is not None)
    assert [code for code, count in codes.items() if count > 1] == []
    assert np.count_nonzero(types_of(arch) >= 0) == len(codes)


def test_no_two_events_share_a_name():
    assert [name for name, count in Counter(spec.name for spec in CATALOGUE).items() if count > 1] == []


def test_calls_from_424_on_have_one_number_everywhere():
    new = [s for s in SYSTEM_CALL_SPECS if max(s.code_on(abi) or 0 for abi in TABLES_OF_NUMBERS) >= 424]
    new = [s for s in new if not (s.x32 or 0) >= 512]  # numbers of its own
    differing = [s.name for s in new if not s.x86_64 == s.aarch64 == s.i386]
    assert differing == []


def test_every_call_that_the_kernel_traces_is_listed():
    known = {TRACED_AS.get(spec.name, spec.name) for spec in traced()}
    there = {path.name.removeprefix("sys_enter_") for path in TRACEPOINTS.glob("sys_enter_*")}
    assert there - known == set()


def test_the_kernel_traces_as_many_arguments_as_are_declared():
    wrong = [(spec.name, fields) for spec, fields in traced().items() if len(fields) != len(spec.args)]
    assert wrong == []


def test_what_the_kernel_declares_as_a_pointer_is_one_and_nothing_else_is():
    wrong = [
        (spec.name, arg.name, field)
        for spec, fields in traced().items()
        for arg, field in zip(spec.args, fields, strict=True)
        if ("*" in field) != (arg.kind in POINTERS)
        # Addresses that the kernel does not follow are unsigned long; two hide behind typedefs.
        and not (
            arg.kind in (ArgKind.POINTER, ArgKind.STRUCT)
            and re.match(r"unsigned long |(const )?cap_user_", field)
        )
    ]
    assert wrong == []


def test_every_text_that_the_kernel_declares_const_is_a_path_or_string():
    """`const char *` is what a call reads; what it fills in is plain `char *`."""
    reads_text = {ArgKind.PATH, ArgKind.STRING, ArgKind.BUFFER_IN}
    wrong = [
        (spec.name, field)
        for spec, fields in traced().items()
        for arg, field in zip(spec.args, fields, strict=True)
        if field.startswith("const char * ") and arg.kind not in reads_text
    ]
    assert wrong == []


def test_the_kernels_descriptor_arguments_are_descriptors_here():
    named_fd = re.compile(r"\b(fd|dfd|olddfd|newdfd|epfd|pidfd|fildes|oldfd|\w+_fd|\w+_dfd)$")
    wrong = [
        (spec.name, arg.name, field)
        for spec, fields in traced().items()
        for arg, field in zip(spec.args, fields, strict=True)
        if named_fd.search(field)
        and "*" not in field
        and arg.kind not in (ArgKind.FD, ArgKind.DIRFD)
        # The last of a range, and a descriptor of another process.
        and spec.name not in ("close_range", "pidfd_getfd")
    ]
    assert wrong == []


def test_the_size_follows_every_buffer():
    wrong = [
        (spec.name, arg.name)
        for spec in CATALOGUE
        for at, arg in enumerate(spec.args)
        if arg.kind in BUFFERS and spec.args[at + 1].kind not in (ArgKind.SIZE, ArgKind.INT)
    ]
    assert wrong == []


def test_a_directory_descriptor_has_a_path_after_it():
    without_path = {"open_by_handle_at"}
    wrong = [
        spec.name
        for spec in CATALOGUE
        for at, arg in enumerate(spec.args)
        if arg.kind is ArgKind.DIRFD
        and spec.name not in without_path
        and spec.args[at + 1].kind is not ArgKind.PATH
    ]
    assert wrong == []


def test_no_call_has_more_arguments_than_registers():
    assert max(len(spec.args) for spec in CATALOGUE if spec.is_syscall) == 6


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("openat", ["path"]),
        ("renameat2", ["oldpath", "newpath"]),
        ("mount", ["source", "target"]),
        ("execve", ["path", "argv"]),
        ("setxattr", ["path", "name"]),
        ("add_key", ["type", "description"]),
        ("memfd_create", ["name"]),
        ("procfork", ["comm"]),
        ("cgroup_attach_task", ["path", "comm"]),
        ("read", []),
    ],
)
def test_the_recorded_texts_of_a_call_are_known(name, texts):
    spec = spec_named(name)
    assert [spec.args[at].name for at in spec.text_args] == texts


@pytest.mark.parametrize(
    ("name", "position", "returns"),
    [
        ("read", 0, Returns.SIZE),
        ("mmap", 4, Returns.ADDRESS),
        ("accept4", 0, Returns.FD),
        ("openat", None, Returns.FD),
        ("epoll_ctl", 0, Returns.ZERO),
        ("fanotify_mark", 0, Returns.ZERO),
        ("close_range", None, Returns.ZERO),
        ("exit_group", None, Returns.NOTHING),
    ],
)
def test_the_descriptor_and_result_of_a_call_are_known(name, position, returns):
    spec = spec_named(name)
    assert (spec.fd_arg, spec.returns) == (position, returns)


def test_events_that_are_no_system_calls_have_the_codes_of_the_file_format():
    others = [spec for spec in CATALOGUE if not spec.is_syscall and not spec.is_call]
    by_code = {spec.x86_64: spec.name for spec in others if spec not in FOREIGN_EVENTS}
    assert by_code == {
        SchedCode.PROCFORK: "procfork",
        SchedCode.PROCEXEC: "procexec",
        SchedCode.PROCEXIT: "procexit",
        SchedCode.CGROUP_MKDIR: "cgroup_mkdir",
        SchedCode.CGROUP_RMDIR: "cgroup_rmdir",
        SchedCode.CGROUP_ATTACH: "cgroup_attach_task",
        SchedCode.SIGNAL_GENERATE: "signal_generate",
        SchedCode.SIGNAL_DELIVER: "signal_deliver",
        SchedCode.MODULE_LOAD: "module_load",
        SchedCode.MODULE_FREE: "module_free",
        SchedCode.CRED_CHANGE: "cred_change",
        SchedCode.NS_CHANGE: "ns_change",
        SchedCode.OPENED_PATH: "opened_path",
        SchedCode.OOM_KILL: "oom_kill",
        SchedCode.IO_URING_CREATE: "io_uring_create",
        SchedCode.IO_URING_SUBMIT: "io_uring_submit",
    }


def test_events_of_converted_captures_have_codes_of_their_own_that_never_change():
    assert [spec.x86_64 for spec in FOREIGN_EVENTS] == [0xF200 + at for at in range(len(FOREIGN_EVENTS))]
    assert [spec.name for spec in FOREIGN_EVENTS[:4]] == ["switch", "page_fault", "procinfo", "drop"]
    assert FOREIGN_EVENTS[-1].name == "scap_event"


def test_every_operation_of_io_uring_has_its_completion():
    operations = table_named("io_uring_op").values
    completions = {spec.x86_64 - 0xF100: spec.name for spec in URING_COMPLETIONS}
    assert completions.pop(255) == "uring_unknown"
    known = {
        number: f"uring_{name.removeprefix('IORING_OP_').lower()}" for number, name in operations.items()
    }
    assert known.items() <= completions.items()
    assert all(spec.is_call and not spec.is_syscall for spec in URING_COMPLETIONS)


def test_clone_takes_its_last_arguments_in_another_order_on_aarch64():
    clone = spec_named("clone")
    assert [arg.name for arg in clone.args_on("x86_64")][3:] == ["child_tid", "tls"]
    assert [arg.name for arg in clone.args_on("aarch64")][3:] == ["tls", "child_tid"]


@pytest.mark.parametrize(
    ("arch", "code", "flags", "name"),
    [
        ("x86_64", 257, 0, "openat"),
        ("aarch64", 56, 0, "openat"),
        ("x86_64", 5, EventFlag.COMPAT, "open"),
        ("x86_64", 102, EventFlag.COMPAT, "socketcall"),
        ("x86_64", 222, EventFlag.COMPAT, "i386_222"),
        ("aarch64", 5, EventFlag.COMPAT, "arm_5"),
        ("x86_64", 1, EventFlag.X32, "write"),
        ("x86_64", 520, EventFlag.X32, "execve"),
        ("x86_64", 59, EventFlag.X32, "x32_59"),
        ("amd64", 257, 0, "openat"),
        ("arm64", 56, 0, "openat"),
        ("riscv64", 56, 0, "syscall_56"),
        ("", 1, 0, "syscall_1"),
        ("", 0xF001, 0, "procfork"),
        ("x86_64", 999, 0, "syscall_999"),
        ("x86_64", 0xF001, 0, "procfork"),
        ("x86_64", 70_000, 0, "syscall_70000"),
    ],
)
def test_an_event_is_named_by_its_table_and_number(arch, code, flags, name):
    assert event_name(arch, code, flags) == name


FOREIGN = st.sampled_from([0, 0, 1, 2, 4, 5, 130])


@given(st.lists(st.tuples(st.integers(0, 600) | st.sampled_from([102, 117, 0xF001]), FOREIGN), max_size=20))
def test_columns_of_events_have_the_tables_and_names_of_each(events):
    code = np.array([code for code, _ in events], np.uint16)
    flags = np.array([bits for _, bits in events], np.uint16)
    for machine in ("x86_64", "aarch64", "s390x"):
        abi = abis_of(machine, code, flags)
        assert [ABIS[at] for at in abi] == [abi_of(machine, code, bits) for code, bits in events]
        kinds = kinds_of(machine, code, abi, lambda _, rows: np.full(len(rows), 999, np.uint64))
        named = [CATALOGUE[kind].name if kind >= 0 else None for kind in kinds.tolist()]
        wanted = [event_name(machine, code, bits) for code, bits in events]
        assert named == [
            None if re.fullmatch(r"(syscall|i386|x32|arm)_\d+", name) else name for name in wanted
        ]


def test_a_multiplexed_call_is_named_by_what_it_asks_for():
    code = np.array([102, 117, 117, 102, 102], np.uint16)
    flags = np.array([1, 1, 1, 1, 0], np.uint16)
    asked = np.array([3, 0x1_0001, 24, 99, 0], np.uint64)
    abi = abis_of("x86_64", code, flags)
    kinds = kinds_of("x86_64", code, abi, lambda _, rows: asked[rows])
    assert [CATALOGUE[kind].name for kind in kinds] == ["connect", "semop", "shmctl", "socketcall", "getuid"]
    assert [arg.name for arg in spec_named("connect").args_on(Abi.SOCKETCALL)] == ["call", "args"]


def test_every_variant_of_a_calls_arguments_fits_the_registers():
    assert max(len(args) for spec in CATALOGUE for args in spec.other_args.values()) == 6


def test_the_code_table_of_an_unknown_machine_is_refused():
    with pytest.raises(ValueError, match="riscv64"):
        types_of("riscv64")


def test_the_code_table_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        types_of("x86_64")[0] = 7


@pytest.mark.parametrize(
    "row",
    [
        "0 63 3 read io-read",
        "0 63 3 read reading size fd",
        "0 63 3 read io-read size fd:handle",
        "x 1 1 a file zero",
    ],
)
def test_a_malformed_row_is_refused(row):
    with pytest.raises(ValueError, match=r"needs six columns|is not a valid|invalid literal"):
        list(parse_rows(row))
