"""Arguments of calls: `evt.arg.flags` as text, `evt.rawarg.flags` as the number that was passed.

Events of different types have arguments of the same name. Each is decoded once for each distinct pair
of type and raw value; paths come from the frames.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

import numpy as np

from capture.model import decode
from capture.model.catalogue import CATALOGUE
from capture.model.events import Arg, ArgKind, EventFlag, EventSpec
from inspect_app.filters.calls import event_type_codes, has_flag, raw_argument, spec_of, types
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.errors import FilterError, NotEvaluableError, excerpt
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, occurring
from inspect_app.filters.field import Argument, Field, FieldType
from inspect_app.filters.fields_fd import paths_facet
from inspect_app.frames.capture import CaptureFrames

MAX_DISTINCT = 200_000
"""Different values of one argument that are turned into text; more would freeze the window."""

_SIGNED_32 = frozenset({ArgKind.INT, ArgKind.FD, ArgKind.PID, ArgKind.SIGNAL, ArgKind.DIRFD})
_UNSIGNED_32 = frozenset({ArgKind.UINT, ArgKind.UID, ArgKind.GID, ArgKind.MODE, ArgKind.DEVICE})
_SIGNED_64 = frozenset({ArgKind.LONG, ArgKind.OFFSET, ArgKind.TIME, ArgKind.DURATION})
_COUNTS = frozenset(
    {ArgKind.INT, ArgKind.FD, ArgKind.PID, ArgKind.UINT, ArgKind.UID, ArgKind.GID, ArgKind.LONG,
     ArgKind.OFFSET, ArgKind.TIME, ArgKind.DURATION, ArgKind.ULONG, ArgKind.SIZE}
)  # fmt: skip
"""Kinds that are numbers to a reader too."""
_NAMED = frozenset(
    {ArgKind.FLAGS, ArgKind.ENUM, ArgKind.MODE, ArgKind.SIGNAL, ArgKind.DIRFD, ArgKind.HEX, ArgKind.POINTER,
     ArgKind.DEVICE, ArgKind.WAIT_STATUS}
)  # fmt: skip
"""Kinds that decode from the raw value alone."""
_MODE_BITS = {
    0o4000: "S_ISUID", 0o2000: "S_ISGID", 0o1000: "S_ISVTX",
    0o400: "S_IRUSR", 0o200: "S_IWUSR", 0o100: "S_IXUSR",
    0o40: "S_IRGRP", 0o20: "S_IWGRP", 0o10: "S_IXGRP", 0o4: "S_IROTH", 0o2: "S_IWOTH", 0o1: "S_IXOTH",
}  # fmt: skip
_ALIASES = {"filename": "path"}
"""Names that public rules use → ours."""
_EXECS = frozenset({"execve", "execveat", "procexec"})
_FOREIGN = int(EventFlag.COMPAT | EventFlag.X32)


@cache
def argument_names() -> dict[str, FieldType]:
    """Every argument's name, with the type of its values."""
    kinds: dict[str, set[ArgKind]] = {}
    for spec in CATALOGUE:
        for arg in spec.args:
            kinds.setdefault(arg.name, set()).add(arg.kind)
    for alias, name in _ALIASES.items():
        kinds[alias] = kinds[name]
    return {name: FieldType.INTEGER if found <= _COUNTS else FieldType.TEXT for name, found in kinds.items()}


def _type_of(argument: str) -> FieldType:
    if argument.isascii() and argument.isdecimal() and len(argument) == 1:
        return FieldType.TEXT
    known = argument_names()
    if argument in known:
        return known[argument]
    nearest = get_close_matches(argument, known, n=1)
    raise FilterError(
        f"no call has an argument {excerpt(argument)!r}", nearest=f"evt.arg.{nearest[0]}" if nearest else ""
    )


def _raw_type_of(argument: str) -> FieldType:
    _type_of(argument)
    return FieldType.INTEGER


def _places(frames: CaptureFrames, argument: str) -> list[tuple[int, EventSpec, int]]:
    """(code of the type, its row, position of the argument), for the types that this capture has."""
    wanted = (_ALIASES.get(argument, argument), argument)
    arch = str(frames.host.get("machine", ""))
    facet = types(frames)
    counts = np.bincount(event_type_codes(frames) + 1, minlength=len(facet.values) + 1)[1:]
    found: list[tuple[int, EventSpec, int]] = []
    for code, name in enumerate(facet.values):
        spec = spec_of(name)
        if spec is None or not counts[code]:
            continue
        args = spec.args_on(arch)
        found.extend(
            (code, spec, at) for at, arg in enumerate(args) if arg.name in wanted or argument == str(at)
        )
    return found


