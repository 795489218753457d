"""Where a recording goes to: a pipe, a file that is read while it grows, a file that others lay hands on."""

import json
import os
import re
import subprocess
import time

import pytest

from capture.cli.errors import Exit
from capture.format import CaptureFile
from tests.kernel.captures import (
    ENVIRONMENT,
    Recording,
    command_line,
    exhume_capture,
    wait_until,
)
from tests.kernel.test_rotation import TICKS, assert_all_there, offsets

pytestmark = pytest.mark.kernel


def ticking(folder, seconds):
    return subprocess.Popen([*TICKS, folder, str(seconds)], stdout=subprocess.PIPE)


def told_by(process):
    return json.loads(process.communicate()[0])


def test_a_recording_goes_through_a_pipe_whole(tmp_path):
    """As `ssh node exhume-capture record -o - > node.exhume` does; the command's output goes elsewhere."""
    path = tmp_path / "node.exhume"
    recorder = command_line("record", "-o", "-", "--", *TICKS, tmp_path, "2")
    with path.open("wb") as out:
        sender = subprocess.Popen(recorder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
        receiver = subprocess.Popen(["cat"], stdin=sender.stdout, stdout=out)
        sender.stdout.close()
        said = sender.stderr.read().decode()
        assert sender.wait() == 0, said
        receiver.wait()
    told = json.loads(said.splitlines()[0])
    with CaptureFile.open(path) as capture:
        assert str(capture.verdict).startswith("whole")
        assert_all_there(capture, told)
    assert "standard output: " in said


def test_what_a_file_holds_already_stays_when_more_is_sent_to_its_end(tmp_path):
    path = tmp_path / "all"
    path.write_bytes(b"evidence")
    with path.open("ab") as out:
        done = exhume_capture("record", "-o", "-", "--", "true", capture_output=False, stdout=out)
    assert done.returncode == 0
    assert path.read_bytes().startswith(b"evidence\x94\xc4\x08\x89EXHUME\n")


def test_a_reader_that_goes_away_ends_the_recording_with_one_line(tmp_path):
    sender = subprocess.Popen(
        command_line("record", "-o", "-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    taken = sender.stdout.read(1000)
    sender.stdout.close()
    said = sender.stderr.read().decode()
    assert sender.wait(60) == Exit.WRITE_FAILED
    assert said.splitlines() == [
        "exhume-capture: who read standard output has gone (Broken pipe); "
        "what was taken up to then can be opened"
    ]
    assert taken.startswith(b"\x94\xc4\x08\x89EXHUME\n")


def test_a_terminal_gets_no_capture():
    ours, theirs = os.openpty()
    done = exhume_capture("record", "-o", "-", capture_output=False, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == Exit.USAGE
    assert "no text for a terminal" in done.stderr
    assert exhume_capture("record", "-o", "-", "--rotate-size", "1M").returncode == Exit.USAGE


def test_a_growing_file_is_followed_to_its_end(tmp_path):
    path = tmp_path / "node.exhume"
    # Not what the reader itself does: each line that it shows would be another to show.
    with Recording(path, "--snaplen", "0", "--only-call", "pread64") as recording:
        reader = subprocess.Popen(
            command_line("events", path, "--follow"),
            stdout=(tmp_path / "lines").open("wb"),
            env=ENVIRONMENT,
        )
        told = told_by(ticking(tmp_path, 1))
        wait_until(lambda: b"pread64" in (tmp_path / "lines").read_bytes(), 60)
        assert reader.poll() is None
        assert recording.end() == 0
        assert reader.wait(120) == 0
    ours = re.compile(rf"\[{told['pid']}\] pread64\(.*, 1, (\d+)\) = 1 ")
    shown = [int(line[1]) for text in (tmp_path / "lines").open() if (line := ours.search(text))]
    with CaptureFile.open(path) as capture:
        assert shown == offsets(capture, told["pid"])
        assert_all_there(capture, told)
    with CaptureFile.open(path) as capture:
        assert sum(1 for _ in (tmp_path / "lines").open()) == capture.count


@pytest.mark.parametrize("how", ["renamed", "removed", "replaced"])
def test_a_file_that_others_take_away_is_noticed_and_nothing_is_lost(tmp_path, how):
    path = tmp_path / "node.exhume"
    with Recording(path, "--snaplen", "0") as recording:
        storm = ticking(tmp_path, 4)
        time.sleep(1.5)
        if how == "removed":
            path.unlink()
        else:
            path.rename(tmp_path / "node.exhume.1")
        if how == "replaced":
            path.write_bytes(b"")  # as log rotation makes a new file
        told = told_by(storm)
        assert recording.end() == 0
    said = recording.err.decode()
    assert f"{path} was {'removed' if how == 'removed' else 'renamed'} while it was being written" in said
    kept = path if how == "removed" else tmp_path / "node.exhume.1"
    with CaptureFile.open(kept) as capture:
        assert str(capture.verdict).startswith("whole")
        assert_all_there(capture, told)
        assert "while it was being written" in json.dumps(capture.documents["note"])
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_cut_ends_the_recording_and_is_told(tmp_path):
    """Log rotation with copytruncate."""
    path = tmp_path / "node.exhume"
    with Recording(path, "--snaplen", "0") as recording:
        storm = ticking(tmp_path, 4)
        time.sleep(1.5)
        os.truncate(path, 0)
        assert recording.process.wait(30) == Exit.WRITE_FAILED
        recording.end()
        storm.communicate()
    lines = recording.err.decode().splitlines()
    assert len(lines) == 1
    # What was on its way when it was cut is written still.
    assert re.search(r"another program has cut it to [\d,]+ bytes", lines[0])
    assert "can be opened" not in lines[0]
