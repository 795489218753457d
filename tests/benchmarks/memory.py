"""Whether the recorder's memory stays flat over a long recording of two busy processors.

    python -m tests.benchmarks.memory [--minutes N] [--every SECONDS] [RECORD OPTIONS]

Two dds move single bytes beside a loop of short processes; what the kernel tells of the recorder's memory
is printed as it goes. Proportional shares are what counts: the ring buffers are mapped twice. Nothing is
asserted. Needs root.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.recorder import ENVIRONMENT, ROOT, ending_of, header, record, row

WORK = (
    "dd if=/dev/zero of=/dev/null bs=1 2>/dev/null & dd if=/dev/zero of=/dev/null bs=1 2>/dev/null & "
    "while :; do /bin/true; sleep 0.02; done"
)
FIELDS = ("Pss", "Pss_Anon", "Pss_Shmem", "Pss_File")


def shares(pid):
    """A process' proportional shares of memory in MiB: all, and by what they are of."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    found = dict(line.split(":", 1) for line in lines)
    return [int(found[name].split()[0]) / 1024 for name in FIELDS]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=30, metavar="SECONDS")
    options, record_options = parser.parse_known_args()
    if os.geteuid() != 0:
        sys.exit("recording needs root")
    print(
        f"Linux {platform.release()}, {os.cpu_count()} processors, {' '.join(record_options) or 'defaults'}\n"
    )
    header("seconds", *(f"{name}, MiB" for name in FIELDS), "MiB in the file")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.exhume"
        seconds = options.minutes * 60
        command = ("timeout", str(seconds), "sh", "-c", WORK)
        recorder = subprocess.Popen([*record(path, *record_options), *command], env=ENVIRONMENT, cwd=ROOT)
        began = time.monotonic()
        while recorder.poll() is None and (since := time.monotonic() - began) < seconds:
            time.sleep(min(options.every, seconds - since))
            if recorder.poll() is None:
                row(round(since), *shares(recorder.pid), path.stat().st_size / (1 << 20))
        recorder.wait()
        ending = ending_of(path)
    print(f"\n{ending['events']:,} events, {ending['counted']:,} calls counted, {ending['lost']} lost")


if __name__ == "__main__":
    main()
