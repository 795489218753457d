"""Time on a line of pixels, exact to the nanosecond at every zoom.

Nanoseconds since 1970 do not fit a float, so positions are taken relative to the start of what is shown and
bins are cut in integers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from inspect_app.views.format import format_time

_NS = 1_000_000_000
_STEPS: tuple[int, ...] = tuple(m * 10**p for p in range(9) for m in (1, 2, 5)) + tuple(
    seconds * _NS
    for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
)
_DAY = 86_400 * _NS
MIN_SPAN = 20
"""Nanoseconds: closer than this there is nothing to see."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the ruler."""

    ns: int
    clock: str
    """UTC time of day."""
    relative: str
    """Distance from the start of the capture."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The nanoseconds [start, end) laid over the pixels [left, left + width)."""

    start: int
    end: int
    left: float
    width: float

    @property
    def span(self) -> int:
        """Nanoseconds shown, at least one."""
        return max(1, self.end - self.start)

    def x_of(self, ns: int) -> float:
        """Where a moment lies."""
        return self.left + (ns - self.start) / self.span * self.width

    def xs_of(self, ns: np.ndarray) -> np.ndarray:
        """Where moments (int64) lie, float64; exact because the start is taken off first."""
        return self.left + (ns - self.start) * (self.width / self.span)

    def ns_at(self, x: float) -> int:
        """The moment under a pixel."""
        return self.start + round((x - self.left) / max(1.0, self.width) * self.span)

    def edges(self, bins: int) -> np.ndarray:
        """`bins` + 1 borders of equal parts, int64; no product here can overflow."""
        whole, rest = divmod(self.span, bins)
        steps = np.arange(bins + 1, dtype=np.int64)
        return self.start + steps * whole + steps * rest // bins

    def zoomed(self, factor: float, around: int, limits: tuple[int, int]) -> Self:
        """Show `factor` of the present span and keep `around` under the pointer."""
        low, high = limits
        span = min(max(MIN_SPAN, round(self.span * factor)), max(MIN_SPAN, high - low))
        share = (around - self.start) / self.span
        return self._placed(around - round(span * share), span, limits)

    def panned(self, by: int, limits: tuple[int, int]) -> Self:
        """Move along by nanoseconds, never out of the limits."""
        return self._placed(self.start + by, self.span, limits)

    def ticks(self, zero: int, min_pixels: float) -> list[Tick]:
        """Round distances from `zero`, at least `min_pixels` apart."""
        step = self._step(min_pixels)
        first = zero + -(-(self.start - zero) // step) * step
        moments = range(first, self.end + 1, step)
        # One digit more than the step has: a recording seldom begins at a full second.
        digits = min(9, max(0, 11 - len(str(step)))) if step < 60 * _NS else 0
        clocks = [format_time(ns, digits=digits, date=False) for ns in moments]
        while digits and all(clock.endswith("0") for clock in clocks):
            digits -= 1
            clocks = [clock[:-1].removesuffix(".") for clock in clocks]
        return [
            Tick(ns, clock, relative_label(ns - zero, step))
            for ns, clock in zip(moments, clocks, strict=True)
        ]

    def _placed(self, start: int, span: int, limits: tuple[int, int]) -> Self:
        low, high = limits
        start = max(low, min(start, high - span))
        return replace(self, start=start, end=start + span)

    def _step(self, min_pixels: float) -> int:
        wanted = self.span * min_pixels / max(1.0, self.width)
        for step in _STEPS:
            if step >= wanted:
                return int(step)
        return _DAY * max(1, -(-int(wanted) // _DAY))


def relative_label(ns: int, step: int) -> str:
    """`+1.25 s`, `+40 ms`, `+2 min 30 s`: as many digits as the step needs."""
    sign, ns = ("−" if ns < 0 else "+"), abs(ns)
    if step >= 60 * _NS or ns >= 600 * _NS:
        minutes, seconds = divmod(ns // _NS, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{seconds} s"]
        return sign + " ".join(parts if seconds or len(parts) == 1 else parts[:-1])
    if ns < 1_000 and step < 1_000:
        return f"{sign}{ns} ns"
    if ns < 1_000_000 and step < 1_000_000:
        return f"{sign}{_trimmed(ns, 1_000)} µs"
    if ns < _NS and step < _NS:
        return f"{sign}{_trimmed(ns, 1_000_000)} ms"
    return f"{sign}{_trimmed(ns, _NS)} s"


def _trimmed(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = str(rest).zfill(len(str(unit)) - 1).rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
