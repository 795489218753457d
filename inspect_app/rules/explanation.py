"""Why a rule held for an event: the comparisons that decided it, with the event's own values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inspect_app.filters.evaluate import Evaluator
from inspect_app.filters.expression import (
    And,
    Compare,
    CompareOperands,
    Exists,
    Literal,
    Node,
    Not,
    Operand,
    Or,
    quote,
)
from inspect_app.filters.facets import MAX_ANCESTORS, Facet, NumberFacet, PayloadFacet, TextFacet
from inspect_app.filters.field import FieldType
from inspect_app.filters.operands import NONE, facets_of
from inspect_app.filters.reach import types_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.output import NOTHING, Value, as_text, values_of
from inspect_app.rules.rule import Rule

MAX_TEXT = 200
"""Characters of a comparison, and of a value."""
MAX_WHOLE = 80
"""Characters of a comparison with a list that is told as it stands."""
MAX_DENIED = 3
"""Things that a field is not which are told one by one."""
_DENIAL = "not "
MAX_HELD = 3
"""Values of a list that are told of those which held, and values of a field that has several."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A comparison that a condition owes its truth to."""

    text: str
    """As it stands in the condition, `not` included; of a list what held, and how many values there are."""
    values: tuple[tuple[str, str], ...]
    """Each field in it, and the event's value."""

    def __str__(self) -> str:
        values = ", ".join(f"{name} is {value}" for name, value in self.values)
        return f"{self.text}    [{values}]" if values else self.text


def explain(root: Node, frames: CaptureFrames, row: int) -> list[Reason]:
    """The comparisons by which a condition that holds for an event does.

    All parts of an `and`, the ones of an `or` that hold; nothing of parts that did not matter.

    Raises:
        FilterError: The condition cannot be evaluated.
    """
    rows = np.array([row])
    evaluator = Evaluator(frames, rows, types_of(root))
    reasons = {reason.text: reason for reason in _reasons(root, evaluator, frames, rows, is_wanted=True)}
    return list(reasons.values())


def explained(rule: Rule, root: Node | None, frames: CaptureFrames, row: int) -> list[str]:
    """All that is to be said of why a rule found an event, a line each. Raises FilterError."""
    lines = _lines(explain(root, frames, row)) if root is not None else []
    if rule.correlation is not None:
        lines.append(f"completes {rule.correlation}")
    return lines + rule.background.lines()


def _lines(reasons: Sequence[Reason]) -> list[str]:
    """Each reason; of many things that one field is not only the first, and how many more there are."""
    denied = Counter(reason.values for reason in reasons if reason.text.startswith(_DENIAL))
    lines, told = [], set()
    for reason in reasons:
        if not reason.text.startswith(_DENIAL) or denied[reason.values] <= MAX_DENIED:
            lines.append(str(reason))
        elif reason.values not in told:
            told.add(reason.values)
            more = f"{reason.text}, and {denied[reason.values] - 1:,} more that it is not"
            lines.append(str(replace(reason, text=more)))
    return lines


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
            text = _list_that_held(node, evaluator) if is_wanted else ""
            text = text or str(node if is_wanted else Not(node))
            values = tuple(
                (str(operand), _values(operand, frames, int(rows[0]))) for operand in _operands(node)
            )
            yield Reason(_short(text), values)


def _list_that_held(node: Node, evaluator: Evaluator) -> str:
    """A comparison with a long list, of which only the values that held are named; empty for any other."""
    if not isinstance(node, Compare) or len(node.values) < 2 or node.modifier in ("allof", "oneof"):
        return ""
    if len(str(node)) <= MAX_WHOLE:
        return ""
    held = [*_that_held(node, node.values, evaluator)][:MAX_HELD]
    others = len(node.values) - len(held)
    named = ", ".join(quote(one.text) for one in held) + (
        f", … {len(node.values):,} values" if others else ""
    )
    modifier = f" {node.modifier}" if node.modifier else ""
    return f"{node.left} {node.operator}{modifier} ({named})"


def _that_held(node: Compare, values: Sequence[Literal], evaluator: Evaluator) -> Iterator[Literal]:
    """Halves a list as long as it holds."""
    if not evaluator.holds(replace(node, values=tuple(values)))[0]:
        return
    if len(values) == 1:
        yield values[0]
        return
    half = len(values) // 2
    yield from _that_held(node, values[:half], evaluator)
    yield from _that_held(node, values[half:], evaluator)


def _operands(node: Compare | CompareOperands | Exists) -> tuple[Operand, ...]:
    match node:
        case Exists(operand):
            return (operand,)
        case Compare(left):
            return (left,)
        case CompareOperands(left, _, right):
            return (left, right)


def _values(operand: Operand, frames: CaptureFrames, row: int) -> str:
    """What an operand is at an event; all of it where it is several things at once, as `fd.ip` is."""
    if operand.type is FieldType.BYTES:
        return _short(as_text(values_of(operand, frames, np.array([row]))[0], operand.type))
    found = [value for facet in facets_of(operand, frames, NONE) for value in _values_of(facet, row)]
    texts = list(dict.fromkeys(as_text(value, operand.type) for value in found))
    more = ", …" if len(texts) > MAX_HELD else ""
    return _short(", ".join(texts[:MAX_HELD]) + more) if texts else NOTHING


def _values_of(facet: Facet, row: int) -> Iterator[Value]:
    if isinstance(facet, PayloadFacet):
        return
    at = row if facet.rows is None else int(facet.rows[row])
    if facet.next_row is None:
        yield from _value_of(facet, at)
        return
    for _ in range(MAX_ANCESTORS):
        at = int(facet.next_row[at]) if at >= 0 else -1
        if at < 0:
            return
        yield from _value_of(facet, at)


def _value_of(facet: TextFacet | NumberFacet, at: int) -> Iterator[Value]:
    if at < 0:
        return
    if isinstance(facet, NumberFacet):
        if facet.missing is None or not facet.missing[at]:
            yield facet.values[at].item()
        return
    code = at if facet.codes is None else int(facet.codes[at])
    if code >= 0:
        yield facet.values[code]


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
