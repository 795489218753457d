"""Synthetic Ethernet frames around recorded payload, many at a time, with checksums that are right.

    frame  ::=  ethernet[14]  ipv4[20] | ipv6[40]  tcp[20] | tcp with window scale[24] | udp[8]  payload

From the IP source address on to the end of the payload lies all that the checksum of TCP and UDP covers but
the protocol and the length; and every frame begins at an even place. So one running sum over a buffer of
frames has all their checksums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inspect_app.exports.packets import SYN, TCP, UDP

ETHERNET = 14
_IP_SIZE = (20, 40)
_PROTOCOL_SIZE = {TCP: 20, SYN: 24, UDP: 8}
_NUMBER = {TCP: 6, SYN: 6, UDP: 17}
_CHECKSUM_AT = {TCP: 16, SYN: 16, UDP: 6}
_LOCAL, _REMOTE = b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02"
"""Locally administered: no card has them."""
_MOST = 0xFFFF


@dataclass(frozen=True, eq=False)
class Headers:
    """What the headers of frames say; arrays of one length."""

    is_ipv6: np.ndarray
    kind: np.ndarray
    """TCP, SYN or UDP."""
    outward: np.ndarray
    """bool: from the recorded end."""
    source: np.ndarray
    """uint8[frames, 16]."""
    destination: np.ndarray
    source_port: np.ndarray
    destination_port: np.ndarray
    sequence: np.ndarray
    acknowledged: np.ndarray
    flags: np.ndarray
    length: np.ndarray
    """int64, bytes of payload in the frame."""
    stated: np.ndarray
    """int64, bytes of payload that the headers state: more where a datagram was cut."""

    @property
    def sizes(self) -> np.ndarray:
        """int64, bytes before the payload."""
        ip = np.array(_IP_SIZE)[self.is_ipv6.astype(np.intp)]
        sizes: np.ndarray = (
            ETHERNET + ip + np.array([_PROTOCOL_SIZE[kind] for kind in (TCP, SYN, UDP)])[self.kind]
        )
        return sizes


def write_headers(out: np.ndarray, starts: np.ndarray, headers: Headers) -> None:
    """Put headers into a buffer that holds the payload already; `starts` of frames are even."""
    for is_ipv6 in (False, True):
        for kind in (TCP, SYN, UDP):
            at = np.flatnonzero((headers.is_ipv6 == is_ipv6) & (headers.kind == kind))
            if len(at):
                made = np.concatenate(
                    [
                        _ethernet(headers, at, is_ipv6),
                        _ip(headers, at, is_ipv6, kind),
                        _protocol(headers, at, kind),
                    ],
                    axis=1,
                )
                out[starts[at][:, None] + np.arange(made.shape[1])] = made
    _fill_checksums(out, starts, headers)


def _fill_checksums(out: np.ndarray, starts: np.ndarray, headers: Headers) -> None:
    ipv6 = headers.is_ipv6.astype(np.intp)
    sizes = headers.sizes
    kinds = (TCP, SYN, UDP)
    covered = starts + ETHERNET + np.array((12, 8))[ipv6]
    end = starts + sizes + headers.length
    protocol_at = starts + ETHERNET + np.array(_IP_SIZE)[ipv6]
    total = _sums(out, covered, end)
    total += np.array([_NUMBER[kind] for kind in kinds])[headers.kind]
    total += starts + sizes + headers.stated - protocol_at
    checksum = _folded(total)
    # Of UDP zero says: there is none.
    checksum[(headers.kind == UDP) & (checksum == 0)] = _MOST
    _put16(out, protocol_at + np.array([_CHECKSUM_AT[kind] for kind in kinds])[headers.kind], checksum)
    ipv4 = np.flatnonzero(~headers.is_ipv6)
    begin = starts[ipv4] + ETHERNET
    _put16(out, begin + 10, _folded(_sums(out, begin, begin + _IP_SIZE[0])))


def _sums(out: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """int64: the 16-bit words between even places and ends, behind which the buffer has a zero."""
    words = out[: len(out) // 2 * 2].view(">u2")
    running = np.concatenate([[0], np.cumsum(words, dtype=np.int64)])
    found: np.ndarray = running[(ends + 1) // 2] - running[begins // 2]
    return found


def _folded(total: np.ndarray) -> np.ndarray:
    """The ones' complement sum in 16 bits, inverted."""
    for _ in range(3):
        total = (total & _MOST) + (total >> 16)
    folded: np.ndarray = ~total & _MOST
    return folded


def _put16(out: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
    out[places], out[places + 1] = values >> 8, values & 0xFF


def _ethernet(headers: Headers, at: np.ndarray, is_ipv6: bool) -> np.ndarray:
    ends = np.frombuffer(_REMOTE + _LOCAL + _REMOTE, np.uint8)
    made = np.empty((len(at), ETHERNET), np.uint8)
    made[:, :12] = np.where(headers.outward[at][:, None], ends[:12], ends[6:18])
    made[:, 12:] = (0x86, 0xDD) if is_ipv6 else (8, 0)
    return made


def _ip(headers: Headers, at: np.ndarray, is_ipv6: bool, kind: int) -> np.ndarray:
    made = np.zeros((len(at), _IP_SIZE[is_ipv6]), np.uint8)
    inner = _PROTOCOL_SIZE[kind] + headers.stated[at]
    if is_ipv6:
        made[:, 0], made[:, 6], made[:, 7] = 0x60, _NUMBER[kind], 64
        made[:, 4:6] = _big(np.minimum(inner, _MOST), 2)
        made[:, 8:24], made[:, 24:] = headers.source[at], headers.destination[at]
    else:
        made[:, 0], made[:, 6], made[:, 8], made[:, 9] = 0x45, 0x40, 64, _NUMBER[kind]
        made[:, 2:4] = _big(np.minimum(inner + _IP_SIZE[0], _MOST), 2)
        made[:, 12:16], made[:, 16:20] = headers.source[at, :4], headers.destination[at, :4]
    return made


def _protocol(headers: Headers, at: np.ndarray, kind: int) -> np.ndarray:
    made = np.zeros((len(at), _PROTOCOL_SIZE[kind]), np.uint8)
    made[:, :2], made[:, 2:4] = _big(headers.source_port[at], 2), _big(headers.destination_port[at], 2)
    if kind == UDP:
        made[:, 4:6] = _big(np.minimum(headers.stated[at] + _PROTOCOL_SIZE[UDP], _MOST), 2)
        return made
    made[:, 4:8], made[:, 8:12] = _big(headers.sequence[at], 4), _big(headers.acknowledged[at], 4)
    made[:, 12], made[:, 13] = _PROTOCOL_SIZE[kind] // 4 << 4, headers.flags[at]
    made[:, 14:16] = 0xFF
    if kind == SYN:
        # No operation, and a window scale of 14: what is not acknowledged is no wonder.
        made[:, 20:] = (1, 3, 3, 14)
    return made


def _big(values: np.ndarray, size: int) -> np.ndarray:
    """uint8[values, size], the highest byte first."""
    shifts = np.arange(size - 1, -1, -1) * 8
    found: np.ndarray = (values.astype(np.int64)[:, None] >> shifts & 0xFF).astype(np.uint8)
    return found
