"""The tiles of the overview, as data: each counts exactly what its title says.

A tile is a condition in the filter language and a way to count the events that meet it. Opening a
tile shows the events that were counted, because the view is opened with the same condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from inspect_app.views.format import Unit
from inspect_app.views.measures import EXECS, MODES, OPENS, RENAMES


class TileCategory(StrEnum):
    """The columns of the overview, in their order."""

    GENERAL = "General"
    FILE = "File"
    NETWORK = "Network"
    APPS = "Network apps"
    SECURITY = "Security"
    PERFORMANCE = "Performance"
    LOGS = "Logs"
    INFRASTRUCTURE = "Infrastructure"


class Counting(StrEnum):
    """What the figure of a tile is."""

    EVENTS = "events"
    """How many events meet the condition."""
    BYTES = "bytes"
    """The bytes that those events moved."""
    DISTINCT = "distinct"
    """How many different values of `of`, a field of descriptors or `descriptor` itself, they have."""
    ALIVE = "alive"
    """How many of the entity `of` lived; with a filter: those that have events."""
    DROPS = "drops"
    """What was not seen, out of the drops frame."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the overview over its histogram."""

    id: str
    title: str
    category: TileCategory
    description: str
    """What is counted, in one line."""
    condition: str
    """Which events count, in the filter language; empty is all."""
    view: str
    """The view that opens on the events counted, or `events`."""
    counting: Counting = Counting.EVENTS
    of: str = ""
    unit: Unit = Unit.COUNT
    noteworthy: bool = False
    """Worth a second look wherever it is not zero."""
    hide_at_zero: bool = True


_FILE = "fd.type = file"
_NET = "fd.type in (ipv4, ipv6)"
_READ = "evt.is_io_read = true"
_WRITE = "evt.is_io_write = true"
_OK = "evt.failed = false"
_RAN = f"evt.type in ({EXECS}, procexec) and {_OK}"
_SYSTEM = (
    "fd.name pmatch (/bin, /sbin, /boot, /etc, /lib, /lib32, /lib64,"
    " /usr/bin, /usr/sbin, /usr/lib, /usr/lib64, /usr/libexec, /usr/share)"
)
_TEMPORARY = "proc.exepath pmatch (/tmp, /dev/shm, /var/tmp, /run/shm)"
_LOG_FILE = (
    f"{_WRITE} and {_FILE} and evt.buflen > 0 and (fd.name pmatch (/var/log) or fd.name endswith .log"
    " or fd.name endswith _log)"
)
_SYSLOG = f"{_WRITE} and fd.name in (/dev/log, /run/systemd/journal/dev-log, /run/systemd/journal/socket)"
_SHELLS = "proc.name in (sh, bash, dash, zsh, ksh, ash, fish, tcsh, csh, busybox)"
_METHODS = ("GET ", "POST ", "PUT ", "DELETE ", "HEAD ", "PATCH ", "OPTIONS ", "CONNECT ", "TRACE ")
_REQUEST = " or ".join(f'evt.buffer startswith "{method}"' for method in _METHODS)
_HTTP_REQUEST = f"{_READ} and fd.type in (ipv4, ipv6, unix) and ({_REQUEST})"
_STATUS = ("HTTP/1.0 4", "HTTP/1.0 5", "HTTP/1.1 4", "HTTP/1.1 5")
_ERROR_RESPONSE = " or ".join(f'evt.buffer startswith "{status}"' for status in _STATUS)
_HTTP_ERROR = f"{_READ} and fd.type in (ipv4, ipv6, unix) and ({_ERROR_RESPONSE})"
_ALARMS = ("error", "critic", "emerg", "alert")
_ALARM = " or ".join(f"evt.buffer icontains {word}" for word in _ALARMS)
_SETS_IDS = "setuid, setgid, setreuid, setregid, setresuid, setresgid, setfsuid, setfsgid"

_GENERAL = (
    Tile(
        "processes",
        "Running processes",
        TileCategory.GENERAL,
        "Processes that lived in the window.",
        "",
        "processes",
        Counting.ALIVE,
        "process",
        hide_at_zero=False,
    ),
    Tile(
        "containers",
        "Running containers",
        TileCategory.GENERAL,
        "Containers that lived in the window, without the host.",
        'container.id != "host"',
        "containers",
        Counting.ALIVE,
        "container",
        hide_at_zero=False,
    ),
    Tile(
        "syscalls",
        "System calls",
        TileCategory.GENERAL,
        "System calls that returned, or were cut off by the end of their thread or of the recording.",
        "syscall.type exists",
        "syscalls",
        hide_at_zero=False,
    ),
    Tile(
        "errors",
        "Failed calls",
        TileCategory.GENERAL,
        "System calls that returned an error.",
        "evt.failed = true",
        "errors",
        hide_at_zero=False,
    ),
)


