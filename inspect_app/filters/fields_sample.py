"""Fields of what processes used, by the samples that are taken of them about once a second.

A sample is of a whole process. What the field's rules ask of threads is told of its first thread, and 0 of the
others, so that sums over threads are right.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import numpy as np

from capture.format.joins import Latest, taken
from inspect_app.filters.cache import remember
from inspect_app.filters.entities import entity_array, event_array, event_rows
from inspect_app.filters.facets import Facets, NumberFacet, look_up
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.frames.capture import CaptureFrames


def _sample_of_events(frames: CaptureFrames) -> np.ndarray:
    """The row of the last sample of each event's process at or before it, -1 none."""

    def compute() -> np.ndarray:
        process, time = (frames.samples[name].to_numpy() for name in ("process", "time"))
        known = np.flatnonzero(process >= 0)
        since = np.searchsorted(event_array(frames, "time"), time[known])
        of_event = event_array(frames, "process")
        found = Latest(process[known], since, len(frames.processes)).find(of_event, np.arange(len(of_event)))
        return taken(known, found)

    return remember(frames, "samples of events", compute)


def _sampled(column: str) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        place = _sample_of_events(frames)
        return (NumberFacet(taken(frames.samples[column].to_numpy(), place), place < 0),)

    return compute


def _of_first_thread(column: str, unit: int = 1) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        return _told(frames, frames.samples[column].to_numpy() // unit)

    return compute


def _told(frames: CaptureFrames, figures: np.ndarray) -> Facets:
    """What each sample says, told of first threads; below 0 it says nothing."""
    place = _sample_of_events(frames)
    values = taken(figures, place)
    tid, process = (entity_array(frames, "thread", name) for name in ("tid", "process"))
    is_first = tid == look_up(entity_array(frames, "process", "pid"), process, missing=-1)
    told = np.where(look_up(is_first, event_rows(frames, "thread")), values, 0)
    return (NumberFacet(told, (place < 0) | (values < 0)),)


def _shares(frames: CaptureFrames) -> np.ndarray:
    """int64, one a sample: percent of a processor since the sample before, or since it began; -1 not known."""
    process, time, used = (frames.samples[name].to_numpy() for name in ("process", "time", "cpu_time"))
    order = np.lexsort((time, process))
    process, time, used = process[order], time[order], used[order]
    again = np.append(False, process[1:] == process[:-1])[: len(process)]
    began = look_up(entity_array(frames, "process", "start"), process, missing=-1)
    since = np.where(again, np.roll(time, 1), began)
    span, spent = time - since, used - np.where(again, np.roll(used, 1), 0)
    known = (since >= 0) & (span > 0) & (spent >= 0) & (process >= 0)
    shares = np.full(len(order), -1, np.int64)
    shares[order] = np.where(known, 100 * spent // np.maximum(span, 1), -1)
    return shares


def _share(frames: CaptureFrames, _argument: str) -> Facets:
    return _told(frames, remember(frames, "shares of samples", lambda: _shares(frames)))


_OTHERS = "of its other threads 0"

SAMPLE_FIELDS = (
    Field("proc.vmsize", FieldType.SIZE, "Virtual memory",
          "virtual memory of the process in bytes, when it was last sampled", _sampled("vms")),
    Field("proc.vmrss", FieldType.SIZE, "Resident memory",
          "resident memory of the process in bytes, when it was last sampled", _sampled("rss")),
    *(
        Field(f"thread.{column}{suffix}", FieldType.SIZE if suffix else FieldType.INTEGER, title,
              f"{meaning} of the process, in {'bytes' if suffix else 'KiB'}, when it was last sampled; of its other threads 0",
              _of_first_thread(source, 1 if suffix else 1_024))
        for column, source, title, meaning in (("vmsize", "vms", "Virtual memory", "virtual memory"),
                                               ("vmrss", "rss", "Resident memory", "resident memory"))
        for suffix in ("", ".b")
    ),
    Field("thread.cpu", FieldType.INTEGER, "CPU", f"percent of a processor that the process used between its last two samples; {_OTHERS}", _share),
    Field("thread.totexectime", FieldType.DURATION, "CPU time", f"processor time that the process had used when it was last sampled; {_OTHERS}",
          _of_first_thread("cpu_time")),
    *(
        Field(f"thread.pf{kind}", FieldType.INTEGER, f"{kind.capitalize()} faults",
              f"{kind} page faults of the process until it was last sampled; {_OTHERS}", _of_first_thread(column))
        for kind, column in (("major", "majflt"), ("minor", "minflt"))
    ),
)  # fmt: skip
