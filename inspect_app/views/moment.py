"""The state at a moment as tables: which columns each list has, declared once, for every writer of tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from inspect_app.analysis.state import State
from inspect_app.views.cells import Value
from inspect_app.views.format import Unit
from inspect_app.views.keys import condition_of
from inspect_app.views.plain_table import PlainSpec, plain_table
from inspect_app.views.table import ViewTable


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
    key: str = ""
    """The key of views that tells a row apart; empty where a row stands for no events."""


_HOST = ("host", "Host", Unit.TEXT, "the recorded host")
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
            ("ppid", "Created by", Unit.ID, "pid of the process that created it"),
            ("parent", "Parent", Unit.ID, "pid of its parent then: who adopted it if its creator had ended"),
            ("user", "User", Unit.TEXT, "as whom it ran then"),
            ("uid", "UID", Unit.ID, "user id"),
            ("container", "Container", Unit.TEXT, "where it ran"),
            ("threads", "Threads", Unit.COUNT, "threads alive then"),
            ("start", "Started", Unit.TIME, "when it was created"),
            ("command", "Command", Unit.TEXT, "program and arguments"),
        ),
        "pid",
        "process",
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
        "process",
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
            ("protocol", "Protocol", Unit.TEXT, "tcp, udp, icmp or raw"),
            ("role", "Role", Unit.TEXT, "client, server or listener, where it is known"),
            ("file", "Connection", Unit.TEXT, "its two ends, or its own where it has no peer"),
            ("since", "Since", Unit.TIME, "when it was opened, or first used if the opening was not seen"),
        ),
        "pid",
        "process",
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
        "container",
    ),
    MomentList(
        "mounts",
        "Mounts",
        ("mount", "mounts"),
        "What was mounted on the host and in containers, as the recorder's list, runtimes and calls tell.",
        lambda state: state.mounts,
        (
            ("target", "Target", Unit.TEXT, "where"),
            ("source", "Source", Unit.TEXT, "what"),
            ("type", "Type", Unit.TEXT, "kind of file system"),
            ("space", "In", Unit.TEXT, "the host, a container, or the number of another mount namespace"),
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
        "user",
    ),
)
"""In the order in which one reads them."""


def moment_table(one: MomentList, state: State, events: pd.DataFrame | None = None) -> ViewTable:
    """One list of a state as a table, in no particular order.

    A row stands for the events of its process, container or user; a mount for none. With the `events` of the
    capture the table knows which of its rows stand for which of them.
    """
    frame = one.take(state)
    columns = (_HOST, *one.columns) if "host" in frame else one.columns
    spec = PlainSpec(
        one.id, one.title, one.noun, one.description, columns, one.sort, one.sort == "processes", one.key
    )
    if not one.key:
        return plain_table(spec, frame)
    fields, label = _MEANT[one.key]

    def key(row: int) -> dict[str, Value]:
        return {field: _cell(frame, column, row) for field, column in fields if column in frame}

    def condition(row: int) -> str:
        known = {field: value for field, value in key(row).items() if value is not None}
        return " and ".join(condition_of(field, value) for field, value in known.items())

    return plain_table(
        spec,
        frame,
        condition=condition,
        label=lambda row: label.format(**{name: frame[name].iat[row] for name in frame.columns}),
        key=key,
        rows_with=partial(_rows_with, *_owners(one.key, frame, events)) if events is not None else None,
    )


def _owners(key: str, frame: pd.DataFrame, events: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Whose each row is, and whose each event: rows of processes or containers, or user ids."""
    mine, theirs = {"process": ("process",) * 2, "container": ("row", "container"), "user": ("uid",) * 2}[key]
    return frame[mine].to_numpy(), events[theirs].to_numpy()


def _rows_with(rows: np.ndarray, owners: np.ndarray, found: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.isin(rows, np.unique(owners[found])))


_ON_HOST = ("evt.hostname", "host")
_MEANT: Mapping[str, tuple[tuple[tuple[str, str], ...], str]] = MappingProxyType(
    {
        "process": ((("proc.pid", "pid"), ("proc.pid.ts", "start"), _ON_HOST), "{name} ({pid})"),
        "container": ((("container.id", "id"), _ON_HOST), "{id}"),
        "user": ((("user.uid", "uid"), _ON_HOST), "{uid}"),
    }
)
"""By the key of a list: the fields that tell a row apart, with their columns; and what people call a row."""


def _cell(frame: pd.DataFrame, column: str, row: int) -> Value:
    """A number below 0 is missing."""
    value: object = frame[column].iat[row]
    if isinstance(value, str):
        return value
    number = int(frame[column].to_numpy()[row])
    return number if number >= 0 else None
