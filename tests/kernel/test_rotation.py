"""A recording spread over files: each stands alone, and together they hold every event once."""

import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest

from capture.cli.errors import Exit
from capture.format import CaptureFile, open_captures
from capture.model.catalogue import spec_named
from inspect_app.frames import open_capture
from tests.kernel.captures import (
    PROGRAMS,
    PYTHON,
    Recording,
    exhume_capture,
    wait_until,
)

pytestmark = pytest.mark.kernel

TICKS = (*PYTHON, PROGRAMS / "ticks.py")
PREAD = spec_named("pread64").x86_64
TABLES = ("processes", "descriptors", "sockets", "mounts", "users", "groups", "interfaces", "cgroups")


def offsets(capture, pid):
    """The offsets of a process' preads of a byte, in the order of the capture."""
    columns = capture.read_columns(("code", "pid", "a2", "a3", "time"))
    assert bool((np.diff(columns["time"]) >= 0).all())
    return columns["a3"][(columns["code"] == PREAD) & (columns["a2"] == 1) & (columns["pid"] == pid)].tolist()


def assert_all_there(capture, told):
    """Every call of the program is there once and in order; where lanes were full, counted instead."""
    found = offsets(capture, told["pid"])
    assert found == sorted(set(found))
    counted = capture.counted()
    mine = int(counted["count"][(counted["pid"] == told["pid"]) & (counted["code"] == PREAD)].sum())
    # The loader makes two of its own.
    assert told["count"] <= len(found) + mine <= told["count"] + (2 if mine else 0)


@pytest.fixture(scope="module")
def rotated(tmp_path_factory):
    """Files of about a second each, and what the program in them counted."""
    folder = tmp_path_factory.mktemp("rotated")
    options = ("--rotate-time", "1s", "--snaplen", "0")
    done = exhume_capture("record", "-o", folder / "node.exhume", *options, "--", *TICKS, folder, "4")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout), done.stderr


def files_in(folder):
    return sorted(folder.glob("*.exhume"))


def test_every_event_is_in_exactly_one_file_and_in_order(rotated):
    folder, told, _ = rotated
    parts = []
    for path in files_in(folder):
        with CaptureFile.open(path) as capture:
            parts.append(offsets(capture, told["pid"]))
    assert sum(bool(part) for part in parts) >= 3
    with open_captures([folder]) as capture:
        assert [offset for part in parts for offset in part] == offsets(capture, told["pid"])
        assert_all_there(capture, told)


def test_the_set_is_whole_and_opens_as_one_recording(rotated):
    folder, told, said = rotated
    assert f"({len(files_in(folder))} files)" in said
    with open_captures([folder]) as capture:
        assert str(capture.verdict).startswith("whole")
        assert_all_there(capture, told)
        assert sum(capture.ending["lost"].values()) == 0
    assert exhume_capture("verify", folder).returncode == 0


def test_a_process_that_lived_through_several_files_is_one(rotated):
    folder, told, _ = rotated
    frames = open_capture(folder)
    processes = frames.processes
    assert (processes["pid"] == told["pid"]).sum() == 1
    ours = processes[processes["pid"] == told["pid"]].iloc[0]
    assert "ticks.py" in frames.images["args"].iloc[ours["image"]]
    assert ours["start"] > 0 and ours["end"] > 0
    assert frames.host["part"].startswith(f"files 1 to {len(files_in(folder))} of set ")
    # Those that were there at the start and did nothing but wait are one, too.
    keys = processes[["pid", "start"]]
    assert len(keys.drop_duplicates()) == len(keys)


def test_each_file_stands_alone(rotated):
    folder, told, _ = rotated
    for number, path in enumerate(files_in(folder), 1):
        with CaptureFile.open(path) as capture:
            assert str(capture.verdict).startswith("whole")
            assert capture.section["set"]["number"] == number
            assert [name for name in TABLES if not capture.table(name)] == []
            assert capture.ending["events"] == capture.count
    middle = open_capture(files_in(folder)[2])
    processes = middle.processes[middle.processes["pid"] == told["pid"]]
    image = middle.images.iloc[processes["image"].iloc[0]]
    assert "ticks.py" in image["args"]
    descriptor = middle.events["descriptor"][(middle.events["type"] == "pread64").to_numpy()].iloc[0]
    assert middle.descriptors["name"].iloc[descriptor] == "/dev/zero"


def test_each_file_is_told_what_a_link_leads_to(tmp_path):
    """The probe tells a path once; a file that stands alone must not depend on the one before."""
    really, asked = tmp_path / "really", tmp_path / "asked"
    really.touch()
    asked.symlink_to(really)
    busy = "import os, sys, time\nfor _ in range(350): os.close(os.open(sys.argv[1], 0)); time.sleep(0.01)"
    options = ("--rotate-time", "1s", "--snaplen", "0")
    program = (*PYTHON, "-c", busy, asked)
    done = exhume_capture("record", "-o", tmp_path / "node.exhume", *options, "--", *program)
    assert done.returncode == 0, done.stderr
    told = []
    for path in files_in(tmp_path):
        frames = open_capture(path)
        opened = frames.events["type"] == "opened_path"
        told.append(
            str(really)
            in {frames.paths[at] for at in frames.events["path"][opened & (frames.events["path"] >= 0)]}
        )
    assert len(told) >= 3
    # The last may hold no more than the end of the recording.
    assert all(told[:-1])


