"""Fields of what programs write to logs: to the system's log socket, and to files that are logs.

message  ::=  "<" priority ">" text                           syslog's own way; priority = facility * 8 + severity
           |  ("PRIORITY=" digit | "MESSAGE=" text | …)*      the journal's, a line each
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capture.model.events import Category
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import category_of, of_types
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up, no_arrows
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.frames.capture import CaptureFrames

SYSLOG_SOCKETS = frozenset(
    {"/dev/log", "/run/systemd/journal/dev-log", "/run/systemd/journal/syslog", "/run/systemd/journal/socket"}
)
LOG_FOLDER, LOG_FILES = "/var/log/", (".log", "_log")
ARCHIVES = (".gz", ".tgz", ".xz", ".bz2", ".zst")
MAX_MESSAGES = 500_000
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
    "alert", "clock", *(f"local{number}" for number in range(8)),
)  # fmt: skip
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

_PRIORITY = re.compile(r"<(\d{1,3})>")
_JOURNAL = re.compile(r"^(PRIORITY|SYSLOG_FACILITY|MESSAGE)=(.*)$", re.MULTILINE)
_USER = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One message; a number that it does not tell is -1."""

    facility: int
    severity: int
    text: str


def read_message(payload: bytes) -> Message:
    """What was written to the log's socket. Anything is a message: what says no priority is all text."""
    text = payload.decode("utf-8", "backslashreplace").rstrip("\n\0")
    found = _PRIORITY.match(text)
    if found and int(found[1]) < len(FACILITIES) * 8:
        facility, severity = divmod(int(found[1]), 8)
        return Message(facility, severity, text[found.end() :])
    parts = dict(_JOURNAL.findall(text))
    if "MESSAGE" not in parts:
        return Message(-1, -1, text)
    facility = _below(parts.get("SYSLOG_FACILITY", str(_USER)), len(FACILITIES))
    return Message(facility, _below(parts.get("PRIORITY", ""), len(SEVERITIES)), parts["MESSAGE"])


def _below(digits: str, limit: int) -> int:
    known = digits.isascii() and digits.isdecimal() and len(digits) < 4 and int(digits) < limit
    return int(digits) if known else -1


@dataclass(frozen=True, slots=True, eq=False)
class _Messages:
    """The messages of a capture, and which of them each event is (-1 none)."""

    messages: list[Message]
    of_event: np.ndarray


def _messages(frames: CaptureFrames) -> _Messages:
    def compute() -> _Messages:
        rows = np.flatnonzero(_writes_to_syslog(frames) & (event_array(frames, "captured") > 0))
        if len(rows) > MAX_MESSAGES:
            raise NotEvaluableError(f"syslog: more than {MAX_MESSAGES:,} messages are not read")
        of_event = no_arrows(len(frames.events), len(rows))
        of_event[rows] = np.arange(len(rows))
        return _Messages([read_message(frames.source.payload(row)) for row in rows.tolist()], of_event)

    return remember(frames, "syslog messages", compute)


def _writes(frames: CaptureFrames) -> np.ndarray:
    return of_types(frames, lambda name: category_of(name) == Category.IO_WRITE)


def _writes_to_syslog(frames: CaptureFrames) -> np.ndarray:
    def compute() -> np.ndarray:
        names, ends = entity_text(frames, "descriptor", "name"), tuple(SYSLOG_SOCKETS)
        # A socket that is connected to it is named by both ends.
        to_log = [
            name.rstrip().endswith(ends) and name.rpartition("->")[2].strip() in SYSLOG_SOCKETS
            for name in names.values
        ]
        held: np.ndarray = names.spread(np.array(to_log, np.bool_))
        held &= _writes(frames)
        return held

    return remember(frames, "writes to syslog", compute)


def _is_syslog(frames: CaptureFrames, _argument: str) -> Facets:
    return (NumberFacet(_writes_to_syslog(frames)),)


def _is_log(frames: CaptureFrames, _argument: str) -> Facets:
    names, kinds = (entity_text(frames, "descriptor", column) for column in ("name", "type"))
    logs = np.array(
        [
            (name.startswith(LOG_FOLDER) or name.endswith(LOG_FILES)) and not name.endswith(ARCHIVES)
            for name in names.values
        ],
        np.bool_,
    )
    files = np.array([kind == "file" for kind in kinds.values], np.bool_)
    return (NumberFacet(names.spread(logs) & kinds.spread(files) & _writes(frames)),)


def _number(tell: Callable[[Message], int]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        found = _messages(frames)
        numbers = np.array([tell(message) for message in found.messages], np.int64)
        return (NumberFacet(numbers, numbers < 0, found.of_event),)

    return compute


def _name(tell: Callable[[Message], int], names: tuple[str, ...]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        found = _messages(frames)
        codes = np.array([tell(message) for message in found.messages], np.int64)
        return (TextFacet(names, codes, found.of_event),)

    return compute


def _text(frames: CaptureFrames, _argument: str) -> Facets:
    found = _messages(frames)
    codes, values = distinct(message.text for message in found.messages)
    return (TextFacet(values, None, look_up(codes, found.of_event, missing=-1)),)


LOG_FIELDS = (
    Field("evt.is_syslog", FieldType.TRUTH, "Syslog", "it writes to the system log's socket", _is_syslog),
    Field("evt.is_log", FieldType.TRUTH, "Log", "it writes to a file under /var/log, or named .log or _log, that is no archive",
          _is_log),
    Field("syslog.facility", FieldType.INTEGER, "Facility", "facility of a message to the system log, as a number",
          _number(lambda message: message.facility)),
    Field("syslog.facility.str", FieldType.TEXT, "Facility", "facility of a message to the system log",
          _name(lambda message: message.facility, FACILITIES)),
    Field("syslog.severity", FieldType.INTEGER, "Severity", "severity of a message to the system log: 0 emergency … 7 debug",
          _number(lambda message: message.severity)),
    Field("syslog.severity.str", FieldType.TEXT, "Severity", "severity of a message to the system log",
          _name(lambda message: message.severity, SEVERITIES), choices=SEVERITIES),
    Field("syslog.message", FieldType.TEXT, "Message", "a message to the system log, as far as it was kept", _text),
)  # fmt: skip
