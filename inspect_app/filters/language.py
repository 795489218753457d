"""From text to expression: the filter language of sysdig and Falco, as `grammar.lark` describes it.

Parsing takes time linear in the text and never recurses. Any text gives an Expression or a FilterError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError
from lark.visitors import Transformer_NonRecursive, v_args

from inspect_app.filters.errors import MAX_EXCERPT, FilterError, excerpt
from inspect_app.filters.expression import (
    And,
    CallOperand,
    Compare,
    CompareOperands,
    Exists,
    Expression,
    FieldOperand,
    Literal,
    Node,
    Not,
    Operand,
    Or,
    quote,
)
from inspect_app.filters.field import FieldType
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.fields_arg import is_id
from inspect_app.filters.literals import read_literal
from inspect_app.filters.names import column_of, inside, resolve, unknown_name, unquoted
from inspect_app.filters.operators import BYTES, NUMBERS, OPERATORS, TEXTS, text_test
from inspect_app.filters.payload import payload_test

__all__ = [
    "MAX_DEPTH",
    "MAX_LIST",
    "MAX_TEXT",
    "Expression",
    "FilterError",
    "operand_written",
    "parse",
    "quote",
    "words_for",
]

MAX_TEXT = 64 * 1024
"""Characters of a filter."""
MAX_DEPTH = 100
"""Levels of parentheses, `not` and transformers."""
MAX_LIST = 10_000
"""Values of one list."""
MAX_PARTS = 50
"""Fields of one `concat` or `join`."""
MAX_SIZE = 100_000
"""Comparisons and values of lists in a filter after its macros were put in."""

_WORD = re.compile(r"[\w.]+|\S")
_STRING = re.compile(r""" "(\\.|[^"\\])*" | '(\\.|[^'\\])*' """, re.DOTALL | re.VERBOSE)
_WORDS = {
    "NAME": "a field",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "_NOT": "not",
    "_AND": "and",
    "_OR": "or",
    "EXISTS": "an operator",
    "COMPARE": "an operator",
    "MATCH": "an operator",
    "MEMBER": "an operator",
    "QUOTED": "a value",
    "BARE": "a value",
    "$END": "the end",
}


