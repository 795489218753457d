"""The machine as it stands when a recording begins, read from /proc.

What cannot be read is told (`unreadable`), never guessed, and never ends the scan: processes come and
go while it runs. Fields are those of proc(5).
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from posixpath import normpath
from typing import Any

from capture.agent.host_root import is_elsewhere, on_host

PROC = Path("/proc")
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_MAX_ARGUMENTS = 64 << 10
_MAX_ENVIRONMENT = 16 << 10
_MAX_BYTES = 1 << 20
_MAX_TABLE = 256 << 20
"""A table of the kernel has a line a socket or mount: 1 MiB would be 7,000 connections."""

Row = dict[str, Any]
_Part = Callable[[Path], Row]


def text(raw: bytes) -> str:
    """Bytes of the system as text that msgpack can keep; what is no UTF-8 is shown as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_MAX_BYTES)


def _lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a table."""
    with path.open("rb") as stream:
        raw = stream.read(_MAX_TABLE)
    yield from raw[: raw.rfind(b"\n") + 1].splitlines()


def _pids(folder: Path) -> Iterator[int]:
    for name in os.listdir(folder):
        if name.isdigit():
            yield int(name)


def _all_pids() -> list[int]:
    """Every process, sorted; FileNotFoundError where /proc shows none, not even this one."""
    if not (pids := sorted(_pids(PROC))):
        raise FileNotFoundError(errno.ENOENT, "no process is to be seen: is it mounted?", str(PROC))
    return pids


def parents() -> dict[int, int]:
    """Each process and its parent."""
    found = {}
    for pid in _all_pids():
        try:
            stat = _read(PROC / str(pid) / "stat")
        except OSError:
            continue
        found[pid] = int(stat[stat.rindex(b")") + 2 :].split()[1])
    return found


def processes(boot_to_utc_ns: int, *, environment: bool = False) -> list[Row]:
    """A row for each process, the recorder among them: it is somebody's parent."""
    parts = (*_PARTS, ("environ", _environment)) if environment else _PARTS
    return [row for pid in _all_pids() if (row := _process(pid, boot_to_utc_ns, parts)) is not None]


def _process(pid: int, boot_to_utc_ns: int, parts: Sequence[tuple[str, _Part]]) -> Row | None:
    folder = PROC / str(pid)
    try:
        stat = _read(folder / "stat")
    except OSError:
        return None
    comm = stat[stat.index(b"(") + 1 : stat.rindex(b")")]
    fields = stat[stat.rindex(b")") + 2 :].split()
    row: Row = {
        "pid": pid,
        "comm": text(comm),
        "ppid": int(fields[1]),
        "pgid": int(fields[2]),
        "sid": int(fields[3]),
        "tty": int(fields[4]),
        "kernel": bool(int(fields[6]) & 0x0020_0000),
        "utime_ns": int(fields[11]) * _TICK_NS,
        "stime_ns": int(fields[12]) * _TICK_NS,
        "start_ns": int(fields[19]) * _TICK_NS + boot_to_utc_ns,
        "vmsize": int(fields[20]),
        "vmrss": int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
    }
    unreadable = []
    for name, read in parts:
        try:
            row.update(read(folder))
        except (OSError, ValueError, IndexError):
            unreadable.append(name)
    row["unreadable"] = unreadable
    return row


def _exe(folder: Path) -> Row:
    try:
        status = (folder / "exe").stat()
    except FileNotFoundError:  # kernel threads have none
        return {"exe": None, "dev": 0, "ino": 0}
    return {
        "exe": text(os.readlink(os.fsencode(folder / "exe"))),
        "dev": kernel_dev(status.st_dev),
        "ino": status.st_ino,
        "exe_mode": status.st_mode,
        "exe_links": status.st_nlink,
        "exe_size": status.st_size,
        "exe_mtime": status.st_mtime_ns,
        "exe_ctime": status.st_ctime_ns,
        "exe_uid": status.st_uid,
        "exe_gid": status.st_gid,
    }


def kernel_dev(dev: int) -> int:
    """A device number as the kernel keeps it (super_block.s_dev): major << 20 | minor."""
    return os.major(dev) << 20 | os.minor(dev)


