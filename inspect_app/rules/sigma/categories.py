"""What Sigma's rules for Linux ask for, and which fields of the filter language answer it.

Names of categories and fields are those of the Sigma specification's taxonomy and of Sysmon for Linux.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LINUX = "linux"
"""The product whose rules a capture can answer; a rule may leave it out."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The fields that answer one field of Sigma; a value of any of them is one of it."""

    operands: tuple[str, ...]
    """As the filter language writes them."""
    means: Mapping[str, str] = field(default_factory=dict)
    """All values that the field has in Sigma, in small letters, and what each is here; empty: the same."""


@dataclass(frozen=True, slots=True)
class Category:
    """One declared category of events."""

    name: str
    condition: str
    """Which events it is."""
    fields: Mapping[str, Mapped]
    keywords: tuple[str, ...]
    """Where a text without a field is looked for."""
    shown: tuple[str, ...]
    """Fields of Sigma that a finding shows."""

    def mapped(self, name: str) -> Mapped | None:
        """What answers a field; capitals do not matter."""
        if name in self.fields:
            return self.fields[name]
        folded = name.casefold()
        return next((one for known, one in self.fields.items() if known.casefold() == folded), None)


def _one(*operands: str, **means: str) -> Mapped:
    return Mapped(operands, means)


_PROCESS = {
    "Image": _one("proc.exepath"),
    "CommandLine": _one("proc.exeline"),
    "CurrentDirectory": _one("proc.cwd"),
    "User": _one("user.name"),
    "LogonId": _one("user.loginuid"),
    "TerminalSessionId": _one("proc.sid"),
    "ProcessId": _one("proc.pid"),
    "ProcessName": _one("proc.name"),
    "sha256": _one("proc.exe_sha256"),
    "ParentImage": _one("proc.pexepath"),
    "ParentCommandLine": _one("proc.pexeline"),
    "ParentProcessId": _one("proc.ppid"),
    "ParentProcessName": _one("proc.pname"),
    "GrandParentImage": _one("proc.aexepath[2]"),
    "GrandParentCommandLine": _one("proc.acmdline[2]"),
    "Computer": _one("evt.hostname"),
    "ContainerId": _one("container.id"),
    "ContainerName": _one("container.name"),
}
_PROCESS_TEXTS = ("proc.exepath", "proc.exeline", "proc.pexepath", "proc.pexeline", "proc.cwd", "user.name")
_FILE = {**_PROCESS, "TargetFilename": _one("fd.name", "fs.path.target")}
_FILE_TEXTS = ("fd.name", "fs.path.target", "proc.exepath", "proc.exeline", "user.name")
_FILE_SHOWN = ("TargetFilename", "Image", "CommandLine", "User")
_NETWORK = {
    **_PROCESS,
    "Initiated": _one("fd.role", true="client", false="server"),
    "Protocol": _one("fd.l4proto"),
    "DestinationIp": _one("fd.sip"),
    "DestinationPort": _one("fd.sport"),
    "DestinationHostname": _one("fd.sip.name"),
    "DestinationPortName": _one("fd.sproto"),
    "DestinationIsIpv6": _one("fd.type", true="ipv6", false="ipv4"),
    "SourceIp": _one("fd.cip"),
    "SourcePort": _one("fd.cport"),
    "SourceHostname": _one("fd.cip.name"),
    "SourcePortName": _one("fd.cproto"),
    "SourceIsIpv6": _one("fd.type", true="ipv6", false="ipv4"),
    # The names of the categories `firewall` and `network`.
    "dst_ip": _one("fd.sip"),
    "dst_port": _one("fd.sport"),
    "src_ip": _one("fd.cip"),
    "src_port": _one("fd.cport"),
}
_DNS = {
    **_PROCESS,
    "QueryName": _one("dns.name"),
    "QueryResults": _one("dns.answers"),
    "QueryStatus": _one("dns.rcode"),
    # The names of the category `dns`.
    "query": _one("dns.name"),
    "answer": _one("dns.answers"),
    "record_type": _one("dns.type"),
    "response_code": _one("dns.rcode"),
}
_DNS_TEXTS = ("dns.name", "dns.answers", "proc.exepath", "proc.exeline")
_DNS_SHOWN = ("QueryName", "QueryResults", "Image", "CommandLine")

