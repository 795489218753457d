r"""Blocks, the unit in which a capture is written, skipped, checked and found again.

A capture is a sequence of msgpack objects and nothing else:

    capture  ::=  block(section) block* block(end)?
    block    ::=  array(4)  mark  header  body  digest
    mark     ::=  bin(8)    "\x89EXHUME\n"
    header   ::=  bin       a msgpack map, see `Header`
    body     ::=  bin       what the kind says
    digest   ::=  bin(32)   SHA-256 of every byte of the block before the digest

The header holds the digest of the block before, so the digests are a chain: no block can be
changed, taken out, put in or moved without a later digest telling.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_CUR, BytesIO
from threading import local
from typing import Any, BinaryIO

import msgpack
import zstandard

from capture.format.errors import FormatError

MARK = b"\x89EXHUME\n"
PREFIX = b"\x94\xc4\x08" + MARK
"""The first bytes of every block: an array of four, the first a bin of eight."""
DIGEST_SIZE = 32
_DIGEST_PREFIX = b"\xc4\x20"
_WIDTHS = {b"\xc4": 1, b"\xc5": 2, b"\xc6": 4}
"""Bytes of the length in msgpack's three forms of a bin."""
TAIL_SIZE = len(_DIGEST_PREFIX) + DIGEST_SIZE
"""Bytes of a block behind its body."""
GENESIS = bytes(DIGEST_SIZE)
"""What the first block names as the digest before it."""

IN_PROGRESS_BLOCK = "in progress"
"""Names a block of calls that had not returned when the file ended: a later file may have them whole."""

MAX_HEADER = 64 << 10
MAX_BODY = 64 << 20
MAX_DOCUMENT = 256 << 20
"""Bytes that a document may have when it is no longer compressed."""
MAX_DEPTH = 32
MAX_LENGTH = 1 << 20
"""Entries of one array; a longer table is spread over several blocks."""
MAX_OBJECTS = 8 << 20


@dataclass(slots=True)
class Allowance:
    """How much the documents of a file may still unpack to: a small file must not fill the memory.

    Bytes alone are no measure, for an empty list takes one byte in msgpack and seventy in memory.
    """

    bytes: int = MAX_DOCUMENT
    objects: int = MAX_OBJECTS

    def grow(self, size: int) -> None:
        """What so many more bytes of a file may hold: far more than any recorder packs into them."""
        self.bytes += 64 * size
        self.objects += 4 * size

    def take(self, container: Any) -> Any:
        """Count a list or map and what is in it.

        Raises:
            FormatError: There are too many.
        """
        self.objects -= 1 + len(container)
        if self.objects < 0:
            raise FormatError("the documents hold more values than any recorder writes")
        return container


@dataclass(frozen=True, slots=True)
class Header:
    """The plain part of a block: enough to skip it."""

    kind: str
    """`events`, `note` and the others of docs/capture-format.md; unknown kinds are skipped."""
    seq: int
    """Position in the file, from 0."""
    count: int
    """Events or rows in the body."""
    first: int
    """Time of the first event, ns since 1970 UTC; 0 where it does not apply."""
    last: int
    """Time of the last event."""
    before: bytes
    """Digest of the block before."""
    name: str = ""
    """Which table a snapshot block holds; of events, IN_PROGRESS_BLOCK or empty."""

    def pack(self) -> bytes:
        """The header as a msgpack map."""
        return bytes(msgpack.packb({slot: getattr(self, slot) for slot in self.__slots__}))


@dataclass(frozen=True, slots=True)
class Block:
    """One whole block as found in a file; its digest has been checked."""

    header: Header
    offset: int
    size: int
    """Bytes in the file, digest included."""
    digest: bytes
    body: bytes


