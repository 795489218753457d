"""Which capture is open, as a case knows it: by ids and digests, its own and those of what it was made of.

A capture that is being written changes its digest all the time but not its id; a slice has an id of its own
and names its parents. Several that were opened as one are known by all of theirs. So two captures have events
in common where any of these marks is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from capture.evidence.deriving import digests_of, steps_of
from inspect_app.cases.anchor import MAX_LABEL
from inspect_app.cases.case import Case, key_of
from inspect_app.cases.note import Sighting
from inspect_app.filters.cache import remember
from inspect_app.frames.capture import CaptureFrames

_MOST = 500
_LONGEST = 200


def sighting_of(frames: CaptureFrames) -> Sighting:
    """What a case keeps of an open capture."""
    return remember(frames, "sighting", lambda: _sighting(frames))


def of_this(case: Case, frames: CaptureFrames) -> frozenset[str]:
    """The ids under which notes of a case are of an open capture, or of one that it shares its events with.

    The empty id is always among them: what was noted of any capture.
    """
    seen = sighting_of(frames)
    marks = set(seen.marks)
    return frozenset({"", seen.id, *(one.id for one in case.captures if not marks.isdisjoint(one.marks))})


def _sighting(frames: CaptureFrames) -> Sighting:
    host = frames.host
    digests = tuple(one for one in _texts(host.get("digests")) if one)[:_MOST]
    several = [key_of("captures", *sorted(digests))] if len(frames.recordings) > 1 else []
    marks = tuple(
        dict.fromkeys(mark[:_LONGEST] for mark in islice(chain(several, _marks(host, digests)), _MOST))
    )
    name = frames.path.replace("\\", "/").rpartition("/")[2]
    return Sighting(
        id=marks[0] if marks else f"name {name}"[:_LONGEST],
        marks=marks,
        name=name[:MAX_LABEL],
        path=frames.path,
        digests=digests,
        host=str(host.get("hostname") or "")[:MAX_LABEL],
        started_ns=_number(host.get("started_ns")),
        ended_ns=_number(host.get("ended_ns")),
        events=len(frames.events),
        state=frames.state.state,
    )


def _marks(host: Mapping[str, Any], digests: tuple[str, ...]) -> Iterator[str]:
    """The first one is the capture's id: of a set that of the set, of a converted file its digest."""
    converted, files = host.get("converted"), host.get("set")
    for facts, key in ((converted, "digest"), (files, "id"), (host, "capture_id")):
        if isinstance(facts, Mapping) and isinstance(facts.get(key), str) and facts[key]:
            yield str(facts[key])
    boot, started = host.get("boot_id"), _number(host.get("started_ns"))
    if isinstance(boot, str) and boot and started is not None:
        yield f"{boot}@{started}"
    yield from digests
    steps = steps_of(host)
    for step in steps:
        parents = step.get("parents")
        for parent in parents if isinstance(parents, list) else []:
            if isinstance(parent, dict) and isinstance(parent.get("capture_id"), str):
                yield parent["capture_id"]
    yield from digests_of(steps)


def _texts(found: object) -> list[str]:
    return [str(one)[:_LONGEST] for one in found] if isinstance(found, list) else []


def _number(found: object) -> int | None:
    return found if type(found) is int and -(2**63) <= found < 2**63 else None
