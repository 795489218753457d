"""What descriptors are called at a moment, and how it is known that they are held."""

import struct

import pytest

from inspect_app.analysis.listening import listeners
from inspect_app.analysis.state import state_at
from inspect_app.filters.fields import FIELDS
from inspect_app.frames import open_capture
from tests.builders.capture import AT_FDCWD, DIRECTORY, FILE, MS, SOCKET, CaptureBuilder, sock, sockaddr

O_CLOEXEC = 0o2000000
SCM_CLOEXEC = 0x40000000
UNIX = b"\1\0" + bytes(46)
LISTEN = 10


@pytest.fixture
def book():
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    return book


def at_end(book, tmp_path, pid=100):
    """The descriptors that a process holds when the capture ends, by number."""
    frames = open_capture(book.write(tmp_path / "names.exhume"))
    rows = state_at(frames, book.rows[-1]["time"]).descriptors
    return rows[rows["pid"] == pid].set_index("fd")


def listed_socket(ino, family, kind="", laddr="", lport=-1, **more):
    row = {"ino": ino, "family": family, "type": kind, "laddr": laddr, "lport": lport, "path": ""}
    return {**row, "raddr": "", "rport": -1, "state": 7, **more}


def test_sockets_that_nothing_touched_are_told_as_the_snapshot_lists_them(book, tmp_path):
    book.tables["sockets"] = [
        listed_socket(81, "ipv4", "tcp", "0.0.0.0", 22, state=LISTEN),
        listed_socket(82, "ipv6", "udp", "::1", 53),
        listed_socket(83, "unix", "stream", path="@bus", state=LISTEN),
        listed_socket(84, "netlink", state=-1),
        listed_socket(85, "ipv4", "tcp", "10.0.0.1", 22, raddr="10.0.0.9", rport=999, state=1),
        listed_socket(86, "ipv4", "tcp", "10.0.0.1", 77, state=LISTEN),
    ]
    for fd, ino in enumerate((81, 82, 83, 84, 85), 3):
        book.descriptor(100, fd, f"socket:[{ino}]", ino=ino, mode=SOCKET)
    book.descriptor(100, 9, "socket:[87]", ino=87, mode=SOCKET)
    book.event("getpid")
    held = at_end(book, tmp_path)
    assert held["file"].tolist() == [
        *("0.0.0.0:22", "[::1]:53", "@bus", "socket:[84]", "10.0.0.9:999->10.0.0.1:22", "socket:[87]"),
    ]
    assert held["type"].tolist() == ["ipv4", "ipv6", "unix", "netlink", "ipv4", "other"]
    frames = open_capture(tmp_path / "names.exhume")
    waiting = frames.descriptors["name"].iloc[listeners(frames)["descriptor"]].tolist()
    assert waiting == ["0.0.0.0:22", "@bus"]  # none holds the one at 77
    assert (frames.descriptors["first"] == -1).all()


def test_a_file_with_the_number_of_a_socket_is_not_taken_for_it(book, tmp_path):
    book.tables["sockets"] = [listed_socket(81, "ipv4", "tcp", "0.0.0.0", 22, state=LISTEN)]
    book.descriptor(100, 3, "socket:[81]", dev=8, ino=81, mode=SOCKET)
    book.event("fstat", fd=3, dev=8, ino=81, mode=SOCKET, sock=sock("0.0.0.0:22", state=LISTEN), args=(3,))
    book.open(100, "/etc/hosts", ino=81, fd=4)
    assert at_end(book, tmp_path)["file"].tolist() == ["0.0.0.0:22", "/etc/hosts"]


def test_who_answers_many_by_datagrams_is_called_by_its_own_end(book, tmp_path):
    here = sock("10.0.0.1:53", kind=2, protocol=17, state=7)
    for peer in ("10.0.0.8:1000", "10.0.0.9:2000"):
        book.event("recvfrom", fd=3, ino=71, mode=SOCKET, ret=5, sock=here, addr=sockaddr(peer), args=(3,))
    met = sock("10.0.0.1:900", "10.0.0.2:53", kind=2, protocol=17)
    book.event("connect", fd=4, ino=72, mode=SOCKET, sock=met, addr=sockaddr("10.0.0.2:53"), args=(4,))
    assert at_end(book, tmp_path)["file"].tolist() == ["10.0.0.1:53", "10.0.0.1:900->10.0.0.2:53"]


