"""The tables at the start of a .scap file: machine, processes, descriptors, users, interfaces.

Versions of a table differ in which fields an entry has; from version 1.2 on each entry says its size, and
later recorders put more fields at its end.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

MACHINE_BLOCKS = (0x201, 0x8002ABCD)
PROCESS_BLOCKS = {
    **{0x202: 1, 0x8000ABCD: 1, 0x207: 2, 0x8013ABCD: 2, 0x209: 3, 0x8014ABCD: 3},
    **{0x210: 4, 0x211: 5, 0x212: 6, 0x213: 7, 0x214: 8, 0x215: 9},
}
"""Block type → version of its entries."""
DESCRIPTOR_BLOCKS = {0x203: 1, 0x8001ABCD: 1, 0x218: 2}
INTERFACE_BLOCKS = {0x205: 1, 0x8011ABCD: 1, 0x219: 2}
USER_BLOCKS = {0x206: 1, 0x8012ABCD: 1, 0x220: 2}
MOST_ROWS = 1 << 20
"""Rows of one table; what a file holds beyond is left out and counted."""


class Cursor:
    """Reads fields one after another; what would lie behind the end raises IndexError."""

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data, self.at = data, at
        self.end = len(data) if end is None else end

    def number(self, form: str) -> int:
        """One number, by its letter in `struct`."""
        size = struct.calcsize(form)
        if self.at + size > self.end:
            raise IndexError("a table's entry is cut short")
        value: int = struct.unpack_from(f"<{form}", self.data, self.at)[0]
        self.at += size
        return value

    def raw(self, size: int) -> bytes:
        """So many bytes."""
        if self.at + size > self.end:
            raise IndexError("a table's entry is cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self) -> bytes:
        """A text with its length before it."""
        return self.raw(self.number("H"))

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return self.end - self.at


@dataclass
class Tables:
    """What the tables of a file say."""

    machine: Row = field(default_factory=dict)
    processes: dict[int, Row] = field(default_factory=dict)
    """By tid; a row of a thread that is not the main one has `tid` and `pid` alone."""
    descriptors: list[Row] = field(default_factory=list)
    """With `family`, `l4proto` and ends where it is a socket."""
    users: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    interfaces: list[Row] = field(default_factory=list)
    damaged: int = 0
    """Tables that could not be read to their end."""
    left_out: int = 0
    """Rows beyond MOST_ROWS."""

    def read(self, kind: int, payload: bytes) -> bool:
        """Take a block's payload; False where it is no table."""
        for blocks, reader in _READERS:
            if kind in blocks:
                version = blocks[kind] if isinstance(blocks, dict) else 1
                try:
                    reader(self, version, Cursor(payload))
                except (IndexError, struct.error):
                    self.damaged += 1
                return True
        return False

    def _room(self, table: Any) -> bool:
        if len(table) < MOST_ROWS:
            return True
        self.left_out += 1
        return False


def decoded(raw: bytes) -> str:
    """Text as our documents have it: up to a NUL, bytes that are no UTF-8 as `\\xNN`."""
    return raw.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _entries(cursor: Cursor, *, sized: bool, counts_itself: bool = True) -> Iterator[Cursor]:
    """A cursor for each entry; where entries say their size, for that part alone."""
    while cursor.left >= 4:
        if not sized:
            yield cursor
            continue
        start = cursor.at
        size = cursor.number("I")
        end = start + size if counts_itself else cursor.at + size
        if end > cursor.end or end <= cursor.at:
            raise IndexError("a table's entry goes beyond its block")
        yield Cursor(cursor.data, cursor.at, end)
        cursor.at = end


def _read_machine(tables: Tables, _version: int, cursor: Cursor) -> None:
    row: Row = {"cpus": cursor.number("I"), "memory": cursor.number("Q"), "max_pid": cursor.number("Q")}
    row["hostname"] = decoded(cursor.raw(128))
    row["boot_ns"] = cursor.number("Q")
    tables.machine = tables.machine or row


def _read_processes(tables: Tables, version: int, cursor: Cursor) -> None:
    for entry in _entries(cursor, sized=version >= 9):
        row = _process(version, entry)
        if tables._room(tables.processes):
            tables.processes.setdefault(row["tid"], row)


