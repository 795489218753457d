"""What recording costs: the recorder's own processor time, and how much slower the recorded program gets.

    python -m tests.benchmarks.recorder [--calls N] [--rounds N]

Dd moves single bytes, a read and a write each, and measures its own time. Every figure is the median of the
rounds; ratios compare runs of one round, so that a noisy machine does less harm. Nothing is asserted.
Needs root. docs/benchmarks.md says how to read it.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from capture.format import CaptureFile

ROOT = Path(__file__).resolve().parents[2]
RECORD = (sys.executable, "-c", "from capture.cli import main; main()", "record", "-q")
FEW = {"strace": 40_000, "perf": 400_000}
"""Calls for tools that would need minutes for as many as the recorder gets."""


def dd(calls, prefix=()):
    """Seconds that dd needs for so many calls, by its own clock."""
    command = [*prefix, "dd", "if=/dev/zero", "of=/dev/null", "bs=1", f"count={calls // 2}"]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(re.search(r"copied, ([\d.e-]+) s", done.stderr)[1])


def exhume(calls, snaplen, folder):
    """One recording: figures by name."""
    path = folder / f"{snaplen}.exhume"
    untraced = dd(calls)
    seconds = dd(calls, (*RECORD, "--overwrite", "--snaplen", str(snaplen), "-o", str(path), "--"))
    with CaptureFile.open(path) as capture:
        ending = capture.ending
    return {
        "CPU ns an event": ending["recorder_cpu_ns"] / ending["events"],
        "events a second": ending["events"] / seconds,
        "lost": sum(ending["lost"].values()),
        "bytes an event": path.stat().st_size / ending["events"],
        "times slower": seconds / untraced,
    }


def other(calls, prefix, output):
    """One run under another tool."""
    untraced = dd(calls)
    seconds = dd(calls, prefix)
    return {
        "events a second": calls / seconds,
        "bytes an event": output.stat().st_size / calls,
        "times slower": seconds / untraced,
    }


def rows(calls, rounds, folder):
    """A name and figures for each tool, medians of the rounds."""
    out = folder / "out"
    yield from (
        (f"exhume-capture --snaplen {snaplen}", calls, _median(rounds, exhume, calls, snaplen, folder))
        for snaplen in (0, 80)
    )
    tools = {
        "strace -f -o": ("strace", "-f", "-o", str(out)),
        "perf trace record": ("perf", "trace", "record", "-o", str(out), "--"),
        "perf record -e raw_syscalls:*": (
            "perf",
            "record",
            "-q",
            "-e",
            "raw_syscalls:*",
            "-o",
            str(out),
            "--",
        ),
    }
    for name, prefix in tools.items():
        few = min(calls, FEW[prefix[0]])
        if shutil.which(prefix[0]) is None:
            yield name, few, "not installed"
            continue
        try:
            yield name, few, _median(rounds, other, few, prefix, out)
        except subprocess.CalledProcessError as error:
            yield name, few, f"failed: {error.stderr.strip().splitlines()[-1] if error.stderr else error}"


def _median(rounds, measure, *arguments):
    found = [measure(*arguments) for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("recording needs root")
    print(f"Linux {platform.release()}, {os.cpu_count()} processors, dd bs=1, medians of {options.rounds}\n")
    names = ("CPU ns an event", "events a second", "lost", "bytes an event", "times slower")
    print("| recorder | calls |", *(f" {name} |" for name in names), sep="")
    print("|---|--:|", "--:|" * len(names), sep="")
    with tempfile.TemporaryDirectory() as folder:
        for tool, calls, figures in rows(options.calls, options.rounds, Path(folder)):
            if isinstance(figures, str):
                print(f"| {tool} | {calls:,} | {figures} |" + " |" * (len(names) - 1), flush=True)
                continue
            cells = [_cell(figures.get(name)) for name in names]
            print(f"| {tool} | {calls:,} | {' | '.join(cells)} |", flush=True)


def _cell(figure):
    if figure is None:
        return "–"
    return f"{figure:,.0f}" if figure >= 100 or figure == int(figure) else f"{figure:.1f}"


if __name__ == "__main__":
    main()