def test_names_follow_renames_and_removals_after_the_opening(book, tmp_path):
    book.open(100, "/a/one", ino=11, fd=3)
    book.open(100, "/a/two", ino=12, fd=4)
    book.open(100, "/a/dir/three", ino=13, fd=5)
    book.open(100, "/a/four", ino=14, fd=6)
    book.open(100, "/a/over", ino=15, fd=7)
    book.event("memfd_create", ret=8, fd=8, ino=16, text=b"code")
    book.event("unlink", text=b"/a/two")
    book.fork(100, 200)
    book.event("rename", text=b"/a/one", text2=b"/a/first")
    book.event("rename", text=b"/a/dir", text2=b"/a/folder")
    book.event("rename", text=b"/a/first", text2=b"/b")
    book.event("renameat2", text=b"/a/four", text2=b"/a/other", args=(AT_FDCWD, 0, AT_FDCWD, 0, 2))
    book.event("rename", text=b"/c", text2=b"/a/over")
    book.event("rename", ret=-2, text=b"/b", text2=b"/nowhere")
    book.event("rmdir", text=b"/a")
    names = [
        *("/b", "/a/two (deleted)", "/a/folder/three", "/a/other", "/a/over (deleted)"),
        "/memfd:code (deleted)",
    ]
    assert at_end(book, tmp_path)["file"].tolist() == names
    assert at_end(book, tmp_path, pid=200)["file"].tolist() == names


def test_copies_and_uses_of_a_number_are_called_as_what_was_opened(book, tmp_path):
    book.open(100, "/a/one", ino=11, fd=3)
    book.open(100, "/a/two", ino=11, fd=4)
    book.event("unlink", text=b"/a/one")
    book.event("dup", ret=5, fd=5, ino=11, args=(3,))
    book.fork(100, 200)
    for fd in (3, 4, 5):
        book.event("fcntl", pid=200, fd=fd, ino=11, args=(fd, 3))
    held = at_end(book, tmp_path, pid=200)
    assert held["file"].tolist()[:2] == ["/a/one (deleted)", "/a/two"]
    assert set(held["how"]) == {"inherited"}


def test_what_never_had_a_name_is_called_deleted(book, tmp_path):
    book.descriptor(100, 0, "/tmp/gone (deleted)", ino=9)
    book.open(100, "/tmp", ino=21, fd=3)
    book.event("opened_path", fd=3, ino=21, text=b"/tmp/#21", args=(1,))
    assert at_end(book, tmp_path)["file"].tolist() == ["/tmp/gone (deleted)", "/tmp/#21 (deleted)"]


def test_each_number_has_the_name_by_which_it_was_opened_also_of_two_links(book, tmp_path):
    book.open(100, "/a/left", ino=11, fd=3)
    book.open(100, "/a/right", ino=11, fd=4)
    book.event("fstat", fd=3, ino=11, args=(3,))
    book.event("fstat", fd=4, ino=11, args=(4,))
    assert at_end(book, tmp_path)["file"].tolist() == ["/a/left", "/a/right"]


def test_what_came_in_a_message_is_held_since_the_message_and_handed_down(book, tmp_path):
    book.open(100, "/x", ino=30, fd=5)
    book.event("close", fd=5, ino=30, args=(5,))
    message = book.event("recvmsg", fd=3, ino=70, mode=SOCKET, ret=1, sock=UNIX, args=(3, 0, 0))
    closing = book.event("recvmsg", fd=3, ino=70, mode=SOCKET, ret=1, sock=UNIX, args=(3, 0, SCM_CLOEXEC))
    book.fork(100, 200)
    forked = book.rows[-1]["time"]
    book.fork(100, 201)
    book.exec(201, "/bin/true")
    book.event("read", fd=5, ino=31, ret=1, args=(5,))
    book.event("read", fd=9, ret=-9, args=(9,))
    frames = open_capture(book.write(tmp_path / "names.exhume"))

    def numbers(time, pid):
        rows = state_at(frames, time).descriptors
        return rows[rows["pid"] == pid]["fd"].tolist()

    assert numbers(book.rows[message]["time"] - 1, 100) == []
    assert numbers(book.rows[message]["time"], 100) == [3]
    assert numbers(book.rows[closing]["time"], 100) == numbers(forked, 200) == [3, 5]
    assert numbers(book.rows[-1]["time"], 200) == [3, 5]
    assert numbers(book.rows[-1]["time"], 201) == [3]


def test_copies_of_what_has_no_file_are_named_as_it_is(book, tmp_path):
    book.event("eventfd2", ret=3, fd=3, dev=9, ino=5, mode=0o600)
    book.event("epoll_create1", ret=4, fd=4, dev=9, ino=5, mode=0o600)
    book.event("dup", ret=5, fd=5, dev=9, ino=5, mode=0o600, args=(3,))
    book.event("fcntl", ret=60, fd=4, dev=9, ino=5, mode=0o600, args=(4, 0, 60))
    book.event("dup2", ret=7, fd=7, dev=9, ino=5, mode=0o600, args=(60, 7))
    book.event("read", fd=60, ret=-11, dev=9, ino=5, mode=0o600, args=(60,))
    held = at_end(book, tmp_path)["file"].str.removeprefix("anon_inode:")
    assert held.to_dict() == {
        **{3: "[eventfd]", 4: "[eventpoll]", 5: "[eventfd]", 7: "[eventpoll]", 60: "[eventpoll]"}
    }


