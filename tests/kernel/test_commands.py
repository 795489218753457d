"""How a recording begins and ends: the command it runs, signals, time, and the recorder's own silence."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from capture.cli.errors import Exit
from tests.kernel.captures import (
    ENVIRONMENT,
    PYTHON,
    Capture,
    Recording,
    command_line,
    exhume_capture,
    record,
    wait_until,
)

pytestmark = pytest.mark.kernel


def state_of(path):
    """What `verify` says of a file: exit code and line."""
    done = exhume_capture("verify", path)
    return done.returncode, done.stdout


REVERSE = """
import sys
sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])
sys.stderr.write("mine\\n")
sys.exit(7)
"""


def test_input_output_and_exit_code_of_the_command_pass_through(tmp_path):
    data = bytes(range(256)) * 4_000
    path = tmp_path / "through.exhume"
    done = exhume_capture(
        "record", "-o", path, "--", *PYTHON, "-c", REVERSE, input=data, text=False, capture_output=True
    )
    assert done.returncode == 7
    assert done.stdout == data[::-1]
    ours = done.stderr.decode().splitlines()
    assert ours[0] == "mine"
    assert len(ours) == 2
    assert str(path) in ours[1]
    assert "none lost" in ours[1]


def test_the_snapshot_is_of_what_was_there_before_the_command(tmp_path):
    path = tmp_path / "before.exhume"
    done = record(path, *PYTHON, "-c", "import os, time; print(os.getpid()); time.sleep(0.3)")
    capture, pid = Capture(path), int(done.stdout)
    listed = {row["pid"] for row in capture.file.table("processes")}
    assert os.getpid() in listed
    assert pid not in listed
    assert len(capture.calls("execve", pid=pid)) == 1


def test_a_quiet_recording_says_nothing(tmp_path):
    done = record(tmp_path / "quiet.exhume", "true", options=("-q",))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("sh", "-c", "kill -TERM $$"), 128 + signal.SIGTERM),
        (("/nowhere/at-all",), 127),
        (("/etc/passwd",), 126),
    ],
)
def test_what_became_of_the_command_is_the_exit_code(tmp_path, command, code):
    path = tmp_path / "command.exhume"
    done = record(path, *command)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert state_of(path)[0] == Exit.FINE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_finishes_the_file(tmp_path, number):
    with Recording(tmp_path / "signal.exhume", ends_by=number) as recording:
        subprocess.run(["true"], check=True)
        assert recording.end() == Exit.FINE
    assert state_of(recording.path)[0] == Exit.FINE
    assert b"Traceback" not in recording.err
    assert Capture(recording.path).file.ending is not None


def test_a_signal_ends_the_command_too(tmp_path):
    with Recording(tmp_path / "both.exhume", "--", "sleep", "60", ends_by=signal.SIGTERM) as recording:
        wait_until(lambda: _children(recording.process.pid))
        (child,) = _children(recording.process.pid)
        assert recording.end() == 128 + signal.SIGTERM
    assert not Path(f"/proc/{child}").exists()
    assert state_of(recording.path)[0] == Exit.FINE


def test_a_killed_recorder_leaves_a_file_that_opens(tmp_path):
    with Recording(tmp_path / "killed.exhume", ends_by=signal.SIGKILL) as recording:
        recording.wait_for_snapshot()
        marked = subprocess.run(
            [*PYTHON, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
        )
        time.sleep(1.6)  # a block is closed once a second
        assert recording.end() == -signal.SIGKILL
    code, line = state_of(recording.path)
    assert (code, "cut short" in line) == (Exit.CUT_SHORT, True)
    capture = Capture(recording.path)
    assert capture.file.ending is None
    assert capture.frames.state.state == "cut short"
    assert len(capture.calls("execve", pid=int(marked.stdout))) == 1


def test_a_recording_ends_after_its_duration(tmp_path):
    began = time.monotonic()
    done = exhume_capture("record", "-o", tmp_path / "time.exhume", "--duration", "700ms")
    assert done.returncode == Exit.FINE
    assert 0.7 <= time.monotonic() - began < 30
    capture = Capture(tmp_path / "time.exhume")
    assert capture.file.ending["ended"] - capture.file.section["clock"]["started"] >= 700_000_000


def test_the_command_is_not_ended_by_the_duration(tmp_path):
    """The recording is over; what the command still does is its own matter, and so is its code."""
    path = tmp_path / "time.exhume"
    done = exhume_capture("record", "-o", path, "--duration", "300ms", "--", "sh", "-c", "sleep 2; exit 5")
    assert done.returncode == 5
    assert state_of(path)[0] == Exit.FINE
    capture = Capture(path)
    assert capture.file.ending["ended"] - capture.file.section["clock"]["started"] < 2_000_000_000


def test_the_recorder_never_records_itself(tmp_path):
    path = tmp_path / "self.exhume"
    program = "import os; print(os.getpid(), os.getppid())"
    recorder = subprocess.Popen(
        command_line("record", "-o", path, "--", *PYTHON, "-c", program),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    out, _ = recorder.communicate(timeout=60)
    command, parent = map(int, out.split())
    assert parent == recorder.pid
    capture = Capture(path)
    assert capture.calls(pid=recorder.pid) == []
    assert capture.calls(tid=recorder.pid) == []
    # The child is the recorder's own code until it becomes the command; it tells of its birth itself.
    birth, program = capture.calls(pid=command)[:2]
    assert (birth.name, birth.a0, birth.a3) == ("procfork", command, recorder.pid)
    assert program.name == "execve"
    # Its parent is sent a SIGCHLD after its end.
    assert "procexit" in [call.name for call in capture.calls(pid=command)[-2:]]


def _children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
