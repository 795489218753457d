import pytest

from capture.identity.resolve import identify
from tests.builders.capture import CHAR, DIRECTORY, PIPE, SOCKET, CaptureBuilder, sock, sockaddr

O_CREAT = 0o100
ANON = 0o100600
ID = "0123456789ab" + "c" * 52


def things(book):
    """For each event (type, name) of what it worked on, None for nothing."""
    found = identify(book.events(), book.tables).descriptors
    return [(found.type[row], found.name[row]) if row >= 0 else None for row in found.of_event.tolist()]


def names(book):
    return [thing and thing[1] for thing in things(book)]


def rows(book):
    return identify(book.events(), book.tables).descriptors.of_event.tolist()


def roles(book):
    found = identify(book.events(), book.tables).descriptors
    return [found.role[row] for row in found.of_event.tolist()]


def test_reads_have_the_name_of_the_open(book):
    book.open(100, "notes", ino=7)
    book.event("read", fd=3, ino=7, ret=5)
    book.event("read", fd=4)
    assert things(book) == [("file", "/home/alice/notes")] * 2 + [None]
    assert rows(book) == [0, 0, -1]


def test_a_descriptor_opened_before_the_recording_has_the_snapshots_name(book):
    book.descriptor(100, 5, "/var/log/old (deleted)", ino=7)
    book.event("write", fd=5, ino=7, ret=5)
    assert names(book) == ["/var/log/old"]


def test_an_inherited_and_a_passed_descriptor_lead_to_the_same_file(book):
    book.open(100, "/a", ino=7)
    book.fork(100, 200)
    book.event("read", pid=200, fd=3, ino=7)
    book.process(300)
    book.event("read", pid=300, fd=9, ino=7)
    assert [names(book)[at] for at in (0, 2, 3)] == ["/a"] * 3


def test_the_same_number_on_another_device_is_another_file(book):
    book.open(100, "/a", ino=7)
    book.event("read", fd=4, ino=7, dev=2)
    assert names(book) == ["/a", ""]


def test_an_inode_used_again_is_another_file_from_its_new_name_on(book):
    book.open(100, "/old", ino=7)
    book.event("read", fd=3, ino=7)
    book.event("close", fd=3, ino=7)
    book.open(100, "/new", ino=7, flags=O_CREAT)
    book.event("read", fd=3, ino=7)
    assert names(book) == ["/old", "/old", "/old", "/new", "/new"]
    assert rows(book) == [0, 0, 0, 1, 1]


def test_a_name_learnt_later_is_given_to_earlier_events_unless_the_file_may_be_new(book):
    book.event("read", fd=4, ino=7)
    book.open(100, "/known", ino=7)
    book.event("read", fd=5, ino=8)
    book.open(100, "/made", ino=8, flags=O_CREAT)
    assert names(book) == ["/known", "/known", "", "/made"]


def test_each_process_sees_the_name_by_which_it_opened_a_file(book):
    book.process(200, cwd="/")
    book.open(100, "/usr/bin/python", ino=7)
    book.open(200, "/usr/bin/python3", ino=7)
    book.event("read", pid=100, fd=3, ino=7)
    book.event("read", pid=200, fd=3, ino=7)
    assert names(book)[2:] == ["/usr/bin/python", "/usr/bin/python3"]


def test_a_rename_gives_a_new_name_from_then_on_and_keeps_the_old_one(book):
    book.open(100, "out.tmp", ino=7)
    book.event("write", fd=3, ino=7)
    book.event("rename", text=b"out.tmp", text2=b"out")
    book.event("write", fd=3, ino=7)
    book.event("stat", text=b"out")
    assert names(book) == ["/home/alice/out.tmp"] * 2 + ["/home/alice/out"] * 3
    assert rows(book)[2:] == [1, 1, 1]


def test_a_file_renamed_again_and_again_has_its_last_name(book):
    book.open(100, "/a", ino=7)
    for old, new in ("ab", "bc", "cd"):
        book.event("rename", text=b"/" + old.encode(), text2=b"/" + new.encode())
    book.event("write", fd=3, ino=7)
    assert names(book)[-1] == "/d"


