"""From expression to mask: which events of a capture a filter holds for.

A missing value meets no comparison, not even `!=`; `exists` tells whether there is one; `not` turns the
truth value of a whole condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    Operand,
    Or,
)
from inspect_app.filters.facets import Facet, Facets, NumberFacet, TextFacet
from inspect_app.filters.field import FieldType
from inspect_app.filters.index import index_of
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
from inspect_app.filters.payload import Decide, decide_all, payload_test
from inspect_app.filters.reach import types_of
from inspect_app.frames.capture import CaptureFrames

MAX_LOOKS = 50
"""Conditions on payload that are decided together: each takes a byte an event."""

MAX_KNOWN = 256 << 20
"""Bytes of masks that are kept for filters to come."""

_ADDRESS_OPERATORS = frozenset({"=", "!=", "in", "intersects"})


def evaluate(expression: Expression, frames: CaptureFrames) -> np.ndarray:
    """bool[events]: where the filter holds.

    Raises:
        NotEvaluableError: it asks for a field that this capture cannot provide.
        FilterError: it would need more memory than is sensible.
    """
    return _node(expression.root, _Scope(frames, types=types_of(expression.root)))


class Evaluator:
    """Many filters over the same events: what several of them ask is decided once.

    A filter is left as soon as it holds nowhere, so that a field which a capture cannot provide may go
    unnoticed: ask `not_evaluable` before.
    """

    def __init__(
        self,
        frames: CaptureFrames,
        rows: np.ndarray | None = None,
        types: frozenset[str] | None = None,
    ) -> None:
        """Decide filters over some events.

        Args:
            frames: The capture.
            rows: The events that matter, as sorted row numbers; None: all.
            types: The types of those events; None: any.
        """
        self._scope = _Scope(frames, rows=rows, known=_Known(), types=types)

    def holds(self, node: Node) -> np.ndarray:
        """bool, one a row: where a condition holds.

        Raises:
            NotEvaluableError: it asks for a field that this capture cannot provide.
            FilterError: it would need more memory than is sensible.
        """
        return _node(node, self._scope)


def not_evaluable(expression: Expression, frames: CaptureFrames) -> list[str]:
    """A sentence for each field of the filter that this capture cannot provide; empty: it has all."""
    reasons = []
    types = types_of(expression.root)
    for operand in expression.fields():
        try:
            operand.field.facets(frames, operand.argument, types=types)
        except NotEvaluableError as error:
            reasons.append(error.message)
    return reasons


class _Known:
    """Conditions that are decided already, and operands of the events that matter."""

    def __init__(self) -> None:
        self.facets: dict[str, Facets] = {}
        self._masks: dict[Node, np.ndarray] = {}
        self._bytes = 0

    def mask(self, node: Node, decide: Callable[[], np.ndarray]) -> np.ndarray:
        """A condition's mask; nobody may write into it."""
        if (found := self._masks.get(node)) is not None:
            return found
        decided = decide()
        self._bytes += decided.nbytes
        if self._bytes > MAX_KNOWN:
            self._masks.clear()
            self._bytes = decided.nbytes
        self._masks[node] = decided
        return decided


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is known while a part of a filter is decided."""

    frames: CaptureFrames
    among: np.ndarray | None = None
    """bool, one a row: only these matter, so that payload of no others need be read. None: all do."""
    payload: Mapping[int, np.ndarray] = field(default_factory=dict)
    """Conditions on payload that are decided already, by their identity."""
    rows: np.ndarray | None = None
    """Rows of the events that matter. None: all."""
    known: _Known | None = None
    """What filters before this one decided; None: there are none."""
    types: frozenset[str] | None = None
    """Types of the events that matter. None: any."""

    def facets(self, operand: Operand) -> Facets:
        """The values of an operand for the events that matter. Raises NotEvaluableError."""
        if self.rows is None or self.known is None:
            return facets_of(operand, self.frames, self.types)
        kept = self.known.facets
        if (name := str(operand)) not in kept:
            facets = facets_of(operand, self.frames, self.types)
            kept[name] = tuple(facet.at(self.rows) for facet in facets)
        return kept[name]

    def look(self, tests: Sequence[Decide], among: np.ndarray | None) -> list[np.ndarray]:
        """Conditions on payload decided for the events that matter."""
        if self.rows is None:
            return decide_all(self.frames, tests, among)
        everywhere = np.zeros(len(self.frames.events), np.bool_)
        everywhere[self.rows if among is None else self.rows[among]] = True
        return [mask[self.rows] for mask in decide_all(self.frames, tests, everywhere)]

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
        masks = self.look(tests, among)
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
    # What was decided for some events only is of no use to others.
    if scope.known is None or scope.among is not None:
        return _decided_anew(node, scope)
    return scope.known.mask(node, lambda: _decided_anew(node, scope))


def _decided_anew(node: Node, scope: _Scope) -> np.ndarray:
    match node:
        case And(parts):
            return _all(parts, scope)
        case Or(parts):
            return _combined(np.logical_or, parts, scope.looking_into(parts, scope.among))
        case Not(part):
            return ~_node(part, scope)
        case Exists(operand):
            return _any([facet.present() for facet in scope.facets(operand)])
        case Compare():
            return _compare_with(node, scope)
        case CompareOperands():
            return _compare_operands(node, scope)


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
        if scope.known is not None and combine is np.logical_and and not result.any():
            break
        combine(result, _node(part, scope), out=result)
    return result


def _any(masks: list[np.ndarray]) -> np.ndarray:
    return masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)


def _compare_with(node: Compare, scope: _Scope) -> np.ndarray:
    if node.left.type is FieldType.BYTES:
        return scope.looking_into([node], scope.among).payload[id(node)]
    return _any([_compare(node, facet, scope) for facet in scope.facets(node.left)])


def _compare(node: Compare, facet: Facet, scope: _Scope) -> np.ndarray:
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
    if scope.known is not None and not node.modifier:
        found = index_of(scope.frames, facet).decide(node.operator, texts)
        if found is not None:
            return facet.spread(found)
    return facet.spread(_decided(facet, text_test(node.operator, node.modifier, texts)))


def _decided(facet: TextFacet, test: Test) -> np.ndarray:
    return np.fromiter(map(test, facet.values), np.bool_, len(facet.values))


def _compare_operands(node: CompareOperands, scope: _Scope) -> np.ndarray:
    masks = [
        _pair(node.operator, left, right)
        for left in scope.facets(node.left)
        for right in scope.facets(node.right)
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