def test_what_was_open_without_a_file_is_not_taken_for_another_of_its_inode(book, tmp_path):
    book.descriptor(100, 3, "anon_inode:[timerfd]", dev=9, ino=5, mode=0o600)
    book.descriptor(100, 4, "/etc", ino=6, mode=DIRECTORY)
    book.event("eventfd2", ret=5, fd=5, dev=9, ino=5, mode=0o600)
    held = at_end(book, tmp_path)
    assert held["file"].tolist() == ["anon_inode:[timerfd]", "/etc", "anon_inode:[eventfd]"]
    assert held["type"].tolist() == ["event", "directory", "event"]


def test_a_namespace_is_called_as_its_link_in_proc_reads(book, tmp_path):
    place = {"dev": 4, "ino": 4026531833, "mode": FILE & ~0o222}
    book.event("openat", ret=3, fd=3, text=b"/proc/self/ns/net", args=(AT_FDCWD,), **place)
    book.event("opened_path", fd=3, text=b"//", args=(0,), **place)
    book.event("fstat", fd=3, args=(3,), **place)
    assert at_end(book, tmp_path)["file"].tolist() == ["net:[4026531833]"]


def test_a_terminal_that_no_path_led_to_is_called_by_its_number(book, tmp_path):
    book.tables["mounts"] = [{"id": 9, "dev": 24, "root": "/", "target": "/dev/pts", "type": "devpts"}]
    book.event("fstat", fd=3, dev=24, ino=10, mode=0o020620, args=(3,))
    assert at_end(book, tmp_path)["file"].tolist() == ["/dev/pts/7"]


def test_a_session_has_the_pid_that_the_host_sees(book, tmp_path):
    book.fork(100, 200)
    book.event("setsid", pid=200, ret=1)
    book.fork(200, 201)
    frames = open_capture(book.write(tmp_path / "names.exhume"))
    assert frames.processes.set_index("pid")["sid"][[200, 201]].tolist() == [200, 200]


