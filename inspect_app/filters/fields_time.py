"""Fields of time: when an event was, and how long it took. All clocks are UTC."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from capture.format.pieces import each_piece
from inspect_app.filters.entities import event_array
from inspect_app.filters.errors import FilterError, excerpt
from inspect_app.filters.facets import Facets, NumberFacet
from inspect_app.filters.field import Argument, Compute, Field, FieldType
from inspect_app.frames.capture import CaptureFrames

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
DAY = 86_400 * SECOND
CLASSES = 5
"""Classes of latency a factor of ten."""
_CLASSES_THERE_ARE = 96
"""No 64-bit number of nanoseconds is in one beyond."""


def _number(values: Callable[[CaptureFrames], np.ndarray]) -> Compute:
    return lambda frames, _argument: (NumberFacet(values(frames)),)


def _time(frames: CaptureFrames) -> np.ndarray:
    return event_array(frames, "time")


def _reltime(frames: CaptureFrames) -> np.ndarray:
    time = _time(frames)
    since: np.ndarray = time - time[:1]
    return since


def _deltatime(frames: CaptureFrames) -> np.ndarray:
    time = _time(frames)
    return np.diff(time, prepend=time[:1])


def _scaled(
    values: Callable[[CaptureFrames], np.ndarray], change: Callable[[np.ndarray], np.ndarray]
) -> Compute:
    return lambda frames, _argument: (NumberFacet(change(values(frames))),)


def _latency(change: Callable[[np.ndarray], np.ndarray] = lambda values: values) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        latency = event_array(frames, "latency")
        return (NumberFacet(change(latency), latency < 0),)

    return compute


def _begun(frames: CaptureFrames, _argument: str) -> Facets:
    latency = event_array(frames, "latency")
    return (NumberFacet(_time(frames) - latency, latency < 0),)


def _duration_parts(
    name: str, title: str, what: str, values: Callable[[CaptureFrames], np.ndarray]
) -> tuple[Field, ...]:
    return (
        Field(name, FieldType.DURATION, title, what, _number(values)),
        Field(f"{name}.s", FieldType.INTEGER, title, f"{what}: whole seconds", _scaled(values, lambda v: v // SECOND)),
        Field(f"{name}.ns", FieldType.INTEGER, title, f"{what}: the rest below a second, ns",
              _scaled(values, lambda v: v % SECOND)),
    )  # fmt: skip


def latency_classes(latency: np.ndarray) -> np.ndarray:
    """int64: five classes a factor of ten; -1 and 0 are in the class of 1 ns."""
    classes: np.ndarray = np.floor(CLASSES * np.log10(np.maximum(latency, 1))).astype(np.int64)
    return classes


def _latency_class(frames: CaptureFrames, _argument: str) -> Facets:
    latency = event_array(frames, "latency")
    classes = np.empty(len(latency), np.int8)

    def classify(rows: slice) -> None:
        classes[rows] = np.where(latency[rows] < 0, -1, latency_classes(latency[rows]))

    each_piece(len(latency), classify)
    return (NumberFacet(np.arange(_CLASSES_THERE_ARE), rows=classes),)


def _around(frames: CaptureFrames, argument: str) -> Facets:
    distance = np.abs(_time(frames) - np.int64(int(argument)))
    return (NumberFacet(-(-distance // MILLISECOND)),)


def _moment(argument: str) -> FieldType:
    if not argument.isascii() or not argument.isdecimal() or len(argument) > 19 or int(argument) >= 1 << 62:
        raise FilterError(
            f"evt.around takes a moment, not {excerpt(argument)!r}", expected=("nanoseconds since 1970 UTC",)
        )
    return FieldType.INTEGER


TIME_FIELDS = (
    Field("evt.time", FieldType.CLOCK, "Time", "time of day when the call returned, UTC", _scaled(_time, lambda t: t % DAY)),
    Field("evt.outputtime", FieldType.CLOCK, "Time", "the same as evt.time: in which form it is shown is chosen beside",
          _scaled(_time, lambda t: t % DAY)),
    Field("evt.time.s", FieldType.CLOCK, "Time", "time of day in whole seconds, UTC",
          _scaled(_time, lambda t: t % DAY // SECOND * SECOND)),
    Field("evt.time.iso8601", FieldType.TIME, "Time", "date and time, UTC", _number(_time)),
    Field("evt.datetime", FieldType.TIME, "Time", "date and time, UTC", _number(_time)),
    Field("evt.datetime.s", FieldType.TIME, "Time", "date and time in whole seconds, UTC",
          _scaled(_time, lambda t: t // SECOND * SECOND)),
    Field("evt.rawtime", FieldType.TIME, "Time", "nanoseconds since 1970 UTC", _number(_time)),
    Field("evt.rawtime.s", FieldType.INTEGER, "Time", "seconds since 1970 UTC", _scaled(_time, lambda t: t // SECOND)),
    Field("evt.rawtime.ns", FieldType.INTEGER, "Time", "the rest below a second, ns", _scaled(_time, lambda t: t % SECOND)),
    Field("evt.begin", FieldType.TIME, "Began", "when the call began", _begun),
    *_duration_parts("evt.reltime", "Since start", "since the first event", _reltime),
    *_duration_parts("evt.deltatime", "Since last", "since the event before", _deltatime),
    Field("evt.latency", FieldType.DURATION, "Latency", "how long the call took", _latency()),
    Field("evt.latency.s", FieldType.INTEGER, "Latency", "how long the call took: whole seconds",
          _latency(lambda values: values // SECOND)),
    Field("evt.latency.ns", FieldType.INTEGER, "Latency", "how long the call took: the rest below a second, ns",
          _latency(lambda values: values % SECOND)),
    Field("evt.latency.quantized", FieldType.INTEGER, "Latency class",
          "class of how long the call took, five a factor of ten: 0 is 1 ns, 15 is 1 µs, 30 is 1 ms, 45 is 1 s",
          _latency_class),
    Field("evt.around", FieldType.INTEGER, "Around",
          "milliseconds between the event and a moment, rounded up; = means at most so many", _around, Argument.NAME,
          "a moment in nanoseconds since 1970 UTC", type_of=_moment, equals="<="),
)  # fmt: skip
