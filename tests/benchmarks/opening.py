"""How long it takes from a file of a million events to frames, and to a drawn overview.

    python -m tests.benchmarks.opening [FILE] [--rounds N]

Without FILE a capture is recorded first (root): an archiver reads /usr while a shell starts small programs.
Every round is a process of its own, kept on one processor. Nothing is asserted.
docs/benchmarks.md says how to read it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from capture.format import CaptureFile

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
WORK = """
(while :; do /bin/true; done) &
while :; do tar -cf - /usr 2>/dev/null | cat >/dev/null; done
"""
SECONDS = 8
WANTED = 1_000_000

FRAMES = """
import json, sys, time
import inspect_app.frames.opening as opening
began = time.perf_counter()
frames = opening.open_capture(sys.argv[1])
print(json.dumps(time.perf_counter() - began))
"""
OVERVIEW = """
import json, sys, time
import inspect_app.ui.screenshot as screenshot
with screenshot.Studio() as studio:
    began = time.perf_counter()
    studio.open(sys.argv[1])
    studio.picture("overview", sys.argv[2])
    print(json.dumps(time.perf_counter() - began))
"""


def record_a_million(path):
    """Record work that makes about as many events; how many it made is told beside the figures."""
    recorder = [sys.executable, "-c", "from capture.cli import main; main()", "record", "-q", "-o", str(path)]
    # Timeout ends the whole group that it leads, the shell's programs too.
    work = ["timeout", str(SECONDS), "sh", "-c", WORK]
    done = subprocess.run([*recorder, "--", *work], env=ENVIRONMENT, check=False)
    if done.returncode != 124:
        sys.exit(f"recording failed with code {done.returncode}")


def seconds(program, *arguments):
    """What a program measured, run in a process of its own on one processor."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    cpu = max(os.sched_getaffinity(0))
    done = subprocess.run(
        command,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
    )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "million.exhume"
        if options.file is None:
            if os.geteuid() != 0:
                sys.exit("recording needs root: name a capture instead")
            record_a_million(path)
        with CaptureFile.open(path) as capture:
            events = capture.count
        print(f"Linux {platform.release()}, one of {os.cpu_count()} processors, medians of {options.rounds}")
        print(f"{events:,} events, {path.stat().st_size / (1 << 20):.1f} MiB\n")
        print("| step | seconds | seconds for a million events |\n|---|--:|--:|")
        picture = Path(folder) / "overview.png"
        steps = {"file to frames": (FRAMES, path), "file to a drawn overview": (OVERVIEW, path, picture)}
        for name, step in steps.items():
            median = statistics.median(seconds(*step) for _ in range(options.rounds))
            print(f"| {name} | {median:.2f} | {median * WANTED / events:.2f} |", flush=True)


if __name__ == "__main__":
    main()
