"""What a recording has beyond system calls and process life: each by itself, where the kernel offers it.

A feature is a file of the probe, the tracepoints it is attached to and the members it reads. Where one of
these is missing the recording goes on without the feature, and the file says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from capture.agent.btf import KernelTypes
from capture.agent.layout import Member, member_offsets

RECORDED = "recorded"
TAILS = (
    *("credentials_before", "credentials_after", "credentials_of_child"),
    *("opened_path", "opened_by_uring", "structures"),
)
"""Programs that others jump to when they are done, by their place in the probe's table `tails`."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that can be recorded or not."""

    name: str
    meaning: str
    part: str
    """Its file of the probe."""
    tracepoints: tuple[str, ...]
    """What its programs `on_NAME` are attached to; one of several where `|` stands between them."""
    members: tuple[Member, ...] = ()
    tails: tuple[str, ...] = ()
    """Programs of TAILS that are its own."""


def _namespaces() -> tuple[Member, ...]:
    """Where the kinds of namespaces hang, and each kind's inode number."""
    kinds = {"MNT": "mnt", "UTS": "uts", "IPC": "ipc", "NET": "net", "TIME": "time", "CGROUP": "cgroup"}
    structs = {"NET": "net", "MNT": "mnt_namespace"}
    inums = {"CGROUP": "CGROUPNS"}
    return (
        ("PROXY_PID", "nsproxy", ("pid_ns_for_children",)),
        ("PIDNS_INUM", "pid_namespace", ("ns.inum",)),
        ("USER_INUM", "user_namespace", ("ns.inum",)),
        *((f"PROXY_{kind}", "nsproxy", (f"{name}_ns",)) for kind, name in kinds.items()),
        *(
            (f"{inums.get(kind, kind)}_INUM", structs.get(kind, f"{name}_namespace"), ("ns.inum",))
            for kind, name in kinds.items()
        ),
    )


def _credentials() -> tuple[Member, ...]:
    ids = ("uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid", "securebits", "user_ns")
    sets = ("inheritable", "permitted", "effective", "bset", "ambient")
    return (
        *((f"CRED_{name.upper()}", "cred", (name,)) for name in ids),
        *((f"CRED_{name.upper()}", "cred", (f"cap_{name}",)) for name in sets),
        ("CRED_GROUPS", "cred", ("group_info",)),
    )


FEATURES: tuple[Feature, ...] = (
    Feature(
        "cgroups",
        "births and deaths of cgroups, so those of containers",
        "cgroup",
        ("cgroup_mkdir", "cgroup_rmdir", "cgroup_attach_task"),
        (
            ("CGROUP_KN", "cgroup", ("kn",)),
            ("CGROUP_ROOT", "cgroup", ("root",)),
            ("ROOT_HIERARCHY", "cgroup_root", ("hierarchy_id",)),
            ("KN_ID", "kernfs_node", ("id",)),
            ("KN_PARENT", "kernfs_node", ("__parent", "parent")),
            ("TASK_CGROUPS", "task_struct", ("cgroups",)),
            ("CSS_SET_DEFAULT", "css_set", ("dfl_cgrp",)),
            ("CSS_SET_SUBSYS", "css_set", ("subsys",)),
            ("SUBSYS_CGROUP", "cgroup_subsys_state", ("cgroup",)),
        ),
    ),
    Feature(
        "paths",
        "the path that the kernel really opened, beside the one asked for",
        "opened",
        (),
        (
            ("FILE_PATH", "file", ("f_path",)),
            ("DENTRY_LENGTH", "dentry", ("d_name.len",)),
            ("DENTRY_HASH", "dentry", ("d_name.hash",)),
            ("DENTRY_HASHED", "dentry", ("d_hash.pprev",)),
            ("VFSMOUNT_ROOT", "vfsmount", ("mnt_root",)),
            ("MOUNT_MNT", "mount", ("mnt",)),
            ("MOUNT_PARENT", "mount", ("mnt_parent",)),
            ("MOUNT_MOUNTPOINT", "mount", ("mnt_mountpoint",)),
        ),
        tails=("opened_path", "opened_by_uring"),
    ),
    Feature(
        "structures",
        "structures that arguments point to, and payload of 32-bit programs",
        "structures",
        (),
        tails=("structures",),
    ),
    Feature(
        "signals",
        "who sent which signal to whom, and what it did",
        "signals",
        ("signal_generate", "signal_deliver"),
        (
            ("TASK_REAL_CRED", "task_struct", ("real_cred",)),
            ("SIGNAL_EXIT_CODE", "signal_struct", ("group_exit_code",)),
            ("SIGINFO_CODE", "kernel_siginfo", ("si_code",)),
            ("SIGINFO_PID", "kernel_siginfo", ("_sifields._kill._pid",)),
            ("SIGACTION_HANDLER", "k_sigaction", ("sa.sa_handler",)),
        ),
    ),
    Feature(
        "modules",
        "kernel modules that come and go",
        "modules",
        ("module_load", "module_free"),
        (("MODULE_NAME", "module", ("name",)), ("MODULE_TAINTS", "module", ("taints",))),
    ),
    Feature(
        "io_uring",
        "requests of io_uring, which no system call tells of",
        "uring",
        ("io_uring_create", "io_uring_submit_req|io_uring_submit_sqe", "io_uring_complete"),
        (
            ("REQUEST_FILE", "io_kiocb", ("file",)),
            ("REQUEST_OPCODE", "io_kiocb", ("opcode",)),
            ("REQUEST_FLAGS", "io_kiocb", ("flags",)),
            ("REQUEST_USER_DATA", "io_kiocb", ("cqe.user_data",)),
            ("REQUEST_FD", "io_kiocb", ("cqe.fd",)),
            ("REQUEST_RING", "io_kiocb", ("ctx",)),
            ("REQUEST_TASK", "io_kiocb", ("task", "tctx")),
            ("URING_TASK", "io_uring_task", ("task", "last")),
            ("OPEN_FOLDER", "io_open", ("dfd",)),
            ("OPEN_NAME", "io_open", ("filename",)),
            ("UNLINK_NAME", "io_unlink", ("filename",)),
            ("MKDIR_NAME", "io_mkdir", ("filename",)),
            ("RENAME_OLD", "io_rename", ("oldpath",)),
            ("RENAME_NEW", "io_rename", ("newpath",)),
            ("LINK_OLD", "io_link", ("oldpath",)),
            ("LINK_NEW", "io_link", ("newpath",)),
            ("CLOSE_FD", "io_close", ("fd",)),
            ("CONNECT_ADDRESS", "io_connect", ("addr",)),
            ("CONNECT_LENGTH", "io_connect", ("addr_len",)),
            ("FILENAME_NAME", "filename", ("name",)),
            ("RW_ADDRESS", "io_rw", ("addr",)),
            ("MESSAGE_BUFFER", "io_sr_msg", ("buf",)),
            ("MESSAGE_DONE", "io_sr_msg", ("done_io",)),
        ),
    ),
    Feature(
        "credentials",
        "changes of credentials, capabilities and namespaces, before and after",
        "credentials",
        (),
        (
            ("TASK_REAL_CRED", "task_struct", ("real_cred",)),
            ("TASK_NSPROXY", "task_struct", ("nsproxy",)),
            *_credentials(),
            *_namespaces(),
        ),
        tails=("credentials_before", "credentials_after", "credentials_of_child"),
    ),
    Feature("oom", "processes that the kernel kills for want of memory", "oom", ("mark_victim",)),
)


