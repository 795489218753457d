"""Which transfers may begin a message, told from their first bytes as columns.

No program runs for each event here: what is left over is so little that it can be read one by one.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from inspect_app.frames.protocols.dns import HEADER, MAX_QUESTIONS
from inspect_app.frames.protocols.http import METHODS

WIDTH = HEADER + 2
"""First bytes that decide: a DNS header behind the length that stands before it on TCP."""
_METHOD_WORDS = np.array([int.from_bytes(f"{name} "[:4].encode(), "big") for name in METHODS], np.uint32)
_STATUS_WORD = int.from_bytes(b"HTTP", "big")
_HANDSHAKE = 22


class Protocol(IntEnum):
    """What a transfer may begin."""

    NONE = 0
    HTTP = 1
    DNS = 2
    DNS_BEHIND_LENGTH = 3
    """On TCP."""
    TLS = 4


def first_bytes(data: bytes, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """uint8[transfers, WIDTH]: the first bytes of each, zeros behind its end."""
    buffer = np.frombuffer(data, np.uint8)
    columns = np.arange(WIDTH)
    found = buffer[np.minimum(starts[:, None] + columns, len(buffer) - 1)]
    found[columns >= lengths[:, None]] = 0
    return found


def candidates(
    head: np.ndarray, lengths: np.ndarray, datagram: np.ndarray, dns_port: np.ndarray, whole: np.ndarray
) -> np.ndarray:
    """int8, one a transfer: the Protocol that it may be.

    Args:
        head: of `first_bytes`.
        lengths: bytes kept of each transfer.
        datagram: bool, whether it is one of UDP.
        dns_port: bool, whether an end of its connection has a port of DNS.
        whole: bool, whether all of it was kept: then it must be DNS to its last byte, on whatever port.
    """
    words = head[:, :4].astype(np.uint32) @ np.array([1 << 24, 1 << 16, 1 << 8, 1], np.uint32)
    found = np.zeros(len(head), np.int8)
    found[~datagram & (np.isin(words, _METHOD_WORDS) | (words == _STATUS_WORD))] = Protocol.HTTP
    hello = (head[:, 0] == _HANDSHAKE) & (head[:, 1] == 3) & (head[:, 2] <= 4) & (lengths >= 5)
    hello &= (lengths == 5) | (head[:, 5] == 1) | (head[:, 5] == 2)
    found[~datagram & hello] = Protocol.TLS
    stated = head[:, 0].astype(np.int64) << 8 | head[:, 1]
    alone = whole & (stated + 2 == lengths)
    behind = ~datagram & (dns_port | alone) & (stated >= HEADER) & _is_dns(head[:, 2:])
    behind &= lengths > HEADER + 2
    plain = (datagram | dns_port | whole) & _is_dns(head) & (lengths > HEADER)
    found[plain] = Protocol.DNS
    found[behind] = Protocol.DNS_BEHIND_LENGTH
    return found


def _is_dns(head: np.ndarray) -> np.ndarray:
    """bool: a header of a standard query with few questions and records (RFC 1035, 4.1.1)."""
    standard = (head[:, 2] & 0x78 == 0) & (head[:, 3] & 0x40 == 0)
    few = (head[:, 4] == 0) & (head[:, 5] >= 1) & (head[:, 5] <= MAX_QUESTIONS)
    few &= (head[:, 6] == 0) & (head[:, 8] == 0) & (head[:, 10] == 0)
    few &= (head[:, 2] >= 0x80) | (head[:, 7] == 0)
    found: np.ndarray = standard & few
    return found
