"""Recorded socket payload as pcapng, for Wireshark and all that read its captures.

    file     ::=  section header  interface  packet*
    packet   ::=  a synthetic frame (`ethernet`), to the nanosecond when its call returned, and a comment:
                  which event of which process, and what is missing or made up

Frames are synthesised: nothing of Ethernet, and of IP and TCP nothing but addresses and ports, was recorded.
The section and the interface say so.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from capture.evidence.deriving import tool
from capture.model.text import printable
from inspect_app.exports.ethernet import Headers, write_headers
from inspect_app.exports.messages import number_piece, text_piece
from inspect_app.exports.packets import (
    TCP,
    UDP,
    Ends,
    Packets,
    Transfers,
    ends_of,
    packets_of,
    socket_transfers,
    told_peer,
)
from inspect_app.exports.pieces import Progress, numbers
from inspect_app.exports.request import Request

SYNTHESISED = "synthesised from recorded system calls: frames, handshakes and sequence numbers are made up"
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _NAME, _DESCRIPTION, _RESOLUTION, _APPLICATION = 1, 2, 3, 9, 4
_HEAD = 28
"""Bytes of a packet's block before the frame."""
_BATCH = 1 << 20
"""Bytes of payload whose packets are put together at once."""


def write_pcapng(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As pcapng."""
    moved = socket_transfers(request.frames, request.selection)
    told = f"{request.source.sentence()}; {SYNTHESISED}"
    stream.write(
        _block(
            _SECTION,
            struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1),
            ((_COMMENT, told.encode()[:0xFFFC]), (_APPLICATION, tool().encode())),
        )
    )
    options = ((_NAME, b"exhume"), (_DESCRIPTION, SYNTHESISED.encode()), (_RESOLUTION, b"\x09"))
    stream.write(_block(_INTERFACE, struct.pack("<HHI", 1, 0, 0), options))
    write = _Writer(moved)
    done = 0
    for chosen, begins, data in _payload(moved):
        stream.write(write.batch(chosen, begins, data))
        done += len(chosen)
        progress(done, len(moved.rows))
    return moved.notes


def _payload(moved: Transfers) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Positions of transfers, where each one's kept bytes begin, and the bytes; some MiB at a time."""
    wanted = np.zeros(len(moved.frames.events), bool)
    wanted[moved.rows[moved.captured > 0]] = True
    for rows, ends, data in moved.frames.source.payload_blocks(wanted):
        begins = np.append(0, ends[:-1])
        mine = np.flatnonzero(wanted[rows])
        mine = mine[np.argsort(rows[mine], kind="stable")]
        chosen = np.searchsorted(moved.rows, rows[mine])
        heap = np.frombuffer(data, np.uint8)
        share = np.cumsum(moved.captured[chosen]) // _BATCH
        for start, stop in _runs(share):
            yield chosen[start:stop], begins[mine[start:stop]], heap


def _runs(share: np.ndarray) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(share)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), len(share)], strict=True)


