"""Names, arguments and strings as they are written: which field a name means, which text a string.

A name that is not known is an error that tells the nearest one that is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from lark import Token

from inspect_app.filters.errors import FilterError, excerpt
from inspect_app.filters.expression import FieldOperand
from inspect_app.filters.field import Argument, Field, small_number
from inspect_app.filters.fields import FIELDS

PAYLOAD_NAMES = ("data", "buf")
"""What arguments are called that lead to the bytes that were moved: `evt.arg.data` is `evt.buffer`."""
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5})|(.))", re.DOTALL)
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'", "/": "/", " ": "\\"}
"""As libsinsp reads them: a backslash before a blank is a backslash, which public rules count on."""


def resolve(name: Token, argument: Token | None) -> FieldOperand:
    """The field of that name; a part after a dot may be its argument, as in `evt.arg.flags`."""
    found, rest = FIELDS.get(name), "" if argument is None else inside(argument)
    if found is None and argument is None:
        found, rest = _with_dotted_argument(name)
    if found is None:
        raise unknown_name(str(name), column_of(name), list(FIELDS), bare=False)
    _check_argument(found, rest, name, argument)
    if found.name == "evt.arg" and rest in PAYLOAD_NAMES:
        found, rest = FIELDS["evt.buffer"], ""
    try:
        return FieldOperand(found, rest, found.type_with(rest))
    except FilterError as error:
        raise FilterError(error.message, column_of(name), error.expected, error.nearest) from None


def _with_dotted_argument(name: str) -> tuple[Field | None, str]:
    head, dot, rest = name, ".", ""
    while dot:
        head, dot, last = head.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
        found = FIELDS.get(head)
        if found is not None and found.argument in (Argument.NAME, Argument.OPTIONAL):
            return found, rest
    return None, ""


def _check_argument(found: Field, rest: str, name: Token, argument: Token | None) -> None:
    column = column_of(name if argument is None else argument)
    if found.argument is Argument.NONE and argument is not None:
        raise FilterError(f"{found.name} takes no argument", column)
    if found.argument is Argument.NAME and not rest:
        raise FilterError(f"{found.name} needs an argument: {found.argument_meaning}", column)
    if found.argument is Argument.INDEX and argument is not None:
        try:
            small_number(found.name, rest)
        except FilterError as error:
            raise FilterError(error.message, column, error.expected) from None


def unknown_name(name: str, column: int, known: Sequence[str], *, bare: bool) -> FilterError:
    """The error for a name that stands where a field, or alone (`bare`) a condition, should stand."""
    shown = excerpt(name)
    nearest = get_close_matches(name[:60].lower(), known, n=1, cutoff=0.7)
    if bare and name in FIELDS:
        return FilterError(f"{shown!r} is not compared with anything", column + len(name), ("an operator",))
    what = "condition" if bare else "field"
    return FilterError(f"there is no {what} {shown!r}", column, ("a field",), nearest[0] if nearest else "")


def inside(argument: Token) -> str:
    """What an argument says between its brackets."""
    inner = str(argument)[1:-1]
    return unquoted(inner) if inner[:1] in "\"'" else inner


def unquoted(quoted: str) -> str:
    """The text that a string in quotes means."""
    return _ESCAPE.sub(_unescaped, quoted[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits:
        code = int(digits, 16)
        return chr(code) if code < 0x110000 else found[0]
    # An unknown escape stays as it is: patterns are full of \d and \.
    return _SINGLE.get(found[4], found[0])


def column_of(token: Token) -> int:
    """Where a token stands, from 1."""
    return (token.start_pos or 0) + 1
