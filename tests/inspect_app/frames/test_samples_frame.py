"""Samples joined to the processes that they are of."""

from types import SimpleNamespace

import numpy as np

from inspect_app.frames.samples import samples_frame

S = 1_000_000_000


def test_a_sample_belongs_to_the_process_that_had_the_pid_then():
    processes = SimpleNamespace(
        pid=np.array([7, 7, 8]), start=np.array([1 * S, 5 * S, -1]), since=np.array([-1, 2, -1])
    )
    rows = [
        # time, pid, start, process
        (6 * S, 7, 5 * S, 1),
        (2 * S, 7, 1 * S, 0),
        (6 * S, 7, 3 * S, -1),  # a process between, of which nothing else is known
        (6 * S, 8, 4 * S, 2),  # nobody knows when it began
        (6 * S, 9, 4 * S, -1),
    ]
    time, pid, start, process = map(np.array, zip(*rows, strict=True))
    columns = {"time": time, "pid": pid, "start": start}
    columns |= {name: np.arange(5) for name in ("cpu_time", "rss", "vms", "minflt", "majflt", "threads")}
    frame = samples_frame(columns, processes, np.array([1 * S, 4 * S, 5 * S, 7 * S]))
    order = np.argsort(time, kind="stable")
    assert frame["time"].tolist() == time[order].tolist()
    assert frame["process"].tolist() == process[order].tolist()
    assert frame["rss"].tolist() == order.tolist()


def test_a_capture_without_samples_has_an_empty_frame():
    processes = SimpleNamespace(pid=np.array([7]), start=np.array([0]), since=np.array([-1]))
    nothing = dict.fromkeys(
        ("time", "pid", "start", "cpu_time", "rss", "vms", "minflt", "majflt", "threads"),
        np.empty(0, np.int64),
    )
    assert len(samples_frame(nothing, processes, np.empty(0, np.int64))) == 0
