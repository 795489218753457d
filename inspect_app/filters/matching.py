"""The rows of the events for which one filter holds, found piece by piece.

Most conditions of views hold for few events, by their type alone: what else they ask is asked of these.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from capture.format.pieces import rows_where
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.expression import And, Expression, Node, Not, Or
from inspect_app.filters.leaves import InPayload, Leaf, Rows, Simple, leaves_of, simple_parts
from inspect_app.filters.reach import types_of
from inspect_app.filters.scope import Scope, on_payload
from inspect_app.frames.capture import CaptureFrames

_FEW = 4
"""A part of the events up to which the rest is asked of them alone."""
_Leaves = Mapping[Simple, tuple[Leaf, ...]]


def rows_matching(expression: Expression, frames: CaptureFrames) -> np.ndarray:
    """int64, ascending: the events for which a filter holds. Raises as `evaluate` does."""
    root = expression.root
    if next(on_payload(root), None) is not None:
        return np.flatnonzero(evaluate(expression, frames))
    scope = Scope(frames, types=types_of(root))
    leaves = {node: leaves_of(node, scope) for node in simple_parts(root)}

    return rows_where(len(frames.events), lambda piece: _holds(root, piece, leaves))


def _holds(node: Node, rows: Rows, leaves: _Leaves) -> np.ndarray:
    """bool, one for each of some events. Once few are left, what else is asked is asked of these alone."""
    if isinstance(node, Not):
        return ~_holds(node.part, rows, leaves)
    if isinstance(node, Or):
        held: np.ndarray = np.logical_or.reduce([_holds(part, rows, leaves) for part in node.parts])
        return held
    if not isinstance(node, And):
        first, *others = (leaf.at(rows) for leaf in leaves[node] if not isinstance(leaf, InPayload))
        return np.logical_or.reduce([first, *others]) if others else first
    held = _holds(node.parts[0], rows, leaves)
    for part in node.parts[1:]:
        left = np.flatnonzero(held)
        if len(left) * _FEW > len(held):
            held = held & _holds(part, rows, leaves)
        elif len(left):
            some = left + rows.start if isinstance(rows, slice) else rows[left]
            held = np.zeros(len(held), bool)
            held[left] = _holds(part, some, leaves)
    return held
