"""What gives way as lanes fill, and what is known of what was not recorded.

The probe (bpf/pressure.c) gives up payload first, then counts bulk calls instead of recording each: a row
a thread, descriptor and call. It goes up by itself, for the recorder may be stopped just then; going down is
done from here, once the lanes have stayed drained for a while, so that the two do not chase each other.

Counts lie in two tables. The probe writes one while the other rests; after an interval of rest nobody is
still writing it, and it is read and emptied in one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from capture.agent.plan import CATEGORIES
from capture.model.catalogue import CATALOGUE, kinds_without_arguments
from capture.model.events import Category

COUNTS = 1 << 18
"""Entries of each table of counts: thousands of short processes make some dozens each."""
FEW_COUNTS = 1 << 14
"""Entries where the kernel keeps memory for all of them."""

CONTROL = np.dtype([("level", "<u4"), ("side", "<u4"), ("since", "<u8", 3)])
"""`struct control` of bpf/pressure.c."""
COUNT_KEY = np.dtype(
    [("ino", "<u8"), ("dev", "<u4"), ("tid", "<u4"), ("fd", "<i4"), ("code", "<u2"), ("flags", "<u2")]
)
COUNT_VALUE = np.dtype(
    [
        *((name, "<u8") for name in ("count", "errors", "bytes", "latency", "first", "last", "cgroup")),
        *(("pid", "<u4"), ("uid", "<u4"), ("mode", "<u2"), ("unused", "<u2", 3)),
    ]
)

STEPS = ("", "payload given up", "bulk calls counted")
"""What each level means; the first is none."""
GIVEN_UP = ("payload", "path")
"""What events are recorded without, by the probe's constants behind those of the lanes."""
_CALM = 0.35
"""The fullest lane must stay below this share of its size…"""
_CALM_NS = 150_000_000
"""… for so long before a level is left."""
_STALLED_NS = 1_000_000_000
"""A round of the recorder that takes longer is told: it was stopped, or starved."""

Array = np.ndarray[Any, np.dtype[Any]]
Row = dict[str, Any]


class Counters(Protocol):
    """The tables that the probe and the recorder share."""

    control: Array
    """CONTROL[1], shared with the probe."""
    lost: Array
    """uint64[processors, lanes + 2, categories] since the start; last, payload given up, and opened paths."""

    def take_counts(self, side: int) -> tuple[Array, Array]:
        """All keys and values of one table, which is empty afterwards."""


@dataclass
class Pressure:
    """Goes down again as lanes drain, and tells what was lost, counted or given up in each interval."""

    kernel: Counters
    lanes: tuple[str, ...]
    boot_to_utc_ns: int
    now: int
    """Boot time in ns, when the last round ended."""
    lost: int = 0
    """Events that found no room and were not counted either, so far."""
    counted: int = 0
    """Calls that were counted instead of recorded, so far."""
    held_up_by: str = "recorder"
    """What keeps the lanes from being drained until the next round ends."""
    _calm_since: int = field(init=False)
    _told: Array = field(init=False)
    """Losses that have been written."""
    _before: int = field(init=False)
    _since: int = field(init=False)
    """When the interval began for which nothing has been written yet."""
    _rows: list[Row] = field(default_factory=list)
    """Steps and stalls of this interval."""

    def __post_init__(self) -> None:
        self._told = np.zeros_like(self.kernel.lost)
        self._before = self._since = self._calm_since = self.now

    @property
    def lost_by_lane(self) -> list[int]:
        """Events that found no room, in the order of `lanes`, as told so far."""
        by_lane: list[int] = self._told[:, : len(self.lanes)].sum(axis=(0, 2)).tolist()
        return by_lane

    def after_round(self, now: int, fill: float) -> None:
        """A round of draining has ended; `fill` is how full the fullest lane was before it."""
        self._end_round(now)
        level = int(self.kernel.control["level"][0])
        if not level or fill > _CALM:
            self._calm_since = now
        elif now - self._calm_since >= _CALM_NS:
            self._leave(level, now)
            self._calm_since = now

    def interval(self, now: int) -> tuple[list[Row], Mapping[str, Array]]:
        """What happened since the last time: rows of a counters document, and columns of counted calls."""
        kernel = self.kernel
        side = int(kernel.control["side"][0])
        counted = self._columns(*kernel.take_counts(1 - side))
        kernel.control["side"][0] = 1 - side
        rows = [*self._rows, *self._losses(now), *self._sums(counted)]
        self._rows, self._since, self._before = [], now, self._since
        return rows, counted

    def row(self, kind: str, where: str, count: int) -> Row:
        """A row of a counters document, for the interval that was told last."""
        return self._row(kind, where, self._before, self._since, count)

    def close(self, now: int) -> None:
        """The probe is detached: what level there is ends here."""
        self._end_round(now)
        while level := int(self.kernel.control["level"][0]):
            self._leave(level, now)

    def _end_round(self, now: int) -> None:
        if now - self.now > _STALLED_NS:
            self._tell("stalled", self.held_up_by, self.now, now)
        self.now, self.held_up_by = now, "recorder"

    def _leave(self, level: int, now: int) -> None:
        control = self.kernel.control
        self._tell("step", STEPS[level], int(control["since"][0, level]), now)
        control["since"][0, level] = 0
        control["level"][0] = level - 1

    def _tell(self, kind: str, where: str, since: int, until: int) -> None:
        self._rows.append(self._row(kind, where, since, until, 0))

    def _row(self, kind: str, where: str, since: int, until: int, count: int, **more: object) -> Row:
        times = {"since": since + self.boot_to_utc_ns, "time": until + self.boot_to_utc_ns}
        return {**times, "kind": kind, "where": where, "count": count, **more}

    def _losses(self, now: int) -> Iterator[Row]:
        lost = self.kernel.lost.copy()
        new = lost - self._told
        self._told = lost
        self.lost = int(lost[:, : len(self.lanes)].sum())
        for cpu, lane, category in np.argwhere(new).tolist():
            is_lane = lane < len(self.lanes)
            yield self._row(
                "lost" if is_lane else GIVEN_UP[lane - len(self.lanes)],
                self.lanes[lane] if is_lane else "probe",
                self._since,
                now,
                int(new[cpu, lane, category]),
                category=str(CATEGORIES[category]),
                cpu=cpu,
            )

    def _sums(self, counted: Mapping[str, Array]) -> Iterator[Row]:
        """One row a category, so that who reads the document alone knows of the counted calls."""
        if not len(counted["count"]):
            return
        kinds = kinds_without_arguments("x86_64", counted["code"], counted["flags"])
        categories = _CATEGORY_OF[kinds]
        for category in np.flatnonzero(np.bincount(categories)).tolist():
            chosen = categories == category
            count = int(counted["count"][chosen].sum())
            self.counted += count
            first = int(counted["first"][chosen].min()) - self.boot_to_utc_ns
            last = int(counted["last"][chosen].max()) - self.boot_to_utc_ns
            yield self._row("counted", "probe", first, last, count, category=str(CATEGORIES[category]))

    def _columns(self, keys: Array, values: Array) -> dict[str, Array]:
        columns = {name: keys[name] for name in COUNT_KEY.names or ()}
        columns |= {name: values[name] for name in COUNT_VALUE.names or () if name != "unused"}
        for name in ("first", "last"):
            columns[name] = columns[name].astype(np.int64) + self.boot_to_utc_ns
        return columns


_CATEGORY_OF = np.array(
    [*(CATEGORIES.index(spec.category) for spec in CATALOGUE), CATEGORIES.index(Category.OTHER)]
)
"""By position in CATALOGUE; the last place stands for -1, unknown."""
