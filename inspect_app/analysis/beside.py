"""Calls that were added up instead of recorded: what stands beside a view's or a tile's figures.

Their sums say who (process, thread, user, container), on what (descriptor) and which call, so a condition on
those can be decided for them. One on anything that single calls have (results, arguments, paths, payload,
latency) cannot: then the sums are the most that may belong to the figures beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capture.format.joins import Latest, pair_codes
from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.cache import remember
from inspect_app.filters.entities import event_rows
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.expression import Expression, FieldOperand
from inspect_app.filters.facets import NumberFacet, TextFacet
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import EVENT_COLUMNS
from inspect_app.frames.tables import build_table

_ENTITIES = ("process", "thread", "image", "container", "descriptor", "user")
_OF_THE_CALL = frozenset(
    {"evt.type", "syscall.type", "evt.type.is", "evt.category", "evt.is_io", "evt.is_io_read", "evt.io_dir"}
    | {"evt.is_io_write", "evt.is_wait", "evt.dir", "evt.source", "evt.hostname", "user.uid", "fd.num"}
)
"""Fields that hang on no entity, and that the sums tell all the same."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Sums of calls that were not recorded one by one."""

    calls: int
    errors: int
    bytes: int
    latency_ns: int
    exact: bool
    """Whether every condition could be decided; else this is the most that may belong here."""


def counted_beside(
    frames: CaptureFrames, window: TimeRange | None, conditions: Sequence[str] = ()
) -> Beside | None:
    """The sums that touch a window and may meet the conditions; None where no call was only counted.

    A sum is over about a second: one that begins before the window or ends after it counts in full, and
    then the figures are not exact.

    Raises:
        FilterError: a condition is no filter.
    """
    table = frames.counted
    if not len(table):
        return None
    chosen, whole, exact = *_touching(table, window), True
    for condition in conditions:
        if condition.strip():
            held = _decided(frames, parse(condition))
            exact = exact and held is not None
            chosen = chosen if held is None else chosen & held
    calls, errors, moved, latency = (
        int(table[name].to_numpy()[chosen].sum()) for name in ("count", "errors", "bytes", "latency")
    )
    exact = exact and bool(whole[chosen].all())
    return Beside(calls, errors, moved, latency, exact) if calls else None


def _touching(table: pd.DataFrame, window: TimeRange | None) -> tuple[np.ndarray, np.ndarray]:
    """bool, one a sum: touches the window, lies in it."""
    if window is None:
        return np.ones(len(table), np.bool_), np.ones(len(table), np.bool_)
    first, last = table["first"].to_numpy(), table["last"].to_numpy()
    touches = (last >= window.start_ns) & (first < window.end_ns)
    return touches, (first >= window.start_ns) & (last < window.end_ns)


def _decided(frames: CaptureFrames, expression: Expression) -> np.ndarray | None:
    """bool, one a sum; None where a field of the filter is one of single calls."""
    try:
        if not all(_is_told(frames, operand) for operand in expression.fields()):
            return None
    except NotEvaluableError:
        return None
    return evaluate(expression, _as_events(frames))


def _is_told(frames: CaptureFrames, operand: FieldOperand) -> bool:
    """A field that is found by an event's process, thread, program, container, descriptor or user alone."""
    if operand.field.name in _OF_THE_CALL:
        return True
    pointers = [event_rows(frames, entity) for entity in _ENTITIES]
    return all(
        isinstance(facet, TextFacet | NumberFacet) and any(facet.rows is pointer for pointer in pointers)
        for facet in operand.field.facets(frames, operand.argument)
    )


def _as_events(frames: CaptureFrames) -> CaptureFrames:
    """The sums in the place of the events."""

    def compute() -> CaptureFrames:
        table = frames.counted
        nothing = np.zeros(len(table), np.int64)
        data = {column.name: nothing for column in EVENT_COLUMNS} | {
            "time": table["last"].to_numpy(),
            "latency": nothing - 1,
            "type": table["type"].array,
            "image": _images(frames, table),
            "thread": _threads(frames, table),
            "size": table["bytes"].to_numpy(),
            "path": nothing - 1,
            "path2": nothing - 1,
            **{name: table[name].to_numpy() for name in ("process", "container", "uid", "fd", "descriptor")},
        }
        return replace(frames, events=build_table(EVENT_COLUMNS, data))

    return remember(frames, "counted as events", compute)


def _images(frames: CaptureFrames, table: pd.DataFrame) -> np.ndarray:
    """The program that each sum's process ran at its end."""
    since, last = frames.images["since"].to_numpy(), table["last"].to_numpy()
    instants = np.unique(np.concatenate((since, last)))
    known = Latest(
        frames.images["process"].to_numpy(), np.searchsorted(instants, since), len(frames.processes)
    )
    return known.find(table["process"].to_numpy(), np.searchsorted(instants, last))


def _threads(frames: CaptureFrames, table: pd.DataFrame) -> np.ndarray:
    """The thread of each sum: of a number that was used again within a process, the last."""
    owners = np.concatenate((frames.threads["process"], table["process"]))
    numbers = np.concatenate((frames.threads["tid"], table["tid"]))
    _, _, code = pair_codes(owners, numbers)
    count = len(frames.threads)
    latest = np.full(int(code.max(initial=-1)) + 1, -1)
    latest[code[:count]] = np.arange(count)
    found: np.ndarray = latest[code[count:]]
    return found
