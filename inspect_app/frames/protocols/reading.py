"""From all payload of a capture to the messages in it.

A message is looked for where the bytes of a call on a socket begin, and of HTTP where the one before it ends
(requests that did not wait). One whose head is not in that call's bytes is read on in those that follow it
directly, over a few calls. What was peeked at is read once, when it
is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np

from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.protocols.candidates import Protocol, candidates, first_bytes
from inspect_app.frames.protocols.dns import DnsMessage, parse_messages
from inspect_app.frames.protocols.http import MAX_HEAD, HttpHead, begins_message, is_whole, parse_head
from inspect_app.frames.protocols.tls import MAX_HELLO, TlsHello, parse_hello, wanted
from inspect_app.frames.segments import Segments

MAX_MESSAGES = 500_000
"""Of one capture; what comes later is not looked at, and `complete` says so."""
_SOCKETS = ("ipv4", "ipv6", "unix")
_DNS_PORTS = (53, 5353, 5355)
_MAX_CALLS = 8
_MOST = max(MAX_HEAD, MAX_HELLO)
"""Bytes of one message that are looked at."""
_MAX_WAITING = 64 << 20
"""Bytes of beginnings that wait for what follows them."""


@dataclass
class Messages:
    """What was recognised: (position among the segments, message), in order of time."""

    http: list[tuple[int, HttpHead]] = field(default_factory=list)
    dns: list[tuple[int, DnsMessage]] = field(default_factory=list)
    tls: list[tuple[int, TlsHello]] = field(default_factory=list)
    complete: bool = True

    def __len__(self) -> int:
        return len(self.http) + len(self.dns) + len(self.tls)

    def add(self, position: int, protocol: int, data: bytes, *, cut: bool) -> int:
        """Take what bytes say, if they say anything. Tells where the next message begins, 0 unknown."""
        if protocol == Protocol.HTTP:
            if (head := parse_head(data, cut=cut)) is not None:
                self.http.append((position, head))
                return head.size
        elif protocol == Protocol.TLS:
            if (hello := parse_hello(data)) is not None:
                self.tls.append((position, hello))
        else:
            data = data[2:] if protocol == Protocol.DNS_BEHIND_LENGTH else data
            self.dns += [(position, message) for message in parse_messages(data, cut=cut)]
        return 0

    def sort(self) -> None:
        """Put them in order of time."""
        for messages in (self.http, self.dns, self.tls):
            messages.sort(key=lambda pair: pair[0])


@dataclass(slots=True)
class _Beginning:
    """A head that was not whole in the bytes of one call."""

    position: int
    protocol: int
    data: bytes
    calls: int = 1


@dataclass(frozen=True, slots=True)
class _Block:
    """The kept bytes of transfers that lie together in the file."""

    positions: np.ndarray
    """Among the segments, ascending."""
    starts: np.ndarray
    lengths: np.ndarray
    data: bytes

    def bytes_at(self, at: int) -> bytes:
        """The first bytes of one transfer, as many as a message may have."""
        start = int(self.starts[at])
        return self.data[start : start + min(int(self.lengths[at]), _MOST)]

    def bytes_of(self, position: int) -> bytes:
        """The same by position; nothing where it is not here."""
        at = int(np.searchsorted(self.positions, position))
        return self.bytes_at(at) if at < len(self.positions) and self.positions[at] == position else b""


class _Reader:
    """Takes one block after the other; heads that are not whole wait for the transfers that follow."""

    def __init__(self, frames: CaptureFrames, transfers: Segments) -> None:
        things = frames.descriptors
        self.found = Messages()
        self._follower = transfers.follower
        self._cut = transfers.captured < transfers.size
        self._long = transfers.captured > _MOST
        self._thing = frames.events["descriptor"].to_numpy()[transfers.rows]
        self._socket = np.append(things["type"].isin(_SOCKETS).to_numpy(), False)
        self._datagram = np.append((things["l4proto"] == "udp").to_numpy(), False)
        ports = things["lport"].isin(_DNS_PORTS) | things["rport"].isin(_DNS_PORTS)
        self._dns_port = np.append(ports.to_numpy(), False)
        self._waiting: list[tuple[int, int, _Beginning]] = []
        self._room = _MAX_WAITING

    @property
    def on_sockets(self) -> np.ndarray:
        """bool, one a transfer."""
        found: np.ndarray = self._socket[self._thing]
        return found

    def take(self, block: _Block) -> None:
        """Find what begins in a block, and read on what began before."""
        thing = self._thing[block.positions]
        head = first_bytes(block.data, block.starts, block.lengths)
        kinds = candidates(
            head, block.lengths, self._datagram[thing], self._dns_port[thing], ~self._cut[block.positions]
        )
        for at in np.flatnonzero(kinds).tolist():
            data = block.bytes_at(at)
            self._judge(_Beginning(int(block.positions[at]), int(kinds[at]), data), int(block.positions[at]))
        last = int(block.positions[-1])
        while self._waiting and self._waiting[0][0] <= last:
            position, _, one = heappop(self._waiting)
            self._room += len(one.data)
            more = block.bytes_of(position)
            one.data, one.calls = (one.data + more)[:_MOST], one.calls + 1
            self._judge(one, position if more else -1)

    def finish(self) -> Messages:
        """What was found, in order of time."""
        for _, _, one in self._waiting:
            self.found.add(one.position, one.protocol, one.data, cut=True)
        self.found.sort()
        return self.found

    def _judge(self, one: _Beginning, last: int) -> None:
        """Take a message, or wait for the transfer that follows the `last` of it (-1: none does)."""
        while _is_enough(one.protocol, one.data):
            size = self.found.add(one.position, one.protocol, one.data, cut=bool(self._cut[last]))
            rest = one.data[size:] if size else b""
            if not begins_message(rest) or (self._long[last] and not is_whole(rest)):
                return
            one = _Beginning(last, one.protocol, rest)
        follower = int(self._follower[last]) if last >= 0 else -1
        if follower >= 0 and one.calls < _MAX_CALLS and len(one.data) < self._room:
            self._room -= len(one.data)
            heappush(self._waiting, (follower, one.position, one))
        else:
            cut = last < 0 or follower >= 0 or bool(self._cut[last])
            self.found.add(one.position, one.protocol, one.data, cut=cut)


def read_messages(
    frames: CaptureFrames, transfers: Segments, *, cancelled: Callable[[], None] = lambda: None
) -> Messages:
    """Everything that is recognised in a capture.

    Args:
        frames: the capture.
        transfers: its segments.
        cancelled: called at every block; may raise.
    """
    reader = _Reader(frames, transfers)
    place = transfers.of_event(len(frames.events))
    looked_at = np.zeros(len(frames.events), bool)
    looked_at[transfers.rows] = reader.on_sockets & ~transfers.peeked
    for rows, ends, data in frames.source.payload_blocks(looked_at):
        cancelled()
        mine = np.flatnonzero(looked_at[rows])
        mine = mine[np.argsort(place[rows[mine]], kind="stable")]
        lengths = np.diff(ends, prepend=0)[mine]
        if len(mine):
            reader.take(_Block(place[rows[mine]], ends[mine] - lengths, lengths, data))
        if len(reader.found) >= MAX_MESSAGES:
            reader.found.complete = False
            break
    return reader.finish()


def _is_enough(protocol: int, data: bytes) -> bool:
    if protocol == Protocol.HTTP:
        return is_whole(data) or len(data) >= MAX_HEAD
    return protocol != Protocol.TLS or len(data) >= min(wanted(data), MAX_HELLO)
