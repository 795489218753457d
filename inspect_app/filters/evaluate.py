"""From expression to mask: which events of a capture a filter holds for.

A missing value meets no comparison, not even `!=`; `exists` tells whether there is one; `not` turns the
truth value of a whole condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from inspect_app.filters.facets import Facet, NumberFacet, PayloadFacet, TextFacet, look_up
from inspect_app.filters.field import FieldType
from inspect_app.filters.index import index_of
from inspect_app.filters.operands import combinations
from inspect_app.filters.operators import (
    address_test,
    each_of,
    number_test,
    pair_numbers,
    pair_test,
    text_test,
)
from inspect_app.filters.patterns import Test
from inspect_app.filters.postings import events_listed
from inspect_app.filters.reach import types_of
from inspect_app.filters.scope import Known, Scope, on_payload
from inspect_app.frames.capture import CaptureFrames

_FEW = 16
"""A part of the events up to which what else a condition asks is asked of them alone."""

_ADDRESS_OPERATORS = frozenset({"=", "!=", "in", "intersects"})


def evaluate(expression: Expression, frames: CaptureFrames) -> np.ndarray:
    """bool[events]: where the filter holds.

    Raises:
        NotEvaluableError: it asks for a field that this capture cannot provide.
        FilterError: it would need more memory than is sensible.
    """
    return _node(expression.root, Scope(frames, types=types_of(expression.root)))


def events_meeting(expression: Expression, frames: CaptureFrames) -> np.ndarray:
    """uint32, ascending: the events for which the filter holds.

    Those of one process or container are at hand as a list once it was asked for some: no mask is made.

    Raises:
        NotEvaluableError, FilterError: as `evaluate`.
    """
    root, scope = expression.root, Scope(frames, types=types_of(expression.root))
    hung = _of_rows(root, scope)
    if hung is None or hung.facet.rows is None:
        return np.flatnonzero(_node(root, scope)).astype(np.uint32)
    listed = events_listed(hung.decided, hung.facet.rows)
    if listed is None:
        return np.flatnonzero(look_up(hung.decided, hung.facet.rows)).astype(np.uint32)
    return np.sort(listed)


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
        self._scope = Scope(frames, rows=rows, known=Known(), types=types)

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
            continue
        if operand.field.lacking and (reason := operand.field.lacking(frames)):
            reasons.append(reason)
    return reasons


def _node(node: Node, scope: Scope) -> np.ndarray:
    # What was decided for some events only is of no use to others.
    if scope.known is None or scope.among is not None:
        return _decided_anew(node, scope)
    return scope.known.mask(node, lambda: _decided_anew(node, scope))


def _decided_anew(node: Node, scope: Scope) -> np.ndarray:
    match node:
        case And(parts):
            return _all(parts, scope)
        case Or(parts):
            inside = scope.looking_into(parts, scope.among)
            return _any([_node(part, inside) for part in parts])
        case Not(part):
            return ~_node(part, scope)
        case Exists(operand):
            return _any([facet.present() for facet in scope.facets(operand)])
        case Compare():
            return _compare_with(node, scope)
        case CompareOperands():
            return compare_operands(node, scope)


def _all(parts: tuple[Node, ...], scope: Scope) -> np.ndarray:
    """Payload is looked into last, and only of events for which all else holds."""
    looks = [next(on_payload(part), None) is not None for part in parts]
    plain = [part for part, into in zip(parts, looks, strict=True) if not into]
    dear = [part for part, into in zip(parts, looks, strict=True) if into]
    if not dear:
        return _every(parts, scope)
    if not plain:
        return _every(dear, scope.looking_into(dear, scope.among))
    held = _every(plain, scope)
    among = held if scope.among is None else held & scope.among
    held &= _every(dear, scope.looking_into(dear, among))
    return held


@dataclass(frozen=True, slots=True, eq=False)
class _OfRows:
    """Conditions that are decided for the rows of a frame to which events point."""

    decided: np.ndarray
    facet: TextFacet | NumberFacet
    """Where they point."""

    def at(self, events: np.ndarray) -> _OfRows:
        return replace(self, facet=self.facet.at(events, passing=True))


_Step = Node | _OfRows


def _every(parts: Sequence[Node], scope: Scope) -> np.ndarray:
    """Where all conditions hold."""
    return _one_by_one(parts if scope.known is not None else _by_rows(parts, scope), scope)


def _one_by_one(steps: Sequence[_Step], scope: Scope) -> np.ndarray:
    """Where all steps hold. Once few events are left, the others are decided for these alone."""
    known = scope.known
    result = _step(steps[0], scope).copy()
    for at, step in enumerate(steps[1:], start=1):
        left = int(np.count_nonzero(result))
        if known is not None and not left:
            break
        is_decided = known is not None and not isinstance(step, _OfRows) and step in known
        if left * _FEW <= len(result) and not is_decided:
            rows = np.flatnonzero(result)
            others = [one.at(rows) if isinstance(one, _OfRows) else one for one in steps[at:]]
            result[rows] = _one_by_one(others, scope.narrowed(rows))
            break
        result &= _step(step, scope)
    return result


def _step(step: _Step, scope: Scope) -> np.ndarray:
    return step.facet.over_events(step.decided) if isinstance(step, _OfRows) else _node(step, scope)


def _by_rows(parts: Sequence[Node], scope: Scope) -> list[_Step]:
    """What hangs on the rows of one frame is decided there, as one step, behind the other parts."""
    steps, joined = list[_Step](), dict[int, _OfRows]()
    for part in parts:
        found = _of_rows(part, scope)
        if found is None:
            steps.append(part)
            continue
        before = joined.setdefault(id(found.facet.rows), found)
        joined[id(found.facet.rows)] = replace(found, decided=found.decided & before.decided)
    return [*steps, *joined.values()]


def _of_rows(node: Node, scope: Scope) -> _OfRows | None:
    """A condition on the one value of a field; None where it hangs on no rows, or on several."""
    if not isinstance(node, Compare | Exists):
        return None
    operand = node.left if isinstance(node, Compare) else node.operand
    (facet, *others) = scope.facets(operand)
    if others or isinstance(facet, PayloadFacet) or facet.rows is None or has_few_events(facet):
        return None
    decided = decision(node, facet, scope) if isinstance(node, Compare) else facet.everywhere()
    return _OfRows(facet.of_rows(decided), facet)


def _any(masks: list[np.ndarray]) -> np.ndarray:
    if len(masks) == 1:
        return masks[0]
    held: np.ndarray = masks[0] | masks[1]
    for mask in masks[2:]:
        held |= mask
    return held


def _compare_with(node: Compare, scope: Scope) -> np.ndarray:
    if node.left.type is FieldType.BYTES:
        return scope.looking_into([node], scope.among).payload[id(node)]
    return _any([compare(node, facet, scope) for facet in scope.facets(node.left)])


def compare(node: Compare, facet: Facet, scope: Scope) -> np.ndarray:
    """bool, one a row of the scope: where one of a field's values meets a comparison."""
    if isinstance(facet, TextFacet) and has_few_events(facet):
        # Only the values that these events have are looked at.
        used, place = np.unique(facet.event_codes(), return_inverse=True)
        values = [facet.values[at] for at in used[used >= 0].tolist()]
        decided = decision(node, TextFacet(values), replace(scope, known=None))
        missing = np.zeros(int((used < 0).sum()), np.bool_)
        held: np.ndarray = np.concatenate((missing, decided))[place]
        return held
    assert not isinstance(facet, PayloadFacet)  # noqa: S101 - payload is decided by its own
    return facet.spread(decision(node, facet, scope))


