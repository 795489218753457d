"""What becomes of calls: beginnings and ends, names, descriptors, births, containers."""

import json
import socket

import pytest

from capture.format.convert import converting
from capture.model.events import EventFlag
from tests.builders.scap import (
    MS,
    START_NS,
    ScapBuilder,
    descriptor,
    file_body,
    ipv4_body,
    ipv4_tuple,
)
from tests.capture.format.convert.converted import Converted

CONTAINER = "c0ffee" * 10 + "beef"
AT_FDCWD = -100
LOCAL, REMOTE = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
SCAP_CREAT_WRONLY_CLOEXEC = 1 << 2 | 1 << 1 | 1 << 12
SCAP_THREAD = 1 << 13


@pytest.fixture
def book():
    builder = ScapBuilder()
    builder.process(100, comm="sh", exe="/bin/sh", cwd="/home/alice/", uid=1000)
    return builder


def child_parameters(ret, tid, ptid, *, flags=0, uid=1000, cgroups=b"", comm="sh"):
    """The parameters of the end of a clone."""
    own = (ret, "/bin/sh", b"-c\0", tid, tid, ptid, "/", 1024, 0, 0, 1, 1, 0)
    return (*own, comm, cgroups, flags, uid, 0, tid, tid)


def program_parameters(tid, exe, args, *, comm, cgroups=b"", environ=b""):
    """The parameters of the end of an exec of version 17."""
    return (0, exe, args, tid, tid, 1, "/", 1024, 0, 0, 1, 1, 0, comm, cgroups, environ, 0)


def test_a_calls_beginning_and_end_become_one_event_that_knows_how_long_it_took(book):
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    found = Converted(book.plain())
    assert found.names == ["read"]
    assert found.value("latency", "read") == MS
    assert found.value("time", "read") == START_NS + 2 * MS
    assert (found.value("ret", "read"), found.value("a0", "read"), found.value("a2", "read")) == (5, 3, 4096)
    assert found.capture.payload(0) == b"hello"
    assert found.value("flags", "read") == 0


def test_threads_that_take_turns_keep_their_own_calls(book):
    book.event(6, 100, 3, 10)
    book.event(8, 200, 4, 20)
    book.event(7, 100, 1, b"a")
    book.event(9, 200, 2, b"bb")
    found = Converted(book.plain())
    assert found.names == ["read", "write"]
    assert [found.value("a0", name) for name in found.names] == [3, 4]
    assert [found.capture.payload(row) for row in range(2)] == [b"a", b"bb"]


def test_an_end_without_a_beginning_is_kept_and_flagged(book):
    book.event(7, 100, 5, b"hello")
    book.call("close", enter=(3,), exit=(0,))
    found = Converted(book.plain())
    assert found.value("flags", "read") & EventFlag.EXIT_ONLY
    assert found.value("flags", "read") & EventFlag.ARGUMENTS_UNKNOWN
    assert found.value("latency", "read") == -1
    assert found.value("flags", "close") == 0


def test_a_beginning_whose_end_was_lost_is_kept_and_flagged(book):
    book.event(6, 100, 3, 10)
    book.call("close", enter=(3,), exit=(0,))
    found = Converted(book.plain())
    assert found.value("flags", "read") == EventFlag.ENTRY_ONLY
    assert found.result.tally.entry_only == 1


def test_a_call_that_lasts_is_in_progress_and_one_whose_thread_died_never_returned(book):
    book.event(6, 100, 3, 10)
    book.event(6, 200, 3, 10)
    book.event(186, 200, 9, 0, 9, 0)
    found = Converted(book.plain())
    flags = {found.value("tid", "read", nth): found.value("flags", "read", nth) for nth in range(2)}
    assert flags == {100: EventFlag.IN_PROGRESS, 200: EventFlag.NEVER_RETURNED}
    assert found.value("a0", "procexit") == 9


def test_files_of_newer_recorders_that_write_ends_alone_have_no_flagged_events(book):
    book.event(7, 100, 5, b"hello", 3, 4096)
    book.event(5, 100, 0, 3)
    found = Converted(book.plain())
    assert found.columns["flags"].tolist() == [0, 0]
    assert (found.value("a0", "read"), found.value("a0", "close")) == (3, 3)


