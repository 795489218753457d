"""The state at a moment as tables: which columns each list has, declared once, for every writer of tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from inspect_app.analysis.state import State
from inspect_app.views.cells import Cells, number_cells, text_cells
from inspect_app.views.format import Unit
from inspect_app.views.table import ViewTable
from inspect_app.views.view import Column, How, Order, View


@dataclass(frozen=True, slots=True)
class MomentList:
    """One of the lists that make a state."""

    id: str
    title: str
    noun: tuple[str, str]
    description: str
    take: Callable[[State], pd.DataFrame]
    columns: tuple[tuple[str, str, Unit, str], ...]
    """(column of the frame, title, unit, meaning); texts that are empty and numbers below 0 are missing."""
    sort: str


_PROCESS = (
    ("pid", "PID", Unit.ID, "as the host sees it"),
    ("name", "Process", Unit.TEXT, "the program's name"),
)

MOMENT_LISTS: tuple[MomentList, ...] = (
    MomentList(
        "processes",
        "Processes",
        ("process", "processes"),
        "Who lived then, and which program each ran.",
        lambda state: state.processes,
        (
            *_PROCESS,
            ("ppid", "Parent", Unit.ID, "pid of the process that created it"),
            ("user", "User", Unit.TEXT, "as whom it ran then"),
            ("uid", "UID", Unit.ID, "user id"),
            ("container", "Container", Unit.TEXT, "where it ran"),
            ("threads", "Threads", Unit.COUNT, "threads alive then"),
            ("start", "Started", Unit.TIME, "when it was created"),
            ("command", "Command", Unit.TEXT, "program and arguments"),
        ),
        "pid",
    ),
    MomentList(
        "descriptors",
        "Descriptors",
        ("descriptor", "descriptors"),
        "Which descriptor numbers each process held, and what stood behind them.",
        lambda state: state.descriptors,
        (
            *_PROCESS,
            ("fd", "FD", Unit.ID, "the number"),
            ("type", "Type", Unit.TEXT, "what it is"),
            ("file", "File", Unit.TEXT, "its name"),
            ("since", "Since", Unit.TIME, "when it was opened, or first used if the opening was not seen"),
            ("how", "How", Unit.TEXT, "from where it is known"),
        ),
        "pid",
    ),
    MomentList(
        "connections",
        "Connections",
        ("connection", "connections"),
        "Which network sockets were open, and in whose hands.",
        lambda state: state.connections,
        (
            *_PROCESS,
            ("fd", "FD", Unit.ID, "the number"),
            ("file", "Connection", Unit.TEXT, "its two ends"),
            ("since", "Since", Unit.TIME, "when it was opened, or first used if the opening was not seen"),
        ),
        "pid",
    ),
    MomentList(
        "containers",
        "Containers",
        ("container", "containers"),
        "Which containers lived, and how many processes each had.",
        lambda state: state.containers,
        (
            ("name", "Container", Unit.TEXT, "its name"),
            ("id", "ID", Unit.TEXT, "its id"),
            ("image", "Image", Unit.TEXT, "what it was made from"),
            ("processes", "Processes", Unit.COUNT, "processes alive then"),
            ("birth", "Created", Unit.TIME, "when it was made"),
        ),
        "processes",
    ),
    MomentList(
        "mounts",
        "Mounts",
        ("mount", "mounts"),
        "What was mounted, as far as the recorder's own view of the file system and recorded calls tell.",
        lambda state: state.mounts,
        (
            ("target", "Target", Unit.TEXT, "where"),
            ("source", "Source", Unit.TEXT, "what"),
            ("type", "Type", Unit.TEXT, "kind of file system"),
            ("since", "Since", Unit.TIME, "when it was mounted"),
        ),
        "target",
    ),
    MomentList(
        "users",
        "Users",
        ("user", "users"),
        "As whom something ran.",
        lambda state: state.users,
        (
            ("uid", "UID", Unit.ID, "user id"),
            ("user", "User", Unit.TEXT, "name"),
            ("processes", "Processes", Unit.COUNT, "processes alive then"),
        ),
        "uid",
    ),
)
"""In the order in which one reads them."""


def moment_table(one: MomentList, state: State) -> ViewTable:
    """One list of a state as a table, in no particular order; no row of it stands for events."""
    frame = one.take(state)
    columns = tuple(
        Column(name, title, unit, How.VALUE, "", meaning) for name, title, unit, meaning in one.columns
    )
    view = View(
        id=one.id,
        title=one.title,
        noun=one.noun,
        description=one.description,
        tips=(),
        applies_to=frozenset(),
        filter="",
        key="",
        columns=columns,
        sort=Order(one.sort, descending=one.sort == "processes"),
        drilldown="",
    )
    none = np.full(len(frame), -1, np.int64)
    return ViewTable(
        view=view,
        cells=tuple(_cells(frame[column.id], column.unit) for column in columns),
        totals=(None,) * len(columns),
        events=np.zeros(len(frame), np.int64),
        first=none,
        last=none,
        row_condition=lambda row: "",
        row_label=lambda row: "",
    )


def _cells(column: pd.Series, unit: Unit) -> Cells:
    if unit is not Unit.TEXT:
        numbers = column.to_numpy().astype(np.int64)
        return number_cells(numbers, missing=numbers < 0)
    codes, distinct = pd.factorize(column)
    empty = np.array([not text for text in distinct] + [True])
    return text_cells(np.asarray(distinct, dtype=object), np.where(empty[codes], -1, codes))
