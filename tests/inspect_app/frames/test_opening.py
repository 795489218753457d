import struct
import threading

import numpy as np
import pytest

from capture.format import CaptureFile
from capture.identity.reading import event_columns
from capture.model.abi import ABIS
from capture.model.events import EventFlag
from inspect_app.analysis.event import describe_event
from inspect_app.analysis.selection import select
from inspect_app.filters.fields import FIELDS
from inspect_app.frames import Cancelled, FormatError, columns, open_capture
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from tests.builders.capture import AT_FDCWD, DIRECTORY, FILE, MS, SOCKET, START_NS, CaptureBuilder, sock

FRAMES = {
    "events": columns.EVENT_COLUMNS,
    "processes": columns.PROCESS_COLUMNS,
    "threads": columns.THREAD_COLUMNS,
    "images": columns.IMAGE_COLUMNS,
    "descriptors": columns.DESCRIPTOR_COLUMNS,
    "containers": columns.CONTAINER_COLUMNS,
    "users": columns.USER_COLUMNS,
    "drops": columns.DROP_COLUMNS,
}


@pytest.fixture
def book():
    builder = CaptureBuilder()
    builder.process(
        100, comm="sh", exe="/bin/sh", argv=[b"-sh"], cwd="/home", uid=1000, tty=5, loginuid=2**32 - 1
    )
    builder.tables["users"] = [{"uid": 0, "name": "root", "home": "/root", "shell": "/bin/sh"}]
    builder.drops = [{"time": START_NS + 9, "since": START_NS, "kind": "lost", "where": "medium", "count": 3}]
    builder.fork(100, 200, comm=b"sh")
    builder.exec(200, "/usr/bin/cat", "cat", "notes")
    builder.open(200, "notes", ino=7)
    builder.event("read", pid=200, fd=3, ino=7, ret=5, args=(3, 1, 2, 3, 4, 5), data=b"hello")
    builder.event(
        "connect", pid=200, fd=4, ino=9, mode=SOCKET, sock=sock("10.0.0.1:1", "10.0.0.2:80"), addr=b"\2\0"
    )
    builder.event("write", pid=200, fd=4, ino=9, mode=SOCKET, ret=-32)
    builder.exit(200, status=2 << 8)
    return builder


@pytest.fixture
def frames(book, tmp_path):
    return open_capture(book.write(tmp_path / "one.exhume"))


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_has_the_declared_columns(frames, name):
    assert [(column, str(dtype)) for column, dtype in getattr(frames, name).dtypes.items()] == [
        (column.name, column.dtype) for column in FRAMES[name]
    ]


@pytest.mark.parametrize("name", FRAMES)
def test_an_empty_capture_has_the_declared_columns_too(tmp_path, name):
    empty = open_capture(CaptureBuilder().write(tmp_path / "empty.exhume"))
    assert list(getattr(empty, name).columns) == [column.name for column in FRAMES[name]]
    assert len(empty.events) == 0


def test_events_lead_to_who_what_and_where(frames):
    read = frames.events.iloc[3]
    assert read["type"] == "read"
    assert frames.processes["pid"][read["process"]] == 200
    assert frames.threads["tid"][read["thread"]] == 200
    assert frames.images["cmdline"][read["image"]] == "cat notes"
    assert frames.descriptors["name"][read["descriptor"]] == "/home/notes"
    assert read["container"] == -1
    assert read["size"] == read["captured"] == 5


def test_processes_tell_how_they_ended_and_what_they_last_ran(frames):
    cat = frames.processes[frames.processes["pid"] == 200].iloc[0]
    assert (cat["exit_code"], cat["exit_signal"], cat["existed"]) == (2, 0, False)
    assert frames.processes["pid"][cat["parent"]] == 100
    assert frames.images["comm"][cat["image"]] == "cat"
    shell = frames.processes[frames.processes["pid"] == 100].iloc[0]
    assert (shell["exit_code"], shell["exit_signal"], shell["end"], shell["loginuid"]) == (-1, -1, -1, -1)