def parse(
    text: str,
    *,
    macros: Mapping[str, Expression] | None = None,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> Expression:
    """The expression that a text means.

    Args:
        text: The filter.
        macros: Expressions that may stand for a whole condition by their name, as rules have them.
        lists: Values that may stand in a list by their name.

    Raises:
        FilterError: the text is no filter; says where, what was found and what was expected.
    """
    if len(text) > MAX_TEXT:
        raise FilterError(f"the filter has {len(text):,} characters, more than {MAX_TEXT:,}")
    if not text.strip():
        raise FilterError("the filter is empty", 1, ("a field", "not", "("))
    try:
        tree = grammar().parse(text)
        built = _Builder(macros or {}, lists or {}).transform(tree)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    return Expression(built.node, str(built.node), built.depth, built.size)


@cache
def grammar() -> Lark:
    """The parser, made at first use."""
    text = files("inspect_app.filters").joinpath("grammar.lark").read_text("utf-8")
    return Lark(text, parser="lalr", lexer="contextual", maybe_placeholders=False)


def words_for(terminals: Sequence[str]) -> tuple[str, ...]:
    """What the parser would take next, as a person says it."""
    return tuple(dict.fromkeys(word for name, word in _WORDS.items() if name in terminals))


def operand_written(tokens: Sequence[Token]) -> FieldOperand | None:
    """The field that stands last in a filter which is still being written, None where there is none."""
    at = max((at for at, token in enumerate(tokens) if token.type == "NAME"), default=-1)
    if at < 0 or (at and tokens[at - 1].startswith("len")):
        return None
    argument = tokens[at + 1] if at + 1 < len(tokens) and tokens[at + 1].type == "ARGUMENT" else None
    try:
        return resolve(tokens[at], argument)
    except FilterError:
        return None


class _Built(NamedTuple):
    """A condition with what it costs."""

    node: Node
    depth: int
    size: int


class _BuiltOperand(NamedTuple):
    operand: Operand
    depth: int
    column: int


@dataclass(frozen=True)
class _Written:
    """A literal before it is known what it is compared with."""

    text: str
    column: int
    is_bare: bool


@v_args(inline=True)
class _Builder(Transformer_NonRecursive[Token, _Built]):
    """Makes nodes out of the parse tree, bottom up."""

    def __init__(self, macros: Mapping[str, Expression], lists: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._macros = macros
        self._lists = lists

    def start(self, built: _Built) -> _Built:
        return built

    def disjunction(self, *parts: _Built) -> _Built:
        return _chain(Or, parts)

    def conjunction(self, *parts: _Built) -> _Built:
        return _chain(And, parts)

    def negated(self, built: _Built) -> _Built:
        return _checked(_Built(Not(built.node), built.depth + 1, built.size))

    def group(self, built: _Built) -> _Built:
        return _checked(built._replace(depth=built.depth + 1))

    def macro(self, name: Token) -> _Built:
        found = self._macros.get(name)
        if found is None:
            raise unknown_name(str(name), column_of(name), [*self._macros, *FIELDS], bare=True)
        return _checked(_Built(found.root, found.depth + 1, found.size))

    def exists(self, left: _BuiltOperand, _operator: Token) -> _Built:
        return _checked(_Built(Exists(left.operand), left.depth, 1))

    def compare(self, left: _BuiltOperand, operator: Token, right: _Written | _BuiltOperand) -> _Built:
        return _comparison(left, operator, right)

    def match(self, left: _BuiltOperand, operator: Token, right: _Written | _BuiltOperand) -> _Built:
        return _comparison(left, operator, right)

    def compare_list(
        self, left: _BuiltOperand, operator: Token, modifier: Token, values: list[_Written]
    ) -> _Built:
        return self._listed(left, operator, values, str(modifier))

    def match_list(
        self, left: _BuiltOperand, operator: Token, modifier: Token, values: list[_Written]
    ) -> _Built:
        return self._listed(left, operator, values, str(modifier))

    def member(self, left: _BuiltOperand, operator: Token, values: list[_Written]) -> _Built:
        return self._listed(left, operator, values)

    def member_value(self, left: _BuiltOperand, operator: Token, right: _Written | _BuiltOperand) -> _Built:
        if isinstance(right, _BuiltOperand):
            return _comparison(left, operator, right)
        if not right.is_bare or right.text not in self._lists:
            raise FilterError(f"{excerpt(right.text)!r} is no list", right.column, ("a list in parentheses",))
        return self._listed(left, operator, [right])

    def field(self, name: Token, argument: Token | None = None) -> _BuiltOperand:
        return _BuiltOperand(resolve(name, argument), 1, column_of(name))

    def call(self, function: Token, *operands: _BuiltOperand) -> _BuiltOperand:
        return _call(function, operands)

    def join(self, function: Token, separator: _Written, *operands: _BuiltOperand) -> _BuiltOperand:
        return _call(function, operands, separator.text)

    def getopt(
        self, function: Token, operand: _BuiltOperand, known: _Written, chosen: Token | None = None
    ) -> _BuiltOperand:
        return _options(function, operand, known, chosen)

    def val(self, _val: Token, operand: _BuiltOperand) -> _BuiltOperand:
        return operand

    def list(self, *values: _Written) -> list[_Written]:
        if len(values) > MAX_LIST:
            raise FilterError(f"a list has {len(values):,} values, more than {MAX_LIST:,}", values[0].column)
        return [*values]

    def literal(self, token: Token) -> _Written:
        is_bare = token.type == "BARE"
        return _Written(str(token) if is_bare else unquoted(token), column_of(token), is_bare)

    def _listed(
        self, left: _BuiltOperand, operator: Token, values: Sequence[_Written], modifier: str = ""
    ) -> _Built:
        named = [
            _Written(value, written.column, is_bare=False)
            for written in values
            for value in (
                self._lists.get(written.text, (written.text,)) if written.is_bare else (written.text,)
            )
        ]
        if len(named) > MAX_LIST:
            raise FilterError(
                f"a list has {len(named):,} values, more than {MAX_LIST:,}", column_of(operator)
            )
        if modifier and not named:
            raise FilterError(f"{modifier} needs at least one value", column_of(operator))
        left = left._replace(operand=_by_name(left.operand, named))
        literals = _literals(left.operand, operator, named)
        node = Compare(left.operand, _meant(left.operand, operator), literals, modifier, takes_list=True)
        _check_texts(node, operator)
        return _checked(_Built(node, left.depth, 1 + len(literals)))


def _chain(kind: type[And] | type[Or], parts: Sequence[_Built]) -> _Built:
    if len(parts) == 1:
        return parts[0]
    nodes: list[Node] = []
    for part in parts:
        nodes.extend(part.node.parts if isinstance(part.node, kind) else (part.node,))
    depth = max(part.depth for part in parts)
    return _checked(_Built(kind(tuple(nodes)), depth, sum(part.size for part in parts)))


def _checked(built: _Built) -> _Built:
    if built.depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested more than {MAX_DEPTH} levels deep")
    if built.size > MAX_SIZE:
        raise FilterError(f"the filter has more than {MAX_SIZE:,} comparisons and values")
    return built


def _comparison(left: _BuiltOperand, operator: Token, right: _Written | _BuiltOperand) -> _Built:
    name = _meant(left.operand, operator)
    if isinstance(right, _Written):
        left = left._replace(operand=_by_name(left.operand, [right]))
        node = Compare(left.operand, name, _literals(left.operand, operator, [right]))
        _check_texts(node, operator)
        return _checked(_Built(node, left.depth, 1))
    _check_fits(left.operand, operator)
    if left.operand.type in BYTES:
        raise FilterError(f"{excerpt(left.operand)} compares only with written values", right.column)
    if _family(left.operand.type) != _family(right.operand.type):
        raise FilterError(
            f"{excerpt(left.operand)} is {left.operand.type}, "
            f"{excerpt(right.operand)} is {right.operand.type}",
            right.column,
        )
    return _checked(
        _Built(CompareOperands(left.operand, name, right.operand), max(left.depth, right.depth), 1)
    )


def _meant(operand: Operand, operator: Token) -> str:
    """The operator in its normal form."""
    if operator not in ("=", "=="):
        return str(operator)
    return operand.field.equals if isinstance(operand, FieldOperand) else "="


def _family(type_: FieldType) -> str:
    return "text" if type_ in TEXTS else "number" if type_ in NUMBERS else str(type_)


def _check_fits(operand: Operand, operator: Token) -> None:
    if operand.type not in OPERATORS[operator].fits:
        fitting = tuple(name for name, declared in OPERATORS.items() if operand.type in declared.fits)
        raise FilterError(
            f"{operator} does not fit {excerpt(operand)}, which is {operand.type}",
            column_of(operator),
            fitting,
        )


def _by_name(operand: Operand, values: Sequence[_Written]) -> Operand:
    """A user or group that is compared with a name is asked for by name, as public rules do."""
    if (
        not isinstance(operand, FieldOperand)
        or operand.field.name != "evt.arg"
        or not is_id(operand.argument)
    ):
        return operand
    if all(re.fullmatch(r"[+-]?(0x)?[0-9a-fA-F]+", value.text) for value in values):
        return operand
    return FieldOperand(FIELDS["evt.argname"], operand.argument, FieldType.TEXT)


def _literals(operand: Operand, operator: Token, values: Sequence[_Written]) -> tuple[Literal, ...]:
    _check_fits(operand, operator)
    type_ = FieldType.TEXT if OPERATORS[operator].as_text else operand.type
    literals = []
    for value in values:
        try:
            literals.append(Literal(value.text, read_literal(value.text, type_)))
        except FilterError as error:
            raise FilterError(
                f"{error.message} for {excerpt(operand)}, which is {operand.type}",
                value.column,
                error.expected,
            ) from None
    return tuple(literals)


def _check_texts(node: Compare, operator: Token) -> None:
    """Prepare the test once, so that a bad pattern is told when it is written."""
    if OPERATORS[operator].as_text:
        prepare = payload_test if node.left.type in BYTES else text_test
        try:
            prepare(node.operator, node.modifier, [literal.text for literal in node.values])
        except FilterError as error:
            raise FilterError(error.message, column_of(operator), error.expected) from error


def _call(function: Token, operands: Sequence[_BuiltOperand], separator: str = "") -> _BuiltOperand:
    name = str(function).rstrip("( \t\r\n\f\v")
    inner = tuple(built.operand for built in operands)
    if name not in ("concat", "join"):
        if len(inner) != 1:
            raise FilterError(f"{name} takes one field, not {len(inner)}", column_of(function))
        if inner[0].type not in (TEXTS | BYTES if name == "len" else TEXTS):
            raise FilterError(
                f"{name} takes text, and {excerpt(inner[0])} is {inner[0].type}", column_of(function)
            )
    elif any(operand.type in BYTES for operand in inner):
        raise FilterError(f"{name} does not take payload", column_of(function))
    if len(inner) > MAX_PARTS:
        raise FilterError(f"{name} puts at most {MAX_PARTS} fields together", column_of(function))
    depth = max(built.depth for built in operands) + 1
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested more than {MAX_DEPTH} levels deep", column_of(function))
    type_ = FieldType.INTEGER if name == "len" else FieldType.TEXT
    return _BuiltOperand(CallOperand(name, inner, type_, separator), depth, column_of(function))


def _options(function: Token, built: _BuiltOperand, known: _Written, chosen: Token | None) -> _BuiltOperand:
    if str(built.operand) != "proc.args":
        raise FilterError(
            f"getopt takes a list of arguments, and {excerpt(built.operand)} is none",
            built.column,
            ("proc.args",),
        )
    option = "" if chosen is None else inside(chosen)
    if chosen is not None and len(option) != 1:
        raise FilterError("getopt gives one option: a letter in brackets", column_of(chosen))
    call = CallOperand("getopt", (built.operand,), FieldType.TEXT, known.text, option)
    return _BuiltOperand(call, built.depth + 1, column_of(function))


def _syntax_error(text: str, error: UnexpectedInput) -> FilterError:
    if isinstance(error, UnexpectedToken):
        expected = words_for(sorted(error.accepts or error.expected))
        if error.token.type == "$END":
            return FilterError("the filter ends too early", len(text.rstrip()) + 1, expected)
        at = error.token.start_pos or 0
    elif isinstance(error, UnexpectedCharacters):
        expected, at = words_for(sorted(error.allowed or ())), error.pos_in_stream
    else:  # pragma: no cover - the parser has no other kinds
        return FilterError("the filter is not understood")
    word = _STRING.match(text, at) or _WORD.match(text, at, at + MAX_EXCERPT)
    found = excerpt(word[0]) if word else text[at : at + 1]
    if found in ("'", '"'):
        return FilterError(f"a string is not closed by {found}", at + 1)
    if found == "[":
        return FilterError("what stands in brackets is not closed by ], or not understood", at + 1)
    return FilterError(f"found {found!r}", at + 1, expected, _meant_by(found, expected))


_WRITTEN_OTHERWISE = {"&": "and", "|": "or", "!": "not", "not": "not FIELD in (…)"}
"""As other languages write it → as this one does."""


def _meant_by(found: str, expected: Sequence[str]) -> str:
    """What a word that does not belong there may stand for, empty: nobody knows."""
    if found in _WRITTEN_OTHERWISE and found not in expected:
        return _WRITTEN_OTHERWISE[found]
    nearest = get_close_matches(found, list(OPERATORS), n=1) if "an operator" in expected else []
    return nearest[0] if nearest else ""