def _raw(frames: CaptureFrames, argument: str) -> Facets:
    values = np.zeros(len(frames.events), np.int64)
    missing = np.ones(len(frames.events), np.bool_)
    arch = str(frames.host.get("machine", ""))
    for code, spec, at in _places(frames, argument):
        arg = spec.args_on(arch)[at]
        if at >= 6 or (arg.kind in (ArgKind.PATH, ArgKind.ARGV, ArgKind.STRING) and spec.name in _EXECS):
            continue
        rows = _events_of(frames, code)
        values[rows] = as_number(raw_argument(frames, at)[rows], arg.kind)
        missing[rows] = False
    return (NumberFacet(values, missing),)


def _decoded(frames: CaptureFrames, argument: str) -> Facets:
    if _type_of(argument) is FieldType.INTEGER:
        return _raw(frames, argument)
    codes = np.full(len(frames.events), -1, np.int64)
    texts: list[str | None] = []
    for code, spec, at in _places(frames, argument):
        rows = _events_of(frames, code)
        places, values = _texts_of(frames, spec, at, rows)
        codes[rows] = places + len(texts)
        texts.extend(values)
    merged, known = distinct(texts)
    return (TextFacet(known, None, look_up(merged, codes, missing=-1)),)


def _texts_of(
    frames: CaptureFrames, spec: EventSpec, at: int, rows: np.ndarray
) -> tuple[np.ndarray, list[str | None]]:
    """For these events of one type: position of each one's text, and the texts."""
    arch = str(frames.host.get("machine", ""))
    arg = spec.args_on(arch)[at]
    if arg.kind is ArgKind.PATH:
        return _paths_of(frames, spec, arg, rows)
    if arg.kind is ArgKind.ARGV and spec.name in _EXECS:
        return _part(entity_text(frames, "image", "cmdline"), rows)
    if arg.kind not in _NAMED | _COUNTS or at >= 6:
        raise NotEvaluableError(
            f"evt.arg.{arg.name}: in {spec.name} it is text or bytes that stay in the file until it is shown"
        )
    places, numbers = occurring(raw_argument(frames, at)[rows])
    if len(numbers) > MAX_DISTINCT:
        raise NotEvaluableError(
            f"evt.arg.{arg.name}: {spec.name} has {len(numbers):,} different values, more than "
            f"{MAX_DISTINCT:,}; compare evt.rawarg.{arg.name}"
        )
    return places, [_shown(arg, number, arch or "x86_64") for number in numbers.tolist()]


def _paths_of(
    frames: CaptureFrames, spec: EventSpec, arg: Arg, rows: np.ndarray
) -> tuple[np.ndarray, list[str | None]]:
    order = [other.name for other in spec.args if other.kind is ArgKind.PATH].index(arg.name)
    if order > 1:
        raise NotEvaluableError(f"evt.arg.{arg.name}: only two paths of a call are recorded")
    return _part(paths_facet(frames, event_array(frames, ("path", "path2")[order])), rows)


def _part(facet: TextFacet, rows: np.ndarray) -> tuple[np.ndarray, list[str | None]]:
    """Some events of a facet, with only the texts that occur in them."""
    places, used = occurring(facet.event_codes()[rows])
    return places, [facet.values[code] if code >= 0 else None for code in used.tolist()]


def _shown(arg: Arg, number: int, arch: str) -> str:
    if arg.kind is ArgKind.MODE:
        names = "|".join(name for bit, name in _MODE_BITS.items() if number & bit)
        return f"{decode.format_value(arg, number, arch=arch)} ({names or 0})"
    return decode.format_value(arg, number, arch=arch)


def _events_of(frames: CaptureFrames, code: int) -> np.ndarray:
    """Rows of the events of one type whose arguments mean what the catalogue says."""
    rows = np.flatnonzero(event_type_codes(frames) == code)
    usual: np.ndarray = rows[~has_flag(frames, _FOREIGN)[rows]]
    return usual


def as_number(raw: np.ndarray, kind: ArgKind) -> np.ndarray:
    """uint64 registers as int64 numbers of the argument's width; pointers beyond int64 turn negative."""
    if kind in _SIGNED_32:
        return raw.astype(np.uint32).view(np.int32).astype(np.int64)
    if kind in _UNSIGNED_32:
        return raw.astype(np.uint32).astype(np.int64)
    return raw.view(np.int64)


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
)