def test_a_call_may_begin_in_one_piece_and_end_in_another(book, monkeypatch):
    book.event(6, 100, 3, 10)
    for _ in range(200):
        book.call("close", tid=300, enter=(3,), exit=(-9,))
    book.event(7, 100, 2, b"ok")
    whole = Converted(book.plain())
    monkeypatch.setattr(converting, "PIECE", 512)
    pieces = Converted(book.plain())
    assert pieces.counts() == whole.counts() == {"read": 1, "close": 200}
    assert pieces.value("latency", "read") == whole.value("latency", "read") == 401 * MS
    assert pieces.result.tally.blocks == whole.result.tally.blocks == 402


def test_numbers_of_scap_become_those_of_the_kernel(book):
    book.call(
        "openat",
        enter=(AT_FDCWD, "notes", SCAP_CREAT_WRONLY_CLOEXEC, 0o644),
        exit=(3, AT_FDCWD, "notes", SCAP_CREAT_WRONLY_CLOEXEC, 0o644, 0, 0),
    )
    book.call("mmap", enter=(0, 4096, 1, 2 | 8, -1, 0), exit=(0x7F00, 1, 1, 1))
    book.call("fcntl", enter=(3, 2), exit=(1,))
    book.call("ptrace", enter=(11, 200), exit=(0, None, None))
    found = Converted(book.plain())
    assert found.value("a2", "openat") == 0o1 | 0o100 | 0o2000000
    assert found.value("a3", "mmap") == 0x22
    assert found.value("a1", "fcntl") == 1
    assert found.value("a0", "ptrace") == 16
    assert found.text("text", "openat") == b"notes"
    assert found.thing(found.row("openat")) == ("file", "/home/alice/notes")


def test_a_process_that_is_first_seen_at_its_exec_is_a_child_of_whom_that_names(book, monkeypatch):
    book.call("read", enter=(3, 8), exit=(1, b"x"))
    book.call("getcwd", tid=300, exit=(1, "/"))
    book.event(292, 300, "/bin/cat")
    book.event(293, 300, 0, "cat", b"a\0", 300, 300, 100, "/", 1, 0, 0, 1, 1, 0, "cat", b"", b"", 0)
    book.event(293, 100, 0, "sh", b"", 100, 100, 1, "/", 1, 0, 0, 1, 1, 0, "sh", b"", b"", 0)
    found = Converted(book.plain())
    assert found.names == ["read", "procfork", "getcwd", "execve", "execve"]
    processes = found.found.processes
    born = int(processes.of_event[3])
    assert processes.of_event[2] == born
    assert (processes.ppid[born], found.process(int(processes.forked[born]))) == (100, "100 sh")
    assert found.result.tally.added == 1
    monkeypatch.setattr(converting, "PIECE", 256)
    assert Converted(book.plain()).result.tally.blocks == found.result.tally.blocks


def test_a_bare_first_argument_is_a_programs_name_and_no_path(book):
    book.event(292, 100)
    book.event(293, 100, *program_parameters(100, "curl", b"-6\0", comm="curl2"), 0, 0, 0)
    book.event(293, 100, *program_parameters(100, "./wget", b"", comm="wget"), 0, 0, 0)
    book.event(13, 100, 0, "cat", b"x\0", 100, 100, 1, "/", 1)
    found = Converted(book.plain())
    images = found.found.images
    ran = [images.programs[images.program[at]] for at in images.of_event.tolist()]
    assert [(one.comm, one.exe, one.exepath) for one in ran] == [
        ("curl2", "curl", ""),
        ("wget", "./wget", "/home/alice/wget"),
        ("cat", "cat", ""),
    ]


def test_an_event_that_tells_of_a_container_belongs_to_it(book):
    record = {"id": CONTAINER[:12], "full_id": CONTAINER, "name": "web", "type": 0, "privileged": True}
    book.event(324, 0, json.dumps({"container": record}))
    book.event(324, 0, "no JSON")
    found = Converted(book.plain())
    assert [found.container(row) for row in range(2)] == [CONTAINER[:12], ""]
    assert found.text("text", "container") == CONTAINER[:12].encode()


