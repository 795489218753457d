import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.identity.processes import TOLERANCE_NS, find_processes, find_threads
from capture.identity.resolve import identify
from tests.builders.capture import CHAR, MS, START_NS, CaptureBuilder


def processes_of(book):
    return find_processes(book.events(), book.tables["processes"])


def keys(processes):
    return sorted(zip(processes.pid.tolist(), processes.start.tolist(), strict=True))


def test_a_pid_used_again_is_another_process(book):
    book.fork(100, 200)
    one = book.event("read", pid=200)
    book.exit(200)
    book.fork(100, 200)
    two = book.event("read", pid=200)
    found = processes_of(book)
    assert found.of_event[one] != found.of_event[two]
    assert found.pid[found.of_event[[one, two]]].tolist() == [200, 200]
    assert found.end[found.of_event[one]] > 0
    assert found.end[found.of_event[two]] == -1


def test_a_pid_used_again_within_the_tolerance_is_still_another_process(book):
    book.fork(100, 200, start=START_NS)
    book.exit(200, start=START_NS)
    book.fork(100, 200, start=START_NS + MS)
    book.exit(200, start=START_NS + MS)
    assert [pid for pid, _ in keys(processes_of(book))].count(200) == 2


def test_a_process_that_the_snapshot_lists_and_whose_fork_was_seen_is_one(book):
    row = book.fork(100, 200, start=START_NS + 7 * MS)
    book.process(200, start_ns=START_NS, ppid=100, uid=5)
    found = processes_of(book)
    assert keys(found).count((200, START_NS + 7 * MS)) == 1
    assert [pid for pid, _ in keys(found)].count(200) == 1
    child = found.pid.tolist().index(200)
    assert found.forked[child] == row
    assert found.snapshot[child] == 1
    assert not found.existed[child]


def test_a_process_that_the_snapshot_lists_is_not_the_dead_one_with_its_pid(book):
    book.fork(100, 200, start=START_NS)
    book.exit(200, start=START_NS)
    book.process(200, start_ns=START_NS + 5 * TOLERANCE_NS, ppid=100)
    later = book.event("read", pid=200, time=START_NS + 6 * TOLERANCE_NS)
    found = processes_of(book)
    assert found.start[found.of_event[later]] == START_NS + 5 * TOLERANCE_NS


def test_a_pid_that_was_never_introduced_is_a_process_without_a_start(book):
    row = book.event("read", pid=777)
    found = processes_of(book)
    stranger = found.of_event[row]
    assert (found.pid[stranger], found.start[stranger], found.parent[stranger]) == (777, -1, -1)
    assert found.existed[stranger]


def test_a_pid_that_acts_long_after_its_end_is_another_process_whose_fork_was_lost(book):
    book.fork(100, 200)
    book.exit(200)
    at_once = book.event("exit_group", pid=200, flags=8)
    late = book.event("read", pid=200, time=START_NS + 10 * TOLERANCE_NS)
    found = processes_of(book)
    assert found.start[found.of_event[at_once]] > 0
    assert found.start[found.of_event[late]] == -1
    assert not found.existed[found.of_event[late]]


@pytest.mark.parametrize(("number", "is_its_own"), [(17, True), (1, True), (9, False)])
@pytest.mark.parametrize("is_known", [True, False])
def test_what_a_process_tells_its_parent_long_after_its_end_is_its_own(book, number, is_its_own, is_known):
    """On a busy machine it may be a while from the end, as told, to the signal that follows."""
    if is_known:
        book.fork(100, 200, start=START_NS)
    read = book.event("read", pid=200, time=START_NS + MS)
    book.exit(200, start=START_NS, time=START_NS + 2 * MS)
    sent = book.event("signal_generate", pid=200, a0=number, time=START_NS + 3 * MS + TOLERANCE_NS)
    found = processes_of(book)
    assert (found.of_event[sent] == found.of_event[read]) == is_its_own


def test_events_before_the_fork_of_their_pid_belong_to_an_earlier_process(book):
    early = book.event("read", pid=200)
    book.fork(100, 200)
    found = processes_of(book)
    assert found.start[found.of_event[early]] == -1
    assert [pid for pid, _ in keys(found)].count(200) == 2