def _status(folder: Path) -> Row:
    lines = dict(line.split(b":\t", 1) for line in _read(folder / "status").splitlines() if b":\t" in line)
    return {
        "uid": int(lines[b"Uid"].split()[0]),
        "gid": int(lines[b"Gid"].split()[0]),
        "nspid": int(lines[b"NSpid"].split()[-1]) if b"NSpid" in lines else None,
        "cap_effective": int(lines[b"CapEff"], 16),
        "cap_permitted": int(lines[b"CapPrm"], 16),
    }


def _cgroup(folder: Path) -> Row:
    """The path in the v2 hierarchy, else that of a v1 controller; all lines are kept beside it."""
    lines = [text(line) for line in _read(folder / "cgroup").splitlines()]
    paths = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in lines}
    if "" in paths:
        paths[""] = _from_the_top(paths[""])
    best = paths.get("") or ""
    if best in ("", "/"):
        best = next((path for path in paths.values() if path != "/"), best)
    return {"cgroup": best, "cgroups": lines}


def _limits(folder: Path) -> Row:
    """The soft limit of open descriptors."""
    line = next(line for line in _read(folder / "limits").splitlines() if line.startswith(b"Max open files"))
    return {"fd_limit": int(line.split()[3])}


_PARTS: tuple[tuple[str, _Part], ...] = (
    ("exe", _exe),
    ("status", _status),
    ("cgroup", _cgroup),
    ("limits", _limits),
    ("argv", lambda folder: {"argv": _arguments(folder)}),
    ("cwd", lambda folder: {"cwd": text(os.readlink(os.fsencode(folder / "cwd")))}),
    ("root", lambda folder: {"root": text(os.readlink(os.fsencode(folder / "root")))}),
    ("loginuid", lambda folder: {"loginuid": _signed32(int(_read(folder / "loginuid")))}),
    ("threads", lambda folder: {"threads": sorted(_pids(folder / "task"))}),
    ("namespaces", lambda folder: {"namespaces": _namespaces(folder)}),
)


def _arguments(folder: Path) -> list[bytes]:
    """The first 64 KiB of the argument list: thousands of processes must fit a block."""
    with (folder / "cmdline").open("rb") as stream:
        return stream.read(_MAX_ARGUMENTS).split(b"\0")[:-1]


def _environment(folder: Path) -> Row:
    """The first 16 KiB of the environment that the program was begun with."""
    with (folder / "environ").open("rb") as stream:
        raw = stream.read(_MAX_ENVIRONMENT)
    return {"environ": raw.removesuffix(b"\0").split(b"\0") if raw else []}


