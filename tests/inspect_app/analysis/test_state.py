"""The state at a moment, held against a simulation that does every step as the kernel does."""

import json
import struct
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.state import state_at
from inspect_app.cli import main
from inspect_app.filters.fields import FIELDS
from inspect_app.frames import open_capture
from tests.builders.capture import AT_FDCWD, DIRECTORY, MS, PIPE, SOCKET, START_NS, CaptureBuilder

O_CLOEXEC = 0o2000000
NUMBERS = range(3, 9)
PIDS = (100, 200, 201, 202)


@pytest.fixture
def book():
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home", uid=0)
    book.descriptor(100, 0, "/dev/null", ino=4)
    book.descriptor(100, 1, "pipe:[77]", ino=77, mode=PIPE)
    book.tables["users"] = [{"uid": 0, "name": "root", "gid": 0, "home": "/root", "shell": "/bin/sh"}]
    book.tables["mounts"] = [
        {"id": 1, "parent": 0, "dev": 1, "root": "/", "target": "/", "type": "ext4", "source": "/dev/vda"}
    ]
    return book


def opened(book, tmp_path):
    return open_capture(book.write(tmp_path / "state.exhume"))


def held(frames, time, pid=100):
    rows = state_at(frames, time).descriptors
    rows = rows[rows["pid"] == pid]
    return dict(zip(rows["fd"].tolist(), rows["file"].tolist(), strict=True))


def test_what_the_snapshot_listed_is_open_until_it_is_closed(book, tmp_path):
    book.event("getpid")
    closed = book.event("close", fd=1, ino=77, mode=PIPE, args=(1,))
    frames = opened(book, tmp_path)
    assert held(frames, START_NS) == {0: "/dev/null", 1: "pipe:[77]"}
    assert held(frames, book.rows[closed]["time"]) == {0: "/dev/null"}


def test_the_state_is_that_after_what_returned_at_the_moment(book, tmp_path):
    row = book.event("openat", ret=3, fd=3, ino=9, text=b"/etc/hosts", args=(AT_FDCWD,))
    time = book.rows[row]["time"]
    frames = opened(book, tmp_path)
    assert 3 not in held(frames, time - 1)
    assert held(frames, time)[3] == "/etc/hosts"
    (line,) = state_at(frames, time).descriptors.query("fd == 3").to_dict("records")
    assert (line["how"], line["since"]) == ("opened or used", time)


def test_a_number_that_was_used_was_open_though_nobody_saw_it_opened(book, tmp_path):
    book.event("read", fd=7, ino=50, args=(7,))
    book.event("read", fd=8, ret=-9, args=(8,))
    assert set(held(opened(book, tmp_path), START_NS + 10 * MS)) == {0, 1, 7}


def test_both_ends_of_a_pipe_are_held_from_its_making_on(book, tmp_path):
    made = book.event("pipe2", ret=0, data=struct.pack("<2i", 3, 4), args=(0x7F00, O_CLOEXEC))
    book.event("pipe", ret=0, data=struct.pack("<2i", 5, 6), args=(0x7F00, O_CLOEXEC))
    pair = book.event("socketpair", ret=0, data=struct.pack("<2i", 7, 8), args=(1, 1))
    book.fork(100, 200)
    book.event("write", pid=200, fd=4, ino=88, mode=PIPE, ret=1, data=b"x")
    book.event("read", fd=3, ino=88, mode=PIPE, ret=1, data=b"x")
    book.exec(200, "/bin/true", "true")
    book.event("read", fd=7, ino=99, mode=SOCKET, sock=struct.pack("<HH44x", 1, 1), ret=1, data=b"x")
    frames = opened(book, tmp_path)
    ends = {3: "pipe:[88]", 4: "pipe:[88]", 5: "", 6: ""}
    at = book.rows[pair]["time"]
    assert held(frames, at) == {0: "/dev/null", 1: "pipe:[77]", **ends, 7: "socket:[99]", 8: ""}
    assert held(frames, book.rows[made]["time"] - 1) == {0: "/dev/null", 1: "pipe:[77]"}
    types = state_at(frames, at).descriptors.set_index("fd")["type"]
    assert types[[3, 4, 5, 6, 7]].tolist() == ["pipe"] * 4 + ["unix"]
    assert sorted(held(frames, book.rows[-1]["time"], pid=200)) == [0, 1, 5, 6, 7, 8]


