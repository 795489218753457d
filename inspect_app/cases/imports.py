"""Findings of others as notes: each is placed by its time.

    Falco          JSON lines: time, rule, priority, output or message, tags
    Timesketch     JSON lines or CSV: datetime or timestamp (µs), message, timestamp_desc, tag
    any other CSV  a column of times (time, datetime, timestamp, date), one of texts (message, text, …)

A time without a zone is UTC. What is read comes from strangers: lines, their lengths and their number are
limited. The same finding always gets the same key, so a file may be imported twice, by two analysts.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from inspect_app.cases.anchor import MAX_LABEL, Anchor, AnchorKind
from inspect_app.cases.case import MAX_RECORDS, By, Case, key_of
from inspect_app.cases.errors import CaseError
from inspect_app.cases.note import MAX_TAG, MAX_TAGS, MAX_TEXT, Note, Severity

MAX_BYTES = 256 << 20
MAX_LINE = 1 << 20
_TIMES = ("time", "datetime", "timestamp", "date", "evt.time", "@timestamp")
_TEXTS = ("message", "text", "output", "description", "desc", "note", "title")
_RULES = ("rule", "timestamp_desc", "title")
_TAGS = ("tags", "tag", "labels")
_SEVERITIES = {
    "emergency": Severity.CRITICAL,
    "alert": Severity.CRITICAL,
    "critical": Severity.CRITICAL,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "notice": Severity.LOW,
    "low": Severity.LOW,
    "informational": Severity.INFO,
    "info": Severity.INFO,
    "debug": Severity.INFO,
}
"""Priorities of Falco, and the words that others use."""
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\d*\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.ASCII
)
_PLAIN_NUMBER = re.compile(r"-?\d{1,19}(?:\.\d{1,9})?", re.ASCII)
_NS = 10**9


def imported(case: Case, data: bytes, name: str, by: By, capture: str = "") -> tuple[Case, int]:
    """The case with the findings of a file as notes, and how many of them are new.

    Args:
        case: What they are added to.
        data: The file.
        name: What the file is called, for people.
        by: Who imports it.
        capture: The id of the capture that it is about; empty: any.

    Raises:
        CaseError: The file is none of those that are read; the line is named.
    """
    found = dict(notes_of(data, name, capture))
    new = [key for key in found if key not in case.notes]
    if len(case.notes) + len(new) > MAX_RECORDS:
        raise CaseError(
            f"{name} has {len(new):,} new findings, more than fit: a case keeps {MAX_RECORDS:,} notes"
        )
    return case.with_notes({key: found[key] for key in new}, by), len(new)


def notes_of(data: bytes, name: str, capture: str = "") -> Iterator[tuple[str, Note]]:
    """The findings of a file, each with its key. Raises CaseError as `imported` does."""
    if len(data) > MAX_BYTES:
        raise CaseError(f"{name} has more than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError(f"{name} is not in UTF-8: byte {error.start:,}") from None
    rows = _json_rows(text, name) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text, name)
    for line, row in rows:
        yield _note(row, f"line {line:,} of {name}", name, capture)


def _json_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE:
            raise CaseError(f"line {number:,} of {name} has {len(line):,} characters, more than {MAX_LINE:,}")
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise CaseError(f"line {number:,} of {name} is not a JSON object: one a line is read")
        yield number, row


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(StringIO(text, newline=""))
    try:
        heads = [head.strip().casefold() for head in next(reader, [])]
        for needed in (_TIMES, _TEXTS):
            if not set(needed) & set(heads):
                told = ", ".join(heads)[:200] or "none"
                raise CaseError(f"{name} has no column {' or '.join(needed)}; its columns are: {told}")
        for row in reader:
            if row:
                yield reader.line_num, dict(zip(heads, row, strict=False))
    except csv.Error as error:
        raise CaseError(f"line {reader.line_num:,} of {name} is no CSV: {error}") from None


def _note(row: Mapping[str, Any], where: str, name: str, capture: str) -> tuple[str, Note]:
    time = _time(row, where)
    text = str(_first(row, _TEXTS))
    rule = str(_first(row, _RULES)) if "rule" in row or "message" not in row else ""
    label = (rule or text)[:MAX_LABEL]
    word = str(row.get("priority") or row.get("severity") or row.get("level") or "").casefold()
    note = Note(
        Anchor(AnchorKind.MOMENT, label, capture, time, host=str(row.get("hostname") or "")[:200]),
        text[:MAX_TEXT],
        _tags(_first(row, _TAGS)),
        _SEVERITIES.get(word, Severity.NONE),
        source=name[:MAX_LABEL],
    )
    return key_of("imported", time, rule, text), note


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), "")


def _tags(found: Any) -> tuple[str, ...]:
    words = found if isinstance(found, list) else re.split(r"[,;|]", str(found).strip("[]"))
    cleaned = (str(word).strip(" '\"")[:MAX_TAG] for word in words[: MAX_TAGS * 2])
    return tuple(dict.fromkeys(word for word in cleaned if word))[:MAX_TAGS]


def _time(row: Mapping[str, Any], where: str) -> int:
    for name in _TIMES:
        found = row.get(name)
        if found not in (None, ""):
            time = moment_of(found)
            if time is not None:
                return time
            raise CaseError(
                f"{name!r} in {where} is {str(found)[:60]!r}, not a time such as 2026-01-02T03:04:05Z"
            )
    raise CaseError(f"{where} has no time: one of {', '.join(_TIMES)} is read")


def moment_of(found: object) -> int | None:
    """Nanoseconds since 1970 UTC of an ISO 8601 time, or of a number of s, ms, µs or ns; None: neither."""
    text = str(found).strip()
    if type(found) in (int, float) or _PLAIN_NUMBER.fullmatch(text):
        return _of_number(text)
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    zone = {"Z": "+00:00", "UTC": "+00:00", None: "+00:00"}.get(zone, zone)
    with suppress(ValueError, OverflowError):
        whole = datetime.fromisoformat(f"{day}T{clock}{zone}") - datetime(1970, 1, 1, tzinfo=UTC)
        seconds = whole.days * 86_400 + whole.seconds
        return _in_range(seconds * _NS + int((fraction or "0").ljust(9, "0")))
    return None


def _of_number(text: str) -> int | None:
    whole, _, fraction = text.partition(".")
    if not _PLAIN_NUMBER.fullmatch(text):
        return None
    digits = len(whole.lstrip("-"))
    factor = _NS if digits <= 11 else 10**6 if digits <= 14 else 10**3 if digits <= 17 else 1
    return _in_range(int(whole) * factor + int(fraction.ljust(9, "0") or 0) * factor // _NS)


def _in_range(time: int) -> int | None:
    return time if -(2**63) <= time < 2**63 else None
