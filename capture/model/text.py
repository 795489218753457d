"""Bytes of a recorded machine as text that nothing can be hidden in.

Names, arguments and payload come from programs that may be hostile. What is shown of them carries no
control characters (terminal escapes), nothing that reorders text (bidi), nothing invisible and
nothing that is no UTF-8; each such character appears as an escape instead:

    \\n \\t \\r     those three
    \\x1b \\xff     any other control character below 0x80; a byte that is not part of valid UTF-8
    \\u202e        a character above 0x7f that does not print, or prints as nothing
    \\\\            a backslash, so that no file name can imitate an escape
"""

from __future__ import annotations

import re

ELLIPSIS = "…"

# Characters that str.isprintable() lets through but that show as nothing, or as a blank.
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef"
)
_ESCAPED_ALWAYS = re.compile(rf"[\\{_INVISIBLE}]")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\"}


def printable(data: bytes | str, limit: int | None = None) -> str:
    """Text that is safe in a terminal, a widget or a report.

    Args:
        data: bytes from a capture; or text, in which undecodable bytes are lone surrogates
            (`errors="surrogateescape"`).
        limit: how much of it to show, in bytes (of bytes) or characters (of text); what is longer
            ends in `…`. None: all of it.
    """
    shown = data if limit is None else _head(data, limit)
    text = shown.decode("utf-8", "surrogateescape") if isinstance(shown, bytes) else shown
    is_plain = text.isascii() and "\\" not in text
    if not text.isprintable() or (not is_plain and _ESCAPED_ALWAYS.search(text)):
        text = "".join(map(_escaped, text))
    return text if len(shown) == len(data) else text + ELLIPSIS


def quoted(data: bytes | str, limit: int | None = None) -> str:
    """The same between double quotes; `…` stands after the closing quote where something was cut."""
    text = printable(data, limit)
    cut = limit is not None and len(data) > limit
    if cut:
        text = text.removesuffix(ELLIPSIS)
    text = text.replace('"', '\\"')
    return f'"{text}"{ELLIPSIS if cut else ""}'


def _head(data: bytes | str, limit: int) -> bytes | str:
    """The first `limit` units, without a torn UTF-8 character at the end."""
    if len(data) <= limit:
        return data
    if isinstance(data, bytes):
        for end in range(limit, max(limit - 4, -1), -1):
            if data[end] & 0xC0 != 0x80:
                return data[:end]
    return data[:limit]


def _escaped(char: str) -> str:
    if char.isprintable() and not _ESCAPED_ALWAYS.match(char):
        return char
    number = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= number <= 0xDCFF:  # a byte that UTF-8 could not decode
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