def test_a_directory_that_a_path_starts_from_is_not_taken_for_what_the_path_names(book, tmp_path):
    book.event("openat", ret=3, fd=3, ino=9, mode=DIRECTORY, text=b"/etc", args=(AT_FDCWD,))
    book.event("newfstatat", fd=3, ino=9, mode=DIRECTORY, text=b"hosts", args=(3,))
    assert held(opened(book, tmp_path), START_NS + 10 * MS)[3] == "/etc"


def test_a_remount_makes_no_mount_and_an_unmount_ends_one(book, tmp_path):
    book.event("mount", text=b"tmpfs", text2=b"/mnt", args=(0, 0, 0, 0))
    book.event("mount", text=b"none", text2=b"/", args=(0, 0, 0, 1 << 18))
    made = book.rows[-1]["time"]
    book.event("umount2", text=b"/mnt")
    frames = opened(book, tmp_path)
    assert state_at(frames, made).mounts["target"].tolist() == ["/", "/mnt"]
    assert state_at(frames, made + 10 * MS).mounts["target"].tolist() == ["/"]


def test_processes_are_told_with_the_program_and_the_user_of_that_moment(book, tmp_path):
    book.fork(100, 200, comm=b"sh")
    before = book.rows[-1]["time"]
    book.event("execve", pid=200, uid=1000, text=b"/bin/true", text2=b"true\0", ino=30)
    after = book.rows[-1]["time"]
    book.exit(200)
    ended = book.rows[-1]["time"]
    frames = opened(book, tmp_path)
    lived = {time: state_at(frames, time) for time in (before, after, ended)}
    names = {time: state.processes.set_index("pid")["name"].to_dict() for time, state in lived.items()}
    assert names[before] == {100: "sh", 200: "sh"}
    assert names[after] == {100: "sh", 200: "true"}
    assert names[ended] == {100: "sh"}
    assert lived[after].users["uid"].tolist() == [0, 1000]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(PIDS), st.sampled_from(NUMBERS), st.booleans()),
        st.tuples(st.just("dup"), st.sampled_from(PIDS), st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)),
        st.tuples(st.just("close"), st.sampled_from(PIDS), st.sampled_from(NUMBERS)),
        st.tuples(st.just("range"), st.sampled_from(PIDS), st.sampled_from(NUMBERS), st.booleans()),
        st.tuples(st.just("use"), st.sampled_from(PIDS), st.sampled_from(NUMBERS)),
        st.tuples(st.just("mark"), st.sampled_from(PIDS), st.sampled_from(NUMBERS), st.booleans()),
        st.tuples(st.just("exec"), st.sampled_from(PIDS)),
        st.tuples(st.just("fork"), st.sampled_from(PIDS), st.sampled_from(PIDS[1:])),
    ),
    max_size=30,
)


def simulate(book, told):
    """Do the steps; for each process its numbers: {fd: (inode, closes at exec)}."""
    tables = {100: {}}
    inode = 1_000
    for name, pid, *rest in told:
        table = tables.get(pid)
        if table is None:
            continue
        if name == "fork":
            child = rest[0]
            if child not in tables:
                tables[child] = dict(table)
                book.fork(pid, child)
            continue
        number = rest[0] if rest else 0
        if name == "open":
            inode += 1
            table[number] = (inode, rest[1])
            flags = O_CLOEXEC * rest[1]
            path = b"/f/%d" % inode
            book.event(
                "openat", pid=pid, ret=number, fd=number, ino=inode, text=path, args=(AT_FDCWD, 0, flags)
            )
        elif name == "exec":
            tables[pid] = {fd: entry for fd, entry in table.items() if not entry[1]}
            book.event("execve", pid=pid, text=b"/bin/x", text2=b"x\0", ino=30)
        elif name == "range":
            for fd in [fd for fd in table if fd >= number]:
                if rest[1]:
                    table[fd] = (table[fd][0], True)
                else:
                    del table[fd]
            book.event("close_range", pid=pid, args=(number, 0xFFFFFFFF, 4 * rest[1]))
        elif number not in table:
            book.event("close", pid=pid, ret=-9, args=(number,), fd=number)
        elif name == "dup":
            table[rest[1]] = (table[number][0], table[number][1] if rest[1] == number else False)
            book.event("dup2", pid=pid, ret=rest[1], fd=rest[1], ino=table[number][0], args=(number, rest[1]))
        elif name == "close":
            book.event("close", pid=pid, fd=number, ino=table.pop(number)[0], args=(number,))
        elif name == "use":
            book.event("read", pid=pid, fd=number, ino=table[number][0], args=(number,))
        elif name == "mark":
            table[number] = (table[number][0], rest[1])
            book.event("fcntl", pid=pid, fd=number, ino=table[number][0], args=(number, 2, int(rest[1])))
    return tables


