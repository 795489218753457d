"""What recording costs: the recorder's own processor time, and how much slower the recorded program gets.

    python -m tests.benchmarks.recorder [--calls N] [--rounds N] [--seconds N] [--only TABLE]

Three tables: loops of the cheapest calls under this recorder and under other tools, mixed work, and what
two busy processors ask of the recorder for a while. Every figure is the median of the rounds; ratios compare
runs of one round, so that a noisy machine does less harm. Nothing is asserted. Needs root. docs/benchmarks.md
says how to read it.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from capture.format import CaptureFile

ROOT = Path(__file__).resolve().parents[2]
RECORD = (sys.executable, "-c", "from capture.cli import main; main()", "record", "-q", "--overwrite")
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
LOOPS = {"getpid": 0, "read-write": 80, "open-fstat-read-close": 80}
"""Each loop with the payload that is kept of its calls."""
SHORTER = 8
"""A second run of a loop has so many times fewer calls: what it costs does not grow with events."""
SHARES = {"strace": 200, "perf": 10, "bpftrace": 10}
"""Other tools would need minutes for as many calls: they get one in so many."""

MIXED = {
    "an archive": "tar -cf - -C /usr . 2>/dev/null | head -c 150M | gzip -1 >/dev/null",
    "a search": "find /usr /etc /var -xdev -newer /etc/hostname >/dev/null",
    "small programs": "for n in $(seq 400); do /bin/true; done",
    "a web server": f"exec {sys.executable} -m tests.benchmarks.web",
}


def record(path, *options):
    """The recorder's command line, up to the command."""
    return (*RECORD, *options, "-o", str(path), "--")


def others(out):
    """Other tools' command lines, up to the command."""
    calls = "tracepoint:raw_syscalls:sys_enter,tracepoint:raw_syscalls:sys_exit"
    script = f'{calls} {{ printf("%d %d %d\\n", nsecs, tid, args->id); }}'
    return {
        "perf record -e raw_syscalls:*": ("perf", "record", "-q", "-e", "raw_syscalls:*", "-o", out, "--"),
        "perf trace record": ("perf", "trace", "record", "-o", out, "--"),
        "strace -f -o": ("strace", "-f", "-o", out),
        "bpftrace": ("bpftrace", "-q", "-o", out, "-e", script, "-c"),
    }


