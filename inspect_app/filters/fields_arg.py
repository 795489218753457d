"""Arguments of calls: `evt.arg.flags` as text, `evt.rawarg.flags` as the number that was passed.

Events of different types have arguments of the same name. Each is decoded once for each distinct pair
of type and raw value; paths come from the frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import chain

import numpy as np

from capture.format.joins import pair_codes
from capture.format.pieces import each_piece, rows_where
from capture.identity.paths import names_files
from capture.identity.snapshot import text_of
from capture.model import decode
from capture.model.abi import ABIS, Abi
from capture.model.catalogue import CATALOGUE
from capture.model.credentials import CHANGES
from capture.model.events import TEXT_KINDS, Arg, ArgKind, EventSpec, text_places
from capture.model.sockaddr import format_sockaddr
from capture.model.symbols import KeyedTable
from capture.model.tables import table_named
from capture.model.values import in_register, name_value
from inspect_app.filters.argument_names import name_of, names_beside
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import (
    MAX_ERRNO,
    arguments_of,
    event_type_codes,
    of_types,
    returned,
    spec_of,
    types,
)
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.errors import FilterError, NotEvaluableError, excerpt
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, no_arrows, occurring
from inspect_app.filters.field import Argument, Field, FieldType
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
_COUNTS = frozenset(
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
_RESULT = "res"
"""Falco's name for what a call returned, where no call has an argument of that name."""
_ADDRESSES = frozenset({ArgKind.SOCKADDR_IN, ArgKind.SOCKADDR_OUT})
_IDS = frozenset({ArgKind.UID, ArgKind.GID})
_TABLED = frozenset({ArgKind.FLAGS, ArgKind.ENUM})
_MODE_BITS = {
    0o4000: "S_ISUID", 0o2000: "S_ISGID", 0o1000: "S_ISVTX",
    0o400: "S_IRUSR", 0o200: "S_IWUSR", 0o100: "S_IXUSR",
    0o40: "S_IRGRP", 0o20: "S_IWGRP", 0o10: "S_IXGRP", 0o4: "S_IROTH", 0o2: "S_IWOTH", 0o1: "S_IXOTH",
}  # fmt: skip
_EXECS = frozenset({"execve", "execveat", "procexec"})
_TALKS = frozenset(
    {"connect", "accept", "accept4", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg"}
)
BESIDE = {
    "exe": (_EXECS, "image", "exe"),
    "args": (_EXECS, "image", "args"),
    "tuple": (_TALKS, "descriptor", "name"),
}
"""Arguments of events of the field that are none of our calls: of which calls they are, and what they are."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an argument stands, in the events of one type that came through one table."""

    rows: np.ndarray
    """int64, ascending: the events."""
    spec: EventSpec
    abi: Abi
    at: int

    @property
    def arg(self) -> Arg:
        """Its declaration."""
        return self.spec.args_on(self.abi)[self.at]


@cache
def argument_names() -> dict[str, FieldType]:
    """Every argument's name, with the type of its values."""
    kinds: dict[str, set[ArgKind]] = {}
    for spec in CATALOGUE:
        for arg in (*spec.args, *chain.from_iterable(spec.other_args.values())):
            for name in (arg.name, *names_beside(spec.name, arg.name)):
                kinds.setdefault(name, set()).add(arg.kind)
    return {name: _type_among(found) for name, found in kinds.items()}


def _type_among(kinds: set[ArgKind]) -> FieldType:
    """A number that some calls take by its address is a number still; of those calls it is not told."""
    return FieldType.INTEGER if set() < kinds - {ArgKind.POINTER} <= _COUNTS else FieldType.TEXT


def _type_of(argument: str) -> FieldType:
    if argument.isascii() and argument.isdecimal() and len(argument) == 1:
        return FieldType.TEXT
    known = argument_names()
    if argument in known:
        return known[argument]
    if argument == _RESULT or argument in BESIDE:
        return FieldType.TEXT
    nearest = get_close_matches(argument, known, n=1)
    raise FilterError(
        f"no call has an argument {excerpt(argument)!r}", nearest=f"evt.arg.{nearest[0]}" if nearest else ""
    )


def _raw_type_of(argument: str) -> FieldType:
    _type_of(argument)
    return FieldType.INTEGER


def _id_type_of(argument: str) -> FieldType:
    if not is_id(argument):
        raise FilterError(f"{excerpt(argument)!r} is no user or group of any call", nearest="evt.argname.uid")
    return FieldType.TEXT


def all_places(frames: CaptureFrames) -> list[list[Place]]:
    """The arguments of each type of event that this capture has, once for each table that it came through."""
    kinds = _kinds(frames)
    return [
        [Place(rows, spec, abi, at) for at in range(len(spec.args_on(abi)))]
        for (_, spec, abi), rows in zip(kinds, _rows_of_kinds(frames, kinds), strict=True)
    ]


def _kinds(frames: CaptureFrames) -> list[tuple[int, EventSpec, Abi]]:
    """The types of events with arguments that this capture has: code, declaration, table."""

    def compute() -> list[tuple[int, EventSpec, Abi]]:
        names, codes, abis = types(frames).values, event_type_codes(frames), event_array(frames, "abi")
        width = (len(names) + 1) * len(ABIS)

        def count(rows: slice) -> np.ndarray:
            # What has no type is counted last.
            known = np.where(codes[rows] < 0, len(names), codes[rows]).astype(np.int64)
            return np.bincount(known * len(ABIS) + abis[rows], minlength=width)

        counts = sum(each_piece(len(codes), count), np.zeros(width, np.int64))
        found = []
        for which in np.flatnonzero(counts[: len(names) * len(ABIS)]).tolist():
            spec, abi = spec_of(names[which // len(ABIS)]), ABIS[which % len(ABIS)]
            if spec and spec.args_on(abi):
                found.append((which // len(ABIS), spec, abi))
        return found

    return remember(frames, "kinds of events", compute)


def _rows_of_kinds(frames: CaptureFrames, kinds: Sequence[tuple[int, EventSpec, Abi]]) -> list[np.ndarray]:
    """int64, ascending, for each kind: its events."""
    if not kinds:
        return []
    codes, abis = event_type_codes(frames), event_array(frames, "abi")
    place = np.full((len(types(frames).values) + 1) * len(ABIS), len(kinds), np.min_scalar_type(len(kinds)))
    for at, (code, _, abi) in enumerate(kinds):
        place[code * len(ABIS) + ABIS.index(abi)] = at

    def places(rows: slice | np.ndarray) -> np.ndarray:
        # What has no type is at the end.
        found: np.ndarray = place.take(codes[rows].astype(np.intp) * len(ABIS) + abis[rows], mode="wrap")
        return found

    rows = rows_where(len(codes), lambda some: places(some) < len(kinds))
    own = places(rows)
    # Numbers of 16 bits are sorted without comparing.
    order = np.argsort(own.astype(np.uint16), kind="stable")
    return np.split(rows[order], np.cumsum(np.bincount(own, minlength=len(kinds)))[:-1])


def _places(frames: CaptureFrames, argument: str) -> list[Place]:
    """Where the types that this capture has take an argument."""
    found = []
    for kind in _kinds(frames):
        names = [arg.name for arg in kind[1].args_on(kind[2])]
        wanted = argument if argument in names else name_of(kind[1].name, argument)
        if places := [at for at, name in enumerate(names) if name == wanted or argument == str(at)]:
            found.append((kind, places))
    rows = _rows_of_kinds(frames, [kind for kind, _ in found])
    return [
        Place(some, spec, abi, at)
        for ((_, spec, abi), places), some in zip(found, rows, strict=True)
        for at in places
    ]


def is_told(place: Place) -> bool:
    """Whether an argument is a number or a text that was recorded, so that `texts_at` can tell it."""
    kind = place.arg.kind
    if kind is ArgKind.PATH:
        return [arg.name for arg in place.spec.args_on(place.abi) if arg.kind is kind].index(
            place.arg.name
        ) < 2
    if kind in TEXT_KINDS:
        is_line = kind is ArgKind.ARGV and place.spec.name in _EXECS
        return is_line or _is_recorded(place) or _is_third_text(place)
    if kind is ArgKind.STRUCT or kind in _ADDRESSES:
        return True
    return kind in CHANGES or (kind in _NAMED | _COUNTS and place.at < 6)


def _is_recorded(place: Place) -> bool:
    is_text = place.arg.kind is ArgKind.STRING
    return is_text and place.at in text_places(place.spec.args_on(place.abi))


def _is_third_text(place: Place) -> bool:
    """A call that has two texts before it: what is recorded of a third lies where others have an address."""
    before = text_places(place.spec.args_on(place.abi))
    return place.arg.kind is ArgKind.STRING and len(before) == 2 and place.at > max(before)


def _raw(frames: CaptureFrames, argument: str) -> Facets:
    if argument == _RESULT:
        return (NumberFacet(event_array(frames, "ret"), ~returned(frames)),)
    places = [
        place
        for place in _places(frames, argument)
        if not (place.arg.kind in TEXT_KINDS and place.spec.name in _EXECS)
    ]
    return _numbers_of(frames, places)


def _numbers_of(frames: CaptureFrames, places: list[Place]) -> Facets:
    places = [place for place in places if place.at < 6]
    # Most arguments are of few events.
    values = np.empty(sum(len(place.rows) for place in places), np.int64)
    which = no_arrows(len(frames.events), len(values))
    end, registers = 0, Registers(frames, places)
    for place in places:
        begin, end = end, end + len(place.rows)
        values[begin:end] = _numbers(place, registers)
        which[place.rows] = np.arange(begin, end)
    return (NumberFacet(values, None, which),)


class Registers:
    """What stands in the registers of the events of some places; the file is read for them once."""

    def __init__(self, frames: CaptureFrames, places: Sequence[Place]) -> None:
        self._wanted = dict.fromkeys((at, id(place.rows)) for place in places for at in _registers(place))
        rows = {id(place.rows): place.rows for place in places}
        parts = arguments_of(frames, [(at, rows[which]) for at, which in self._wanted])
        self._read = dict(zip(self._wanted, parts, strict=True))

    def of(self, place: Place, at: int) -> np.ndarray:
        """Raw argument `at` of the events of a place, uint64."""
        read: np.ndarray = self._read[at, id(place.rows)]
        return read


def _registers(place: Place) -> list[int]:
    """The arguments that tell one: its own, and that on which it depends."""
    if place.at >= 6:
        return []
    by = _names_depend_on(place)
    beside = [place.at + 1] if place.arg.kind is ArgKind.OFFSET_LOW and place.at < 5 else []
    return [place.at, *beside, *([] if by is None else [by])]


def _numbers(place: Place, registers: Registers) -> np.ndarray:
    """int64: the argument of the events of a place."""
    raw = registers.of(place, place.at)
    halves = place.spec.args_on(place.abi)[place.at :][:2]
    if [half.kind for half in halves] == [ArgKind.OFFSET_LOW, ArgKind.OFFSET_HIGH]:
        high = registers.of(place, place.at + 1)
        joined: np.ndarray = (high << np.uint64(32) | raw & np.uint64(0xFFFFFFFF)).view(np.int64)
        return joined
    return as_number(raw, place.arg.kind)


def _decoded(frames: CaptureFrames, argument: str) -> Facets:
    if _type_of(argument) is FieldType.INTEGER:
        return _numbers_of(frames, [one for one in _places(frames, argument) if one.arg.kind in _COUNTS])
    if argument == _RESULT:
        return (_result_texts(frames),)
    if argument in BESIDE:
        return (_beside(frames, argument),)
    return (_told(frames, argument)[0],)


def _gaps(frames: CaptureFrames, argument: str) -> dict[str, str]:
    is_whole = argument == _RESULT or argument in BESIDE or _type_of(argument) is FieldType.INTEGER
    return {} if is_whole else _told(frames, argument)[1]


def _result_texts(frames: CaptureFrames) -> TextFacet:
    """What calls returned: errors by name, all else as the number that it is."""
    codes, numbers = occurring(event_array(frames, "ret"))
    if len(numbers) > MAX_DISTINCT:
        raise NotEvaluableError(f"evt.arg.res: more than {MAX_DISTINCT:,} different results; ask evt.rawres")
    errors = range(-MAX_ERRNO, 0)
    texts = [decode.errno_name(one) if one in errors else str(one) for one in numbers.tolist()]
    return TextFacet(texts, None, np.where(returned(frames), codes, -1))


def _beside(frames: CaptureFrames, argument: str) -> TextFacet:
    """What the field's rules take for an argument and is known otherwise."""
    calls, entity, column = BESIDE[argument]
    facet = entity_text(frames, entity, column)
    return TextFacet(
        facet.values, None, np.where(of_types(frames, calls.__contains__), facet.event_codes(), -1)
    )


def _told(frames: CaptureFrames, argument: str) -> tuple[TextFacet, dict[str, str]]:
    """An argument as text, and the event types in which it cannot be told, with why."""

    def compute() -> tuple[TextFacet, dict[str, str]]:
        texts: list[str | None] = []
        found: list[tuple[np.ndarray, np.ndarray]] = []
        lacking: dict[str, str] = {}
        where = _places(frames, argument)
        registers = Registers(frames, [place for place in where if _is_in_register(place)])
        for place in where:
            try:
                places, values = texts_at(frames, place, registers)
            except NotEvaluableError as error:
                lacking[place.spec.name] = error.message
                continue
            found.append((place.rows, places + len(texts)))
            texts.extend(values)
        merged, known = distinct(texts)
        # No wider than need be: most arguments have few values, and few events have them.
        codes = np.full(len(frames.events), -1, np.min_scalar_type(-len(known) - 1))
        for rows, places in found:
            codes[rows] = merged[places]
        return TextFacet(known, None, codes), lacking

    return remember(frames, ("argument", argument), compute)


def _is_in_register(place: Place) -> bool:
    """Whether the register is what `texts_at` tells."""
    kind = place.arg.kind
    return place.at < 6 and kind in _NAMED | _COUNTS and kind not in CHANGES


def texts_at(
    frames: CaptureFrames, place: Place, registers: Registers | None = None
) -> tuple[np.ndarray, list[str | None]]:
    """For the events of a place: position of each one's text, and the texts.

    `registers`: those of this place, where they are read already.
    """
    arg, name = place.arg, place.spec.name
    if arg.kind is ArgKind.PATH:
        return _paths_of(frames, place) if names_files(place.spec) else _strings_of(frames, place)
    if arg.kind is ArgKind.ARGV and name in _EXECS:
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
    if arg.kind not in _NAMED | _COUNTS or place.at >= 6:
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


def is_id(argument: str) -> bool:
    """Whether an argument is the number of a user or a group wherever it occurs."""
    return argument in _id_names()


@cache
def _id_names() -> frozenset[str]:
    kinds: dict[str, set[ArgKind]] = {}
    for spec in CATALOGUE:
        for arg in spec.args:
            kinds.setdefault(arg.name, set()).add(arg.kind)
    return frozenset(name for name, found in kinds.items() if set() < found - {ArgKind.POINTER} <= _IDS)


def _names(frames: CaptureFrames, argument: str) -> Facets:
    """The name of a user or group that an argument is the number of; its number where it has none."""
    codes = np.full(len(frames.events), -1, np.int64)
    texts: list[str | None] = []
    where = [place for place in _places(frames, argument) if place.arg.kind in _IDS and place.at < 6]
    registers = Registers(frames, where)
    for place in where:
        table, column = (frames.users, "uid") if place.arg.kind is ArgKind.UID else (frames.groups, "gid")
        known = dict(zip(table[column].tolist(), table["name"].tolist(), strict=True))
        places, numbers = occurring(_numbers(place, registers))
        codes[place.rows] = places + len(texts)
        texts.extend(str(known.get(number, number)) for number in numbers.tolist())
    merged, values = distinct(texts)
    return (TextFacet(values, None, look_up(merged, codes, missing=-1)),)


ARGUMENT_FIELDS = (
    Field(
        "evt.arg",
        FieldType.TEXT,
        "Argument",
        "an argument as text: flags and numbers by name, paths resolved",
        _decoded,
        Argument.NAME,
        "a name or a number from 0, as in evt.arg.flags or evt.arg[1]",
        type_of=_type_of,
        gaps=_gaps,
    ),
    Field(
        "evt.rawarg",
        FieldType.INTEGER,
        "Raw argument",
        "an argument as the number that was passed",
        _raw,
        Argument.NAME,
        "a name or a number from 0, as in evt.rawarg.flags",
        type_of=_raw_type_of,
    ),
    Field(
        "evt.argname",
        FieldType.TEXT,
        "Argument by name",
        "an argument that is the number of a user or group, by name; evt.arg is this where it is compared so",
        _names,
        Argument.NAME,
        "a name, as in evt.argname.uid",
        type_of=_id_type_of,
    ),
)
