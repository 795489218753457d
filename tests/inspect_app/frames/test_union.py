"""Several captures opened as one: what they have in common is there once, what differs is told apart."""

import shutil

import numpy as np
import pandas as pd
import pytest

from inspect_app.analysis.state import state_at
from inspect_app.frames import open_capture
from inspect_app.frames.columns import TABLES
from tests.builders.capture import MS, START_NS, CaptureBuilder

OFFSET = 1_600_000_000_000_000_000
POINTERS = [
    (table, column.name, column.unit.removeprefix("row of "))
    for table, columns in TABLES.items()
    for column in columns
    if column.unit.startswith("row of ")
]


def builder(hostname="web", boot="b1", *, started=START_NS, offset=OFFSET, **section):
    host = {"hostname": hostname, "machine": "x86_64", "machine_id": f"m-{hostname}", "boot_id": boot}
    clock = {"started": started, "boot_to_utc": offset}
    return CaptureBuilder(host=host, clock=clock, **section)


def shell(book, *, first=START_NS, pid=100):
    """A shell that was there, reads a file three times and runs a program."""
    book.process(pid, comm="sh", exe="/bin/sh", argv=[b"-sh"], cwd="/home", uid=1000)
    book.descriptor(pid, 0, "/dev/pts/0", ino=5)
    book.tables["users"] = [{"uid": 1000, "name": book.section["host"]["hostname"] + "-user"}]
    book.open(pid, "/home/notes", ino=7, time=first)
    for at in range(3):
        book.event("read", pid=pid, fd=3, ino=7, ret=5, args=(3, at), data=b"%05d" % at)
    book.fork(pid, pid + 100, comm=b"sh")
    book.exec(pid + 100, "/usr/bin/cat", "cat", "notes")
    return book


