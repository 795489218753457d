"""What payload can be searched for: text, bytes, and patterns of RE2.

All run in RE2, whose time is linear in the payload whatever the pattern is, and over bytes: `.` is any byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inspect_app.filters.errors import FilterError
from inspect_app.filters.patterns import compiled

_MAX_PATTERN = 4_096
_REACH = 256
_LINES = re.compile(rb"[$]|(?<!\[)\^|\\\[\^|\\[AzZbBC]")
"""What in a pattern asks what stands beside a byte."""

Find = Callable[[bytes, int, int], tuple[int, int] | None]
"""(bytes, from, to) → where the first match begins and ends, None without one."""


@dataclass(frozen=True, slots=True)
class Needle:
    """What is searched for."""

    find: Find
    reach: int
    """Bytes that a match over several calls may have in the first or the last of them."""
    by_lines: bool = False
    """Whether `^` and `$` mean something: each event's bytes then begin and end a line."""
    spellings: tuple[bytes, ...] = ()
    """The bytes themselves, in lower and upper case where either will do; empty for a pattern."""
    find_half: Find | None = None
    """Finds the first half of the bytes; None for a pattern."""


def plain_text(text: str, *, ignore_case: bool = False) -> Needle:
    """Find a text in UTF-8. Raises FilterError for an empty or overlong one."""
    wanted = text.encode("utf-8", "surrogateescape")
    if not ignore_case:
        return plain_bytes(wanted)
    _check_length(wanted)
    if text.isascii():
        # RE2 reads this text by bytes, and then knows no other case of what is no ASCII.
        return _literal(wanted, b"(?i)", (wanted.lower(), wanted.upper()))
    return Needle(_finder(compiled(b"(?i)" + re.escape(wanted))), _REACH)


def hex_bytes(digits: str) -> Needle:
    """Find bytes given as `de ad be ef`. Raises FilterError for what is no such thing."""
    try:
        return plain_bytes(bytes.fromhex(digits))
    except ValueError as error:
        raise FilterError(f"{digits!r} are no bytes in hex; write them as 'de ad be ef'") from error


def plain_bytes(wanted: bytes) -> Needle:
    """Find these bytes. Raises FilterError for none, or too many."""
    _check_length(wanted)
    return _literal(wanted, b"", (wanted,))


def pattern(text: str) -> Needle:
    """Find what an RE2 pattern over bytes matches, `^` and `$` at lines; an empty match is none.

    Raises:
        FilterError: it is no pattern, too long, or wants too much memory.
    """
    raw = text.encode("utf-8", "surrogateescape")
    _check_length(raw)
    find = _finder(compiled(b"(?m)" + raw, any_bytes=True))
    return Needle(find, _REACH, by_lines=_LINES.search(raw) is not None)


def _literal(wanted: bytes, flags: bytes, spellings: tuple[bytes, ...]) -> Needle:
    # RE2 looks for the first and the last byte at once, several times quicker than bytes.find.
    whole, half = (
        _finder(compiled(flags + _spelled(part), any_bytes=True))
        for part in (wanted, wanted[: (len(wanted) + 1) // 2])
    )
    return Needle(whole, len(wanted) - 1, spellings=spellings, find_half=half)


def _finder(compiled_pattern: Any) -> Find:
    search_in = compiled_pattern.search

    def find(data: bytes, start: int, end: int) -> tuple[int, int] | None:
        while start < end and (found := search_in(data, start, end)) is not None:
            if found.end() > found.start():
                return int(found.start()), int(found.end())
            start = found.end() + 1
        return None

    return find


def _spelled(wanted: bytes) -> bytes:
    """A pattern of exactly these bytes."""
    return b"".join(
        bytes((byte,)) if chr(byte).isalnum() and byte < 128 else b"\\x%02x" % byte for byte in wanted
    )


def _check_length(wanted: bytes) -> None:
    if not wanted:
        raise FilterError("there is nothing to search for")
    if len(wanted) > _MAX_PATTERN:
        raise FilterError(f"what is searched for has {len(wanted):,} bytes, more than {_MAX_PATTERN:,}")
