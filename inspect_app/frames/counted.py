"""Calls that were added up instead of recorded: their sums, joined to who and what by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from capture.model.catalogue import CATALOGUE, kinds_without_arguments
from capture.model.events import Category
from inspect_app.frames.columns import COUNTED_COLUMNS
from inspect_app.frames.tables import build_table
from inspect_app.frames.types import event_types

_CATEGORIES = np.array([*(str(spec.category) for spec in CATALOGUE), str(Category.OTHER)], dtype=object)
"""By position in CATALOGUE; the last place stands for -1, unknown."""
_AS_RECORDED = ("first", "last", "count", "errors", "bytes", "latency", "pid", "tid", "uid", "fd")


def counted_frame(
    columns: Mapping[str, np.ndarray], processes: pd.DataFrame, descriptors: pd.DataFrame, machine: str
) -> pd.DataFrame:
    """See COUNTED_COLUMNS; in order of `last`.

    Args:
        columns: the arrays of `capture.format.COUNTED_COLUMNS`.
        processes: the frame, as they lived.
        descriptors: the frame.
        machine: what the capture was made on.
    """
    order = np.argsort(columns["last"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    kind = kinds_without_arguments(machine, columns["code"], columns["flags"]).astype(np.int16)
    asked = pd.DataFrame({name: columns[name].astype(np.int64) for name in ("last", "pid", "dev", "ino")})
    process = _latest(asked, processes, by=["pid"], since="start", direction="backward")
    thing = _latest(asked, descriptors, by=["dev", "ino"], since="first", direction="nearest")
    container = np.append(processes["container"].to_numpy(), -1)[process]
    return build_table(
        COUNTED_COLUMNS,
        {
            **{name: columns[name] for name in _AS_RECORDED},
            "type": event_types(kind, columns["code"], columns["flags"], machine),
            "category": _CATEGORIES[kind].tolist(),
            "process": process,
            "container": container,
            "descriptor": np.where(columns["ino"] > 0, thing, -1),
        },
    )


def _latest(
    asked: pd.DataFrame,
    table: pd.DataFrame,
    *,
    by: Sequence[str],
    since: str,
    direction: Literal["backward", "nearest"],
) -> np.ndarray:
    """The row of `table` that had these keys at the time `last`, -1 none."""
    listed = table[[*by, since]].astype(np.int64)
    listed["row"] = np.arange(len(listed))
    listed = listed.sort_values(since, kind="stable")
    found = pd.merge_asof(asked, listed, left_on="last", right_on=since, by=list(by), direction=direction)[
        "row"
    ]
    return found.fillna(-1).to_numpy(dtype=np.int64)