def run(command, prefix=()):
    """A command's standard output, alone or under a tool."""
    if prefix and prefix[0] == "bpftrace":
        command = (" ".join(command),)
    done = subprocess.run(
        [*prefix, *command], env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def ending_of(path):
    """The end block of a capture."""
    with CaptureFile.open(path) as capture:
        return capture.ending


def loop(program, name, calls, prefix):
    """How many times slower a loop is under a tool than alone."""
    alone = float(run((program, name, str(calls))))
    return float(run((program, name, str(calls)), prefix).split()[-1]) / alone


def own_loop(program, name, calls, folder, snaplen):
    """The same under this recorder, and what it cost it: in all, and what a longer run costs more."""
    path = folder / "loop.exhume"
    prefix = record(path, "--snaplen", str(snaplen))
    run((program, name, str(max(calls // SHORTER, 4))), prefix)
    short = ending_of(path)
    slower = loop(program, name, calls, prefix)
    ending = ending_of(path)
    each = (ending["recorder_cpu_ns"] - short["recorder_cpu_ns"]) / (ending["events"] - short["events"])
    return {
        "times slower": slower,
        "CPU ns an event": ending["recorder_cpu_ns"] / ending["events"],
        "ns an event more": each,
        "ms whatever the events": (short["recorder_cpu_ns"] - each * short["events"]) / 1e6,
        "lost or counted": sum(ending["lost"].values()) + ending.get("counted", 0),
        "bytes an event": path.stat().st_size / ending["events"],
    }


def loops(options, folder):
    """The table of loops."""
    program = folder / "loops"
    if shutil.which("gcc") is None:
        print("Loops: not measured, gcc is not installed\n")
        return
    subprocess.run(["gcc", "-O2", "-o", program, Path(__file__).with_name("loops.c")], check=True)
    names = (
        *("times slower", "CPU ns an event", "ns an event more", "ms whatever the events"),
        *("lost or counted", "bytes an event"),
    )
    header("loop", "recorder", "calls", *names)
    for name, payload in LOOPS.items():
        for snaplen in sorted({0, payload}):
            found = median(options.rounds, own_loop, str(program), name, options.calls, folder, snaplen)
            row(name, f"exhume-capture --snaplen {snaplen}", options.calls, *(found[each] for each in names))
        for tool, prefix in others(str(folder / "out")).items():
            calls = options.calls // SHARES[prefix[0]]
            if shutil.which(prefix[0]) is None:
                row(name, tool, calls, "not installed")
                continue
            try:
                found = [loop(str(program), name, calls, prefix) for _ in range(options.rounds)]
                row(name, tool, calls, statistics.median(found))
            except (subprocess.CalledProcessError, ValueError, IndexError) as error:
                row(name, tool, calls, f"failed: {str(error).splitlines()[-1][:60]}")
    print()


def mixed_work(script, folder):
    """Seconds of some work alone and recorded, and the size of what was recorded."""
    path, command = folder / "mixed.exhume", ("sh", "-c", script)
    seconds = []
    for prefix in ((), record(path)):
        # By its own clock: starting the recorder is another figure.
        timed = (
            "sh",
            "-c",
            'began=$(date +%s%N); "$@" >&2; echo $(($(date +%s%N) - began))',
            "sh",
            *command,
        )
        seconds.append(int(run(timed, prefix).split()[-1]) / 1e9)
    ending = ending_of(path)
    return {
        "seconds alone": seconds[0],
        "times slower": seconds[1] / seconds[0],
        "events": ending["events"],
        "CPU ns an event": ending["recorder_cpu_ns"] / ending["events"],
        "lost or counted": sum(ending["lost"].values()) + ending.get("counted", 0),
        "bytes an event": path.stat().st_size / ending["events"],
    }


def mixed(options, folder):
    """The table of mixed work."""
    names = (
        "seconds alone",
        "times slower",
        "events",
        "CPU ns an event",
        "lost or counted",
        "bytes an event",
    )
    header("mixed work", *names)
    for name, script in MIXED.items():
        found = median(options.rounds, mixed_work, script, folder)
        row(name, *(found[each] for each in names))
    print()


def sustained(options, folder):
    """What two busy processors ask of the recorder: one figure a row."""
    path = folder / "busy.exhume"
    work = "dd if=/dev/zero of=/dev/null bs=1 2>/dev/null"
    # Started one after another: a shell's background jobs would not stop with it.
    script = f"timeout {options.seconds} {work} & timeout {options.seconds} {work} & wait"
    recorder = subprocess.Popen(
        [*record(path, "--snaplen", "0"), "sh", "-c", script], env=ENVIRONMENT, cwd=ROOT
    )
    peaks = []
    thread = threading.Thread(target=watch_memory, args=(recorder.pid, peaks))
    thread.start()
    recorder.wait()
    thread.join()
    with CaptureFile.open(path) as capture:
        ending = capture.ending
    events = ending["events"] + ending.get("counted", 0)
    header("two processors busy", "figure")
    row(f"calls a second, for {options.seconds} s", events / options.seconds)
    row("of them recorded one by one", f"{ending['events'] / events:.1%}")
    row("of them counted only", f"{ending.get('counted', 0) / events:.1%}")
    row("lost", sum(ending["lost"].values()))
    row(
        "recorder's memory (proportional set size), MiB, a third into it and at its end",
        f"{peaks[len(peaks) // 3]:.0f}, {peaks[-1]:.0f}",
    )
    print()


def starting(options, folder):
    """How long after its start the recorder has the first event: the probe not yet compiled, and compiled."""
    environment = {**ENVIRONMENT, "CACHE_DIRECTORY": str(folder / "cache")}
    path = folder / "start.exhume"
    seconds = []
    for _ in range(1 + options.rounds):
        began = time.time_ns()
        subprocess.run([*record(path), "true"], env=environment, cwd=ROOT, check=True)
        with CaptureFile.open(path) as capture:
            seconds.append((int(capture.read_columns(["time"])["time"].min()) - began) / 1e9)
    header("from start to first event", "seconds")
    row("the first recording, which compiles the probe", seconds[0])
    row("the next ones", statistics.median(seconds[1:]))
    print()


def watch_memory(pid, peaks):
    """A process' share of memory in MiB, twice a second until it ends."""
    while True:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
        except OSError:
            return
        sizes = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
        if not sizes:
            return
        peaks.append(sizes[0] / 1024)
        time.sleep(0.5)


def median(rounds, measure, *arguments):
    """The median of each figure."""
    found = [measure(*arguments) for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def header(*names):
    """Begin a table."""
    print("|", " | ".join(names), "|")
    print("|---" * len(names) + "|", flush=True)


def row(*cells):
    """One line of a table."""
    print("|", " | ".join(cell if isinstance(cell, str) else _cell(cell) for cell in cells), "|", flush=True)


def _cell(figure):
    if figure >= 100 or figure == int(figure):
        return f"{figure:,.0f}"
    return f"{figure:.2f}" if figure < 10 else f"{figure:.1f}"


TABLE_MAKERS = {"loops": loops, "mixed": mixed, "sustained": sustained, "starting": starting}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", choices=TABLE_MAKERS)
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("recording needs root")
    print(f"Linux {platform.release()}, {os.cpu_count()} processors, medians of {options.rounds}\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in TABLE_MAKERS.items():
            if options.only in (None, name):
                make(options, Path(folder))


if __name__ == "__main__":
    main()