@pytest.fixture
def two_hosts(tmp_path):
    one = shell(builder("web")).write(tmp_path / "web.exhume")
    other = shell(builder("db", "b2", started=START_NS + MS // 2), first=START_NS + MS // 2)
    return one, other.write(tmp_path / "db.exhume")


def test_events_of_two_hosts_lie_in_order_of_time_each_with_its_host(two_hosts):
    frames = open_capture(two_hosts)
    host = frames.processes["host"].to_numpy()[frames.events["process"]]
    assert frames.hosts["hostname"].tolist() == ["web", "db"]
    assert host.tolist() == [0, 1] * 6
    assert frames.events["time"].is_monotonic_increasing
    assert [frames.source.payload(row) for row in range(4, 8)] == [b"00001", b"00001", b"00002", b"00002"]
    assert frames.host["part"] == "2 captures of 2 hosts"
    assert frames.host["hostname"] == "web, db"


def test_the_same_pid_path_and_user_id_on_two_hosts_are_two(two_hosts):
    frames = open_capture(two_hosts)
    alone = open_capture(two_hosts[0])
    for table in ("processes", "threads", "images", "descriptors", "containers", "users", "opened"):
        assert len(getattr(frames, table)) == 2 * len(getattr(alone, table)), table
    assert frames.paths == alone.paths
    assert frames.containers["id"].tolist() == ["host", "host"]
    assert frames.is_host.tolist() == [True, True]
    assert sorted(frames.users["name"]) == ["db-user", "web-user"]


def test_each_event_has_of_a_union_what_it_has_alone(two_hosts):
    """Whatever it points to, to the text that is there in the end."""
    frames = open_capture(two_hosts)
    host = frames.processes["host"].to_numpy()[frames.events["process"]]
    for at, path in enumerate(two_hosts):
        pd.testing.assert_frame_equal(
            told(frames)[host == at].reset_index(drop=True), told(open_capture(path))
        )


def told(frames):
    events = frames.events
    texts = {
        "program": np.append(frames.images["cmdline"], "")[events["image"]],
        "thing": np.append(frames.descriptors["name"], "")[events["descriptor"]],
        "path": np.append(frames.paths, "")[events["path"]],
        "pid": frames.processes["pid"].to_numpy()[events["process"]],
        "type": events["type"].astype(str),
        "argument": frames.source.argument(1),
        "texts": [frames.source.texts(row) for row in range(len(events))],
        "address": [frames.source.address(row) for row in range(len(events))],
    }
    return pd.DataFrame(texts).assign(**{name: events[name] for name in ("time", "ret", "fd", "size")})


def test_every_row_points_to_one_that_is_there(two_hosts, tmp_path):
    third = shell(builder("web", started=START_NS + 50 * MS), first=START_NS + 50 * MS)
    frames = open_capture([*two_hosts, third.write(tmp_path / "later.exhume")])
    for table, column, target in POINTERS:
        values = getattr(frames, table)[column]
        assert values.between(-1, len(getattr(frames, target)) - 1).all(), (table, column)


def test_a_process_of_two_recordings_of_its_host_is_one(tmp_path):
    later = START_NS + 1_000 * MS
    first = shell(builder()).write(tmp_path / "1.exhume")
    again = shell(builder(started=later, offset=OFFSET), first=later)
    again.exit(100, status=3 << 8)
    frames = open_capture([first, again.write(tmp_path / "2.exhume")])
    shells = frames.processes[frames.processes["pid"] == 100]
    assert len(shells) == 1
    assert shells["exit_code"].item() == 3
    assert len(frames.threads[frames.threads["tid"] == 100]) == 1
    assert frames.descriptors["name"].tolist().count("/home/notes") == 1
    notes = frames.descriptors[frames.descriptors["name"] == "/home/notes"]
    assert (notes["first"].item(), notes["last"].item()) == (START_NS, later + 3 * MS)
    assert len(frames.images[frames.images["process"] == shells.index[0]]) == 1
    assert len(frames.users) == len(frames.hosts) == len(frames.containers) == 1


def test_what_a_later_recording_does_not_find_any_more_had_ended_by_then(tmp_path):
    later = START_NS + 1_000 * MS
    first = shell(builder())
    first.process(77, comm="gone")
    again = shell(builder(started=later, offset=OFFSET), first=later)
    paths = [first.write(tmp_path / "1.exhume"), again.write(tmp_path / "2.exhume")]
    frames = open_capture(paths)
    ends = dict(zip(frames.processes["pid"], frames.processes["end"], strict=True))
    assert (ends[77], ends[100]) == (later, -1)


def test_recordings_of_one_boot_follow_the_clock_of_the_first(tmp_path):
    later, off = START_NS + 1_000 * MS, 40 * MS
    first = shell(builder()).write(tmp_path / "1.exhume")
    # The wall clock was set in between: what the second recording calls `later` was earlier by the first's.
    again = shell(builder(started=later, offset=OFFSET + off), first=later)
    again.tables["processes"][0]["start_ns"] += off
    frames = open_capture([first, again.write(tmp_path / "2.exhume")])
    assert frames.recordings["correction"].tolist() == [0, -off]
    assert frames.events["time"].tolist()[6] == later - off
    assert (frames.processes["pid"] == 100).sum() == 1
    assert frames.recordings["started"].tolist() == [START_NS, later - off]


def test_what_two_recordings_of_one_boot_tell_is_counted_once(tmp_path):
    first = shell(builder()).write(tmp_path / "1.exhume")
    again = shell(builder(started=START_NS + 3 * MS), first=START_NS + 3 * MS).write(tmp_path / "2.exhume")
    frames = open_capture([first, again])
    assert len(frames.events) == 9
    assert frames.recordings["left_out"].tolist() == [0, 3]
    assert frames.recordings["events"].tolist() == [6, 3]
    assert [frames.source.payload(row) for row in range(6, 9)] == [b"00002", b"", b""]
    blocks = list(frames.source.payload_blocks())
    found = {
        int(row): data[end - 5 : end]
        for rows, ends, data in blocks
        for row, end in zip(rows, ends, strict=True)
        if frames.events["captured"][row]
    }
    assert found == {1: b"00000", 2: b"00001", 3: b"00002", 6: b"00002"}


def test_a_copy_is_counted_once_and_told(two_hosts, tmp_path):
    copy = shutil.copy(two_hosts[0], tmp_path / "copy.exhume")
    alone = open_capture([two_hosts[0], copy])
    assert len(alone.events) == 6
    assert alone.host["copies"] == 1
    assert open_capture(tmp_path).host["copies"] == 1
    assert len(open_capture(tmp_path).events) == 12


def test_what_a_later_recording_lists_was_not_open_before_it(tmp_path):
    later = START_NS + 1_000 * MS
    first = shell(builder()).write(tmp_path / "1.exhume")
    again = shell(builder(started=later, offset=OFFSET), first=later)
    again.descriptor(100, 9, "/var/log/late", ino=99)
    frames = open_capture([first, again.write(tmp_path / "2.exhume")])
    before, after = (state_at(frames, time).descriptors for time in (later - MS, later + 5 * MS))
    assert 0 in before[before["pid"] == 100]["fd"].tolist()
    assert 9 not in before[before["pid"] == 100]["fd"].tolist()
    assert 9 in after[after["pid"] == 100]["fd"].tolist()


def test_a_capture_that_is_cut_short_says_so_of_the_whole(two_hosts):
    data = two_hosts[1].read_bytes()
    two_hosts[1].write_bytes(data[:-40])
    state = open_capture(two_hosts).state
    assert state.state == "cut short"
    assert "1 of 2 captures are whole. db.exhume: " in state.detail


def test_unknown_calls_of_two_captures_keep_their_names(tmp_path):
    one, other = builder("web"), builder("db", "b2")
    one.event(4_000, pid=1)
    other.event(4_001, pid=1)
    other.event("read", pid=1)
    frames = open_capture([one.write(tmp_path / "1.exhume"), other.write(tmp_path / "2.exhume")])
    names = frames.events["type"].tolist()
    assert len(set(names)) == 3
    assert "read" in names


def test_slices_of_one_recording_are_put_together_again(tmp_path):
    """They overlap by two events; each is there once, and the whole is what was cut."""
    book = shell(builder(capture_id="c1"))
    whole = open_capture(book.write(tmp_path / "whole.exhume"))
    ends = ((0, 4), (2, 6))
    for at, (start, end) in enumerate(ends):
        piece = shell(builder(capture_id="c1"))
        piece.rows, piece.payload = piece.rows[start:end], piece.payload[start:end]
        piece.write(tmp_path / f"slice-{at}.exhume")
    frames = open_capture([tmp_path / "slice-0.exhume", tmp_path / "slice-1.exhume"])
    assert frames.recordings["left_out"].tolist() == [0, 2]
    pd.testing.assert_frame_equal(told(frames), told(whole))