def test_a_renamed_directory_renames_the_files_below_it_from_then_on(book):
    book.open(100, "/srv/app/log", ino=7)
    book.open(100, "/srv/app2/log", ino=8, fd=4)
    book.event("rename", text=b"/srv/app", text2=b"/srv/old")
    book.event("write", fd=3, ino=7)
    book.event("write", fd=4, ino=8)
    book.event("stat", text=b"/srv/old/log")
    assert names(book) == [
        *("/srv/app/log", "/srv/app2/log", "/srv/old", "/srv/old/log", "/srv/app2/log", "/srv/old/log"),
    ]
    assert rows(book)[3] == rows(book)[5]


def test_renames_of_files_and_of_directories_above_them_follow_each_other(book):
    book.open(100, "/a/b/f", ino=7)
    for old, new in [
        ("/a/b/f", "/a/b/g"),
        ("/a/b", "/a/c"),
        ("/a", "/z"),
        ("/z/c/g", "/z/c/h"),
        ("/z", "/y"),
    ]:
        book.event("rename", text=old.encode(), text2=new.encode())
        book.event("write", fd=3, ino=7)
    assert names(book)[2::2] == ["/a/b/g", "/a/c/g", "/z/c/g", "/z/c/h", "/y/c/h"]


def test_an_exchange_gives_each_the_others_name(book):
    book.open(100, "/a/f", ino=7)
    book.open(100, "/b/f", ino=8, fd=4)
    book.event("renameat2", text=b"/a", text2=b"/b", args=((1 << 64) - 100, 0, (1 << 64) - 100, 0, 2))
    book.event("write", fd=3, ino=7)
    book.event("write", fd=4, ino=8)
    assert names(book)[-2:] == ["/b/f", "/a/f"]


def test_a_directory_renamed_in_one_container_renames_nothing_in_another(book):
    book.tables["cgroups"] = [{"id": at, "path": f"/docker/{str(at) * 64}", "hierarchy": 0} for at in (1, 2)]
    book.open(100, "/srv/f", ino=7, cgroup=1)
    book.open(200, "/srv/f", ino=8, cgroup=2)
    book.event("rename", pid=200, text=b"/srv", text2=b"/old", cgroup=2)
    book.event("write", fd=3, ino=7, cgroup=1)
    book.event("write", pid=200, fd=3, ino=8, cgroup=2)
    assert names(book)[-2:] == ["/srv/f", "/old/f"]


def test_a_failed_rename_renames_nothing(book):
    book.open(100, "/a", ino=7)
    book.event("rename", text=b"/a", text2=b"/b", ret=-13)
    book.event("write", fd=3, ino=7)
    assert names(book)[-1] == "/a"


def test_log_rotation_moves_each_file_to_its_own_new_name(book):
    book.open(100, "/log", ino=7, fd=3)
    book.open(100, "/log.1", ino=8, fd=4)
    book.event("rename", text=b"/log.1", text2=b"/log.2")
    book.event("rename", text=b"/log", text2=b"/log.1")
    book.event("write", fd=3, ino=7)
    book.event("write", fd=4, ino=8)
    assert names(book)[-2:] == ["/log.1", "/log.2"]


def test_a_path_without_a_descriptor_leads_to_the_file_of_that_name(book):
    book.event("stat", text=b"notes")
    book.open(100, "notes", ino=7)
    book.event("unlink", text=b"/home/alice/notes")
    assert rows(book) == [0, 0, 0]


def test_a_name_that_leads_each_process_elsewhere_tells_nothing_of_others(book):
    book.open(100, "/proc/self/exe", ino=7)
    book.event("readlink", text=b"/proc/self/exe")
    assert rows(book) == [0, 1]
    assert names(book) == ["/proc/self/exe"] * 2


def test_a_failed_open_has_a_row_of_its_own_without_an_identity(book):
    book.event("openat", text=b"/etc/nothing", ret=-2, args=((1 << 64) - 100,))
    book.event("stat", text=b"/etc/nothing", ret=-2)
    found = identify(book.events(), book.tables).descriptors
    assert found.name == ["/etc/nothing"]
    assert found.ino.tolist() == [-1]


