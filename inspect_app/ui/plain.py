"""Text of a capture on the screen: one line, no control characters, no tricks with writing direction."""

from __future__ import annotations

from functools import lru_cache

from capture.model.decode import printable

_LONGEST = 2_048


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """The text with everything escaped that is no letter on a line."""
    if text.isascii() and text.isprintable() and len(text) < _LONGEST:
        return text
    return printable(text.encode("utf-8", "surrogateescape"), _LONGEST)
