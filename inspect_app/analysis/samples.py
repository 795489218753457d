"""What processes had used at a moment, by the samples taken about once a second."""

from __future__ import annotations

import numpy as np

from inspect_app.frames.capture import CaptureFrames


def last_sample(frames: CaptureFrames, process: int, at: int) -> int:
    """The row of a process' last sample at or before a time (ns since 1970 UTC), -1 none."""
    samples = frames.samples
    before = int(np.searchsorted(samples["time"].to_numpy(), at, side="right"))
    own = np.flatnonzero(samples["process"].to_numpy()[:before] == process)
    return int(own[-1]) if len(own) else -1
