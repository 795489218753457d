"""Two selections side by side, of one capture or of two: what is new, what is gone, what grew.

An aspect names the fields that make a row, so a row of one side is found on the other by its texts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from inspect_app.analysis.matches import matching_within
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.aggregation import combine, count_by, first_by
from inspect_app.views.cells import Value
from inspect_app.views.entities import field_cells
from inspect_app.views.format import Unit
from inspect_app.views.keys import condition_of
from inspect_app.views.measures import EXECS
from inspect_app.views.plain_table import PlainColumn, PlainSpec, plain_table
from inspect_app.views.table import ViewTable


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared."""

    frames: CaptureFrames
    rows: np.ndarray | slice
    """Selected events, ascending."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One question that is put to both sides."""

    id: str
    title: str
    noun: tuple[str, str]
    description: str
    where: str
    fields: tuple[tuple[str, str], ...]
    """Field and title of what makes a row."""
    is_bytes: bool = False


ASPECTS = (
    Aspect(
        "executables",
        "Programs",
        ("program", "programs"),
        "Which programs were started, in which container.",
        f"evt.type in ({EXECS}, procexec) and evt.failed = false",
        (("proc.exepath", "Program"), ("proc.script", "Script"), ("container.name", "Container")),
    ),
    Aspect(
        "destinations",
        "Destinations",
        ("destination", "destinations"),
        "Which peers were talked to, and on which port of the server.",
        "fd.type in (ipv4, ipv6) and fd.rip exists",
        (
            ("fd.rip", "Peer"),
            ("fd.sport", "Server port"),
            ("fd.l4proto", "Protocol"),
            ("container.name", "Container"),
        ),
    ),
    Aspect(
        "files",
        "Files",
        ("file", "files"),
        "Which files were opened, read, written or looked for.",
        "fd.type = file",
        (("fd.name", "File"), ("container.name", "Container")),
    ),
    Aspect(
        "calls",
        "Calls",
        ("call", "calls"),
        "Which system calls each container made.",
        "",
        (("container.name", "Container"), ("evt.type", "Call")),
    ),
    Aspect(
        "volumes",
        "Volumes",
        ("volume", "volumes"),
        "How many bytes each program of each container moved, through files and over the network.",
        "evt.is_io = true",
        (
            ("container.name", "Container"),
            ("proc.name", "Process"),
            ("fd.type", "Through"),
            ("evt.io_dir", "Direction"),
        ),
        is_bytes=True,
    ),
)
"""In the order in which one asks."""


def compare(aspect: Aspect, here: Side, there: Side, *, only_new: bool) -> ViewTable:
    """What one side has of an aspect beside the other.

    Args:
        aspect: Which question.
        here: What is looked at; rows open in it.
        there: What it is compared with.
        only_new: Leave out what both sides have, and what only the other one has.
    """
    names = [field for field, _ in aspect.fields]
    mine, rows, groups = _counted(aspect, here)
    others, _, _ = _counted(aspect, there)
    merged = mine.merge(others.drop(columns="group"), how="outer", on=names, suffixes=("", "_there"))
    merged[["count", "count_there"]] = merged[["count", "count_there"]].fillna(0).astype(np.int64)
    new, gone = merged["count_there"] == 0, merged["count"] == 0
    merged["state"] = np.select([new, gone], ["new", "gone"], "both")
    if only_new:
        merged = merged[new]
    merged = merged.reset_index(drop=True)
    keyed = merged[names].to_dict("list")

    def key(row: int) -> dict[str, Value]:
        return {str(name): _value(texts[row]) for name, texts in keyed.items()}

    return plain_table(
        _spec(aspect),
        merged.fillna(dict.fromkeys(names, "")),
        condition=lambda row: _within(aspect, key(row)),
        label=lambda row: " ".join(str(value) for value in key(row).values() if value is not None),
        rows_with=partial(_rows_with, rows, groups, merged["group"].fillna(-1).to_numpy()),
    )


def _rows_with(rows: np.ndarray, groups: np.ndarray, shown: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Which of the shown groups have one of the found events.

    Args:
        rows: Events of this side, ascending.
        groups: The group of each.
        shown: The group of each row of the table; -1 has none on this side.
        found: Ascending rows of events.
    """
    return np.flatnonzero(np.isin(shown, np.unique(groups[np.isin(rows, found, assume_unique=True)])))


def _spec(aspect: Aspect) -> PlainSpec:
    unit = Unit.BYTES if aspect.is_bytes else Unit.COUNT
    what = "bytes" if aspect.is_bytes else "events"
    columns: tuple[PlainColumn, ...] = (
        ("state", "State", Unit.TEXT, "new: only here; gone: only there; both"),
        *((field, title, Unit.TEXT, title.lower()) for field, title in aspect.fields),
        ("count", "Here", unit, f"{what} of what is looked at"),
        ("count_there", "There", unit, f"{what} of what it is compared with"),
    )
    return PlainSpec(
        f"compare_{aspect.id}",
        aspect.title,
        aspect.noun,
        aspect.description,
        columns,
        "count",
        descending=True,
        drilldown="events",
    )


def _counted(aspect: Aspect, side: Side) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A row for each combination of the fields' texts, and how much there is of it.

    Also the events that were counted, ascending, and the `group` of each.
    """
    frames = side.frames
    rows = matching_within(frames, aspect.where, side.rows)
    cells = [field_cells(field, frames, rows).as_texts() for field, _ in aspect.fields]
    parts = []
    for column in cells:
        assert column.codes is not None  # noqa: S101 - what as_texts makes
        parts.append((np.where(column.codes < 0, len(column.values), column.codes), len(column.values) + 1))
    codes, count = combine(parts)
    sample = first_by(codes, np.arange(len(codes)), count)
    texts = {
        field: _texts(column.values, column.codes, sample)
        for (field, _), column in zip(aspect.fields, cells, strict=True)
    }
    if aspect.is_bytes:
        amount = np.zeros(count, dtype=np.int64)
        np.add.at(amount, codes, frames.events["size"].to_numpy()[rows])
    else:
        amount = count_by(codes, count)
    told = pd.DataFrame({**texts, "count": amount, "group": np.arange(count)})
    return told[amount > 0], rows, codes


def _texts(values: np.ndarray, codes: np.ndarray | None, sample: np.ndarray) -> np.ndarray:
    assert codes is not None  # noqa: S101 - what as_texts makes
    every = np.append(np.asarray(values, dtype=object), "")
    taken: np.ndarray = every[codes[sample]]
    return taken


def _value(text: object) -> str | None:
    return str(text) if isinstance(text, str) and text else None


def _within(aspect: Aspect, key: dict[str, Value]) -> str:
    parts = [f"({aspect.where})"] if aspect.where else []
    return " and ".join([*parts, *(condition_of(field, value) for field, value in key.items())])
