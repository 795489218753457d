"""What analysts noted, as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass

from inspect_app.reports.model import Weight


@dataclass(frozen=True, slots=True)
class Judged:
    """What an analyst holds of a finding."""

    state: str
    """`confirmed` or `dismissed`."""
    reason: str

    def __str__(self) -> str:
        return f"{self.state}: {' '.join(self.reason.split())}" if self.reason.strip() else self.state


@dataclass(frozen=True, slots=True)
class Noted:
    """One note."""

    text: str
    """As it was written, with its line breaks."""
    time_ns: int | None = None
    """When what it is about happened, nanoseconds since 1970 UTC; None where it is about no moment."""
    title: str = ""
    """What it is about, in a few words: text of the capture may be in it."""
    severity: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    row: int = -1
    """Row of the event that it cites, -1 none."""

    @property
    def weight(self) -> Weight:
        """How much it matters, of what its severity says."""
        return _WEIGHTS.get(self.severity.casefold(), Weight.NONE)


_WEIGHTS = {
    **dict.fromkeys(("critical", "high", "alert", "emergency"), Weight.HIGH),
    **dict.fromkeys(("medium", "warning", "error", "moderate"), Weight.MEDIUM),
    **dict.fromkeys(("low", "notice", "info", "informational"), Weight.LOW),
}
