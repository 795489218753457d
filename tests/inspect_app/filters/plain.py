"""Filters read event by event in the plainest way: what the fast evaluation must agree with.

Values of fields come from their facets, but arrow by arrow for one event at a time.
"""

import base64
import fnmatch
import ipaddress
import re
from posixpath import basename

from inspect_app.filters.expression import And, CallOperand, Compare, CompareOperands, Exists, Not, Or
from inspect_app.filters.facets import MAX_ANCESTORS, NumberFacet, PayloadFacet
from inspect_app.filters.field import FieldType


def holds(node, frames, event):
    """Does a condition hold for one event?"""
    match node:
        case And(parts):
            return all(holds(part, frames, event) for part in parts)
        case Or(parts):
            return any(holds(part, frames, event) for part in parts)
        case Not(part):
            return not holds(part, frames, event)
        case Exists(operand):
            return bool(values_of(operand, frames, event))
        case Compare():
            return any(compare(node, value) for value in values_of(node.left, frames, event))
        case CompareOperands():
            return any(
                test(node.operator, left, right, "")
                for left in values_of(node.left, frames, event)
                for right in values_of(node.right, frames, event)
            )


def values_of(operand, frames, event):
    """Every value that an operand has at an event."""
    if isinstance(operand, CallOperand):
        parts = [values_of(inner, frames, event) for inner in operand.operands]
        if operand.function in ("concat", "join"):
            texts = [as_text(part[0]) if part else None for part in parts]
            return [] if None in texts else [operand.text.join(texts)]
        changed = [CHANGES[operand.function](value) for value in parts[0]]
        return [value for value in changed if value is not None]
    return [
        value
        for facet in operand.field.facets(frames, operand.argument)
        for value in facet_values(facet, frames, event)
    ]


def facet_values(facet, frames, event):
    """The values of one facet."""
    if isinstance(facet, PayloadFacet):
        data = frames.source.payload(event)
        return [data] if data else []
    row = event if facet.rows is None else int(facet.rows[event])
    rows = [row] if row >= 0 else []
    if facet.next_row is not None:
        rows = ancestors(facet.next_row, row)
    if isinstance(facet, NumberFacet):
        return [facet.values[row].item() for row in rows if facet.missing is None or not facet.missing[row]]
    codes = [row if facet.codes is None else int(facet.codes[row]) for row in rows]
    return [facet.values[code] for code in codes if code >= 0]


def ancestors(next_row, row):
    """All rows that a row comes from."""
    found = []
    while row >= 0 and len(found) < MAX_ANCESTORS:
        row = int(next_row[row])
        if row >= 0:
            found.append(row)
    return found


def as_text(value):
    """A value as `concat` writes it."""
    return value if isinstance(value, str) else str(value).lower()


def from_base64(text):
    """None for what is none."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        return None


CHANGES = {"tolower": str.lower, "toupper": str.upper, "basename": basename, "len": len, "b64": from_base64}
COMBINED = {"anyof": any, "allof": all, "oneof": lambda held: sum(held) == 1}


def compare(node, value):
    """One comparison of one value."""
    type_, constants = node.left.type, [literal.constant for literal in node.values]
    if node.operator in ("in", "intersects"):
        return any(test("=", value, constant, type_) for constant in constants)
    if node.operator == "pmatch":
        return any(is_below(value, constant) for constant in constants)
    held = [test(node.operator, value, constant, type_) for constant in constants]
    return COMBINED[node.modifier](held) if node.modifier else held[0]


def is_below(path, prefix):
    """Is a path another one, or below it?"""
    wanted = prefix.rstrip("/").split("/")
    parts = path.split("/")
    return len(parts) >= len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def test(operator, value, constant, type_):
    """One operator."""
    if type_ is FieldType.ADDRESS and operator in ("=", "!="):
        return within(value, constant) == (operator == "=")
    if isinstance(value, bytes) and isinstance(constant, str):
        constant = bytes.fromhex(constant) if operator in ("bcontains", "bstartswith") else constant.encode()
        operator = operator.removeprefix("b") if operator in ("bcontains", "bstartswith") else operator
    return TESTS[operator](value, constant)


def within(value, network):
    """Is an address in a network?"""
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


TESTS = {
    "=": lambda value, constant: value == constant,
    "!=": lambda value, constant: value != constant,
    "<": lambda value, constant: value < constant,
    "<=": lambda value, constant: value <= constant,
    ">": lambda value, constant: value > constant,
    ">=": lambda value, constant: value >= constant,
    "contains": lambda value, text: text in value,
    "icontains": lambda value, text: text.lower() in value.lower(),
    "startswith": lambda value, text: value.startswith(text),
    "endswith": lambda value, text: value.endswith(text),
    "bcontains": lambda value, digits: bytes.fromhex(digits) in value.encode(),
    "bstartswith": lambda value, digits: value.encode().startswith(bytes.fromhex(digits)),
    "glob": fnmatch.fnmatchcase,
    "iglob": lambda value, pattern: fnmatch.fnmatchcase(value.lower(), pattern.lower()),
    "regex": lambda value, pattern: re.search(pattern, value) is not None,
}
