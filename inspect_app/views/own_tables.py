"""The tables of a file of views, from TOML or YAML, with the lines in which they stand.

[[view]]                      view:
id = "set_id_runs"              - id: set_id_runs
sort = "-execs"                   sort: -execs
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_app.filters.errors import excerpt
from inspect_app.views.yaml_values import Mapped, YamlError, documents

MAX_FILE = 256 << 10
"""Bytes of a file."""
MAX_KEY_PARTS = 20
SUFFIXES = (".toml", ".yaml", ".yml")
"""How the names of files of views end."""

_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\'\n]*\'', re.DOTALL)
_HEADER = re.compile(r"\s*\[\[\s*view\s*\]\]")
_KEY = re.compile(r"\s*([A-Za-z_]+)\s*=")


class ViewFileError(ValueError):
    """A file holds no views, or some beyond the limits; says where, which view, and what is wrong with it."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line
        """From 1; 0: not told."""


@dataclass(frozen=True)
class Written:
    """One view as it was written."""

    row: Mapping[str, Any]
    line: int = 0
    """Where it begins, from 1; 0: not known."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """The lines of its keys."""

    def line_of(self, key: str) -> int:
        """Where a key stands, else where the view begins."""
        return self.lines.get(key, self.line)


def read_file(path: Path) -> str:
    """The text of a file. Raises ViewFileError, and OSError where it cannot be read."""
    with path.open("rb") as stream:
        raw = stream.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise ViewFileError(f"more than {MAX_FILE >> 10} KiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ViewFileError(f"it is no UTF-8 (byte {error.start})", line) from None


def reader_of(path: Path) -> Callable[[str], list[Written]]:
    """What reads a file, by how its name ends."""
    return from_yaml if path.suffix.lower() in (".yaml", ".yml") else from_toml


def from_toml(text: str) -> list[Written]:
    """The views of a text in TOML. Raises ViewFileError."""
    _refuse_deep_keys(text)
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ViewFileError(f"it is no TOML: {excerpt(error)}") from None
    rows = _rows(found, "views are written as [[view]] tables")
    places = _places(text)
    # Headers inside of long texts are none; where they cannot be told apart no lines are told.
    if len(places) != len(rows):
        return [Written(row) for row in rows]
    return [Written(row, line, lines) for row, (line, lines) in zip(rows, places, strict=True)]


def from_yaml(text: str) -> list[Written]:
    """The views of a text in YAML. Raises ViewFileError."""
    shape = "views are written as a list under `view:`"
    try:
        found = [document for document, _ in documents(text) if document is not None]
    except YamlError as error:
        raise ViewFileError(error.reason, error.line) from None
    if not found:
        return []
    if len(found) > 1 or not isinstance(found[0], Mapped):
        raise ViewFileError(shape)
    return [Written(row, min(row.lines.values(), default=0), row.lines) for row in _rows(found[0], shape)]


def _rows(found: Mapping[str, Any], shape: str) -> list[Any]:
    for key in found:
        if key != "view":
            raise ViewFileError(f"the file: {excerpt(key)!r} means nothing here; {shape}")
    rows = found.get("view")
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ViewFileError(shape)
    return rows


def _places(text: str) -> list[tuple[int, dict[str, int]]]:
    """Of each [[view]] its line, and the lines of its keys."""
    places: list[tuple[int, dict[str, int]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if _HEADER.match(line):
            places.append((number, {}))
        elif places and (key := _KEY.match(line)):
            places[-1][1].setdefault(key[1], number)
    return places


def _refuse_deep_keys(text: str) -> None:
    """`a.a.a.a… = 1` takes tomllib time that grows with the square of its length."""
    for line in _STRINGS.sub("", text).split("\n"):
        if line.partition("#")[0].count(".") > MAX_KEY_PARTS:
            raise ViewFileError(f"a key has more than {MAX_KEY_PARTS} parts")
