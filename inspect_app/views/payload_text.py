"""Bytes as lines of text, in the three ways that analysts know."""

from __future__ import annotations

from enum import StrEnum

_DOTS = bytes(byte if 0x20 <= byte < 0x7F else 0x2E for byte in range(256))
_PER_HEX_LINE = 16
_TAB = 8


class Rendering(StrEnum):
    """How payload is shown."""

    DOTTED = "Dotted ASCII"
    """What cannot be printed is a dot; every byte takes one place."""
    PRINTABLE = "Printable ASCII"
    """What cannot be printed is left out; line ends are honoured."""
    HEX = "Hex and ASCII"


def render(data: bytes, rendering: Rendering, width: int) -> list[str]:
    """Lines of at most `width` characters; no bytes give no line."""
    if rendering is Rendering.HEX:
        return _hex_lines(data)
    if rendering is Rendering.DOTTED:
        return _wrapped(data.translate(_DOTS).decode("ascii"), width)
    kept = bytes(byte for byte in data if 0x20 <= byte < 0x7F or byte in b"\t\n")
    lines = [_wrapped(line.expandtabs(_TAB), width) or [""] for line in kept.decode("ascii").split("\n")]
    if lines and lines[-1] == [""]:
        lines.pop()
    return [line for group in lines for line in group]


def _wrapped(text: str, width: int) -> list[str]:
    width = max(8, width)
    return [text[start : start + width] for start in range(0, len(text), width)]


def _hex_lines(data: bytes) -> list[str]:
    lines = []
    for start in range(0, len(data), _PER_HEX_LINE):
        part = data[start : start + _PER_HEX_LINE]
        left, right = part[:8].hex(" "), part[8:].hex(" ")
        lines.append(f"{start:08x}  {left:<23}  {right:<23}  |{part.translate(_DOTS).decode('ascii')}|")
    return lines
