"""Looking things up in a BoltDB file that its owner is using: Podman's database before 4.8, containerd's.

    file     ::=  page*                  pages of the size that the meta pages state; two meta pages first
    page     ::=  id u64  flags u16  count u16  overflow u32  element*  keys and values
    meta     ::=  magic u32  version u32  page size u32  flags u32  root bucket  freelist u64
                  high water u64  transaction u64  checksum u64        FNV-1a of the 56 bytes before it
    branch   ::=  position u32  key size u32  page u64
    leaf     ::=  flags u32  position u32  key size u32  value size u32         flag 1: the value is a bucket
    bucket   ::=  root page u64  sequence u64  [page]                  root 0: the page itself follows

The format is that of go.etcd.io/bbolt (page.go, bucket.go, db.go), in the byte order of the machine; only
little endian is read. The owner holds a lock on the file for as long as it runs, so none is taken. It never
writes to a page of the newest state but makes new ones, and those of a state may be used again two
transactions later: an answer counts only if no second one has begun meanwhile, else the question is asked
again.

Only the pages on the way to an answer are read, no more than `MAX_PAGES` of them and `MAX_READ` bytes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from capture.containers import documents
from capture.containers.documents import MetadataError

MAX_PAGES = 4096
MAX_READ = 64 << 20
"""Bytes of all pages that one question may need."""
MAX_PAGE = 8 << 20
"""Bytes of one page with those that continue it."""
MAX_KEY = 32 << 10
"""Bytes; BoltDB's own limit."""
MAX_VALUE = documents.MAX_DOCUMENT
"""Bytes of one value, and of all values of a bucket together."""
_TRIES = 4
_MAGIC, _VERSION = 0xED0CDAED, 2
_META = struct.Struct("<IIIIQQQQQQ")
_HEADER = struct.Struct("<QHHI")
_BRANCH_ELEMENT = struct.Struct("<IIQ")
_LEAF_ELEMENT = struct.Struct("<IIII")
_BUCKET_HEADER = struct.Struct("<QQ")
_BRANCH, _LEAF = 0x01, 0x02
_MAX_DEPTH = 32

Answer = TypeVar("Answer")


def ask(path: Path, question: Callable[[Bucket], Answer]) -> Answer | None:
    """Answer a question about the newest state of a database; None if there is no such file.

    Raises:
        MetadataError: it is no BoltDB, damaged, too large to look through, or changes too fast.
    """
    with documents.opened(path) as descriptor:
        if descriptor is None:
            return None
        for _ in range(_TRIES):
            state = _newest(descriptor, path)
            try:
                answer = question(_Pages(descriptor, path, state).root())
            except MetadataError:
                # A page that was used again half way looks like damage.
                if _newest(descriptor, path).transaction <= state.transaction + 1:
                    raise
                continue
            if _newest(descriptor, path).transaction <= state.transaction + 1:
                return answer
    raise MetadataError(f"{path} changed too fast to be read")


@dataclass(frozen=True, slots=True)
class _State:
    page_size: int
    root: int
    high_water: int
    transaction: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A table of keys; a value is bytes or another bucket."""

    _pages: _Pages
    _page: bytes

    def value(self, *keys: bytes) -> bytes | None:
        """The value below some keys, each but the last one a bucket; None if it is not there."""
        inner = self.bucket(*keys[:-1])
        found = None if inner is None else inner._find(keys[-1])
        return None if found is None or found[0] else found[1]

    def bucket(self, *keys: bytes) -> Bucket | None:
        """The bucket below some keys; None if it is not there."""
        inner: Bucket | None = self
        for key in keys:
            found = None if inner is None else inner._find(key)
            inner = self._pages.bucket(found[1]) if found is not None and found[0] else None
        return inner

    def values(self) -> dict[bytes, bytes]:
        """Keys and values, without buckets, at most `documents.MAX_ITEMS`."""
        found: dict[bytes, bytes] = {}
        left = MAX_VALUE
        for key, is_bucket, value in self._entries():
            if not is_bucket and len(found) < documents.MAX_ITEMS and value.size <= left:
                left -= value.size
                found[key] = value.cut()
        return found

    def buckets(self) -> list[bytes]:
        """The keys of buckets, at most `documents.MAX_ITEMS`."""
        names = (key for key, is_bucket, _ in self._entries() if is_bucket)
        return [key for key, _ in zip(names, range(documents.MAX_ITEMS), strict=False)]

    def _entries(self) -> Iterator[tuple[bytes, bool, _Value]]:
        waiting = [(self._page, 0)]
        while waiting:
            page, depth = waiting.pop()
            if self._pages.is_branch(page):
                below = [self._pages.read(number, depth + 1) for _, number in self._pages.branches(page)]
                waiting.extend((inner, depth + 1) for inner in reversed(below))
            else:
                yield from self._pages.leaves(page)

    def _find(self, key: bytes) -> tuple[bool, bytes] | None:
        page, depth = self._page, 0
        while self._pages.is_branch(page):
            branches = self._pages.branches(page)
            below = [number for first, number in branches if first <= key] or [branches[0][1]]
            page, depth = self._pages.read(below[-1], depth + 1), depth + 1
        leaves = self._pages.leaves(page)
        return next(((is_bucket, value.cut()) for name, is_bucket, value in leaves if name == key), None)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that is not yet copied: a hostile page may state the same bytes for each of its elements."""

    page: bytes
    start: int
    size: int

    def cut(self) -> bytes:
        return self.page[self.start : self.start + self.size]


