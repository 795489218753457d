"""Views of who became what: credentials, namespaces, and what came into the kernel."""

from __future__ import annotations

from inspect_app.views.columns import (
    ANYTHING,
    CALL,
    COMMAND,
    CONTAINER,
    CONTAINER_ID,
    PID,
    PROCESS,
    RESULT,
    USER,
    WHEN,
    text,
)
from inspect_app.views.measures import MOUNTS
from inspect_app.views.view import Column, Kind, Order, View

_APPLIES = ANYTHING - {"file", "connection", "directory", "fdtype", "port", "error"}
_BY = text("evt.arg.by", "By", "the call over which it changed")
_EXEPATH = text("proc.exepath", "Program", "path of the program", shown=False)


def _change(field: str, meaning: str) -> Column:
    return text(field, "Change", meaning)


PRIVILEGE_VIEWS = (
    View(
        "privileges",
        "Privilege changes",
        ("change", "changes"),
        "One row each time that a thread's user, group or capabilities became others, in order of time.",
        (
            "A change by execve is that of a set-id program or of file capabilities.",
            "Containers give up capabilities as they begin; look for what is gained (+) later.",
        ),
        _APPLIES,
        "evt.type = cred_change",
        "",
        (
            WHEN,
            PID,
            PROCESS,
            USER,
            CONTAINER,
            _BY,
            text("evt.arg.what", "What", "kinds of credentials that changed"),
            _change("evt.arg.change", "before→after; capabilities gained (+) and lost (-)"),
            text(
                "proc.exe_setid", "Set-id", "setuid, setgid, where the program file has the bit", shown=False
            ),
            _EXEPATH,
            COMMAND,
            CONTAINER_ID,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
    View(
        "namespace_changes",
        "Namespace changes",
        ("change", "changes"),
        "One row each time that a thread went into other namespaces, or was born there, in order of time.",
        (
            "setns by a process of a container is a way out of it, or into another one.",
            "Namespaces are told by the inode numbers that lsns and /proc/PID/ns show.",
        ),
        _APPLIES,
        "evt.type = ns_change",
        "",
        (
            WHEN,
            PID,
            PROCESS,
            USER,
            CONTAINER,
            _BY,
            text("evt.arg.what", "What", "kinds of namespaces that changed"),
            _change("evt.arg.change", "inode number before→after"),
            _EXEPATH,
            COMMAND,
            CONTAINER_ID,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
    View(
        "modules",
        "Kernel modules",
        ("load", "loads"),
        "Modules and BPF programs that came into the kernel or left it, and each attempt, in order of time.",
        (
            "module_load is the kernel's own word: it comes whoever asked for it.",
            "A module that taints the kernel as unsigned or out of tree deserves a look.",
        ),
        _APPLIES,
        "evt.type in (module_load, module_free, init_module, finit_module, delete_module)"
        " or evt.type = bpf and evt.arg.cmd = BPF_PROG_LOAD",
        "",
        (
            WHEN,
            CALL,
            RESULT,
            text("evt.arg.name", "Module", "its name, where the event tells it"),
            text("evt.arg.taints", "Taints", "what it makes of the kernel: unsigned, out of tree, …"),
            PID,
            PROCESS,
            USER,
            CONTAINER,
            text("fd.name", "File", "what finit_module loads", shown=False),
            _EXEPATH,
            COMMAND,
            CONTAINER_ID,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
    View(
        "mounts",
        "Mounts",
        ("call", "calls"),
        "One row for each call that mounts, moves, changes or unmounts a file system, in order of time.",
        (
            "A mount of the host's disk or of /proc by a process of a container is a way out of it.",
            "What was mounted at a moment is told by `exhume-inspect at TIME mounts`.",
        ),
        _APPLIES,
        f"evt.type in ({MOUNTS})",
        "",
        (
            WHEN,
            CALL,
            RESULT,
            text("evt.arg.source", "Source", "what was mounted"),
            text("fs.path.target", "Target", "where to"),
            text("fs.path.name", "Path", "what was unmounted or changed"),
            text("evt.arg.fstype", "Type", "kind of file system"),
            text("evt.arg.flags", "Flags", "MS_BIND, MNT_DETACH, …"),
            PID,
            PROCESS,
            USER,
            CONTAINER,
            COMMAND,
            CONTAINER_ID,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
)