@pytest.mark.parametrize(
    ("status", "code", "signal"), [(0, 0, 0), (255 << 8, 255, 0), (9, -1, 9), (139, -1, 11)]
)
def test_a_wait_status_is_a_code_or_a_signal(tmp_path, status, code, signal):
    book = CaptureBuilder()
    book.exit(300, status=status)
    process = open_capture(book.write(tmp_path / "x.exhume")).processes.iloc[0]
    assert (process["exit_code"], process["exit_signal"]) == (code, signal)


def test_files_and_connections_are_descriptors_by_their_row(frames):
    assert frames.files["name"].tolist() == ["/usr/bin/cat", "/home/notes"]
    (row,) = frames.connections.index
    assert frames.events["descriptor"][4] == row
    assert frames.connections["rport"][row] == 80
    assert frames.connections["first"][row] == frames.events["time"][4]
    assert frames.connections["last"][row] == frames.events["time"][5]


def test_only_successful_transfers_have_a_size(frames):
    assert frames.events["size"].tolist() == [0, 0, 0, 5, 0, 0, 0]


def test_payload_arguments_texts_and_addresses_come_from_the_file(frames):
    assert frames.source.payload(3) == b"hello"
    assert frames.source.payload(2) == b""
    assert [int(frames.source.argument(index)[3]) for index in range(6)] == [3, 1, 2, 3, 4, 5]
    assert frames.source.texts(1) == (b"/usr/bin/cat", b"cat\0notes\0")
    assert frames.source.texts(3) == (None, None)
    assert frames.source.address(4) == b"\2\0"
    assert frames.source.address(3) is None


def test_several_threads_may_ask_for_payload_at_once(book, tmp_path):
    for number in range(300):
        book.event("read", pid=200, data=b"%d" % number)
    frames = open_capture(book.write(tmp_path / "many.exhume", block=7))
    wrong = []

    def ask():
        wrong.extend(n for n in range(300) if frames.source.payload(7 + n) != b"%d" % n)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_names_of_calls_that_the_catalogue_lacks_are_told_by_number(tmp_path):
    book = CaptureBuilder()
    book.event(900)
    book.event(222, flags=1)
    book.event(59, flags=2)
    book.event("read")
    events = open_capture(book.write(tmp_path / "x.exhume")).events
    assert events["type"].tolist() == ["syscall_900", "i386_222", "x32_59", "read"]


def test_calls_of_other_abis_have_the_names_and_the_arguments_of_their_tables(tmp_path):
    book = CaptureBuilder()
    book.process(100, cwd="/home")
    book.event(5, flags=EventFlag.COMPAT, text=b"notes", ret=3, args=(0x1000, 0x8000))  # open
    book.event(117, flags=EventFlag.COMPAT, args=(0x10015, 7))  # ipc, SHMAT
    book.event(520, flags=EventFlag.X32, text=b"/bin/true", text2=b"true\0")  # execve
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert frames.events["type"].tolist() == ["open", "shmat", "execve"]
    assert [ABIS[at] for at in frames.events["abi"]] == ["i386", "ipc", "x32"]
    assert frames.paths[frames.events["path"][0]] == "/home/notes"
    assert describe_event(frames, 0).line == 'open("notes", O_RDONLY|O_LARGEFILE) = 3'
    assert describe_event(frames, 1).line == "shmat(SHMAT|1<<16, 0x7, 0x0, 0x0, NULL, 0x0) = 0x0"


def test_a_machine_that_the_file_does_not_name_has_no_table(tmp_path):
    book = CaptureBuilder(host={})
    book.event("read")
    book.fork(100, 200)
    path = book.write(tmp_path / "x.exhume")
    assert open_capture(path).events["type"].tolist() == ["syscall_0", "procfork"]
    with CaptureFile.open(path) as capture:
        assert event_columns(capture)[0].kind.tolist() == book.events().kind.tolist()


