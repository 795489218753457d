"""What the recorder's own pipeline costs an event, step by step, on lanes that were recorded once.

    python -m tests.benchmarks.pipeline [--lanes FOLDER] [--rounds N] [--only WORK]

The lanes of each work are recorded until they are half full (as root) and kept in FOLDER for later runs; then
what lies in them is taken, joined and packed again and again, without the kernel. Every figure is
processor time of this process in ns, divided by events, the least of the rounds. Nothing is asserted.
"""

import argparse
import hashlib
import io
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from capture.agent.draining import Drain
from capture.agent.lanes import CallLane
from capture.agent.pipeline import Assembler
from capture.agent.settings import Settings
from capture.format.memory import keep_freed_memory
from capture.format.writer import CaptureWriter

_DD = "exec dd if=/dev/zero of=/dev/null bs=1"
_TWO = "taskset -c 0 dd if=/dev/zero of=/dev/null bs=1 & exec taskset -c 1 dd if=/dev/zero of=/dev/null bs=1"
WORKS = {
    "one dd, no payload": (0, _DD),
    "one dd": (80, _DD),
    "two dd, no payload": (0, _TWO),
    "two dd": (80, _TWO),
    "an archive": (80, "tar -cf - -C /usr . | head -c 500M | gzip -1 >/dev/null"),
    "a search": (80, "find /usr /etc /var -xdev -newer /etc/hostname >/dev/null"),
    "small programs": (80, "for n in $(seq 2000); do /bin/true; done"),
}
"""Each work with the payload that is kept of its calls."""
PARTS = ("position", "stamps", "heads", "content")
"""What a lane consists of."""
STEPS = ("take", "join", "pack", "digest")
_BEGUN, _HALF = 0.1, 0.5


def recorded(snaplen, script):
    """What lies in the lanes of calls after some work: position, heads and bytes of each."""
    from capture.agent.kernel import Kernel

    kernel = Kernel(Settings(snaplen=snaplen), self_pid=os.getpid())
    work = subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL, start_new_session=True)
    lanes = [lane for lane in kernel.lanes if isinstance(lane, CallLane)]
    # What starts the work is not the work.
    while work.poll() is None and max(lane.fill for lane in lanes) < _BEGUN:
        time.sleep(0.001)
    Drain(lanes).portion(1 << 62, 1 << 30, lambda _lane, _chunk: None)
    while work.poll() is None and max(lane.fill for lane in lanes) < _HALF:
        time.sleep(0.001)
    kernel.detach()
    if work.poll() is None:
        os.killpg(work.pid, signal.SIGKILL)
    work.wait()
    arrays = {}
    for at, lane in enumerate(lanes):
        for name in PARTS:
            arrays[f"{name}{at}"] = np.array(getattr(lane, f"_{name}"))
    kernel.close()
    return arrays


def lanes_of(arrays):
    """Lanes in memory of this process; they can be drained as often as their positions are set back."""
    return [CallLane(*(arrays[f"{name}{at}"] for name in PARTS)) for at in range(len(arrays) // len(PARTS))]


class Clock:
    """Adds up the processor time of steps."""

    def __init__(self):
        self.spent = dict.fromkeys(STEPS, 0)
        self._since = time.process_time_ns()

    def ends(self, step):
        now = time.process_time_ns()
        self.spent[step] += now - self._since
        self._since = now


def passed_through(arrays, settings):
    """Take all that lies there through the pipeline: events, bytes, and ns by step."""
    lanes = lanes_of({name: array.copy() if "position" in name else array for name, array in arrays.items()})
    assembler, drain = Assembler(0), Drain(lanes)
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    events, is_behind, clock = 0, True, Clock()
    while is_behind:
        until, is_behind = drain.portion(
            1 << 62, settings.block_events, lambda _, chunk: assembler.add(chunk)
        )
        clock.ends("take")
        batch = assembler.batch(until)
        clock.ends("join")
        if batch is not None:
            writer.events(batch)
            events += len(batch)
        clock.ends("pack")
    hashlib.sha256(stream.getbuffer()).digest()
    clock.ends("digest")
    # The writer has made the same digest.
    clock.spent["pack"] -= clock.spent["digest"]
    return events, len(stream.getbuffer()), clock.spent


def measured(name, folder, rounds):
    """One row: events, bytes an event, ns an event by step."""
    path = folder / f"{name.replace(' ', '-').replace(',', '')}.npz"
    if not path.exists():
        np.savez(path, **recorded(*WORKS[name]))
    with np.load(path) as stored:
        arrays = dict(stored)
    runs = [passed_through(arrays, Settings()) for _ in range(rounds)]
    events, size, _ = runs[0]
    steps = [min(run[2][step] for run in runs) / events for step in STEPS]
    total = min(sum(run[2].values()) for run in runs) / events
    return events, size / events, *steps, total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lanes", type=Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=WORKS)
    options = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.lanes or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print("| work | events | bytes an event |", " | ".join(STEPS), "| all |")
        print("|---" * (len(STEPS) + 4) + "|")
        for name in [options.only] if options.only else WORKS:
            events, *figures = measured(name, folder, options.rounds)
            print(
                f"| {name} | {events:,} |", " | ".join(f"{figure:.1f}" for figure in figures), "|", flush=True
            )


if __name__ == "__main__":
    main()
