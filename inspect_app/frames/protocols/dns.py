"""DNS messages, from bytes that may be anything (RFC 1035).

    message   ::=  header question* record*
    header    ::=  id:u16 flags:u16 questions:u16 answers:u16 authorities:u16 additionals:u16
    question  ::=  name type:u16 class:u16
    record    ::=  name type:u16 class:u16 ttl:u32 length:u16 data
    name      ::=  (length:u8 bytes[length])* (0 | pointer:u16)

A pointer must lead to a place before its own, so that no name goes on for ever. What claims to be whole must
be read to its last byte; of what was cut off, what is there is told.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

TYPES = {
    **{1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV"},
    **{35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB"},
    **{65: "HTTPS", 99: "SPF", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA"},
}
"""IANA's numbers of record types; others are written TYPE123 (RFC 3597)."""
CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET")
HEADER = 12
MAX_QUESTIONS, MAX_RECORDS, MAX_MESSAGES = 8, 64, 16
_MAX_NAME, _MAX_POINTERS = 255, 32
_CLASSES = frozenset({1, 3, 4, 254, 255})
_ANSWER, _OPCODE, _CODE = 0x8000, 0x7800, 0x000F
_A, _AAAA, _MX = 1, 28, 15
_NAMES = frozenset({2, 5, 12, 39})
"""Types whose data is a name."""


@dataclass(frozen=True, slots=True)
class DnsMessage:
    """One query or answer."""

    id: int
    is_answer: bool
    name: str
    """Asked for, in lower case; as far as it was kept."""
    type: str
    """Asked for: A, AAAA, …; empty where it was not kept."""
    code: str
    """NOERROR, NXDOMAIN, …; empty for a query."""
    answers: tuple[str, ...]
    """Addresses and names of the answer section; of other types: the type."""
    cut: bool
    """Some of it was not kept."""


class _Cut(Exception):
    """The bytes end within something."""


class _Wrong(Exception):
    """This is no DNS."""


def parse_messages(data: bytes, *, cut: bool) -> list[DnsMessage]:
    """The messages that bytes consist of, one after the other; none where they are anything else.

    Args:
        data: of one datagram, or of several that one call moved.
        cut: whether bytes after these were not kept.
    """
    found: list[DnsMessage] = []
    at = 0
    while at < len(data) and len(found) < MAX_MESSAGES:
        try:
            message, at = _message(data[at : at + (1 << 16)], at, cut=cut)
        except (_Wrong, _Cut):
            return found if cut else []
        found.append(message)
    return found


def _message(data: bytes, before: int, *, cut: bool) -> tuple[DnsMessage, int]:
    """A message and where it ends, counted from `before` its first byte. Raises _Wrong, _Cut."""
    if len(data) < HEADER:
        raise _Cut
    number, flags, *counts = (int.from_bytes(data[at : at + 2], "big") for at in range(0, HEADER, 2))
    if flags & _OPCODE or not 1 <= counts[0] <= MAX_QUESTIONS or sum(counts[1:]) > MAX_RECORDS:
        raise _Wrong
    body = _Body()
    try:
        end = body.read(data, counts)
    except _Cut as error:
        if not cut:
            raise _Wrong from error
        end = -1
    is_answer = bool(flags & _ANSWER)
    message = DnsMessage(
        id=number,
        is_answer=is_answer,
        name=(".".join(body.labels) or ".").lower(),
        type=body.type,
        code=_code(flags & _CODE) if is_answer else "",
        answers=tuple(body.answers),
        cut=end < 0,
    )
    return message, before + (end if end >= 0 else len(data))


def _code(number: int) -> str:
    return CODES[number] if number < len(CODES) else f"RCODE{number}"


@dataclass(slots=True)
class _Body:
    """What is read of a message's questions and records, also where the bytes end within them."""

    labels: list[str] = field(default_factory=list)
    type: str = ""
    answers: list[str] = field(default_factory=list)

    def read(self, data: bytes, counts: list[int]) -> int:
        """Where they end. Raises _Wrong, _Cut."""
        at = _name(data, HEADER, self.labels)
        self.type, at = _numbers(data, at)
        for _ in range(counts[0] - 1):
            _, at = _numbers(data, _name(data, at, []))
        for record in range(sum(counts[1:])):
            told, at = _record(data, at)
            if record < counts[1]:
                self.answers.append(told)
        return at


def _numbers(data: bytes, at: int) -> tuple[str, int]:
    """The type and class behind a question's name, and where they end."""
    if at + 4 > len(data):
        raise _Cut
    if int.from_bytes(data[at + 2 : at + 4], "big") & 0x7FFF not in _CLASSES:
        raise _Wrong
    return type_name(int.from_bytes(data[at : at + 2], "big")), at + 4


def _record(data: bytes, at: int) -> tuple[str, int]:
    at = _name(data, at, [])
    if at + 10 > len(data):
        raise _Cut
    kind = int.from_bytes(data[at : at + 2], "big")
    start = at + 10
    end = start + int.from_bytes(data[at + 8 : at + 10], "big")
    if end > len(data):
        raise _Cut
    return _data(data, kind, start, end), end


def _data(data: bytes, kind: int, start: int, end: int) -> str:
    """What a record tells, as text."""
    if kind == _A and end - start == 4:
        return socket.inet_ntop(socket.AF_INET, data[start:end])
    if kind == _AAAA and end - start == 16:
        return socket.inet_ntop(socket.AF_INET6, data[start:end])
    if kind in _NAMES or (kind == _MX and end - start > 2):
        labels: list[str] = []
        if _name(data, start + 2 * (kind == _MX), labels) != end:
            raise _Wrong
        return ".".join(labels).lower() or "."
    return type_name(kind)


def _name(data: bytes, at: int, labels: list[str]) -> int:
    """Where the name at a place ends; its labels are added to `labels`, also those before a cut."""
    end = -1
    for label, after in _labels(data, at):
        if label is None:
            end = after if end < 0 else end
        else:
            labels.append(_text(label))
    return end


def _labels(data: bytes, at: int) -> Iterator[tuple[bytes | None, int]]:
    """Each label; None with the place behind it where a pointer or the end comes."""
    length = pointers = 0
    limit = at
    while True:
        if at >= len(data):
            raise _Cut
        size = data[at]
        if size >= 0xC0:
            if at + 2 > len(data):
                raise _Cut
            yield None, at + 2
            target = (size & 0x3F) << 8 | data[at + 1]
            pointers += 1
            if target >= limit or pointers > _MAX_POINTERS:
                raise _Wrong
            at = limit = target
            continue
        if size >= 0x40:
            raise _Wrong
        if not size:
            yield None, at + 1
            return
        length += size + 1
        if length > _MAX_NAME:
            raise _Wrong
        if at + 1 + size > len(data):
            raise _Cut
        yield data[at + 1 : at + 1 + size], 0
        at += 1 + size


def _text(label: bytes) -> str:
    r"""A label as zone files write it: what is no plain character as \DDD (RFC 1035, 5.1)."""
    if label.isalnum():
        return label.decode("ascii")
    plain = (chr(byte) if 0x21 <= byte < 0x7F and byte not in b'."\\' else f"\\{byte:03d}" for byte in label)
    return "".join(plain)


def type_name(number: int) -> str:
    """`A`, `AAAA`, …, `TYPE65280`."""
    return TYPES.get(number, f"TYPE{number}")
