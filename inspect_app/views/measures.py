"""What can be counted or added up in a column: one declared row a measure.

A measure is a condition in the filter language and a figure of each event that meets it. The
condition is the definition: an analyst who filters by it sees exactly the events that were counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of an event."""

    id: str
    meaning: str
    where: str = ""
    """Which events have it, in the filter language; empty is all."""
    figure: str = ""
    """What is added up: a column of the events, or a field with numbers. Empty where events are counted."""


OPENS = "open, openat, openat2, creat, open_by_handle_at, uring_openat, uring_openat2"
EXECS = "execve, execveat"
SIGNAL_CALLS = "kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal"
_FILE = "fd.type = file"
_NET = "fd.type in (ipv4, ipv6)"
_READ = "evt.is_io_read = true"
_WRITE = "evt.is_io_write = true"
_FAILED = "evt.failed = true"
_REQUEST = "http.kind = request"
_QUERY = "dns.kind = query"

ACCEPTS = "accept, accept4, uring_accept"
MOUNTS = (
    "mount, umount, umount2, move_mount, open_tree, open_tree_attr, fsopen, fsconfig, fsmount, fspick,"
    " mount_setattr, pivot_root"
)
RENAMES = "rename, renameat, renameat2, uring_renameat"
DELETES = "unlink, unlinkat, rmdir, uring_unlinkat"
MODES = "chmod, fchmod, fchmodat, fchmodat2, chown, fchown, lchown, fchownat"

_MEASURES = (
    Measure("events", "events: system calls and scheduler events"),
    Measure("errors", "calls that failed", _FAILED),
    Measure("errors.file", "failed calls on files and directories", f"{_FAILED} and evt.category = file"),
    Measure("errors.net", "failed calls on the network", f"{_FAILED} and evt.category = net"),
    Measure("errors.memory", "failed calls on memory", f"{_FAILED} and evt.category = memory"),
    Measure(
        "errors.other",
        "failed calls of any other kind",
        f"{_FAILED} and not evt.category in (file, net, memory)",
    ),
    Measure("opens", "files opened or created with success", f"evt.type in ({OPENS}) and evt.failed = false"),
    Measure("execs", "programs started", f"evt.type in ({EXECS}, procexec) and evt.failed = false"),
    Measure(
        "file.created", "opens that may create the file", "evt.is_open_create = true and evt.failed = false"
    ),
    Measure("file.writes", "calls that wrote to the file", f"{_WRITE} and {_FILE}"),
    Measure("file.renames", "times it got another name", f"evt.type in ({RENAMES}) and evt.failed = false"),
    Measure("file.modes", "changes of its mode or owner", f"evt.type in ({MODES}) and evt.failed = false"),
    Measure("file.deletes", "times its name was removed", f"evt.type in ({DELETES}) and evt.failed = false"),
    Measure("io", "calls that moved bytes", "evt.is_io = true"),
    Measure("io.read", "calls that read or received", _READ),
    Measure("io.write", "calls that wrote or sent", _WRITE),
    Measure("bytes", "bytes moved", "evt.is_io = true", "size"),
    Measure("bytes.in", "bytes read or received", _READ, "size"),
    Measure("bytes.out", "bytes written or sent", _WRITE, "size"),
    Measure("file.bytes", "bytes read from and written to files", f"evt.is_io = true and {_FILE}", "size"),
    Measure("file.bytes.in", "bytes read from files", f"{_READ} and {_FILE}", "size"),
    Measure("file.bytes.out", "bytes written to files", f"{_WRITE} and {_FILE}", "size"),
    Measure("net.bytes", "bytes moved over the network", f"evt.is_io = true and {_NET}", "size"),
    Measure("net.bytes.in", "bytes received from the network", f"{_READ} and {_NET}", "size"),
    Measure("net.bytes.out", "bytes sent to the network", f"{_WRITE} and {_NET}", "size"),
    Measure("fd.new", "descriptors made", "fd.is_new = true"),
    Measure("fd.closed", "descriptors closed", "evt.type = close and evt.failed = false"),
    Measure("fd.number", "the largest descriptor number", "fd.num exists", "fd"),
    Measure("fd.open", "descriptors held at once", "proc.fdopencount exists", "proc.fdopencount"),
    Measure("fd.limit", "most descriptors that it might open", "proc.fdlimit exists", "proc.fdlimit"),
    Measure("fd.usage", "descriptors held, in percent of the limit", "proc.fdusage exists", "proc.fdusage"),
    Measure("accepts", "connections accepted", f"evt.type in ({ACCEPTS}) and evt.failed = false"),
    Measure(
        "accepts.failed", "accepts that failed, for want of one too", f"evt.type in ({ACCEPTS}) and {_FAILED}"
    ),
    Measure(
        "accepts.latency",
        "time spent in accepts",
        f"evt.type in ({ACCEPTS}) and evt.latency exists",
        "latency",
    ),
    Measure(
        "listen.backlog",
        "the most connections that listen asked to queue",
        "evt.type = listen and evt.failed = false",
        "evt.rawarg.backlog",
    ),
    Measure("http.requests", "HTTP requests", _REQUEST),
    Measure(
        "http.errors",
        "HTTP requests that were answered with a status from 400 on",
        f"{_REQUEST} and http.status >= 400",
    ),
    Measure(
        "http.unanswered", "HTTP requests without a recorded answer", f"{_REQUEST} and not http.status exists"
    ),
    Measure("dns.queries", "DNS queries", _QUERY),
    Measure(
        "dns.failures", "DNS queries that were answered with an error", f"{_QUERY} and dns.rcode != NOERROR"
    ),
    Measure("dns.unanswered", "DNS queries without a recorded answer", f"{_QUERY} and not dns.rcode exists"),
    Measure("tls.hellos", "TLS connections that a client began", "tls.kind = client"),
    Measure("latency", "time spent inside calls whose start was seen", "evt.latency exists", "latency"),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.id: measure for measure in _MEASURES})
