"""What a page looks at: a capture, and the part of it that window, filter and path select."""

from __future__ import annotations

from dataclasses import dataclass, field

from inspect_app.analysis.selection import Selection, TimeRange, select
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session.look import Look


@dataclass(frozen=True, eq=False)
class Scope:
    """One selection of one capture."""

    frames: CaptureFrames
    window: TimeRange | None
    conditions: tuple[str, ...]
    key: str
    """What the last step of the path chose a row of ("process", "file", …); empty for the whole capture."""
    page: str = ""
    """The page that looks; of a subject its address."""
    look: Look = field(default_factory=Look)
    """How it is to be shown."""

    def select(self) -> Selection:
        """The events; this may take long for a filter that was never asked before."""
        return select(self.frames, self.window, self.conditions)

    @property
    def span(self) -> tuple[int, int]:
        """The capture's first and last nanosecond, half open."""
        return span_of(self.frames)

    @property
    def range(self) -> tuple[int, int]:
        """What is to be drawn: the window, or the whole capture."""
        return (self.window.start_ns, self.window.end_ns) if self.window is not None else self.span

    @property
    def period(self) -> TimeRange:
        """The same as `range`."""
        return TimeRange(*self.range)

    @property
    def zero(self) -> int:
        """What relative times count from: the start of the capture."""
        return self.span[0]

    @property
    def same(self) -> tuple[object, ...]:
        """Equal for two scopes that select the same."""
        window = (self.window.start_ns, self.window.end_ns) if self.window is not None else None
        return (id(self.frames), window, self.conditions)


def span_of(frames: CaptureFrames) -> tuple[int, int]:
    """From when the recording began, or the first event, to its end, or the last; never empty."""
    times = frames.events["time"].to_numpy()
    known = [int(times[0]), int(times[-1]) + 1] if len(times) else []
    for name in ("started_ns", "ended_ns"):
        value = frames.host.get(name)
        # A clock that was set wrongly must not stretch the strip over decades.
        if (
            isinstance(value, int)
            and value > 0
            and (not known or abs(value - known[0]) < 10**9 * 86_400 * 40)
        ):
            known.append(value)
    if not known:
        return (0, 1)
    return (min(known), max(*known, min(known) + 1))
