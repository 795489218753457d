"""The items of a rule file with the lines they stand in; nothing but plain values, lists and mappings.

A document that is a list holds items of Falco's language; one that is a mapping is a Sigma rule by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from inspect_app.views.yaml_values import Listed, Mapped, Value, YamlError, documents

MAX_FILE = 16 << 20
"""Bytes of a rule file."""
MAX_DOCUMENTS = 2_000
"""Sigma rules in it."""

SIGMA = frozenset({"detection", "logsource", "correlation", "filter", "action"})
"""Any of these makes a document a Sigma rule."""


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
        for document, line in documents(text):
            if document is None:
                continue
            if isinstance(document, Mapped) and not SIGMA.isdisjoint(document):
                entries.append(Entry(file, line, dict(document), document.lines, is_document=True))
                if len(entries) > MAX_DOCUMENTS:
                    raise RuleFileError(file, line, f"more than {MAX_DOCUMENTS:,} documents")
                continue
            if not isinstance(document, Listed):
                reason = "a rule file is a list of items, each beginning with '- ', or a Sigma rule"
                raise RuleFileError(file, line, reason)
            entries += [_entry(item, at, file) for item, at in zip(document, document.lines, strict=True)]
    except YamlError as error:
        raise RuleFileError(file, error.line, error.reason) from error
    return entries


def _entry(item: Value, line: int, file: str) -> Entry:
    if not isinstance(item, Mapped):
        raise RuleFileError(file, line, "an item is a mapping such as 'rule: NAME'")
    return Entry(file, line, dict(item), item.lines)
