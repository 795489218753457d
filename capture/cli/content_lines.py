"""What of the content a capture was told to keep, in words."""

from __future__ import annotations

from collections.abc import Mapping

from capture.format import Capture
from capture.identity.snapshot import integer_of, text_of


def _masked_line(ending: Mapping[str, object]) -> str:
    masked = ending.get("masked")
    if not isinstance(masked, dict):
        return "secrets masked"
    parts = [f"{integer_of(number):,} in {text_of(where)}" for where, number in masked.items()]
    return f"secrets masked: {', '.join(parts) or 'none found'}"


def content_lines(capture: Capture) -> list[str]:
    """One short sentence a setting; empty where the recorder wrote none down."""
    recorder = capture.section.get("recorder")
    settings = recorder.get("settings") if isinstance(recorder, dict) else None
    if not isinstance(settings, dict):
        return []
    snaplen = integer_of(settings.get("snaplen"))
    lines = []
    if snaplen >= 0:
        lines.append(f"payload up to {snaplen:,} bytes" if snaplen else "no payload")
    rules = settings.get("payload")
    if isinstance(rules, list) and rules:
        lines.append(f"payload by rule: {' '.join(map(text_of, rules))}")
    lines.append("environment of programs" if settings.get("environment") is True else "no environment")
    if settings.get("hashes") is False:
        lines.append("programs not hashed")
    if settings.get("redact") or settings.get("redact_secrets") is True:
        lines.append(_masked_line(capture.ending or {}))
    if settings.get("users") is False:
        lines.append("no names of users")
    return lines
