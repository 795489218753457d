"""Signals: who sent which to whom, and what it did there."""

import signal

import pytest

from capture.model.symbols_events import EVENT_TABLES

pytestmark = pytest.mark.kernel

SI_USER, SI_KERNEL, SEGV_MAPERR, CLD_KILLED = 0, 0x80, 1, 2
_ACTIONS = {name: number for number, name in EVENT_TABLES["signal_action"].values.items()}


@pytest.fixture
def facts(told):
    return told("signals")


def delivered(capture, pid, number):
    return [call for call in capture.calls("signal_deliver", pid=pid) if call.a0 == number]


def sent_to(capture, pid, number):
    return [call for call in capture.calls("signal_generate") if (call.a2, call.a0) == (pid, number)]


def test_a_signal_that_is_handled_tells_who_sent_it_and_that_it_was_handled(capture, facts):
    assert facts.got == [signal.SIGUSR1, signal.SIGALRM]
    (sent,) = sent_to(capture, facts.pid, signal.SIGUSR1)
    assert (sent.pid, sent.a1, sent.a4) == (facts.pid, SI_USER, 0)
    (taken,) = delivered(capture, facts.pid, signal.SIGUSR1)
    assert (taken.a2, taken.a4) == (_ACTIONS["handled"], facts.pid)
    assert taken.a3 > 1
    assert sent.time < taken.time


def test_a_signal_that_is_ignored_is_sent_and_never_taken(capture, facts):
    (sent,) = sent_to(capture, facts.pid, signal.SIGUSR2)
    assert sent.a4 == 1
    assert delivered(capture, facts.pid, signal.SIGUSR2) == []


def test_a_timer_is_nobody_so_that_its_signal_is_the_receivers_own(capture, facts):
    (sent,) = sent_to(capture, facts.pid, signal.SIGALRM)
    assert (sent.pid, sent.a1) == (facts.pid, SI_KERNEL)
    (taken,) = delivered(capture, facts.pid, signal.SIGALRM)
    assert taken.a2 == _ACTIONS["handled"]


@pytest.mark.parametrize(("name", "number"), [("killed", signal.SIGKILL), ("terminated", signal.SIGTERM)])
def test_a_deadly_signal_tells_the_killer_and_the_death(capture, facts, name, number):
    victim = getattr(facts, name)
    (sent,) = sent_to(capture, victim, number)
    assert (sent.pid, sent.a1, sent.process["pid"]) == (facts.pid, SI_USER, facts.pid)
    (taken,) = delivered(capture, victim, number)
    assert taken.a2 == _ACTIONS["kills"]
    (end,) = capture.calls("procexit", pid=victim)
    assert end.a0 == number
    assert sent.time < taken.time < end.time
    (told,) = [call for call in sent_to(capture, facts.pid, signal.SIGCHLD) if call.pid == victim]
    assert told.a1 == CLD_KILLED


def test_a_fault_is_a_signal_of_the_kernel_to_who_made_it(capture, facts):
    (sent,) = sent_to(capture, facts.faulty, signal.SIGSEGV)
    assert (sent.pid, sent.a1) == (facts.faulty, SEGV_MAPERR)
    (taken,) = delivered(capture, facts.faulty, signal.SIGSEGV)
    assert taken.a2 == _ACTIONS["dumps_core"]


def test_threads_that_end_because_their_process_exits_die_of_no_signal(capture, facts):
    ends = capture.calls("procexit", pid=facts.quitter)
    assert len(ends) == 2
    assert [call for call in capture.calls("signal_deliver", pid=facts.quitter) if call.a2 >= 3] == []