def test_a_process_that_renames_itself_goes_by_its_new_name(book):
    book.call("prctl", exit=(0, 15, "worker", 0))
    book.call("read", enter=(3, 8), exit=(1, b"x"))
    found = Converted(book.plain())
    assert found.process(found.row("read")) == "100 worker"


def test_a_generic_call_goes_by_its_number_and_does_not_tell_arguments_or_result(book):
    book.generic(140, 186)
    found = Converted(book.plain())
    assert found.names == ["gettid"]
    assert found.value("flags", "gettid") == EventFlag.RESULT_UNKNOWN
    assert found.value("latency", "gettid") == MS


def test_generic_calls_tell_which_machine_it_was(book):
    for scap_id, native in ((140, 178), (16, 172), (41, 173)):
        book.generic(scap_id, native)
    found = Converted(book.plain())
    assert found.result.machine == "aarch64"
    assert found.names == ["gettid", "getpid", "getppid"]


def test_events_of_unknown_types_are_kept_raw_and_counted(book):
    book.event(4242, 100, b"who knows", b"what")
    book.call("read", enter=(3, 1), exit=(1, b"x", 3, 1, b"later", b"still later"))
    found = Converted(book.plain())
    row = found.row("scap_event")
    assert found.value("a0", "scap_event") == 4242
    assert b"who knows" in found.capture.payload(row)
    assert found.result.tally.unknown_types == {4242: 1}
    assert found.result.tally.unknown_parameters == 2
    assert any("not known" in note for note in found.result.notes())


def test_what_only_others_recorders_tell_stays_an_event(book):
    book.event(152, 100, 200, 1, 2, 3, 4, 5)
    book.event(290, 100, 0x1000, 0x2000, 2)
    book.event(268, 100, 7, b"web\0", b"id=1\0")
    book.event(280, 100, "policy", "something")
    book.event(234, 100, 1, 2)
    book.event(148, 100, 1)
    found = Converted(book.plain())
    assert found.names == ["switch", "page_fault", "tracer", "notification", "procinfo", "drop"]


def test_a_descriptor_is_named_through_copies_and_forks(book):
    book.descriptors(100, descriptor(0, 16, file_body("/dev/pts/3"), ino=6))
    book.call("openat", enter=(AT_FDCWD, "/etc/passwd", 1, 0), exit=(3, AT_FDCWD, "/etc/passwd", 1, 0, 0, 0))
    book.call("dup2", enter=(3,), exit=(7, 3, 7))
    book.event(222, 100)
    book.event(223, 100, *child_parameters(200, 100, 1))
    book.call("close", enter=(7,), exit=(0,))
    book.event(223, 200, *child_parameters(0, 200, 100))
    book.call("read", tid=200, enter=(7, 9), exit=(4, b"root"))
    book.call("read", tid=200, enter=(0, 9), exit=(1, b"q"))
    book.call("read", tid=100, enter=(7, 9), exit=(-9, None))
    found = Converted(book.plain())
    reads = [found.thing(found.row("read", nth)) for nth in range(3)]
    assert reads == [("file", "/etc/passwd"), ("file", "/dev/pts/3"), ("", "")]
    assert found.process(found.row("read")) == "200 sh"


def test_a_birth_that_only_the_parent_tells_is_added(book):
    book.event(222, 100)
    book.event(223, 100, *child_parameters(200, 100, 1))
    book.call("read", tid=200, enter=(0, 9), exit=(1, b"q"))
    found = Converted(book.plain())
    assert found.counts() == {"clone": 1, "procfork": 1, "read": 1}
    assert found.result.tally.added == 1
    assert found.found.processes.ppid[found.found.processes.of_event[found.row("read")]] == 100


