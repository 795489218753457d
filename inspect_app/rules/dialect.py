"""What Falco's conditions mean where a call is one event here and two there.

Its rules ask `evt.dir = >` of what is known when a call begins, and `fd.num = -1` of an open that failed. Its
working directories end with a slash: `proc.cwd startswith /dev/shm/` holds for what runs in /dev/shm itself.
A port that there is not is 0 there: a socket that asks which way is out is connected to none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from inspect_app.filters.expression import (
    And,
    Compare,
    Exists,
    Expression,
    FieldOperand,
    Literal,
    Node,
    Not,
    Or,
)
from inspect_app.filters.language import parse


def as_meant(expression: Expression) -> Expression:
    """The expression with what holds of one half of a call said of the whole."""
    root = _node(expression.root)
    return expression if root is expression.root else replace(expression, root=root, text=str(root))


def _node(node: Node) -> Node:
    match node:
        case And(parts) | Or(parts):
            changed = tuple(_node(part) for part in parts)
            same = all(new is old for new, old in zip(changed, parts, strict=True))
            return node if same else type(node)(changed)
        case Not(part):
            changed_part = _node(part)
            return node if changed_part is part else Not(changed_part)
        case Compare(FieldOperand(field) as left, "=" | "in", values, ""):
            texts = {value.text for value in values}
            if field.name == "evt.dir" and ">" in texts:
                return Exists(left)
            if field.name == "fd.num" and texts == {"-1"}:
                return _failed()
            if field.name in _PORTS and "0" in texts:
                return Or((node, Not(Exists(left))))
    if isinstance(node, Compare) and isinstance(node.left, FieldOperand) and node.left.field.name == FOLDER:
        return _of_folder(node)
    return node


def _of_folder(node: Compare) -> Node:
    """A comparison with a directory that ends with a slash there, and with none here."""
    bare = replace(node, values=tuple(map(_bare, node.values)))
    if bare.values == node.values or node.modifier:
        return node
    match node.operator:
        case "=" | "!=" | "in" | "endswith":
            return bare
        case "startswith":
            return Or((node, replace(bare, operator="=")))
        case "contains":
            return Or((node, replace(bare, operator="endswith")))
        case _:
            return node


def _bare(value: Literal) -> Literal:
    text = value.text[:-1] if value.text.endswith("/") and value.text != "/" else value.text
    return replace(value, text=text, constant=text)


_PORTS = frozenset({"fd.port", "fd.cport", "fd.sport", "fd.lport", "fd.rport"})
FOLDER = "proc.cwd"
"""The field that is a directory."""


@cache
def _failed() -> Node:
    """Parsed when the first rule asks for it: to make the parser takes a good part of the window's start."""
    return parse("evt.failed = true").root
