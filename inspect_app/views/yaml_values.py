"""YAML as plain values that know their lines; what rule files and files of views are read with.

YAML is read event by event: no tag is obeyed, no object is made, nothing recurses. In a list a value is what
was written: `true`, `8080` and `1.10` stay texts. In a mapping, where kinds matter, they are truths and
numbers unless they are quoted. An alias (`*name`) stands for the very value of its anchor, so that a file of
aliases upon aliases takes no more memory than it has bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

MAX_LEVELS = 20
"""Levels of nesting in a text."""
MAX_ITEMS = 100_000
"""Values in it."""

Value = Any
"""str, None, Listed, or Mapped; of a document that is a mapping bool, int and float too."""

_TRUTHS = {
    written: truth
    for truth, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")))
    for word in words
    for written in (word, word.capitalize(), word.upper())
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]{1,15}")
_BROKEN = re.compile(r"[-+]?\d{1,15}\.\d{1,15}", re.ASCII)


class YamlError(ValueError):
    """A text is no YAML, or beyond the limits."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        """From 1; 0: not told."""
        self.reason = reason


class Listed(list[Value]):
    """A list that knows the line of each of its values."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []

    wants_key = False

    def take(self, value: Value, line: int) -> None:
        """Take in the next value."""
        self.append(value)
        self.lines.append(line)


class Mapped(dict[str, Value]):
    """A mapping that knows the line of each of its keys."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self._key: str | None = None

    @property
    def wants_key(self) -> bool:
        """Whether what comes next is a key."""
        return self._key is None

    def take(self, value: Value, line: int) -> None:
        """Take in the next key or value."""
        if self._key is None:
            self._key = value if isinstance(value, str) else ""
            self.lines[self._key] = line
        else:
            self[self._key], self._key = value, None


def documents(text: str) -> Iterator[tuple[Value, int]]:
    """Each document of a text, with the line where it begins. Raises YamlError."""
    try:
        yield from _documents(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "no YAML"
        raise YamlError(mark.line + 1 if mark else 0, f"no YAML: {reason}") from error


def _documents(text: str) -> Iterator[tuple[Value, int]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    open_ones: list[Listed | Mapped] = []
    anchors: dict[str, Value] = {}
    taken = began = 0
    for event in yaml.parse(text, Loader=loader):
        mark = event.start_mark
        line = (mark.line if mark else 0) + 1
        if isinstance(event, yaml.DocumentStartEvent):
            anchors = {}
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            value: Value = open_ones.pop()
            if not open_ones:
                yield value, began
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        taken += 1
        if taken > MAX_ITEMS or len(open_ones) >= MAX_LEVELS:
            raise YamlError(line, f"more than {MAX_ITEMS:,} values or {MAX_LEVELS} levels")
        is_typed = bool(open_ones) and isinstance(open_ones[0], Mapped) and not open_ones[-1].wants_key
        value = _value(event, anchors, line, is_typed=is_typed)
        if open_ones:
            open_ones[-1].take(value, line)
        else:
            began = line
        if isinstance(event, yaml.CollectionStartEvent):
            open_ones.append(value)
        elif not open_ones:
            yield value, line


def _value(event: Any, anchors: dict[str, Value], line: int, *, is_typed: bool) -> Value:
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise YamlError(line, f"no anchor is called {event.anchor}")
        return anchors[event.anchor]
    value: Value
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0]
        is_nothing = is_plain and event.value in ("", "~", "null", "Null", "NULL")
        value = None if is_nothing else _typed(event.value) if is_plain and is_typed else event.value
    else:
        value = Listed() if isinstance(event, yaml.SequenceStartEvent) else Mapped()
    if event.anchor:
        anchors[event.anchor] = value
    return value


def _typed(text: str) -> Value:
    """What a plain value is where kinds matter."""
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    return float(text) if _BROKEN.fullmatch(text) else text
