"""What the tests of the recorder on the running kernel share."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.kernel.captures import Capture, run_programs

EVERYDAY = (
    "counts",
    "counts_under_strace",
    "counts_under_perf",
    "short_lives",
    "threads",
    "exec_in_thread",
    "accounting",
    "pipe_ends",
    "sockets",
    "paths",
    "arguments",
    "executables",
    "churn",
    "churn_over_exec",
    "other_abis",
    "structures",
    "structures_under_strace",
    "rare_calls",
    "signals",
    "credentials",
    "opened",
    "uring",
    "blocked",
)
"""Programs recorded once for all tests; the last one leaves a process behind that hangs in a call."""


def _missing():
    """Say what keeps these tests from recording, or nothing."""
    if os.geteuid() != 0:
        return "recording needs root"
    if not Path("/sys/kernel/btf/vmlinux").exists():
        return "recording needs a kernel with BTF: /sys/kernel/btf/vmlinux is not there"
    from capture.agent.compiler import import_bcc
    from capture.agent.errors import CaptureError

    try:
        import_bcc()
    except CaptureError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session", autouse=True)
def _machine_can_record():
    if reason := _missing():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def everyday(tmp_path_factory, _machine_can_record):
    """One recording of many small programs: `.capture`, and `.facts[program]` that it told of itself."""
    folder = tmp_path_factory.mktemp("everyday")
    path = folder / "everyday.exhume"
    before = time.time_ns()
    told = run_programs(path, folder, *EVERYDAY)
    interval = (before, time.time_ns())
    return SimpleNamespace(capture=Capture(path), told=told, folder=folder, interval=interval)


@pytest.fixture
def capture(everyday):
    """The capture of `everyday`."""
    return everyday.capture


@pytest.fixture
def told(everyday):
    """What a program of `everyday` told about itself: `told("pipe_ends")`."""

    def facts(name):
        result = everyday.told[name]
        if result.get("skip"):
            pytest.skip(result["skip"])
        assert result["code"] == 0, result["err"]
        return SimpleNamespace(**result["facts"])

    return facts
