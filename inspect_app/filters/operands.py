"""What stands on either side of an operator: the values of fields, and of transformers over them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from posixpath import basename

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.errors import FilterError, excerpt
from inspect_app.filters.expression import CallOperand, FieldOperand, Operand
from inspect_app.filters.facets import (
    Facet,
    Facets,
    NumberFacet,
    PayloadFacet,
    TextFacet,
    compose,
    distinct,
    look_up,
    occurring,
)
from inspect_app.filters.options import option_facets
from inspect_app.frames.capture import CaptureFrames

MAX_COMBINATIONS = 1_000_000
"""Different combinations of values that `concat`, `join` and `val` may meet."""
MAX_JOINED = 64 << 20
"""Characters that `concat` and `join` may make."""
NONE: frozenset[str] = frozenset()
"""No event type matters: values that are lacking are missing."""


def facets_of(operand: Operand, frames: CaptureFrames, types: frozenset[str] | None = None) -> Facets:
    """The values of an operand; `types`: events of no others matter. Raises NotEvaluableError."""
    if isinstance(operand, FieldOperand):
        return operand.field.facets(frames, operand.argument, types=types)
    for inner in operand.fields():
        inner.field.facets(frames, inner.argument, types=types)
    return remember(frames, ("call", str(operand)), lambda: _call(operand, frames))


def combinations(parts: Sequence[TextFacet]) -> tuple[list[np.ndarray], np.ndarray]:
    """The combinations of codes that occur, one array for each part, and which one each event has."""
    sizes = [len(part.values) for part in parts]
    rows = parts[0].rows
    if rows is None or any(part.rows is not rows for part in parts):
        return _merged([part.event_codes() for part in parts], sizes)
    # All hang on the same rows, of which there are far fewer than events.
    columns, merged = _merged([compose(part.codes, None, len(part.values)) for part in parts], sizes)
    nowhere = len(columns[0])
    return [np.append(column, -1) for column in columns], look_up(merged, rows, missing=nowhere)


def _merged(codes: list[np.ndarray], sizes: list[int]) -> tuple[list[np.ndarray], np.ndarray]:
    columns: list[np.ndarray] = []
    merged = np.zeros(len(codes[0]), np.int64)
    for column, size in zip(codes, sizes, strict=True):
        merged, found = occurring(merged * (size + 1) + (column + 1))
        if len(found) > MAX_COMBINATIONS:
            raise FilterError(f"the fields have {len(found):,} combinations, more than {MAX_COMBINATIONS:,}")
        before, last = np.divmod(found, size + 1)
        columns = [earlier[before] for earlier in columns] + [last - 1]
    return columns, merged


def _call(operand: CallOperand, frames: CaptureFrames) -> Facets:
    if operand.function in ("concat", "join"):
        return (_joined(operand, frames),)
    if operand.function == "getopt":
        return option_facets(frames, operand.text, operand.argument)
    change = _CHANGES.get(operand.function)
    facets = facets_of(operand.operands[0], frames, NONE)
    if change is not None:
        return tuple(facet.mapped(change) for facet in facets if isinstance(facet, TextFacet))
    return tuple(_lengths(facet) for facet in facets)


def _lengths(facet: Facet) -> NumberFacet:
    if isinstance(facet, PayloadFacet):
        return NumberFacet(facet.lengths, facet.lengths == 0)
    assert isinstance(facet, TextFacet)  # noqa: S101 - parse gives it texts and bytes
    lengths = np.array([len(value) for value in facet.values], np.int64)
    if facet.codes is None:
        return NumberFacet(lengths, None, facet.rows, facet.next_row)
    return NumberFacet(look_up(lengths, facet.codes, missing=0), facet.codes < 0, facet.rows, facet.next_row)


def _joined(operand: CallOperand, frames: CaptureFrames) -> TextFacet:
    """Texts put together; missing where any of them is."""
    parts = [_as_text(inner, frames) for inner in operand.operands]
    columns, codes = combinations(parts)
    made = 0
    texts: list[str | None] = []
    for places in zip(*(column.tolist() for column in columns), strict=True):
        if min(places) < 0:
            texts.append(None)
            continue
        text = operand.text.join(part.values[at] for part, at in zip(parts, places, strict=True))
        made += len(text)
        if made > MAX_JOINED:
            raise FilterError(f"{operand.function} would make more than {MAX_JOINED >> 20} MiB of text")
        texts.append(text)
    merged, values = distinct(texts)
    return TextFacet(values, None, merged[codes])


def _as_text(operand: Operand, frames: CaptureFrames) -> TextFacet:
    (facet, *others) = facets_of(operand, frames, NONE)
    if others or facet.next_row is not None:
        raise FilterError(
            f"{excerpt(operand)} has several values at once and cannot be put together with others"
        )
    if isinstance(facet, TextFacet):
        return facet
    assert isinstance(facet, NumberFacet)  # noqa: S101 - parse refuses bytes
    numbers, missing = facet.event_values()
    codes, found = occurring(numbers)
    if len(found) > MAX_COMBINATIONS:
        raise FilterError(
            f"{excerpt(operand)} has {len(found):,} different values, more than {MAX_COMBINATIONS:,}"
        )
    values = [str(number).lower() for number in found.tolist()]
    return TextFacet(values, None, codes if missing is None else np.where(missing, -1, codes))


def _from_base64(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "surrogateescape")
    except (ValueError, binascii.Error):
        return None


_CHANGES: dict[str, Callable[[str], str | None]] = {
    "tolower": str.lower,
    "toupper": str.upper,
    "b64": _from_base64,
    "basename": basename,
}