def test_one_path_in_two_containers_is_two_files(book):
    book.tables["cgroups"] = [
        {"id": 1, "path": "/", "hierarchy": 0},
        {"id": 2, "path": f"/docker/{ID}", "hierarchy": 0},
    ]
    book.event("stat", text=b"/etc/passwd", cgroup=1)
    book.event("stat", text=b"/etc/passwd", cgroup=2)
    book.open(100, "/etc/passwd", ino=9, cgroup=2)
    found = rows(book)
    assert found[0] != found[1]
    assert found[1] == found[2]


def test_a_path_that_became_another_file_leads_to_each_at_its_time(book):
    book.open(100, "/etc/passwd", ino=7)
    book.event("stat", text=b"/etc/passwd")
    book.open(100, "/etc/passwd", ino=8)
    book.event("stat", text=b"/etc/passwd")
    found = rows(book)
    assert found[1] == found[0] != found[2] == found[3]


def test_an_exec_names_a_program_only_where_nobody_opened_it(book):
    book.exec(100, "/usr/local/bin/script.py", ino=50)  # the inode is the interpreter's
    book.open(100, "/usr/bin/python3", ino=50)
    book.event("read", fd=3, ino=50)
    book.exec(100, "/bin/true", ino=51)
    book.event("read", fd=4, ino=51)
    assert names(book) == [
        "/usr/local/bin/script.py",
        "/usr/bin/python3",
        "/usr/bin/python3",
        "/bin/true",
        "/bin/true",
    ]


def test_types_come_from_the_mode(book):
    book.open(100, "/dev/null", ino=1, mode=CHAR)
    book.open(100, "/etc", ino=2, mode=DIRECTORY)
    book.open(100, "/run/queue", ino=3, mode=PIPE)
    book.event("write", fd=4, ino=4, mode=PIPE)
    book.event("mkdir", text=b"/new")
    assert things(book) == [
        ("char", "/dev/null"),
        ("directory", "/etc"),
        ("fifo", "/run/queue"),
        ("pipe", "pipe:[4]"),
        ("directory", "/new"),
    ]


def test_both_ends_of_a_pipe_are_one_thing(book):
    book.fork(100, 200)
    book.event("write", pid=100, fd=4, ino=44, mode=PIPE)
    book.event("read", pid=200, fd=3, ino=44, mode=PIPE)
    assert rows(book)[1] == rows(book)[2] >= 0


def test_things_that_share_an_inode_are_told_apart_by_process_and_number(book):
    book.event("eventfd2", ret=3, fd=3, ino=10, mode=ANON)
    book.event("epoll_create1", ret=4, fd=4, ino=10, mode=ANON)
    book.event("write", fd=3, ino=10, mode=ANON)
    book.fork(100, 200)
    book.event("read", pid=200, fd=3, ino=10, mode=ANON)
    book.event("close", fd=4, ino=10, mode=ANON)
    book.event("inotify_init1", ret=4, fd=4, ino=10, mode=ANON)
    book.event("read", fd=4, ino=10, mode=ANON)
    book.event("epoll_wait", pid=300, fd=8, ino=10, mode=ANON)
    book.event("read", pid=400, fd=8, ino=10, mode=ANON)
    eventfd, epoll = ("event", "anon_inode:[eventfd]"), ("event", "anon_inode:[eventpoll]")
    inotify = ("event", "anon_inode:inotify")
    assert things(book) == [
        *(eventfd, epoll, eventfd, None, eventfd, epoll, inotify, inotify, epoll),
        ("other", "anon_inode"),
    ]


def test_a_memfd_has_the_name_it_was_made_with(book):
    book.event("memfd_create", ret=3, fd=3, ino=70, text=b"jit")
    book.event("write", fd=3, ino=70)
    assert names(book) == ["/memfd:jit"] * 2


