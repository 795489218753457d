"""Where noted things are in an open capture: in the one they were noted in, a copy, or a slice of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.subject import (
    Kind,
    Subject,
    connection_subject,
    find,
    process_subject,
    subject_of,
    thing_subject,
)
from inspect_app.cases.anchor import Anchor, AnchorKind
from inspect_app.filters.entities import event_array
from inspect_app.filters.expression import quote
from inspect_app.frames.capture import CaptureFrames

_EVENTS = "events"
_WITH_EVENT = (AnchorKind.EVENT, AnchorKind.FINDING)
NOT_HERE = -1
_AT_ONE_TIME = 1 << 16
"""Events of one nanosecond that are looked at."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A way to a noted thing."""

    page: str
    """The page that shows it: a subject's address, a view, `events`; empty: it is not in this capture."""
    condition: str = ""
    """What selects its events, empty where the page does."""
    window: TimeRange | None = None
    """What to look at; None: the whole capture."""
    row: int = NOT_HERE
    """Of events, where it is one."""


def spot_of(frames: CaptureFrames, anchor: Anchor) -> Spot:
    """Where a noted thing is."""
    kind = anchor.kind
    if kind in _WITH_EVENT:
        return _event_spot(frames, anchor)
    if kind in (AnchorKind.WINDOW, AnchorKind.MOMENT, AnchorKind.CAPTURE):
        return Spot("overview" if kind is AnchorKind.CAPTURE else _EVENTS, "", _window(anchor))
    if kind in (AnchorKind.ROW, AnchorKind.VIEW, AnchorKind.CHART):
        # A row is shown by the events that it stands for, whatever it is called today.
        page = _EVENTS if kind is AnchorKind.ROW else anchor.page
        return Spot(page, anchor.condition, _window(anchor) if anchor.end_ns is not None else None)
    if kind is AnchorKind.THREAD:
        return Spot(_EVENTS, f"thread.tid = {anchor.tid}")
    if kind is AnchorKind.POD:
        namespace, _, name = anchor.pod.partition("/")
        return Spot(_EVENTS, f"k8s.ns.name = {quote(namespace)} and k8s.pod.name = {quote(name)}")
    if kind is AnchorKind.DESCRIPTOR:
        return Spot(_EVENTS, f"proc.pid = {anchor.pid or 0} and fd.num = {anchor.fd or 0}")
    subject = _subject(frames, anchor)
    return Spot(subject.address) if subject is not None and find(frames, subject) is not None else Spot("")


def rows_of(frames: CaptureFrames, anchors: Sequence[Anchor]) -> np.ndarray:
    """int64, of each anchor: the row of its event, -1 where it is on none, or that is not in the capture."""
    found = np.full(len(anchors), NOT_HERE, np.int64)
    on_event = [place for place, one in enumerate(anchors) if one.kind in _WITH_EVENT]
    if not on_event or not len(frames.events):
        return found
    _look_up(frames, anchors, np.array(on_event), found, 0)
    for shift in np.unique(frames.recordings["correction"].to_numpy()).tolist():
        missing = [place for place in on_event if found[place] == NOT_HERE]
        if shift and missing:
            # Noted in that capture alone, before its clock was put right.
            _look_up(frames, anchors, np.array(missing), found, shift)
    return found


def _look_up(
    frames: CaptureFrames, anchors: Sequence[Anchor], places: np.ndarray, found: np.ndarray, shift: int
) -> None:
    """Write the rows of some anchors' events into `found`, their times moved by `shift`."""
    wanted = np.array([anchors[place].time_ns for place in places.tolist()], np.int64) + shift
    time = event_array(frames, "time")
    first, last = (np.searchsorted(time, wanted, side=side) for side in ("left", "right"))
    codes = frames.events["type"].cat.codes.to_numpy()
    code_of = {str(name): code for code, name in enumerate(frames.events["type"].cat.categories)}
    threads, tids = event_array(frames, "thread"), np.append(frames.threads["tid"].to_numpy(), NOT_HERE)
    for place, begin, end in zip(places.tolist(), first.tolist(), last.tolist(), strict=True):
        anchor = anchors[place]
        span = slice(begin, min(end, begin + _AT_ONE_TIME))
        tid = NOT_HERE if anchor.tid is None else anchor.tid
        same = np.flatnonzero((codes[span] == code_of.get(anchor.type, -2)) & (tids[threads[span]] == tid))
        if len(same):
            found[place] = begin + same[min(anchor.nth, len(same) - 1)]


def _event_spot(frames: CaptureFrames, anchor: Anchor) -> Spot:
    row = int(rows_of(frames, [anchor])[0])
    return Spot(_EVENTS, f"evt.num = {row + 1}", None, row) if row >= 0 else Spot("")


def _window(anchor: Anchor) -> TimeRange | None:
    if anchor.time_ns is None:
        return None
    end = anchor.end_ns if anchor.end_ns is not None else anchor.time_ns + 1
    return TimeRange(anchor.time_ns, end)


def _subject(frames: CaptureFrames, anchor: Anchor) -> Subject | None:
    match anchor.kind:
        case AnchorKind.PROCESS:
            row = _process_row(frames, anchor)
            return process_subject(frames, row) if row >= 0 else None
        case AnchorKind.CONTAINER:
            return Subject(Kind.CONTAINER, anchor.container)
        case AnchorKind.FILE:
            named = Subject(Kind.FILE, f"{anchor.container}:{anchor.path}")
            return named if find(frames, named) is not None else _same_inode(frames, anchor) or named
        case AnchorKind.CONNECTION:
            inode = -1 if anchor.ino is None else anchor.ino
            return connection_subject(anchor.protocol, anchor.ends, inode)
    return subject_of(anchor.page)


def _process_row(frames: CaptureFrames, anchor: Anchor) -> int:
    """The process of that pid and start; a slice may not know the start, then the one alive at the time."""
    pids, starts, ends = (frames.processes[name].to_numpy() for name in ("pid", "start", "end"))
    same = np.flatnonzero(pids == anchor.pid)
    known = -1 if anchor.start_ns is None else anchor.start_ns
    exact = same[starts[same] == known]
    if len(exact):
        return int(exact[-1])
    when = anchor.time_ns if anchor.time_ns is not None else known
    alive = same[(starts[same] <= when) & ((ends[same] < 0) | (ends[same] >= when))]
    unknown = alive[starts[alive] < 0] if known >= 0 else alive
    return int(unknown[-1]) if len(unknown) else NOT_HERE


def _same_inode(frames: CaptureFrames, anchor: Anchor) -> Subject | None:
    """A file by device and inode, where its name is another one by now."""
    if anchor.dev is None or anchor.ino is None:
        return None
    things = frames.descriptors
    same = np.flatnonzero((things["dev"].to_numpy() == anchor.dev) & (things["ino"].to_numpy() == anchor.ino))
    return thing_subject(frames, int(same[0])) if len(same) else None
