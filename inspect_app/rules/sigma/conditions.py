"""From pySigma's tree of a condition to a filter.

Texts are compared as Sigma does: capitals do not matter unless `cased` or `re` is written. What a capture
cannot answer is gathered, so that a rule names all of it at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from inspect_app.filters.errors import FilterError
from inspect_app.filters.expression import quote
from inspect_app.filters.field import FieldType
from inspect_app.filters.literals import read_literal
from inspect_app.filters.operators import NUMBERS
from inspect_app.rules.output import operand_of
from inspect_app.rules.rule import ItemError
from inspect_app.rules.sigma.categories import Category, Mapped, why_not

_ANY = SpecialChars.WILDCARD_MULTI
_NEVER = "evt.num = 0"
"""Stands for what cannot be answered; a rule with such a part is not run."""
_LISTS = {"=": "in"}
_OPERATORS = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
    CompareOperators.NEQ: "!=",
}


@dataclass(frozen=True, slots=True)
class _Compared:
    """One comparison with one value."""

    left: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {quote(self.value)}"


@dataclass(frozen=True, slots=True)
class _Joined:
    """Parts joined by `and` or `or`."""

    word: str
    parts: tuple[_Term, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(_merged(self))


_Term = _Compared | _Joined | str
"""A condition; a text is one that stands for itself wherever it is put."""


@dataclass
class Translation:
    """Conditions of one category as filters."""

    category: Category
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values of placeholders (`expand`)."""
    obstacles: dict[str, None] = field(default_factory=dict)
    """Why the rule cannot be evaluated, each reason once."""

    def filter_of(self, tree: object) -> str:
        """The filter that a condition means; `obstacles` tells what in it no capture can answer.

        Raises:
            ItemError: Something in it makes no sense.
        """
        return str(self._term(tree))

    def _term(self, node: object) -> _Term:
        match node:
            case ConditionAND():
                return _joined("and", [self._term(one) for one in node.args])
            case ConditionOR():
                return _joined("or", [self._term(one) for one in node.args])
            case ConditionNOT():
                return f"not ({self._term(node.args[0])})"
            case ConditionFieldEqualsValueExpression():
                return self._field(node.field, node.value)
            case ConditionValueExpression():
                return self._keyword(node.value)
        raise ItemError("the condition asks for nothing")

    def _field(self, name: str, value: object) -> _Term:
        mapped = self.category.mapped(name)
        if mapped is None:
            return self._obstacle(why_not(self.category, name))
        if isinstance(value, SigmaExpansion):
            return _joined("or", [self._field(name, one) for one in value.values])
        if isinstance(value, SigmaFieldReference):
            return self._reference(mapped, value)
        is_absence = isinstance(value, SigmaNull) or (isinstance(value, SigmaExists) and not value.exists)
        parts = [self._compared(name, mapped, one, value) for one in mapped.operands]
        return _joined("and" if is_absence else "or", parts)

    def _compared(self, name: str, mapped: Mapped, operand: str, value: object) -> _Term:
        match value:
            case SigmaNull():
                return f"not ({operand} exists)"
            case SigmaExists():
                return f"{operand} exists" if value.exists else f"not ({operand} exists)"
            case SigmaTimestampPart():
                return self._obstacle(f"parts of times, as {name} is asked for, are no fields")
            case SigmaBool() | SigmaNumber() | SigmaString() if mapped.means:
                return self._meant(name, mapped, operand, str(value))
            case SigmaString():
                return _joined("or", [self._text(operand, one) for one in self._expanded(value)])
            case SigmaNumber():
                return _number(operand, value.number)
            case SigmaBool():
                return _Compared(operand, "=", str(value.boolean).lower())
            case SigmaRegularExpression():
                return _Compared(_textual(operand), "regex", value.escape([], escape_escape_char=False))
            case SigmaCIDRExpression():
                return _network(name, operand, value.cidr)
            case SigmaCompareExpression():
                return _ordered(name, operand, value)
        raise ItemError(f"{name}: values of the kind {type(value).__name__} are not known")

    def _meant(self, name: str, mapped: Mapped, operand: str, value: str) -> _Term:
        meant = mapped.means.get(value.lower())
        if meant is None:
            raise ItemError(f"{name} is one of {', '.join(mapped.means)}, not {value!r}")
        return _Compared(operand, "=", meant)

    def _keyword(self, value: object) -> _Term:
        if isinstance(value, SigmaExpansion):
            return _joined("or", [self._keyword(one) for one in value.values])
        if isinstance(value, SigmaRegularExpression):
            pattern = value.escape([], escape_escape_char=False)
            return _joined("or", [_Compared(one, "regex", pattern) for one in self.category.keywords])
        if isinstance(value, SigmaNumber):
            value = SigmaString(str(value.number))
        if not isinstance(value, SigmaString):
            raise ItemError("a keyword is a text")
        found = [_within(one) for one in self._expanded(value)]
        return _joined("or", [self._text(one, text) for one in self.category.keywords for text in found])

    def _expanded(self, value: SigmaString) -> list[SigmaString]:
        """A text with lists of the same name in the place of its `%placeholders%`."""
        missing = [
            part.name for part in value.s if isinstance(part, Placeholder) and part.name not in self.lists
        ]
        for name in missing:
            self._obstacle(f"no list is called {name}, which %{name}% asks for")
        if missing:
            return [SigmaString()]
        is_cased = isinstance(value, SigmaCasedString)
        found = value.replace_placeholders(lambda place: iter(self.lists[place.name]))
        return [SigmaCasedString.from_sigma_string(one) if is_cased else one for one in found]

    def _text(self, operand: str, value: SigmaString) -> _Term:
        type_ = _type_of(operand)
        if value.contains_special() or type_ in (FieldType.TEXT, FieldType.ADDRESS):
            return _matched(_textual(operand), type_, value)
        plain = "".join(part for part in value.s if isinstance(part, str))
        return _checked(operand, type_, plain)

    def _reference(self, mapped: Mapped, value: SigmaFieldReference) -> _Term:
        other = self.category.mapped(value.field)
        if other is None:
            return self._obstacle(why_not(self.category, value.field))
        if mapped.means or other.means:
            return self._obstacle(f"{value.field} is not of the kind that can be compared with other fields")
        operator = {(False, False): "=", (True, False): "startswith", (False, True): "endswith"}.get(
            (value.starts_with, value.ends_with), "contains"
        )
        parts = [_pair(left, operator, right) for left in mapped.operands for right in other.operands]
        return _joined("or", parts)

    def _obstacle(self, reason: str) -> str:
        self.obstacles[reason] = None
        return _NEVER


