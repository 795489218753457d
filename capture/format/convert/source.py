"""The bytes of a .scap file: as they are, or unpacked from gzip or zstd piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from capture.format.errors import FormatError

SECTION_MARK = b"\x0a\x0d\x0d\x0a"
BYTE_ORDER_MARK = b"\x4d\x3c\x2b\x1a"
OTHER_BYTE_ORDER = BYTE_ORDER_MARK[::-1]
_PACKETS = frozenset({1, 2, 3, 4, 5, 6, 0xA})
"""Blocks of packets, interfaces and names: what begins with one is pcapng, which has the same mark."""
_HEAD = 64 << 10
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE = 1 << 20
_UNPACKED_PIECE = 4 << 20
_WINDOW = 1 << 27
"""Memory that a zstd frame may ask for."""
MAX_RATIO, ALWAYS_ALLOWED = 250, 256 << 20
"""A file may unpack to so many times its size, and so many bytes more: captures pack to about a tenth."""


class Source:
    """Reads a file from its start; what is damaged or cut short ends it, and `fault` says why."""

    def __init__(self, stream: BinaryIO) -> None:
        self.fault = ""
        """Why there is no more, empty where the file ends as it should."""
        size = stream.seek(0, 2)
        stream.seek(0)
        self._allowed = size * MAX_RATIO + ALWAYS_ALLOWED
        start = stream.read(4)
        stream.seek(0)
        if start.startswith(_GZIP):
            self._pieces = self._gunzipped(stream)
        elif start.startswith(_ZSTD):
            self._pieces = self._unpacked(stream)
        else:
            self._pieces = iter(lambda: stream.read(_UNPACKED_PIECE), b"")
        self._rest = b""

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end."""
        parts, have = [self._rest], len(self._rest)
        while have < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            piece = piece[: self._allowed]
            self._allowed -= len(piece)
            parts.append(piece)
            have += len(piece)
            if not self._allowed:
                self.fault = f"it unpacks to more than {MAX_RATIO} times its size"
                self._pieces = iter(())
        together = b"".join(parts)
        self._rest = together[size:]
        return together[:size]

    def _gunzipped(self, stream: BinaryIO) -> Iterator[bytes]:
        unzip, packed = zlib.decompressobj(31), b""
        while True:
            packed = packed or stream.read(_PIECE)
            if not packed:
                self.fault = "the gzip stream is cut short"
                return
            try:
                piece = unzip.decompress(packed, _UNPACKED_PIECE)
            except zlib.error:
                self.fault = "the gzip stream is damaged"
                return
            packed = unzip.unconsumed_tail
            if piece:
                yield piece
            if unzip.eof:
                packed = unzip.unused_data or stream.read(_PIECE)
                if not packed:
                    return
                unzip = zlib.decompressobj(31)

    def _unpacked(self, stream: BinaryIO) -> Iterator[bytes]:
        unzip = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        with unzip.stream_reader(stream, read_across_frames=True, closefd=False) as reader:
            while True:
                try:
                    piece = reader.read(_UNPACKED_PIECE)
                except (zstandard.ZstdError, MemoryError):
                    self.fault = "the zstd stream is damaged"
                    return
                if not piece:
                    return
                yield piece


def is_scap(stream: BinaryIO) -> bool:
    """Whether a file begins as a .scap does, packed or not; the stream is at its start afterwards."""
    stream.seek(0)
    start = stream.read(4)
    stream.seek(0)
    if start != SECTION_MARK and not start.startswith((_GZIP, _ZSTD)):
        return False
    head = Source(stream).read(_HEAD)
    stream.seek(0)
    # Of the other byte order, too: then it is said which file it is, and why it is not read.
    marked = head[:4] == SECTION_MARK and head[8:12] in (BYTE_ORDER_MARK, OTHER_BYTE_ORDER)
    return marked and not has_packets(head)


def has_packets(head: bytes) -> bool:
    """Whether what follows the section header is of a file of packets."""
    size = int.from_bytes(head[4:8], "little")
    kind = head[size : size + 4]
    return size >= 12 and len(kind) == 4 and int.from_bytes(kind, "little") in _PACKETS


def section_version(block: bytes) -> tuple[int, int]:
    """Major and minor version of a section header block, given from its beginning.

    Raises:
        FormatError: It is none, of the other byte order, of packets, or of a version that nobody has written.
    """
    if block[:4] == SECTION_MARK and has_packets(block[:_HEAD]):
        raise FormatError("a pcapng file of packets, not a .scap file", 0)
    if block[:4] == SECTION_MARK and block[8:12] == OTHER_BYTE_ORDER:
        raise FormatError("a .scap file of a big-endian machine; those of little-endian ones are read", 0)
    if len(block) < 28 or block[:4] != SECTION_MARK or block[8:12] != BYTE_ORDER_MARK:
        raise FormatError("this is not a .scap file: it does not begin with a section header", 0)
    major, minor = int.from_bytes(block[12:14], "little"), int.from_bytes(block[14:16], "little")
    if major != 1:
        raise FormatError(f"a .scap file of version {major}.{minor}; 1.x can be converted", 0)
    return major, minor