def test_a_connection_has_its_ends_for_its_whole_life(book):
    book.event("socket", ret=3, fd=3, ino=9, mode=SOCKET, sock=sock())
    book.event("connect", fd=3, ino=9, mode=SOCKET, sock=sock("10.0.0.1:4000", "10.0.0.2:80"))
    book.event("write", fd=3, ino=9, mode=SOCKET, sock=sock("10.0.0.1:4000", "10.0.0.2:80", state=8))
    book.event("close", fd=3, ino=9, mode=SOCKET)
    assert things(book) == [("ipv4", "10.0.0.1:4000->10.0.0.2:80")] * 4
    assert roles(book) == ["client"] * 4
    ends = identify(book.events(), book.tables).descriptors.ends[0]
    assert (ends.l4proto, ends.laddr, ends.lport, ends.raddr, ends.rport) == (
        "tcp",
        "10.0.0.1",
        4000,
        "10.0.0.2",
        80,
    )


def test_both_ends_of_a_connection_share_a_name(book):
    book.event("connect", fd=3, ino=9, mode=SOCKET, sock=sock("10.0.0.1:4000", "10.0.0.2:80"))
    book.event("accept4", fd=7, ret=7, ino=10, mode=SOCKET, sock=sock("10.0.0.2:80", "10.0.0.1:4000"))
    assert names(book) == ["10.0.0.1:4000->10.0.0.2:80"] * 2
    assert roles(book) == ["client", "server"]
    assert len(set(rows(book))) == 2


def test_a_listener_has_its_local_end(book):
    book.event("socket", ret=3, fd=3, ino=9, mode=SOCKET, sock=sock())
    book.event("bind", fd=3, ino=9, mode=SOCKET, sock=sock("0.0.0.0:80"))
    book.event("listen", fd=3, ino=9, mode=SOCKET, sock=sock("0.0.0.0:80", state=10))
    assert names(book) == ["0.0.0.0:80"] * 3
    assert roles(book) == ["listener"] * 3


def test_a_refused_connection_is_named_by_the_address_that_was_asked_for(book):
    book.event("socket", ret=3, fd=3, ino=9, mode=SOCKET, sock=sock())
    book.event("connect", fd=3, ino=9, mode=SOCKET, ret=-111, sock=sock(), addr=sockaddr("10.0.0.2:81"))
    assert names(book) == ["->10.0.0.2:81"] * 2


def test_a_socket_inode_used_again_is_split_in_time(book):
    one, two = sock("10.0.0.1:1", "10.0.0.2:80"), sock("10.0.0.1:2", "10.0.0.3:80")
    for blob in (one, one, two, two):
        book.event("write", fd=3, ino=9, mode=SOCKET, sock=blob)
    assert rows(book) == [0, 0, 1, 1]


def test_a_datagram_socket_has_a_row_for_each_peer(book):
    local = sock("10.0.0.1:5353", kind=2, protocol=17)
    book.event("bind", fd=3, ino=9, mode=SOCKET, sock=local)
    book.event("sendto", fd=3, ino=9, mode=SOCKET, sock=local, addr=sockaddr("8.8.8.8:53"))
    book.event("recvfrom", fd=3, ino=9, mode=SOCKET, sock=local)
    book.event("sendto", fd=3, ino=9, mode=SOCKET, sock=local, addr=sockaddr("9.9.9.9:53"))
    book.event("recvfrom", fd=3, ino=9, mode=SOCKET, sock=local)
    first, second = "10.0.0.1:5353->8.8.8.8:53", "10.0.0.1:5353->9.9.9.9:53"
    assert names(book) == [first, first, first, second, second]


def test_ipv6_is_bracketed_and_ipv4_through_it_is_ipv4(book):
    book.event("write", fd=3, ino=9, mode=SOCKET, sock=sock("[::1]:1", "[::1]:80"))
    book.event("write", fd=4, ino=10, mode=SOCKET, sock=sock("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.2]:9"))
    assert things(book) == [("ipv6", "[::1]:1->[::1]:80"), ("ipv4", "10.0.0.1:80->10.0.0.2:9")]


def test_a_socket_of_the_snapshot_has_its_ends_from_there(book):
    book.tables["sockets"] = [
        {"ino": 8, "family": "ipv4", "type": "tcp", "state": "listen", "laddr": "0.0.0.0", "lport": 22},
        {"ino": 9, "family": "ipv4", "type": "tcp", "state": "established", "laddr": "10.0.0.1", "lport": 22,
         "raddr": "10.0.0.9", "rport": 5000},
        {"ino": 10, "family": "unix", "type": "stream", "path": "/run/x.sock"},
    ]  # fmt: skip
    for inode in (8, 9, 10):
        book.event("getsockname", fd=inode, ino=inode, mode=SOCKET)
    assert things(book) == [
        ("ipv4", "0.0.0.0:22"),
        ("ipv4", "10.0.0.9:5000->10.0.0.1:22"),
        ("unix", "/run/x.sock"),
    ]
    assert roles(book) == ["listener", "server", ""]