def pack_block(header: Header, body: bytes) -> tuple[bytes, bytes]:
    """A block ready to be appended, and its digest.

    Raises:
        ValueError: The body is larger than a reader would take.
    """
    if len(body) > MAX_BODY:
        raise ValueError(f"a block of {len(body)} bytes, at most {MAX_BODY} can be read again")
    head = header.pack()
    start = PREFIX + msgpack.packb(head) + msgpack.packb(body)
    digest = hashlib.sha256(start).digest()
    return start + _DIGEST_PREFIX + digest, digest


def read_block(stream: BinaryIO, offset: int) -> Block | None:
    """Read the block at the stream's position; None at the end of the file.

    Raises:
        CutShort: The file ends inside the block.
        FormatError: The bytes are no block, or not those that were written.
    """
    start = stream.read(len(PREFIX))
    if not start:
        return None
    if start != PREFIX:
        if PREFIX.startswith(start):
            raise CutShort("the file ends inside a block's first bytes", offset)
        raise FormatError("no block starts here", offset)
    hasher = hashlib.sha256(start)
    head, head_size = _read_bin(stream, hasher, MAX_HEADER, "header", offset)
    body, body_size = _read_bin(stream, hasher, MAX_BODY, "body", offset)
    end = stream.read(len(_DIGEST_PREFIX) + DIGEST_SIZE)
    if len(end) < len(_DIGEST_PREFIX) + DIGEST_SIZE:
        raise CutShort("the file ends inside a block's digest", offset)
    digest = hasher.digest()
    if end != _DIGEST_PREFIX + digest:
        raise FormatError("a block's bytes are not those its digest was made of", offset)
    size = len(PREFIX) + head_size + body_size + len(end)
    return Block(_parse_header(head, offset), offset, size, digest, body)


def claimed_end(stream: BinaryIO, offset: int) -> int | None:
    """Where a block would end by its own lengths, whole or not; None where it has none that can be."""
    stream.seek(offset)
    if stream.read(len(PREFIX)) != PREFIX:
        return None
    for limit in (MAX_HEADER, MAX_BODY):
        width = _WIDTHS.get(stream.read(1))
        length = limit + 1 if width is None else int.from_bytes(stream.read(width), "big")
        if length > limit:
            return None
        stream.seek(length, SEEK_CUR)
    return stream.tell() + len(_DIGEST_PREFIX) + DIGEST_SIZE


def resized_digest(data: bytes) -> bytes:
    """The digest of a block, were its body as long as what there is of it; empty where it cannot be.

    Args:
        data: from the first byte of a block, which has a header, to the last of its digest.
    """
    stream = BytesIO(data)
    stream.seek(len(PREFIX))
    stream.seek(int.from_bytes(stream.read(_WIDTHS.get(stream.read(1), 0)), "big"), SEEK_CUR)
    width = _WIDTHS.get(stream.read(1), 0)
    at = stream.tell()
    content = memoryview(data)[at + width : -TAIL_SIZE]
    if len(content) >= 1 << 8 * width:
        return b""
    hasher = hashlib.sha256(data[:at] + len(content).to_bytes(width, "big"))
    hasher.update(content)
    return hasher.digest()


class CutShort(FormatError):
    """The file ends before the block does."""


def _read_bin(stream: BinaryIO, hasher: Any, limit: int, what: str, offset: int) -> tuple[bytes, int]:
    """One msgpack bin and the number of bytes it took in the file."""
    code = stream.read(1)
    width = _WIDTHS.get(code)
    if not code:
        raise CutShort(f"the file ends before a block's {what}", offset)
    if width is None:
        raise FormatError(f"a block's {what} is no msgpack bin", offset)
    length_bytes = stream.read(width)
    length = int.from_bytes(length_bytes, "big")
    if len(length_bytes) < width:
        raise CutShort(f"the file ends before a block's {what}", offset)
    if length > limit:
        raise FormatError(f"a block claims a {what} of {length} bytes, more than {limit}", offset)
    data = stream.read(length)
    if len(data) < length:
        raise CutShort(f"the file ends inside a block's {what}", offset)
    hasher.update(code + length_bytes)
    hasher.update(data)
    return data, 1 + width + length


