"""Tiles of what deserves a second look: security, logs, infrastructure."""

from __future__ import annotations

from inspect_app.views.measures import MODES, RENAMES
from inspect_app.views.tile import FILE, NET, OK, RAN, WRITE, Counting, Tile, TileCategory

_SYSTEM = (
    "fd.name pmatch (/bin, /sbin, /boot, /etc, /lib, /lib32, /lib64,"
    " /usr/bin, /usr/sbin, /usr/lib, /usr/lib64, /usr/libexec, /usr/share)"
)
_TEMPORARY = "proc.exepath pmatch (/tmp, /dev/shm, /var/tmp, /run/shm)"
_SHELLS = "proc.name in (sh, bash, dash, zsh, ksh, ash, fish, tcsh, csh, busybox)"
_IN_CONTAINER = 'container.id exists and container.id != "host"'
_ALARMS = ("error", "critic", "emerg", "alert")
_LOG = "evt.is_log = true and evt.buflen > 0"
_SYSLOG = "evt.is_syslog = true"


def _notice(name: str, title: str, meaning: str, condition: str, view: str = "events") -> Tile:
    return Tile(name, title, TileCategory.SECURITY, meaning, condition, view, noteworthy=True)


SECURITY_TILES = (
    Tile(
        "sec.commands",
        "Executed commands",
        TileCategory.SECURITY,
        "Programs that were started, by execve, execveat or the kernel itself.",
        RAN,
        "commands",
        noteworthy=True,
        hide_at_zero=False,
    ),
    _notice(
        "sec.interactive",
        "Interactive commands",
        "Programs that were started in a session with a terminal.",
        f"{RAN} and proc.tty > 0",
        "spy_users",
    ),
    _notice(
        "sec.shells",
        "Shells in containers",
        "Shells that were started in a container.",
        f"{RAN} and {_SHELLS} and {_IN_CONTAINER}",
        "commands",
    ),
    _notice(
        "sec.temporary",
        "Programs from temporary directories",
        "Programs that were started from /tmp, /var/tmp or /dev/shm.",
        f"{RAN} and {_TEMPORARY}",
        "commands",
    ),
    _notice(
        "sec.sudo",
        "Sudo and su",
        "Programs named sudo, su, doas or pkexec that were started.",
        f"{RAN} and proc.name in (sudo, su, doas, pkexec)",
        "commands",
    ),
    Tile(
        "sec.system_files",
        "Modified system files",
        TileCategory.SECURITY,
        "Different files under /etc, /usr, /bin, /sbin, /lib and /boot that were written.",
        f"{WRITE} and {FILE} and {_SYSTEM}",
        "files",
        Counting.DISTINCT,
        "fd.name",
        noteworthy=True,
    ),
    _notice(
        "sec.deleted",
        "Deleted files",
        "Files whose names were removed by unlink or unlinkat.",
        f"evt.type in (unlink, unlinkat) and {OK}",
    ),
    _notice(
        "sec.renamed",
        "Renamed files",
        "Files and directories that got another name.",
        f"evt.type in ({RENAMES}) and {OK}",
    ),
    _notice(
        "sec.modes",
        "Changed permissions",
        "Files whose mode or owner was changed.",
        f"evt.type in ({MODES}) and {OK}",
    ),
    _notice(
        "sec.links",
        "New links",
        "Symbolic and hard links that were made.",
        f"evt.type in (symlink, symlinkat, link, linkat) and {OK}",
    ),
    _notice(
        "sec.ids",
        "Changed user ids",
        "Threads whose user or group ids became others, by a call or a set-id program.",
        "evt.type = cred_change and (evt.arg.what contains uids or evt.arg.what contains gids)",
        "privileges",
    ),
    _notice(
        "sec.capabilities",
        "Gained capabilities",
        "Threads that got capabilities which they had not.",
        'evt.type = cred_change and (evt.arg.change contains "caps +" or evt.arg.change contains "caps all"'
        ' or evt.arg.change contains "permitted +" or evt.arg.change contains "permitted all"'
        ' or evt.arg.change contains "effective +" or evt.arg.change contains "effective all")',
        "privileges",
    ),
    _notice(
        "sec.namespaces",
        "Namespace changes",
        "Threads whose namespaces became others, and processes born into others than their parent's.",
        "evt.type = ns_change",
        "namespace_changes",
    ),
    _notice(
        "sec.mounts",
        "Mounts",
        "File systems that were mounted, moved or unmounted.",
        f"evt.type in (mount, umount, umount2, move_mount, pivot_root) and {OK}",
        "mounts",
    ),
    _notice("sec.ptrace", "Ptrace", "ptrace calls that succeeded.", f"evt.type = ptrace and {OK}"),
    _notice(
        "sec.modules",
        "Kernel modules",
        "Modules that came into the kernel or left it, whoever asked for it.",
        "evt.type in (module_load, module_free)",
        "modules",
    ),
    _notice(
        "sec.bpf_programs",
        "BPF programs",
        "BPF programs that were loaded into the kernel.",
        f"evt.type = bpf and evt.arg.cmd = BPF_PROG_LOAD and {OK}",
        "modules",
    ),
    _notice("sec.bpf", "BPF calls", "bpf calls that succeeded.", f"evt.type = bpf and {OK}"),
    _notice(
        "sec.without_file",
        "Programs without a file",
        "Programs that were started from memory alone, or whose file had been deleted.",
        f"{RAN} and (proc.is_exe_from_memfd = true or proc.is_exe_unlinked = true)",
        "executables",
    ),
    _notice(
        "sec.dropped",
        "Programs not of the image",
        "Programs started in containers whose file was written or changed after the image was made.",
        f"{RAN} and proc.is_exe_upper_layer = true and {_IN_CONTAINER}",
        "executables",
    ),
    _notice(
        "sec.written",
        "Programs dropped and run",
        "Programs that were started from a file which somebody had written within the recording.",
        f"{RAN} and proc.is_exe_dropped = true",
        "dropped_executed",
    ),
    _notice(
        "sec.secrets",
        "Secrets in arguments",
        "Programs that were started with what looks like a secret among their arguments.",
        f"{RAN} and proc.args.secrets exists",
        "secrets",
    ),
    _notice(
        "sec.setns",
        "Namespaces entered",
        "setns calls that succeeded: how one gets into a container, or out of it.",
        f"evt.type = setns and {OK}",
        "events",
    ),
    _notice(
        "sec.memfd",
        "Files in memory",
        "Files without a name that memfd_create made.",
        f"evt.type = memfd_create and {OK}",
    ),
    _notice(
        "sec.ssh",
        "New SSH connections",
        "Connections to server port 22 that were made or accepted.",
        f"evt.type in (connect, accept, accept4, uring_connect, uring_accept) and {NET} and fd.sport = 22 and"
        " (evt.failed = false or evt.res = EINPROGRESS)",
        "new_connections",
    ),
)