@settings(deadline=None, max_examples=25)
@given(steps)
def test_any_steps_leave_each_process_with_the_numbers_that_the_kernel_would(told):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    book.event("getpid")
    tables = simulate(book, told)
    with tempfile.TemporaryDirectory() as folder:
        frames = open_capture(book.write(Path(folder) / "steps.exhume"))
        state = state_at(frames, book.rows[-1]["time"]).descriptors
    for pid, table in tables.items():
        mine = state[state["pid"] == pid]
        inodes = frames.descriptors["ino"].to_numpy()[mine["descriptor"].to_numpy()]
        assert dict(zip(mine["fd"].tolist(), inodes.tolist(), strict=True)) == {
            fd: inode for fd, (inode, _) in table.items()
        }


@settings(deadline=None, max_examples=25)
@given(steps)
def test_at_any_event_its_process_has_as_many_descriptors_as_the_state_tells(told):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    book.descriptor(100, 0, "/dev/null", ino=4)
    book.event("getpid")
    simulate(book, told)
    with tempfile.TemporaryDirectory() as folder:
        frames = open_capture(book.write(Path(folder) / "steps.exhume"))
        counts = FIELDS["proc.fdopencount"].column(frames).values
        pids = frames.processes["pid"].to_numpy()[frames.events["process"].to_numpy()]
        for time, pid, count in zip(frames.events["time"].tolist(), pids.tolist(), counts, strict=True):
            assert count == (state_at(frames, time).descriptors["pid"] == pid).sum()


def test_processes_that_made_each_other_in_a_circle_have_counts_too(book, tmp_path):
    book.fork(100, 200)
    book.event("openat", pid=200, ret=3, fd=3, ino=9, text=b"/etc/hosts", args=(AT_FDCWD,))
    frames = opened(book, tmp_path)
    frames.processes.loc[frames.processes["pid"] == 100, ["parent", "existed"]] = 1, False
    frames.processes.loc[:, "start"] = START_NS
    assert FIELDS["proc.fdopencount"].column(frames).values.max() <= 3


def run(*arguments):
    return CliRunner().invoke(main, ["at", *map(str, arguments)])


def test_the_command_shows_one_list_or_all(book, tmp_path):
    book.event("openat", ret=3, fd=3, ino=9, text=b"/etc/=hosts", args=(AT_FDCWD,))
    path = book.write(tmp_path / "x.exhume")
    every = run(path, "+1s")
    assert every.exit_code == 0
    assert "Descriptors: 3 descriptors" in every.output
    rows = json.loads(run(path, "+1s", "descriptors", "--format", "json").output)
    assert [(row["fd"], row["file"]) for row in rows] == [
        (0, "/dev/null"),
        (1, "pipe:[77]"),
        (3, "/etc/=hosts"),
    ]
    assert rows[0]["since"] is None
    assert "pid,name,fd" in run(path, "+1s", "descriptors", "--format", "csv").output
    assert set(json.loads(run(path, "+1s", "--format", "json").output)) == {
        *("time", "processes", "descriptors", "connections", "containers", "mounts", "users")
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("soon",), "is no moment"),
        (("+1s", "nonsense"), "is not one of"),
        (("+1s", "--format", "csv"), "CSV holds one list"),
    ],
)
def test_what_is_no_moment_and_no_list_is_told(book, tmp_path, arguments, said):
    book.event("getpid")
    done = run(book.write(tmp_path / "x.exhume"), *arguments)
    assert done.exit_code == 2
    assert said in done.output
