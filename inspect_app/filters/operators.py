"""The operators of the language: what each takes, what it means, and how it decides.

Texts are decided one by one, but only distinct ones; numbers as whole columns.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, collapse_addresses

import numpy as np

from inspect_app.filters.errors import FilterError
from inspect_app.filters.field import FieldType
from inspect_app.filters.literals import Constant, Network, read_network
from inspect_app.filters.patterns import Test, as_bytes, glob, hex_bytes, path_prefix, regex


class Takes(Enum):
    """What stands to the right of an operator."""

    NOTHING = "nothing"
    ONE = "one value"
    LIST = "a list in parentheses"


NUMBERS = frozenset({FieldType.INTEGER, FieldType.SIZE, FieldType.DURATION, FieldType.TIME, FieldType.CLOCK})
TEXTS = frozenset({FieldType.TEXT, FieldType.ADDRESS})
BYTES = frozenset({FieldType.BYTES})
ALL = frozenset(FieldType)


@dataclass(frozen=True, slots=True)
class Operator:
    """One declared operator."""

    name: str
    takes: Takes
    fits: frozenset[FieldType]
    meaning: str
    as_text: bool = False
    """Its constants are plain text, whatever the field's type is."""


_DECLARED = (
    Operator("exists", Takes.NOTHING, ALL, "the field has a value, an empty one included"),
    Operator("=", Takes.ONE, ALL, "equal; for an address also: inside the network"),
    Operator("==", Takes.ONE, ALL, "the same as ="),
    Operator("!=", Takes.ONE, ALL, "there is a value, and it is another one"),
    Operator("<", Takes.ONE, NUMBERS, "less"),
    Operator("<=", Takes.ONE, NUMBERS, "less or equal"),
    Operator(">", Takes.ONE, NUMBERS, "greater"),
    Operator(">=", Takes.ONE, NUMBERS, "greater or equal"),
    Operator("contains", Takes.ONE, TEXTS | BYTES, "the text occurs in it", as_text=True),
    Operator("icontains", Takes.ONE, TEXTS | BYTES, "the text occurs in it, in capitals or not", as_text=True),
    Operator("bcontains", Takes.ONE, TEXTS | BYTES, "the bytes, written in hex, occur in it", as_text=True),
    Operator("startswith", Takes.ONE, TEXTS | BYTES, "it begins with the text", as_text=True),
    Operator("bstartswith", Takes.ONE, TEXTS | BYTES, "it begins with the bytes, written in hex", as_text=True),
    Operator("endswith", Takes.ONE, TEXTS | BYTES, "it ends with the text", as_text=True),
    Operator("glob", Takes.ONE, TEXTS, "all of it matches the shell pattern", as_text=True),
    Operator("iglob", Takes.ONE, TEXTS, "all of it matches the shell pattern, in capitals or not", as_text=True),
    Operator("regex", Takes.ONE, TEXTS | BYTES, "the RE2 pattern matches somewhere in it", as_text=True),
    Operator("in", Takes.LIST, ALL, "equal to one of the list; for an address also: inside one of the networks"),
    Operator("intersects", Takes.LIST, ALL, "one of its values is in the list"),
    Operator("pmatch", Takes.LIST, TEXTS, "it is one of the paths, or below one; * and ? match within a component",
             as_text=True),
)  # fmt: skip

OPERATORS = {operator.name: operator for operator in _DECLARED}
MODIFIERS = {
    "anyof": "true if it holds for any of the list",
    "allof": "true if it holds for all of the list",
    "oneof": "true if it holds for exactly one of the list",
}
FUNCTIONS = {
    "tolower": "the text in small letters",
    "toupper": "the text in capitals",
    "b64": "the text that is written in base64",
    "basename": "the last part of a path",
    "len": "how many characters",
    "concat": "texts put together",
    "join": "texts put together with something between them",
    "getopt": 'the short options among arguments, as getopt(3) reads them: getopt(proc.args, "e:l")[e] is the value of -e, '
    "without the brackets all options and values",
}
_COMBINED: dict[str, Callable[[list[bool]], bool]] = {
    "anyof": any,
    "allof": all,
    "oneof": lambda held: sum(held) == 1,
}
_NEEDS_PATTERN = frozenset({"glob", "iglob", "regex", "pmatch"})
_UFUNCS: dict[str, np.ufunc] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def text_test(operator: str, modifier: str, constants: Sequence[str]) -> Test:
    """A predicate on one text. Raises FilterError where a constant is no pattern or no hex."""
    if modifier:
        tests = [_TEXT_TESTS[operator](constant) for constant in constants]
        combine = _COMBINED[modifier]
        return lambda text: combine([test(text) for test in tests])
    if operator in ("in", "intersects"):
        return frozenset(constants).__contains__
    if operator == "pmatch":
        return path_prefix(constants)
    return _TEXT_TESTS[operator](constants[0])


