"""Two busy processors: nothing is lost, or the file says how much."""

import os
import signal
import subprocess
import threading
import time

import pytest

from capture.cli.errors import Exit
from tests.kernel.captures import Capture, Recording, exhume_capture
from tests.kernel.storms import end_with_the_tests, rage

pytestmark = [pytest.mark.kernel, pytest.mark.alone]

SECONDS = float(os.environ.get("EXHUME_TEST_SECONDS", "5"))
"""How long processors are kept busy; 20 is what the recorder is meant to bear."""
STOPPED_S = float(os.environ.get("EXHUME_TEST_STOPPED_SECONDS", "2"))
"""How long the recorder is stopped; 5 is what is meant."""

PROCESSES = int(os.environ.get("EXHUME_TEST_PROCESSES", "600"))
"""How many short processes storm; tests/benchmarks/overload.py takes 20,000."""


class Writer:
    """Dd moving single bytes: it counts its own reads and writes and tells them at its end."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["dd", "if=/dev/zero", "of=/dev/null", "bs=1"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            preexec_fn=end_with_the_tests,  # noqa: PLW1509  nothing but a call of the kernel
        )
        self.pid = self.process.pid

    def end(self):
        """Stop it: how many bytes it read and how many it wrote, one by one."""
        self.process.send_signal(signal.SIGINT)
        told = self.process.communicate(timeout=240)[1].splitlines()
        return [int(line.partition("+")[0]) for line in told[:2]]


def found_of(capture, writer, counts):
    """How many of a writer's reads and writes were recorded, and how many more were counted."""
    recorded = counted = 0
    sums = capture.frames.counted
    for name, fd, count in zip(("read", "write"), (0, 1), counts, strict=True):
        found = len(capture.rows(name, pid=writer.pid, fd=fd, ret=1))
        of_it = sums[(sums["pid"] == writer.pid) & (sums["type"] == name) & (sums["fd"] == fd)]
        # A read or write of a byte succeeds: the last read alone may have been cut off by the signal.
        assert of_it["bytes"].sum() == of_it["count"].sum() - of_it["errors"].sum()
        more = int(of_it["bytes"].sum())
        # Never more than there were: no call is in the file twice.
        assert found + more <= count
        recorded, counted = recorded + found, counted + more
    return recorded, counted


def told_as_lost(capture):
    """Lost events by the end block, which its intervals must add up to."""
    total = sum(capture.lost().values())
    drops = capture.frames.drops
    assert drops.loc[drops["kind"] == "lost", "count"].sum() == total
    return total


def told_as_counted(capture):
    """Counted calls by the end block, to which intervals and sums must add up."""
    total = capture.file.ending["counted"]
    drops = capture.frames.drops
    assert drops.loc[drops["kind"] == "counted", "count"].sum() == total
    assert capture.frames.counted["count"].sum() == total
    return total


def test_with_two_processors_busy_nothing_is_lost_or_it_is_told(tmp_path):
    with Recording(tmp_path / "busy.exhume", "--snaplen", "0") as recording:
        recording.wait_for_snapshot()
        writers = [Writer(), Writer()]
        time.sleep(SECONDS)
        counts = [writer.end() for writer in writers]
        assert recording.end() == Exit.FINE
    capture = Capture(recording.path)
    found = [sum(found_of(capture, *pair)) for pair in zip(writers, counts, strict=True)]
    missing = sum(map(sum, counts)) - sum(found)
    assert sum(map(sum, counts)) > 10_000 * SECONDS
    # Others on this machine may have lost events too; these two never more than is told.
    assert missing <= told_as_lost(capture)
    for writer in writers:
        assert [call.a0 for call in capture.calls("procexit", pid=writer.pid)] == [signal.SIGINT]


