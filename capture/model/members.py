"""Members of structures: how their bytes lie in a capture, and what they are as text.

A layout is a text of pairs, a C type and an argument as in the tables of system calls:

    layout  ::=  (type arg)*
    type    ::=  ("u" | "s") bits ["@" place]     a number
              |  "char" size ["@" place]          text with a NUL behind it, unless it fills its room
              |  "caps@" place                    capabilities: the lower half, the upper one 12 bytes on
              |  "ids" bits "@" place             numbers up to the end of what is recorded
    arg     ::=  name ["?"] [":" kind ["=" table]]

Members follow each other as C lays them out, unless a place is given; `?` marks one that is not shown where
it is 0. A number whose kind is a text is a pointer: its text is the event's.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from capture.model.events import TEXT_KINDS, Arg, ArgKind
from capture.model.symbols import ALL_BITS
from capture.model.syscalls import argument
from capture.model.text import quoted
from capture.model.values import format_value

_TYPE = re.compile(r"([a-z]+)(\d*)(?:@(\d+))?")
_FORMATS = {"u8": "B", "u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q", "s64": "q"}
_IDS = {2: "<H", 4: "<i"}
_UPPER_SET_AT = 12


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a structure."""

    arg: Arg
    type: str
    """`u32`, `char16`, `caps`, `ids`."""
    place: int
    size: int
    shown_always: bool

    def text(self, raw: bytes, recorded: bytes | None, abi: str) -> str | None:
        """Its value, None where it was not recorded, or is not worth showing."""
        if self.type.startswith("ids"):
            kept = raw[self.place : len(raw) - (len(raw) - self.place) % self.size]
            form = "<I" if self.arg.kind is ArgKind.GID and self.size == 4 else _IDS[self.size]
            ids = struct.iter_unpack(form, kept)
            return f"[{', '.join(str(number) for (number,) in ids)}]" if kept else None
        kept = raw[self.place : self.place + self.size]
        if len(kept) < self.size:
            return None
        if self.type.startswith("char"):
            name = kept.partition(b"\0")[0]
            return quoted(name) if name or self.shown_always else None
        value = self._number(raw, kept)
        if not value and not self.shown_always:
            return None
        if self.arg.kind in TEXT_KINDS:
            return quoted(recorded) if recorded is not None else f"{value:#x}"
        return format_value(self.arg, value, abi=abi)

    def _number(self, raw: bytes, kept: bytes) -> int:
        if self.type == "caps":
            upper = raw[self.place + _UPPER_SET_AT : self.place + _UPPER_SET_AT + self.size]
            return int.from_bytes(kept, "little") | int.from_bytes(upper, "little") << 32
        return int(struct.unpack(f"<{_FORMATS[self.type]}", kept)[0]) & ALL_BITS


@dataclass(frozen=True, slots=True)
class Structure:
    """What lies behind one argument."""

    members: tuple[Member, ...]
    unit: int = 1
    """Bytes of what the next argument counts."""
    is_array: bool = False
    """Whether there are several, one behind the other, each a unit."""

    def text(self, raw: bytes, recorded: bytes | None, *, abi: str, size: int) -> str:
        """All members that tell something: `{flags=O_RDONLY, resolve=RESOLVE_BENEATH}`.

        Args:
            raw: what is recorded of it.
            recorded: the event's text.
            abi: the table that the call came through.
            size: how long the program says it is; `…` stands where less is recorded.
        """
        is_cut = size * self.unit > len(raw)
        if self.is_array:
            each = replace(self, is_array=False)
            starts = range(0, len(raw) - self.unit + 1, self.unit)
            parts = [each.text(raw[at : at + self.unit], recorded, abi=abi, size=0) for at in starts]
            return f"[{', '.join([*parts, '…'] if is_cut else parts)}]"
        if len(self.members) == 1 and self.members[0].type.startswith("ids"):
            listed = self.members[0].text(raw, recorded, abi) or "[]"
            return f"{listed.removesuffix(']')}, …]" if is_cut else listed
        found = ((each.arg.name, each.text(raw, recorded, abi)) for each in self.members)
        parts = [f"{name}={text}" for name, text in found if text is not None]
        return f"{{{', '.join([*parts, '…'] if is_cut else parts)}}}"


@dataclass(frozen=True, slots=True)
class KeyedStructure:
    """Layouts that depend on another argument of the call."""

    by: str
    """Name of that argument."""
    structures: Mapping[int, Structure]


def layout(text: str) -> Structure:
    """A structure out of its text.

    Raises:
        ValueError: a type or an argument is not of the form above.
    """
    words = text.split()
    return Structure(tuple(_members(zip(words[::2], words[1::2], strict=True))))


def _members(pairs: Iterator[tuple[str, str]]) -> Iterator[Member]:
    end = 0
    for kind, declared in pairs:
        found = _TYPE.fullmatch(kind)
        if found is None:
            raise ValueError(f"{kind!r} is no type of a member")
        word, number, place = found.groups()
        size = int(number) if word == "char" else int(number or 32) // 8
        alignment = 1 if word == "char" else size
        at = int(place) if place else (end + alignment - 1) // alignment * alignment
        name, has_kind, rest = declared.partition(":")
        default = ArgKind.STRING if word == "char" else ArgKind.UINT if size < 8 else ArgKind.ULONG
        arg = argument(f"{name.removesuffix('?')}:{rest if has_kind else default}")
        yield Member(arg, f"{word}{number}", at, size, not name.endswith("?"))
        end = at + size