def test_a_thread_belongs_to_its_process(book):
    book.event(222, 100)
    book.event(223, 100, *child_parameters(101, 100, 1, flags=SCAP_THREAD))
    values = list(child_parameters(0, 101, 1, flags=SCAP_THREAD))
    values[4] = 100
    book.event(223, 101, *values)
    book.call("read", tid=101, enter=(0, 9), exit=(1, b"q"))
    found = Converted(book.plain())
    assert (found.value("pid", "read"), found.value("tid", "read")) == (100, 101)
    assert len(found.found.processes) == 1


def test_a_program_has_its_file_its_arguments_and_its_environment(book):
    book.event(292, 100, "/usr/bin/curl")
    later = (100, 1000, 2 | 4, 0, 0, 0, 77, START_NS, START_NS, 1000)
    environ = b"A=1\0B=2\0"
    told = program_parameters(100, "curl", b"-s\0http://x/\0", comm="curl", environ=environ)
    book.event(293, 100, *told, *later)
    found = Converted(book.plain())
    image = found.found.images.of_event[found.row("execve")]
    program = found.found.images.programs[found.found.images.program[image]]
    assert (program.exepath, program.exe, program.args) == ("/usr/bin/curl", "curl", "-s http://x/")
    assert program.environment == b"A=1\0B=2\0"
    assert (program.file.layer, program.file.mtime) == ("upper", START_NS)
    assert found.value("latency", "execve") == MS


def test_who_changes_its_user_is_that_user_from_then_on(book):
    book.call("close", enter=(3,), exit=(0,))
    book.call("setuid", enter=(0,), exit=(0,))
    book.call("close", enter=(4,), exit=(0,))
    book.call("close", tid=999, enter=(4,), exit=(0,))
    found = Converted(book.plain())
    assert [found.value("uid", "close", nth) for nth in range(3)] == [1000, 0, 0xFFFFFFFF]


def test_connections_have_both_ends_whoever_began_them(book):
    book.call("socket", enter=(2, 1, 0), exit=(3,))
    peer = b"\x02" + REMOTE + (443).to_bytes(2, "little")
    book.call("connect", enter=(3, peer), exit=(0, ipv4_tuple(LOCAL, 40000, REMOTE, 443), 3))
    book.call("write", enter=(3, 2), exit=(2, b"hi"))
    book.call("accept", number=246, exit=(5, ipv4_tuple(REMOTE, 5000, LOCAL, 80), 0, 0, 128))
    book.call("read", enter=(5, 2), exit=(2, b"yo"))
    found = Converted(book.plain())
    assert found.thing(found.row("write")) == ("ipv4", "10.0.0.1:40000->10.0.0.2:443")
    assert found.thing(found.row("read")) == ("ipv4", "10.0.0.2:5000->10.0.0.1:80")
    ends = found.found.descriptors.ends[found.found.descriptors.of_event[found.row("write")]]
    assert ends.l4proto == "tcp"


def test_unix_sockets_and_pipes_have_their_names(book):
    book.call("socket", enter=(1, 1, 0), exit=(3,))
    name = b"\x01" + bytes(16) + b"/run/x.sock\0"
    book.call("connect", enter=(3,), exit=(0, name, 3))
    book.call("write", enter=(3, 2), exit=(2, b"hi"))
    book.call("pipe", exit=(0, 8, 9, 4321))
    book.call("read", enter=(8, 2), exit=(2, b"yo"))
    book.call("epoll_create1", enter=(1,), exit=(6,))
    found = Converted(book.plain())
    assert found.thing(found.row("write")) == ("unix", "/run/x.sock")
    assert found.thing(found.row("read")) == ("pipe", "pipe:[4321]")
    assert found.capture.payload(found.row("pipe")) == (8).to_bytes(4, "little") + (9).to_bytes(4, "little")
    assert found.thing(found.row("epoll_create1")) == ("event", "anon_inode:[eventpoll]")


