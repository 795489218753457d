"""What a recording has beyond system calls and process life: each by itself, where the kernel offers it.

A feature is a file of the probe, the tracepoints it is attached to and the members it reads. Where one of
these is missing the recording goes on without the feature, and the file says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capture.agent.btf import KernelTypes
from capture.agent.layout import Member, member_offsets

RECORDED = "recorded"
TAILS = ("credentials_before", "credentials_after", "credentials_of_child", "opened_path")
"""Programs that others jump to when they are done, by their place in the probe's table `tails`."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that can be recorded or not."""

    name: str
    meaning: str
    part: str
    """Its file of the probe."""
    tracepoints: tuple[str, ...]
    """What its programs `on_NAME` are attached to."""
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
        tails=("opened_path",),
    ),
    Feature(
        "signals",
        "who sent which signal to whom, and what it did",
        "signals",
        ("signal_generate", "signal_deliver"),
        (
            ("TASK_REAL_CRED", "task_struct", ("real_cred",)),
            ("CRED_UID", "cred", ("uid",)),
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
        self.features.remove(feature)
        self.missing[feature.name] = reason

    def states(self) -> Mapping[str, str]:
        """Each feature's name with `recorded`, or why it is not."""
        return {feature.name: self.missing.get(feature.name, RECORDED) for feature in FEATURES}


def offered(types: KernelTypes) -> Offer:
    """What the running kernel offers."""
    offer = Offer()
    for feature in FEATURES:
        absent = [name for name in feature.tracepoints if types.tracepoint(name) is None]
        constants, lacking = member_offsets(types, feature.members)
        if absent:
            offer.missing[feature.name] = f"this kernel has no tracepoint {' and '.join(absent)}"
        elif lacking:
            offer.missing[feature.name] = f"this kernel's {lacking[0]}"
        else:
            offer.constants |= constants
            offer.features.append(feature)
    return offer