def _bytes(category: TileCategory, name: str, title: str, meaning: str, condition: str) -> Tile:
    view = "files" if category is TileCategory.FILE else "server_ports"
    return Tile(
        name,
        title,
        category,
        meaning,
        condition,
        view,
        Counting.BYTES,
        "size",
        Unit.BYTES,
        hide_at_zero=False,
    )


_FILES = (
    _bytes(
        TileCategory.FILE,
        "file.bytes",
        "File bytes",
        "Bytes read from and written to files.",
        f"evt.is_io = true and {_FILE}",
    ),
    _bytes(
        TileCategory.FILE,
        "file.bytes.in",
        "File bytes read",
        "Bytes read from files.",
        f"{_READ} and {_FILE}",
    ),
    _bytes(
        TileCategory.FILE,
        "file.bytes.out",
        "File bytes written",
        "Bytes written to files.",
        f"{_WRITE} and {_FILE}",
    ),
    Tile(
        "file.accessed",
        "Accessed files",
        TileCategory.FILE,
        "Different files that were read or written.",
        f"evt.is_io = true and {_FILE}",
        "files",
        Counting.DISTINCT,
        "fd.name",
    ),
    Tile(
        "file.modified",
        "Modified files",
        TileCategory.FILE,
        "Different files that were written.",
        f"{_WRITE} and {_FILE}",
        "files",
        Counting.DISTINCT,
        "fd.name",
    ),
    Tile(
        "file.opens",
        "File opens",
        TileCategory.FILE,
        "Files opened or created with success, by any of the calls that do.",
        f"evt.type in ({OPENS}) and {_OK}",
        "file_opens",
    ),
)

_NETWORK = (
    _bytes(
        TileCategory.NETWORK,
        "net.bytes",
        "Network bytes",
        "Bytes received and sent over IPv4 and IPv6.",
        f"evt.is_io = true and {_NET}",
    ),
    _bytes(
        TileCategory.NETWORK,
        "net.bytes.in",
        "Network bytes in",
        "Bytes received over IPv4 and IPv6.",
        f"{_READ} and {_NET}",
    ),
    _bytes(
        TileCategory.NETWORK,
        "net.bytes.out",
        "Network bytes out",
        "Bytes sent over IPv4 and IPv6.",
        f"{_WRITE} and {_NET}",
    ),
    Tile(
        "net.connections",
        "Active connections",
        TileCategory.NETWORK,
        "Different IPv4 and IPv6 sockets that bytes went through.",
        f"evt.is_io = true and {_NET}",
        "connections",
        Counting.DISTINCT,
        "descriptor",
    ),
    Tile(
        "net.listening",
        "New listening ports",
        TileCategory.NETWORK,
        "IPv4 and IPv6 sockets on which listen succeeded; a bind alone does not count.",
        f"evt.type = listen and {_OK} and {_NET}",
        "listening",
        Counting.DISTINCT,
        "descriptor",
        noteworthy=True,
    ),
    Tile(
        "net.outbound",
        "New outbound connections",
        TileCategory.NETWORK,
        "IPv4 and IPv6 connects that succeeded or go on in the background.",
        f"evt.type = connect and {_NET} and (evt.failed = false or evt.res = EINPROGRESS)",
        "new_connections",
    ),
    Tile(
        "net.inbound",
        "New inbound connections",
        TileCategory.NETWORK,
        "IPv4 and IPv6 connections that were accepted.",
        f"evt.type in (accept, accept4) and {_OK} and {_NET}",
        "new_connections",
    ),
)

# Kafka listens on 9092; 2181 is ZooKeeper.
_APPS: tuple[tuple[str, str, str], ...] = (
    ("http", "HTTP", "80, 8000, 8080"),
    ("https", "HTTPS", "443, 8443"),
    ("ssh", "SSH", "22"),
    ("dns", "DNS", "53"),
    ("mysql", "MySQL", "3306"),
    ("postgres", "PostgreSQL", "5432"),
    ("redis", "Redis", "6379"),
    ("mongodb", "MongoDB", "27017, 27018, 27019"),
    ("memcached", "Memcached", "11211"),
    ("elasticsearch", "Elasticsearch", "9200, 9300"),
    ("kafka", "Kafka", "9092"),
    ("zookeeper", "ZooKeeper", "2181"),
    ("rabbitmq", "RabbitMQ", "5672"),
    ("etcd", "etcd", "2379, 2380"),
    ("kubernetes", "Kubernetes API", "6443"),
)

