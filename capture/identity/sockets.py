"""Sockets: from what the kernel told of each to one pair of ends for its life, or several in turn.

The kernel's 48 bytes stand with every event on a socket, but a socket has no peer before it is connected: its
earlier events get the pair that it had later. A datagram socket that talks to several peers has a row for
each; whom it talked to is in the address that the program handed over or got.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from capture.format.joins import Latest, codes_of, pair_codes, place_among
from capture.identity.events import EventColumns, kind_table
from capture.identity.snapshot import Row, Table, integers, text_of
from capture.identity.touched import Touched

_INET, _INET6, _UNIX = 2, 10, 1
_TYPES = {_INET: "ipv4", _INET6: "ipv6", _UNIX: "unix", 16: "netlink", 17: "packet"}
_LAYOUT = struct.Struct("<HHHBxHH4x16s16s")
_LISTEN = 10
_MAPPED = "::ffff:"
_PEER_CALLS = ("connect", "uring_connect", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg")
"""Calls whose address is the peer's."""
_NAMING_CALLS = ("bind", "connect", "uring_connect")
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
        """How much it tells: 2 a peer or a name, 1 a local port, 0 nothing."""
        return 2 if self.rport >= 0 or self.path else int(self.lport >= 0)

    def name(self, role: str) -> str:
        """`client->server`, so that both ends of a connection share a name; else the end that is known."""
        if self.path or not self.rank:
            return self.path
        local, peer = end_text(self.laddr, self.lport), end_text(self.raddr, self.rport)
        if not peer:
            return local
        return f"{peer}->{local}" if role == SERVER else f"{local}->{peer}"


@dataclass(frozen=True)
class Sockets:
    """Each socket event's place in `ends`, and each identity's role."""

    ends: list[Endpoints]
    rows: np.ndarray
    """int64, ascending: the events on sockets."""
    of_row: np.ndarray
    """int32, of each of them: position in `ends`, -1 nothing is known."""
    role: np.ndarray
    """int8, of each identity, and of those that no event worked on: position in ROLES."""
    listed: np.ndarray
    """int32, of each of the same: position in `ends` of what the snapshot tells, -1 nothing."""


def find_sockets(
    events: EventColumns, process: np.ndarray, touched: Touched, *, idle: np.ndarray, listed: Table
) -> Sockets:
    """Give each event on a socket its ends.

    Args:
        events: the columns.
        process: of each event.
        touched: what each event worked on.
        idle: (device, inode) of sockets that no event worked on; they are identities behind those touched.
        listed: the snapshot's sockets.
    """
    count = len(touched) + len(idle)
    rows = touched.rows_of(touched.is_socket)
    identity = touched.of_event[rows]
    book = _Book()
    blobs = codes_of(events.sock[rows])
    told = book.told(events, rows, blobs)
    held, owner = _listed_owners(touched, idle, listed)
    listed_ends = np.array([book.place(_listed_ends(listed[at])) for at in held.tolist()], np.int64)
    group = np.concatenate((owner, identity)).astype(np.int64)
    since = np.concatenate((np.full(len(owner), -1), rows))
    value = np.concatenate((listed_ends, told))
    ranks = book.ranks()
    lives = _for_life(group, since, value, ranks, count)
    accepted, listener = _accepted(events, process, rows, ranks[lives[len(owner) :]] < 1)
    if len(accepted):
        value[len(owner) + accepted] = lives[len(owner) + listener]
        lives = _for_life(group, since, value, ranks, count)
    role = _roles(events, rows, identity, count, blobs)
    _role_of_listed([listed[at] for at in held.tolist()], owner, role)
    told_of = np.full(count, -1, np.int32)
    told_of[owner] = listed_ends
    return Sockets(book.ends, rows, lives[len(owner) :].astype(np.int32), role, told_of)


def _listed_owners(touched: Touched, idle: np.ndarray, listed: Table) -> tuple[np.ndarray, np.ndarray]:
    """Which of the snapshot's sockets are open somewhere, and the identity of each."""
    sockets = np.flatnonzero(touched.is_socket)
    inos, place = codes_of(np.concatenate((touched.ino[sockets], idle[:, 1])))
    sockets = np.concatenate((sockets, len(touched) + np.arange(len(idle))))
    owners = np.full(len(inos), -1)
    owners[place] = sockets
    found = place_among(inos, integers(listed, "ino"))
    held = np.flatnonzero(found >= 0)
    return held, owners[found[held]]


