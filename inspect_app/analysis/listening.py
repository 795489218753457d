"""Who listens: sockets that wait for peers, and in whose hands they were."""

from __future__ import annotations

import numpy as np
import pandas as pd

from inspect_app.frames.capture import CaptureFrames


def listeners(frames: CaptureFrames) -> pd.DataFrame:
    """A row for each listening socket and process that held it: `descriptor`, `process`, `container` (rows).

    Also those that listened when the recording began. A socket that only descriptors of others lead to has a
    row for each of them.
    """
    waiting = (frames.descriptors["role"] == "listener").to_numpy()
    # The last entry is what -1 points to.
    is_listener = np.append(waiting, False)
    events, opened = frames.events, frames.opened
    used = np.flatnonzero(is_listener[events["descriptor"].to_numpy()])
    held = np.flatnonzero(is_listener[opened["descriptor"].to_numpy()])
    thing = np.r_[events["descriptor"].to_numpy()[used], opened["descriptor"].to_numpy()[held]]
    process = np.r_[events["process"].to_numpy()[used], opened["process"].to_numpy()[held]]
    pairs = pd.DataFrame({"descriptor": thing, "process": process})
    pairs = pairs[pairs["process"] >= 0].drop_duplicates().reset_index(drop=True)
    container = frames.processes["container"].to_numpy()[pairs["process"].to_numpy()]
    return pairs.assign(container=container)