_APP_TILES = tuple(
    Tile(
        f"app.{name}",
        f"{title} bytes",
        TileCategory.APPS,
        f"Bytes to and from server port {ports.replace(', ', ' or ')}, where {title} is at home.",
        f"evt.is_io = true and {_NET} and fd.sport in ({ports})",
        "connections",
        Counting.BYTES,
        "size",
        Unit.BYTES,
    )
    for name, title, ports in _APPS
)


def _notice(name: str, title: str, meaning: str, condition: str, view: str = "events") -> Tile:
    return Tile(name, title, TileCategory.SECURITY, meaning, condition, view, noteworthy=True)


_SECURITY = (
    Tile(
        "sec.commands",
        "Executed commands",
        TileCategory.SECURITY,
        "Programs that were started, by execve, execveat or the kernel itself.",
        _RAN,
        "commands",
        noteworthy=True,
        hide_at_zero=False,
    ),
    _notice(
        "sec.interactive",
        "Interactive commands",
        "Programs that were started in a session with a terminal.",
        f"{_RAN} and proc.tty > 0",
        "spy_users",
    ),
    _notice(
        "sec.shells",
        "Shells in containers",
        "Shells that were started in a container.",
        f'{_RAN} and {_SHELLS} and container.id exists and container.id != "host"',
        "commands",
    ),
    _notice(
        "sec.temporary",
        "Programs from temporary directories",
        "Programs that were started from /tmp, /var/tmp or /dev/shm.",
        f"{_RAN} and {_TEMPORARY}",
        "commands",
    ),
    _notice(
        "sec.sudo",
        "Sudo and su",
        "Programs named sudo, su, doas or pkexec that were started.",
        f"{_RAN} and proc.name in (sudo, su, doas, pkexec)",
        "commands",
    ),
    Tile(
        "sec.system_files",
        "Modified system files",
        TileCategory.SECURITY,
        "Different files under /etc, /usr, /bin, /sbin, /lib and /boot that were written.",
        f"{_WRITE} and {_FILE} and {_SYSTEM}",
        "files",
        Counting.DISTINCT,
        "fd.name",
        noteworthy=True,
    ),
    _notice(
        "sec.deleted",
        "Deleted files",
        "Files whose names were removed by unlink or unlinkat.",
        f"evt.type in (unlink, unlinkat) and {_OK}",
    ),
    _notice(
        "sec.renamed",
        "Renamed files",
        "Files and directories that got another name.",
        f"evt.type in ({RENAMES}) and {_OK}",
    ),
    _notice(
        "sec.modes",
        "Changed permissions",
        "Files whose mode or owner was changed.",
        f"evt.type in ({MODES}) and {_OK}",
    ),
    _notice(
        "sec.links",
        "New links",
        "Symbolic and hard links that were made.",
        f"evt.type in (symlink, symlinkat, link, linkat) and {_OK}",
    ),
    _notice(
        "sec.ids",
        "Changed user ids",
        "Calls that set user or group ids with success.",
        f"evt.type in ({_SETS_IDS}) and {_OK}",
    ),
    _notice(
        "sec.namespaces",
        "Namespace changes",
        "setns and unshare that succeeded.",
        f"evt.type in (setns, unshare) and {_OK}",
    ),
    _notice(
        "sec.mounts",
        "Mounts",
        "File systems that were mounted, moved or unmounted.",
        f"evt.type in (mount, umount2, move_mount, pivot_root) and {_OK}",
    ),
    _notice("sec.ptrace", "Ptrace", "ptrace calls that succeeded.", f"evt.type = ptrace and {_OK}"),
    _notice(
        "sec.modules",
        "Kernel modules",
        "Modules that were loaded into the kernel or removed.",
        f"evt.type in (init_module, finit_module, delete_module) and {_OK}",
    ),
    _notice("sec.bpf", "BPF calls", "bpf calls that succeeded.", f"evt.type = bpf and {_OK}"),
    _notice(
        "sec.memfd",
        "Files in memory",
        "Files without a name that memfd_create made.",
        f"evt.type = memfd_create and {_OK}",
    ),
    _notice(
        "sec.ssh",
        "New SSH connections",
        "Connections to server port 22 that were made or accepted.",
        f"evt.type in (connect, accept, accept4) and {_NET} and fd.sport = 22 and"
        " (evt.failed = false or evt.res = EINPROGRESS)",
        "new_connections",
    ),
)


