"""The other end of connections, unix sockets and pipes, and the edges that they make between processes."""

import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.edges import edges
from inspect_app.analysis.selection import select
from inspect_app.filters.transfers import peer_process, peers
from inspect_app.frames import open_capture
from inspect_app.frames.peers import HOWS
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from tests.builders.capture import MS, PIPE, SOCKET, START_NS, CaptureBuilder, sock

UNIX = struct.pack("<HH44x", 1, 1)
PATH = b"\1\0/run/x.sock\0"


class Talk(CaptureBuilder):
    """Transfers between processes; each socket is used under its inode as number."""

    def moved(self, pid, ino, kind, size, ends=b"", *, mode=SOCKET, **columns):
        return self.event(kind, pid=pid, fd=ino, ino=ino, mode=mode, ret=size, sock=ends or 0, **columns)


@pytest.fixture
def book():
    return Talk()


@pytest.fixture
def opened(book, tmp_path):
    return lambda: open_capture(book.write(tmp_path / "x.exhume"))


def met(frames):
    """Pairs of inodes that are each other's ends, and how that is known."""
    found, ino = peers(frames), frames.descriptors["ino"].tolist()
    return {
        (ino[row], ino[other], HOWS[how])
        for row, (other, how) in enumerate(zip(found.other.tolist(), found.how.tolist(), strict=True))
        if other >= 0
    }


def flows(frames):
    pid = [*frames.processes["pid"].tolist(), None]
    table = edges(frames)
    return [
        (pid[row["sender"]], pid[row["receiver"]], row["kind"], row["sent"], row["received"])
        for row in table.to_dict("records")
    ]


@pytest.mark.parametrize(
    ("client", "server", "protocol"),
    [
        (("127.0.0.1:5000", "127.0.0.1:80"), ("127.0.0.1:80", "127.0.0.1:5000"), (1, 6)),
        (("[::1]:5000", "[::1]:80"), ("[::1]:80", "[::1]:5000"), (1, 6)),
        (("10.0.0.1:5000", "10.0.0.2:80"), ("[::ffff:10.0.0.2]:80", "[::ffff:10.0.0.1]:5000"), (1, 6)),
        (("10.0.0.1:5000", "10.0.0.2:5000"), ("10.0.0.2:5000", "10.0.0.1:5000"), (1, 6)),
        (("127.0.0.1:5000", "127.0.0.1:53"), ("0.0.0.0:53", "127.0.0.1:5000"), (2, 17)),
        (("0.0.0.0:5000", "127.0.0.1:53"), ("0.0.0.0:53", "127.0.0.1:5000"), (2, 17)),
    ],
)
def test_sockets_with_each_others_addresses_are_the_two_ends(book, opened, client, server, protocol):
    kind = dict(zip(("kind", "protocol"), protocol, strict=True))
    book.moved(100, 7, "write", 10, sock(*client, **kind))
    book.moved(200, 8, "read", 10, sock(*server, **kind))
    book.moved(200, 8, "write", 5, sock(*server, **kind))
    frames = opened()
    assert met(frames) == {(7, 8, "addresses"), (8, 7, "addresses")}
    assert [(one, other, sent, got) for one, other, _, sent, got in flows(frames)] == [
        (100, 200, 10, 10),
        (200, 100, 5, 0),
    ]


@pytest.mark.parametrize(
    "server",
    [
        ("10.0.0.2:80", "10.0.0.1:5001"),
        ("10.0.0.2:81", "10.0.0.1:5000"),
        ("172.17.0.2:80", "172.17.0.1:5000"),
        ("10.0.0.2:80", ""),
    ],
)
def test_other_addresses_are_nobodys_other_end(book, opened, server):
    book.moved(100, 7, "write", 10, sock("10.0.0.1:5000", "10.0.0.2:80"))
    book.moved(200, 8, "read", 10, sock(*server))
    frames = opened()
    assert met(frames) == set()
    assert flows(frames) == [(100, None, "ipv4", 10, -1), (None, 200, "ipv4", -1, 10)]


def test_ports_that_are_used_again_meet_those_of_their_time(book, opened):
    for turn in range(3):
        book.moved(100, 10 + turn, "write", 10, sock("10.0.0.1:5000", "10.0.0.2:80"))
        book.moved(200, 20 + turn, "read", 10, sock("10.0.0.2:80", "10.0.0.1:5000"))
    assert {pair[:2] for pair in met(opened())} == {
        (10, 20),
        (20, 10),
        (11, 21),
        (21, 11),
        (12, 22),
        (22, 12),
    }


def test_sockets_made_to_look_alike_exhaust_nothing(book, opened):
    for turn in range(300):
        book.moved(100, 1_000 + turn, "write", 1, sock("127.0.0.1:80", "127.0.0.1:80"))
    assert len(met(opened())) <= 300


def connect(book, pid, ino):
    book.event("connect", pid=pid, fd=ino, ino=ino, mode=SOCKET, sock=UNIX, addr=PATH)


def accept(book, pid, ino, listener=3):
    book.event("accept4", pid=pid, ret=ino, fd=ino, ino=ino, mode=SOCKET, sock=UNIX, args=(listener,))


