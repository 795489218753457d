"""What the capture says of its host and recorder, found wherever the section block keeps it.

The section is a dictionary written on another machine: any part may be missing, and nested under
`host`, `clock` or `recorder`. What is not there is empty or None; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from capture.model.recording_filter import filter_text, read_rules

_NESTED = ("host", "clock", "recorder")

Section = Mapping[str, object]


def fact(section: Section, name: str) -> object:
    """A fact by its name, at the top or in one of the groups; None where there is none."""
    if section.get(name) is not None and not isinstance(section[name], Mapping):
        return section[name]
    for group in _NESTED:
        inner = section.get(group)
        if isinstance(inner, Mapping) and inner.get(name) is not None:
            found: object = inner[name]
            return found
    return None


def fact_text(section: Section, name: str) -> str:
    """A fact as text, empty where there is none."""
    value = fact(section, name)
    return "" if value is None else _as_text(value)


def fact_number(section: Section, name: str) -> int | None:
    """A fact that is a whole number, None where there is none."""
    value = fact(section, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def recorder_text(section: Section) -> str:
    """The recorder's name and version; empty where it is not told."""
    recorder = section.get("recorder")
    if not isinstance(recorder, Mapping):
        return fact_text(section, "recorder")
    parts = (recorder.get("name"), recorder.get("version"))
    return " ".join(_as_text(part) for part in parts if part)


def options_of(section: Section) -> Mapping[str, object]:
    """What the recorder was told to do, by name."""
    for name in ("options", "settings"):
        recorder = section.get("recorder")
        inner = recorder.get(name) if isinstance(recorder, Mapping) else None
        options = section.get(name) or inner
        if isinstance(options, Mapping):
            return {_as_text(key): value for key, value in options.items()}
    return {}


def tells_loss(section: Section) -> bool:
    """Whether the capture knows what its recorder lost: of a .scap file nobody does."""
    converted = section.get("converted")
    return not (isinstance(converted, Mapping) and converted.get("from") == "scap")


def recording_filter(section: Section) -> str:
    """What the recording was asked to leave out, in one line; empty where it was asked for everything."""
    recorder = section.get("recorder")
    return filter_text(read_rules(recorder.get("filter") if isinstance(recorder, Mapping) else None))


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        return " ".join(_as_text(part) for part in value)
    return str(value)