_CREATES = (
    "evt.failed = false and (evt.type in (open, openat, openat2, creat, uring_openat, uring_openat2)"
    " and evt.is_open_create = true or evt.type in (rename, renameat, renameat2, uring_renameat,"
    " link, linkat, uring_linkat, symlink, symlinkat, uring_symlinkat, mknod, mknodat))"
)
_CONNECTS = (
    "evt.type in (connect, uring_connect, accept, accept4, uring_accept) and fd.type in (ipv4, ipv6)"
    " and (evt.failed = false or evt.res = EINPROGRESS) and fd.role in (client, server)"
)
_OPENS = "evt.type in (open, openat, openat2, uring_openat, uring_openat2) and evt.failed = false"
_REMOVES = "evt.type in (unlink, unlinkat, uring_unlinkat, rmdir) and evt.failed = false"
_RENAMES = "evt.type in (rename, renameat, renameat2, uring_renameat) and evt.failed = false"
_CHANGES = (
    "evt.type in (chmod, fchmod, fchmodat, fchmodat2, chown, fchown, lchown, fchownat, truncate, ftruncate,"
    " utime, utimes, utimensat, futimesat, setxattr, lsetxattr, fsetxattr) and evt.failed = false"
)
_BEGINS = "evt.type in (execve, execveat) and evt.failed = false"

CATEGORIES: Mapping[str, Category] = {
    one.name: one
    for one in (
        Category("process_creation", _BEGINS, _PROCESS, _PROCESS_TEXTS,
                 ("Image", "CommandLine", "ParentImage", "ParentCommandLine", "User")),
        Category("file_event", _CREATES, _FILE, _FILE_TEXTS, _FILE_SHOWN),
        Category("file_access", _OPENS, _FILE, _FILE_TEXTS, _FILE_SHOWN),
        Category("file_change", _CHANGES, _FILE, _FILE_TEXTS, _FILE_SHOWN),
        Category("file_delete", _REMOVES, _FILE, _FILE_TEXTS, _FILE_SHOWN),
        Category("file_rename", _RENAMES, {**_FILE, "SourceFilename": _one("fs.path.source")}, _FILE_TEXTS,
                 _FILE_SHOWN),
        Category("network_connection", _CONNECTS, _NETWORK,
                 ("fd.name", "fd.sip.name", "proc.exepath", "proc.exeline", "user.name"),
                 ("DestinationIp", "DestinationPort", "Image", "CommandLine", "User")),
        Category("dns_query", "dns.kind = query", _DNS, _DNS_TEXTS, _DNS_SHOWN),
        Category("dns", "dns.kind = query", _DNS, _DNS_TEXTS, _DNS_SHOWN),
    )
}  # fmt: skip

_WINDOWS = "is a property of Windows programs"
_NOT_TOLD = {
    "OriginalFileName": _WINDOWS,
    "Company": _WINDOWS,
    "Product": _WINDOWS,
    "Description": _WINDOWS,
    "FileVersion": _WINDOWS,
    "IntegrityLevel": _WINDOWS,
    "Imphash": _WINDOWS,
    "Hashes": "holds digests of several kinds; sha256 alone is recorded, of programs",
    "md5": "is not recorded; sha256 is, of programs",
    "sha1": "is not recorded; sha256 is, of programs",
    "ParentUser": "is not recorded: the user is told of who made the event",
    "ProcessGuid": "is a number of Sysmon's own",
    "ParentProcessGuid": "is a number of Sysmon's own",
    "LogonGuid": "is a number of Sysmon's own",
    "RuleName": "is a name of Sysmon's own",
}


def why_not(category: Category, name: str) -> str:
    """Why no field of a capture answers a field of Sigma."""
    known = {one.casefold(): reason for one, reason in _NOT_TOLD.items()}
    reason = known.get(name.casefold(), f"has no counterpart in {category.name} events")
    return f"{name} {reason}"
