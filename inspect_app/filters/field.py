"""What a field is: a name, a type, a meaning, and how its values are found in a capture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.errors import FilterError, NotEvaluableError, excerpt
from inspect_app.filters.facets import Facet, Facets, NumberFacet, PayloadFacet, distinct
from inspect_app.filters.payload import texts_of
from inspect_app.frames.capture import CaptureFrames

_FEW = 4
"""A part of the events up to which their values are looked up alone, and not those of all events kept."""
MAX_TEXTS = 200_000
"""Payloads that are turned into text together."""


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
    BYTES = "bytes"
    """Payload, compared with texts or with bytes in hex."""


class Argument(StrEnum):
    """Whether a field takes an argument in brackets or after a dot."""

    NONE = "none"
    INDEX = "index"
    """A number that may be left out: `proc.aname[2]`, `proc.aname`."""
    OPTIONAL = "optional name"
    """A name that may be left out: `proc.env[HOME]`, `proc.env`."""
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
Gaps = Callable[[CaptureFrames, str], Mapping[str, str]]
"""(frames, argument or "") → event types whose values the capture lacks, and why."""


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

    equals: str = "="
    """The operator that `=` means with it."""

    gaps: Gaps | None = None
    """Where it may be that only events of some types lack their values."""

    lacking: Callable[[CaptureFrames], str] | None = None
    """Why no event of a capture has a value, empty where some may: a rule is told, a view shows nothing."""

    def facets(
        self, frames: CaptureFrames, argument: str = "", *, types: frozenset[str] | None = None
    ) -> Facets:
        """The values over events, computed once for each capture.

        Args:
            frames: The capture.
            argument: What stands in brackets or after the dot.
            types: Only events of these types matter; to others of a type with gaps nothing is given.

        Raises:
            NotEvaluableError: The capture lacks them, of an event type that matters.
        """
        compute = self.compute
        if compute is None:
            raise NotEvaluableError(f"{self.name}: {self.unavailable}")
        found = remember(frames, ("field", self.name, argument), lambda: compute(frames, argument))
        for lacking, reason in self.gaps(frames, argument).items() if self.gaps else ():
            if types is None or lacking in types:
                raise NotEvaluableError(reason)
        return found

    def column(self, frames: CaptureFrames, argument: str = "") -> FieldColumn:
        """The value of every event; the first one where an event has several. Raises NotEvaluableError."""
        key = ("column", self.name, argument)
        return remember(frames, key, lambda: _column(self.facets(frames, argument)[0], frames))

    def column_at(self, frames: CaptureFrames, argument: str, rows: np.ndarray | slice) -> FieldColumn:
        """The value of some events; of payload only their bytes are read. Raises NotEvaluableError."""
        if self.type is FieldType.BYTES:
            return _texts(frames, np.arange(len(frames.events))[rows])
        if not isinstance(rows, slice) and len(rows) * _FEW < len(frames.events):
            return _column(self.facets(frames, argument)[0].at(rows), frames)
        column = self.column(frames, argument)
        missing = None if column.missing is None else column.missing[rows]
        if column.codes is None:
            return FieldColumn(None, column.values[rows], missing)
        return FieldColumn(column.codes[rows], column.values, missing)

    def type_with(self, argument: str) -> FieldType:
        """The type of the values for one argument. Raises FilterError for an argument that there is not."""
        return self.type if self.type_of is None else self.type_of(argument)


def not_recorded(name: str, type_: FieldType, title: str, meaning: str, reason: str) -> Field:
    """A field of the language that no capture of ours can provide yet."""
    return Field(name, type_, title, meaning, unavailable=reason)


def small_number(name: str, argument: str) -> int:
    """The number that an index argument is. Raises FilterError where it is none, or too large."""
    if not argument.isascii() or not argument.isdecimal() or len(argument) > 3:
        raise FilterError(
            f"{name} takes a small number, not {excerpt(argument)!r}",
            expected=("a small number in brackets",),
        )
    return int(argument)


def _column(facet: Facet, frames: CaptureFrames) -> FieldColumn:
    if isinstance(facet, NumberFacet):
        return FieldColumn(None, *facet.event_values())
    if isinstance(facet, PayloadFacet):
        having = int(np.count_nonzero(facet.present()))
        if having > MAX_TEXTS:
            raise NotEvaluableError(
                f"payload of {having:,} events would be too much text; filter to fewer than {MAX_TEXTS:,}"
            )
        return _texts(frames, np.arange(len(frames.events)))
    return _text_column(facet.event_codes(), facet.values)


def _texts(frames: CaptureFrames, rows: np.ndarray) -> FieldColumn:
    return _text_column(*distinct(texts_of(frames, rows)))


def _text_column(codes: np.ndarray, texts: Sequence[str]) -> FieldColumn:
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    missing = codes < 0
    return FieldColumn(codes, values, missing if missing.any() else None)
