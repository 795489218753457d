"""Births, programs and deaths: processes of a millisecond, threads, and who ran what."""

import pytest

from capture.model.events import EventFlag

pytestmark = pytest.mark.kernel


@pytest.fixture
def lives(told):
    return told("short_lives")


def test_a_process_of_a_millisecond_is_born_runs_its_program_and_ends(capture, lives):
    life = lives.true
    (birth,) = [call for call in capture.calls("procfork", pid=lives.pid) if call.a0 == life["pid"]]
    (program,) = capture.calls("execve", pid=life["pid"])
    (end,) = capture.calls("procexit", pid=life["pid"])
    assert birth.time < program.time < end.time
    assert end.a2 == birth.a2  # one start time, told twice
    assert birth.a2 <= birth.time
    assert program.text == life["path"].encode()
    assert program.argv == [word.encode() for word in life["argv"]]
    assert (program.ino, program.mode & 0o170000) != (0, 0)
    assert (end.a0, end.a1) == (0, 1)
    process = end.process
    assert (process["pid"], process["ppid"], process["exit_code"], process["existed"]) == (
        *(life["pid"], lives.pid, 0, False),
    )
    assert process["start"] == birth.a2
    assert process["end"] == end.time
    assert program.image["exepath"].endswith("/bin/true")


def test_an_exit_code_is_told(capture, lives):
    (end,) = capture.calls("procexit", pid=lives.code["pid"])
    assert end.a0 == lives.code["status"] == 7 << 8
    assert (end.process["exit_code"], end.process["exit_signal"]) == (7, 0)


def test_the_signal_that_killed_a_process_is_told(capture, lives):
    (end,) = capture.calls("procexit", pid=lives.killed["pid"])
    assert (end.process["exit_code"], end.process["exit_signal"]) == (-1, 9)


def test_twenty_processes_in_a_row_are_twenty_processes(capture, lives):
    programs = [call for pid in lives.many for call in capture.calls("execve", pid=pid)]
    assert [call.argv for call in programs] == [[b"true", b"%d" % number] for number in range(20)]
    assert len({capture.frames.events["process"].to_numpy()[call.row] for call in programs}) == 20


def test_exit_group_never_returns(capture, lives):
    (call,) = capture.calls("exit_group", pid=lives.code["pid"])
    assert call.flags & EventFlag.NEVER_RETURNED
    assert call.a0 == 7


def test_reads_of_a_second_thread_carry_its_tid_and_the_process_pid(capture, told):
    facts = told("threads")
    reads = [call for call in capture.calls("read", pid=facts.pid) if call.descriptor["name"] == facts.path]
    of_thread = [call for call in reads if call.tid == facts.tid]
    of_main = [call for call in reads if call.tid == facts.main]
    assert (len(of_thread), len(of_main), len(reads)) == (17, 11, 28)
    processes = capture.frames.events["process"].to_numpy()
    assert len({processes[call.row] for call in reads}) == 1
    threads = capture.frames.events["thread"].to_numpy()
    assert {capture.frames.threads["tid"].iloc[threads[call.row]] for call in of_thread} == {facts.tid}


def test_the_birth_and_end_of_a_thread_are_not_those_of_its_process(capture, told):
    facts = told("threads")
    births = [call for call in capture.calls("procfork", pid=facts.pid) if call.a1 == facts.tid]
    assert [(call.a0, call.a1) for call in births] == [(facts.pid, facts.tid)]
    ends = {call.tid: call for call in capture.calls("procexit", pid=facts.pid)}
    assert (ends[facts.tid].a1, ends[facts.main].a1) == (0, 1)
    assert ends[facts.main].process["end"] == ends[facts.main].time