class _Book:
    """Distinct pairs of ends."""

    def __init__(self) -> None:
        self.ends: list[Endpoints] = []
        self._places: dict[Endpoints, int] = {}

    def place(self, ends: Endpoints) -> int:
        place = self._places.setdefault(ends, len(self.ends))
        if place == len(self.ends):
            self.ends.append(ends)
        return place

    def ranks(self) -> np.ndarray:
        """int8: how much each pair tells; the last place stands for -1, nothing."""
        return np.array([ends.rank for ends in self.ends] + [-1], np.int8)

    def told(self, events: EventColumns, rows: np.ndarray, told: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """int64: what each event itself tells, -1 nothing. `told`: distinct texts, and which each has."""
        blobs, code = told
        parsed = [_kernel_ends(events.texts[at]) if at else None for at in blobs.tolist()]
        places = np.array([-1 if ends is None else self.place(ends) for ends in parsed] or [-1], np.int64)
        ends: np.ndarray = places.take(code)
        self._add_addresses(events, rows, ends, kind_table(_PEER_CALLS), frozenset({"ipv4", "ipv6"}))
        self._add_addresses(events, rows, ends, kind_table(_NAMING_CALLS), frozenset({"unix"}))
        return ends

    def _add_addresses(
        self,
        events: EventColumns,
        rows: np.ndarray,
        told: np.ndarray,
        kinds: np.ndarray,
        types: frozenset[str],
    ) -> None:
        """Complete what the kernel told, where it had no peer, by the address that the call bore."""
        wants = np.array([ends.type in types and ends.rank < 2 for ends in self.ends] + [False])
        some = np.flatnonzero((events.addr[rows] > 0) & kinds.take(events.kind[rows]) & wants.take(told))
        places, addresses, code = pair_codes(told[some], events.addr[rows[some]])
        completed = [
            self.place(_with_address(self.ends[place], events.texts[at]))
            for place, at in zip(places.tolist(), addresses.tolist(), strict=True)
        ]
        told[some] = np.array(completed or [-1], np.int64)[code]


def _for_life(
    group: np.ndarray, since: np.ndarray, value: np.ndarray, ranks: np.ndarray, groups: int
) -> np.ndarray:
    """Spread what tells most over the whole life of each socket.

    An event that tells most itself keeps its own; others get the latest before them, else the first.
    """
    rank = ranks[value]
    best = np.full(groups, -1, np.int8)
    np.maximum.at(best, group, rank)
    entries = np.flatnonzero((rank == best[group]) & (rank >= 0))
    asked = np.flatnonzero(rank < best[group])
    if not len(asked):
        return value
    asks = np.zeros(groups, bool)
    asks[group[asked]] = True
    entries = entries[asks[group[entries]]]
    life = Latest(group[entries], since[entries], groups)
    found = life.find(group[asked], since[asked])
    found = np.where(found >= 0, found, life.first(group[asked]))
    spread = value.copy()
    spread[asked] = value[entries[found]] if len(entries) else -1
    return spread


def _accepted(
    events: EventColumns, process: np.ndarray, rows: np.ndarray, nameless: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of `rows` accept a unix socket, and which earlier one was last on the socket it came from.

    The kernel gives it the name that its listener is bound to, but does not tell that with the call.
    `nameless`: of each of `rows`, whether nothing is known of its socket.
    """
    accepts = kind_table(["accept", "accept4"]).take(events.kind[rows]) & (events.ret[rows] >= 0)
    accepts = np.flatnonzero(accepts & nameless)
    if not len(accepts):
        return accepts, accepts
    handle = events.descriptors(0, rows[accepts])
    owner = np.concatenate((process[rows], process[rows[accepts]]))
    _, _, code = pair_codes(owner, np.concatenate((events.fd[rows].astype(np.int64), handle)))
    before = Latest(code[: len(rows)], rows, int(code.max()) + 1).find(code[len(rows) :], rows[accepts] - 1)
    return accepts[before >= 0], before[before >= 0]


def _roles(
    events: EventColumns,
    rows: np.ndarray,
    identity: np.ndarray,
    groups: int,
    told: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    role = np.zeros(groups, np.int8)
    kind = events.kind[rows]
    succeeded = events.ret[rows] >= 0
    accepts, listens = (
        kind_table(names).take(kind) & succeeded
        for names in (("accept", "accept4", "uring_accept"), ("listen", "uring_listen"))
    )
    role[identity[kind_table(["connect", "uring_connect"]).take(kind)]] = ROLES.index(CLIENT)
    role[identity[accepts]] = ROLES.index(SERVER)
    role[identity[listens]] = ROLES.index(LISTENER)
    blobs, code = told
    is_listening = np.array(
        [_state(events.texts[at]) == _LISTEN if at else False for at in blobs.tolist()] or [False]
    )
    role[identity[is_listening.take(code)]] = ROLES.index(LISTENER)
    return role


def _role_of_listed(listed: Sequence[Row], owner: np.ndarray, role: np.ndarray) -> None:
    """A socket of the snapshot whose local port somebody listens on was accepted there."""
    listening = [
        text_of(row.get("state")).lower() == "listen" or row.get("state") == _LISTEN for row in listed
    ]
    lports, rports = integers(listed, "lport").tolist(), integers(listed, "rport").tolist()
    ports = {port for port, listens in zip(lports, listening, strict=True) if listens}
    kinds = [text_of(row.get("type")) for row in listed]
    sockets = zip(listening, owner.tolist(), lports, rports, kinds, strict=True)
    for listens, identity, lport, rport, kind in sockets:
        if listens:
            role[identity] = ROLES.index(LISTENER)
        elif not role[identity] and rport > 0 and lport in ports:
            role[identity] = ROLES.index(SERVER)
        elif not role[identity] and rport > 0 and kind == "udp":
            # The kernel knows the peer of a datagram socket only where it was connected to it.
            role[identity] = ROLES.index(CLIENT)


def _state(blob: bytes) -> int:
    return blob[6] if len(blob) == _LAYOUT.size else 0


def _kernel_ends(blob: bytes) -> Endpoints | None:
    if len(blob) != _LAYOUT.size:
        return None
    family, kind, protocol, _, lport, rport, laddr, raddr = _LAYOUT.unpack(blob)
    name = _TYPES.get(family, "other")
    if family not in (_INET, _INET6):
        return Endpoints(name)
    l4proto = _PROTOCOLS.get(protocol) or _SOCKET_TYPES.get(kind, "")
    ends = Endpoints(name, "raw" if kind == 3 and l4proto != "icmp" else l4proto)
    if lport:
        ends = replace(ends, laddr=_address(family, laddr), lport=lport)
    if rport:
        ends = replace(ends, raddr=_address(family, raddr), rport=rport)
    return _as_ipv4(ends)


def _with_address(ends: Endpoints, raw: bytes) -> Endpoints:
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


def _listed_ends(row: Row) -> Endpoints:
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
