"""Sigma's correlations: what they ask of which rules, or why no answer is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)

from inspect_app.rules.correlation import Correlation
from inspect_app.rules.entries import Entry
from inspect_app.rules.rule import ItemError, Rule
from inspect_app.rules.sigma.bounds import plain_value
from inspect_app.rules.sigma.categories import Category, why_not

MAX_SPAN_NS = 1 << 61
_KINDS = {
    SigmaCorrelationType.EVENT_COUNT: "event_count",
    SigmaCorrelationType.VALUE_COUNT: "value_count",
    SigmaCorrelationType.TEMPORAL: "temporal",
    SigmaCorrelationType.TEMPORAL_ORDERED: "temporal_ordered",
}
_OPERATORS = {
    SigmaCorrelationConditionOperator.GTE: ">=",
    SigmaCorrelationConditionOperator.GT: ">",
    SigmaCorrelationConditionOperator.EQ: "==",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A rule that correlations may ask for."""

    keys: frozenset[str]
    """Its name and its id."""
    rule: Rule
    category: Category | None
    """None: of a correlation, or of events that a capture has not."""


def correlation_rule(entry: Entry, known: Mapping[str, Part], rule: Rule) -> tuple[Rule, frozenset[str]]:
    """The rule that a correlation is, and the keys of those whose findings it alone tells.

    Raises:
        ItemError: It makes no sense.
        SigmaError: pySigma does not understand it.
    """
    content = plain_value(entry.content["correlation"], "correlation")
    read = SigmaCorrelationRule.from_dict({"title": rule.name, "correlation": content})
    parts = [known[one.reference] for one in read.rules or ()]
    hidden = frozenset[str]() if read.generate else frozenset(key for one in parts for key in one.keys)
    condition, obstacle = _condition(read, parts)
    if condition is None:
        return replace(rule, obstacle=obstacle), frozenset()
    obstacles: dict[str, None] = {}
    groups = tuple(
        (name, tuple(_operand(read, one, name, obstacles) for one in parts)) for name in read.group_by or ()
    )
    field = str(condition.fieldref) if read.type is SigmaCorrelationType.VALUE_COUNT else ""
    counted = tuple(_operand(read, one, field, obstacles) for one in parts) if field else ()
    found = Correlation(
        _KINDS[read.type],
        tuple((one.rule.file, one.rule.line) for one in parts),
        tuple(one.rule.name for one in parts),
        min(read.timespan.seconds * 1_000_000_000, MAX_SPAN_NS),
        _OPERATORS[condition.op],
        int(condition.count),
        groups,
        counted,
        1 + max((one.rule.correlation.depth for one in parts if one.rule.correlation), default=0),
    )
    if obstacles:
        return replace(rule, obstacle="; ".join(obstacles)), frozenset()
    shown = " ".join(f"{name}=%{operands[0]}" for name, operands in groups)
    return replace(
        rule, correlation=found, output=f"{rule.output} ({shown})" if shown else rule.output
    ), hidden


def _condition(read: SigmaCorrelationRule, parts: list[Part]) -> tuple[SigmaCorrelationCondition | None, str]:
    """What is counted and how often; or why a correlation is not evaluated."""
    condition = read.condition
    unable = [one.rule for one in parts if one.rule.obstacle]
    reason = ""
    if not isinstance(condition, SigmaCorrelationCondition):
        reason = "conditions over rules are not evaluated here"
    elif not parts:
        raise ItemError("a correlation names its rules")
    elif unable:
        reason = "; ".join(f"{one.name}: {one.obstacle}" for one in unable)
    elif read.type not in _KINDS:
        reason = f"correlations of the kind {read.type.name.lower()} are not evaluated here"
    elif condition.op not in _OPERATORS:
        reason = "that something happens less often is not evaluated here: it holds wherever nothing happens"
    elif condition.count < 1 or condition.count != int(condition.count):
        reason = "a correlation counts from one, in whole numbers"
    elif isinstance(condition.fieldref, list):
        reason = "values of several fields together are not counted here"
    else:
        return condition, ""
    return None, reason


def _operand(read: SigmaCorrelationRule, part: Part, name: str, obstacles: dict[str, None]) -> str:
    """The operand that a field, or the alias of one, is for a part."""
    alias = read.aliases.aliases.get(name)
    if alias is not None:
        named = {one.reference: field for one, field in alias.mapping.items()}
        name = next((named[key] for key in part.keys if key in named), name)
    mapped = part.category.mapped(name) if part.category else None
    if mapped is None:
        what = why_not(part.category, name) if part.category else f"{name} of a correlation is not known"
        obstacles[what] = None
        return ""
    return mapped.operands[0]