def _parse_header(head: bytes, offset: int) -> Header:
    fields = unpack(head, offset)
    try:
        header = Header(**{slot: fields[slot] for slot in Header.__slots__})
    except (KeyError, TypeError) as error:
        raise FormatError("a block's header lacks a field", offset) from error
    numbers = (header.seq, header.count, header.first, header.last)
    if not all(type(number) is int and -(1 << 63) <= number < 1 << 63 for number in numbers):
        raise FormatError("a block's header has a number that is none", offset)
    of_their_type = isinstance(header.kind, str) and isinstance(header.name, str)
    if not of_their_type or header.count < 0 or not _is_digest(header.before):
        raise FormatError("a block's header has a field of the wrong type", offset)
    return header


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_SIZE


def unpack(data: bytes, offset: int | None = None, allowance: Allowance | None = None) -> Any:
    """One msgpack object out of untrusted bytes; str stays valid UTF-8, bin stays bytes.

    Raises:
        FormatError: Not one well-formed object, nested too deeply, or more than `allowance`.
    """
    take = (allowance or Allowance()).take
    try:
        value = msgpack.unpackb(
            data,
            strict_map_key=True,
            max_str_len=len(data),
            max_bin_len=len(data),
            max_array_len=min(len(data), MAX_LENGTH),
            max_map_len=min(len(data) // 2, MAX_LENGTH),
            max_ext_len=0,
            list_hook=take,
            object_hook=take,
        )
    except _UNPACK_ERRORS as error:
        raise FormatError(f"not readable as msgpack ({type(error).__name__})", offset) from error
    _check_depth(value, offset)
    return value


_UNPACK_ERRORS = (
    *(ValueError, TypeError, RecursionError, OverflowError, MemoryError, BufferError),
    msgpack.UnpackException,
)


def _check_depth(value: object, offset: int | None) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, list | dict)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, list | dict)
        ]
        if not level:
            return
    raise FormatError(f"nested deeper than {MAX_DEPTH} levels", offset)


def pack_document(document: object, level: int = 3) -> bytes:
    """A document as the body of a block: msgpack, compressed with zstd."""
    return zstandard.ZstdCompressor(level=level).compress(msgpack.packb(document))


def unpack_document(body: bytes, offset: int | None = None, allowance: Allowance | None = None) -> Any:
    """The document in a block's body; what it takes is taken off the allowance.

    Raises:
        FormatError: Not one, larger than MAX_DOCUMENT, or more than the allowance.
    """
    allowance = allowance or Allowance()
    raw = decompress(body, min(MAX_DOCUMENT, allowance.bytes), offset)
    allowance.bytes -= len(raw)
    with collector_paused():
        return unpack(raw, offset, allowance)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Thousands of live dictionaries make each collection slow, and none of them is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_OF_THREAD = local()


def _unzip() -> zstandard.ZstdDecompressor:
    """One for each thread: making one costs as much as a small column."""
    if not hasattr(_OF_THREAD, "unzip"):
        _OF_THREAD.unzip = zstandard.ZstdDecompressor()
    unzip: zstandard.ZstdDecompressor = _OF_THREAD.unzip
    return unzip


def decompress(data: bytes, limit: int, offset: int | None = None) -> bytes:
    """The bytes of one zstd frame, at most `limit` of them.

    Raises:
        FormatError: Not a zstd frame, or it holds more.
    """
    try:
        # `decompress(max_output_size=...)` trusts a size that the frame itself states: so only one in bounds.
        if 0 <= zstandard.frame_content_size(data) <= limit:
            return bytes(_unzip().decompress(data))
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            raw: bytes = reader.read(limit + 1)
    except (zstandard.ZstdError, MemoryError) as error:
        raise FormatError("a part is not readable as zstd", offset) from error
    if len(raw) > limit:
        raise FormatError(f"a part unpacks to more than {limit} bytes", offset)
    return raw