def _matched(operand: str, type_: FieldType, value: SigmaString) -> _Term:
    """A text with wildcards, by the plainest operator that says it."""
    is_cased = isinstance(value, SigmaCasedString)
    parts = list(value.s)
    if parts == [_ANY]:
        return f"{operand} exists"
    begins, ends = parts[:1] != [_ANY], parts[-1:] != [_ANY]
    inner = parts[not begins : len(parts) - (not ends)]
    if all(isinstance(part, str) for part in inner):
        text = "".join(str(part) for part in inner)
        if begins and ends and type_ is FieldType.ADDRESS:
            return _checked(operand, type_, text)
        return _plain(operand, text, begins, ends, is_cased)
    pattern = "".join(map(_as_glob, parts))
    return (
        _Compared(operand, "glob", pattern)
        if is_cased
        else _Compared(_small(operand), "glob", pattern.lower())
    )


def _plain(operand: str, text: str, begins: bool, ends: bool, is_cased: bool) -> _Term:
    operator = "=" if begins and ends else "startswith" if begins else "endswith" if ends else "contains"
    if is_cased:
        return _Compared(operand, operator, text)
    if operator == "contains":
        return _Compared(operand, "icontains", text)
    return _Compared(_small(operand), operator, text.lower())


def _as_glob(part: object) -> str:
    if part is _ANY:
        return "*"
    if part is SpecialChars.WILDCARD_SINGLE:
        return "?"
    return "".join(f"[{one}]" if one in "*?[" else one for one in str(part))


