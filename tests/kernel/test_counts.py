"""Every call of a program with known counts is in the file exactly once, with its facts."""

import errno
import re
import signal
import struct
from collections import Counter

import pytest

from capture.model.events import EventFlag
from tests.kernel.captures import kernel_device

pytestmark = pytest.mark.kernel

READS, OPENS, CONNECTS, FORKS = 10_007, 23, 5, 3


@pytest.fixture
def counts(told):
    return told("counts")


def test_each_of_10007_reads_is_there_once_with_its_byte(capture, counts):
    reads = capture.rows("read", pid=counts.pid, fd=counts.reading)
    assert len(reads) == READS
    columns = {name: values[reads] for name, values in capture.columns.items()}
    assert set(columns["ret"]) == set(columns["a2"]) == set(columns["captured"]) == {1}
    assert set(columns["a0"]) == {counts.reading}
    assert set(columns["tid"]) == {counts.pid}
    assert set(columns["flags"]) == {0}
    assert (columns["latency"] >= 0).all()
    device, inode = counts.data
    assert set(columns["dev"]) == {kernel_device(device)}
    assert set(columns["ino"]) == {inode}
    expected = [bytes([at % 251]) for at in range(READS)]
    assert [capture.file.payload(row) for row in reads.tolist()] == expected


def test_the_descriptor_of_the_reads_has_the_name_of_the_file(capture, counts):
    rows = capture.rows("read", pid=counts.pid, fd=counts.reading)
    names = set(capture.frames.events["descriptor"].to_numpy()[rows].tolist())
    assert len(names) == 1
    descriptor = capture.frames.descriptors.iloc[names.pop()]
    assert (descriptor["name"], descriptor["type"]) == (f"{counts.folder}/data", "file")


def test_each_of_23_opens_is_there_once_with_its_path_and_descriptor(capture, counts):
    ours = f"{counts.folder}/file-".encode()
    opens = [call for call in capture.calls("openat", pid=counts.pid) if call.text.startswith(ours)]
    assert [call.text for call in opens] == [ours + b"%02d" % at for at in range(OPENS)]
    assert [call.ret for call in opens] == [call.fd for call in opens] == counts.opened
    assert {call.a2 & 0o777 for call in opens} == {0o102}  # O_RDWR | O_CREAT
    assert {call.a3 for call in opens} == {0o640}
    assert [call.path for call in opens] == [call.text.decode() for call in opens]
    assert len({call.identity for call in opens}) == OPENS


def test_each_of_5_connects_is_there_once_with_both_addresses(capture, counts):
    connects = capture.calls("connect", pid=counts.pid)
    assert len(connects) == CONNECTS
    expected = struct.pack("=H", 2) + struct.pack(">H", counts.port) + bytes([127, 0, 0, 1])
    assert {call.addr[:8] for call in connects} == {expected}
    assert [call.fd for call in connects] == counts.sockets
    assert {call.ret for call in connects} == {0}
    assert [call.descriptor["lport"] for call in connects] == counts.local_ports
    assert {call.descriptor["rport"] for call in connects} == {counts.port}


def test_each_of_3_forks_is_there_once_with_its_child_and_how_it_ended(capture, counts):
    forks = capture.calls("procfork", pid=counts.pid)
    assert [call.a0 for call in forks] == counts.children
    assert [call.a1 for call in forks] == counts.children
    clones = capture.calls("clone", "clone3", "fork", "vfork", pid=counts.pid)
    assert [call.ret for call in clones] == counts.children
    assert len(counts.children) == FORKS
    for number, child in enumerate(counts.children):
        exits = capture.calls("procexit", pid=child)
        assert [call.a0 for call in exits] == [(40 + number) << 8]
        assert (exits[0].process["exit_code"], exits[0].process["ppid"]) == (40 + number, counts.pid)


def test_strace_saw_the_same_calls_in_the_same_order_with_the_same_results(capture, told, everyday):
    """The program ran under strace while it was recorded: two observers of one run."""
    traced = told("counts_under_strace")
    seen = _strace(everyday.folder / "counts_under_strace" / "strace")
    assert len(seen) == 1 + FORKS
    for pid, theirs in seen.items():
        ours = [
            (call.name, None if call.flags & EventFlag.NEVER_RETURNED else call.ret)
            for call in capture.calls(pid=pid)
            if call.code < 0xF000
        ]
        # Strace's child sets itself up before it becomes the program.
        begins = ours.index(("execve", 0)) if ("execve", 0) in ours else 0
        assert _signed(ours[begins:]) == _signed(theirs)
    assert Counter(name for name, _ in seen[traced.pid])["read"] > READS


def _strace(path):
    """For each process the calls that strace wrote down, as (name, result), in the order of return."""
    calls = {}
    for line in path.read_text().splitlines():
        pid, _, rest = line.partition(" ")
        match = re.match(r"\s*(?:<\.\.\. )?(\w+)(?:\(| resumed).*\)\s+= (\?(?: \w+)?|-?\w+(?: \w+)?)", rest)
        if match and "<unfinished" not in rest:
            calls.setdefault(int(pid), []).append((match[1], _result(match[2])))
    return calls


_RESTARTS = {
    "ERESTARTSYS": -512,
    "ERESTARTNOINTR": -513,
    "ERESTARTNOHAND": -514,
    "ERESTART_RESTARTBLOCK": -516,
}


def _result(text):
    number, _, name = text.partition(" ")
    if number == "?":
        return _RESTARTS.get(name)
    if number == "-1" and name:
        return -getattr(errno, name)
    return int(number, 0)


def _signed(calls):
    """Addresses above the middle are negative numbers to one of the two observers."""
    return [(name, ret if ret is None else (ret + (1 << 63)) % (1 << 64) - (1 << 63)) for name, ret in calls]


def test_a_signal_number_is_no_exit_code(capture, told):
    killed = told("short_lives").killed
    (call,) = capture.calls("procexit", pid=killed["pid"])
    assert call.a0 == killed["status"] == signal.SIGKILL
