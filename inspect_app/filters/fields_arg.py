"""Arguments of calls: `evt.arg.flags` as text, `evt.rawarg.flags` as the number that was passed.

Events of different types have arguments of the same name. Each is decoded once for each distinct pair
of type and raw value; paths come from the frames.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from itertools import chain

import numpy as np

from capture.model import decode
from capture.model.catalogue import CATALOGUE
from capture.model.events import TEXT_KINDS, ArgKind
from inspect_app.filters.argument_names import names_beside
from inspect_app.filters.argument_places import Place, places_of
from inspect_app.filters.argument_texts import (
    COUNTS,
    EXECS,
    MAX_DISTINCT,
    Registers,
    is_in_register,
    numbers_at,
    texts_at,
)
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import (
    MAX_ERRNO,
    of_types,
    returned,
)
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.errors import FilterError, NotEvaluableError, excerpt
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, no_arrows, occurring
from inspect_app.filters.field import Argument, Field, FieldType
from inspect_app.frames.capture import CaptureFrames

_RESULT = "res"
"""Falco's name for what a call returned, where no call has an argument of that name."""
_IDS = frozenset({ArgKind.UID, ArgKind.GID})
_TALKS = frozenset(
    {"connect", "accept", "accept4", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg"}
)
BESIDE = {
    "exe": (EXECS, "image", "exe"),
    "args": (EXECS, "image", "args"),
    "tuple": (_TALKS, "descriptor", "name"),
}
"""Arguments of events of the field that are none of our calls: of which calls they are, and what they are."""


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
    return FieldType.INTEGER if set() < kinds - {ArgKind.POINTER} <= COUNTS else FieldType.TEXT


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


def _raw(frames: CaptureFrames, argument: str) -> Facets:
    if argument == _RESULT:
        return (NumberFacet(event_array(frames, "ret"), ~returned(frames)),)
    places = [
        place
        for place in places_of(frames, argument)
        if not (place.arg.kind in TEXT_KINDS and place.spec.name in EXECS)
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
        values[begin:end] = numbers_at(place, registers)
        which[place.rows] = np.arange(begin, end)
    return (NumberFacet(values, None, which),)


def _decoded(frames: CaptureFrames, argument: str) -> Facets:
    if _type_of(argument) is FieldType.INTEGER:
        return _numbers_of(frames, [one for one in places_of(frames, argument) if one.arg.kind in COUNTS])
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
        where = places_of(frames, argument)
        registers = Registers(frames, [place for place in where if is_in_register(place)])
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
    where = [place for place in places_of(frames, argument) if place.arg.kind in _IDS and place.at < 6]
    registers = Registers(frames, where)
    for place in where:
        table, column = (frames.users, "uid") if place.arg.kind is ArgKind.UID else (frames.groups, "gid")
        known = dict(zip(table[column].tolist(), table["name"].tolist(), strict=True))
        places, numbers = occurring(numbers_at(place, registers))
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
