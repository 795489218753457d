"""The first message of either side of a TLS connection, from bytes that may be anything (RFC 8446).

    record     ::=  22:u8 version:u16 length:u16 handshake
    handshake  ::=  kind:u8 length:u24 version:u16 random[32] session:(u8 …) hello
    hello      ::=  suites:(u16 …) compressions:(u8 …) extensions        of a client, kind 1
                |   suite:u16 compression:u8 extensions                  of a server, kind 2
    extensions ::=  length:u16 (type:u16 data:(u16 …))*

Of a hello that was cut off, what is there is told; its names stand behind its suites.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSIONS = {0x0300: "SSL 3.0", 0x0301: "1.0", 0x0302: "1.1", 0x0303: "1.2", 0x0304: "1.3"}
RECORD = 5
MAX_HELLO = 16 << 10
_MAX_EXTENSIONS, _MAX_PROTOCOLS = 64, 16
_HANDSHAKE, _CLIENT, _SERVER = 22, 1, 2
_NAMES, _PROTOCOLS, _VERSIONS = 0, 16, 43


@dataclass(frozen=True, slots=True)
class TlsHello:
    """One hello. What was not told, or not kept, is empty."""

    is_client: bool
    name: str
    """The server's name that a client asks for (SNI)."""
    version: str
    """A client's: the newest that it offers; a server's: the one chosen. Empty where it was not kept."""
    protocols: str
    """Protocols inside (ALPN), joined with commas: offered or chosen."""
    cut: bool
    """Some of the hello was not kept."""


class _Reader:
    """Takes bytes from the front; behind the end comes nothing, and `cut` is set."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self.cut = False

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        self._at += count
        self.cut |= len(found) < count
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> _Reader:
        """A part that states its own length; `cut` where the bytes end within it."""
        part = _Reader(self.take(self.number(size)))
        part.cut = self.cut
        return part


def wanted(data: bytes) -> int:
    """How many bytes the record has that begins here."""
    return RECORD + int.from_bytes(data[3:RECORD], "big") if len(data) >= RECORD else RECORD


def parse_hello(data: bytes) -> TlsHello | None:
    """The hello that bytes begin with; None where they are anything else."""
    record = _Reader(data[:MAX_HELLO])
    content, major, minor, _ = (record.number(size) for size in (1, 1, 1, 2))
    kind = record.number(1)
    if content != _HANDSHAKE or major != 3 or minor > 4:
        return None
    if kind not in (_CLIENT, _SERVER):
        return None
    size = record.number(3)
    old = record.number(2)
    if record.cut or size > MAX_HELLO or old not in VERSIONS:
        return None
    record.take(32)
    session = record.vector(1)
    if kind == _CLIENT:
        record.vector(2)
        record.vector(1)
    else:
        record.take(3)
    told = _extensions(record) if record else {}
    newest, protocols, name = _told(told, is_client=kind == _CLIENT)
    # Before 1.3 there is no such extension; a part of the extensions may hide one.
    cut = record.cut or session.cut
    version = newest or ("" if cut else VERSIONS[old])
    return TlsHello(kind == _CLIENT, name, version, protocols, cut)


def _extensions(record: _Reader) -> dict[int, _Reader]:
    """The first of each type."""
    part = record.vector(2)
    found: dict[int, _Reader] = {}
    for _ in range(_MAX_EXTENSIONS):
        if not part:
            break
        kind = part.number(2)
        found.setdefault(kind, part.vector(2))
    record.cut |= part.cut
    return found


def _told(extensions: dict[int, _Reader], *, is_client: bool) -> tuple[str, str, str]:
    """Version, protocols and server name."""
    version = ""
    if (part := extensions.get(_VERSIONS)) is not None:
        versions = part.vector(1) if is_client else part
        offered = [versions.number(2) for _ in range(_MAX_EXTENSIONS) if versions]
        version = VERSIONS.get(max((one for one in offered if one in VERSIONS), default=0), "")
    protocols: list[str] = []
    if (part := extensions.get(_PROTOCOLS)) is not None:
        names = part.vector(2)
        protocols = [_text(names.take(names.number(1))) for _ in range(_MAX_PROTOCOLS) if names]
    name = ""
    if is_client and (part := extensions.get(_NAMES)) is not None:
        names = part.vector(2)
        if names.number(1) == 0:
            name = _text(names.take(names.number(2))).lower()
    return version, ",".join(protocols), name


def _text(data: bytes) -> str:
    return data[:255].decode("ascii", "backslashreplace")
