"""A fork bomb beside two dds that move single bytes: is all of it in the file?

    python -m tests.benchmarks.overload [--processes N] [--moved BYTES] [--stopped SECONDS] [RECORD OPTIONS]

Totals are held against the kernel's own, /proc/PID/io of the dds. With --stopped the recorder gets SIGSTOP
for so long in the midst of it. Nothing is asserted. Needs root.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tests.kernel.captures import Capture, Recording
from tests.kernel.storms import rage


def storm(path, options, record_options):
    """Record a storm: the storm, and the recorder's largest memory in KiB, its own and the lanes'."""
    with Recording(path, *record_options) as recording:
        recording.wait_for_snapshot()
        pid = recording.process.pid
        if options.stopped:
            threading.Timer(2, os.kill, (pid, signal.SIGSTOP)).start()
            threading.Timer(2 + options.stopped, os.kill, (pid, signal.SIGCONT)).start()
        raged = rage(processes=options.processes, moved=options.moved)
        status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        memory = dict(line.split(":", 1) for line in status)
        recording.end()
    return raged, {name: int(memory[name].split()[0]) for name in ("VmHWM", "RssAnon", "RssShmem", "RssFile")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=20_000)
    parser.add_argument("--moved", type=int, default=10_000_000)
    parser.add_argument("--stopped", type=float, default=0)
    options, record_options = parser.parse_known_args()
    if os.geteuid() != 0:
        sys.exit("recording needs root")
    print(
        f"Linux {platform.release()}, {os.cpu_count()} processors, {' '.join(record_options) or 'defaults'}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "storm.exhume"
        raged, memory = storm(path, options, record_options)
        capture = Capture(path)
        ending = capture.file.ending
        rows = {
            "processes": raged.processes,
            "bytes moved one by one": options.moved * 2,
            "seconds": round(raged.seconds, 1),
            "events recorded": ending["events"],
            "calls only counted": ending["counted"],
            **{f"lost, lane {lane}": count for lane, count in ending["lost"].items()},
            **{f"missing: {name}": count for name, count in raged.missing(capture).items()},
            **{f"intervals: {name}": count for name, count in _intervals(capture.frames.drops).items()},
            **{f"memory, {name} KiB": size for name, size in memory.items()},
            "bytes of the file": path.stat().st_size,
        }
    print("| figure | |\n|---|--:|")
    for name, value in rows.items():
        print(f"| {name} | {value:,} |")


def _intervals(drops):
    """How often each kind of thing happened, steps by what they gave up."""
    kinds = drops["kind"].where(drops["kind"] != "step", drops["where"])
    return drops.groupby(kinds)["time"].nunique().to_dict()


if __name__ == "__main__":
    main()
