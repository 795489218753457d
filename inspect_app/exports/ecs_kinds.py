"""What a call is in the words of the Elastic Common Schema: `event.category` and `event.type`.

The words are those that the schema allows; a call that fits none is a process doing something (`info`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from inspect_app.filters.calls import category_of


@dataclass(frozen=True, slots=True)
class EcsKind:
    """Both words."""

    category: tuple[str, ...]
    type: tuple[str, ...]


_CALLS = (
    ("process", "start", "procfork fork vfork clone clone3 execve execveat procexec"),
    ("process", "end", "procexit exit exit_group oom_kill"),
    ("process", "access", "ptrace process_vm_readv process_vm_writev pidfd_getfd"),
    (
        "process",
        "change",
        "setuid setgid setreuid setregid setresuid setresgid setgroups capset setns "
        "unshare prctl seccomp cred_change ns_change",
    ),
    ("driver", "start", "init_module finit_module module_load"),
    ("driver", "end", "delete_module module_free"),
    (
        "configuration",
        "change",
        "mount umount2 pivot_root sethostname setdomainname fsmount move_mount sysctl",
    ),
    ("network", "start", "connect accept accept4 uring_connect uring_accept"),
    ("network", "info", "bind listen socket shutdown setsockopt getsockopt"),
    ("file", "creation", "creat mkdir mkdirat mknod mknodat symlink symlinkat link linkat"),
    ("file", "deletion", "unlink unlinkat rmdir"),
    (
        "file",
        "change",
        "rename renameat renameat2 truncate ftruncate chmod fchmod fchmodat fchmodat2 chown fchown "
        "lchown fchownat setxattr fsetxattr lsetxattr removexattr utimensat fallocate",
    ),
    ("file", "access", "open openat openat2 open_by_handle_at mmap getdents64 readlink readlinkat"),
)
_BY_CALL = {name: (category, type_) for category, type_, names in _CALLS for name in names.split()}
_FILES = frozenset({"file", "directory", "block", "char"})
_NETWORK = frozenset({"ipv4", "ipv6", "unix", "netlink", "packet"})


@lru_cache(maxsize=4_096)
def kind_of(name: str, thing: str) -> EcsKind:
    """Of a call by that name on a thing of that type (`frames.descriptors`), empty where there is none."""
    if name in _BY_CALL:
        category, type_ = _BY_CALL[name]
        types = (type_, "connection") if category == "network" and type_ == "start" else (type_,)
        return EcsKind((category,), types)
    moves = category_of(name)
    if thing in _NETWORK:
        return EcsKind(("network",), ("connection",) if moves in ("io-read", "io-write") else ("info",))
    if thing in _FILES or moves == "file":
        return EcsKind(("file",), ("change",) if moves == "io-write" else ("access",))
    return EcsKind(("process",), ("info",))
