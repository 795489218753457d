"""Where an export comes from: the capture, whether it is whole, and which of its events were chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from capture.evidence.deriving import tool
from capture.model.text import printable
from inspect_app.analysis.selection import Selection, TimeRange
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import UNSEEN_KINDS

_LONGEST = 4_096


@dataclass(frozen=True, slots=True)
class Source:
    """What an export says of itself: of the capture and the selection alone, no time of day."""

    capture: str
    """Name of the file; of a set, of its first."""
    digests: tuple[str, ...]
    """Of the last block of each file: what `exhume-capture info` and `verify` tell."""
    state: str
    """Whether the capture is whole, in a sentence."""
    host: str
    recorded: tuple[str, str]
    """First and last event's time, UTC."""
    filters: tuple[str, ...]
    window: str
    """`FROM..TO` in UTC; empty: the whole recording."""
    view: str
    """The view whose rows these are; empty: events."""
    rows: int
    """Events, or rows of the view, that were chosen."""
    events: int
    """Events in the capture."""
    unseen: int
    """Events that the recorder could not record."""

    def facts(self) -> dict[str, object]:
        """The same as plain values."""
        return {
            "capture": self.capture,
            "digests": list(self.digests),
            "state": self.state,
            "host": self.host,
            "recorded": list(self.recorded),
            "filters": list(self.filters),
            "window": self.window,
            "view": self.view,
            "rows": self.rows,
            "events_in_capture": self.events,
            "unseen": self.unseen,
            "tool": tool(),
        }

    def to_json(self) -> str:
        """The facts as JSON, in ASCII."""
        return json.dumps(self.facts())

    @property
    def selection(self) -> str:
        """What was chosen, in words."""
        told = [f"rows of the view {self.view}"] if self.view else ["events"]
        told += [f"that meet {' and '.join(self.filters)}"] if self.filters else []
        told += [f"within {self.window}"] if self.window else []
        return " ".join(told) if len(told) > 1 or self.view else "all events"

    def sentence(self) -> str:
        """One line for people; nothing in it is obeyed by a terminal."""
        unseen = f"; {self.unseen:,} events could not be recorded" if self.unseen else ""
        return printable(
            f"{self.capture} (digest {', '.join(self.digests) or 'none'}; {self.state.rstrip('.')}) "
            f"of {self.host or 'a host without a name'}: {self.selection}, {self.rows:,} of {self.events:,} "
            f"events{unseen}; written by {tool()}",
            _LONGEST,
        )


def source_of(
    frames: CaptureFrames,
    selection: Selection,
    *,
    filters: Sequence[str] = (),
    window: TimeRange | None = None,
    view: str = "",
    rows: int | None = None,
) -> Source:
    """The source of what a selection of a capture gives. `rows`: how many where they are not the events."""
    digests = frames.host.get("digests")
    times = frames.events["time"].to_numpy()
    return Source(
        capture=_name(frames.path),
        digests=tuple(map(str, digests)) if isinstance(digests, list | tuple) else (),
        state=frames.state.detail,
        host=_shown(", ".join(filter(None, frames.hosts["hostname"]))),
        recorded=(_moment(times[0]), _moment(times[-1])) if len(times) else ("", ""),
        filters=tuple(_shown(one) for one in filters if one.strip()),
        window="" if window is None else f"{_moment(window.start_ns)}..{_moment(window.end_ns)}",
        view=view,
        rows=len(selection) if rows is None else rows,
        events=len(frames.events),
        unseen=int(frames.drops.loc[frames.drops["kind"].isin(list(UNSEEN_KINDS)), "count"].sum()),
    )


def _name(path: str) -> str:
    return _shown(Path(path).name)


def _shown(text: str) -> str:
    return printable(text, _LONGEST)


def _moment(nanoseconds: int) -> str:
    return f"{np.datetime64(int(nanoseconds), 'ns')}Z"
