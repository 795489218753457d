"""Which members of the kernel's structs the probe reads, declared once.

Members move and are renamed between kernels, so each has a list of names, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from capture.agent.btf import KernelTypes
from capture.agent.errors import CaptureError

Member = tuple[str, str, tuple[str, ...]]
"""Constant in the probe (with `K_` before it), struct, the member's names."""

MEMBERS: tuple[Member, ...] = (
    ("TASK_STATUS", "task_struct", ("thread_info.status",)),
    ("TASK_FILES", "task_struct", ("files",)),
    ("TASK_CRED", "task_struct", ("cred",)),
    ("CRED_UID", "cred", ("uid",)),
    ("TASK_REAL_PARENT", "task_struct", ("real_parent",)),
    ("TASK_TGID", "task_struct", ("tgid",)),
    ("TASK_PID", "task_struct", ("pid",)),
    ("TASK_MM", "task_struct", ("mm",)),
    ("TASK_COMM", "task_struct", ("comm",)),
    ("TASK_EXIT_CODE", "task_struct", ("exit_code",)),
    ("TASK_SIGNAL", "task_struct", ("signal",)),
    ("TASK_MIN_FLT", "task_struct", ("min_flt",)),
    ("TASK_MAJ_FLT", "task_struct", ("maj_flt",)),
    ("TASK_RUNTIME", "task_struct", ("se.sum_exec_runtime",)),
    ("TASK_THREAD_PID", "task_struct", ("thread_pid",)),
    ("TASK_START", "task_struct", ("start_boottime", "real_start_time")),
    ("PID_LEVEL", "pid", ("level",)),
    ("PID_NUMBERS", "pid", ("numbers",)),
    ("UPID_NR", "upid", ("nr",)),
    ("SIGNAL_LIVE", "signal_struct", ("live",)),
    ("MM_ARG_START", "mm_struct", ("arg_start",)),
    ("MM_ARG_END", "mm_struct", ("arg_end",)),
    ("MM_ENV_START", "mm_struct", ("env_start",)),
    ("MM_ENV_END", "mm_struct", ("env_end",)),
    ("MM_EXE_FILE", "mm_struct", ("exe_file",)),
    ("FILES_FDT", "files_struct", ("fdt",)),
    ("FILES_ARRAY", "files_struct", ("fd_array",)),
    ("FDT_FD", "fdtable", ("fd",)),
    ("FDT_MAX", "fdtable", ("max_fds",)),
    ("FILE_INODE", "file", ("f_inode",)),
    ("FILE_PRIVATE", "file", ("private_data",)),
    ("INODE_INO", "inode", ("i_ino",)),
    ("INODE_SB", "inode", ("i_sb",)),
    ("FILE_DENTRY", "file", ("f_path.dentry",)),
    ("DENTRY_PARENT", "dentry", ("d_parent",)),
    ("DENTRY_INODE", "dentry", ("d_inode",)),
    ("DENTRY_NAME", "dentry", ("d_name.name",)),
    ("INODE_MODE", "inode", ("i_mode",)),
    ("INODE_UID", "inode", ("i_uid",)),
    ("INODE_GID", "inode", ("i_gid",)),
    ("INODE_LINKS", "inode", ("i_nlink",)),
    ("INODE_BYTES", "inode", ("i_size",)),
    ("INODE_MTIME_SEC", "inode", ("i_mtime_sec", "__i_mtime.tv_sec", "i_mtime.tv_sec")),
    ("INODE_MTIME_NSEC", "inode", ("i_mtime_nsec", "__i_mtime.tv_nsec", "i_mtime.tv_nsec")),
    ("INODE_CTIME_SEC", "inode", ("i_ctime_sec", "__i_ctime.tv_sec", "i_ctime.tv_sec")),
    ("INODE_CTIME_NSEC", "inode", ("i_ctime_nsec", "__i_ctime.tv_nsec", "i_ctime.tv_nsec")),
    ("SB_DEV", "super_block", ("s_dev",)),
    ("SB_MAGIC", "super_block", ("s_magic",)),
    ("BPRM_FILENAME", "linux_binprm", ("filename",)),
    ("BPRM_INTERP", "linux_binprm", ("interp",)),
    ("SOCKET_SK", "socket", ("sk",)),
    ("SOCKET_TYPE", "socket", ("type",)),
    ("SOCK_DADDR", "sock", ("__sk_common.skc_daddr",)),
    ("SOCK_RCV_SADDR", "sock", ("__sk_common.skc_rcv_saddr",)),
    ("SOCK_FAMILY", "sock", ("__sk_common.skc_family",)),
    ("SOCK_STATE", "sock", ("__sk_common.skc_state",)),
    ("SOCK_DPORT", "sock", ("__sk_common.skc_dport",)),
    ("SOCK_NUM", "sock", ("__sk_common.skc_num",)),
    ("SOCK_V6_DADDR", "sock", ("__sk_common.skc_v6_daddr",)),
    ("SOCK_V6_RCV_SADDR", "sock", ("__sk_common.skc_v6_rcv_saddr",)),
    ("SOCK_PROTOCOL", "sock", ("sk_protocol",)),
)
"""What every recording needs; `features.FEATURES` says what single features read besides."""