def test_an_orphan_goes_to_who_asked_for_it_before_not_after(book, tmp_path):
    book.process(1, ppid=0)
    for child in (200, 201, 300, 301):
        book.fork(100 if child % 100 == 0 else child - 1, child)
    book.exit(200)
    before = book.rows[-1]["time"]
    book.event("prctl", args=(36, 1))
    book.exit(300)
    after = book.rows[-1]["time"]
    book.exit(100)
    last = book.rows[-1]["time"]
    frames = open_capture(book.write(tmp_path / "names.exhume"))

    def parents(time):
        return state_at(frames, time).processes.set_index("pid")["parent"]

    assert parents(before - MS // 2)[[201, 301]].tolist() == [200, 300]
    assert parents(after)[[201, 301]].tolist() == [1, 100]
    assert parents(last)[[201, 301]].tolist() == [1, 1]


def test_a_number_that_is_asked_for_beside_an_empty_path_is_open(book, tmp_path):
    book.event("newfstatat", fd=7, ino=30, text=b"", args=(7, 0, 0, 0x1000))
    book.event("newfstatat", fd=8, ino=6, mode=DIRECTORY, text=b"name", args=(8,))
    assert at_end(book, tmp_path).index.tolist() == [7]


def test_counts_of_descriptors_include_what_came_in_messages(book, tmp_path):
    book.event("recvmsg", fd=3, ino=70, mode=SOCKET, ret=1, sock=UNIX, args=(3, 0, 0))
    book.fork(100, 200)
    book.event("read", pid=200, fd=3, ino=70, mode=SOCKET, ret=1, sock=UNIX, args=(3,))
    book.event("read", fd=5, ino=31, ret=1, args=(5,))
    book.event("close", fd=5, ino=31, args=(5,))
    frames = open_capture(book.write(tmp_path / "names.exhume"))
    assert FIELDS["proc.fdopencount"].column(frames).values.tolist() == [2, 2, 2, 2, 1]


def test_a_connection_stays_one_when_its_own_port_is_free_again(book, tmp_path):
    whole, closed = sock("10.0.0.1:900", "10.0.0.2:80"), sock("", "10.0.0.2:80", state=7)
    book.event("connect", fd=3, ino=71, mode=SOCKET, sock=whole, addr=sockaddr("10.0.0.2:80"), args=(3,))
    book.event("recvfrom", fd=3, ino=71, mode=SOCKET, ret=0, sock=closed, args=(3,))
    book.event("close", fd=3, ino=71, mode=SOCKET, sock=closed, args=(3,))
    frames = open_capture(book.write(tmp_path / "names.exhume"))
    assert frames.connections["name"].tolist() == ["10.0.0.1:900->10.0.0.2:80"]


def test_threads_end_where_one_of_them_begins_a_program(book, tmp_path):
    book.process(300, threads=(301,))
    book.fork(300, 302, thread_of=300)
    before = book.rows[-1]["time"]
    book.exec(300, "/bin/sh")
    book.fork(300, 303, thread_of=300)
    frames = open_capture(book.write(tmp_path / "names.exhume"))

    def threads(time):
        return state_at(frames, time).processes.set_index("pid")["threads"][300]

    assert [threads(time) for time in (before, before + MS, before + 2 * MS)] == [3, 1, 2]


def test_the_first_process_of_a_namespace_goes_to_who_adopts_outside_of_it(book, tmp_path):
    book.process(1, ppid=0)
    book.event("prctl", args=(36, 1))
    book.fork(100, 200)
    for pid, child, inner in ((200, 300, 1), (300, 301, 2), (301, 302, 3)):
        time = book.rows[-1]["time"] + MS
        book.event("procfork", pid=pid, time=time, args=(child, child, time, pid, inner))
    book.exit(200)
    book.exit(301)
    frames = open_capture(book.write(tmp_path / "names.exhume"))
    parents = state_at(frames, book.rows[-1]["time"]).processes.set_index("pid")["parent"]
    assert parents[[300, 302]].tolist() == [100, 300]


def test_what_was_open_and_closes_at_exec_is_not_held_by_programs_begun_since(book, tmp_path):
    for fd, cloexec in ((3, {"cloexec": True}), (4, {"cloexec": False}), (5, {})):
        book.descriptor(100, fd, f"/{fd}", ino=fd)
        book.tables["descriptors"][-1] |= cloexec
    book.fork(100, 200)
    book.exec(200, "/bin/true")
    assert at_end(book, tmp_path, pid=200).index.tolist() == [4, 5]
    assert at_end(book, tmp_path, pid=100).index.tolist() == [3, 4, 5]


def test_connections_are_told_with_protocol_and_role(book, tmp_path):
    heard = sock("10.0.0.1:53", kind=2, protocol=17, state=7)
    book.event("bind", fd=3, ino=71, mode=SOCKET, sock=heard, args=(3,))
    book.event("listen", fd=4, ino=72, mode=SOCKET, sock=sock("10.0.0.1:80", state=LISTEN), args=(4,))
    met = sock("10.0.0.1:900", "10.0.0.2:80")
    book.event("connect", fd=5, ino=73, mode=SOCKET, sock=met, addr=sockaddr("10.0.0.2:80"), args=(5,))
    frames = open_capture(book.write(tmp_path / "names.exhume"))
    rows = state_at(frames, book.rows[-1]["time"]).connections
    told = list(rows[["protocol", "role"]].itertuples(index=False, name=None))
    assert told == [("udp", ""), ("tcp", "listener"), ("tcp", "client")]


def test_what_io_uring_opened_is_held_until_io_uring_closed_it(book, tmp_path):
    for fd, request in ((3, 7), (4, 8)):
        path = f"/{fd}".encode()
        book.event("io_uring_submit", text=path, args=(18, 1, -1, request, 9, AT_FDCWD))
        book.event("uring_openat", ret=fd, fd=fd, ino=fd, args=(18, 1, 0, request, 9))
    before = book.rows[-1]["time"]
    book.event("io_uring_submit", fd=3, ino=3, args=(19, 1, 3, 7, 9, AT_FDCWD))
    book.event("uring_close", args=(19, 1, 0, 7, 9))
    assert at_end(book, tmp_path)["file"].to_dict() == {4: "/4"}
    rows = state_at(open_capture(tmp_path / "names.exhume"), before).descriptors
    assert rows["file"].tolist() == ["/3", "/4"]


def test_what_openat2_opens_closes_at_exec_where_it_was_asked_to(book, tmp_path):
    for fd, flags in ((3, 0), (4, O_CLOEXEC)):
        told = struct.pack("<3Q", flags, 0, 0)
        book.event("openat2", ret=fd, fd=fd, ino=fd, text=f"/{fd}".encode(), addr=told, args=(AT_FDCWD,))
    book.exec(100, "/bin/true")
    assert at_end(book, tmp_path).index.tolist() == [3]
