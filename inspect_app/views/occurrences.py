"""Where else a value occurs: in which fields, in how many events, of how many processes.

Texts that hold the value count as well where a path or a command may hold a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from inspect_app.analysis.matches import matching_within, within
from inspect_app.analysis.selection import Selection, select
from inspect_app.filters.errors import FilterError
from inspect_app.filters.expression import quote
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import Unit
from inspect_app.views.plain_table import PlainSpec, plain_table
from inspect_app.views.table import ViewTable

MAX_VALUE = 4_096
"""Characters of a value that is looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A field in which one looks."""

    field: str
    title: str
    holds: bool = False
    """Whether a longer text that holds the value counts too."""


PLACES = (
    Place("proc.pid", "Process id"),
    Place("proc.ppid", "Parent's process id"),
    Place("thread.tid", "Thread id"),
    Place("proc.name", "Program's name"),
    Place("proc.exepath", "Program's path", holds=True),
    Place("proc.script", "Script", holds=True),
    Place("proc.cmdline", "Command", holds=True),
    Place("proc.cwd", "Working directory", holds=True),
    Place("proc.exe_sha256", "Program's SHA-256"),
    Place("proc.aname", "An ancestor's name"),
    Place("container.id", "Container id"),
    Place("container.name", "Container"),
    Place("container.image", "Container's image", holds=True),
    Place("k8s.pod.name", "Pod"),
    Place("user.name", "User"),
    Place("user.uid", "User id"),
    Place("fd.name", "File or connection", holds=True),
    Place("evt.abspath", "Path given to a call", holds=True),
    Place("evt.abspath.dst", "Second path given", holds=True),
    Place("fd.lip", "Local address"),
    Place("fd.rip", "Peer's address"),
    Place("fd.lport", "Local port"),
    Place("fd.rport", "Peer's port"),
    Place("fd.ino", "Inode"),
    Place("evt.type", "System call"),
    Place("evt.res", "Result"),
    Place("http.host", "HTTP host"),
    Place("http.path", "HTTP path", holds=True),
    Place("dns.name", "DNS name"),
    Place("tls.sni", "TLS server name"),
)

_SPEC = PlainSpec(
    "pivot",
    "Where it occurs",
    ("place", "places"),
    "The fields in which the value occurs, and how many events have it there.",
    (
        ("title", "Where", Unit.TEXT, "which field"),
        ("how", "How", Unit.TEXT, "as the whole value, or within a longer text"),
        ("events", "Events", Unit.COUNT, "events that have it there"),
        ("processes", "Processes", Unit.COUNT, "different processes of these events"),
        ("first", "First", Unit.TIME, "the first of these events"),
        ("last", "Last", Unit.TIME, "the last of these events"),
        ("condition", "Filter", Unit.TEXT, "the filter that selects them"),
    ),
    "events",
    descending=True,
    drilldown="events",
)


def occurrences(frames: CaptureFrames, value: str, selected: Selection) -> ViewTable:
    """A row for each field that has the value in a selected event, the most frequent first.

    A field that the value cannot be one of, or that the capture cannot tell, has none.
    """
    rows = [row for place in PLACES for row in _look(frames, place, value[:MAX_VALUE], selected)]
    columns = [name for name, *_ in _SPEC.columns]
    frame = pd.DataFrame(rows, columns=columns)
    texts = frame["condition"].tolist()
    titles = frame["title"].tolist()
    return plain_table(
        _SPEC,
        frame,
        condition=lambda row: str(texts[row]),
        label=lambda row: f"{titles[row]} {value}",
        rows_with=partial(_rows_with, frames, texts, selected),
    )


def _rows_with(
    frames: CaptureFrames, conditions: list[str], selected: Selection, found: np.ndarray
) -> np.ndarray:
    """Which of the conditions one of the found events meets, if it is selected."""
    total = len(frames.events)
    mine = within(found, selected.rows, total)
    hits = [len(matching_within(frames, one, mine)) > 0 for one in conditions]
    return np.flatnonzero(np.array(hits, dtype=bool))


def _look(frames: CaptureFrames, place: Place, value: str, selected: Selection) -> list[tuple[object, ...]]:
    ways = [("=", "is it")] + ([("contains", "holds it")] if place.holds else [])
    found: list[tuple[object, ...]] = []
    for operator, how in ways:
        condition = f"{place.field} {operator} {quote(value)}"
        try:
            every = select(frames, None, (condition,)).positions()
        except FilterError:
            continue
        rows = within(every, selected.rows, len(frames.events))
        if operator == "contains" and found and len(rows) == found[0][2]:
            continue
        if len(rows):
            found.append((place.title, how, len(rows), *_figures(frames, rows), condition))
    return found


def _figures(frames: CaptureFrames, rows: np.ndarray) -> tuple[int, int, int]:
    process = frames.events["process"].to_numpy()[rows]
    times = frames.events["time"].to_numpy()[rows[[0, -1]]]
    return len(np.unique(process[process >= 0])), int(times[0]), int(times[1])