class _Writer:
    """Puts packets of transfers together."""

    def __init__(self, moved: Transfers) -> None:
        self._moved = moved
        frames = moved.frames
        self._time = frames.events["time"].to_numpy()
        self._ends: Ends = ends_of(frames)
        self._who = text_piece(frames, "proc.name", _ascii, "(unknown)")
        self._pid = number_piece(frames, "proc.pid", "?")
        self._call = text_piece(frames, "evt.type", _ascii)

    def batch(self, chosen: np.ndarray, begins: np.ndarray, heap: np.ndarray) -> bytes:
        """The packets' blocks. `begins`: where the kept bytes of each chosen transfer begin in `heap`."""
        packets = packets_of(self._moved, chosen)
        headers = self._headers(packets)
        comments = self._comments(packets)
        frame = headers.sizes + packets.length
        noted = np.fromiter(map(len, comments), np.int64, len(comments))
        padded, option = _padded(frame), 4 + _padded(noted)
        size = _HEAD + padded + option + 8
        starts = np.cumsum(size) - size
        out = np.zeros(int(size.sum()), np.uint8)
        begin = begins[np.searchsorted(chosen, packets.at)] + packets.begin
        _copy(out, starts + _HEAD + headers.sizes, heap, begin, packets.length)
        write_headers(out, starts + _HEAD, headers)
        times = self._time[self._moved.rows[packets.at]].astype(np.uint64)
        whole = frame + headers.stated - headers.length
        fields = (_PACKET, size, 0, times >> np.uint64(32), times & np.uint64(0xFFFFFFFF), frame, whole)
        for place, value in enumerate(fields):
            _put32(out, starts + place * 4, value)
        after = starts + _HEAD + padded
        _put32(out, after, noted << 16 | _COMMENT)
        text = np.frombuffer("".join(comments).encode("ascii"), np.uint8)
        _copy(out, after + 4, text, np.cumsum(noted) - noted, noted)
        _put32(out, starts + size - 4, size)
        return out.tobytes()

    def _headers(self, packets: Packets) -> Headers:
        moved, ends = self._moved, self._ends
        thing, outward = moved.thing[packets.at], packets.outward
        local, remote = ends.local[thing], ends.remote[thing]
        local_port, remote_port = ends.local_port[thing], ends.remote_port[thing]
        for at in np.flatnonzero((packets.kind == UDP) & (remote_port == 0)).tolist():
            # A socket without a peer tells it with each datagram.
            row = int(moved.rows[packets.at[at]])
            told = told_peer(moved.frames.source.address(row), bool(ends.is_ipv6[thing[at]]))
            if told is not None:
                remote[at], remote_port[at] = np.frombuffer(told[0], np.uint8), told[1]
        is_cut = (packets.kind == UDP) & (moved.size[packets.at] > moved.captured[packets.at])
        whole = np.minimum(moved.size[packets.at], 65_507)
        return Headers(
            is_ipv6=ends.is_ipv6[thing],
            kind=packets.kind,
            outward=outward,
            source=np.where(outward[:, None], local, remote),
            destination=np.where(outward[:, None], remote, local),
            source_port=np.where(outward, local_port, remote_port),
            destination_port=np.where(outward, remote_port, local_port),
            sequence=packets.sequence & 0xFFFFFFFF,
            acknowledged=packets.acknowledged & 0xFFFFFFFF,
            flags=packets.flags,
            length=packets.length,
            stated=np.where(is_cut, np.maximum(whole, packets.length), packets.length),
        )

    def _comments(self, packets: Packets) -> list[str]:
        """`event 17: curl[201] sendto; kept 80 of 512 bytes`, in ASCII."""
        moved, at = self._moved, packets.at
        rows = moved.rows[at]
        texts = (
            "event "
            + numbers(rows + 1)
            + ": "
            + self._who(rows)
            + "["
            + self._pid(rows)
            + "] "
            + self._call(rows)
        )
        cut = (moved.size[at] > moved.captured[at]) & ~packets.is_made_up
        told = "; kept " + numbers(moved.captured[at[cut]]) + " of " + numbers(moved.size[at[cut]]) + " bytes"
        texts[cut] = texts[cut] + told
        gap = moved.gap[at] & (packets.begin == 0) & ~packets.is_made_up & (packets.kind == TCP)
        texts[gap] = texts[gap] + "; bytes before these were not kept or not seen"
        texts[packets.is_made_up] = "made up: no handshake was recorded; next " + texts[packets.is_made_up]
        return [str(text) for text in texts.tolist()]


def _block(kind: int, body: bytes, options: tuple[tuple[int, bytes], ...]) -> bytes:
    told = b"".join(
        struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in options
    )
    size = 12 + len(body) + len(told) + 4
    return struct.pack("<II", kind, size) + body + told + bytes(4) + struct.pack("<I", size)


def _padded(lengths: np.ndarray) -> np.ndarray:
    padded: np.ndarray = lengths + -lengths % 4
    return padded


def _put32(out: np.ndarray, places: np.ndarray, values: np.ndarray | int) -> None:
    words = out.view("<u4")
    words[places // 4] = values


def _copy(
    out: np.ndarray, places: np.ndarray, data: np.ndarray, begins: np.ndarray, lengths: np.ndarray
) -> None:
    """Copy pieces of different lengths from where they begin to their places."""
    step = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    out[np.repeat(places, lengths) + step] = data[np.repeat(begins, lengths) + step]


def _ascii(text: str) -> str:
    return printable(text).encode("ascii", "backslashreplace").decode("ascii")