def test_sockets_of_the_snapshot_are_named(book):
    body = ipv4_body(LOCAL, 22, REMOTE, 5000)
    name = bytes(16) + b"\x05\0/run/"
    book.descriptors(100, descriptor(4, 3, body, ino=77), descriptor(5, 8, name, ino=78))
    book.call("read", enter=(4, 2), exit=(2, b"yo"))
    book.call("write", enter=(5, 2), exit=(2, b"yo"))
    found = Converted(book.plain())
    assert found.thing(found.row("read")) == ("ipv4", "10.0.0.1:22->10.0.0.2:5000")
    assert found.thing(found.row("write")) == ("unix", "/run/")
    assert int(socket.AF_INET) == 2


def test_a_container_is_known_by_its_cgroups_alone(book):
    book.process(300, comm="web", cgroups=["cpuset=/", f"memory=/docker/{CONTAINER}", "pids=/"])
    book.call("close", tid=300, enter=(3,), exit=(0,))
    book.call("close", tid=100, enter=(3,), exit=(0,))
    found = Converted(book.plain())
    assert found.container(0) == CONTAINER[:12]
    # Of the shell no cgroup is recorded: it is not said to be on the host.
    assert found.container(1) == ""


def test_children_and_new_programs_are_where_their_cgroups_say(book):
    cgroups = f"cpu=/docker/{CONTAINER}\0".encode()
    book.event(222, 100)
    book.event(223, 100, *child_parameters(200, 100, 1, cgroups=b"cpu=/\0"))
    book.event(223, 200, *child_parameters(0, 200, 100, cgroups=cgroups))
    book.call("close", tid=200, enter=(3,), exit=(0,))
    book.call("close", tid=100, enter=(3,), exit=(0,))
    found = Converted(book.plain())
    assert found.container(found.row("close")) == CONTAINER[:12]
    assert found.container(found.row("close", 1)) == "host"


def test_container_records_tell_name_image_and_labels(book):
    told = {
        **{
            "id": CONTAINER[:12],
            "type": 0,
            "name": "web",
            "image": "nginx:1",
            "privileged": True,
        },
        "labels": {"tier": "front", "io.kubernetes.pod.name": "web-0"},
        "Mounts": [{"Source": "/", "Destination": "/host", "RW": False}],
    }
    book.process(300, comm="web", cgroups=[f"memory=/docker/{CONTAINER}"])
    book.event(272, 0, json.dumps({"container": told}), time=0)
    book.event(324, 0, "{not json", block_type=0x221)
    book.call("close", tid=300, enter=(3,), exit=(0,))
    found = Converted(book.plain())
    record = found.found.containers.records[found.found.containers.of_event[found.row("close")]]
    assert (record["name"], record["image"], record["runtime"]) == ("web", "nginx:1", "docker")
    assert record["privileged"] is True
    assert (record["pod"], record["labels"]["tier"]) == ("web-0", "front")
    assert record["mounts"] == [{"source": "/", "destination": "/host", "type": "bind", "options": ["ro"]}]
    assert found.counts()["container"] == 2
    # Recorders give such records no time: they have that of what follows.
    assert found.value("time", "container") >= START_NS


@pytest.mark.parametrize("block_type", [0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0x8010ABCD])
def test_every_kind_of_event_block_is_read(block_type):
    book = ScapBuilder(minor=0, events=block_type if block_type != 0x8010ABCD else 0x204)
    book.process(100, version=1)
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    data = book.plain()
    if block_type == 0x8010ABCD:
        data = data.replace(b"\x04\x02\0\0\x34", b"\xcd\xab\x10\x80\x34").replace(
            b"\x04\x02\0\0\x38", b"\xcd\xab\x10\x80\x38"
        )
    found = Converted(data)
    assert found.names == ["read"]
    assert (found.value("ret", "read"), found.value("a2", "read")) == (5, 4096)
    assert found.capture.payload(0) == b"hello"


@pytest.mark.parametrize("pack", ["plain", "gzip", "zstd"])
def test_a_packed_file_says_the_same(book, pack):
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    assert Converted(getattr(book, pack)()).names == ["read"]


def test_a_large_payload_is_kept_whole(book):
    book.event(402, 0, 1, "topic", b"x" * 100_000, block_type=0x221)
    found = Converted(book.plain())
    assert len(found.capture.payload(0)) == 100_000
    assert found.text("text", "asyncevent") == b"topic"
