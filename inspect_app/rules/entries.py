"""The items of a rule file with the lines they stand in; nothing but plain values, lists and mappings.

A document that is a list holds items of Falco's language; one that is a mapping is a Sigma rule by itself.

YAML is read event by event: no tag is obeyed, no object is made, nothing recurses. In a list a value is what
was written: `true`, `8080` and `1.10` stay texts. In a mapping, where kinds matter, they are truths and
numbers unless they are quoted. An alias (`*name`) stands for the very value of its anchor, so that a file of
aliases upon aliases takes no more memory than it has bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_FILE = 16 << 20
"""Bytes of a rule file."""
MAX_LEVELS = 20
"""Levels of nesting in it."""
MAX_ITEMS = 100_000
"""Values in it."""

MAX_DOCUMENTS = 2_000
"""Sigma rules in it."""

Value = Any
"""str, None, list of values, or dict of values by text; of Sigma bool, int and float too."""

SIGMA = frozenset({"detection", "logsource", "correlation", "filter", "action"})
"""Any of these makes a document a Sigma rule."""
_TRUTHS = {
    written: truth
    for truth, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")))
    for word in words
    for written in (word, word.capitalize(), word.upper())
}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]{1,15}")
_BROKEN = re.compile(r"[-+]?\d{1,15}\.\d{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a rule file."""

    file: str
    line: int
    """From 1."""
    content: dict[str, Value]
    lines: dict[str, int] = field(default_factory=dict)
    """The line of each key."""
    is_document: bool = False
    """Whether it is a document by itself, as Sigma's rules are."""


class RuleFileError(Exception):
    """A text is no rule file; the message says where and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


def read_entries(path: Path) -> list[Entry]:
    """The items of a rule file.

    Raises:
        OSError: It cannot be read.
        RuleFileError: It is no rule file.
    """
    with path.open("rb") as stream:
        content = stream.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise RuleFileError(str(path), 0, f"more than {MAX_FILE >> 20} MiB, too much for a rule file")
    return parse_entries(content, str(path))


def parse_entries(content: bytes, file: str) -> list[Entry]:
    """The items of a rule file's content. Raises RuleFileError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RuleFileError(file, line, "the file is no text in UTF-8") from error
    entries: list[Entry] = []
    try:
        for document, line in _documents(text, file):
            if document is None:
                continue
            if isinstance(document, _Mapping) and not SIGMA.isdisjoint(document):
                entries.append(Entry(file, line, dict(document), document.lines, is_document=True))
                if len(entries) > MAX_DOCUMENTS:
                    raise RuleFileError(file, line, f"more than {MAX_DOCUMENTS:,} documents")
                continue
            if not isinstance(document, _List):
                reason = "a rule file is a list of items, each beginning with '- ', or a Sigma rule"
                raise RuleFileError(file, line, reason)
            entries += [_entry(item, at, file) for item, at in zip(document, document.lines, strict=True)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "no YAML"
        raise RuleFileError(file, mark.line + 1 if mark else 0, f"no YAML: {reason}") from error
    return entries


def _entry(item: Value, line: int, file: str) -> Entry:
    if not isinstance(item, _Mapping):
        raise RuleFileError(file, line, "an item is a mapping such as 'rule: NAME'")
    return Entry(file, line, dict(item), item.lines)


class _List(list[Value]):
    """A list that knows the line of each of its values."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []

    wants_key = False

    def take(self, value: Value, line: int) -> None:
        self.append(value)
        self.lines.append(line)


class _Mapping(dict[str, Value]):
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
        if self._key is None:
            self._key = value if isinstance(value, str) else ""
            self.lines[self._key] = line
        else:
            self[self._key], self._key = value, None


def _documents(text: str, file: str) -> Iterator[tuple[Value, int]]:
    """Each document of a text, with the line where it begins."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    open_ones: list[_List | _Mapping] = []
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
            raise RuleFileError(file, line, f"more than {MAX_ITEMS:,} values or {MAX_LEVELS} levels")
        is_typed = bool(open_ones) and isinstance(open_ones[0], _Mapping) and not open_ones[-1].wants_key
        value = _value(event, anchors, file, line, is_typed=is_typed)
        if open_ones:
            open_ones[-1].take(value, line)
        else:
            began = line
        if isinstance(event, yaml.CollectionStartEvent):
            open_ones.append(value)
        elif not open_ones:
            yield value, line


def _value(event: Any, anchors: dict[str, Value], file: str, line: int, *, is_typed: bool) -> Value:
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise RuleFileError(file, line, f"no anchor is called {event.anchor}")
        return anchors[event.anchor]
    value: Value
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0]
        is_nothing = is_plain and event.value in ("", "~", "null", "Null", "NULL")
        value = None if is_nothing else _typed(event.value) if is_plain and is_typed else event.value
    else:
        value = _List() if isinstance(event, yaml.SequenceStartEvent) else _Mapping()
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