def test_a_program_run_by_a_thread_belongs_to_the_process_that_the_thread_becomes(capture, told):
    facts = told("exec_in_thread")
    assert facts.tid == facts.pid
    assert facts.thread != facts.pid
    first, second = capture.calls("execve", pid=facts.pid)
    assert first.argv[-1] != str(facts.thread).encode()
    assert second.argv[-1] == str(facts.thread).encode()
    assert second.tid == facts.pid
    assert second.latency >= 0
    processes = capture.frames.events["process"].to_numpy()
    assert processes[first.row] == processes[second.row]
    # The first thread died so that the other could take its place; the process went on.
    early, last = capture.calls("procexit", pid=facts.pid)
    assert (early.tid, early.a1, last.a1) == (facts.pid, 0, 1)
    assert first.time < early.time < second.time
    assert (last.process["exit_code"], last.process["end"]) == (0, last.time)


def test_a_process_that_hangs_in_a_read_at_the_end_is_told_of(capture, told):
    facts = told("blocked")
    (call,) = [call for call in capture.calls("read", pid=facts.child) if call.flags & EventFlag.IN_PROGRESS]
    number, *arguments = [int(word, 0) for word in facts.syscall[:7]]
    assert number == call.code
    assert call.args == arguments
    assert (call.a0, call.a2) == (facts.fd, 4_321)
    assert call.latency > 0
    assert call.process["pid"] == facts.child
    assert call.process["end"] == -1


def test_calls_of_the_dead_are_not_in_progress(capture, told):
    for name in ("counts", "threads", "pipe_ends"):
        calls = capture.calls(pid=told(name).pid)
        assert calls
        assert not any(call.flags & EventFlag.IN_PROGRESS for call in calls)


def test_arguments_of_a_hundred_kibibytes_are_cut_and_flagged(capture, told):
    (call,) = capture.calls("execve", pid=told("arguments").long)
    assert call.flags & EventFlag.TEXT_TRUNCATED
    assert call.text2.startswith(b"true\0AAAA")
    assert set(call.text2[5:]) == {ord("A")}
    assert 1_024 <= len(call.text2) < 100 << 10


def test_programs_are_whole_about_where_they_need_a_long_record(capture, told):
    """A short record has room for 384 bytes of arguments and for a name of 183 bytes."""
    facts = told("arguments")
    sizes = [size for size, _ in facts.sizes]
    assert min(sizes) < 384 < max(sizes) and 384 in sizes
    for size, pid in facts.sizes:
        (call,) = capture.calls("execve", pid=pid)
        assert call.argv == [b"true", b"x" * (size - 6)]
        assert not call.flags & (EventFlag.TEXT_TRUNCATED | EventFlag.UNREADABLE)
        assert call.image["exepath"].endswith("/true")
    assert {len(name) for name, _ in facts.names} == {183, 184, 255}
    for name, pid in facts.names:
        (call,) = capture.calls("execve", pid=pid)
        assert (call.text, call.argv) == (name.encode(), [b"true", b"by a long name"])
        assert not call.flags & (EventFlag.TEXT_TRUNCATED | EventFlag.UNREADABLE)
        assert call.image["exepath"].endswith("/true")


def test_arguments_by_the_thousand_are_cut_and_flagged(capture, told):
    (call,) = capture.calls("execve", pid=told("arguments").many)
    assert call.flags & EventFlag.TEXT_TRUNCATED
    words = call.argv
    assert words[:3] == [b"true", b"argument-0", b"argument-1"]
    assert words[1:-1] == [b"argument-%d" % number for number in range(len(words) - 2)]


def test_arguments_that_are_no_text_are_kept_byte_for_byte(capture, told):
    (call,) = capture.calls("execve", pid=told("arguments").bytes)
    assert call.argv == [b"true", b"\xff\xfe", b"", b"\n\x1b[31m"]
    assert not call.flags & EventFlag.TEXT_TRUNCATED


def test_a_failed_exec_tells_what_was_looked_for(capture, told):
    (call,) = capture.calls("execve", pid=told("arguments").missing)
    assert (call.ret, call.text, call.text2) == (-2, b"/nowhere/to-be-found", b"")
