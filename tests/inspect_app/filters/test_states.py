"""What a process is at the moment of an event: by example, and by law against living through it."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.filters.states import Lives, alive_at_events
from inspect_app.frames import open_capture
from tests.builders.capture import CaptureBuilder, sock
from tests.builders.frames import build_frames

ENDS = sock("10.0.0.1:4000", "10.0.0.9:443")
SYS_ADMIN, NET_RAW = 1 << 21, 1 << 13


def credentials(gid, permitted=0):
    return struct.pack("<5Q8III", 0, permitted, permitted, 0, 0, *[0] * 4, *[gid] * 4, 0, 1 << 24)


def told(frames, name, argument=""):
    """A field of every event as plain values."""
    column = FIELDS[name].column(frames, argument)
    if column.codes is not None:
        return [column.values[code] if code >= 0 else None for code in column.codes]
    missing = [False] * len(column.values) if column.missing is None else column.missing.tolist()
    return [None if gone else value for gone, value in zip(missing, column.values.tolist(), strict=True)]


@st.composite
def histories(draw):
    """(lives, of_event, owners, rows): forks and facts in any order that can happen."""
    count = draw(st.integers(1, 6))
    events = draw(st.integers(0, 14))
    creator, fork = [-1] * count, [-1] * count
    for life in range(1, count):
        if draw(st.booleans()):
            creator[life] = draw(st.integers(0, life - 1))
            earliest = max(fork[creator[life]], 0)
            fork[life] = draw(st.integers(earliest, max(earliest, events - 1)))
    of_event = draw(st.lists(st.integers(-1, count - 1), min_size=events, max_size=events))
    of_event = [life if life < 0 or fork[life] <= row else -1 for row, life in enumerate(of_event)]
    facts = draw(
        st.lists(st.tuples(st.integers(0, max(events - 1, 0)), st.integers(0, count - 1)), max_size=8)
    )
    facts = sorted(fact for fact in facts if fact[0] >= fork[fact[1]])
    return creator, fork, of_event, [owner for _, owner in facts], [row for row, _ in facts]


@settings(max_examples=80, deadline=None)
@given(histories())
def test_what_holds_is_what_living_through_it_finds(history):
    creator, fork, of_event, owners, rows = history
    lives = Lives(np.array(of_event, np.int64), np.array(creator, np.int64), np.array(fork, np.int64))
    now = [len(owners) + life for life in range(len(creator))]
    expected = []
    for row, life in enumerate(of_event):
        for fact, (owner, since) in enumerate(zip(owners, rows, strict=True)):
            if since == row:
                now[owner] = fact
        for child, (parent, at) in enumerate(zip(creator, fork, strict=True)):
            if (
                at == row
                and parent >= 0
                and not any(
                    owner == child and since == row for owner, since in zip(owners, rows, strict=True)
                )
            ):
                now[child] = now[parent]
        expected.append(now[life] if life >= 0 else -1)
    found = lives.holding(np.array(owners, np.int64), np.array(rows, np.int64))
    assert found.tolist() == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 9), st.integers(-1, 60), st.integers(-1, 60)), max_size=12))
def test_lives_are_counted_as_one_by_one(lives):
    frames = build_frames()
    time = frames.events["time"].to_numpy()
    lives = [(owner, start, end) for owner, start, end in lives if end < 0 or end >= start]
    at = lambda row: -1 if row < 0 else int(time[row])  # noqa: E731
    owner, start, end = (
        np.array(column, np.int64)
        for column in (
            [one[0] for one in lives], [at(one[1]) for one in lives], [at(one[2]) for one in lives]
        )
    )  # fmt: skip
    counts, holding = alive_at_events(frames, owner, start, end)
    for row, process in enumerate(frames.events["process"].tolist()):
        there = (owner == process) & (start <= time[row]) & ((end < 0) | (end >= time[row]))
        assert (holding[row] < 0) == (process < 0)
        assert process < 0 or counts[holding[row]] == np.count_nonzero(there)


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A shell of the snapshot makes a child, which becomes another group and leads its own process group."""
    book = CaptureBuilder()
    book.tables["groups"] = [{"gid": 1000, "name": "alice"}, {"gid": 27, "name": "sudo"}]
    facts = {"gid": 1000, "pgid": 100, "nspid": 100, "cap_permitted": NET_RAW, "cap_effective": 0}
    book.process(100, comm="sh", sid=100, **facts)
    book.descriptor(100, 0, "/dev/pts/1", ino=3, mode=0o020620)
    book.event("getpid", pid=100)
    book.fork(100, 201, comm=b"sh")
    book.event("getpid", pid=201)
    book.event("setpgid", pid=201, args=(0, 0))
    book.event("socket", pid=201, ret=3, fd=3, ino=40, dev=8, mode=0o140777, sock=ENDS, args=(2, 1, 0))
    book.event("dup2", pid=201, ret=0, fd=0, ino=40, dev=8, mode=0o140777, sock=ENDS, args=(3, 0))
    book.event("cred_change", pid=201, args=(2,), text=credentials(1000, NET_RAW),
               text2=credentials(27, NET_RAW | SYS_ADMIN))  # fmt: skip
    book.exec(201, "/bin/nc", "nc", "-e", "a b", ino=60)
    book.fork(201, 202, comm=b"nc")
    book.event("getpid", pid=202)
    book.event("setpgid", pid=201, args=(202, 100))
    book.event("getpid", pid=202)
    book.event("close", pid=202, ret=0, fd=0, ino=40, dev=8, mode=0o140777, sock=ENDS, args=(0,))
    book.event("getpid", pid=202)
    book.exit(202)
    book.event("getpid", pid=201)
    return open_capture(book.write(tmp_path_factory.mktemp("shell") / "x.exhume"))


