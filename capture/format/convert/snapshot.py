"""The tables of a .scap file: the snapshot of a capture, and what following processes begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from capture.format.convert.lives import Cgroups, Lives, cgroup_lines, telling_path
from capture.format.convert.opened import Opened, kernel_device, path_numbers
from capture.format.convert.tables import Row, Tables, decoded, socket_numbers, socket_row
from capture.format.convert.things import FACTS, FIFO, FIRST_NUMBER, Things
from capture.model.events import MADE_UP_DEVICE

_MOST_ID = (1 << 31) - 1
_KTHREADD = 2
_CGROUP_BYTES = 1 << 12
_MADE_UP_FROM = 1 << 60
"""Numbers for what the tables have no inode of; those of events are far below."""


def begin(tables: Sequence[Row], descriptors: Sequence[Row], lives: Lives, opened: Opened) -> None:
    """What tables that were just read say, before the events that follow them."""
    rows = [row for row in tables if 0 < row["tid"] <= _MOST_ID and 0 < row["pid"] <= _MOST_ID]
    numbers = [lives.cgroups.number(row.get("cgroups", b"")) for row in rows]
    columns = ([row[name] for row in rows] for name in ("tid", "pid", "uid"))
    tid, pid, uid = (np.array(column, np.int64) for column in columns)
    lives.begin(tid, pid, uid, np.array(numbers, np.int64))
    process = {row["tid"]: row["pid"] for row in rows}
    _number_paths(descriptors)
    held = [row for row in descriptors if 0 <= row["fd"] <= _MOST_ID]
    owners = np.array([process.get(row["tid"], row["tid"]) for row in held], np.int64)
    opened.begin(owners, np.array([row["fd"] for row in held], np.int64), _things(held))


def _number_paths(descriptors: Sequence[Row]) -> None:
    """Inodes repeat from device to device: without one a file is told by its path, as those of events are."""
    rows = [row for row in descriptors if "dev" not in row and row.get("name", "").startswith("/")]
    numbers = path_numbers([row["name"].encode() for row in rows]).tolist()
    for row, number in zip(rows, numbers, strict=True):
        row["number"] = number


def _things(rows: Sequence[Row]) -> Things:
    facts: dict[str, list[int]] = {name: [] for name in FACTS}
    for at, row in enumerate(rows):
        dev, ino = identity(row, at)
        family, kind, protocol = socket_numbers(row)
        told = (dev, ino, row.get("mode", 0), family, kind, protocol)
        for name, value in zip(FACTS, told, strict=True):
            facts[name].append(value)
    return Things({name: np.array(values, np.int64) for name, values in facts.items()})


def identity(row: Row, at: int) -> tuple[int, int]:
    """Device and inode of a descriptor's row, the `at`th of its table."""
    ino, name = row["ino"], row.get("name", "")
    if "number" in row:
        return MADE_UP_DEVICE, row["number"]
    if 0 < ino < 1 << 60:
        dev = row.get("dev", 0)
        return int(kernel_device(np.array([dev], np.int64))[0]), ino
    if name.startswith("anon_inode:"):
        return MADE_UP_DEVICE, 1
    return MADE_UP_DEVICE, _MADE_UP_FROM + at + FIRST_NUMBER


def snapshot_tables(tables: Tables, cgroups: Cgroups) -> Mapping[str, list[Row]]:
    """The tables of the snapshot, by name."""
    sockets = [row for row in map(socket_row, tables.descriptors) if row is not None]
    return {
        "processes": process_rows(tables.processes.values()),
        "descriptors": descriptor_rows(tables),
        "sockets": sockets,
        "users": tables.users,
        "groups": tables.groups,
        "interfaces": tables.interfaces,
        "cgroups": cgroups.rows(),
    }


def process_rows(rows: Iterable[Row]) -> list[Row]:
    """A row a process, with its threads; where the main thread is missing another stands for it."""
    processes: dict[int, Row] = {}
    threads: dict[int, list[int]] = {}
    for row in rows:
        pid, tid = row["pid"], row["tid"]
        if not (0 < pid <= _MOST_ID and 0 < tid <= _MOST_ID):
            continue
        threads.setdefault(pid, []).append(tid)
        if tid == pid or pid not in processes:
            processes[pid] = _process_row(row)
    return [{**row, "threads": sorted({pid, *threads[pid]})} for pid, row in processes.items()]


def _process_row(row: Row) -> Row:
    argv = [row["argv0"], *_words(row["args"])] if row["argv0"] else []
    listed = row.get("cgroups", b"")[:_CGROUP_BYTES]
    told: Row = {
        **{name: row[name] for name in ("pid", "ppid", "uid", "gid")},
        **{"comm": decoded(row["comm"]), "argv": argv, "cwd": decoded(row["cwd"]) or None},
        "exe": decoded(row["exe"] or row["argv0"]) or None,
        "kernel": row["ppid"] == _KTHREADD or row["pid"] == _KTHREADD,
        "sid": row["sid"],
        "pgid": row["pgid"],
        "nspid": row.get("nspid"),
        "fd_limit": row["fd_limit"] if row.get("fd_limit", 0) > 0 else None,
        "root": decoded(row["root"]) if "root" in row else None,
        "environ": _words(row["environ"]) if row.get("environ") else None,
        "tty": row.get("tty"),
        "cap_effective": row.get("cap_effective"),
        "cap_permitted": row.get("cap_permitted"),
        "cgroup": telling_path(listed) or None,
        "cgroups": cgroup_lines(listed) or None,
    }
    if "vmsize" in row:
        told |= {"vmsize": row["vmsize"] << 10, "vmrss": row["vmrss"] << 10}
    if "loginuid" in row:
        told["loginuid"] = row["loginuid"]
    return {name: value for name, value in told.items() if value is not None}


def _words(raw: bytes) -> list[bytes]:
    return raw.removesuffix(b"\0").split(b"\0") if raw else []


def descriptor_rows(tables: Tables) -> list[Row]:
    """The table `descriptors`."""
    rows = []
    for at, row in enumerate(tables.descriptors):
        owner = tables.processes.get(row["tid"])
        dev, ino = identity(row, at)
        name = row.get("name", "")
        if not name and row.get("family"):
            name = f"socket:[{ino}]"
        elif not name and row.get("mode") == FIFO:
            name = f"pipe:[{ino}]"
        told = {"pid": owner["pid"] if owner else row["tid"], "fd": row["fd"], "name": name}
        rows.append({**told, "dev": dev, "ino": ino, "mode": row.get("mode", 0)})
    return rows
