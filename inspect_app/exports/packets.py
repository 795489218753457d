"""Which packets recorded socket calls make: who to whom, which bytes of which call, at which place of a
stream.

Of a TCP connection each call's kept bytes follow those before them by sequence number; what was moved and
not kept leaves a hole in the numbers, as a packet that was not captured does. Where both ends of a
connection were recorded and chosen, the end of which more was kept stands for both: else all would be
there twice. A handshake before a connection's first packet is made up, so that readers know who opened
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from struct import Struct

import numpy as np

from inspect_app.analysis.matches import within
from inspect_app.analysis.selection import Selection
from inspect_app.filters.transfers import peers, transfers
from inspect_app.frames.capture import CaptureFrames

TCP, SYN, UDP = range(3)
"""What a packet is; SYN: one of the first two of a handshake."""
TCP_MOST, UDP_MOST = 32_768, 65_000
"""Bytes of payload in one packet; calls that moved more make several."""
_PUSH, _ACK, _SYN, _SYN_ACK = 0x18, 0x10, 0x02, 0x12
_HANDSHAKE = 3
_IPV4, _IPV6 = Struct(">2xH4s"), Struct(">2xH4x16s")


@dataclass(frozen=True, eq=False)
class Transfers:
    """The calls that make packets; arrays of one length, ascending by row."""

    frames: CaptureFrames
    rows: np.ndarray
    """int64, rows of events."""
    thing: np.ndarray
    """int32, rows of descriptors."""
    writes: np.ndarray
    """bool: from the local end to the peer."""
    is_tcp: np.ndarray
    offset: np.ndarray
    """int64, bytes that went before in this direction; 0 for UDP."""
    acknowledged: np.ndarray
    """int64, bytes that had gone the other way by then; 0 for UDP."""
    size: np.ndarray
    captured: np.ndarray
    gap: np.ndarray
    """bool: bytes directly before may be missing."""
    opens: np.ndarray
    """bool: the connection's first call with kept bytes."""
    notes: tuple[str, ...]
    """What is left out, in sentences."""


@dataclass(frozen=True, eq=False)
class Packets:
    """Packets of some transfers, in order; arrays of one length."""

    at: np.ndarray
    """int64, position among the transfers."""
    kind: np.ndarray
    """TCP, SYN or UDP."""
    outward: np.ndarray
    """bool: from the local end to the peer."""
    sequence: np.ndarray
    """int64, modulo 2**32 what the header says."""
    acknowledged: np.ndarray
    flags: np.ndarray
    begin: np.ndarray
    """int64, first byte of the call's kept bytes."""
    length: np.ndarray
    is_made_up: np.ndarray
    """bool: of the handshake."""


def socket_transfers(frames: CaptureFrames, selection: Selection) -> Transfers:
    """The selected calls that moved bytes through TCP and UDP sockets."""
    moved = transfers(frames)
    rows = within(moved.rows, selection.rows, len(frames.events))
    places = np.searchsorted(moved.rows, rows)
    thing = frames.events["descriptor"].to_numpy()[rows]
    things = frames.descriptors
    is_socket = np.append(things["type"].isin(["ipv4", "ipv6"]).to_numpy(), False)[thing]
    tcp, udp = (np.append((things["l4proto"] == name).to_numpy(), False)[thing] for name in ("tcp", "udp"))
    usable = is_socket & (tcp | udp)
    others = int(np.count_nonzero(is_socket & ~usable))
    keep = usable & ~moved.peeked[places]
    double = _other_ends(frames, thing[keep], moved.captured[places][keep])
    keep[keep] = ~double
    rows, places, thing, tcp = rows[keep], places[keep], thing[keep], tcp[keep]
    captured = moved.captured[places].astype(np.int64)
    offset = np.maximum(moved.offset[places], 0)
    size, writes = moved.size[places], moved.writes[places]
    return Transfers(
        frames=frames,
        rows=rows,
        thing=thing,
        writes=writes,
        is_tcp=tcp,
        offset=offset,
        acknowledged=np.where(tcp, _acknowledged(thing, writes, offset, size), 0),
        size=size,
        captured=captured,
        gap=((moved.offset > 0) & ~moved.follows)[places],
        opens=_first(thing, tcp & (captured > 0)),
        notes=_notes(double, others, captured),
    )