def of(frames, name, pid, argument=""):
    process = frames.processes["pid"].to_numpy()[frames.events["process"].to_numpy()]
    values = told(frames, name, argument)
    return [value for value, owner in zip(values, process.tolist(), strict=True) if owner == pid]


def test_a_group_id_is_that_of_the_moment(shell):
    assert of(shell, "group.gid", 100) == [1000, 1000]
    assert of(shell, "group.gid", 201) == [1000] * 4 + [27] * 5
    assert of(shell, "group.name", 202) == ["sudo"] * 5


def test_capabilities_are_those_of_the_moment(shell):
    assert of(shell, "thread.cap_permitted", 100) == ["CAP_NET_RAW"] * 2
    assert of(shell, "thread.cap_permitted", 201)[-1] == "CAP_NET_RAW CAP_SYS_ADMIN"
    assert of(shell, "thread.cap_effective", 201)[0] == ""
    assert of(shell, "thread.cap_inheritable", 201) == [None] * 4 + [""] * 5
    assert of(shell, "thread.cap_effective", 202) == ["CAP_NET_RAW CAP_SYS_ADMIN"] * 5


def test_a_process_group_is_handed_down_and_changed(shell):
    assert of(shell, "proc.pgid", 201) == [100] + [201] * 8
    assert of(shell, "proc.pgid", 202) == [201] + [100] * 4
    assert of(shell, "proc.is_pgid_leader", 201) == [False] + [True] * 8
    assert of(shell, "proc.pgid.name", 202) == ["nc"] + ["sh"] * 4
    assert of(shell, "proc.vpgid", 202)[0] == 201


def test_standard_descriptors_are_told_through_forks_and_duplicates(shell):
    assert of(shell, "proc.stdin.type", 100) == ["char", "char"]
    assert of(shell, "proc.stdin.name", 100) == ["/dev/pts/1"] * 2
    assert of(shell, "proc.stdin.type", 201) == ["char"] * 3 + ["ipv4"] * 6
    assert of(shell, "fd.types", 202, "0") == ["ipv4"] * 3 + [None, None]
    assert of(shell, "proc.stdout.type", 201) == [None] * 9


def test_threads_and_children_are_those_of_the_moment(shell):
    assert of(shell, "proc.nchilds", 100) == [0, 1]
    assert of(shell, "proc.nchilds", 201) == [0] * 6 + [1, 1, 0]
    assert of(shell, "proc.nthreads", 201) == [1] * 9


def test_single_arguments_are_told_apart(shell):
    assert of(shell, "proc.args", 201, "1")[-1] == "a b"
    assert of(shell, "proc.args", 201, "0")[-1] == "-e"
    assert of(shell, "proc.args", 201, "2")[-1] is None
    assert of(shell, "proc.cmdnargs", 201)[-1] == 2
    assert of(shell, "proc.cmdlenargs", 201)[-1] == 5


def test_rules_on_shells_over_a_socket_are_answered(shell):
    rule = (
        "proc.stdin.type in (ipv4, ipv6) and evt.type = execve"
        " and thread.cap_permitted contains CAP_SYS_ADMIN"
    )
    assert np.flatnonzero(evaluate(parse(rule), shell)).tolist() == [7]


def test_a_socket_that_is_connected_elsewhere_changes_its_name(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="dig")
    first, second = sock("10.0.0.1:4000", "10.0.0.2:53", kind=2), sock("10.0.0.1:4000", "10.0.0.3:53", kind=2)
    facts = {"fd": 3, "ino": 40, "dev": 8, "mode": 0o140777}
    book.event("socket", ret=3, sock=sock(kind=2), args=(2, 2, 0), **facts)
    for ends in (first, first, second):
        book.event("connect", sock=ends, args=(3,), **facts)
        book.event("write", ret=1, sock=ends, args=(3, 0, 1), **facts)
    book.event("close", sock=second, args=(3,), **facts)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert len(set(told(frames, "fd.name"))) == 2
    assert np.flatnonzero(evaluate(parse("fd.name_changed = true"), frames)).tolist() == [5]
    assert told(frames, "fd.connected") == [True] * 8
