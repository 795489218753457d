"""The frame of pods: what their containers tell of them."""

from __future__ import annotations

import pandas as pd

from inspect_app.frames.columns import POD_COLUMNS
from inspect_app.frames.tables import build_table


def pods(containers: pd.DataFrame) -> pd.DataFrame:
    """See POD_COLUMNS; in order of namespace and name."""
    known = containers[(containers["pod"] != "") | (containers["pod_uid"] != "")]
    groups = known.groupby(["namespace", "pod", "pod_uid"], sort=True)
    # It is there from before the recording if one of its containers is, and alive as long as one is.
    born, died = groups["birth"], groups["death"]
    counted = groups.size()
    keys = counted.index
    return build_table(
        POD_COLUMNS,
        {
            "name": keys.get_level_values("pod").tolist(),
            "namespace": keys.get_level_values("namespace").tolist(),
            "uid": keys.get_level_values("pod_uid").tolist(),
            "labels": groups["pod_labels"].max().tolist(),
            "sandbox": groups["sandbox"].max().tolist(),
            "containers": counted.to_numpy(),
            "birth": born.min().to_numpy(),
            "death": died.max().where(died.min() >= 0, -1).to_numpy(),
        },
    )