def test_who_was_waiting_at_the_end_of_a_file_is_told_there_and_counted_once_in_the_set(rotated):
    folder, _, _ = rotated
    frames = open_capture(files_in(folder)[1])
    waiting = frames.events[frames.events["flags"] & 4 != 0]
    assert len(waiting)
    assert set(waiting["time"]) == {frames.events["time"].max()}
    alone = sum(
        int((open_capture(path).events["flags"] & 4 == 0).sum()) for path in files_in(folder)[:-1]
    ) + len(open_capture(files_in(folder)[-1]).events)
    assert len(open_capture(folder).events) == alone


def test_limits_can_be_combined_and_the_first_one_counts(tmp_path):
    options = ("--rotate-size", "10M", "--rotate-time", "1h", "--rotate-events", "2000", "--keep", "2")
    done = exhume_capture("record", "-o", tmp_path / "n-%H.exhume", *options, "--", *TICKS, tmp_path, "4")
    assert done.returncode == 0, done.stderr
    files = files_in(tmp_path)
    assert len(files) == 2
    assert "older one" in done.stderr
    with open_captures([tmp_path]) as capture:
        numbers = [member.section["set"]["number"] for member in capture.members]
        assert numbers[0] > 1
        assert numbers[1] == numbers[0] + 1
        assert str(capture.verdict).startswith("whole")


def test_a_signal_while_files_turn_loses_nothing(tmp_path):
    """The end comes at some moment of a rotation that goes on all the time."""
    for moment in (0.0, 0.3):
        folder = tmp_path / str(moment)
        folder.mkdir()
        recording = Recording(folder / "n.exhume", "--rotate-events", "1", ends_by=signal.SIGTERM)
        recording.path = folder / "n-00001.exhume"
        with recording:
            ticks = subprocess.Popen([*TICKS, folder, "1.5"], stdout=subprocess.PIPE)
            told = json.loads(ticks.communicate()[0])
            time.sleep(moment)
            assert recording.end() == Exit.FINE, recording.err
        with open_captures([folder]) as capture:
            assert str(capture.verdict).startswith("whole")
            assert len(capture.members) > 1
            assert_all_there(capture, told)


def test_a_recorder_that_is_killed_leaves_every_file_readable(tmp_path):
    recording = Recording(tmp_path / "n.exhume", "--rotate-events", "1", ends_by=signal.SIGKILL)
    recording.path = tmp_path / "n-00001.exhume"
    with recording:
        ticks = subprocess.Popen([*TICKS, tmp_path, "3"], stdout=subprocess.PIPE)
        wait_until(lambda: len(files_in(tmp_path)) > 2)
        recording.end()
        ticks.kill()
        ticks.communicate()
    with open_captures([tmp_path]) as capture:
        assert str(capture.verdict.state) in ("whole", "cut short")
        found = offsets(capture, ticks.pid)
        assert found == sorted(set(found))
        assert found


_MORE_THAN_FITS = """
import os, time
fd = os.open("/dev/urandom", os.O_RDONLY)
for number in range(8_000):
    os.read(fd, 80)
    if number % 10 == 0:
        time.sleep(0.005)
"""
"""Reads 640,000 bytes that do not shrink, over some seconds: many a block, and never much at once."""


def test_a_full_disk_at_the_turn_leaves_whole_files_and_says_so(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "exhume-test", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        options = ("--rotate-size", "80K", "--only-command", "--no-hashes")
        done = exhume_capture(
            "record", "-o", folder / "n.exhume", *options, "--", *PYTHON, "-c", _MORE_THAN_FITS
        )
        assert done.returncode == Exit.WRITE_FAILED
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        with open_captures([folder]) as capture:
            assert len(capture.members) > 1
            assert str(capture.verdict.state) in ("whole", "cut short")
            for member in capture.members[:-1]:
                assert str(member.verdict).startswith("whole")
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_the_disk_floor_ends_the_recording_in_order(tmp_path):
    status = os.statvfs(tmp_path)
    floor = status.f_bavail * status.f_frsize + (1 << 40)
    options = ("--rotate-size", "100K", "--disk-floor", str(floor))
    done = exhume_capture("record", "-o", tmp_path / "n.exhume", *options, "--", *TICKS, tmp_path, "4")
    assert done.returncode == Exit.WRITE_FAILED
    assert "--disk-floor" in done.stderr
    with open_captures([tmp_path]) as capture:
        assert str(capture.verdict).startswith("whole")


def test_a_folder_that_goes_away_keeps_the_recording_in_the_file_it_has(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    recording = Recording(folder / "n.exhume", "--rotate-time", "1s")
    recording.path = folder / "n-00001.exhume"
    with recording:
        folder.rename(tmp_path / "there")
        recording.path = tmp_path / "there" / "n-00001.exhume"
        ticks = subprocess.Popen([*TICKS, tmp_path, "3"], stdout=subprocess.PIPE)
        told = json.loads(ticks.communicate()[0])
        assert recording.end() == Exit.FINE
    assert b"cannot be made: No such file or directory; the recording goes on in" in recording.err
    assert recording.err.count(b"cannot be made") == 1
    with open_captures([tmp_path / "there"]) as capture:
        assert str(capture.verdict).startswith("whole")
        assert_all_there(capture, told)
        assert "cannot be made" in json.dumps(capture.documents["note"])
