"""The state of a capture as a word with a sign: colour alone tells nothing to some readers."""

from __future__ import annotations

_STATES = {
    "whole": "✓ whole",
    "cut short": "! cut short",
    "altered": "✗ altered",
    "unfinished": "… unfinished",
}


def state_text(state: str) -> str:
    """`✓ whole`."""
    return _STATES.get(state, state)
