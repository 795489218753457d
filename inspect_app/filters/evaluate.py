"""From expression to mask: which events of a capture a filter holds for.

A missing value meets no comparison, not even `!=`; `exists` tells whether there is one; `not` turns the
truth value of a whole condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from inspect_app.filters.errors import FilterError, NotEvaluableError
from inspect_app.filters.expression import (
    And,
    Compare,
    CompareOperands,
    Exists,
    Expression,
    Node,
    Not,
    Or,
)
from inspect_app.filters.facets import Facet, NumberFacet, TextFacet
from inspect_app.filters.field import FieldType
from inspect_app.filters.operands import combinations, facets_of
from inspect_app.filters.operators import (
    address_test,
    each_of,
    number_test,
    pair_numbers,
    pair_test,
    text_test,
)
from inspect_app.filters.patterns import Test
from inspect_app.filters.payload import decide_all, payload_test
from inspect_app.frames.capture import CaptureFrames

MAX_LOOKS = 50
"""Conditions on payload that are decided together: each takes a byte an event."""

_ADDRESS_OPERATORS = frozenset({"=", "!=", "in", "intersects"})


def evaluate(expression: Expression, frames: CaptureFrames) -> np.ndarray:
    """bool[events]: where the filter holds.

    Raises:
        NotEvaluableError: it asks for a field that this capture cannot provide.
        FilterError: it would need more memory than is sensible.
    """
    return _node(expression.root, _Scope(frames))


def not_evaluable(expression: Expression, frames: CaptureFrames) -> list[str]:
    """A sentence for each field of the filter that this capture cannot provide; empty: it has all."""
    reasons = []
    for operand in expression.fields():
        try:
            operand.field.facets(frames, operand.argument)
        except NotEvaluableError as error:
            reasons.append(error.message)
    return reasons


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is known while a part of a filter is decided."""

    frames: CaptureFrames
    among: np.ndarray | None = None
    """bool[events]: only these matter, so that payload of no others need be read. None: all do."""
    payload: Mapping[int, np.ndarray] = field(default_factory=dict)
    """Conditions on payload that are decided already, by their identity."""

    def looking_into(self, parts: Sequence[Node], among: np.ndarray | None) -> _Scope:
        """Decide all conditions on payload in some parts at once: bytes are read a single time."""
        nodes = [node for part in parts for node in _on_payload(part) if id(node) not in self.payload]
        if not nodes:
            return self
        if len(nodes) > MAX_LOOKS:
            raise FilterError(
                f"the filter has {len(nodes):,} conditions on payload, more than {MAX_LOOKS}; "
                "`contains anyof (…)` takes many texts at once"
            )
        tests = [
            payload_test(node.operator, node.modifier, [literal.text for literal in node.values])
            for node in nodes
        ]
        masks = decide_all(self.frames, tests, among)
        found = dict(zip(map(id, nodes), masks, strict=True))
        return replace(self, among=among, payload={**self.payload, **found})


def _on_payload(node: Node) -> Iterator[Compare]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _on_payload(part)
        case Not(part):
            yield from _on_payload(part)
        case Compare() if node.left.type is FieldType.BYTES:
            yield node


def _node(node: Node, scope: _Scope) -> np.ndarray:
    match node:
        case And(parts):
            return _all(parts, scope)
        case Or(parts):
            return _combined(np.logical_or, parts, scope.looking_into(parts, scope.among))
        case Not(part):
            return ~_node(part, scope)
        case Exists(operand):
            return _any([facet.present() for facet in facets_of(operand, scope.frames)])
        case Compare():
            return _compare_with(node, scope)
        case CompareOperands():
            return _compare_operands(node, scope.frames)


def _all(parts: tuple[Node, ...], scope: _Scope) -> np.ndarray:
    """Payload is looked into last, and only of events for which all else holds."""
    looks = [next(_on_payload(part), None) is not None for part in parts]
    plain = [part for part, into in zip(parts, looks, strict=True) if not into]
    dear = [part for part, into in zip(parts, looks, strict=True) if into]
    if not dear:
        return _combined(np.logical_and, parts, scope)
    if not plain:
        return _combined(np.logical_and, dear, scope.looking_into(dear, scope.among))
    held = _combined(np.logical_and, plain, scope)
    among = held if scope.among is None else held & scope.among
    held &= _combined(np.logical_and, dear, scope.looking_into(dear, among))
    return held


def _combined(combine: np.ufunc, parts: Sequence[Node], scope: _Scope) -> np.ndarray:
    result = _node(parts[0], scope).copy()
    for part in parts[1:]:
        combine(result, _node(part, scope), out=result)
    return result


def _any(masks: list[np.ndarray]) -> np.ndarray:
    return masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)


def _compare_with(node: Compare, scope: _Scope) -> np.ndarray:
    if node.left.type is FieldType.BYTES:
        return scope.looking_into([node], scope.among).payload[id(node)]
    return _any([_compare(node, facet) for facet in facets_of(node.left, scope.frames)])


def _compare(node: Compare, facet: Facet) -> np.ndarray:
    constants = [literal.constant for literal in node.values]
    if isinstance(facet, NumberFacet):
        values = facet.values
        return facet.spread(
            each_of(node.modifier, constants, lambda some: number_test(node.operator, some, values))
        )
    assert isinstance(facet, TextFacet)  # noqa: S101 - payload is decided by its own
    if node.left.type is FieldType.ADDRESS and node.operator in _ADDRESS_OPERATORS:
        decided = each_of(
            node.modifier, constants, lambda some: _decided(facet, address_test(node.operator, some))
        )
        return facet.spread(decided)
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
    pairs, codes = combinations([left, right])
    ones, others = (column.tolist() for column in pairs)
    held = np.fromiter(
        (one >= 0 and other >= 0 and test(left.values[one], right.values[other])
         for one, other in zip(ones, others, strict=True)),
        np.bool_, len(ones),
    )  # fmt: skip
    spread: np.ndarray = held[codes]
    return spread