@dataclass
class Offer:
    """What of all features this kernel offers."""

    constants: dict[str, int] = field(default_factory=dict)
    """The `K_` constants of their parts of the probe."""
    features: list[Feature] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """Feature → why it cannot be recorded."""

    def without(self, feature: Feature, reason: str) -> None:
        """Give one up."""
        self.features = [other for other in self.features if other.name != feature.name]
        self.missing[feature.name] = reason

    def states(self) -> Mapping[str, str]:
        """Each feature's name with `recorded`, or why it is not."""
        return {feature.name: self.missing.get(feature.name, RECORDED) for feature in FEATURES}


def offered(types: KernelTypes) -> Offer:
    """What the running kernel offers."""
    offer = Offer()
    for feature in FEATURES:
        names = {choice: tracepoint_of(types, choice) for choice in feature.tracepoints}
        absent = [choice.replace("|", " or ") for choice, name in names.items() if name is None]
        constants, lacking = member_offsets(types, feature.members)
        reason = ""
        if absent:
            reason = f"this kernel has no tracepoint {' and '.join(absent)}"
        elif lacking:
            reason = f"this kernel's {lacking[0]}"
        elif feature.name == "io_uring":
            reason = _unknown_uring(types, names)
        if reason:
            offer.missing[feature.name] = reason
        else:
            offer.constants |= constants
            offer.features.append(replace(feature, tracepoints=tuple(filter(None, names.values()))))
    offer.constants |= _uring_forms(types)
    return offer


def tracepoint_of(types: KernelTypes, choice: str) -> str | None:
    """The first of some tracepoints (`a|b`) that this kernel has, None where it has none of them."""
    return next((name for name in choice.split("|") if types.tracepoint(name) is not None), None)


_OLD_COMPLETION, _NEW_COMPLETION = 7, 3
"""Arguments of io_uring_complete: seven numbers (5.19 to 6.9), or ring, request and entry."""


def _unknown_uring(types: KernelTypes, names: Mapping[str, str | None]) -> str:
    """Why the arguments of these tracepoints are not understood, empty where they are."""
    submit = next(name for name in names.values() if name and "submit" in name)
    if (types.tracepoint(submit) or ("",))[0] != "io_kiocb":
        return f"this kernel's tracepoint {submit} does not hand over the request"
    if len(types.tracepoint("io_uring_complete") or ()) not in (_OLD_COMPLETION, _NEW_COMPLETION):
        return "this kernel's tracepoint io_uring_complete has other arguments"
    return ""


def _uring_forms(types: KernelTypes) -> dict[str, int]:
    """Which of two forms the probe finds: the completion's arguments, and the task of a request."""
    behind = bool(member_offsets(types, [("", "io_kiocb", ("tctx",))])[0])
    entry = len(types.tracepoint("io_uring_complete") or ()) == _NEW_COMPLETION
    # 6.13 took `task` out of the request: its io_uring_task leads there.
    return {"URING_ENTRY": int(entry), "URING_TASK_BEHIND": int(behind and not _has_task(types))}


def _has_task(types: KernelTypes) -> bool:
    return bool(member_offsets(types, [("", "io_kiocb", ("task",))])[0])
