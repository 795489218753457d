"""What a field is: a name, a type, a meaning, and how its values are found in a capture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.errors import FilterError, NotEvaluableError, excerpt
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet
from inspect_app.frames.capture import CaptureFrames


class FieldType(StrEnum):
    """What a field's values are; it decides which operators fit and how a literal is read."""

    TEXT = "text"
    INTEGER = "integer"
    SIZE = "size"
    """Bytes."""
    DURATION = "duration"
    """Nanoseconds."""
    TIME = "time"
    """Nanoseconds since 1970 UTC."""
    CLOCK = "clock"
    """Nanoseconds since midnight UTC."""
    TRUTH = "truth"
    ADDRESS = "address"
    """An IP address as text; compares with addresses and with networks in CIDR."""


class Argument(StrEnum):
    """Whether a field takes an argument in brackets or after a dot."""

    NONE = "none"
    INDEX = "index"
    """A number that may be left out: `proc.aname[2]`, `proc.aname`."""
    NAME = "name"
    """A name that must be given: `evt.arg.flags`, `container.label[app]`."""


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A field's value for every event."""

    codes: np.ndarray | None
    """Text: position in `values` for each event, -1 missing. Numbers: None."""
    values: np.ndarray
    """Text: the distinct texts (object). Numbers: one value an event."""
    missing: np.ndarray | None
    """bool, one an event: there is no value. None: there is one everywhere."""


Compute = Callable[[CaptureFrames, str], Facets]
"""(frames, argument or "") → values. Raises NotEvaluableError where the capture lacks them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field."""

    name: str
    type: FieldType
    title: str
    """A heading for a column."""
    meaning: str
    """One line, shown in completion and in the reference."""
    compute: Compute | None = None
    """None: known, but a capture cannot provide it; `unavailable` says why."""
    argument: Argument = Argument.NONE
    argument_meaning: str = ""
    unavailable: str = ""
    type_of: Callable[[str], FieldType] | None = None
    """The type where it depends on the argument. Raises FilterError for an argument that there is not."""
    choices: tuple[str, ...] = ()
    """All values there are, where that is a short closed list."""

    def facets(self, frames: CaptureFrames, argument: str = "") -> Facets:
        """The values over events, computed once for each capture. Raises NotEvaluableError."""
        compute = self.compute
        if compute is None:
            raise NotEvaluableError(f"{self.name}: {self.unavailable}")
        return remember(frames, ("field", self.name, argument), lambda: compute(frames, argument))

    def column(self, frames: CaptureFrames, argument: str = "") -> FieldColumn:
        """The value of every event; the first one where an event has several. Raises NotEvaluableError."""
        key = ("column", self.name, argument)
        return remember(frames, key, lambda: _column(self.facets(frames, argument)[0]))

    def type_with(self, argument: str) -> FieldType:
        """The type of the values for one argument. Raises FilterError for an argument that there is not."""
        return self.type if self.type_of is None else self.type_of(argument)


def not_recorded(name: str, type_: FieldType, title: str, meaning: str, reason: str) -> Field:
    """A field of the language that no capture of ours can provide yet."""
    return Field(name, type_, title, meaning, unavailable=reason)


def ancestor_level(name: str, argument: str) -> int:
    """How many steps up an index argument asks for. Raises FilterError where it is no such number."""
    if not argument.isascii() or not argument.isdecimal() or len(argument) > 3:
        raise FilterError(
            f"{name} has no such ancestor: {excerpt(argument)!r}", expected=("a small number in brackets",)
        )
    return int(argument)


def _column(facet: TextFacet | NumberFacet) -> FieldColumn:
    if isinstance(facet, NumberFacet):
        return FieldColumn(None, *facet.event_values())
    codes = facet.event_codes()
    values = np.empty(len(facet.values), dtype=object)
    values[:] = facet.values
    missing = codes < 0
    return FieldColumn(codes, values, missing if missing.any() else None)
