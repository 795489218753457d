"""Sockets of every network namespace, and the interfaces of the recorder's."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

from capture.agent.host_root import is_elsewhere, on_host
from capture.agent.proc_files import PROC, Row, all_pids, content, lines, text

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
    for pid in all_pids():
        folder = PROC / str(pid)
        try:
            namespace = str((folder / "ns/net").readlink())
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
        entries = list(lines(path))[1:]
    except OSError:
        return
    for line in entries:
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
    for line in lines(path):
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
        entries = list(lines(path))[1:]
    except OSError:
        return
    for fields in map(bytes.split, entries):
        if len(fields) > column:
            known = {"ino": int(fields[column]), "family": family, "type": "", "state": -1}
            yield {**known, **_NO_ENDS, "netns": namespace, "path": ""}


def interfaces() -> list[Row]:
    """The network interfaces of the recorder's namespace, in a container those of the host."""
    rows = []
    top = on_host("/sys/class/net")
    # A mount of sysfs shows the devices of the network namespace in which it was made.
    folders = top.iterdir() if is_elsewhere() else ()
    names = [(_interface_index(folder), folder.name) for folder in folders]
    for index, name in sorted(names) or socket.if_nameindex():
        folder = top / name
        try:
            address = text(content(folder / "address").strip())
        except OSError:
            address = ""
        rows.append({"index": index, "name": name, "address": address})
    return rows


def _interface_index(folder: Path) -> int:
    try:
        return int(content(folder / "ifindex"))
    except (OSError, ValueError):
        return 0
