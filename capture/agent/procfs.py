"""Processes and their descriptors as they stand when a recording begins, read from /proc.

What cannot be read is told (`unreadable`), never guessed, and never ends the scan: processes come and
go while it runs. Fields are those of proc(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from capture.agent.cgroups import from_the_top
from capture.agent.proc_files import PROC, Row, all_pids, content, kernel_dev, numbers, text

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_MAX_ARGUMENTS = 64 << 10
_MAX_ENVIRONMENT = 16 << 10
_STANDARD = range(3)
"""Standard input, output and error, which the recorder hands to the command that it begins."""
_FLAGS, _FDINFO = re.compile(rb"^flags:\s*([0-7]+)$", re.MULTILINE), 256
"""A line of /proc/PID/fdinfo/N (proc(5)), and how far from its beginning it lies at most."""

_Part = Callable[[Path], Row]


def parents() -> dict[int, int]:
    """Each process and its parent."""
    found = {}
    for pid in all_pids():
        try:
            stat = content(PROC / str(pid) / "stat")
        except OSError:
            continue
        found[pid] = int(stat[stat.rindex(b")") + 2 :].split()[1])
    return found


def processes(boot_to_utc_ns: int, *, environment: bool = False) -> list[Row]:
    """A row for each process, the recorder among them: it is somebody's parent."""
    parts = (*_PARTS, ("environ", _environment)) if environment else _PARTS
    return [row for pid in all_pids() if (row := _process(pid, boot_to_utc_ns, parts)) is not None]


def _process(pid: int, boot_to_utc_ns: int, parts: Sequence[tuple[str, _Part]]) -> Row | None:
    folder = PROC / str(pid)
    try:
        stat = content(folder / "stat")
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


def _status(folder: Path) -> Row:
    lines = dict(line.split(b":\t", 1) for line in content(folder / "status").splitlines() if b":\t" in line)
    return {
        "uid": int(lines[b"Uid"].split()[0]),
        "gid": int(lines[b"Gid"].split()[0]),
        "nspid": int(lines[b"NSpid"].split()[-1]) if b"NSpid" in lines else None,
        "cap_effective": int(lines[b"CapEff"], 16),
        "cap_permitted": int(lines[b"CapPrm"], 16),
    }


def _cgroup(folder: Path) -> Row:
    """The path in the v2 hierarchy, else that of a v1 controller; all lines are kept beside it."""
    lines = [text(line) for line in content(folder / "cgroup").splitlines()]
    paths = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in lines}
    if "" in paths:
        paths[""] = from_the_top(paths[""])
    best = paths.get("") or ""
    if best in ("", "/"):
        best = next((path for path in paths.values() if path != "/"), best)
    return {"cgroup": best, "cgroups": lines}


def _limits(folder: Path) -> Row:
    """The soft limit of open descriptors."""
    lines = content(folder / "limits").splitlines()
    line = next((line for line in lines if line.startswith(b"Max open files")), b"")
    return {"fd_limit": int(line.split()[3])}


_PARTS: tuple[tuple[str, _Part], ...] = (
    ("exe", _exe),
    ("status", _status),
    ("cgroup", _cgroup),
    ("limits", _limits),
    ("argv", lambda folder: {"argv": _arguments(folder)}),
    ("cwd", lambda folder: {"cwd": text(os.readlink(os.fsencode(folder / "cwd")))}),
    ("root", lambda folder: {"root": text(os.readlink(os.fsencode(folder / "root")))}),
    ("loginuid", lambda folder: {"loginuid": _signed32(int(content(folder / "loginuid")))}),
    ("threads", lambda folder: {"threads": sorted(numbers(folder / "task"))}),
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
    """A row for each open descriptor of every process; of `without` those that a command of its is given."""
    rows: list[Row] = []
    for pid in all_pids():
        folder = os.fsencode(PROC / str(pid) / "fd")
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for number in names:
            if pid == without and int(number) not in _STANDARD:
                continue
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