def test_a_capture_of_an_aarch64_machine_is_read_with_its_numbers_and_flags(tmp_path):
    book = CaptureBuilder(host={"machine": "aarch64"})
    book.process(100, cwd="/home")
    book.event(56, text=b"notes", ret=3, args=(AT_FDCWD, 0, 0o40000), ino=7, fd=3, mode=DIRECTORY)  # openat
    book.event(35, text=b"a", args=(3, 0, 0))  # unlinkat
    book.event(56, flags=EventFlag.COMPAT)
    book.event(220, args=(0x80000, 1, 2, 3, 4))  # clone with CLONE_SETTLS
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert frames.events["type"].tolist() == ["openat", "unlinkat", "arm_56", "clone"]
    assert describe_event(frames, 0).line == 'openat(AT_FDCWD, "notes", O_RDONLY|O_DIRECTORY) = 3'
    assert frames.paths[frames.events["path"][1]] == "/home/notes/a"
    assert dict(describe_event(frames, 3).groups[1].items)["tls"] == "0x3"
    named = FIELDS["evt.arg"].column(frames, "flags")
    assert named.values[named.codes[0]] == "O_RDONLY|O_DIRECTORY"


def test_a_machine_without_a_table_still_opens(tmp_path):
    book = CaptureBuilder(host={"machine": "s390x"})
    book.event(900)
    book.fork(100, 200)
    events = open_capture(book.write(tmp_path / "x.exhume")).events
    assert events["type"].tolist() == ["syscall_900", "procfork"]


def test_a_call_that_never_returned_did_nothing(tmp_path):
    book = CaptureBuilder()
    book.event("execve", flags=4, text=b"/bin/true", text2=b"true\0")
    book.event("read", flags=8, ret=7)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert (frames.images["event"] == -1).all()
    assert frames.events["size"].tolist() == [0, 0]
    assert frames.events["ret"].tolist() == [0, 7]


def test_events_are_in_order_of_time_though_the_file_is_not(tmp_path):
    book = CaptureBuilder()
    book.event("read", time=START_NS + 5 * MS, data=b"late", args=(5,))
    book.event("write", time=START_NS, data=b"early", args=(1,))
    frames = open_capture(book.write(tmp_path / "x.exhume", block=1))
    assert frames.events["type"].tolist() == ["write", "read"]
    assert [frames.source.payload(row) for row in (0, 1)] == [b"early", b"late"]
    assert frames.source.argument(3).tolist() == [0, 0]
    assert frames.source.argument(0).tolist() == [1, 5]


def test_containers_are_completed_by_what_arrived_later(book, tmp_path):
    full = "0123456789ab" + "c" * 52
    book.tables["cgroups"] = [
        {"id": 1, "path": "/", "hierarchy": 0},
        {"id": 2, "path": f"/docker/{full}", "hierarchy": 0},
    ]
    book.tables["containers"] = [
        {"id": full[:12], "full_id": full, "name": None, "metadata": "bundle not found"}
    ]
    book.tables["containers"] += [
        {"id": full[:12], "full_id": full, "name": "web", "labels": {"app": "shop"}, "privileged": False,
         "command": ["nginx", "-g"], "created": 5, "metadata": "recorded"}
    ]  # fmt: skip
    book.event("read", cgroup=2)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert frames.containers["id"].tolist() == ["host", full[:12]]
    web = frames.containers.iloc[1]
    assert (web["name"], web["labels"], web["privileged"]) == ("web", '{"app": "shop"}', "no")
    assert (web["command"], web["created"], web["metadata"]) == ("nginx -g", 5, "recorded")
    assert frames.events["container"].iloc[-1] == 1
    assert frames.events["container"].iloc[0] == 0


def test_users_drops_and_host_are_told(frames):
    assert frames.users.iloc[0].tolist() == [0, "root", "/root", "/bin/sh", 0]
    assert frames.drops.iloc[0].tolist() == [START_NS + 9, START_NS, "lost", "medium", 3, "", -1, 0]
    assert frames.host["hostname"] == "node-1"
    assert frames.host["ended_ns"] == frames.events["time"].iloc[-1]


def test_the_state_says_whether_the_file_is_whole(book, tmp_path):
    whole = open_capture(book.write(tmp_path / "whole.exhume"))
    assert whole.state.state == "whole"
    cut = open_capture(book.write(tmp_path / "cut.exhume", closed=False))
    assert cut.state.state == "cut short"
    assert "end block" in cut.state.detail