def _process(version: int, entry: Cursor) -> Row:
    row: Row = {name: entry.number("q") for name in ("tid", "pid", "ppid")}
    row["sid"] = entry.number("q") if version >= 6 else None
    row["pgid"] = entry.number("q") if version >= 8 else None
    row["comm"], row["argv0"] = entry.text(), entry.text()
    row["exe"] = entry.text() if version >= 7 else None
    row["args"], row["cwd"] = entry.text(), entry.text()
    row["fd_limit"] = entry.number("q")
    row["flags"], row["uid"], row["gid"] = (entry.number("I") for _ in range(3))
    if version >= 2:
        row["vmsize"], row["vmrss"], _ = (entry.number("I") for _ in range(3))
        entry.raw(16)
    if version >= 3:
        row["environ"] = entry.text()
    if version >= 4:
        _, row["nspid"] = entry.number("q"), entry.number("q")
        row["cgroups"] = entry.text()
    if version >= 5:
        row["root"] = entry.text()
    if version >= 9:
        _read_later_fields(row, entry)
    return row


_INSERTED_FIELDS = (("pidns_init_start_ts", "Q"), ("tty", "I"))
_FIRST_LATER_SIZE = 29
"""Bytes of the later fields before some were inserted before them: what has more has those, too."""
_LATER_FIELDS = (
    *(("loginuid", "i"), ("exe_writable", "B"), ("cap_inheritable", "Q"), ("cap_permitted", "Q")),
    *(("cap_effective", "Q"), ("exe_upper_layer", "B"), ("exe_ino", "Q"), ("exe_ctime", "Q")),
    *(("exe_mtime", "Q"), ("exe_from_memfd", "B"), ("exe_lower_layer", "B")),
    ("pgid", "q"),
)


def _read_later_fields(row: Row, entry: Cursor) -> None:
    inserted = _INSERTED_FIELDS if entry.left > _FIRST_LATER_SIZE else ()
    for name, form in (*inserted, *_LATER_FIELDS):
        if entry.left < struct.calcsize(form):
            return
        row[name] = entry.number(form)


# Descriptors.

_V4, _V6, _V4_SERVER, _V6_SERVER, _UNIX, _FILE_V2 = 3, 4, 5, 6, 8, 16
_NAMED = {
    **{1: 0o100000, 2: 0o040000, 7: 0o010600, 9: 0o600, 10: 0, 11: 0o600, 12: 0o600, 13: 0o600, 14: 0o600},
    **{15: 0o140777, 16: 0o100000, 17: 0o600, 18: 0o600, 19: 0o600, 20: 0o100000, 21: 0o600},
}
"""Types of descriptors that have a name, and the mode that says so here."""
_ANONYMOUS_NAMES = {
    **{9: "[eventfd]", 11: "[signalfd]", 12: "[eventpoll]", 13: "inotify", 14: "[timerfd]"},
    **{17: "bpf-prog", 18: "[userfaultfd]", 19: "[io_uring]", 21: "[pidfd]"},
}
_L4_PROTOCOLS = {2: ("tcp", 1, 6), 3: ("udp", 2, 17), 4: ("icmp", 3, 1), 5: ("raw", 3, 255)}
"""scap's number → our name, type and protocol of the socket."""
_SOCKET_MODE = 0o140777


def _read_descriptors(tables: Tables, version: int, cursor: Cursor) -> None:
    tid = cursor.number("q")
    for entry in _entries(cursor, sized=version >= 2):
        row = _descriptor(entry)
        row["tid"] = tid
        if tables._room(tables.descriptors):
            tables.descriptors.append(row)


def _descriptor(entry: Cursor) -> Row:
    row: Row = {"fd": entry.number("q"), "ino": entry.number("Q")}
    kind = entry.number("B")
    if kind in (_V4, _V6):
        row |= _pair(entry, socket.AF_INET if kind == _V4 else socket.AF_INET6)
    elif kind in (_V4_SERVER, _V6_SERVER):
        row |= _listener(entry, socket.AF_INET if kind == _V4_SERVER else socket.AF_INET6)
    elif kind == _UNIX:
        entry.raw(16)
        row |= {"family": socket.AF_UNIX, "mode": _SOCKET_MODE, "path": decoded(entry.text()).rstrip("\n")}
    elif kind in _NAMED:
        if kind == _FILE_V2:
            entry.number("I")
        name = decoded(entry.text())
        if kind in _ANONYMOUS_NAMES:
            name = f"anon_inode:{_ANONYMOUS_NAMES[kind]}"
        row |= {"mode": _NAMED[kind], "name": name}
        if kind == 15:
            row["family"] = int(socket.AF_NETLINK)
        if kind == _FILE_V2 and entry.left >= 4:
            row["dev"] = entry.number("I")
    elif kind:
        raise IndexError(f"a descriptor of type {kind}, which nobody writes")
    return row


