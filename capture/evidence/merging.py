"""Several captures of one machine put into one.

Slices of one recording are put together again, each event once. Recordings that were made one after the
other, or overlap, are laid end to end: where a later one overlaps an earlier one, its events count from the
moment on at which the earlier one ends, for two recorders tell of one call at slightly different times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from capture.evidence.deriving import Array, Part, Rows, Unchanged, members_of, steps_of
from capture.evidence.errors import EvidenceError
from capture.format import Capture, EventBatch
from capture.format.coding import Column
from capture.format.reader import StoredEvents
from capture.format.sets import set_facts
from capture.model.events import SchedCode


def merged(captures: Sequence[Capture]) -> tuple[list[Part], int]:
    """The parts of captures that make one, earliest first, and how many events are left out as told already.

    Raises:
        EvidenceError: They are of several machines, or of several boots of one.
        FormatError: One is not what a recorder writes.
    """
    boots = {_boot_of(capture) for capture in captures}
    if len(boots) > 1:
        raise EvidenceError(
            "these are captures of several machines, or of several boots of one: their processes would mix. "
            "Merge those of one boot, and open the others beside them"
        )
    columns = [capture.read_columns(("time", "tid", "code")) for capture in captures]
    order = sorted(range(len(captures)), key=lambda at: _first(columns[at]["time"]))
    ordered, columns = [captures[at] for at in order], [columns[at] for at in order]
    shifts = [_clock_of(ordered[0]) - _clock_of(capture) for capture in ordered]
    same = len({origin_of(members_of(capture)[0].section) for capture in ordered}) == 1
    keeps = each_once(columns) if same else _end_to_end(columns, shifts)
    parts = [
        Part(capture, None if keep.all() else keep, _Shift(shift) if shift else Unchanged())
        for capture, keep, shift in zip(ordered, keeps, shifts, strict=True)
    ]
    return parts, sum(int((~keep).sum()) for keep in keeps)


def each_once(columns: Sequence[Mapping[str, Array]]) -> list[Array]:
    """bool, of each capture's events whether no earlier capture has them: columns `time`, `tid` and `code`.

    A thread returns from one call at one moment: what is told twice is the same.
    """
    time, tid, code = (np.concatenate([one[name] for one in columns]) for name in ("time", "tid", "code"))
    order = np.lexsort((np.arange(len(time)), code, tid, time))
    again = np.zeros(len(time), bool)
    keys = [values[order] for values in (time, tid, code)]
    again[order[1:]] = np.logical_and.reduce([key[1:] == key[:-1] for key in keys])
    ends = np.cumsum([len(one["time"]) for one in columns])
    # Two of one file are two: sched events of a thread may share a moment.
    owner = np.repeat(np.arange(len(columns)), [len(one["time"]) for one in columns])
    again[order[1:]] &= owner[order[1:]] != owner[order[:-1]]
    return np.split(~again, ends[:-1])


def _end_to_end(columns: Sequence[Mapping[str, Array]], shifts: Sequence[int]) -> list[Array]:
    keeps, last = [], -(1 << 62)
    for one, shift in zip(columns, shifts, strict=True):
        time = one["time"] + shift
        keeps.append(time > last)
        last = max(last, int(time[-1]) if len(time) else last)
    return keeps


class _Shift(Unchanged):
    """Times by the first capture's clock: each recording measures anew how boot time and UTC go together."""

    changes_events = True

    def __init__(self, by_ns: int) -> None:
        self._by = by_ns

    def batch(self, stored: StoredEvents, batch: EventBatch) -> EventBatch:
        """The events at their moments."""
        del stored
        columns: dict[str, Column] = {**batch.columns, "time": batch.column("time") + self._by}
        if "a2" in columns and "code" in columns:
            tells_start = np.isin(batch.column("code"), (SchedCode.PROCFORK, SchedCode.PROCEXIT))
            starts = batch.column("a2")
            columns["a2"] = np.where(tells_start, starts + np.uint64(self._by % (1 << 64)), starts)
        return EventBatch(columns, batch.texts, batch.payload)

    def columns(self, kind: str, columns: dict[str, Array]) -> dict[str, Array]:
        """Sums and samples at theirs."""
        names = ("first", "last") if kind == "counted" else ("time", "start")
        return {name: values + self._by if name in names else values for name, values in columns.items()}

    def rows(self, name: str, rows: Rows) -> Rows:
        """Gaps at theirs."""
        if name != "counters":
            return rows
        return [
            {key: value + self._by if _is_time(key, value) else value for key, value in row.items()}
            for row in rows
        ]


def _is_time(key: str, value: object) -> bool:
    return key in ("since", "time") and isinstance(value, int)


def _first(time: Array) -> int:
    return int(time[0]) if len(time) else 1 << 62


def _boot_of(capture: Capture) -> str:
    host = capture.section.get("host")
    facts = host if isinstance(host, dict) else {}
    return str([facts.get(name) for name in ("boot_id", "machine_id", "machine", "hostname")])


def _clock_of(capture: Capture) -> int:
    clock: Any = capture.section.get("clock")
    value = clock.get("boot_to_utc") if isinstance(clock, dict) else None
    return value if isinstance(value, int) else 0


def origin_of(section: Mapping[str, Any]) -> str:
    """The recording that the capture of a section was cut out of; empty where it is not told."""
    steps = steps_of(section)
    parents = steps[0].get("parents") if steps else None
    if isinstance(parents, list) and parents and isinstance(parents[0], dict):
        return str(parents[0].get("capture_id"))
    return str(set_facts(section).get("id") or section.get("capture_id") or "")
