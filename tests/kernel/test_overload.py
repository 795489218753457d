"""Two busy processors: nothing is lost, or the file says how much."""

import os
import signal
import subprocess
import time

import pytest

from capture.cli.errors import Exit
from tests.kernel.captures import Capture, Recording

pytestmark = pytest.mark.kernel

SECONDS = float(os.environ.get("EXHUME_TEST_SECONDS", "8"))
"""How long processors are kept busy; 20 is what the recorder is meant to bear."""


class Writer:
    """Dd moving single bytes: it counts its own reads and writes and tells them at its end."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["dd", "if=/dev/zero", "of=/dev/null", "bs=1"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        self.pid = self.process.pid

    def end(self):
        """Stop it: how many bytes it read and how many it wrote, one by one."""
        self.process.send_signal(signal.SIGINT)
        told = self.process.communicate(timeout=30)[1].splitlines()
        return [int(line.partition("+")[0]) for line in told[:2]]


def missing_of(capture, writer, counts):
    """How many of a writer's reads and writes are not in the file."""
    missing = 0
    for name, fd, count in zip(("read", "write"), (0, 1), counts, strict=True):
        found = len(capture.rows(name, pid=writer.pid, fd=fd, ret=1))
        # Never more than there were: no event is in the file twice.
        assert found <= count
        missing += count - found
    return missing


def told_as_lost(capture):
    """Lost events by the end block, which its intervals must add up to."""
    total = sum(capture.lost().values())
    drops = capture.frames.drops
    assert drops.loc[drops["kind"] == "lost", "count"].sum() == total
    return total


def test_with_two_processors_busy_nothing_is_lost_or_it_is_told(tmp_path):
    with Recording(tmp_path / "busy.exhume", "--snaplen", "0") as recording:
        recording.wait_for_snapshot()
        writers = [Writer(), Writer()]
        time.sleep(SECONDS)
        counts = [writer.end() for writer in writers]
        assert recording.end() == Exit.FINE
    capture = Capture(recording.path)
    missing = sum(missing_of(capture, *pair) for pair in zip(writers, counts, strict=True))
    lost = told_as_lost(capture)
    assert sum(map(sum, counts)) > 10_000 * SECONDS
    # Others on this machine may have lost events too; these two never more than is told.
    assert missing <= lost
    for writer in writers:
        assert [call.a0 for call in capture.calls("procexit", pid=writer.pid)] == [signal.SIGINT]


def test_what_finds_no_room_is_counted_and_process_life_has_room_of_its_own(tmp_path):
    with Recording(tmp_path / "full.exhume", "--snaplen", "0", "--buffer", "8") as recording:
        recording.wait_for_snapshot()
        writer = Writer()
        time.sleep(0.2)
        # A recorder that gets no processor: its lanes fill up.
        recording.process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        born = [subprocess.run(["true", str(number)], check=True) for number in range(10)]
        recording.process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        counts = writer.end()
        assert recording.end() == Exit.FINE
    capture = Capture(recording.path)
    missing = missing_of(capture, writer, counts)
    assert 0 < missing <= told_as_lost(capture)
    assert capture.lost()["life"] == capture.lost()["exec"] == 0
    runs = [
        call
        for call in capture.calls("execve")
        if call.argv[0] == b"true" and call.process["ppid"] == os.getpid()
    ]
    assert [call.argv[1] for call in runs] == [b"%d" % number for number in range(len(born))]
    assert f"{sum(capture.lost().values()):,} lost" in recording.err.decode()