def test_what_is_no_capture_is_refused(tmp_path):
    path = tmp_path / "x.exhume"
    path.write_bytes(b"\x89PNG not a capture")
    with pytest.raises(FormatError):
        open_capture(path)
    with pytest.raises(FileNotFoundError):
        open_capture(tmp_path / "missing.exhume")


def test_opening_reports_progress_up_to_the_end(book, tmp_path):
    told = []
    open_capture(book.write(tmp_path / "x.exhume", block=1), progress=lambda *step: told.append(step))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert len(set(told)) > 5


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.9, 0.99])
def test_opening_stops_when_told_to(book, tmp_path, share):
    path = book.write(tmp_path / "x.exhume", block=1)
    asked = []
    open_capture(path, cancelled=lambda: bool(asked.append(1)))
    patience = int(len(asked) * share)
    asked.clear()

    def cancelled():
        asked.append(1)
        return len(asked) > patience

    with pytest.raises(Cancelled):
        open_capture(path, cancelled=cancelled)
    assert len(asked) == patience + 1


def test_every_row_number_leads_somewhere(frames):
    for column, table in [
        ("process", frames.processes),
        ("thread", frames.threads),
        ("image", frames.images),
        ("container", frames.containers),
        ("descriptor", frames.descriptors),
        ("path", frames.paths),
    ]:
        assert frames.events[column].between(-1, len(table) - 1).all(), column
    assert (frames.events[["process", "thread", "image"]] >= 0).all(axis=None)
    assert (np.diff(frames.events["time"]) >= 0).all()


def test_facts_of_host_clock_and_recorder_are_one_level_deep(tmp_path):
    book = CaptureBuilder(
        host={"hostname": "far", "machine": "aarch64", "cpus": 2},
        clock={"started": 77, "time_zone": "UTC+0000"},
        recorder={"name": "exhume-capture", "version": "1.0", "pid": 900, "settings": {"snaplen": 80},
                  "command_line": ["exhume-capture", "run"]},
    )  # fmt: skip
    book.fork(900, 901)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    host = frames.host
    assert (host["hostname"], host["cpus"], host["started_ns"]) == ("far", 2, 77)
    assert (host["recorder"], host["options"]) == ("exhume-capture 1.0", {"snaplen": 80})
    recorder = frames.processes.iloc[frames.events["process"][0]]
    assert frames.images["cmdline"][recorder["image"]] == "exhume-capture run"


def test_what_a_copy_within_the_kernel_moved_was_written_to_its_destination(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="cp")
    book.open(100, "/from", ino=60, fd=3)
    book.open(100, "/to", ino=61, fd=4)
    told = struct.pack("<QIHxx", 61, 1, FILE)
    copy = {"fd": 3, "ino": 60, "args": (3, 0, 4, 0, 10, 0)}
    book.event("copy_file_range", ret=10, addr=told, **copy)
    book.event("copy_file_range", ret=-22, **copy)
    frames = open_capture(book.write(tmp_path / "copy.exhume"))
    last = frames.events.iloc[2:]
    assert frames.descriptors["name"].iloc[last["descriptor"]].tolist() == ["/to", "/from"]
    assert last["fd"].tolist() == [4, 3]
    table = apply_view(VIEWS["files"], frames, select(frames, None, ["evt.is_io_write = true"]))
    assert table.totals[table.position("file_bytes_out")] == 10


def test_what_is_peeked_at_counts_when_it_is_received(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="server")
    for name, flags in (("recvfrom", (0, 2)), ("recvfrom", (0, 0)), ("recvmsg", (2, 0)), ("recvmsg", (0, 2))):
        book.event(name, fd=3, ino=9, mode=SOCKET, ret=5, sock=sock("10.0.0.1:1"), args=(3, 0, *flags))
    frames = open_capture(book.write(tmp_path / "peek.exhume"))
    assert frames.events["size"].tolist() == [0, 5, 0, 5]