def packets_of(moved: Transfers, chosen: np.ndarray) -> Packets:
    """The packets of some transfers, by their positions in ascending order."""
    tcp, captured = moved.is_tcp[chosen], moved.captured[chosen]
    most = np.where(tcp, TCP_MOST, UDP_MOST)
    before = np.where(moved.opens[chosen], _HANDSHAKE, 0)
    count = before + -(-captured // most)
    at = np.repeat(np.arange(len(chosen)), count)
    step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    data = step - before[at]
    made_up = data < 0
    begin = np.where(made_up, 0, data * most[at])
    length = np.where(made_up, 0, np.minimum(captured[at] - begin, most[at]))
    writes, offset, acknowledged = (
        values[chosen][at] for values in (moved.writes, moved.offset, moved.acknowledged)
    )
    # The handshake goes to and fro, begun by the client.
    local_opens = ~_is_server(moved.frames)[moved.thing[chosen][at]]
    outward = np.where(made_up, local_opens ^ (data == -2), writes)
    mine = np.where(outward == writes, offset, acknowledged)
    theirs = np.where(outward == writes, acknowledged, offset)
    flags = np.select([data == -3, data == -2, data == -1], [_SYN, _SYN_ACK, _ACK], _PUSH)
    return Packets(
        at=chosen[at],
        kind=np.select([~tcp[at], made_up & (data < -1)], [UDP, SYN], TCP),
        outward=outward,
        sequence=np.where(made_up & (data < -1), mine, mine + begin + 1),
        acknowledged=np.where(data == -3, 0, theirs + 1),
        flags=flags,
        begin=begin,
        length=length,
        is_made_up=made_up,
    )


@dataclass(frozen=True, eq=False)
class Ends:
    """Both ends of each thing; arrays over things."""

    is_ipv6: np.ndarray
    """bool."""
    local: np.ndarray
    """uint8[things, 16]; IPv4 addresses are the first four bytes."""
    remote: np.ndarray
    local_port: np.ndarray
    remote_port: np.ndarray


def ends_of(frames: CaptureFrames) -> Ends:
    """What the frame of descriptors says; an address that is not known is all zeros."""
    things = frames.descriptors
    return Ends(
        is_ipv6=(things["type"] == "ipv6").to_numpy(),
        local=_addresses(things["laddr"].to_numpy(object)),
        remote=_addresses(things["raddr"].to_numpy(object)),
        local_port=np.maximum(things["lport"].to_numpy(), 0),
        remote_port=np.maximum(things["rport"].to_numpy(), 0),
    )


def told_peer(raw: bytes | None, is_ipv6: bool) -> tuple[bytes, int] | None:
    """Address and port that a datagram's call itself tells; None where it tells none of that family."""
    family = int.from_bytes((raw or b"")[:2], "little")
    if raw is None or family not in (2, 10):
        return None
    layout = _IPV4 if family == 2 else _IPV6
    if len(raw) < layout.size or (family == 10) != is_ipv6:
        return None
    port, address = layout.unpack_from(raw)
    return address.ljust(16, b"\0"), port


def _other_ends(frames: CaptureFrames, thing: np.ndarray, captured: np.ndarray) -> np.ndarray:
    """bool: the transfer is of an end whose other end is chosen too, and has more."""
    count = len(frames.descriptors)
    kept = np.bincount(thing, captured, minlength=count)
    chosen = np.bincount(thing, minlength=count) > 0
    other = peers(frames).other
    known = (other >= 0) & (other != np.arange(count))
    both = known & chosen & np.append(chosen, False)[other]
    theirs = np.append(kept, 0)[other]
    worse = both & ((theirs > kept) | ((theirs == kept) & (other < np.arange(count))))
    found: np.ndarray = worse[thing]
    return found


def _acknowledged(thing: np.ndarray, writes: np.ndarray, offset: np.ndarray, size: np.ndarray) -> np.ndarray:
    """int64, of each transfer how far the other direction of its connection had come."""
    order = np.argsort(thing, kind="stable")
    grouped, way, end = thing[order], writes[order], (offset + size)[order]
    new = np.append(True, grouped[1:] != grouped[:-1])[: len(order)]
    place = np.arange(len(order))
    begin = np.maximum.accumulate(np.where(new, place, 0))
    found = np.zeros(len(order), np.int64)
    for direction in (False, True):
        last = np.maximum.accumulate(np.where(way != direction, place, -1))
        known = last >= begin
        first = _first_offsets(begin, way != direction, offset[order], place)
        mine = way == direction
        found[order[mine]] = np.where(known, end[last], first)[mine]
    return found


def _first_offsets(
    begin: np.ndarray, wanted: np.ndarray, offset: np.ndarray, place: np.ndarray
) -> np.ndarray:
    """Of each place the offset of the first wanted one of its group; 0 where there is none."""
    first = np.zeros(len(place), np.int64)
    at = np.flatnonzero(wanted)[::-1]
    first[begin[at]] = offset[at]
    found: np.ndarray = first[begin]
    return found


def _first(thing: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """bool: the first of its thing among those that count."""
    found = np.zeros(len(thing), bool)
    at = np.flatnonzero(counts)
    _, first = np.unique(thing[at], return_index=True)
    found[at[first]] = True
    return found


def _is_server(frames: CaptureFrames) -> np.ndarray:
    serving: np.ndarray = frames.descriptors["role"].isin(["server", "listener"]).to_numpy()
    return serving


def _addresses(values: np.ndarray) -> np.ndarray:
    found = np.zeros((len(values), 16), np.uint8)
    for at, value in enumerate(values.tolist()):
        if value:
            packed = _packed(value)
            found[at, : len(packed)] = np.frombuffer(packed, np.uint8)
    return found


def _packed(value: str) -> bytes:
    try:
        return ip_address(value.partition("%")[0]).packed
    except ValueError:
        return b""


def _notes(double: np.ndarray, others: int, captured: np.ndarray) -> tuple[str, ...]:
    told: tuple[tuple[int, Callable[[str], str]], ...] = (
        (int(np.count_nonzero(double)), lambda n: f"{n} transfers are the other end of ones that are there"),
        (others, lambda n: f"{n} transfers through sockets that are neither TCP nor UDP are left out"),
        (
            int(np.count_nonzero(captured == 0)),
            lambda n: f"{n} transfers without kept bytes make no packet",
        ),
    )
    return tuple(tell(f"{count:,}") for count, tell in told if count)
