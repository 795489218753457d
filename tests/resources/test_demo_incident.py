"""The demo's incident by itself: it happens, in time, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

INCIDENT = Path(__file__).parents[2] / "resources/demo/incident"


def missing():
    """Say what keeps these tests from running, or nothing."""
    if os.geteuid() != 0:
        return "needs root, to start containers"
    absent = [name for name in ("podman", "busybox") if shutil.which(name) is None]
    return f"needs {', '.join(absent)}: run `make setup` as root" if absent else ""


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


def left_behind():
    """The demo's containers and processes that are there now."""
    label = ["podman", "ps", "-aq", "--filter", "label=exhume.demo"]
    containers = subprocess.run(label, check=True, capture_output=True, text=True).stdout.split()
    return containers + [line for line in processes() if "/demo/in" in line or "./intruder" in line]


def processes():
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it ended meanwhile


def test_the_incident_carries_data_off_and_leaves_nothing_behind():
    started = time.monotonic()
    done = subprocess.run([INCIDENT], check=False, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(re.search(r"(\d+) bytes have left the shop", done.stdout)[1]) > 10_000
    assert time.monotonic() - started < 15
    assert left_behind() == []


def test_an_incident_that_is_ended_early_leaves_nothing_behind():
    with subprocess.Popen([INCIDENT], stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if "finds the hole" in line:
                break
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=120) == 143
    assert left_behind() == []
