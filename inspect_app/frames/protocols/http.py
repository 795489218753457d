"""Heads of HTTP/1 messages, from bytes that may be anything (RFC 9112).

    head      ::=  (request | status) CRLF (name ":" value CRLF)* CRLF
    request   ::=  method SP target SP "HTTP/1." digit
    status    ::=  "HTTP/1." digit SP digit digit digit (SP reason)

Of a head that was cut off, what is there is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

METHODS = ("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE")
MAX_HEAD = 16 << 10
"""Bytes that are looked at; servers refuse longer heads, too."""
_MAX_FIELDS, _MAX_TEXT = 128, 2_048
_VERSION = b"HTTP/1."
_METHODS = frozenset(method.encode() for method in METHODS)
_BODY = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class HttpHead:
    """The first lines of one request or response. What was not told, or not kept, is empty; -1 a status."""

    method: str = ""
    """Empty for a response."""
    target: str = ""
    """What was asked for, as it was written: /path?query, or a whole URL."""
    version: str = ""
    """1.0 or 1.1."""
    status: int = -1
    host: str = ""
    user_agent: str = ""
    content_type: str = ""
    cut: bool = False
    """Some of the head was not kept."""
    size: int = 0
    """Bytes of head and body; 0 where it is not told how long the body is."""

    @property
    def path(self) -> str:
        """The target without query, scheme and host."""
        target = self.target.partition("?")[0]
        if "://" in target[:9]:
            _, slash, rest = target.partition("://")[2].partition("/")
            return slash + rest or "/"
        return target


def is_whole(data: bytes) -> bool:
    """Whether a head ends within these bytes."""
    return _BODY in data[:MAX_HEAD]


def parse_head(data: bytes, *, cut: bool) -> HttpHead | None:
    """The head that bytes begin with; None where they are anything else.

    Args:
        data: what was moved, from the first byte of the head on.
        cut: whether bytes after these were not kept.
    """
    head, end, _ = data[:MAX_HEAD].partition(_BODY)
    if not end and not cut and len(data) < MAX_HEAD and b"\r\n" not in head:
        return None
    line, *fields = head.split(b"\r\n", _MAX_FIELDS)
    # Without its end the last line may be a part of one.
    complete = bool(end) or bool(fields)
    first = _status(line) if line.startswith(_VERSION) else _request(line, complete=complete)
    if first is None:
        return None
    told = _fields(fields[:_MAX_FIELDS] if end else fields[:-1])
    return HttpHead(
        **first,
        host=told.get(b"host", ""),
        user_agent=told.get(b"user-agent", ""),
        content_type=told.get(b"content-type", ""),
        cut=not end,
        size=len(head) + len(end) + body if end and (body := _body(first, told)) >= 0 else 0,
    )


def begins_message(data: bytes) -> bool:
    """Whether bytes may begin a head: with a method, or with a version."""
    return data.startswith(_VERSION) or data[:8].partition(b" ")[0] in _METHODS


def _body(first: Mapping[str, str | int], told: Mapping[bytes, str]) -> int:
    """Bytes of the body by what the head says (RFC 9112, 6.3), -1 where it does not."""
    if b"transfer-encoding" in told:
        return -1
    length = told.get(b"content-length", "")
    if length:
        return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else -1
    status = first.get("status")
    return 0 if status is None or status in (204, 304) or status in range(100, 200) else -1


def _request(line: bytes, *, complete: bool) -> dict[str, str] | None:
    method, *rest = line.split(b" ", 2)
    if method not in _METHODS or not rest or not rest[0]:
        return None
    target, version = rest[0], rest[1] if len(rest) > 1 else b""
    if complete and not _is_version(version):
        return None
    if not complete and version and not _is_version(version) and not _VERSION.startswith(version[:7]):
        return None
    if not complete and not target[:1].isalnum() and target[:1] not in b"/*[":
        return None
    return {
        "method": method.decode("ascii"),
        "target": _text(target),
        "version": version[5:8].decode("ascii") if _is_version(version) else "",
    }


def _status(line: bytes) -> dict[str, str | int] | None:
    if not _is_version(line[:8]):
        return None
    found = {"version": line[5:8].decode("ascii")}
    code = line[9:12]
    if len(line) < 12:
        return dict(found)
    if (
        line[8:9] != b" "
        or not code.isdigit()
        or not 100 <= int(code) <= 999
        or line[12:13] not in (b"", b" ")
    ):
        return None
    return {**found, "status": int(code)}


def _is_version(text: bytes) -> bool:
    return len(text) == 8 and text.startswith(_VERSION) and text[7:].isdigit()


def _fields(lines: list[bytes]) -> Mapping[bytes, str]:
    """The first value of each field."""
    told: dict[bytes, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            told.setdefault(name.lower(), _text(value.strip()))
    return told


def _text(data: bytes) -> str:
    return data[:_MAX_TEXT].decode("utf-8", "backslashreplace")