OPTIONAL = {
    "TASK_MIN_FLT": "page faults of threads that end",
    "TASK_MAJ_FLT": "major page faults of threads that end",
    "TASK_RUNTIME": "processor time of threads that end",
    "TASK_THREAD_PID": "thread ids in their own namespaces",
    "PID_LEVEL": "thread ids in their own namespaces",
    "PID_NUMBERS": "thread ids in their own namespaces",
    "UPID_NR": "thread ids in their own namespaces",
    "MM_EXE_FILE": "device and inode of programs",
    "SOCK_PROTOCOL": "protocols of sockets",
    "RW_ADDRESS": "payload of what io_uring reads and writes",
    "MESSAGE_BUFFER": "payload of what io_uring sends and receives",
    "MESSAGE_DONE": "where the payload begins of what io_uring sends in several steps",
}
"""Members that a recording can do without, and what it then lacks. The probe only ever reads through them."""
NOWHERE = 1 << 62
"""Offset that stands for a member that is not there: no kernel memory lies so far off (the address is not
canonical), so that reading it fails and what it would have told stays 0."""

_SPANS = {
    "INODE": {"INODE_INO": 8, "INODE_SB": 8, "INODE_MODE": 2},
    "SOCKET": {"SOCKET_SK": 8, "SOCKET_TYPE": 2},
    "SOCK": {"SOCK_V6_DADDR": 16, "SOCK_V6_RCV_SADDR": 16},
}
"""Members that are read at once, and their sizes."""


def kernel_constants(types: KernelTypes) -> dict[str, int]:
    """The value of every `K_` constant of the probe in the running kernel.

    Raises:
        CaptureError: The kernel lacks a member that the probe cannot do without.
    """
    constants, lacking = member_offsets(types, MEMBERS)
    if lacking:
        raise CaptureError(f"this kernel's {lacking[0]}: update Exhume")
    # One read takes all that is used of a struct, up to the end of its last member.
    for span, members in _SPANS.items():
        end = max(constants[f"K_{name}"] + size for name, size in members.items())
        constants[f"K_{span}_SPAN"] = (end + 7) & ~7
    constants["K_UPID_SIZE"] = types.size("upid")
    constants["K_INODE_SIZE"] = types.size("inode")
    return constants


def member_offsets(types: KernelTypes, members: Sequence[Member]) -> tuple[dict[str, int], list[str]]:
    """The `K_` constants of some members, and what this kernel lacks of them."""
    constants: dict[str, int] = {}
    lacking = []
    for name, struct, paths in members:
        for path in paths:
            try:
                constants[f"K_{name}"] = types.offset(struct, path)
                break
            except KeyError:
                continue
        else:
            if name in OPTIONAL:
                constants[f"K_{name}"] = NOWHERE
            else:
                lacking.append(f"{struct} has none of {', '.join(paths)}")
    return constants, lacking


def missing_facts(constants: Mapping[str, int]) -> list[str]:
    """What cannot be recorded because members are missing, each once."""
    return sorted({what for name, what in OPTIONAL.items() if constants.get(f"K_{name}") == NOWHERE})
