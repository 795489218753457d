"""Where a capture comes from, in words: what it was recorded for, and what was done to it since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from capture.evidence.deriving import digests_of, steps_of
from capture.model.text import printable

_MOST = 64
"""Steps, parents and options that are told; a recorder writes few."""
_LENGTH = 200
_DONE = {
    "slice": "sliced from",
    "merge": "merged from",
    "redact": "redacted from",
    "salvage": "salvaged from",
}
_TITLES = {"case": "Case", "examiner": "Examiner", "note": "Note", "public_key": "Key"}


@dataclass(frozen=True, slots=True)
class Told:
    """One fact, for people; text of the capture is in it, made printable."""

    title: str
    text: str


def provenance(section: Mapping[str, Any]) -> list[Told]:
    """What the first block tells of the purpose of a recording, and of what was done to it."""
    evidence = section.get("evidence")
    facts = evidence if isinstance(evidence, dict) else {}
    told = [Told(_TITLES[name], _text(facts[name])) for name in _TITLES if facts.get(name)]
    return [*told, *(Told("Derived", text) for step in steps_of(section)[:_MOST] for text in _step(step))]


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    operation = _text(step.get("operation"))
    options = step.get("options")
    words = (
        [f"{_text(name).replace('_', ' ')} {_value(value)}" for name, value in options.items()]
        if isinstance(options, dict)
        else []
    )
    how = f" ({', '.join(words[:_MOST])})" if words else ""
    when = f" on {_day(step.get('time'))}" if isinstance(step.get("time"), int) else ""
    parents = step.get("parents")
    known = [one for one in parents if isinstance(one, dict)] if isinstance(parents, list) else []
    for parent in known[:_MOST]:
        yield f"{_DONE.get(operation, operation)} {_parent(parent)}{when} with {_text(step.get('tool'))}{how}"


def _parent(parent: Mapping[str, Any]) -> str:
    signed = f", signed by {_text(parent['signed_by'])}" if parent.get("signed_by") else ""
    state = _text(parent.get("state"))
    digest = f"digest {_text(parent.get('digest'))}"
    return f"{_text(parent.get('file'))} ({state}{signed}, {digest})"


def digests_of_parents(section: Mapping[str, Any]) -> set[str]:
    """The digests of all captures that this one comes from, however far back."""
    return set(digests_of(steps_of(section)))


def _value(value: object) -> str:
    """An option as people say it: `secrets yes`, `left out 5,915`."""
    if isinstance(value, list):
        return " ".join(map(_text, value[:_MOST]))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else _text(value)


def _text(value: object) -> str:
    return printable(str(value), _LENGTH)


def _day(time_ns: object) -> str:
    try:
        return f"{datetime.fromtimestamp(int(str(time_ns)) / 1e9, UTC):%Y-%m-%d %H:%M UTC}"
    except (ValueError, OverflowError, OSError):
        return "an impossible day"
