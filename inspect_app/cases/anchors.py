"""Anchors of the things of an open capture: what a note on them keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.subject import Kind, Subject, find, label_of, process_subject
from inspect_app.cases.anchor import MAX_LABEL, MAX_NAME, Anchor, AnchorKind
from inspect_app.cases.sightings import sighting_of
from inspect_app.filters.entities import event_array
from inspect_app.frames.capture import CaptureFrames

_HOST = "host"


def event_anchor(frames: CaptureFrames, row: int) -> Anchor:
    """A row of events, with where it lies in the file."""
    events = frames.events
    time, kind = int(event_array(frames, "time")[row]), str(events["type"].iat[row])
    process, thread, thing = (
        int(event_array(frames, name)[row]) for name in ("process", "thread", "descriptor")
    )
    known: dict[str, Any] = {}
    who = "unknown"
    if process >= 0:
        known |= _process_facts(frames, process)
        who = label_of(frames, process_subject(frames, process))
    if thread >= 0:
        known["tid"] = int(frames.threads["tid"].to_numpy()[thread])
    container = int(event_array(frames, "container")[row])
    if container >= 0:
        known["container"] = str(frames.containers["id"].iat[container])
    name = str(frames.descriptors["name"].iat[thing]) if thing >= 0 else ""
    fd = int(event_array(frames, "fd")[row])
    place = frames.source.place(row)
    if place is not None:
        name_of_file = place.file.replace("\\", "/").rpartition("/")[2][:MAX_LABEL]
        known |= {"file": name_of_file, "block": place.block, "offset": place.offset}
        known |= {"index": place.index, "digest": place.digest}
    return _anchor(
        frames,
        AnchorKind.EVENT,
        f"{kind} {name} by {who}" if name else f"{kind} by {who}",
        time_ns=time,
        type=kind[:100],
        nth=_nth(frames, row),
        fd=fd if fd >= 0 else None,
        path=name[:MAX_NAME],
        **known,
    )


def finding_anchor(frames: CaptureFrames, rule: str, row: int) -> Anchor:
    """What a rule found at a row of events."""
    event = event_anchor(frames, row)
    label = f"{rule}: {event.label}"[:MAX_LABEL]
    return replace(event, kind=AnchorKind.FINDING, rule=rule[:MAX_LABEL], label=label)


def subject_anchor(frames: CaptureFrames, subject: Subject, at_ns: int | None = None) -> Anchor:
    """A process, container, file or connection; `at_ns` is the moment it was noted for, else its first."""
    found = find(frames, subject)
    first = int(event_array(frames, "time")[found.rows[0]]) if found is not None and len(found.rows) else None
    facts: dict[str, Any] = {"time_ns": first if at_ns is None else at_ns}
    things = found.things if found is not None else np.empty(0, np.int64)
    match subject.kind:
        case Kind.PROCESS if found is not None:
            facts |= _process_facts(frames, found.row)
            if facts["time_ns"] is None:
                facts["time_ns"] = facts.get("start_ns")
        case Kind.PROCESS:
            facts["pid"] = int("0" + subject.name.partition("@")[0][:18])
        case Kind.CONTAINER:
            facts["container"] = subject.name
            if found is not None:
                facts["container"] = str(frames.containers["id"].iat[found.row])
        case Kind.FILE:
            container, path = subject.place()
            facts |= {"container": container, "path": path, **_inode(frames, things)}
        case Kind.CONNECTION:
            protocol, ends, inode = subject.socket()
            facts |= {"protocol": protocol, "ends": ends, "ino": inode if inode >= 0 else None}
    return _anchor(frames, AnchorKind(subject.kind.value), label_of(frames, subject), **facts)


def thread_anchor(frames: CaptureFrames, row: int) -> Anchor:
    """A row of threads."""
    tid, process = (int(frames.threads[name].to_numpy()[row]) for name in ("tid", "process"))
    start = int(frames.threads["start"].to_numpy()[row])
    facts = _process_facts(frames, process) if process >= 0 else {}
    known = start if start >= 0 else facts.get("start_ns")
    return _anchor(frames, AnchorKind.THREAD, f"thread {tid}", time_ns=known, tid=tid, **facts)


def pod_anchor(frames: CaptureFrames, namespace: str, name: str) -> Anchor:
    """A pod by its names."""
    pods = frames.pods
    same = np.flatnonzero(((pods["namespace"] == namespace) & (pods["name"] == name)).to_numpy())
    birth = int(pods["birth"].to_numpy()[same[0]]) if len(same) else -1
    pod = f"{namespace}/{name}"
    return _anchor(frames, AnchorKind.POD, pod, time_ns=birth if birth >= 0 else None, pod=pod[:MAX_LABEL])


def window_anchor(frames: CaptureFrames, window: TimeRange, label: str = "") -> Anchor:
    """A span of time."""
    return _anchor(frames, AnchorKind.WINDOW, label, time_ns=window.start_ns, end_ns=window.end_ns)


def moment_anchor(frames: CaptureFrames, moment: int, label: str = "") -> Anchor:
    """A point in time, nanoseconds since 1970 UTC."""
    return _anchor(frames, AnchorKind.MOMENT, label, time_ns=moment)


def capture_anchor(frames: CaptureFrames) -> Anchor:
    """The capture as a whole."""
    return _anchor(frames, AnchorKind.CAPTURE, sighting_of(frames).name)


def page_anchor(
    frames: CaptureFrames,
    kind: AnchorKind,
    page: str,
    label: str,
    *,
    condition: str = "",
    window: TimeRange | None = None,
    at_ns: int | None = None,
) -> Anchor:
    """A view, a row of one (with the condition that selects its events) or a chart, in its window."""
    start = window.start_ns if window is not None else at_ns
    end = window.end_ns if window is not None else None
    return _anchor(
        frames, kind, label, time_ns=start, end_ns=end, page=page[:MAX_NAME], condition=condition[:100_000]
    )


def _anchor(frames: CaptureFrames, kind: AnchorKind, label: str, **facts: Any) -> Anchor:
    seen = sighting_of(frames)
    return Anchor(kind, label[:MAX_LABEL], seen.id, **{"host": seen.host[:200], **facts})


def _process_facts(frames: CaptureFrames, row: int) -> dict[str, Any]:
    pid, start = (int(frames.processes[name].to_numpy()[row]) for name in ("pid", "start"))
    host = str(frames.hosts["hostname"].iat[int(frames.processes["host"].to_numpy()[row])])
    return {"pid": pid, "start_ns": start if start >= 0 else None, "host": host[:200]}


def _inode(frames: CaptureFrames, things: np.ndarray) -> dict[str, Any]:
    """Device and inode of the first of these descriptors that has them."""
    dev, ino = (frames.descriptors[name].to_numpy()[things] for name in ("dev", "ino"))
    known = np.flatnonzero((dev >= 0) & (ino >= 0))
    return {"dev": int(dev[known[0]]), "ino": int(ino[known[0]])} if len(known) else {}


def _nth(frames: CaptureFrames, row: int) -> int:
    """Which of the events that returned at the same time in the same thread with the same type it is."""
    time = event_array(frames, "time")
    first = int(np.searchsorted(time, time[row]))
    thread, kind = event_array(frames, "thread"), frames.events["type"].cat.codes.to_numpy()
    before = slice(first, row)
    return int(np.count_nonzero((thread[before] == thread[row]) & (kind[before] == kind[row])))
