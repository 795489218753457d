"""A parsed filter: frozen nodes, and how each is written down again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from inspect_app.filters.field import Argument, Field, FieldType
from inspect_app.filters.literals import Constant

_BARE = re.compile(r"[A-Za-z0-9_./:@%+~^-]+")
_DOTTED = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class FieldOperand:
    """A field, with its argument if it takes one."""

    field: Field
    argument: str
    type: FieldType

    def __str__(self) -> str:
        if not self.argument:
            return self.field.name
        if self.field.argument in (Argument.NAME, Argument.OPTIONAL) and _DOTTED.fullmatch(self.argument):
            return f"{self.field.name}.{self.argument}"
        return f"{self.field.name}[{_argument(self.argument)}]"

    def fields(self) -> Iterator[FieldOperand]:
        """Every field that must be known to evaluate this."""
        yield self


@dataclass(frozen=True, slots=True)
class CallOperand:
    """A transformer over operands: `tolower(proc.name)`, `join(":", user.name, proc.name)`."""

    function: str
    operands: tuple[Operand, ...]
    type: FieldType
    text: str = ""
    """Of `join` what stands between, of `getopt` the options that there are."""
    argument: str = ""
    """Of `getopt` the option that is asked for; empty: all."""

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.operands))
        if self.function == "join":
            return f"join({quote(self.text)}, {inner})"
        if self.function == "getopt":
            chosen = f"[{_argument(self.argument)}]" if self.argument else ""
            return f"getopt({inner}, {quote(self.text)}){chosen}"
        return f"{self.function}({inner})"

    def fields(self) -> Iterator[FieldOperand]:
        """Every field that must be known to evaluate this."""
        for operand in self.operands:
            yield from operand.fields()


Operand = FieldOperand | CallOperand


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: as it was written, and as what it was understood."""

    text: str
    constant: Constant = field(compare=False)

    def __str__(self) -> str:
        return quote(self.text)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator values`; one value unless the operator or the modifier takes a list."""

    left: Operand
    operator: str
    values: tuple[Literal, ...]
    modifier: str = ""
    takes_list: bool = False

    def __str__(self) -> str:
        right = f"({', '.join(map(str, self.values))})" if self.takes_list else str(self.values[0])
        modifier = f" {self.modifier}" if self.modifier else ""
        return f"{self.left} {self.operator}{modifier} {right}"


@dataclass(frozen=True, slots=True)
class CompareOperands:
    """`left operator val(right)`: two values of the same event."""

    left: Operand
    operator: str
    right: Operand

    def __str__(self) -> str:
        right = str(self.right) if isinstance(self.right, CallOperand) else f"val({self.right})"
        return f"{self.left} {self.operator} {right}"


@dataclass(frozen=True, slots=True)
class Exists:
    """There is a value at all."""

    operand: Operand

    def __str__(self) -> str:
        return f"{self.operand} exists"


@dataclass(frozen=True, slots=True)
class Not:
    """What the part is false for, missing values included."""

    part: Node

    def __str__(self) -> str:
        return f"not {_tight(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more parts."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(map(_tight, self.parts))


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more parts."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


Node = Compare | CompareOperands | Exists | Not | And | Or


@dataclass(frozen=True, slots=True)
class Expression:
    """A whole filter."""

    root: Node
    text: str
    """The filter in its normal form; parsing it gives an equal expression."""
    depth: int = field(default=1, compare=False)
    """Levels of nesting, at most `language.MAX_DEPTH`."""
    size: int = field(default=1, compare=False)
    """Comparisons and values of lists in it, those of macros included."""

    def fields(self) -> list[FieldOperand]:
        """The fields it mentions, each once, in order."""
        return list(dict.fromkeys(_fields(self.root)))


def quote(value: str) -> str:
    """A value as a literal of the language: bare where that is safe, else in double quotes.

    Whatever the value holds, the literal is one token that means exactly that value.
    """
    if _BARE.fullmatch(value):
        return value
    return f'"{"".join(_escaped(character) for character in value)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    # Controls, bidirectional marks and lone surrogates are told apart on screen only as numbers.
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _argument(argument: str) -> str:
    return argument if _BARE.fullmatch(argument) else f'"{"".join(map(_escaped, argument))}"'


def _tight(part: Node) -> str:
    return f"({part})" if isinstance(part, And | Or) else str(part)


def leaves(node: Node) -> Iterator[Exists | Compare | CompareOperands]:
    """What a condition asks, without what joins it, in the order written."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def _fields(node: Node) -> Iterator[FieldOperand]:
    for leaf in leaves(node):
        match leaf:
            case Exists(operand):
                yield from operand.fields()
            case Compare():
                yield from leaf.left.fields()
            case CompareOperands():
                yield from leaf.left.fields()
                yield from leaf.right.fields()
