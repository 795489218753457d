"""Rules about what other rules found: so many events in a span of time, of one group.

All is decided at once over columns: what was found is sorted by group and time, and for each event the first
one that is not yet too old is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.filters.entities import event_array
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import NumberFacet, TextFacet, look_up
from inspect_app.filters.operands import facets_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.output import operand_of


@dataclass(frozen=True, slots=True)
class Correlation:
    """What is asked of the findings of some rules."""

    kind: str
    """event_count, value_count, temporal or temporal_ordered."""
    parts: tuple[tuple[str, int], ...]
    """File and line of the rules whose findings are looked at, in order."""
    names: tuple[str, ...]
    """Their names."""
    span_ns: int
    """Nanoseconds within which all of it happens."""
    operator: str
    """`>=`, `>` or `==`."""
    count: int
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What events must have in common: its name, and the operand for each part."""
    field: tuple[str, ...] = ()
    """value_count: the operand whose values are counted, for each part."""
    depth: int = 1
    """One more than that of any part."""

    def __str__(self) -> str:
        what = f"{self.kind} of {', '.join(self.names)} {self.operator} {self.count}"
        by = f" by {', '.join(name for name, _ in self.groups)}" if self.groups else ""
        return f"{what} within {self.span_ns / 1e9:g} s{by}"


_COMPARE: Mapping[str, Callable[[np.ndarray, int], np.ndarray]] = {
    ">=": np.greater_equal,
    ">": np.greater,
    "==": np.equal,
}


def correlated(
    correlation: Correlation, parts: Sequence[np.ndarray], frames: CaptureFrames
) -> tuple[np.ndarray, int]:
    """Where a correlation begins to hold, and how many findings were looked at.

    Args:
        correlation: What is asked.
        parts: int64 rows of events that each part found, sorted.
        frames: The capture.

    Returns:
        int64 rows of the events that complete it, sorted, each once; and the number of findings.
    """
    rows = np.concatenate([np.empty(0, np.int64), *parts])
    part = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    group = _codes([operands for _, operands in correlation.groups], parts, frames)
    times = event_array(frames, "time")[rows]
    known = group >= 0
    order = np.lexsort((part, rows, times, group))
    order = order[known[order]]
    rows, part, group, times = rows[order], part[order], group[order], times[order]
    if not len(rows):
        return rows, len(order)
    since = _window(group, times, correlation.span_ns)
    if correlation.kind == "value_count":
        values = _codes([correlation.field], parts, frames)[order]
        counted = _distinct(group, values, since)
    elif correlation.kind == "event_count":
        counted = np.arange(len(rows)) - since + 1
    elif correlation.kind == "temporal":
        counted = _kinds(part, since, len(parts))
    else:
        counted = _in_order(part, since, len(parts))
    holds = _COMPARE[correlation.operator](counted, correlation.count)
    before = np.zeros(len(holds), np.bool_)
    before[1:] = holds[:-1] & (group[1:] == group[:-1])
    return np.unique(rows[holds & ~before]), len(order)


def _codes(
    operands: Sequence[Sequence[str]], parts: Sequence[np.ndarray], frames: CaptureFrames
) -> np.ndarray:
    """int64: which combination of values each finding has, -1 where one is missing."""
    merged = np.zeros(sum(map(len, parts)), np.int64)
    for each in operands:
        seen: dict[object, int] = {}
        codes = np.concatenate(
            [_coded(operand, rows, frames, seen) for operand, rows in zip(each, parts, strict=True)]
        )
        gone = (merged < 0) | (codes < 0)
        _, merged = np.unique(merged * (len(seen) + 1) + codes, return_inverse=True)
        merged = np.where(gone, -1, merged)
    return merged


def _coded(operand: str, rows: np.ndarray, frames: CaptureFrames, seen: dict[object, int]) -> np.ndarray:
    """int64: each row's value as its number in `seen`, which learns new ones; -1 missing."""
    facet = facets_of(operand_of(operand), frames)[0].at(rows)
    if isinstance(facet, TextFacet):
        of_event = facet.event_codes().astype(np.int64)
        found, places = np.unique(of_event, return_inverse=True)
        values: list[object] = [facet.values[code] if code >= 0 else None for code in found.tolist()]
    elif isinstance(facet, NumberFacet):
        numbers, missing = facet.event_values()
        found, places = np.unique(numbers, return_inverse=True)
        values = found.tolist()
        places = places if missing is None else np.where(missing, -1, places)
    else:
        raise NotEvaluableError(f"{operand} is payload, by which nothing is grouped")
    known = [-1 if value is None else seen.setdefault(value, len(seen)) for value in values]
    return look_up(np.array(known, np.int64), places, missing=-1)


def _window(group: np.ndarray, times: np.ndarray, span_ns: int) -> np.ndarray:
    """int64: for each of sorted findings the first of its group that is no older than the span."""
    count = len(times)
    begins = np.concatenate([times - span_ns, times])
    both = np.concatenate([group, group])
    is_finding = np.repeat([0, 1], count)
    order = np.lexsort((is_finding, begins, both))
    before = np.cumsum(is_finding[order])
    asks = order < count
    since = np.empty(count, np.int64)
    since[order[asks]] = before[asks]
    return since


def _distinct(group: np.ndarray, values: np.ndarray, since: np.ndarray) -> np.ndarray:
    """int64: how many different values there are from `since` up to each finding."""
    count = len(values)
    ends = np.searchsorted(since, np.arange(count), side="right")
    order = np.lexsort((np.arange(count), values, group))
    same = (values[order][1:] == values[order][:-1]) & (group[order][1:] == group[order][:-1])
    following = np.full(count, count, np.int64)
    following[order[:-1][same]] = order[1:][same]
    known = np.flatnonzero(values >= 0)
    change = np.zeros(count + 1, np.int64)
    np.add.at(change, known, 1)
    np.add.at(change, np.minimum(ends, following)[known], -1)
    counted: np.ndarray = np.cumsum(change)[:-1]
    return counted


def _latest(held: np.ndarray) -> np.ndarray:
    """int64: the place of the last true value up to each, -1 none."""
    latest: np.ndarray = np.maximum.accumulate(np.where(held, np.arange(len(held)), -1))
    return latest


def _kinds(part: np.ndarray, since: np.ndarray, parts: int) -> np.ndarray:
    """int64: how many of the parts were found from `since` up to each finding."""
    counted = np.zeros(len(part), np.int64)
    for one in range(parts):
        counted += _latest(part == one) >= since
    return counted


def _in_order(part: np.ndarray, since: np.ndarray, parts: int) -> np.ndarray:
    """int64: how many of the parts, from the first on, were found one after the other up to each finding."""
    counted = np.zeros(len(part), np.int64)
    began = np.arange(len(part))
    for one in range(parts):
        # Where the latest chain of the parts up to this one began; a chain goes on after its last event.
        before = began if one == 0 else np.concatenate([[-1], began[:-1]])
        began = np.maximum.accumulate(np.where(part == one, before, -1))
        counted = np.where(began >= since, one + 1, counted)
    return counted
