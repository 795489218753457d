"""What the joins need, out of an opened file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from capture.format import Capture, in_memory
from capture.identity.arguments import chooser
from capture.identity.events import EventColumns
from capture.identity.snapshot import Table
from capture.model.abi import machine_named
from capture.model.events import NO_RESULT

_MEANS_NOTHING = int(NO_RESULT)


def event_columns(capture: Capture, more: tuple[str, ...] = ()) -> tuple[EventColumns, dict[str, np.ndarray]]:
    """The events of a capture for the joins, and the same columns (and `more`) as they were recorded."""
    machine = machine_of(capture.section)
    read = capture.read_events((*EventColumns.COLUMNS, *more), choose=chooser(machine))
    columns = read.columns

    @cache
    def argument(index: int) -> np.ndarray:
        return capture.read_columns((f"a{index}",))[f"a{index}"]

    recorded = {name: columns[name] for name in EventColumns.COLUMNS}
    recorded["ret"] = results_that_count(columns)
    events = EventColumns(
        machine=machine,
        texts=capture.texts,
        argument=argument,
        chosen=read.chosen,
        zeros=in_memory,
        **recorded,
    )
    return events, columns


def machine_of(section: Mapping[str, Any]) -> str:
    """The recorded machine by Linux' name for it; empty where the file does not tell."""
    host = section.get("host")
    return machine_named(host.get("machine")) if isinstance(host, dict) else ""


def results_that_count(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """`ret`, but -1 where a call did not return: what was recorded there means nothing."""
    if not columns["flags"].any():
        return columns["ret"]
    doubtful = columns["flags"] & _MEANS_NOTHING != 0
    return np.where(doubtful, -1, columns["ret"]) if doubtful.any() else columns["ret"]


def tables_of(capture: Capture) -> dict[str, Table]:
    """The snapshot's tables; `containers` with all that was learned of them during the recording."""
    names = ("processes", "descriptors", "sockets", "cgroups", "users", "groups", "mounts", "interfaces")
    later = {
        kind: [row for document in capture.documents.get(kind, []) for row in document.get("rows", [])]
        for kind in ("containers", "executables")
    }
    return {
        **{name: capture.table(name) for name in names},
        "containers": [*capture.table("containers"), *later["containers"]],
        "executables": later["executables"],
    }