def _speed(name: str, title: str, meaning: str, condition: str, view: str) -> Tile:
    noteworthy = name in ("perf.http_errors", "perf.connect_errors", "perf.slow_100ms")
    return Tile(name, title, TileCategory.PERFORMANCE, meaning, condition, view, noteworthy=noteworthy)


_SLOW = f"evt.is_io = true and {_FILE} and not fd.name startswith /dev/ and evt.latency >"

_PERFORMANCE = (
    _speed(
        "perf.http", "HTTP requests", "Reads that begin with an HTTP request line.", _HTTP_REQUEST, "events"
    ),
    _speed(
        "perf.http_errors",
        "HTTP errors",
        "Reads that begin with an HTTP response of status 4xx or 5xx.",
        _HTTP_ERROR,
        "events",
    ),
    _speed(
        "perf.open_errors",
        "File open errors",
        "Attempts to open or create a file that failed.",
        f"evt.type in ({OPENS}) and evt.failed = true",
        "file_opens",
    ),
    _speed(
        "perf.connect_errors",
        "Failed connections",
        "IPv4 and IPv6 connects that failed; those that go on in the background do not count.",
        f"evt.type = connect and {_NET} and evt.failed = true and evt.res != EINPROGRESS",
        "new_connections",
    ),
    _speed(
        "perf.forks", "Forks", "Processes and threads that were created.", "evt.type = procfork", "events"
    ),
    _speed("perf.exits", "Exits", "Threads that ended.", "evt.type = procexit", "exits"),
    _speed(
        "perf.signals",
        "Sent signals",
        "Signals that programs sent with success.",
        f"evt.type in (kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal) and {_OK}",
        "signals",
    ),
    _speed(
        "perf.slow_1ms",
        "File I/O over 1 ms",
        "Reads and writes of files that took longer than 1 ms.",
        f"{_SLOW} 1000000",
        "slow_io",
    ),
    _speed(
        "perf.slow_10ms",
        "File I/O over 10 ms",
        "Reads and writes of files that took longer than 10 ms.",
        f"{_SLOW} 10000000",
        "slow_io",
    ),
    _speed(
        "perf.slow_100ms",
        "File I/O over 100 ms",
        "Reads and writes of files that took longer than 100 ms.",
        f"{_SLOW} 100000000",
        "slow_io",
    ),
)


def _log(name: str, title: str, meaning: str, condition: str, note: bool = False) -> Tile:
    return Tile(name, title, TileCategory.LOGS, meaning, condition, "events", noteworthy=note)


_LOGS = (
    _log("log.files", "Log writes", "Writes to files under /var/log or named as logs.", _LOG_FILE),
    _log(
        "log.warnings",
        "Log warnings",
        'Writes to log files whose recorded bytes hold "warn".',
        f"{_LOG_FILE} and evt.buffer icontains warn",
    ),
    _log(
        "log.errors",
        "Log errors",
        'Writes to log files whose recorded bytes hold "error", "critic", "emerg" or "alert".',
        f"{_LOG_FILE} and ({_ALARM})",
        True,
    ),
    _log("log.syslog", "Syslog messages", "Writes to the system's log socket.", _SYSLOG),
)

_INFRASTRUCTURE = (
    Tile(
        "infra.created",
        "Control groups created",
        TileCategory.INFRASTRUCTURE,
        "Control groups that were made: how containers and services begin.",
        "evt.type = cgroup_mkdir",
        "events",
    ),
    Tile(
        "infra.removed",
        "Control groups removed",
        TileCategory.INFRASTRUCTURE,
        "Control groups that were removed: how containers and services end.",
        "evt.type = cgroup_rmdir",
        "events",
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

TILES: Mapping[str, Tile] = MappingProxyType(
    {
        tile.id: tile
        for tile in (
            *_GENERAL,
            *_FILES,
            *_NETWORK,
            *_APP_TILES,
            *_SECURITY,
            *_PERFORMANCE,
            *_LOGS,
            *_INFRASTRUCTURE,
        )
    }
)
