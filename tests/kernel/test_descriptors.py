"""What a descriptor stands for, from the kernel itself: before, between and after."""

import fcntl
import json
import os
import subprocess

import pytest

from tests.kernel.captures import PYTHON, Capture, Recording, kernel_device, wait_until

pytestmark = pytest.mark.kernel


def test_both_ends_of_a_pipe_are_one_thing(capture, told):
    facts = told("pipe_ends")
    assert facts.codes == [0, 0]
    writes = [call for call in capture.calls("write", pid=facts.writer) if call.fd == facts.writing]
    reads = [call for call in capture.calls("read", pid=facts.reader) if call.fd == facts.reading]
    assert sum(call.ret for call in writes) == sum(call.ret for call in reads) == facts.bytes
    (end, other) = facts.ends
    assert end == other
    assert {call.identity for call in writes + reads} == {(kernel_device(end[0]), end[1])}
    descriptors = capture.frames.events["descriptor"].to_numpy()
    assert len({descriptors[call.row] for call in writes + reads}) == 1
    assert (writes[0].descriptor["type"], writes[0].descriptor["name"]) == ("pipe", f"pipe:[{end[1]}]")


def test_a_close_tells_what_was_closed(capture, told):
    facts = told("counts")
    (call,) = [
        call for call in capture.calls("close", pid=told("threads").pid) if call.tid == told("threads").tid
    ]
    assert call.descriptor["name"] == told("threads").path
    assert capture.calls("close", pid=facts.pid, fd=99) == []


CHURNED = ("openat", "read", "close", "fcntl", "dup3")


def test_descriptors_that_threads_churn_are_never_mistaken(capture, told):
    """Numbers go round between four threads; each call has the identity that fstat saw then."""
    facts = told("churn")
    assert len(facts.done) == 4
    for tid, steps in facts.done.items():
        calls = [
            call
            for call in capture.calls(*CHURNED, tid=int(tid))
            if call.name != "fcntl" or call.a1 == fcntl.F_DUPFD_CLOEXEC
        ]
        ours = [(call.name, call.a0 if call.name == "fcntl" else call.fd, call.identity) for call in calls]
        theirs = [(name, fd, (kernel_device(dev), ino)) for name, fd, dev, ino in steps]
        assert ours == theirs


def test_a_number_means_another_file_after_an_exec(capture, told):
    facts = told("churn_over_exec")
    reads = [call for call in capture.calls("read", pid=facts.pid) if call.a2 == 77]
    assert [[call.fd, *call.identity] for call in reads] == [
        [fd, kernel_device(dev), ino] for fd, dev, ino in facts.uses
    ]
    assert reads[0].fd == reads[1].fd
    assert reads[0].ino != reads[1].ino
    names = [call.descriptor["name"].rpartition("/")[2] for call in reads]
    assert names == ["before", "after"]


HELD = """
import json, os, socket, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
here, there = os.pipe()
one, other = socket.socketpair()
child = os.fork()
if not child:
    sys.stdin.readline = None
    os.read(here, 1)
    os.read(fd, 5)
    os._exit(0)
print(json.dumps({"pid": os.getpid(), "child": child, "fd": fd, "pipe": there}), flush=True)
sys.stdin.buffer.raw.read(1)
os.write(there, b"!")
os.waitpid(child, 0)
os.read(fd, 3)
"""


def test_descriptors_opened_before_the_recording_are_named_also_in_a_child(tmp_path):
    held = tmp_path / "opened-long-before"
    held.write_bytes(b"some content")
    early = subprocess.Popen(
        [*PYTHON, "-c", HELD, held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    facts = json.loads(early.stdout.readline())
    with Recording(tmp_path / "late.exhume") as recording:
        recording.wait_for_snapshot()
        early.communicate("!")
        assert recording.end() == 0
    capture = Capture(recording.path)
    stat = held.stat()
    (by_child,) = capture.calls("read", pid=facts["child"], fd=facts["fd"])
    (by_parent,) = capture.calls("read", pid=facts["pid"], fd=facts["fd"])
    for call, data in ((by_child, b"some "), (by_parent, b"con")):
        assert call.payload == data
        assert call.identity == (kernel_device(stat.st_dev), stat.st_ino)
        assert call.descriptor["name"] == str(held)
        assert call.process["existed"]
    listed = {(row["pid"], row["fd"]): row for row in capture.file.table("descriptors")}
    assert listed[facts["pid"], facts["fd"]]["name"] == str(held)
    (write,) = capture.calls("write", pid=facts["pid"], fd=facts["pipe"])
    assert write.descriptor["type"] == "pipe"
    snapshot = {row["pid"]: row for row in capture.file.table("processes")}
    assert snapshot[facts["child"]]["ppid"] == facts["pid"]
    assert snapshot[facts["pid"]]["argv"][-1] == os.fsencode(held)
    wait_until(lambda: early.poll() is not None)
