"""Sockets: from what the kernel told of each to one pair of ends for its life, or several in turn.

The kernel's 48 bytes stand with every event on a socket, but a socket has no peer before it is connected: its
earlier events get the pair that it had later. A datagram socket that talks to several peers has a row for
each; whom it talked to is in the address that the program handed over or got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, codes_of, pair_codes, place_among
from capture.identity.endpoints import (
    CLIENT,
    LISTEN,
    LISTENER,
    ROLES,
    SERVER,
    Endpoints,
    is_listening,
    kernel_ends,
    listed_ends_of,
    with_address,
)
from capture.identity.events import EventColumns, kind_table
from capture.identity.snapshot import Row, Table, integers, text_of
from capture.identity.touched import Touched

_PEER_CALLS = ("connect", "uring_connect", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg")
"""Calls whose address is the peer's."""
_NAMING_CALLS = ("bind", "connect", "uring_connect")
_CONNECTS, _ACCEPTS = ("connect", "uring_connect"), ("accept", "accept4", "uring_accept")
_LISTENS = ("listen", "uring_listen")


@dataclass(frozen=True)
class Sockets:
    """The ends of sockets, as places in `ends` (-1 nothing is known), and their roles."""

    ends: list[Endpoints]
    label: np.ndarray
    """int32, of each identity: its ends, but for some that vary from event to event."""
    varies: np.ndarray
    """bool, of each identity."""
    rows: np.ndarray
    """int64, ascending: the events on those that vary."""
    of_row: np.ndarray
    """int32: the ends that each of them has."""
    role: np.ndarray
    """int8, of each identity, and of those that no event worked on: position in ROLES."""
    listed: np.ndarray
    """int32, of each of the same: what the snapshot tells."""


def find_sockets(
    events: EventColumns, process: np.ndarray, touched: Touched, *, idle: np.ndarray, listed: Table
) -> Sockets:
    """Find the ends of sockets.

    Of most sockets all events tell the same: of such the first event stands for all.

    Args:
        events: the columns.
        process: of each event.
        touched: what each event worked on.
        idle: (device, inode) of sockets that no event worked on; they are identities behind those touched.
        listed: the snapshot's sockets.
    """
    count = len(touched) + len(idle)
    every = touched.rows_of(touched.is_socket)
    owner_of = touched.of_event.take(every).astype(np.intp)  # numpy widens narrow positions each time
    book = _Book(events)
    held, owner = _listed_owners(touched, idle, listed)
    at = _looked_at(book, touched, every, owner_of, owner)
    rows, identity = every[at], owner_of[at]
    blobs = codes_of(events.sock[rows])
    told = book.told(rows, blobs)
    listed_ends = np.array([book.place(listed_ends_of(listed[at])) for at in held.tolist()], np.int64)
    group = np.concatenate((owner, identity)).astype(np.int64)
    since = np.concatenate((np.full(len(owner), -1), rows))
    value = np.concatenate((listed_ends, told))
    ranks = book.ranks()
    lives = _for_life(group, since, value, ranks, count)
    accepted, listener = _accepted(events, process, rows, ranks[lives[len(owner) :]] < 1, every)
    if len(accepted):
        # One event stands for a listener of which all events tell the same.
        first = np.searchsorted(rows, touched.first[owner_of[listener]])
        listener = np.where(place_among(at, listener) >= 0, place_among(at, listener), first)
        value[len(owner) + accepted] = lives[len(owner) + listener]
        lives = _for_life(group, since, value, ranks, count)
    role = _roles(events, every, owner_of, count)
    listens = np.array([is_listening(events.texts[at]) for at in blobs[0].tolist()] or [False])
    role[identity[listens.take(blobs[1])]] = ROLES.index(LISTENER)
    _role_of_listed([listed[at] for at in held.tolist()], owner, role)
    told_of = np.full(count, -1, np.int32)
    told_of[owner] = listed_ends
    ends_of_row = lives[len(owner) :].astype(np.int32)
    label, varies = _by_identity(len(touched), identity, ends_of_row)
    kept = varies[identity]
    return Sockets(book.ends, label, varies, rows[kept], ends_of_row[kept], role, told_of)


def _looked_at(
    book: _Book, touched: Touched, rows: np.ndarray, identity: np.ndarray, listed: np.ndarray
) -> np.ndarray:
    """Which of the events on sockets are looked at: of a socket of which all tell the same only the first.

    `listed`: identities of which the snapshot tells as well.
    """
    events = book.events
    sock, kind = events.sock.take(rows), events.kind.take(rows)
    _, looked = _by_identity(len(touched), identity, sock)
    looked[listed[listed < len(touched)]] = True
    tells_more = kind_table((*_PEER_CALLS, *_NAMING_CALLS)).take(kind) & (events.addr.take(rows) > 0)
    some = np.flatnonzero(tells_more | kind_table(_ACCEPTS).take(kind))
    distinct, code = codes_of(sock[some])
    places = book.parsed(distinct)
    incomplete = book.ranks()[places] < 2
    looked[identity[some[incomplete[code]]]] = True
    found: np.ndarray = np.flatnonzero(looked.take(identity) | (rows == touched.first.take(identity)))
    return found


