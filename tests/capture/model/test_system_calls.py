"""The catalogue against the kernel's own headers and tracepoints."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from capture.model.catalogue import (
    ARCHITECTURES,
    CATALOGUE,
    SYSTEM_CALL_SPECS,
    event_name,
    spec_named,
    types_of,
)
from capture.model.events import ArgKind, EventFlag, Returns, SchedCode
from capture.model.syscalls import parse_rows

X86_HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
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
        if path.exists():
            fields = re.findall(r"\tfield:(.*?);\toffset:(\d+)", path.read_text())
            found[spec] = [field for field, offset in fields if int(offset) >= 16]
    return found


def test_every_number_of_the_x86_header_has_its_name():
    listed = in_header(X86_HEADER, r"#define __NR_(\w+)\s+(\d+)")
    assert len(listed) > 300
    assert [(name, n) for name, n in listed if event_name("x86_64", n) != name] == []


def test_every_number_of_the_generic_header_has_its_name_on_aarch64():
    listed = in_header(GENERIC_HEADER, r"#define __NR(?:3264)?_(\w+)\s+(\d+)")
    wanted = [
        (GENERIC_NAMES.get(name, name), n)
        for name, n in listed
        if name not in NOT_ON_AARCH64 and not name.endswith(("time64", "gettime64", "settime64", "adjtime64"))
    ]
    assert len(wanted) > 290
    assert [(name, n) for name, n in wanted if event_name("aarch64", n) != name] == []


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_no_two_events_share_a_number(arch):
    codes = Counter(spec.code_on(arch) for spec in CATALOGUE if spec.code_on(arch) is not None)
    assert [code for code, count in codes.items() if count > 1] == []
    assert np.count_nonzero(types_of(arch) >= 0) == len(codes)


def test_no_two_events_share_a_name():
    assert [name for name, count in Counter(spec.name for spec in CATALOGUE).items() if count > 1] == []


def test_calls_from_424_on_have_one_number_everywhere():
    differing = [s.name for s in SYSTEM_CALL_SPECS if (s.x86_64 or 0) >= 424 and s.x86_64 != s.aarch64]
    assert differing == []


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
        and not (arg.kind is ArgKind.POINTER and re.match(r"unsigned long |(const )?cap_user_", field))
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
    assert max(len(spec.args) for spec in CATALOGUE) == 6


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
    by_code = {spec.x86_64: spec.name for spec in CATALOGUE if not spec.is_syscall}
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
    }


def test_clone_takes_its_last_arguments_in_another_order_on_aarch64():
    clone = spec_named("clone")
    assert [arg.name for arg in clone.args_on("x86_64")][3:] == ["child_tid", "tls"]
    assert [arg.name for arg in clone.args_on("aarch64")][3:] == ["tls", "child_tid"]


@pytest.mark.parametrize(
    ("arch", "code", "flags", "name"),
    [
        ("x86_64", 257, 0, "openat"),
        ("aarch64", 56, 0, "openat"),
        ("x86_64", 5, EventFlag.COMPAT, "i386_5"),
        ("aarch64", 5, EventFlag.COMPAT, "arm_5"),
        ("x86_64", 1, EventFlag.X32, "x32_1"),
        ("x86_64", 999, 0, "syscall_999"),
        ("x86_64", 0xF001, 0, "procfork"),
        ("x86_64", 70_000, 0, "syscall_70000"),
    ],
)
def test_an_event_is_named_by_its_table_and_number(arch, code, flags, name):
    assert event_name(arch, code, flags) == name


def test_the_code_table_of_an_unknown_machine_is_refused():
    with pytest.raises(ValueError, match="riscv64"):
        types_of("riscv64")


def test_the_code_table_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        types_of("x86_64")[0] = 7


@pytest.mark.parametrize(
    "row",
    ["0 63 read io-read", "0 63 read reading size fd", "0 63 read io-read size fd:handle", "x 1 a file zero"],
)
def test_a_malformed_row_is_refused(row):
    with pytest.raises(ValueError, match=r"needs five columns|is not a valid|invalid literal"):
        list(parse_rows(row))
