"""Files are there whole or not at all, whatever ends the writing."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from capture.format.blocks import PREFIX
from capture.format.placing import is_of_writing, placed, reason_of


def test_a_file_is_there_once_it_is_whole_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "new"
    with placed(path, replaces=False) as stream:
        stream.write(b"all of it")
        assert not path.exists()
    assert path.read_bytes() == b"all of it"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("before", [None, b"of yesterday"])
def test_whatever_ends_the_writing_leaves_what_was_there(error, before, tmp_path):
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(type(error)), placed(path) as stream:
        stream.write(b"half")
        raise error
    assert (path.read_bytes() if path.exists() else None) == before
    assert len(list(tmp_path.iterdir())) == (before is not None)


_WRITER = """
import signal, sys, time
from pathlib import Path
from capture.format.placing import placed
# Whoever runs the tests may ignore it, and so would this.
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] == "ignored" else signal.SIG_DFL)
with placed(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    print("writing", flush=True)
    sys.stdin.readline()
"""


def writing(path, *, ignored=False):
    words = [sys.executable, "-c", _WRITER, str(path), "ignored" if ignored else "heard"]
    program = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdout.readline() == "writing\n"
    return program


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_program_leaves_nothing(number, tmp_path):
    program = writing(tmp_path / "file")
    program.send_signal(number)
    program.communicate()
    assert program.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_to_be_ignored_is_ignored(tmp_path):
    """As behind `nohup`."""
    program = writing(tmp_path / "file", ignored=True)
    program.send_signal(signal.SIGHUP)
    program.communicate("\n")
    assert program.returncode == 0
    assert (tmp_path / "file").read_bytes() == b"half"


def test_what_a_killed_program_leaves_is_hidden_and_no_capture(tmp_path):
    program = writing(tmp_path / "node.exhume")
    program.kill()
    program.communicate()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".exhume-") and left.name.endswith(".part")


def test_threads_write_too_and_heed_no_signals(tmp_path):
    def work():
        with placed(tmp_path / "file") as stream:
            stream.write(b"x")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (tmp_path / "file").exists()


def test_signals_mean_afterwards_what_they_meant_before(tmp_path):
    with placed(tmp_path / "file"):
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_capture_is_never_written_over(tmp_path):
    path = tmp_path / "node.exhume"
    path.write_bytes(PREFIX + b"and so on")
    with pytest.raises(FileExistsError, match="evidence"), placed(path):
        pytest.fail("it was opened")
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(FileExistsError, match="evidence"), placed(tmp_path / "link"):
        pytest.fail("it was opened")
    with placed(path, captures_too=True) as stream:
        stream.write(b"as was asked for")
    assert path.read_bytes() == b"as was asked for"


def test_a_file_that_somebody_made_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(FileExistsError) as caught, placed(path, replaces=False) as stream:
        stream.write(b"late")
        path.write_bytes(b"first")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"first" and list(tmp_path.iterdir()) == [path]


def test_a_capture_that_came_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(FileExistsError, match="evidence"), placed(path) as stream:
        stream.write(b"late")
        path.write_bytes(PREFIX)
    assert path.read_bytes() == PREFIX


def test_an_empty_file_may_be_in_the_place(tmp_path):
    """As `mktemp` makes one."""
    path = tmp_path / "file"
    path.touch()
    with placed(path, replaces=False) as stream:
        stream.write(b"x")
    assert path.read_bytes() == b"x"


def test_where_files_have_one_name_only_it_is_put_in_its_place_all_the_same(tmp_path, monkeypatch):
    """Sticks with FAT know no second names."""

    def refuse(*_):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with placed(tmp_path / "file", replaces=False) as stream:
        stream.write(b"x")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"x"]


@pytest.mark.parametrize("name", ["é" * 127, "x" * 255])
def test_a_name_may_be_as_long_as_names_get(name, tmp_path):
    with placed(tmp_path / name) as stream:
        stream.write(b"x")
    assert (tmp_path / name).exists()


def test_errors_name_the_file_that_was_asked_for_and_what_helps():
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out.exhume")
    assert reason_of(full) == ("out.exhume: No space left on device; make room there, or write it elsewhere")
    assert is_of_writing(full) and not is_of_writing(OSError(errno.EACCES, "no"))
    assert reason_of(OSError("odd")) == "odd"
