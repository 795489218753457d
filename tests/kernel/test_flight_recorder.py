"""A recorder that keeps the last part only, and a window of it saved while it goes on."""

import json
import signal
import subprocess
import time

import pytest

from capture.cli.errors import Exit
from capture.format import CaptureFile, open_captures
from inspect_app.frames import open_capture
from tests.kernel.captures import (
    ENVIRONMENT,
    PYTHON,
    Recording,
    command_line,
    exhume_capture,
    wait_until,
)
from tests.kernel.test_rotation import TICKS, assert_all_there, files_in

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def own_runtime_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EXHUME_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setitem(ENVIRONMENT, "EXHUME_RUNTIME_DIR", str(tmp_path / "run"))


@pytest.fixture
def flight(tmp_path):
    """A flight recorder with a ring of twenty seconds, in files of two."""
    folder = tmp_path / "ring"
    folder.mkdir()
    recording = Recording(folder / "n.exhume", "--ring", "20s", "--snaplen", "0")
    recording.path = folder / "n-00001.exhume"
    recording.folder = folder
    with recording:
        yield recording


def ticks(folder, seconds):
    done = subprocess.run([*TICKS, folder, str(seconds)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_frozen_window_stands_alone_and_the_recorder_goes_on(flight, tmp_path):
    before = ticks(tmp_path, 3)
    frozen = tmp_path / "incident.exhume"
    done = exhume_capture("freeze", "-o", frozen)
    assert done.returncode == 0, done.stderr
    assert f"of recorder {flight.process.pid}" in done.stderr
    assert exhume_capture("verify", frozen).returncode == 0
    assert frozen.stat().st_mode & 0o777 == 0o600
    with CaptureFile.open(frozen) as capture:
        assert_all_there(capture, before)
        assert capture.ending["events"] == capture.count
        assert capture.section["frozen"]["after_s"] == 0
        assert capture.section["joined"]["files"][0] == "n-00001.exhume"
        assert "set" not in capture.section
        assert len({row["pid"] for row in capture.table("processes")}) == len(capture.table("processes"))
    frames = open_capture(frozen)
    ours = frames.processes[frames.processes["pid"] == before["pid"]].iloc[0]
    assert "ticks.py" in frames.images["args"].iloc[ours["image"]]
    again = ticks(tmp_path, 1)
    assert flight.end() == Exit.FINE
    with open_captures([flight.folder]) as capture:
        assert str(capture.verdict).startswith("whole")
        assert_all_there(capture, again)


def test_the_window_goes_on_for_a_while_after_the_moment(flight, tmp_path):
    frozen = tmp_path / "after.exhume"
    freezing = subprocess.Popen(
        command_line("freeze", "-o", frozen, "--after", "3s", flight.process.pid),
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.5)
    during = ticks(tmp_path, 1)
    assert freezing.wait(60) == 0, freezing.stderr.read()
    with CaptureFile.open(frozen) as capture:
        assert_all_there(capture, during)
        assert capture.section["frozen"]["after_s"] == 3.0


def test_a_signal_saves_the_window_beside_the_files(flight, tmp_path):
    before = ticks(tmp_path, 1)
    flight.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: any((flight.folder / "frozen").glob("*.exhume")), 30)
    assert flight.end() == Exit.FINE
    (frozen,) = (flight.folder / "frozen").glob("*.exhume")
    assert (flight.folder / "frozen").stat().st_mode & 0o777 == 0o700
    assert frozen.name.encode() in flight.err
    with CaptureFile.open(frozen) as capture:
        assert str(capture.verdict).startswith("whole")
        assert_all_there(capture, before)


def test_the_ring_keeps_the_last_part_only_also_when_the_recorder_is_killed(tmp_path):
    folder = tmp_path / "ring"
    folder.mkdir()
    recording = Recording(folder / "n.exhume", "--ring", "4s", "--rotate-time", "1s", ends_by=signal.SIGKILL)
    recording.path = folder / "n-00001.exhume"
    with recording:
        recording_began = time.monotonic()
        wait_until(lambda: not recording.path.exists(), 40)
        assert time.monotonic() - recording_began > 4
        recording.end()
    with open_captures([folder]) as capture:
        assert capture.members[0].section["set"]["number"] > 1
        times = capture.read_columns(["time"])["time"]
        assert times[-1] - times[0] >= 3.5e9
        for member in capture.members[:-1]:
            assert str(member.verdict).startswith("whole")
    # Its socket is stale now, and said to be nobody.
    done = exhume_capture("freeze")
    assert done.returncode == Exit.FAILED
    assert "no flight recorder runs" in done.stderr
    assert not list((tmp_path / "run").glob("*.sock"))


def test_the_ring_stays_within_its_size(tmp_path):
    options = ("--ring-size", "1M", "--snaplen", "2048", "--only-command")
    path = tmp_path / "n.exhume"
    command = (*PYTHON, "-c", _NOISE)
    done = exhume_capture("record", "-o", path, *options, "--", *command)
    assert done.returncode == 0, done.stderr
    assert sum(path.stat().st_size for path in files_in(tmp_path)) <= 2 << 20
    with open_captures([tmp_path]) as capture:
        assert capture.members[0].section["set"]["number"] > 1
        assert str(capture.verdict).startswith("whole")


_NOISE = """
import os, time
fd = os.open("/dev/urandom", os.O_RDONLY)
ends = time.monotonic() + 8
while time.monotonic() < ends:
    os.read(fd, 2000)
    time.sleep(0.002)
"""


def test_a_recording_that_keeps_everything_takes_the_signal_and_says_so(tmp_path):
    with Recording(tmp_path / "n.exhume") as recording:
        recording.process.send_signal(signal.SIGUSR1)
        time.sleep(1)
        assert recording.end() == Exit.FINE
    assert b"nothing to freeze" in recording.err


def test_a_freeze_that_cannot_be_written_says_why_and_leaves_the_recorder_alone(flight, tmp_path):
    done = exhume_capture("freeze", "-o", tmp_path / "none" / "x.exhume")
    assert done.returncode == Exit.FAILED
    assert "No such file" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    (tmp_path / "there.exhume").write_bytes(b"evidence")
    done = exhume_capture("freeze", "-o", tmp_path / "there.exhume")
    assert done.returncode == Exit.WRITE_FAILED
    assert (tmp_path / "there.exhume").read_bytes() == b"evidence"
    assert flight.end() == Exit.FINE