def test_an_exit_introduces_a_process_whose_fork_was_lost(book):
    book.event("read", pid=100)
    row = book.event("read", pid=300, time=START_NS + 50 * MS)
    book.exit(300, start=START_NS + 40 * MS, status=3 << 8)
    found = processes_of(book)
    process = found.of_event[row]
    assert found.start[process] == START_NS + 40 * MS
    assert found.status[process] == 3 << 8


def test_the_end_is_that_of_the_last_thread(book):
    book.fork(100, 200)
    book.fork(200, 201, thread_of=200)
    book.exit(200, last=0)
    book.exit(200, tid=201, status=9, last=1)
    found = processes_of(book)
    process = found.pid.tolist().index(200)
    assert found.status[process] == 9
    assert found.end[process] == book.rows[-1]["time"]


def test_the_creating_parent_is_told_by_the_fork_and_the_current_one_by_the_snapshot(book):
    book.process(1, ppid=0)
    book.fork(100, 200)
    book.exit(100)
    found = processes_of(book)
    by_pid = {pid: row for row, pid in enumerate(found.pid.tolist())}
    assert found.parent[by_pid[200]] == by_pid[100]
    assert found.ppid[by_pid[200]] == 100
    assert found.parent[by_pid[100]] == by_pid[1]
    assert found.parent[by_pid[1]] == -1


def test_the_parent_is_the_process_that_had_the_pid_at_the_fork(book):
    book.fork(100, 200)
    book.fork(200, 300)
    book.exit(200)
    book.fork(100, 200)
    book.fork(200, 400)
    found = processes_of(book)
    by_pid = {pid: row for row, pid in enumerate(found.pid.tolist())}
    assert found.parent[by_pid[300]] != found.parent[by_pid[400]]
    assert found.pid[found.parent[[by_pid[300], by_pid[400]]]].tolist() == [200, 200]


def test_a_thread_is_no_process(book):
    book.fork(100, 101, thread_of=100)
    row = book.event("read", pid=100, tid=101)
    events, listed = book.events(), book.tables["processes"]
    found = find_processes(events, listed)
    threads = find_threads(events, found, listed)
    assert 101 not in found.pid
    assert threads.tid[threads.of_event[row]] == 101
    assert threads.process[threads.of_event[row]] == found.of_event[row]
    assert threads.start[threads.of_event[row]] == START_NS


def test_threads_of_the_snapshot_and_unknown_ones_belong_to_their_process(book):
    book.process(500, threads=(501,))
    known, unknown = book.event("read", pid=500, tid=501), book.event("read", pid=500, tid=502)
    events, listed = book.events(), book.tables["processes"]
    found = find_processes(events, listed)
    threads = find_threads(events, found, listed)
    assert threads.tid[threads.of_event[[known, unknown]]].tolist() == [501, 502]
    assert (threads.process[threads.of_event[[known, unknown]]] == found.of_event[known]).all()
    assert threads.start[threads.of_event[known]] == -1


def test_a_tid_used_again_by_another_process_is_another_thread(book):
    book.fork(100, 900, thread_of=100)
    one = book.event("read", pid=100, tid=900)
    book.exit(100, tid=900, last=0)
    book.fork(100, 200)
    book.fork(200, 900, thread_of=200)
    two = book.event("read", pid=200, tid=900)
    events, listed = book.events(), book.tables["processes"]
    threads = find_threads(events, find_processes(events, listed), listed)
    assert threads.of_event[one] != threads.of_event[two]
    assert threads.end[threads.of_event[one]] > 0
    assert threads.end[threads.of_event[two]] == -1


def test_a_fork_hands_down_terminal_and_session_until_setsid(book):
    book.fork(100, 200)
    book.event("setsid", pid=200, ret=200)
    book.fork(200, 300)
    found = identify(book.events(), book.tables)
    by_pid = {pid: row for row, pid in enumerate(found.processes.pid.tolist())}
    assert (found.tty[by_pid[200]], found.tty[by_pid[300]]) == (0, 0)
    assert [found.sid[by_pid[pid]] for pid in (100, 200, 300)] == [100, 200, 200]
    assert found.uid[by_pid[100]] == 1000


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("/dev/pts/3", 136 << 8 | 3),
        ("/dev/pts/300", 137 << 8 | 44),
        ("/dev/tty2", 4 << 8 | 2),
        ("/dev/tty", -1),
    ],
)
def test_a_session_gets_the_terminal_that_its_leader_asks_for(book, name, number):
    book.fork(100, 200)
    book.event("setsid", pid=200, ret=200)
    book.descriptor(100, 0, name, ino=70)
    book.event("ioctl", pid=200, fd=0, ino=70, args=(0, 0x540E, 0))
    book.fork(200, 300)
    found = identify(book.events(), book.tables)
    by_pid = {pid: row for row, pid in enumerate(found.processes.pid.tolist())}
    assert [found.tty[by_pid[pid]] for pid in (100, 200, 300)] == [34816, number, number]


