"""How long exports take: each form of a large capture, its rate, its size, and the memory of the process.

    python -m tests.benchmarks.exports FILE [--kinds csv,ecs] [--slow 200000]

FILE may be one that `tests.benchmarks.generated` made. Each form is written in a process of its own, so that
the memory is its own, too: opening the capture is in it, and not in the time. `strace` decodes call by call,
and is written for the first `--slow` events alone.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inspect_app.exports.dataset import write_dataset
from inspect_app.exports.export import export
from inspect_app.exports.kinds import KINDS
from inspect_app.exports.request import request_of
from inspect_app.frames import open_capture

DATASET = "data set"
SLOW = ("strace",)


def measure(path, kind, slow, folder):
    """One form: events, seconds of processor time, bytes, MiB of memory."""
    frames = open_capture(path)
    request = request_of(frames, filters=[f"evt.num <= {slow}"] if kind in SLOW else [])
    begun = time.process_time()
    if kind == DATASET:
        write_dataset(request, folder)
    else:
        export(request, KINDS[kind], folder / "out")
    taken = time.process_time() - begun
    size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return len(request.selection), taken, size, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--kinds", default=",".join([*KINDS, DATASET]))
    parser.add_argument("--slow", type=int, default=200_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        with tempfile.TemporaryDirectory(dir=options.file.parent) as folder:
            print(*measure(options.file, options.one, options.slow, Path(folder)))
        return
    print("| form | events | processor seconds | events a second | MiB | memory, MiB |")
    print("|---|--:|--:|--:|--:|--:|")
    for kind in options.kinds.split(","):
        words = [
            "-m",
            "tests.benchmarks.exports",
            str(options.file),
            "--one",
            kind,
            "--slow",
            str(options.slow),
        ]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
        events, seconds, size, memory = map(float, done.stdout.split())
        figures = (events, seconds, events / seconds, size / (1 << 20), memory)
        told = " | ".join(f"{figure:,.{1 if at == 1 else 0}f}" for at, figure in enumerate(figures))
        print(f"| {kind} | {told} |", flush=True)


if __name__ == "__main__":
    main()
