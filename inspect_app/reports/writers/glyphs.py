"""Which characters the fonts of a report can draw; others are written as escapes, so that none is a box.

font  ::=  table directory  table*           the OpenType specification, "cmap" and its formats 4 and 12
cmap  ::=  version  count  (platform encoding offset)*  subtable*
"""

from __future__ import annotations

import re
import struct
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

_FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf")
_LAST = 0x110000


def drawable(value: Any) -> Any:
    """A document with each character that no font has as `\\u65e5`."""
    if isinstance(value, str):
        return value if value.isascii() else _missing().sub(_escape, value)
    if isinstance(value, dict):
        return {name: drawable(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [drawable(entry) for entry in value]
    return value


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


@cache
def _missing() -> re.Pattern[str]:
    """Matches a character that one of the fonts does not have."""
    known = np.ones(_LAST, bool)
    for name in _FONTS:
        known &= covered((resources.files("resources") / "fonts" / name).read_bytes())
    known[:0x80] = True
    edges = np.flatnonzero(np.diff(np.concatenate(([True], known, [True])).astype(np.int8)))
    ranges = zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)
    return re.compile("[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges) + "]")


def covered(font: bytes) -> np.ndarray:
    """bool, by character: whether a font has a drawing for it."""
    known = np.zeros(_LAST, bool)
    (tables,) = struct.unpack_from(">H", font, 4)
    places = {
        font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * tables, 16)
    }
    cmap = places[b"cmap"]
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    for number in range(count):
        (offset,) = struct.unpack_from(">I", font, cmap + 4 + 8 * number + 4)
        (form,) = struct.unpack_from(">H", font, cmap + offset)
        if form == 4:
            _take_segments(font, cmap + offset, known)
        elif form == 12:
            _take_groups(font, cmap + offset, known)
    return known


def _take_segments(font: bytes, at: int, known: np.ndarray) -> None:
    (twice,) = struct.unpack_from(">H", font, at + 6)
    ends = np.frombuffer(font, ">u2", twice // 2, at + 14)
    starts = np.frombuffer(font, ">u2", twice // 2, at + 16 + twice)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        # The last segment is a mark and no character.
        known[start : end + 1] = end != 0xFFFF


def _take_groups(font: bytes, at: int, known: np.ndarray) -> None:
    (count,) = struct.unpack_from(">I", font, at + 12)
    for start, end, _ in np.frombuffer(font, ">u4", 3 * count, at + 16).reshape(-1, 3).tolist():
        known[start : end + 1] = True
