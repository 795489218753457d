"""What is known of the two ends of a socket, out of what the kernel, an address and the snapshot tell."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, replace

from capture.identity.snapshot import Row, text_of

_INET, _INET6, _UNIX = 2, 10, 1
_TYPES = {_INET: "ipv4", _INET6: "ipv6", _UNIX: "unix", 16: "netlink", 17: "packet"}
_LAYOUT = struct.Struct("<HHHBxHH4x16s16s")
LISTEN = 10
"""TCP_LISTEN of include/net/tcp_states.h."""
_MAPPED = "::ffff:"
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 132: "sctp", 136: "udp"}
_SOCKET_TYPES = {1: "tcp", 2: "udp", 3: "raw"}
CLIENT, SERVER, LISTENER = "client", "server", "listener"
ROLES = ("", CLIENT, SERVER, LISTENER)


@dataclass(frozen=True)
class Endpoints:
    """What is known of a socket. Empty and -1: not known, or none."""

    type: str = "other"
    l4proto: str = ""
    laddr: str = ""
    lport: int = -1
    raddr: str = ""
    rport: int = -1
    path: str = ""
    """A unix socket's name; an abstract one begins with @."""

    @property
    def rank(self) -> int:
        """How much it tells: 3 both ends or a name, 2 a peer, 1 a local port, 0 nothing.

        A connection that is closed has a peer yet, but its own port is free again.
        """
        if self.path:
            return 3
        return 2 * (self.rport >= 0) + (self.lport >= 0)

    def name(self, role: str) -> str:
        """`client->server`, so that both ends of a connection share a name; else the end that is known."""
        if self.path or not self.rank:
            return self.path
        local, peer = end_text(self.laddr, self.lport), end_text(self.raddr, self.rport)
        if not peer:
            return local
        return f"{peer}->{local}" if role == SERVER else f"{local}->{peer}"


def is_listening(blob: bytes) -> bool:
    """Whether the kernel's 48 bytes tell of a socket that waits for connections."""
    return len(blob) == _LAYOUT.size and blob[6] == LISTEN


def kernel_ends(blob: bytes) -> Endpoints | None:
    """What the kernel's 48 bytes tell; None of other bytes."""
    if len(blob) != _LAYOUT.size:
        return None
    family, kind, protocol, _, lport, rport, laddr, raddr = _LAYOUT.unpack(blob)
    name = _TYPES.get(family, "other")
    if family not in (_INET, _INET6):
        return Endpoints(name)
    l4proto = _PROTOCOLS.get(protocol) or _SOCKET_TYPES.get(kind, "")
    ends = Endpoints(
        name,
        "raw" if kind == 3 and l4proto != "icmp" else l4proto,
        laddr=_address(family, laddr) if lport else "",
        lport=lport or -1,
        raddr=_address(family, raddr) if rport else "",
        rport=rport or -1,
    )
    return _as_ipv4(ends)


def with_address(ends: Endpoints, raw: bytes) -> Endpoints:
    """Ends with the peer, or the name, of an address (struct sockaddr) that a call bore."""
    family = int.from_bytes(raw[:2], "little")
    if ends.type == "unix" and family == _UNIX:
        return replace(ends, path=_unix_name(raw[2:]))
    if family == _INET and len(raw) >= 8:
        peer, port = _address(_INET, raw[4:8]), int.from_bytes(raw[2:4], "big")
    elif family == _INET6 and len(raw) >= 24:
        peer, port = _address(_INET6, raw[8:24]), int.from_bytes(raw[2:4], "big")
    else:
        return ends
    return _as_ipv4(replace(ends, raddr=peer, rport=port))


def _unix_name(raw: bytes) -> str:
    if raw[:1] == b"\0":
        return "@" + text_of(raw[1:].rstrip(b"\0"))
    return text_of(raw.partition(b"\0")[0])


def listed_ends_of(row: Row) -> Endpoints:
    """What a row of the snapshot's sockets tells."""
    family, kind = text_of(row.get("family")), text_of(row.get("type"))
    if family not in ("ipv4", "ipv6"):
        return Endpoints(family if family in _TYPES.values() else "other", path=text_of(row.get("path")))
    lport, rport = row.get("lport"), row.get("rport")
    ends = Endpoints(family, kind if kind in ("tcp", "udp", "icmp", "raw") else "")
    if isinstance(lport, int) and lport > 0:
        ends = replace(ends, laddr=text_of(row.get("laddr")), lport=lport)
    if isinstance(rport, int) and rport > 0:
        ends = replace(ends, raddr=text_of(row.get("raddr")), rport=rport)
    return _as_ipv4(ends)


def _address(family: int, raw: bytes) -> str:
    return (
        socket.inet_ntop(socket.AF_INET, raw[:4])
        if family == _INET
        else socket.inet_ntop(socket.AF_INET6, raw)
    )


def _as_ipv4(ends: Endpoints) -> Endpoints:
    """IPv4 that goes through an IPv6 socket (::ffff:10.0.0.1) is what it is on the wire."""
    known = [address for address in (ends.laddr, ends.raddr) if address]
    if ends.type != "ipv6" or not ends.raddr or not all(address.startswith(_MAPPED) for address in known):
        return ends
    return replace(
        ends, type="ipv4", laddr=ends.laddr.removeprefix(_MAPPED), raddr=ends.raddr.removeprefix(_MAPPED)
    )


def end_text(address: str, port: int) -> str:
    """One end of a connection, as it is written; empty where the port (below 0) is not known."""
    if port < 0:
        return ""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
