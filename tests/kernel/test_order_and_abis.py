"""Time as it is told, and calls made through entries other than the usual one."""

from itertools import pairwise

import numpy as np
import pytest

from capture.agent.chunks import chunk_of_records
from capture.agent.records import record_dtype
from capture.agent.settings import LaneSpec
from capture.model.abi import Abi
from capture.model.catalogue import spec_named
from capture.model.credentials import credential_change
from capture.model.events import EventFlag, SchedCode
from capture.model.values import format_value
from inspect_app.analysis.event import describe_event

pytestmark = pytest.mark.kernel


def test_events_come_in_the_order_in_which_calls_returned(capture):
    times = capture.columns["time"]
    assert len(times) > 10_000
    assert (np.diff(times) >= 0).all()


def test_a_thread_is_never_in_two_calls_at_once(capture, told):
    for name in ("counts", "churn", "pipe_ends"):
        pid = told(name).pid
        calls = [call for call in capture.calls(pid=pid) if call.code < 0xF000]
        for tid in {call.tid for call in calls}:
            of_thread = [call for call in calls if call.tid == tid]
            for earlier, later in pairwise(of_thread):
                assert earlier.time <= later.start


def test_all_events_lie_within_the_recording(everyday):
    times = everyday.capture.columns["time"]
    before, after = everyday.interval
    assert before <= times.min()
    assert times.max() <= everyday.capture.file.ending["ended"] <= after


@pytest.fixture
def other_abis(told):
    facts = told("other_abis")
    if not facts.compat:
        pytest.skip("this kernel has no 32-bit entry (IA32 emulation)")
    return facts


def compat_calls(capture, pid):
    """The calls of a process through the 32-bit entry, by name."""
    calls = [call for call in capture.calls(pid=pid) if call.flags & EventFlag.COMPAT]
    return {capture.frames.events["type"].iloc[call.row]: call for call in calls}


def test_a_call_through_the_32_bit_entry_is_named_by_that_table(capture, other_abis):
    calls = compat_calls(capture, other_abis.child)
    assert list(calls) == ["getppid", "sync_file_range", "rename", "open", "read", "unlinkat"]
    assert (calls["getppid"].code, calls["getppid"].ret) == (64, other_abis.pid)


def test_arguments_of_a_32_bit_call_come_from_that_entrys_registers(capture, other_abis):
    assert compat_calls(capture, other_abis.child)["sync_file_range"].args == other_abis.arguments


def test_a_32_bit_call_has_its_paths_its_descriptor_and_its_payload(capture, other_abis):
    calls, path = compat_calls(capture, other_abis.child), f"{other_abis.folder}/other-32"
    assert (calls["rename"].path, calls["rename"].path2) == (f"{other_abis.folder}/name-32", path)
    assert (calls["open"].path, calls["unlinkat"].path) == (path, path)
    assert calls["open"].ret == calls["open"].fd == calls["read"].fd
    assert calls["read"].identity == calls["open"].identity
    assert (calls["read"].ret, calls["read"].flags) == (28, EventFlag.COMPAT)
    assert calls["read"].payload == b"read through the other entry"
    assert calls["read"].descriptor["name"] == path


def test_a_32_bit_programs_one_call_for_sockets_reads_as_the_call_that_it_asks_for(capture, other_abis):
    calls = compat_calls(capture, other_abis.talking)
    fd, port = other_abis.talked, other_abis.port
    lines = {name: describe_event(capture.frames, call.row).line for name, call in calls.items()}
    assert lines["socket"] == f"socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = {fd}"
    assert lines["connect"] == f"connect({fd}, 127.0.0.1:{port}, 16) = 0"
    assert lines["send"] == f'send({fd}, "sent at once", 12, 0) = 12'
    parts = f'{{addr=127.0.0.1:{port}, data="sent in two parts"}}'
    assert lines["sendmsg"] == f"sendmsg({fd}, {parts}, 0) = 17"
    assert {calls[name].code for name in ("socket", "connect", "send", "sendmsg", "listen")} == {102}
    assert {calls[name].identity for name in ("socket", "connect", "send", "sendmsg", "sendmmsg")} == {
        calls["socket"].identity
    }
    assert calls["send"].descriptor["rport"] == port


