"""How recordings lie in time to one another: clocks that differ, events that two of them have.

Times are UTC by each host's clock. Two recordings of one boot measured the clock anew: the later one's times
are moved to the first one's. Slices of one recording have each event once; of other recordings of one boot
that overlap, the later one counts from where the earlier one ends, for two recorders tell of one call at
slightly different times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capture.evidence.merging import each_once, origin_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.recordings import host_key

_TOLD_AT = {"samples": "time", "counted": "last", "drops": "time"}
_NEVER = -(1 << 62)


@dataclass(frozen=True, eq=False)
class Overlap:
    """What is made of the events of several captures; lists have an entry a capture."""

    shifts: list[int]
    """What is added to its times, ns."""
    rows: np.ndarray
    """int64: of each event in order of time its place were all captures' laid end to end."""
    left_out: np.ndarray
    """int64: how many of its events another capture has told."""
    since: list[int]
    """From when on it counts, by the corrected clock; what it tells of earlier another one has told."""

    def kept(self, table: str, parts: Sequence[CaptureFrames]) -> np.ndarray:
        """bool: rows of a table of all captures, laid end to end, that no other capture has told."""
        if table not in _TOLD_AT:
            return np.ones(sum(len(getattr(part, table)) for part in parts), bool)
        every = [
            getattr(part, table)[_TOLD_AT[table]].to_numpy() + shift > since
            for part, shift, since in zip(parts, self.shifts, self.since, strict=True)
        ]
        return np.concatenate(every)


def overlaps(parts: Sequence[CaptureFrames]) -> Overlap:
    """Put clocks right, and choose of what several captures tell one. `parts`: the earliest first."""
    shifts, since = [0] * len(parts), [_NEVER] * len(parts)
    keeps = [np.ones(len(part.events), bool) for part in parts]
    boots = [(part.host.get("boot_id"), host_key(part.host)) for part in parts]
    for boot in dict.fromkeys(boots):
        members = [at for at, other in enumerate(boots) if other == boot]
        if boot[0] and len(members) > 1:
            _put_right(parts, members, shifts)
            _choose(parts, members, shifts, keeps, since)
    left_out = np.array([int((~keep).sum()) for keep in keeps], np.int64)
    kept = np.flatnonzero(np.concatenate(keeps))
    time = np.concatenate(
        [part.events["time"].to_numpy() + shift for part, shift in zip(parts, shifts, strict=True)]
    )[kept]
    # Runs that are in order are merged by a stable sort, in time that grows with their length alone.
    in_order = bool((time[1:] >= time[:-1]).all())
    return Overlap(shifts, kept if in_order else kept[np.argsort(time, kind="stable")], left_out, since)


def _put_right(parts: Sequence[CaptureFrames], members: Sequence[int], shifts: list[int]) -> None:
    clocks = [int(parts[at].recordings["boot_to_utc"].iloc[0]) for at in members]
    for at, clock in zip(members, clocks, strict=True):
        shifts[at] = clocks[0] - clock if clock >= 0 and clocks[0] >= 0 else 0


def _choose(
    parts: Sequence[CaptureFrames],
    members: Sequence[int],
    shifts: Sequence[int],
    keeps: list[np.ndarray],
    since: list[int],
) -> None:
    """Slices of one recording event by event; of recordings the later from the end of the earlier on."""
    origins = [origin_of(parts[at].host) or str(at) for at in members]
    for origin in dict.fromkeys(origins):
        slices = [at for at, other in zip(members, origins, strict=True) if other == origin]
        if len(slices) > 1:
            for at, keep in zip(slices, each_once([_calls(parts[at]) for at in slices]), strict=True):
                keeps[at] &= keep
    told = _NEVER
    for origin in dict.fromkeys(origins):
        slices = [at for at, other in zip(members, origins, strict=True) if other == origin]
        until = told
        for at in slices:
            time = parts[at].events["time"].to_numpy() + shifts[at]
            keeps[at] &= time > told
            since[at] = told
            until = max(until, int(time[-1]) if len(time) else until)
        told = until


def _calls(part: CaptureFrames) -> dict[str, np.ndarray]:
    """What tells an event of a recording from every other."""
    events = part.events
    tid = np.append(part.threads["tid"].to_numpy(), -1)[events["thread"].to_numpy()]
    return {"time": events["time"].to_numpy(), "tid": tid, "code": events["type"].cat.codes.to_numpy()}
