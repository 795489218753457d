"""Time as it is told, and calls made through entries other than the usual one."""

from itertools import pairwise

import numpy as np
import pytest

from capture.agent.chunks import chunk_of_records
from capture.agent.records import record_dtype
from capture.agent.settings import LaneSpec
from capture.model.events import EventFlag

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


def test_a_call_through_the_32_bit_entry_is_flagged_with_that_tables_number(capture, told):
    facts = told("other_abis")
    if not facts.compat:
        pytest.skip("this kernel has no 32-bit entry (IA32 emulation)")
    calls = [call for call in capture.calls(pid=facts.child) if call.flags & EventFlag.COMPAT]
    assert [(call.code, call.ret) for call in calls] == [(64, facts.pid)]
    # In the usual table 64 is semget.
    assert capture.frames.events["type"].iloc[calls[0].row] == "getppid"


def test_arguments_of_a_32_bit_call_come_from_that_entrys_registers(capture, told):
    facts = told("other_abis")
    if not facts.compat:
        pytest.skip("this kernel has no 32-bit entry (IA32 emulation)")
    (call,) = [call for call in capture.calls(pid=facts.child) if call.flags & EventFlag.COMPAT]
    assert call.args == facts.arguments


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
    assert not np.shares_memory(chunk.words, records)
    assert not np.shares_memory(text.rows, records)
    records["data"] = 9
    assert text.rows.tobytes() == bytes([1, 2, 3, 4, 0, 0, 0, 0])
