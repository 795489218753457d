"""From expression to mask: which events of a capture a filter holds for.

A missing value meets no comparison, not even `!=`; `exists` tells whether there is one; `not` turns the
truth value of a whole condition.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from posixpath import basename

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.errors import FilterError, NotEvaluableError, excerpt
from inspect_app.filters.expression import (
    And,
    CallOperand,
    Compare,
    CompareOperands,
    Exists,
    Expression,
    FieldOperand,
    Node,
    Not,
    Operand,
    Or,
)
from inspect_app.filters.facets import (
    Facet,
    Facets,
    NumberFacet,
    TextFacet,
    compose,
    distinct,
    look_up,
    occurring,
)
from inspect_app.filters.field import FieldType
from inspect_app.filters.operators import address_test, number_test, pair_numbers, pair_test, text_test
from inspect_app.filters.patterns import Test
from inspect_app.frames.capture import CaptureFrames

MAX_COMBINATIONS = 1_000_000
"""Different combinations of values that `concat`, `join` and `val` may meet."""
MAX_JOINED = 64 << 20
"""Characters that `concat` and `join` may make."""

_ADDRESS_OPERATORS = frozenset({"=", "!=", "in", "intersects"})


def evaluate(expression: Expression, frames: CaptureFrames) -> np.ndarray:
    """bool[events]: where the filter holds.

    Raises:
        NotEvaluableError: it asks for a field that this capture cannot provide.
        FilterError: it would need more memory than is sensible.
    """
    return _node(expression.root, frames)


def not_evaluable(expression: Expression, frames: CaptureFrames) -> list[str]:
    """A sentence for each field of the filter that this capture cannot provide; empty: it has all."""
    reasons = []
    for operand in expression.fields():
        try:
            operand.field.facets(frames, operand.argument)
        except NotEvaluableError as error:
            reasons.append(error.message)
    return reasons


def facets_of(operand: Operand, frames: CaptureFrames) -> Facets:
    """The values of an operand. Raises NotEvaluableError."""
    if isinstance(operand, FieldOperand):
        return operand.field.facets(frames, operand.argument)
    return remember(frames, ("call", str(operand)), lambda: _call(operand, frames))


def _node(node: Node, frames: CaptureFrames) -> np.ndarray:
    match node:
        case And(parts):
            return _combined(np.logical_and, parts, frames)
        case Or(parts):
            return _combined(np.logical_or, parts, frames)
        case Not(part):
            return ~_node(part, frames)
        case Exists(operand):
            return _any([facet.present() for facet in facets_of(operand, frames)])
        case Compare():
            return _any([_compare(node, facet) for facet in facets_of(node.left, frames)])
        case CompareOperands():
            return _compare_operands(node, frames)


def _combined(combine: np.ufunc, parts: tuple[Node, ...], frames: CaptureFrames) -> np.ndarray:
    result = _node(parts[0], frames).copy()
    for part in parts[1:]:
        combine(result, _node(part, frames), out=result)
    return result


def _any(masks: list[np.ndarray]) -> np.ndarray:
    return masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)


def _compare(node: Compare, facet: Facet) -> np.ndarray:
    constants = [literal.constant for literal in node.values]
    if isinstance(facet, NumberFacet):
        return facet.spread(number_test(node.operator, constants, facet.values))
    if node.left.type is FieldType.ADDRESS and node.operator in _ADDRESS_OPERATORS:
        return facet.spread(_decided(facet, address_test(node.operator, constants)))
    texts = [literal.text for literal in node.values]
    return facet.spread(_decided(facet, text_test(node.operator, node.modifier, texts)))


def _decided(facet: TextFacet, test: Test) -> np.ndarray:
    return np.fromiter(map(test, facet.values), np.bool_, len(facet.values))


def _compare_operands(node: CompareOperands, frames: CaptureFrames) -> np.ndarray:
    masks = [
        _pair(node.operator, left, right)
        for left in facets_of(node.left, frames)
        for right in facets_of(node.right, frames)
    ]
    return _any(masks)


def _pair(operator: str, left: Facet, right: Facet) -> np.ndarray:
    if left.next_row is not None or right.next_row is not None:
        raise FilterError(
            "a field that means any ancestor compares only with written values; give it an index"
        )
    if isinstance(left, NumberFacet) and isinstance(right, NumberFacet):
        values, missing = left.event_values()
        others, absent = right.event_values()
        held = pair_numbers(operator, values, others)
        for gone in (missing, absent):
            if gone is not None:
                held &= ~gone
        return held
    assert isinstance(left, TextFacet)  # noqa: S101 - parse compares like with like
    assert isinstance(right, TextFacet)  # noqa: S101
    test = pair_test(operator)
    pairs, codes = _combinations([left, right])
    ones, others = (column.tolist() for column in pairs)
    held = np.fromiter(
        (one >= 0 and other >= 0 and test(left.values[one], right.values[other])
         for one, other in zip(ones, others, strict=True)),
        np.bool_, len(ones),
    )  # fmt: skip
    spread: np.ndarray = held[codes]
    return spread


def _combinations(parts: Sequence[TextFacet]) -> tuple[list[np.ndarray], np.ndarray]:
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
    change = _CHANGES.get(operand.function)
    facets = [facet for facet in facets_of(operand.operands[0], frames) if isinstance(facet, TextFacet)]
    if change is not None:
        return tuple(facet.mapped(change) for facet in facets)
    return tuple(_lengths(facet) for facet in facets)


def _lengths(facet: TextFacet) -> NumberFacet:
    lengths = np.array([len(value) for value in facet.values], np.int64)
    if facet.codes is None:
        return NumberFacet(lengths, None, facet.rows, facet.next_row)
    return NumberFacet(look_up(lengths, facet.codes, missing=0), facet.codes < 0, facet.rows, facet.next_row)


def _joined(operand: CallOperand, frames: CaptureFrames) -> TextFacet:
    """Texts put together; missing where any of them is."""
    parts = [_as_text(inner, frames) for inner in operand.operands]
    columns, codes = _combinations(parts)
    made = 0
    texts: list[str | None] = []
    for places in zip(*(column.tolist() for column in columns), strict=True):
        if min(places) < 0:
            texts.append(None)
            continue
        text = operand.separator.join(part.values[at] for part, at in zip(parts, places, strict=True))
        made += len(text)
        if made > MAX_JOINED:
            raise FilterError(f"{operand.function} would make more than {MAX_JOINED >> 20} MiB of text")
        texts.append(text)
    merged, values = distinct(texts)
    return TextFacet(values, None, merged[codes])


def _as_text(operand: Operand, frames: CaptureFrames) -> TextFacet:
    (facet, *others) = facets_of(operand, frames)
    if others or facet.next_row is not None:
        raise FilterError(
            f"{excerpt(operand)} has several values at once and cannot be put together with others"
        )
    if isinstance(facet, TextFacet):
        return facet
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
