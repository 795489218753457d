"""What a finding says: a rule's output with the event's values in it.

`%field` stands for a value, `<NA>` for one that is missing; `%container.info`, as older rules have it, stands
for name and id of the container. Numbers of a JSON alert are numbers there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.errors import FilterError
from inspect_app.filters.expression import Exists, FieldOperand, Operand
from inspect_app.filters.facets import NumberFacet, TextFacet
from inspect_app.filters.field import FieldType
from inspect_app.filters.fields_arg import is_id
from inspect_app.filters.language import parse
from inspect_app.filters.operands import NONE, facets_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.dialect import FOLDER

NOTHING = "<NA>"
MAX_OUTPUT = 64 * 1024
MAX_PLACES = 1_000
_CALLS = "tolower|toupper|b64|basename|len"
_NAME = r"[A-Za-z_]\w*(?:\.\w+)*(?:\[[^\]\s]*\])?"
_PLACE = re.compile(rf"%((?:{_CALLS})\({_NAME}\)|{_NAME})")
_INFO = "%container.info"
_INFO_MEANS = "container_id=%container.id container_name=%container.name"
_DAY_NS = 86_400_000_000_000

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class OutputTemplate:
    """A rule's output, taken apart."""

    texts: tuple[str, ...]
    """What stands before, between and after the places; one more than places."""
    places: tuple[tuple[str, Operand], ...]
    """What is asked for, as written and as understood."""

    @classmethod
    def parse(cls, text: str) -> OutputTemplate:
        """Take an output apart.

        Raises:
            FilterError: It asks for a field that there is not.
        """
        if len(text) > MAX_OUTPUT:
            raise FilterError(f"the output has {len(text):,} characters, more than {MAX_OUTPUT:,}")
        # A star before it says that it is told even where values are missing, which is always done.
        pieces = _PLACE.split(text.removeprefix("*").replace(_INFO, _INFO_MEANS))
        if len(pieces) // 2 > MAX_PLACES:
            raise FilterError(f"the output asks for more than {MAX_PLACES:,} fields")
        places = []
        for at in range(1, len(pieces), 2):
            name, rest = _known(pieces[at])
            places.append((name, _by_name(operand_of(name))))
            pieces[at + 1] = rest + pieces[at + 1]
        return cls(tuple(pieces[::2]), tuple(places))

    def values(self, frames: CaptureFrames, rows: np.ndarray) -> dict[str, list[Value]]:
        """The value of each field that it asks for, a list with one for each of some events."""
        return {name: _shown(operand, frames, rows) for name, operand in dict(self.places).items()}

    def written(self, values: dict[str, list[Value]], at: int) -> str:
        """The text for one of the events that `values` were fetched for."""
        parts = [self.texts[0]]
        for (name, operand), text in zip(self.places, self.texts[1:], strict=True):
            parts += (as_text(values[name][at], operand.type), text)
        return "".join(parts)


def _shown(operand: Operand, frames: CaptureFrames, rows: np.ndarray) -> list[Value]:
    """What an output shows of an operand: directories end with a slash, as the field's rules have them."""
    found = values_of(operand, frames, rows)
    if not isinstance(operand, FieldOperand) or operand.field.name != FOLDER:
        return found
    return [f"{one.removesuffix('/')}/" if isinstance(one, str) else one for one in found]


def operand_of(name: str) -> Operand:
    """What a place of an output asks for. Raises FilterError."""
    root = parse(f"{name} exists").root
    if not isinstance(root, Exists):
        raise FilterError(f"{name!r} is no field")
    return root.operand


def values_of(operand: Operand, frames: CaptureFrames, rows: np.ndarray) -> list[Value]:
    """The value of an operand for some events, None where there is none or the capture has no such."""
    try:
        if isinstance(operand, FieldOperand) and operand.type is FieldType.BYTES:
            column = operand.field.column_at(frames, operand.argument, rows)
            return _texts(column.codes, column.values)
        facet = facets_of(operand, frames, NONE)[0].at(rows)
    except FilterError:
        return [None] * len(rows)
    if isinstance(facet, TextFacet):
        return _texts(facet.event_codes(), facet.values)
    if not isinstance(facet, NumberFacet):
        return [None] * len(rows)
    numbers, missing = facet.event_values()
    found: list[Value] = numbers.tolist()
    if missing is None:
        return found
    return [None if gone else number for number, gone in zip(found, missing.tolist(), strict=True)]


def as_text(value: Value, type_: FieldType) -> str:
    """A value as an output shows it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool) or type_ is FieldType.TRUTH:
        return "true" if value else "false"
    if isinstance(value, int) and type_ is FieldType.CLOCK:
        return clock(value)
    return str(value)


def clock(time_ns: int) -> str:
    """The time of day, UTC: `15:04:05.000000001`."""
    seconds, rest = divmod(time_ns % _DAY_NS, 1_000_000_000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:09}"


def _by_name(operand: Operand) -> Operand:
    """Users and groups that arguments are the numbers of are shown by name."""
    if isinstance(operand, FieldOperand) and operand.field.name == "evt.arg" and is_id(operand.argument):
        return operand_of(f"evt.argname[{operand.argument}]")
    return operand


def _known(name: str) -> tuple[str, str]:
    """The field that a place begins with, and what follows it: a sentence may go on after a dot."""
    rest = ""
    while True:
        try:
            operand_of(name)
        except FilterError:
            shorter, dot, last = name.rpartition(".")
            if not dot or "." not in shorter or name.endswith(("]", ")")):
                # Tell of the whole.
                operand_of(name + rest)
                raise
            name, rest = shorter, f".{last}{rest}"
        else:
            return name, rest


def _texts(codes: np.ndarray | None, values: Sequence[str] | np.ndarray) -> list[Value]:
    assert codes is not None  # noqa: S101 - texts have codes
    return [str(values[code]) if code >= 0 else None for code in codes.tolist()]