def _pair(entry: Cursor, family: int) -> Row:
    size = 4 if family == socket.AF_INET else 16
    laddr, raddr = entry.raw(size), entry.raw(size)
    row: Row = {"lport": entry.number("H"), "rport": entry.number("H"), "l4proto": entry.number("B")}
    ends = {"laddr": socket.inet_ntop(family, laddr), "raddr": socket.inet_ntop(family, raddr)}
    return {"family": int(family), "mode": _SOCKET_MODE, "state": 1, **ends, **row}


def _listener(entry: Cursor, family: int) -> Row:
    address = entry.raw(4 if family == socket.AF_INET else 16)
    row: Row = {"lport": entry.number("H"), "l4proto": entry.number("B")}
    place = {"laddr": socket.inet_ntop(family, address), "raddr": "", "rport": -1}
    return {"family": int(family), "mode": _SOCKET_MODE, "state": 10, **place, **row}


def socket_row(row: Row) -> Row | None:
    """The row of our table of sockets that a descriptor's row tells, None for what is no socket."""
    names = {int(socket.AF_INET): "ipv4", int(socket.AF_INET6): "ipv6", int(socket.AF_UNIX): "unix"}
    family = names.get(row.get("family", 0))
    if family is None or not row["ino"]:
        return None
    if family == "unix":
        told: Row = {"type": "", "laddr": "", "lport": -1, "raddr": "", "rport": -1, "state": 0}
        return {"ino": row["ino"], "family": family, **told, "path": row["path"]}
    protocol = _L4_PROTOCOLS.get(row["l4proto"], ("", 0, 0))[0]
    ends = {name: row[name] for name in ("laddr", "lport", "raddr", "rport", "state")}
    return {"ino": row["ino"], "family": family, "type": protocol, **ends, "path": ""}


def socket_numbers(row: Row) -> tuple[int, int, int]:
    """Family, type and protocol of a descriptor's row; zeros where it is no socket."""
    _, kind, protocol = _L4_PROTOCOLS.get(row.get("l4proto", 0), ("", 0, 0))
    return int(row.get("family", 0)), kind, protocol


# Users and interfaces.


def _read_users(tables: Tables, version: int, cursor: Cursor) -> None:
    for entry in _entries(cursor, sized=version >= 2):
        if entry.number("B") == 0:
            row: Row = {"uid": entry.number("I"), "gid": entry.number("I")}
            row |= {name: decoded(entry.text()) for name in ("name", "home", "shell")}
            if tables._room(tables.users):
                tables.users.append(row)
        else:
            row = {"gid": entry.number("I"), "name": decoded(entry.text())}
            if tables._room(tables.groups):
                tables.groups.append(row)


_V4_INTERFACES, _WITH_SPEED = (1, 3), (1, 2)


def _read_interfaces(tables: Tables, version: int, cursor: Cursor) -> None:
    for entry in _entries(cursor, sized=version >= 2, counts_itself=False):
        kind, size = entry.number("H"), entry.number("H")
        if kind not in (1, 2, 3, 4):
            raise IndexError(f"an interface of type {kind}, which nobody writes")
        family, width = (socket.AF_INET, 4) if kind in _V4_INTERFACES else (socket.AF_INET6, 16)
        address = socket.inet_ntop(family, entry.raw(width))
        entry.raw(2 * width + (8 if kind in _WITH_SPEED else 0))
        row = {"index": 0, "name": decoded(entry.raw(size)), "address": address}
        if tables._room(tables.interfaces):
            tables.interfaces.append(row)


_Reader = Callable[[Tables, int, Cursor], None]
_READERS: tuple[tuple[Any, _Reader], ...] = (
    (MACHINE_BLOCKS, _read_machine),
    (PROCESS_BLOCKS, _read_processes),
    (DESCRIPTOR_BLOCKS, _read_descriptors),
    (USER_BLOCKS, _read_users),
    (INTERFACE_BLOCKS, _read_interfaces),
)