@pytest.mark.parametrize(("ino", "number"), [(3, 136 << 8), (10, 136 << 8 | 7)])
def test_a_terminal_that_no_path_led_to_is_known_by_its_inode(book, ino, number):
    book.fork(100, 200)
    book.event("setsid", pid=200, ret=200)
    book.event("ioctl", pid=200, fd=4, dev=26, ino=ino, mode=CHAR, args=(4, 0x540E, 1))
    book.event("read", pid=200, fd=0, dev=26, ino=12, mode=CHAR, args=(0,))
    book.event("read", pid=200, fd=9, dev=5, ino=8, mode=CHAR, args=(9,))
    found = identify(book.events(), book.tables)
    by_pid = {pid: row for row, pid in enumerate(found.processes.pid.tolist())}
    assert found.tty[by_pid[200]] == number
    names = [found.descriptors.name[at] for at in found.descriptors.of_event[-3:].tolist()]
    assert names == [f"/dev/pts/{ino - 3}", "/dev/pts/9", ""]


def test_the_mounts_tell_where_pseudoterminals_lie(book):
    book.tables["mounts"] = [{"dev": 26, "type": "devpts"}, {"dev": [], "type": "devpts"}, {"dev": 1 << 70}]
    book.event("read", fd=0, dev=26, ino=12, mode=CHAR, args=(0,))
    found = identify(book.events(), book.tables)
    assert found.descriptors.name == ["/dev/pts/9"]


@pytest.mark.parametrize(
    "row",
    [
        {"pid": "one"},
        {"pid": -5, "start_ns": 1 << 80},
        {"pid": 7, "threads": 3, "ppid": None},
        {"pid": 7, "threads": [1 << 90, "x", None]},
        {},
    ],
)
def test_rows_of_the_snapshot_that_make_no_sense_do_no_harm(book, row):
    book.tables["processes"].append(row)
    book.event("read", pid=7)
    assert identify(book.events(), book.tables).processes.of_event[0] >= 0


def test_a_process_that_claims_to_have_forked_itself_is_survived(book):
    book.fork(200, 200)
    book.event("read", pid=200)
    found = identify(book.events(), book.tables)
    assert (found.processes.parent != np.arange(len(found.processes))).all()


def test_no_events_at_all_are_no_error():
    found = identify(CaptureBuilder().events(), {})
    assert len(found.processes) == len(found.images.process) == len(found.descriptors.name) == 0


steps = st.lists(st.tuples(st.sampled_from(["fork", "exit", "read"]), st.integers(200, 203)), max_size=30)


@given(steps)
@settings(max_examples=40, deadline=None)
def test_events_are_told_apart_as_a_loop_would(script):
    """A naive bookkeeper walks the events one by one; both must group them alike."""
    book = CaptureBuilder()
    book.process(100)
    living: dict[int, object] = {}
    expected = []
    for step, pid in script:
        # Far apart, so that nothing is taken for what follows an exit.
        time = book.rows[-1]["time"] + 2 * TOLERANCE_NS if book.rows else START_NS
        if step == "fork":
            book.fork(100, pid, time=time, start=time)
            living[pid] = ("forked", len(book.rows))
            expected.append("parent")
            continue
        expected.append(living.setdefault(pid, ("stranger", len(book.rows))))
        if step == "exit":
            book.exit(pid, time=time)
            del living[pid]
        else:
            book.event("read", pid=pid, time=time)
    found = processes_of(book).of_event.tolist() if book.rows else []
    pairs = set(zip(expected, found, strict=True))
    assert len(pairs) == len(set(expected)) == len(set(found))
