"""What goes wrong around a recording costs nothing that was recorded before, and the gap is told."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from capture.cli.errors import Exit
from tests.kernel.captures import Capture, Recording, exhume_capture, wait_until

pytestmark = pytest.mark.kernel

TICKING = """
import os, time
for number in range(100_000):
    os.stat(f"/tick-{number}") if os.path.exists(f"/tick-{number}") else None
    time.sleep(0.02)
"""
SLOW_DISK = """
import time
import capture.agent.output as output
from capture.agent.backlog import Backlog
from capture.format.writer import CaptureWriter
output.Backlog = lambda: Backlog(most_bytes=16 << 20)
_fast, _began = CaptureWriter._write_whole, []
def _slow(self, block):
    _began.append(time.monotonic())
    until = min(time.monotonic() + len(block) / {bytes_a_second}, _began[0] + {seconds})
    time.sleep(max(0, until - time.monotonic()))
    _fast(self, block)
CaptureWriter._write_whole = _slow
"""
"""A disk that takes no more than so many bytes a second, for so long; less than usual waits for it."""


def ticks(capture, pid):
    """Numbers of the paths that a ticking process asked for, in order."""
    calls = capture.calls("stat", "newfstatat", "access", "faccessat", "faccessat2", pid=pid)
    return [int(call.text.removeprefix(b"/tick-")) for call in calls if call.text.startswith(b"/tick-")]


def test_a_killed_recorder_leaves_all_that_is_older_than_a_moment_and_says_where_knowledge_ends(tmp_path):
    ticking = subprocess.Popen([sys.executable, "-c", TICKING])
    try:
        with Recording(tmp_path / "killed.exhume") as recording:
            recording.wait_for_snapshot()
            wait_until(lambda: len(ticks(Capture(recording.path), ticking.pid)) > 50)
            killed = time.time_ns()
            recording.process.kill()
            recording.process.wait()
    finally:
        ticking.kill()
        ticking.wait()
    capture = Capture(recording.path)
    numbers = ticks(capture, ticking.pid)
    assert numbers == list(range(numbers[0], numbers[-1] + 1)), "nothing is missing in between"
    # A block is closed each second; under load a little later.
    assert killed - capture.columns["time"].max() < 5e9
    assert exhume_capture("verify", recording.path).returncode == Exit.CUT_SHORT
    told = exhume_capture("info", recording.path)
    assert told.returncode == Exit.CUT_SHORT
    assert "not in order: what came after" in told.stdout
    assert capture.frames.state.state == "cut short"


@pytest.mark.parametrize("what", ["removed", "another", "folder"])
def test_a_file_that_is_removed_while_it_is_written_comes_back_with_all_that_was_in_it(tmp_path, what):
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "node.exhume"
    ticking = subprocess.Popen([sys.executable, "-c", TICKING])
    try:
        with Recording(path) as recording:
            recording.wait_for_snapshot()
            wait_until(lambda: len(ticks(Capture(path), ticking.pid)) > 10)
            first = ticks(Capture(path), ticking.pid)[0]
            path.unlink()
            if what == "folder":
                folder.rmdir()
            elif what == "another":
                path.write_bytes(b"not ours")
            back = folder / ("node-restored.exhume" if what == "another" else "node.exhume")
            wait_until(back.exists)
            time.sleep(2)
            assert recording.end() == Exit.FINE
    finally:
        ticking.kill()
        ticking.wait()
    assert what != "another" or path.read_bytes() == b"not ours"
    assert exhume_capture("verify", back).returncode == Exit.FINE
    assert back.stat().st_mode & 0o777 == 0o600
    capture = Capture(back)
    numbers = ticks(capture, ticking.pid)
    assert numbers == list(range(first, numbers[-1] + 1)) and len(numbers) > 60
    assert "was removed while it was being written" in recording.err.decode()
    assert "the file was removed while it was being written" in exhume_capture("info", back).stdout


def test_a_recording_that_cannot_be_put_back_does_not_end_as_if_all_were_well(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with Recording(folder / "node.exhume") as recording:
        (folder / "node.exhume").unlink()
        folder.rmdir()
        folder.write_bytes(b"in the way")
        assert recording.end() == Exit.WRITE_FAILED
    assert b"all of it is lost" in recording.err
    assert folder.read_bytes() == b"in the way"


def memory_of(pid):
    """KiB of anonymous memory: what the recorder itself has, without the lanes that it maps."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1])


@pytest.mark.alone
def test_a_disk_that_is_too_slow_makes_the_recorder_count_and_not_grow(tmp_path):
    seconds = 8
    before = SLOW_DISK.format(seconds=seconds, bytes_a_second=50_000)
    path = tmp_path / "slow.exhume"
    with Recording(path, "--snaplen", "2048", before=before) as recording:
        began = time.monotonic()
        dd = subprocess.Popen(
            ["dd", "if=/dev/urandom", "of=/dev/null", "bs=2k", "count=200000"], stderr=subprocess.DEVNULL
        )
        sizes = []
        while time.monotonic() - began < seconds:
            sizes.append(memory_of(recording.process.pid))
            time.sleep(0.25)
        os.waitid(os.P_PID, dd.pid, os.WEXITED)
        assert recording.end() == Exit.FINE
    capture = Capture(path)
    sums = capture.frames.counted
    for name, fd in (("read", 0), ("write", 1)):
        recorded = len(capture.rows(name, pid=dd.pid, fd=fd))
        chosen = (sums["pid"] == dd.pid) & (sums["type"] == name) & (sums["fd"] == fd)
        assert recorded + int(sums.loc[chosen, "count"].sum()) == 200_000
    # 200,000 reads and writes of 2 KiB would be 800 MB.
    assert max(sizes) < 600 << 10, sizes
    half = len(sizes) // 2
    assert max(sizes[half:]) < 1.5 * max(sizes[:half]), "it does not go on growing"
    drops = capture.frames.drops
    assert "disk" in set(drops.loc[drops["kind"] == "stalled", "where"])
    assert "the disk did not keep up" in exhume_capture("info", path).stdout
