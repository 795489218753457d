"""Why a rule held for an event: the comparisons that decided it, with the event's own values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.evaluate import Evaluator
from inspect_app.filters.expression import And, Compare, CompareOperands, Exists, Node, Not, Operand, Or
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.output import as_text, values_of

MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Reason:
    """A comparison that a condition owes its truth to."""

    text: str
    """As it stands in the condition, `not` included."""
    values: tuple[tuple[str, str], ...]
    """Each field in it, and the event's value."""


def explain(root: Node, frames: CaptureFrames, row: int) -> list[Reason]:
    """The comparisons by which a condition that holds for an event does.

    All parts of an `and`, the ones of an `or` that hold; nothing of parts that did not matter.

    Raises:
        FilterError: The condition cannot be evaluated.
    """
    rows = np.array([row])
    evaluator = Evaluator(frames, rows)
    reasons = {reason.text: reason for reason in _reasons(root, evaluator, frames, rows, is_wanted=True)}
    return list(reasons.values())


def _reasons(
    node: Node, evaluator: Evaluator, frames: CaptureFrames, rows: np.ndarray, *, is_wanted: bool
) -> Iterator[Reason]:
    match node:
        case Not(part):
            yield from _reasons(part, evaluator, frames, rows, is_wanted=not is_wanted)
        case And(parts) | Or(parts):
            needs_all = isinstance(node, And) == is_wanted
            for part in parts:
                if needs_all or bool(evaluator.holds(part)[0]) == is_wanted:
                    yield from _reasons(part, evaluator, frames, rows, is_wanted=is_wanted)
        case Compare() | CompareOperands() | Exists():
            text = str(node if is_wanted else Not(node))
            short = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
            values = tuple(
                (str(operand), as_text(values_of(operand, frames, rows)[0], operand.type))
                for operand in _operands(node)
            )
            yield Reason(short, values)


def _operands(node: Compare | CompareOperands | Exists) -> tuple[Operand, ...]:
    match node:
        case Exists(operand):
            return (operand,)
        case Compare(left):
            return (left,)
        case CompareOperands(left, _, right):
            return (left, right)