def _by_identity(count: int, identity: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A value of each identity, -1 none, and which have several. `identity`: of each value."""
    one, varies = np.full(count, -1, value.dtype), np.zeros(count, bool)
    one[identity] = value
    varies[identity[value != one.take(identity)]] = True
    return one, varies


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

    def __init__(self, events: EventColumns) -> None:
        self.events = events
        self.ends: list[Endpoints] = []
        self._places: dict[Endpoints, int] = {}
        self._parsed: dict[int, int] = {0: -1}

    def place(self, ends: Endpoints) -> int:
        place = self._places.setdefault(ends, len(self.ends))
        if place == len(self.ends):
            self.ends.append(ends)
        return place

    def ranks(self) -> np.ndarray:
        """int8: how much each pair tells; the last place stands for -1, nothing."""
        return np.array([ends.rank for ends in self.ends] + [-1], np.int8)

    def parsed(self, blobs: np.ndarray) -> np.ndarray:
        """int64: what the kernel told in some texts, -1 nothing."""
        known = self._parsed
        for at in blobs.tolist():
            if at not in known:
                ends = kernel_ends(self.events.texts[at])
                known[at] = -1 if ends is None else self.place(ends)
        return np.array([known[at] for at in blobs.tolist()] or [-1], np.int64)

    def told(self, rows: np.ndarray, told: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """int64: what each event itself tells, -1 nothing. `told`: distinct texts, and which each has."""
        blobs, code = told
        ends: np.ndarray = self.parsed(blobs).take(code)
        self._add_addresses(rows, ends, kind_table(_PEER_CALLS), frozenset({"ipv4", "ipv6"}))
        self._add_addresses(rows, ends, kind_table(_NAMING_CALLS), frozenset({"unix"}))
        return ends

    def _add_addresses(
        self, rows: np.ndarray, told: np.ndarray, kinds: np.ndarray, types: frozenset[str]
    ) -> None:
        """Complete what the kernel told, where it had no peer, by the address that the call bore."""
        events = self.events
        wants = np.array([ends.type in types and ends.rank < 2 for ends in self.ends] + [False])
        some = np.flatnonzero((events.addr[rows] > 0) & kinds.take(events.kind[rows]) & wants.take(told))
        places, addresses, code = pair_codes(told[some], events.addr[rows[some]])
        completed = [
            self.place(with_address(self.ends[place], events.texts[at]))
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
    events: EventColumns, process: np.ndarray, rows: np.ndarray, nameless: np.ndarray, every: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of `rows` accept a unix socket, and which of `every` was last on the socket it came from.

    The kernel gives it the name that its listener is bound to, but does not tell that with the call.
    `nameless`: of each of `rows`, whether nothing is known of its socket. `every`: all events on sockets.
    """
    accepts = kind_table(["accept", "accept4"]).take(events.kind[rows]) & (events.ret[rows] >= 0)
    accepts = np.flatnonzero(accepts & nameless)
    if not len(accepts):
        return accepts, accepts
    handle = events.descriptors(0, rows[accepts])
    owner = np.concatenate((process[every], process[rows[accepts]]))
    _, _, code = pair_codes(owner, np.concatenate((events.fd[every].astype(np.int64), handle)))
    before = Latest(code[: len(every)], every, int(code.max()) + 1).find(
        code[len(every) :], rows[accepts] - 1
    )
    return accepts[before >= 0], before[before >= 0]


def _roles(events: EventColumns, rows: np.ndarray, identity: np.ndarray, groups: int) -> np.ndarray:
    role, kind = np.zeros(groups, np.int8), events.kind.take(rows)
    for names, found in ((_CONNECTS, CLIENT), (_ACCEPTS, SERVER), (_LISTENS, LISTENER)):
        some = np.flatnonzero(kind_table(names).take(kind))
        if found != CLIENT:
            some = some[events.ret[rows[some]] >= 0]
        role[identity[some]] = ROLES.index(found)
    return role


def _role_of_listed(listed: Sequence[Row], owner: np.ndarray, role: np.ndarray) -> None:
    """A socket of the snapshot whose local port somebody listens on was accepted there."""
    listening = [
        text_of(row.get("state")).lower() == "listen" or row.get("state") == LISTEN for row in listed
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