def has_few_events(facet: TextFacet | NumberFacet) -> bool:
    """Whether texts are more than events: then only those that events have are worth looking at."""
    if isinstance(facet, NumberFacet) or facet.next_row is not None:
        return False
    pointers = facet.codes if facet.rows is None else facet.rows
    return pointers is not None and len(pointers) < len(facet.values)


def decision(node: Compare, facet: TextFacet | NumberFacet, scope: Scope) -> np.ndarray:
    """bool[values]: which values meet a comparison."""
    constants = [literal.constant for literal in node.values]
    if isinstance(facet, NumberFacet):
        values = facet.values
        return each_of(node.modifier, constants, lambda some: number_test(node.operator, some, values))
    if node.left.type is FieldType.ADDRESS and node.operator in _ADDRESS_OPERATORS:
        return each_of(
            node.modifier, constants, lambda some: _decided(facet, address_test(node.operator, some))
        )
    texts = [literal.text for literal in node.values]
    if scope.known is not None and not node.modifier:
        found = index_of(scope.frames, facet).decide(node.operator, texts)
        if found is not None:
            return found
    return _decided(facet, text_test(node.operator, node.modifier, texts))


def _decided(facet: TextFacet, test: Test) -> np.ndarray:
    return np.fromiter(map(test, facet.values), np.bool_, len(facet.values))


def compare_operands(node: CompareOperands, scope: Scope) -> np.ndarray:
    """bool, one a row of the scope: where two values of the same event meet a comparison."""
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
