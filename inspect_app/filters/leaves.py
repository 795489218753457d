"""The simple conditions of which filters are made, asked about a few events at a time.

    event ──pointer──► row ──table──► holds

What hangs on an arrow is decided once for each row that it points to; then an event costs one look-up, in
pieces that stay in the processor's cache. `views.parting` asks many filters so, in a few passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.evaluate import compare, compare_operands, decision, has_few_events
from inspect_app.filters.expression import And, Compare, CompareOperands, Exists, Node, Not, Or
from inspect_app.filters.facets import Facet, NumberFacet, PayloadFacet
from inspect_app.filters.field import FieldType
from inspect_app.filters.operators import each_of, number_test
from inspect_app.filters.scope import Scope

Simple = Compare | CompareOperands | Exists
Rows = np.ndarray | slice
"""Rows of events; a slice has both ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Pointed:
    """Holds for the events that point to some rows."""

    pointer: np.ndarray
    """Event → row, -1 none."""
    table: np.ndarray
    """bool, or numbers: row → what holds of it; one more at the end, which the row -1 means."""

    def at(self, rows: Rows) -> np.ndarray:
        """What holds of each of the events."""
        return self.table.take(_taken(self.pointer, rows), mode="wrap")


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Is asked of each event's own number."""

    test: Callable[[Rows], np.ndarray]

    def at(self, rows: Rows) -> np.ndarray:
        """bool, one for each of the events."""
        return self.test(rows)


@dataclass(frozen=True, slots=True, eq=False)
class InPayload:
    """Is asked of each event's kept bytes, which have to be read for it."""

    node: Compare


Leaf = Pointed | Tested | InPayload


def simple_parts(node: Node) -> list[Simple]:
    """The simple conditions in a condition."""
    if isinstance(node, And | Or):
        return [simple for part in node.parts for simple in simple_parts(part)]
    return simple_parts(node.part) if isinstance(node, Not) else [node]


def leaves_of(node: Simple, scope: Scope) -> tuple[Leaf, ...]:
    """A simple condition holds where any of these do. Raises NotEvaluableError, FilterError."""
    if isinstance(node, CompareOperands):
        return (_mask(compare_operands(node, scope)),)
    if isinstance(node, Exists):
        return tuple(_present(facet) for facet in scope.facets(node.operand))
    if node.left.type is FieldType.BYTES:
        return (InPayload(node),)
    return tuple(_compared(node, facet, scope) for facet in scope.facets(node.left))


def _mask(held: np.ndarray) -> Leaf:
    """Of bits: what is decided for every event is kept until all else is."""
    packed = np.packbits(held, bitorder="little")
    del held

    def test(rows: Rows) -> np.ndarray:
        if isinstance(rows, slice):
            first = rows.start >> 3
            bits = np.unpackbits(packed[first : (rows.stop + 7) >> 3], bitorder="little")
            return bits[rows.start - (first << 3) :][: rows.stop - rows.start].view(np.bool_)
        found: np.ndarray = (packed[rows >> 3] >> (rows & 7).astype(np.uint8)) & np.uint8(1) == 1
        return found

    return Tested(test)


def _present(facet: Facet) -> Leaf:
    if isinstance(facet, PayloadFacet):
        lengths = facet.lengths
        return Tested(lambda rows: lengths[rows] > 0)
    if isinstance(facet, NumberFacet) and facet.rows is None and facet.missing is not None:
        missing = facet.missing
        return Tested(lambda rows: ~missing[rows])
    return _pointed(facet, facet.everywhere()) or _mask(facet.present())


def _compared(node: Compare, facet: Facet, scope: Scope) -> Leaf:
    assert not isinstance(facet, PayloadFacet)  # noqa: S101 - payload is a leaf of its own
    if has_few_events(facet):
        return _mask(compare(node, facet, scope))
    if isinstance(facet, NumberFacet) and facet.rows is None and facet.next_row is None:
        return _of_numbers(node, facet)
    decided = decision(node, facet, scope)
    return _pointed(facet, decided) or _mask(facet.spread(decided))


def _pointed(facet: Facet, decided: np.ndarray) -> Pointed | None:
    """What hangs on an arrow; None where each event has a value of its own, or its row is the event."""
    assert not isinstance(facet, PayloadFacet)  # noqa: S101 - payload is a leaf of its own
    if facet.rows is not None:
        return Pointed(facet.rows, np.append(facet.of_rows(decided), False))
    if isinstance(facet, NumberFacet) or facet.codes is None or facet.next_row is not None:
        return None
    return Pointed(facet.codes, np.append(decided, False))


def _of_numbers(node: Compare, facet: NumberFacet) -> Tested:
    constants = [literal.constant for literal in node.values]
    values, missing = facet.values, facet.missing

    def test(rows: Rows) -> np.ndarray:
        mine = values[rows]
        held = each_of(node.modifier, constants, lambda some: number_test(node.operator, some, mine))
        return held if missing is None else held & ~missing[rows]

    return Tested(test)


def _taken(column: np.ndarray, rows: Rows) -> np.ndarray:
    return column[rows] if isinstance(rows, slice) else column.take(rows)