def test_connects_to_a_unix_path_are_accepted_in_their_order(book, opened):
    book.event("bind", pid=200, fd=3, ino=3, mode=SOCKET, sock=UNIX, addr=PATH)
    connect(book, 100, 10)
    connect(book, 101, 11)
    accept(book, 200, 20)
    accept(book, 200, 21)
    connect(book, 102, 12)
    book.moved(101, 11, "write", 7, UNIX)
    book.moved(200, 21, "read", 7, UNIX)
    frames = opened()
    assert {pair for pair in met(frames) if pair[0] < 20} == {(10, 20, "order"), (11, 21, "order")}
    assert flows(frames) == [(101, 200, "unix", 7, 7)]


def test_who_read_what_was_not_written_is_not_the_other_end(book, opened):
    book.event("bind", pid=200, fd=3, ino=3, mode=SOCKET, sock=UNIX, addr=PATH)
    connect(book, 100, 10)
    accept(book, 200, 20)
    book.moved(100, 10, "write", 7, UNIX)
    book.moved(200, 20, "read", 70, UNIX)
    assert met(opened()) == set()


def test_an_accept_before_the_connect_is_of_another_one(book, opened):
    book.event("bind", pid=200, fd=3, ino=3, mode=SOCKET, sock=UNIX, addr=PATH)
    accept(book, 200, 20)
    connect(book, 100, 10)
    assert met(opened()) == set()


def test_the_ends_of_a_socketpair_are_known_when_they_are_used(book, opened):
    for fds, inos in (((3, 4), (30, 31)), ((3, 4), (40, 41))):
        book.event("socketpair", ret=0, data=struct.pack("<2i", *fds))
        for fd, ino in zip(fds, inos, strict=True):
            book.event("close", fd=fd, ino=ino, mode=SOCKET, sock=UNIX)
    assert {pair for pair in met(opened()) if pair[0] < pair[1]} == {(30, 31, "pair"), (40, 41, "pair")}


def test_who_writes_to_a_pipe_talks_to_who_reads_from_it(book, opened):
    book.moved(100, 7, "write", 10, mode=PIPE)
    book.moved(101, 7, "write", 30, mode=PIPE)
    book.moved(200, 7, "read", 40, mode=PIPE)
    book.event("close", pid=100, fd=7, ino=7, mode=PIPE)
    frames = opened()
    assert sorted(flows(frames)) == [(100, 200, "pipe", 10, 40), (101, 200, "pipe", 30, 40)]
    pid = np.append(frames.processes["pid"].to_numpy(), -1)
    assert pid[peer_process(frames)].tolist() == [200, 200, 101, -1]


def test_a_pipe_that_very_many_share_is_refused(book, opened, monkeypatch):
    monkeypatch.setattr("inspect_app.analysis.edges.MAX_EDGES", 3)
    for pid in range(100, 104):
        book.moved(pid, 7, "write", 1, mode=PIPE)
        book.moved(pid, 7, "read", 1, mode=PIPE)
    frames = opened()
    with pytest.raises(ValueError, match="more than 3 pairs"):
        edges(frames)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["connect", "accept4", "write", "read", "socketpair", "close"]),
            st.integers(100, 103),
            st.integers(5, 9),
            st.sampled_from(
                [UNIX, sock("127.0.0.1:1", "127.0.0.1:2"), sock("127.0.0.1:2", "127.0.0.1:1"), b"?"]
            ),
            st.integers(0, 9),
        ),
        max_size=25,
    )
)
def test_whatever_happened_an_end_is_the_other_end_of_its_other_end(calls):
    book = Talk()
    for name, pid, ino, ends, size in calls:
        data = struct.pack("<2i", ino, ino + 1) if name == "socketpair" else b"x" * size
        book.event(name, pid=pid, fd=ino, ino=ino, mode=SOCKET, sock=ends, addr=PATH, ret=size, data=data)
    with tempfile.TemporaryDirectory() as folder:
        frames = open_capture(book.write(Path(folder) / "x.exhume"))
        found, table = peers(frames), edges(frames)
    for row, other in enumerate(found.other.tolist()):
        assert other == -1 or (found.other[other] == row and found.how[other] == found.how[row] >= 0)
    known = table[(table["sent"] >= 0) & (table["received"] >= 0)]
    assert (known["how"] != "").all()


def test_the_view_of_who_talks_to_whom_adds_up(frames):
    table = apply_view(VIEWS["talks"], frames, select(frames))
    told = {table.label(row): row for row in range(len(table))}
    assert {"curl (301, 172.17.0.2)", "nginx (201, 192.168.1.5)"} <= set(told)
    for row in range(len(table)):
        assert len(select(frames, None, [table.condition(row)])) == table.events[row]
    known = edges(frames)
    total = known.loc[known["sent"] > 0, "sent"].sum()
    assert sum(table.value(row, table.position("bytes_out")) for row in range(len(table))) == total


def test_edges_of_a_selection_are_of_its_events_alone(frames):
    everything = edges(frames)
    assert len(edges(frames, slice(0, 0))) == 0
    assert everything["first"].is_monotonic_increasing
    assert (everything["first"] >= START_NS).all()
    assert (everything["last"] < START_NS + 2_000 * MS).all()
    assert edges(frames, slice(0, len(frames.events))).equals(everything)
