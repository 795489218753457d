"""The error that keys, recipients and captures raise that do not do for what was asked."""

from __future__ import annotations


class EvidenceError(Exception):
    """Something that was asked for cannot be done; the message says what would help."""