def _signed32(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


def _namespaces(folder: Path) -> dict[str, int]:
    links = {
        name: os.readlink(folder / "ns" / name)
        for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
    }
    return {name: int(link[link.index("[") + 1 : -1]) for name, link in links.items()}


def descriptors(*, without: int) -> list[Row]:
    """A row for each open descriptor of every process but `without`."""
    rows: list[Row] = []
    for pid in _all_pids():
        if pid == without:
            continue
        folder = os.fsencode(PROC / str(pid) / "fd")
        try:
            numbers = os.listdir(folder)
        except OSError:
            continue
        for number in numbers:
            try:
                name = os.readlink(folder + b"/" + number)
                status = os.stat(folder + b"/" + number)
            except OSError:
                continue
            identity = {"dev": kernel_dev(status.st_dev), "ino": status.st_ino, "mode": status.st_mode}
            flags = _flags_of(pid, number)
            cloexec = {} if flags is None else {"cloexec": bool(flags & os.O_CLOEXEC)}
            rows.append({"pid": pid, "fd": int(number), "name": text(name), **identity, **cloexec})
    return rows


def _flags_of(pid: int, number: bytes) -> int | None:
    """The flags of an open descriptor; None where the kernel does not tell."""
    try:
        descriptor = os.open(os.fsencode(PROC / str(pid) / "fdinfo") + b"/" + number, os.O_RDONLY)
    except OSError:
        return None
    try:
        found = _FLAGS.search(os.read(descriptor, _FDINFO))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return int(found[1], 8) if found else None


_FLAGS, _FDINFO = re.compile(rb"^flags:\s*([0-7]+)$", re.MULTILINE), 256
"""A line of /proc/PID/fdinfo/N (proc(5)), and how far from its beginning it lies at most."""
_TCP_TABLES = (
    ("tcp", "ipv4"),
    ("tcp6", "ipv6"),
    ("udp", "ipv4"),
    ("udp6", "ipv6"),
    ("raw", "ipv4"),
    ("raw6", "ipv6"),
)
_UNIX_LINE = re.compile(
    rb"[0-9a-fA-F]+: [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{4} [0-9A-F]{2} +\d{1,18}(?: |$)"
)
_UNIX_TYPES = {1: "stream", 2: "dgram", 5: "seqpacket"}
_ACCEPTS = 0x10000
"""__SO_ACCEPTCON of linux/net.h, the flag of a unix socket that listens; LISTEN of net/tcp_states.h."""
_LISTEN = 10
_NO_ENDS: Row = {"laddr": "", "lport": -1, "raddr": "", "rport": -1}
_OTHER_TABLES = (("netlink", "netlink", 9), ("packet", "packet", 8))
"""A file of /proc/net, the family, and which of its columns is the inode."""


def sockets() -> list[Row]:
    """A row for each socket, of every network namespace that a process is in."""
    rows: list[Row] = []
    seen: set[str] = set()
    for pid in _all_pids():
        folder = PROC / str(pid)
        try:
            namespace = os.readlink(folder / "ns/net")
            if namespace in seen:
                continue
            seen.add(namespace)
            number = int(namespace[5:-1])
            for table, family in _TCP_TABLES:
                rows.extend(_inet_rows(folder / "net" / table, table.rstrip("6"), family, number))
            rows.extend(_unix_rows(folder / "net/unix", number))
            for table, family, column in _OTHER_TABLES:
                rows.extend(_other_rows(folder / "net" / table, family, column, number))
        except (OSError, ValueError):
            continue
    return rows


def _inet_rows(path: Path, kind: str, family: str, namespace: int) -> Iterator[Row]:
    try:
        lines = list(_lines(path))[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if len(fields) < 10:
            continue
        (laddr, lport), (raddr, rport) = (_endpoint(fields[at]) for at in (1, 2))
        yield {
            **{"ino": int(fields[9]), "family": family, "type": kind, "state": int(fields[3], 16)},
            **{
                "laddr": laddr,
                "lport": lport,
                "raddr": raddr,
                "rport": rport,
                "path": "",
                "netns": namespace,
            },
        }


def _endpoint(field: bytes) -> tuple[str, int]:
    """An address as /proc/net has it: words of four bytes in the machine's order, then the port."""
    address, _, port = field.partition(b":")
    words = bytes.fromhex(address.decode())
    raw = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw), int(port, 16)


def _unix_rows(path: Path, namespace: int) -> Iterator[Row]:
    for line in _lines(path):
        # A name may hold line feeds: what does not begin as the kernel's lines do is part of one.
        fields = line.split(None, 7)
        if not _UNIX_LINE.match(line):
            continue
        kind = _UNIX_TYPES.get(int(fields[4], 16), "")
        state = _LISTEN if int(fields[3], 16) & _ACCEPTS else int(fields[5], 16)
        yield {
            **{"ino": int(fields[6]), "family": "unix", "type": kind, "state": state},
            **_NO_ENDS,
            **{"netns": namespace, "path": text(fields[7]) if len(fields) > 7 else ""},
        }


def _other_rows(path: Path, family: str, column: int, namespace: int) -> Iterator[Row]:
    """Sockets of which only the family is told; a kernel without such has no table."""
    try:
        lines = list(_lines(path))[1:]
    except OSError:
        return
    for fields in map(bytes.split, lines):
        if len(fields) > column:
            known = {"ino": int(fields[column]), "family": family, "type": "", "state": -1}
            yield {**known, **_NO_ENDS, "netns": namespace, "path": ""}


def mounts() -> list[Row]:
    """The mounts of the recorder's own namespace, in a container those of the host (mountinfo, proc(5))."""
    return _mounts_of("1" if is_elsewhere() else "self")


def _mounts_of(pid: str) -> list[Row]:
    rows = []
    for line in _lines(PROC / pid / "mountinfo"):
        left, _, right = line.partition(b" - ")
        fields, kind = left.split(), right.split()
        major, minor = (int(part) for part in fields[2].split(b":"))
        rows.append(
            {
                **{"id": int(fields[0]), "parent": int(fields[1]), "dev": major << 20 | minor},
                **{
                    "root": _unescaped(fields[3]),
                    "target": _unescaped(fields[4]),
                    "options": text(fields[5]),
                },
                **{"type": text(kind[0]), "source": _unescaped(kind[1]) if len(kind) > 1 else ""},
            }
        )
    return rows


def _unescaped(field: bytes) -> str:
    """A field in which the kernel writes blanks and backslashes as three octal digits."""
    return text(re.sub(rb"\\([0-3][0-7]{2})", lambda match: bytes([int(match[1], 8)]), field))


def users() -> list[Row]:
    """The machine's users, from /etc/passwd."""
    return [
        {"name": name, "uid": int(uid), "gid": int(gid), "home": home, "shell": shell}
        for name, uid, gid, home, shell in _colon_rows(on_host("/etc/passwd"), (0, 2, 3, 5, 6))
    ]


def groups() -> list[Row]:
    """The machine's groups, from /etc/group."""
    return [{"name": name, "gid": int(gid)} for name, gid in _colon_rows(on_host("/etc/group"), (0, 2))]


_NUMBER = re.compile("[0-9]{1,10}")


def _colon_rows(path: Path, wanted: tuple[int, ...]) -> Iterator[list[str]]:
    try:
        lines = _read(path).splitlines()
    except OSError:
        return
    for line in lines:
        fields = text(line).split(":")
        numbers = [fields[at] for at in (2, 3) if at < len(fields) and at in wanted]
        if len(fields) > max(wanted) and all(_NUMBER.fullmatch(number) for number in numbers):
            yield [fields[at] for at in wanted]


def interfaces() -> list[Row]:
    """The network interfaces of the recorder's namespace, in a container those of the host."""
    rows = []
    top = on_host("/sys/class/net")
    # A mount of sysfs shows the devices of the network namespace in which it was made.
    names = [(_interface_index(top / name), name) for name in os.listdir(top)] if is_elsewhere() else []
    for index, name in sorted(names) or socket.if_nameindex():
        folder = top / name
        try:
            address = text(_read(folder / "address").strip())
        except OSError:
            address = ""
        rows.append({"index": index, "name": name, "address": address})
    return rows


def _interface_index(folder: Path) -> int:
    try:
        return int(_read(folder / "ifindex"))
    except (OSError, ValueError):
        return 0


def cgroup_paths(pid: int) -> list[str]:
    """A process's cgroups, one a hierarchy; none where it is gone."""
    try:
        return [text(line).split(":", 2)[-1] for line in _lines(PROC / str(pid) / "cgroup")]
    except OSError:
        return []


def cgroup_id(pid: int) -> int:
    """The id that the kernel gives to a process's cgroup of the v2 hierarchy, 0 where it cannot be told."""
    top = unified_mount()
    try:
        lines = _read(PROC / str(pid) / "cgroup").splitlines()
        path = next(line[3:] for line in lines if line.startswith(b"0::"))
        return os.stat(os.fsencode(top) + os.fsencode(_from_the_top(text(path)))).st_ino if top else 0
    except (OSError, StopIteration):
        return 0


@cache
def unified_mount() -> Path | None:
    """Where the v2 hierarchy of cgroups is mounted."""
    target = _cgroup2_of(mounts())
    if target is None or not is_elsewhere():
        return target
    return on_host(str(target))


def _cgroup2_of(rows: list[Row]) -> Path | None:
    return next((Path(mount["target"]) for mount in rows if mount["type"] == "cgroup2"), None)


@cache
def _own_top() -> str:
    """The cgroup that /proc shows as / to a container with a cgroup namespace of its own; empty for the root.

    It is told by its id: what is mounted as the hierarchy in here is a folder of the host's.
    """
    if not is_elsewhere():
        return ""
    own = _cgroup2_of(_mounts_of("self"))
    try:
        identity = own.stat().st_ino if own else 0
    except OSError:
        identity = 0
    return next((row["path"].rstrip("/") for row in cgroups() if row["id"] == identity), "")


def _from_the_top(path: str) -> str:
    """A path of the v2 hierarchy as the host has it; a cgroup namespace shows others as /../name."""
    return normpath(f"{_own_top()}{path}") if _own_top() else path


def cgroups() -> list[Row]:
    """Every cgroup of the v2 hierarchy, with the id that events carry: the inode of its folder."""
    rows: list[Row] = []
    top = unified_mount()
    for folder, _, _ in os.walk(top) if top else ():
        relative = Path(folder).relative_to(top) if top else Path()
        try:
            identity = Path(folder).stat().st_ino
        except OSError:
            continue
        rows.append({"id": identity, "path": "/" if relative == Path() else f"/{relative}", "hierarchy": 0})
    return rows