def test_a_stopped_recorder_counts_what_it_cannot_record_and_tells_of_the_gap(tmp_path):
    with Recording(tmp_path / "full.exhume", "--snaplen", "80", "--buffer", "8") as recording:
        recording.wait_for_snapshot()
        before = time.time_ns()
        writer = Writer()
        time.sleep(0.2)
        # A recorder that gets no processor: its lanes fill up.
        recording.process.send_signal(signal.SIGSTOP)
        stopped = time.time_ns()
        time.sleep(STOPPED_S)
        born = [subprocess.run(["true", str(number)], check=True) for number in range(10)]
        (tmp_path / "written").write_text("by whom?")
        went_on = time.time_ns()
        recording.process.send_signal(signal.SIGCONT)
        time.sleep(2.5)
        counts = writer.end()
        assert recording.end() == Exit.FINE
    capture = Capture(recording.path)
    recorded, counted = found_of(capture, writer, counts)
    # Totals are exact: each call is either recorded or counted.
    assert recorded + counted == sum(counts)
    assert recorded > 0 and counted > 0
    assert told_as_counted(capture) >= counted
    # Signals are no calls that could be counted.
    drops = capture.frames.drops
    lost = drops[drops["kind"] == "lost"]
    assert told_as_lost(capture) == lost.loc[lost["category"] == "signal", "count"].sum()
    assert capture.lost()["life"] == capture.lost()["exec"] == 0
    # What the counted calls worked on, and who made them, is known too.
    sums = capture.frames.counted
    reads = sums[(sums["pid"] == writer.pid) & (sums["type"] == "read")]
    names = capture.frames.descriptors["name"].iloc[reads["descriptor"]]
    assert set(names[(reads["fd"] == 0).to_numpy()]) == {"/dev/zero"}
    assert set(capture.frames.processes["pid"].iloc[reads["process"]]) == {writer.pid}
    # Process life and what is opened for writing have lanes of their own.
    runs = [
        call
        for call in capture.calls("execve")
        if call.argv[0] == b"true" and call.process["ppid"] == os.getpid()
    ]
    assert [call.argv[1] for call in runs] == [b"%d" % number for number in range(len(born))]
    opened = [call for call in capture.calls("openat", pid=os.getpid()) if call.text.endswith(b"/written")]
    assert len(opened) == 1
    # The gap: that the recorder stood still, and what was given up from when to when.
    (stalled,) = drops[drops["kind"] == "stalled"].itertuples()
    assert before < stalled.since < stopped + 1e9 and stalled.time >= went_on
    steps = drops[(drops["kind"] == "step") & (drops["since"] >= before)]
    assert set(steps["where"]) == {"payload given up", "bulk calls counted"}
    assert (steps["since"] < steps["time"]).all()
    without = drops[drops["kind"] == "payload"]
    assert without["count"].sum() > 0 and set(without["category"]) >= {"io-read", "io-write"}
    assert set(without["cpu"]) <= set(range(os.cpu_count()))
    told = exhume_capture("info", recording.path).stdout
    assert "Counted only" in told and "the recorder did not run" in told
    assert f"{capture.file.ending['counted']:,} more counted only" in recording.err.decode()


def test_every_process_of_a_fork_bomb_is_recorded_and_totals_are_those_of_the_kernel(tmp_path):
    with Recording(tmp_path / "storm.exhume") as recording:
        recording.wait_for_snapshot()
        storm = rage(processes=PROCESSES, moved=500 * PROCESSES)
        assert recording.end() == Exit.FINE
    capture = Capture(recording.path)
    missing = storm.missing(capture)
    assert set(missing) >= {"forks", "execs", "exits"} and len(missing) == 11
    assert not any(missing.values()), missing
    assert capture.lost()["life"] == capture.lost()["exec"] == 0
    told_as_lost(capture)
    told_as_counted(capture)


def test_a_recorder_that_stands_still_beside_a_fork_bomb_has_every_process_and_exact_totals(tmp_path):
    """Its lanes hold what thousands of short processes tell of their lives, and sums of what they did."""
    with Recording(tmp_path / "stopped.exhume") as recording:
        recording.wait_for_snapshot()
        recording.process.send_signal(signal.SIGSTOP)
        go_on = threading.Timer(STOPPED_S, recording.process.send_signal, [signal.SIGCONT])
        go_on.start()
        storm = rage(processes=2 * PROCESSES, moved=500 * PROCESSES)
        go_on.join()
        assert recording.end() == Exit.FINE
    capture = Capture(recording.path)
    missing = storm.missing(capture)
    assert not any(missing.values()), missing
    drops = capture.frames.drops
    lost = drops[drops["kind"] == "lost"]
    assert set(lost["category"]) <= {"signal"}, lost
    assert "stalled" in set(drops["kind"]) and told_as_counted(capture) > 0