class _Pages:
    """Reads pages of one state of a database, and takes them apart."""

    def __init__(self, descriptor: int, path: Path, state: _State) -> None:
        self._descriptor = descriptor
        self._path = path
        self._state = state
        self._pages_left = MAX_PAGES
        self._bytes_left = MAX_READ

    def root(self) -> Bucket:
        return Bucket(self, self.read(self._state.root, 0))

    def bucket(self, value: bytes) -> Bucket:
        if len(value) < _BUCKET_HEADER.size:
            raise self._damage("a bucket is cut short")
        page, _ = _BUCKET_HEADER.unpack_from(value)
        inline = value[_BUCKET_HEADER.size :]
        if not page and (len(inline) < _HEADER.size or self.is_branch(inline)):
            raise self._damage("a bucket's own page is none")
        return Bucket(self, self.read(page, 0) if page else inline)

    def read(self, number: int, depth: int) -> bytes:
        """A page with those that continue it."""
        size = self._state.page_size
        if not 2 <= number < self._state.high_water:
            raise self._damage(f"there is no page {number}")
        page = os.pread(self._descriptor, size, number * size)
        if len(page) < size:
            raise self._damage(f"page {number} is cut short")
        stated, _, _, overflow = _HEADER.unpack_from(page)
        if stated != number or (overflow + 1) * size > MAX_PAGE:
            raise self._damage(f"page {number} is none")
        self._pages_left -= 1
        self._bytes_left -= (overflow + 1) * size
        if self._pages_left < 0 or self._bytes_left < 0 or depth > _MAX_DEPTH:
            raise MetadataError(f"{self._path} is too large to be looked through")
        return page + os.pread(self._descriptor, overflow * size, (number + 1) * size) if overflow else page

    def is_branch(self, page: bytes) -> bool:
        flags = _HEADER.unpack_from(page)[1]
        if flags not in (_BRANCH, _LEAF):
            raise self._damage("a page is of another kind than wanted")
        return bool(flags == _BRANCH)

    def branches(self, page: bytes) -> list[tuple[bytes, int]]:
        """(first key, page) of the pages below; at least one."""
        rows = [
            (self._inside(page, at + position, size, MAX_KEY).cut(), below)
            for at, (position, size, below) in self._elements(page, _BRANCH_ELEMENT)
        ]
        if not rows:
            raise self._damage("a branch leads nowhere")
        return rows

    def leaves(self, page: bytes) -> Iterator[tuple[bytes, bool, _Value]]:
        """(key, whether the value is a bucket, value)."""
        for at, (flags, position, key, value) in self._elements(page, _LEAF_ELEMENT):
            start = at + position
            name = self._inside(page, start, key, MAX_KEY).cut()
            yield name, bool(flags & 1), self._inside(page, start + key, value, MAX_VALUE)

    def _elements(self, page: bytes, form: struct.Struct) -> Iterator[tuple[int, tuple[int, ...]]]:
        count = _HEADER.unpack_from(page)[2]
        if _HEADER.size + count * form.size > len(page):
            raise self._damage("a page states more elements than it has")
        for at in range(_HEADER.size, _HEADER.size + count * form.size, form.size):
            yield at, form.unpack_from(page, at)

    def _inside(self, page: bytes, start: int, size: int, most: int) -> _Value:
        if start + size > len(page) or size > most:
            raise self._damage("a key or value reaches beyond its page")
        return _Value(page, start, size)

    def _damage(self, what: str) -> MetadataError:
        return MetadataError(f"{self._path} is no BoltDB that can be read: {what}")


def _newest(descriptor: int, path: Path) -> _State:
    """The newer of the two meta pages that are whole. The second lies one page behind the first."""
    first = os.pread(descriptor, 65536 + 80, 0)
    places = (0, *(1 << shift for shift in range(9, 17)))
    found = [state for at in places if (state := _meta(first, at)) is not None]
    if not found:
        raise MetadataError(f"{path} is no BoltDB that can be read: no meta page is whole")
    return max(found, key=lambda state: state.transaction)


def _meta(head: bytes, at: int) -> _State | None:
    start = at + _HEADER.size
    if len(head) < start + _META.size:
        return None
    magic, version, size, _, root, _, _, high, transaction, stated = _META.unpack_from(head, start)
    usable = magic == _MAGIC and version == _VERSION and at in (0, size)
    sane = 512 <= size <= 65536 and size & (size - 1) == 0
    if not usable or not sane or _fnv(head[start : start + _META.size - 8]) != stated:
        return None
    return _State(size, root, high, transaction)


def _fnv(content: bytes) -> int:
    """FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for byte in content:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value