def _log(name: str, title: str, meaning: str, condition: str, note: bool = False) -> Tile:
    view = "syslog" if condition.startswith(_SYSLOG) else "application_logs"
    return Tile(name, title, TileCategory.LOGS, meaning, condition, view, noteworthy=note)


_LOGS = (
    _log("log.files", "Log writes", "Writes to files under /var/log or named as logs.", _LOG),
    _log(
        "log.warnings",
        "Log warnings",
        'Writes to log files whose kept bytes hold "warn".',
        f"{_LOG} and evt.buffer icontains warn",
    ),
    _log(
        "log.errors",
        "Log errors",
        'Writes to log files whose kept bytes hold "error", "critic", "emerg" or "alert".',
        f"{_LOG} and evt.buffer icontains anyof ({', '.join(_ALARMS)})",
        True,
    ),
    _log("log.syslog", "Syslog messages", "Messages written to the system's log socket.", _SYSLOG),
    _log(
        "log.syslog_warnings",
        "Syslog warnings",
        "Messages to the system's log with the severity warning.",
        f"{_SYSLOG} and syslog.severity = 4",
    ),
    _log(
        "log.syslog_errors",
        "Syslog errors",
        "Messages to the system's log with the severity error or worse.",
        f"{_SYSLOG} and syslog.severity < 4",
        True,
    ),
)

_INFRASTRUCTURE = (
    Tile(
        "infra.begun",
        "Containers created",
        TileCategory.INFRASTRUCTURE,
        "Containers that began within the window.",
        'container.id != "host"',
        "containers",
        Counting.BEGUN,
        "container",
    ),
    Tile(
        "infra.ended",
        "Containers ended",
        TileCategory.INFRASTRUCTURE,
        "Containers that ended within the window.",
        'container.id != "host"',
        "containers",
        Counting.ENDED,
        "container",
    ),
    Tile(
        "infra.created",
        "Control groups created",
        TileCategory.INFRASTRUCTURE,
        "Control groups that were made: how containers and services begin.",
        "evt.type = cgroup_mkdir",
        "container_life",
    ),
    Tile(
        "infra.removed",
        "Control groups removed",
        TileCategory.INFRASTRUCTURE,
        "Control groups that were removed: how containers and services end.",
        "evt.type = cgroup_rmdir",
        "container_life",
    ),
    Tile(
        "infra.docker",
        "Runtime socket calls",
        TileCategory.INFRASTRUCTURE,
        "Events on the socket of a container runtime: who holds it commands the host.",
        "fd.name in (/run/docker.sock, /var/run/docker.sock, /run/podman/podman.sock,"
        " /run/containerd/containerd.sock, /run/crio/crio.sock)",
        "processes",
        noteworthy=True,
    ),
    Tile(
        "infra.drops",
        "Not seen",
        TileCategory.INFRASTRUCTURE,
        "Events that happened and are not in the capture: lost, dropped or undecodable.",
        "",
        "events",
        Counting.DROPS,
        noteworthy=True,
        hide_at_zero=False,
    ),
)

BACKGROUND_TILES = (*_LOGS, *_INFRASTRUCTURE)
