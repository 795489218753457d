"""Which events a condition can hold for at all, by their type: no others need be looked at."""

from __future__ import annotations

from inspect_app.filters.expression import And, Compare, FieldOperand, Node, Or

_TYPE = "evt.type"


def types_of(node: Node) -> frozenset[str] | None:
    """Names of types that a condition asks for; None: it may hold for any."""
    match node:
        case Compare(FieldOperand(field), operator, values, modifier) if field.name == _TYPE:
            names_one = operator in ("=", "in", "intersects") and modifier in ("", "anyof", "oneof")
            return frozenset(value.text for value in values) if names_one else None
        case And(parts):
            known = [types for part in parts if (types := types_of(part)) is not None]
            return frozenset.intersection(*known) if known else None
        case Or(parts):
            each = [types_of(part) for part in parts]
            known = [types for types in each if types is not None]
            return frozenset.union(*known) if len(known) == len(each) else None
        case _:
            return None
