"""What active processes used, sampled while they ran."""

import numpy as np
import pytest

from inspect_app.analysis.event import describe_event
from inspect_app.analysis.usage import usage
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse
from tests.kernel.captures import PYTHON, Capture, record

pytestmark = [pytest.mark.kernel, pytest.mark.alone]

BUSY = """
import os, time
print(os.getpid(), flush=True)
kept = bytearray(os.urandom(1 << 20) * 48)
end = time.monotonic() + 2.6
while time.monotonic() < end:
    os.getpid()
    sum(range(2_000))
"""


def test_a_process_that_works_for_seconds_is_sampled_with_time_and_memory(tmp_path):
    path = tmp_path / "busy.exhume"
    done = record(path, *PYTHON, "-c", BUSY)
    capture = Capture(path)
    frames = capture.frames
    (process,) = np.flatnonzero(frames.processes["pid"] == int(done.stdout))
    samples = frames.samples[frames.samples["process"] == process]
    assert len(samples) >= 2
    assert samples["time"].is_monotonic_increasing
    assert samples["cpu_time"].is_monotonic_increasing
    assert samples["cpu_time"].iloc[-1] >= 200_000_000
    assert (samples["rss"].iloc[-1], samples["threads"].iloc[-1]) > (48 << 20, 0)
    assert samples["minflt"].iloc[-1] > 0
    used = usage(frames, processes=[process], steps=4)
    assert samples["cpu_time"].iloc[-1] <= used["cpu"].sum() < 60_000_000_000
    assert used["rss"].max() > 48 << 20
    assert frames.samples["process"].max() < len(frames.processes)
    last = capture.rows("getpid", pid=int(done.stdout))[-1]
    (group,) = [group for group in describe_event(frames, int(last)).groups if group.name == "Process"]
    facts = dict(group.items)
    assert facts["Memory"].endswith("virtual")
    assert facts["Threads"] == "1"
    big = evaluate(parse("proc.vmrss > 48M and evt.type = getpid"), frames).nonzero()[0]
    assert set(frames.processes["pid"].to_numpy()[frames.events["process"].to_numpy()[big]]) >= {
        int(done.stdout)
    }