def test_payload_of_a_32_bit_program_comes_out_of_its_arrays(capture, other_abis):
    calls = compat_calls(capture, other_abis.talking)
    assert calls["writev"].payload == b"to a pipe"
    assert (calls["sendmmsg"].payload, calls["sendmmsg"].ret) == (b"sent in sent in ", 2)
    assert capture.frames.events["size"].iloc[calls["sendmmsg"].row] == 17 + 8


def test_arguments_that_cannot_be_read_are_told_as_such(capture, other_abis):
    call = compat_calls(capture, other_abis.talking)["listen"]
    assert call.flags == EventFlag.COMPAT | EventFlag.UNREADABLE
    assert (call.a0, call.a1, call.ret) == (4, 8, -14)


def test_the_exec_of_a_32_bit_program_is_one_with_its_arguments(capture, other_abis):
    assert other_abis.ended == 7
    (begun,) = capture.calls("execve", pid=other_abis.begun)
    assert (begun.text, begun.argv) == (
        other_abis.program.encode(),
        [other_abis.program.encode(), b"of", b"32", b"bits"],
    )
    assert not begun.flags & EventFlag.COMPAT
    assert list(compat_calls(capture, other_abis.begun)) == ["exit"]
    assert (
        capture.frames.images["exepath"][
            capture.frames.processes["image"][capture.frames.processes["pid"] == other_abis.begun].iloc[0]
        ]
        == other_abis.program
    )


def test_a_program_begun_through_the_32_bit_entry_is_one_too(capture, other_abis):
    (call,) = compat_calls(capture, other_abis.back).values()
    assert (call.code, call.ret) == (11, 0)
    (begun,) = [call for call in capture.calls(pid=other_abis.back) if call.code == SchedCode.PROCEXEC]
    assert begun.text == b"/bin/true"
    usual = [call.name for call in capture.calls(pid=other_abis.back) if call.row > begun.row]
    assert "procexit" in usual
    assert "exit_group" in usual


def test_ids_set_through_the_32_bit_entry_are_told_with_the_call_of_that_table(capture, other_abis):
    changes = capture.calls("cred_change", pid=other_abis.lowered)
    assert [(call.a1, call.flags) for call in changes] == [(204, EventFlag.COMPAT), (213, EventFlag.COMPAT)]
    assert credential_change(changes[0].text, changes[0].text2) == "egid 0→1234 sgid 0→1234 fsgid 0→1234"
    assert credential_change(changes[1].text, changes[1].text2).startswith("uid 0→1001 euid 0→1001")
    table = spec_named("cred_change").args[1]
    assert [format_value(table, call.a1, abi=Abi.I386) for call in changes] == ["setregid32", "setuid32"]


def test_an_x32_call_is_flagged(capture, told):
    facts = told("other_abis")
    (call,) = [call for call in capture.calls(pid=facts.pid) if call.flags & EventFlag.X32]
    assert call.code == 110
    assert capture.frames.events["type"].iloc[call.row] == "getppid"
    # A kernel without that ABI refuses the call: the C library turns it into -1.
    assert call.ret == (facts.x32 if facts.x32 >= 0 else -38)


def test_a_record_taken_alone_is_a_copy_of_the_kernels_memory():
    """The kernel writes there again: what still pointed into the lane would change afterwards."""
    records = np.zeros(1, record_dtype(160))
    records["pid"], records["text_len"], records["data"][0, :4] = 77, 4, [1, 2, 3, 4]
    chunk = chunk_of_records(records, LaneSpec("life", 160, 80, 64))
    (text,) = chunk.texts
    assert not any(np.shares_memory(column, records) for column in chunk.heads.columns.values())
    assert not np.shares_memory(text.rows, records)
    records["data"] = 9
    assert text.rows.tobytes() == bytes([1, 2, 3, 4, 0, 0, 0, 0])