def test_a_unix_socket_has_the_name_it_connected_to(book):
    blob = (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + bytes(44)
    book.event("socket", ret=3, fd=3, ino=9, mode=SOCKET, sock=blob)
    book.event("connect", fd=3, ino=9, mode=SOCKET, sock=blob, addr=b"\1\0/run/x.sock\0")
    book.event("connect", fd=4, ino=10, mode=SOCKET, sock=blob, addr=b"\1\0\0abstract")
    book.event("write", fd=5, ino=11, mode=SOCKET, sock=blob)
    assert things(book) == [
        *[("unix", "/run/x.sock")] * 2,
        ("unix", "@abstract"),
        ("unix", "socket:[11]"),
    ]


@pytest.mark.parametrize("blob", [b"", b"\2", bytes(47), bytes(48), b"\xff" * 48, b"\xff" * 200])
def test_socket_bytes_that_make_no_sense_do_no_harm(book, blob):
    book.event("write", fd=3, ino=9, mode=SOCKET, sock=blob, addr=blob)
    book.event("connect", fd=3, ino=9, mode=SOCKET, sock=sock(), addr=blob)
    assert len(names(book)) == 2


@pytest.mark.parametrize("table", ["descriptors", "sockets"])
@pytest.mark.parametrize(
    "row",
    [
        {},
        {"pid": "x", "fd": [], "ino": -1, "mode": "file", "name": 5},
        {"ino": 1 << 70, "lport": "80", "rport": 1},
    ],
)
def test_rows_of_the_snapshot_that_make_no_sense_do_no_harm(book, table, row):
    book.tables[table].append(row)
    book.open(100, "/a", ino=7)
    book.event("write", fd=4, ino=9, mode=SOCKET)
    assert names(book) == ["/a", "socket:[9]"]


def test_device_and_inode_numbers_of_full_width_are_told_apart():
    book = CaptureBuilder()
    for dev, ino in [(1, (1 << 64) - 1), (1, (1 << 63) - 1), ((1 << 32) - 1, 5), (0, 5)]:
        book.event("read", fd=3, dev=dev, ino=ino)
    assert len(set(rows(book))) == 4


def test_a_call_by_a_directory_and_a_name_works_on_what_the_name_says(book):
    book.descriptor(100, 5, "/var", ino=7, mode=DIRECTORY)
    book.event("newfstatat", fd=5, ino=7, mode=DIRECTORY, text=b"log", args=(5,))
    book.event("newfstatat", fd=5, ino=7, mode=DIRECTORY, args=(5,))
    book.open(100, "log", ino=8, fd=6, args=(5, 0, 0))
    book.event("openat", fd=5, ino=7, mode=DIRECTORY, ret=-2, text=b"none", args=(5, 0, 0))
    book.event("unlinkat", fd=5, ino=7, mode=DIRECTORY, text=b"", args=(5,))
    assert names(book) == ["/var/log", "/var", "/var/log", "/var/none", "/var"]


def test_an_accepted_unix_socket_has_the_name_of_its_listener(book):
    blob = (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + bytes(44)
    book.event("bind", fd=3, ino=9, mode=SOCKET, sock=blob, addr=b"\1\0/run/x.sock\0", args=(3,))
    book.event("accept4", fd=4, ret=4, ino=10, mode=SOCKET, sock=blob, args=(3,))
    book.event("read", fd=4, ino=10, mode=SOCKET, sock=blob, args=(4,))
    book.event("accept4", fd=5, ret=5, ino=11, mode=SOCKET, sock=blob, args=(77,))
    assert names(book) == ["/run/x.sock"] * 3 + ["socket:[11]"]
    assert roles(book)[1:3] == ["server"] * 2
