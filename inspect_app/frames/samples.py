"""What processes used: processor time, memory, faults and threads, sampled once a second."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from capture.format.joins import Latest, codes_of, place_among, taken
from capture.identity import Processes
from capture.identity.processes import TOLERANCE_NS
from inspect_app.frames.columns import SAMPLE_COLUMNS
from inspect_app.frames.tables import build_table


def samples_frame(
    columns: Mapping[str, np.ndarray], processes: Processes, time_of_events: np.ndarray
) -> pd.DataFrame:
    """See SAMPLE_COLUMNS; in order of time.

    Args:
        columns: the arrays of `capture.format.SAMPLE_COLUMNS`.
        processes: as they lived.
        time_of_events: ascending.
    """
    order = np.argsort(columns["time"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    recorded = {column.name: columns[column.name] for column in SAMPLE_COLUMNS if column.name in columns}
    process = _processes_at(columns, processes, time_of_events)
    return build_table(SAMPLE_COLUMNS, {**recorded, "process": process})


def _processes_at(
    columns: Mapping[str, np.ndarray], processes: Processes, time_of_events: np.ndarray
) -> np.ndarray:
    """The process that a pid meant at a time; -1 where it began at another time than the sample says."""
    pids, group = codes_of(processes.pid)
    row = np.searchsorted(time_of_events, columns["time"])
    asked = place_among(pids, columns["pid"].astype(np.int64))
    found = Latest(group, processes.since, len(pids)).find(asked, row)
    began = taken(processes.start, found)
    fits = (began < 0) | (np.abs(began - columns["start"]) <= TOLERANCE_NS)
    return np.where(fits, found, -1)
