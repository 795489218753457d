"""What of a document is handed to pySigma: copies of plain values, never more than is sensible.

Modifiers multiply values, conditions repeat selections, aliases repeat all: what a document would become is
counted before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspect_app.filters.errors import FilterError
from inspect_app.filters.patterns import compiled
from inspect_app.rules.rule import ItemError

MAX_VALUES = 10_000
"""Values in the detections of one rule, those that modifiers make included."""
MAX_LEVELS = 12
MAX_VALUE = 8_192
"""Characters of one value."""
MAX_CONDITION = 4_096
"""Characters of one condition."""
MAX_CONDITIONS = 20
MAX_PARTS = 100_000
"""Comparisons that the conditions of one rule may come to."""
MAX_MODIFIERS = 6

_MAKES = {"windash": 125, "base64offset": 3}
"""How many values a modifier may make of one."""
_NO_SELECTION = ("condition", "timeframe")
"""What stands among selections and is none; time frames are of an older form."""
_OF_TEXTS = frozenset({"contains", "startswith", "endswith"})
_WIDENS = frozenset({"wide", "utf16", "utf16be", "base64", "base64offset"})


def plain_detections(content: Any) -> dict[str, Any]:
    """The detections of a rule or a filter as values of their own.

    Raises:
        ItemError: They are none, or are too much.
    """
    if not isinstance(content, dict):
        raise ItemError("detections are a mapping of selections and a condition")
    left = [MAX_VALUES]
    found = {
        str(name): _copied(one, left, 0, "") for name, one in content.items() if name not in _NO_SELECTION
    }
    if "condition" not in content:
        raise ItemError("there is no condition")
    found["condition"] = _conditions(content["condition"])
    size = MAX_VALUES - left[0]
    words = sum(len(one.replace("(", " ").split()) for one in found["condition"])
    if words * size > MAX_PARTS:
        raise ItemError(f"the condition comes to {words * size:,} comparisons, more than {MAX_PARTS:,}")
    return found


def plain_value(content: Any, what: str) -> Any:
    """A small value of another kind, copied. Raises ItemError."""
    try:
        return _copied(content, [1_000], 0, "")
    except ItemError as error:
        raise ItemError(f"{what}: {error}") from error


def _conditions(content: Any) -> list[str]:
    conditions = content if isinstance(content, list) else [content]
    if not conditions or len(conditions) > MAX_CONDITIONS:
        raise ItemError(f"there are {len(conditions)} conditions, and there may be {MAX_CONDITIONS}")
    for one in conditions:
        if not isinstance(one, str):
            raise ItemError("a condition is a text")
        if len(one) > MAX_CONDITION:
            raise ItemError(f"the condition has {len(one):,} characters, more than {MAX_CONDITION:,}")
    # A condition over several lines is one.
    return [" ".join(one.split()) for one in conditions]


def _copied(value: Any, left: list[int], level: int, key: str) -> Any:
    if level > MAX_LEVELS:
        raise ItemError(f"more than {MAX_LEVELS} levels")
    makes = _multiplied(key)
    if isinstance(value, dict):
        return {str(name): _copied(one, left, level + 1, str(name)) for name, one in value.items()}
    if isinstance(value, list):
        left[0] -= 1
        return [_copied(one, left, level + 1, key) for one in _some(value, left)]
    left[0] -= makes
    if left[0] < 0:
        raise ItemError(f"more than {MAX_VALUES:,} values, those that modifiers make included")
    if isinstance(value, int) and not isinstance(value, bool) and _OF_TEXTS & set(key.split("|")[1:]):
        return str(value)
    if isinstance(value, str):
        _check_text(value, key)
    return value


def _some(values: list[Any], left: list[int]) -> Iterator[Any]:
    for one in values:
        if left[0] < 0:
            raise ItemError(f"more than {MAX_VALUES:,} values")
        yield one


def _check_text(value: str, key: str) -> None:
    if len(value) > MAX_VALUE:
        raise ItemError(f"a value has {len(value):,} characters, more than {MAX_VALUE:,}")
    if "re" in key.split("|")[1:]:
        try:
            compiled(value.encode("utf-8", "replace"))
        except FilterError as error:
            raise ItemError(f"{key}: {error.message}") from error


def _multiplied(key: str) -> int:
    """How many values the modifiers of a key make of one. Raises ItemError."""
    modifiers = key.split("|")[1:]
    if len(modifiers) > MAX_MODIFIERS or len(set(modifiers)) < len(modifiers):
        raise ItemError(f"{key[:80]}: at most {MAX_MODIFIERS} modifiers, each once")
    if sum(one in _WIDENS for one in modifiers) > 2:
        raise ItemError(f"{key[:80]}: more than two ways to encode one value")
    makes = 1
    for one in modifiers:
        makes *= _MAKES.get(one, 1)
    return makes