def address_test(operator: str, constants: Sequence[Constant]) -> Test:
    """A predicate on an address as text; what is no address is in no network."""
    inside = _Networks([constant for constant in constants if isinstance(constant, Network)])
    if operator == "!=":
        return lambda text: not inside.holds(text)
    return inside.holds


def number_test(operator: str, constants: Sequence[Constant], values: np.ndarray) -> np.ndarray:
    """bool[len(values)]: the comparison, exact also beyond what the column can hold."""
    wanted = [int(constant) for constant in constants if not isinstance(constant, str | Network)]
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if operator in ("in", "intersects"):
        limits = np.iinfo(values.dtype)
        fitting = [value for value in wanted if limits.min <= value <= limits.max]
        return np.isin(values, np.array(fitting, dtype=values.dtype))
    result: np.ndarray = _UFUNCS[operator](values, wanted[0])
    return result


def each_of(
    modifier: str, constants: Sequence[Constant], decide: Callable[[Sequence[Constant]], np.ndarray]
) -> np.ndarray:
    """A predicate over all constants at once; with a modifier over each, and how many of them must hold."""
    if not modifier:
        return decide(constants)
    held = decide(constants[:1]).astype(np.int32)
    for constant in constants[1:]:
        held += decide([constant])
    enough: np.ndarray = {"anyof": held > 0, "allof": held == len(constants), "oneof": held == 1}[modifier]
    return enough


def pair_test(operator: str) -> Callable[[str, str], bool]:
    """A predicate on two texts of the same event. Raises FilterError for operators that need a pattern."""
    if operator in _NEEDS_PATTERN:
        raise FilterError(f"{operator} needs a written pattern, not the value of a field")
    if operator in ("in", "intersects"):
        operator = "="
    prepare = _TEXT_TESTS[operator]
    return lambda left, right: prepare(right)(left)


def pair_numbers(operator: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """bool: the comparison of two columns of numbers."""
    result: np.ndarray = _UFUNCS["=" if operator in ("in", "intersects") else operator](left, right)
    return result


class _Networks:
    """Networks made disjoint and sorted, so that an address is found by bisection."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        for version in (4, 6):
            same = [network for network in networks if network.version == version]
            merged = sorted(collapse_addresses(same))  # type: ignore[type-var]  # one version at a time
            self._starts[version] = [int(network.network_address) for network in merged]
            self._ends[version] = [int(network.broadcast_address) for network in merged]

    def holds(self, text: str) -> bool:
        try:
            address = read_network(text)
        except ValueError:
            return False
        number = int(address.network_address)
        version = 4 if isinstance(address, IPv4Network) else 6
        at = bisect_right(self._starts[version], number) - 1
        return at >= 0 and number <= self._ends[version][at]


def _contains(constant: str) -> Test:
    return lambda text: constant in text


def _icontains(constant: str) -> Test:
    folded = constant.lower()
    return lambda text: folded in text.lower()


def _bcontains(constant: str) -> Test:
    wanted = hex_bytes(constant)
    return lambda text: wanted in as_bytes(text)


def _bstartswith(constant: str) -> Test:
    wanted = hex_bytes(constant)
    return lambda text: as_bytes(text).startswith(wanted)


_TEXT_TESTS: dict[str, Callable[[str], Test]] = {
    "=": lambda constant: constant.__eq__,
    "!=": lambda constant: constant.__ne__,
    "contains": _contains,
    "icontains": _icontains,
    "bcontains": _bcontains,
    "startswith": lambda constant: lambda text: text.startswith(constant),
    "bstartswith": _bstartswith,
    "endswith": lambda constant: lambda text: text.endswith(constant),
    "glob": glob,
    "iglob": lambda constant: glob(constant, ignore_case=True),
    "regex": regex,
}