def _checked(operand: str, type_: FieldType, text: str) -> _Term:
    """Equal to a value that a field of this type must be able to have."""
    try:
        read_literal(text, type_)
    except FilterError as error:
        raise ItemError(f"{operand}: {error.message}") from error
    return _Compared(operand, "=", text)


def _number(operand: str, number: float) -> _Term:
    type_ = _type_of(operand)
    if type_ in (FieldType.TEXT, FieldType.ADDRESS):
        return _Compared(operand, "=", str(number))
    return _checked(operand, type_, str(number))


def _network(name: str, operand: str, network: str) -> _Term:
    if _type_of(operand) is not FieldType.ADDRESS:
        raise ItemError(f"cidr compares addresses, and {name} is none")
    return _Compared(operand, "=", network)


def _ordered(name: str, operand: str, value: SigmaCompareExpression) -> _Term:
    operator = _OPERATORS[value.op]
    if _type_of(operand) not in NUMBERS:
        raise ItemError(f"{operator} compares numbers, and {name} is none")
    return str(_Compared(operand, operator, str(value.number)))


def _pair(left: str, operator: str, right: str) -> str:
    kinds = [_type_of(one) in NUMBERS for one in (left, right)]
    if all(kinds) and operator == "=":
        return f"{left} = val({right})"
    return f"{_small(_textual(left))} {operator} {_small(_textual(right))}"


@cache
def _type_of(operand: str) -> FieldType:
    """Of the few operands that the table names."""
    return operand_of(operand).type


def _textual(operand: str) -> str:
    """An operand as text, also where it is a number."""
    is_text = _type_of(operand) in (FieldType.TEXT, FieldType.ADDRESS)
    return operand if is_text else f"concat({operand})"


def _small(operand: str) -> str:
    return f"tolower({operand})"


def _within(value: SigmaString) -> SigmaString:
    """A keyword is looked for anywhere in a text."""
    wide = value if value.startswith(_ANY) else _ANY + value
    found: SigmaString = wide if wide.endswith(_ANY) else wide + _ANY
    return found


def _joined(word: str, parts: Sequence[_Term]) -> _Term:
    flat: list[_Term] = []
    for part in parts:
        flat += part.parts if isinstance(part, _Joined) and part.word == word else (part,)
    return flat[0] if len(flat) == 1 else _Joined(word, tuple(flat))


def _merged(joined: _Joined) -> list[str]:
    """The parts as filters; comparisons that differ in their value alone become one with a list."""
    groups: dict[object, list[_Term]] = {}
    for number, part in enumerate(joined.parts):
        groups.setdefault(_alike(joined.word, part) or number, []).append(part)
    found = []
    for first, *more in groups.values():
        if more and isinstance(first, _Compared):
            alike = [first, *(one for one in more if isinstance(one, _Compared))]
            found.append(_listed(joined.word, alike))
        else:
            found.append(_closed(first) if isinstance(first, _Joined) else str(first))
    return list(dict.fromkeys(found))


def _closed(joined: _Joined) -> str:
    """In parentheses, unless its parts are one comparison."""
    (first, *more) = _merged(joined)
    return f"({joined})" if more else first


def _alike(word: str, part: _Term) -> tuple[str, str] | None:
    """What comparisons that can be told as one have in common; not `=` in an `and`: no value is two."""
    if not isinstance(part, _Compared) or (word == "and" and part.operator == "="):
        return None
    return part.left, part.operator


def _listed(word: str, members: Sequence[_Compared]) -> str:
    values = ", ".join(dict.fromkeys(quote(one.value) for one in members))
    first = members[0]
    if first.operator in _LISTS:
        return f"{first.left} {_LISTS[first.operator]} ({values})"
    return f"{first.left} {first.operator} {'anyof' if word == 'or' else 'allof'} ({values})"
