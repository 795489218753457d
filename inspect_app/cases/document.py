"""A case as text, and back.

    document  ::=  { "exhume case": 1, "captures": [sighting…], shelf: [record…]… }
    record    ::=  { "id": 32 hex digits, "versions": [version…] }
    version   ::=  { "author", "written_ns", "replaces": [digest…], "value": note, judgement, … or null }

It is JSON, written so that a line-by-line comparison of two files is of use: records in the order in which
they were first written, a field a line. What no terminal should obey is escaped. It comes from strangers: the
size is limited, each value is checked (see `form`), and what is not declared is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn

from capture.model.text import printable
from inspect_app.cases.case import MAX_RECORDS, MAX_SIGHTINGS, SHELVES, Case, is_key
from inspect_app.cases.errors import CaseError
from inspect_app.cases.form import read_fields, write_fields
from inspect_app.cases.note import Sighting
from inspect_app.cases.record import MAX_VERSIONS, Record, Version

VERSION = 1
MAX_FILE = 128 << 20
"""Bytes of a case file."""
MAX_AUTHOR = 1_000
KEY = "exhume case"
_NAMES = {"facts": "case", "notes": "note", "triage": "judgement", "bookmarks": "bookmark", "links": "link"}
_STRANGE = re.compile(r"[^\n -~]")
_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class Writing:
    """Writes cases; what has not changed since the last one is not written anew."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Record[Any], str]] = {}

    def text(self, case: Case) -> str:
        """The case as the text of a file."""
        parts = [f'{{\n"{KEY}": {VERSION}', _list("captures", map(_sighting_text, _sorted(case.captures)))]
        kept = {}
        for shelf in SHELVES:
            records = getattr(case, shelf)
            texts = []
            for key, record in sorted(records.items(), key=_first_written):
                before = self._kept.get((shelf, key))
                known = before is not None and before[0] is record
                text = before[1] if before is not None and known else _record_text(key, record)
                kept[shelf, key] = (record, text)
                texts.append(text)
            parts.append(_list(shelf, texts))
        self._kept = kept
        return ",\n".join(parts) + "\n}\n"


def to_text(case: Case) -> str:
    """The case as the text of a file."""
    return Writing().text(case)


def from_bytes(data: bytes) -> Case:
    """The case that a file holds.

    Raises:
        CaseError: It holds none, one of a newer Exhume, or one beyond the limits.
    """
    if len(data) > MAX_FILE:
        raise CaseError(f"a case file has more than {MAX_FILE:,} bytes")
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CaseError(f"this is no case file: it is not read as JSON ({_reason(error)})") from error
    if type(found) is not dict or KEY not in found:
        raise CaseError(f"this is no case file: it does not begin with {KEY!r}")
    version = found.pop(KEY)
    if version != VERSION or type(version) is not int:
        raise CaseError(
            f"the case file has version {str(version)[:40]}, this Exhume reads {VERSION}; please update"
        )
    sightings = _listed(found.pop("captures", []), "captures", MAX_SIGHTINGS)
    shelves = {shelf: _shelf(shelf, found.pop(shelf, [])) for shelf in SHELVES}
    if found:
        raise CaseError(f"a case file has the field {min(found)[:80]!r}, which this Exhume does not know")
    return Case(**shelves, captures=frozenset(read_fields(Sighting, one, "capture") for one in sightings))


def _shelf(shelf: str, found: Any) -> Mapping[str, Record[Any]]:
    records: dict[str, Record[Any]] = {}
    for one in _listed(found, shelf, MAX_RECORDS):
        match one:
            case {"id": key, "versions": [_, *_] as versions} if is_key(key) and len(one) == 2:
                pass
            case _:
                raise CaseError(f"one of the {shelf} is not an id of 32 hex digits with versions")
        if len(versions) > MAX_VERSIONS:
            raise CaseError(f"one of the {shelf} has {len(versions):,} versions, more than {MAX_VERSIONS:,}")
        read = [_version(shelf, version) for version in versions]
        record = Record(tuple(read)) if len(read) == 1 else Record.of(frozenset(read))
        records[key] = record.merged(records[key]) if key in records else record
    return records


def _version(shelf: str, found: Any) -> Version[Any]:
    match found:
        case {"author": str(author), "written_ns": int(written), "value": value} if (
            len(author) <= MAX_AUTHOR and type(written) is int and -(2**63) <= written < 2**63
        ):
            replaces = found.get("replaces", [])
        case _:
            raise CaseError(
                f"a version among the {shelf} is not an author, a time in nanoseconds and a value"
            )
    if unknown := found.keys() - {"author", "written_ns", "value", "replaces"}:
        raise CaseError(f"a version among the {shelf} has the unknown field {min(unknown)[:80]!r}")
    digests = _listed(replaces, "replaces", MAX_VERSIONS)
    if not all(type(digest) is str and len(digest) <= 64 for digest in digests):
        raise CaseError(f"a version among the {shelf} replaces what is not a digest")
    name = _NAMES[shelf]
    read = None if value is None else read_fields(SHELVES[shelf], value, name)
    return Version(read, author, written, tuple(digests))


def _listed(found: Any, name: str, most: int) -> list[Any]:
    if type(found) is not list or len(found) > most:
        raise CaseError(f"{name!r} of a case file is not a list of at most {most:,}")
    return found


def _list(name: str, texts: Iterator[str] | list[str]) -> str:
    body = ",\n".join(texts)
    return f'"{name}": [\n{body}\n]' if body else f'"{name}": []'


def _record_text(key: str, record: Record[Any]) -> str:
    versions = ",\n".join(map(_version_text, record.versions))
    return _escaped(f' {{"id": "{key}", "versions": [\n{versions}\n ]}}')


def _version_text(version: Version[Any]) -> str:
    replaces = f', "replaces": {_ENCODE(list(version.replaces))}' if version.replaces else ""
    head = f'  {{"author": {_ENCODE(version.author)}, "written_ns": {version.written_ns}{replaces}, "value": '
    if version.value is None:
        return f"{head}null}}"
    fields = write_fields(version.value)
    lines = ",\n".join([f'   "{name}": {_ENCODE(value)}' for name, value in fields.items()])
    return f"{head}{{\n{lines}}}}}"


def _sighting_text(sighting: Sighting) -> str:
    return _escaped(f" {_ENCODE(write_fields(sighting))}")


def _sorted(sightings: frozenset[Sighting]) -> list[Sighting]:
    return sorted(sightings, key=lambda one: json.dumps(write_fields(one)))


def _first_written(item: tuple[str, Record[Any]]) -> tuple[int, str]:
    return item[1].versions[0].written_ns, item[0]


def _escaped(text: str) -> str:
    """JSON in which no character is that a terminal would obey, or that shows as nothing."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _STRANGE.sub(lambda found: _shown(found[0]), text)


@lru_cache(4096)
def _shown(char: str) -> str:
    if printable(char) == char:
        return char
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else type(error).__name__
