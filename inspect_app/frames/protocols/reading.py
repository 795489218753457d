"""From all payload of a capture to the messages in it.

A message is looked for where the bytes of a call on a socket begin. One whose head is not in that call's
bytes is read on in those that follow it directly, over a few calls. What was peeked at is read once, when it
is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.protocols.candidates import Protocol, candidates, first_bytes
from inspect_app.frames.protocols.dns import DnsMessage, parse_messages
from inspect_app.frames.protocols.http import MAX_HEAD, HttpHead, is_whole, parse_head
from inspect_app.frames.protocols.tls import TlsHello, parse_hello, wanted
from inspect_app.frames.segments import Segments

MAX_MESSAGES = 500_000
"""Of one capture; what comes later is not looked at, and `complete` says so."""
_SOCKETS = ("ipv4", "ipv6", "unix")
_DNS_PORTS = (53, 5353, 5355)
_MAX_CALLS = 8
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

    def add(self, position: int, protocol: int, data: bytes, *, cut: bool) -> None:
        """Take what bytes say, if they say anything."""
        if protocol == Protocol.HTTP:
            if (head := parse_head(data, cut=cut)) is not None:
                self.http.append((position, head))
        elif protocol == Protocol.TLS:
            if (hello := parse_hello(data)) is not None:
                self.tls.append((position, hello))
        else:
            data = data[2:] if protocol == Protocol.DNS_BEHIND_LENGTH else data
            self.dns += [(position, message) for message in parse_messages(data, cut=cut)]

    def sort(self) -> None:
        """Put them in order of time."""
        for messages in (self.http, self.dns, self.tls):
            messages.sort(key=lambda pair: pair[0])


@dataclass(slots=True)
class _Beginning:
    """A head that was not whole in the bytes of one call."""

    position: int
    last: int
    """Position of the last transfer that is in `data`."""
    protocol: int
    data: bytes


def read_messages(
    frames: CaptureFrames, segments: Segments, *, cancelled: Callable[[], None] = lambda: None
) -> Messages:
    """Everything that is recognised in a capture.

    Args:
        frames: the capture.
        segments: its transfers.
        cancelled: called at every block; may raise.
    """
    found = Messages()
    waiting: list[_Beginning] = []
    room = _MAX_WAITING
    size = frames.events["size"].to_numpy()[segments.rows]
    for position, protocol, data in _beginnings(frames, segments, cancelled):
        if len(found) >= MAX_MESSAGES:
            found.complete = False
            break
        cut = len(data) < min(int(size[position]), MAX_HEAD)
        if not _is_enough(protocol, data) and segments.follower[position] >= 0 and room > len(data):
            room -= len(data)
            waiting.append(_Beginning(position, position, protocol, data))
        else:
            found.add(position, protocol, data, cut=cut)
    _read_on(frames, segments, waiting, found)
    found.sort()
    return found


def _beginnings(
    frames: CaptureFrames, segments: Segments, cancelled: Callable[[], None]
) -> Iterator[tuple[int, int, bytes]]:
    """Position, Protocol and bytes of each transfer that may begin a message."""
    things = frames.descriptors
    socket = np.append(things["type"].isin(_SOCKETS).to_numpy(), False)
    datagram = np.append((things["l4proto"] == "udp").to_numpy(), False)
    ports = things["lport"].isin(_DNS_PORTS) | things["rport"].isin(_DNS_PORTS)
    dns_port = np.append(ports.to_numpy(), False)
    place = segments.of_event(len(frames.events))
    descriptor = frames.events["descriptor"].to_numpy()
    looked_at = np.zeros(len(frames.events), bool)
    taken = segments.rows[~segments.peeked]
    looked_at[taken] = socket[descriptor[taken]]
    for every, ends, data in frames.source.payload_blocks(looked_at):
        cancelled()
        mine = np.flatnonzero(looked_at[every])
        if not len(mine):
            continue
        rows, lengths = every[mine], np.diff(ends, prepend=0)[mine]
        starts = ends[mine] - lengths
        thing = descriptor[rows]
        kinds = candidates(first_bytes(data, starts, lengths), lengths, datagram[thing], dns_port[thing])
        for at in np.flatnonzero(kinds).tolist():
            start = int(starts[at])
            most = min(int(lengths[at]), MAX_HEAD if kinds[at] == Protocol.HTTP else 1 << 16)
            yield int(place[rows[at]]), int(kinds[at]), data[start : start + most]


def _is_enough(protocol: int, data: bytes) -> bool:
    if protocol == Protocol.HTTP:
        return is_whole(data) or len(data) >= MAX_HEAD
    return protocol != Protocol.TLS or len(data) >= min(wanted(data), MAX_HEAD)


def _read_on(frames: CaptureFrames, segments: Segments, waiting: list[_Beginning], found: Messages) -> None:
    """Complete heads by the transfers that follow, a transfer a round, in the order of the file."""
    for _ in range(_MAX_CALLS):
        waiting.sort(key=lambda one: int(segments.follower[one.last]))
        still = []
        for one in waiting:
            one.last = int(segments.follower[one.last])
            one.data = (one.data + frames.source.payload(int(segments.rows[one.last])))[:MAX_HEAD]
            if _is_enough(one.protocol, one.data) or segments.follower[one.last] < 0:
                found.add(one.position, one.protocol, one.data, cut=True)
            else:
                still.append(one)
        waiting = still
    for one in waiting:
        found.add(one.position, one.protocol, one.data, cut=True)
