"""What arguments are to a reader: flags and numbers by name, paths resolved, each distinct value once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from capture.format.joins import pair_codes
from capture.identity.paths import names_files
from capture.identity.snapshot import text_of
from capture.model import decode
from capture.model.abi import Abi
from capture.model.credentials import CHANGES
from capture.model.events import TEXT_KINDS, Arg, ArgKind, text_places
from capture.model.sockaddr import format_sockaddr
from capture.model.symbols import KeyedTable
from capture.model.tables import table_named
from capture.model.values import in_register, name_value
from inspect_app.filters.argument_places import Place
from inspect_app.filters.calls import arguments_of
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import TextFacet, occurring
from inspect_app.filters.fields_fd import paths_facet
from inspect_app.filters.structures import is_structure, structure_texts
from inspect_app.frames.capture import CaptureFrames

MAX_DISTINCT = 200_000
"""Different values of one argument that are turned into text; more would freeze the window."""
_SIGNED_32 = frozenset({ArgKind.INT, ArgKind.FD, ArgKind.PID, ArgKind.SIGNAL, ArgKind.DIRFD})
_UNSIGNED_32 = frozenset(
    {ArgKind.UINT, ArgKind.UID, ArgKind.GID, ArgKind.MODE, ArgKind.DEVICE, ArgKind.OFFSET_LOW,
     ArgKind.OFFSET_HIGH}
)  # fmt: skip
_SIGNED_64 = frozenset({ArgKind.LONG, ArgKind.OFFSET, ArgKind.TIME, ArgKind.DURATION})
COUNTS = frozenset(
    {ArgKind.INT, ArgKind.FD, ArgKind.PID, ArgKind.UINT, ArgKind.UID, ArgKind.GID, ArgKind.LONG,
     ArgKind.OFFSET, ArgKind.OFFSET_LOW, ArgKind.OFFSET_HIGH, ArgKind.TIME, ArgKind.DURATION,
     ArgKind.ULONG, ArgKind.SIZE}
)  # fmt: skip
"""Kinds that are numbers to a reader too."""
_NAMED = frozenset(
    {ArgKind.FLAGS, ArgKind.ENUM, ArgKind.MODE, ArgKind.SIGNAL, ArgKind.DIRFD, ArgKind.HEX, ArgKind.POINTER,
     ArgKind.DEVICE, ArgKind.WAIT_STATUS, ArgKind.CALL}
)  # fmt: skip
"""Kinds that decode from the raw value alone."""
_ADDRESSES = frozenset({ArgKind.SOCKADDR_IN, ArgKind.SOCKADDR_OUT})
_TABLED = frozenset({ArgKind.FLAGS, ArgKind.ENUM})
_MODE_BITS = {
    0o4000: "S_ISUID", 0o2000: "S_ISGID", 0o1000: "S_ISVTX",
    0o400: "S_IRUSR", 0o200: "S_IWUSR", 0o100: "S_IXUSR",
    0o40: "S_IRGRP", 0o20: "S_IWGRP", 0o10: "S_IXGRP", 0o4: "S_IROTH", 0o2: "S_IWOTH", 0o1: "S_IXOTH",
}  # fmt: skip
EXECS = frozenset({"execve", "execveat", "procexec"})


def is_told(place: Place) -> bool:
    """Whether an argument is a number or a text that was recorded, so that `texts_at` can tell it."""
    kind = place.arg.kind
    if kind is ArgKind.PATH:
        return [arg.name for arg in place.spec.args_on(place.abi) if arg.kind is kind].index(
            place.arg.name
        ) < 2
    if kind in TEXT_KINDS:
        is_line = kind is ArgKind.ARGV and place.spec.name in EXECS
        return is_line or _is_recorded(place) or _is_third_text(place)
    if kind is ArgKind.STRUCT or kind in _ADDRESSES:
        return True
    return kind in CHANGES or (kind in _NAMED | COUNTS and place.at < 6)


def _is_recorded(place: Place) -> bool:
    is_text = place.arg.kind is ArgKind.STRING
    return is_text and place.at in text_places(place.spec.args_on(place.abi))


def _is_third_text(place: Place) -> bool:
    """A call that has two texts before it: what is recorded of a third lies where others have an address."""
    before = text_places(place.spec.args_on(place.abi))
    return place.arg.kind is ArgKind.STRING and len(before) == 2 and place.at > max(before)


class Registers:
    """What stands in the registers of the events of some places; the file is read for them once."""

    def __init__(self, frames: CaptureFrames, places: Sequence[Place]) -> None:
        self._wanted = dict.fromkeys((at, id(place.rows)) for place in places for at in registers_of(place))
        rows = {id(place.rows): place.rows for place in places}
        parts = arguments_of(frames, [(at, rows[which]) for at, which in self._wanted])
        self._read = dict(zip(self._wanted, parts, strict=True))

    def of(self, place: Place, at: int) -> np.ndarray:
        """Raw argument `at` of the events of a place, uint64."""
        read: np.ndarray = self._read[at, id(place.rows)]
        return read


def registers_of(place: Place) -> list[int]:
    """The arguments that tell one: its own, and that on which it depends."""
    if place.at >= 6:
        return []
    by = _names_depend_on(place)
    beside = [place.at + 1] if place.arg.kind is ArgKind.OFFSET_LOW and place.at < 5 else []
    return [place.at, *beside, *([] if by is None else [by])]


def numbers_at(place: Place, registers: Registers) -> np.ndarray:
    """int64: the argument of the events of a place."""
    raw = registers.of(place, place.at)
    halves = place.spec.args_on(place.abi)[place.at :][:2]
    if [half.kind for half in halves] == [ArgKind.OFFSET_LOW, ArgKind.OFFSET_HIGH]:
        high = registers.of(place, place.at + 1)
        joined: np.ndarray = (high << np.uint64(32) | raw & np.uint64(0xFFFFFFFF)).view(np.int64)
        return joined
    return as_number(raw, place.arg.kind)


def is_in_register(place: Place) -> bool:
    """Whether the register is what `texts_at` tells."""
    kind = place.arg.kind
    return place.at < 6 and kind in _NAMED | COUNTS and kind not in CHANGES


def texts_at(
    frames: CaptureFrames, place: Place, registers: Registers | None = None
) -> tuple[np.ndarray, list[str | None]]:
    """For the events of a place: position of each one's text, and the texts.

    `registers`: those of this place, where they are read already.
    """
    arg, name = place.arg, place.spec.name
    if arg.kind is ArgKind.PATH:
        return _paths_of(frames, place) if names_files(place.spec) else _strings_of(frames, place)
    if arg.kind is ArgKind.ARGV and name in EXECS:
        return _part(entity_text(frames, "image", "cmdline"), place.rows)
    if arg.kind in CHANGES:
        return _changes_of(frames, place)
    if _is_recorded(place):
        return _strings_of(frames, place)
    if _is_third_text(place):
        return _recorded_beside(frames, place, lambda raw: text_of(raw.partition(b"\0")[0]))
    if arg.kind in _ADDRESSES:
        return _recorded_beside(frames, place, format_sockaddr)
    if is_structure(place.spec, place.abi, place.at):
        return _structures_of(frames, place)
    if arg.kind not in _NAMED | COUNTS or place.at >= 6:
        raise NotEvaluableError(
            f"evt.arg.{arg.name}: in {name} it is bytes that stay in the file until they are shown; "
            f"ask it of other calls, as in evt.type != {name} and …"
        )
    registers = registers or Registers(frames, [place])
    if (by := _names_depend_on(place)) is not None:
        return _keyed(place, by, registers)
    places, numbers = occurring(registers.of(place, place.at))
    if len(numbers) > MAX_DISTINCT:
        raise NotEvaluableError(
            f"evt.arg.{arg.name}: {name} has {len(numbers):,} different values, more than "
            f"{MAX_DISTINCT:,}; compare evt.rawarg.{arg.name}"
        )
    return places, [_shown(arg, number, place.abi) for number in numbers.tolist()]


def _structures_of(frames: CaptureFrames, place: Place) -> tuple[np.ndarray, list[str | None]]:
    found = structure_texts(frames, place.rows, place.spec, place.abi, place.at, limit=MAX_DISTINCT)
    if found is None:
        raise NotEvaluableError(f"evt.arg.{place.arg.name}: more than {MAX_DISTINCT:,} different structures")
    return found


def _names_depend_on(place: Place) -> int | None:
    """Position of the argument on which the names of this one depend (socket options on their level)."""
    table = table_named(place.arg.table, place.abi) if place.arg.kind in _TABLED else None
    if not isinstance(table, KeyedTable):
        return None
    names = [arg.name for arg in place.spec.args_on(place.abi)[:6]]
    return names.index(table.by) if table.by in names else None


def _keyed(place: Place, by: int, registers: Registers) -> tuple[np.ndarray, list[str | None]]:
    keys, values, code = pair_codes(
        registers.of(place, by) & np.uint64(0xFFFFFFFF), registers.of(place, place.at)
    )
    if len(keys) > MAX_DISTINCT:
        raise NotEvaluableError(f"evt.arg.{place.arg.name}: more than {MAX_DISTINCT:,} different values")
    table = table_named(place.arg.table, place.abi)
    tables = table.tables if isinstance(table, KeyedTable) else {}
    pairs = zip(keys.tolist(), values.tolist(), strict=True)
    return code, [
        name_value(tables[key], in_register(place.arg.kind, value, place.abi))
        if key in tables
        else _shown(place.arg, value, place.abi)
        for key, value in pairs
    ]


def _paths_of(frames: CaptureFrames, place: Place) -> tuple[np.ndarray, list[str | None]]:
    declared = place.spec.args_on(place.abi)
    order = [other.name for other in declared if other.kind is ArgKind.PATH].index(place.arg.name)
    if order > 1:
        raise NotEvaluableError(f"evt.arg.{place.arg.name}: only two paths of a call are recorded")
    return _part(paths_facet(frames, event_array(frames, ("path", "path2")[order])), place.rows)


def _strings_of(frames: CaptureFrames, place: Place) -> tuple[np.ndarray, list[str | None]]:
    """A recorded text that is no path of a file, told once for each distinct one."""
    which = text_places(place.spec.args_on(place.abi)).index(place.at)
    code, kinds = occurring(frames.source.text_codes(place.rows)[which])
    if len(kinds) > MAX_DISTINCT:
        raise NotEvaluableError(f"evt.arg.{place.arg.name}: more than {MAX_DISTINCT:,} different texts")
    first = np.zeros(len(kinds), np.int64)
    first[code[::-1]] = place.rows[::-1]
    found = (frames.source.texts(row)[which] for row in first.tolist())
    return code, [None if text is None else text_of(text) for text in found]


def _recorded_beside(
    frames: CaptureFrames, place: Place, tell: Callable[[bytes], str]
) -> tuple[np.ndarray, list[str | None]]:
    """What is recorded in the place of an address, told once for each distinct one."""
    code, kinds = occurring(frames.source.address_codes(place.rows))
    if len(kinds) > MAX_DISTINCT:
        raise NotEvaluableError(f"evt.arg.{place.arg.name}: more than {MAX_DISTINCT:,} different values")
    first = np.zeros(len(kinds), np.int64)
    first[code[::-1]] = place.rows[::-1]
    found = (frames.source.address(row) for row in first.tolist())
    return code, [None if raw is None else tell(raw) for raw in found]


def _changes_of(frames: CaptureFrames, place: Place) -> tuple[np.ndarray, list[str | None]]:
    """What changed from the first text to the second, told once for each distinct pair."""
    _, _, code = pair_codes(*frames.source.text_codes(place.rows))
    first = np.zeros(int(code.max(initial=-1)) + 1, np.int64)
    first[code[::-1]] = place.rows[::-1]
    if len(first) > MAX_DISTINCT:
        raise NotEvaluableError(
            f"evt.arg.{place.arg.name}: more than {MAX_DISTINCT:,} different changes; narrow by evt.arg.what"
        )
    change = CHANGES[place.arg.kind]
    return code, [change(*frames.source.texts(row)) or None for row in first.tolist()]


def _part(facet: TextFacet, rows: np.ndarray) -> tuple[np.ndarray, list[str | None]]:
    """Some events of a facet, with only the texts that occur in them."""
    places, used = occurring(facet.at(rows).event_codes())
    return places, [facet.values[code] if code >= 0 else None for code in used.tolist()]


def _shown(arg: Arg, number: int, abi: Abi) -> str:
    if arg.kind is ArgKind.MODE:
        names = "|".join(name for bit, name in _MODE_BITS.items() if number & bit)
        return f"{decode.format_value(arg, number, abi=abi)} ({names or 0})"
    return decode.format_value(arg, number, abi=abi)


def as_number(raw: np.ndarray, kind: ArgKind) -> np.ndarray:
    """uint64 registers as int64 numbers of the argument's width; pointers beyond int64 turn negative."""
    if kind in _SIGNED_32:
        return raw.astype(np.uint32).view(np.int32).astype(np.int64)
    if kind in _UNSIGNED_32:
        return raw.astype(np.uint32).astype(np.int64)
    return raw.view(np.int64)
