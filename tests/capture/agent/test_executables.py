"""Digests of programs' files: the right file or none, bounded, each once. Real files and processes."""

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from capture.agent.clock import boot_now_ns
from capture.agent.executables import ExecutableWatch, HashLimits
from capture.agent.proc_files import kernel_dev
from capture.agent.programs import BegunProgram, BegunScript
from capture.agent.reaching import _open_below


def begun(path, *, pid=1 << 22, given=None, **changes):
    """What the kernel would tell of a program begun from a file now."""
    status = path.stat()
    facts = {"dev": kernel_dev(status.st_dev), "ino": status.st_ino, "size": status.st_size}
    facts |= {"mtime": status.st_mtime_ns, "ctime": status.st_ctime_ns, **changes}
    return BegunProgram(pid, os.fsencode(given or path), **facts)


def looked_at(*programs, **limits):
    rows = []
    watch = ExecutableWatch(rows.extend, HashLimits(**limits))
    watch.start()
    watch.begun(programs)
    watch.finish()
    return rows


@pytest.fixture
def program(tmp_path):
    return shutil.copy(shutil.which("sleep"), tmp_path / "program")


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_hashed_once(program):
    rows = looked_at(begun(program), begun(program), begun(program))
    assert [(row["sha256"], row["note"]) for row in rows] == [(digest_of(program), None)]
    assert rows[0]["path"] == str(program)


def test_the_file_of_a_running_program_is_found_when_its_name_is_gone(program):
    process = subprocess.Popen([program, "60"])
    try:
        known, digest = begun(program, pid=process.pid), digest_of(program)
        program.unlink()
        (row,) = looked_at(known)
    finally:
        process.kill()
        process.wait()
    assert row["sha256"] == digest
    assert "unlinked" in row["note"]


def test_another_file_under_the_same_name_is_never_hashed_in_its_place(program, tmp_path):
    known = begun(program)
    shutil.copy(shutil.which("true"), tmp_path / "other")
    (tmp_path / "other").replace(program)
    (row,) = looked_at(known)
    assert (row["sha256"], row["note"]) == (None, "not hashed: its file could not be found any more")


def test_a_file_that_was_written_to_is_not_hashed(program):
    known = begun(program)
    with program.open("ab") as stream:
        stream.write(b"more")
    (row,) = looked_at(known)
    assert (row["sha256"], row["note"]) == (None, "not hashed: written to after it was begun")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"file_bytes": 1000}, "larger than 0 MiB"), ({"files": 0}, "0 files had been hashed")],
)
def test_what_goes_beyond_a_limit_is_said(program, limits, reason):
    (row,) = looked_at(begun(program), **limits)
    assert (row["sha256"], row["note"]) == (None, f"not hashed: {reason}")


def test_the_end_of_a_recording_does_not_wait_for_a_slow_digest(program, monkeypatch):
    monkeypatch.setattr("capture.agent.executables._PATIENCE_S", 0.4)
    with program.open("ab") as stream:
        stream.truncate(8 << 20)
    (row,) = looked_at(begun(program), bytes_per_second=4 << 20)
    assert (row["sha256"], row["note"]) == (None, "not hashed: the recording ended")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_not_opened(tmp_path, make):
    path = tmp_path / "trap"
    make(path)
    (row,) = looked_at(begun(path))
    assert row["note"] == "not hashed: its file could not be found any more"


def test_a_relative_path_is_found_through_the_process_alone(program, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (row,) = looked_at(begun(program, given="program"))
    assert row["sha256"] is None
    (row,) = looked_at(begun(program, given="program", pid=os.getpid()))
    assert row["sha256"] == digest_of(program)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file capabilities")
def test_file_capabilities_are_told(program):
    raw = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service=ep
    os.setxattr(program, "security.capability", raw)
    (row,) = looked_at(begun(program))
    assert row["capabilities"] == raw.hex()


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script"
    path.write_text("#!/bin/sh\n:\n")
    return path


def script_begun(path, *, pid=None, interpreter=Path("/proc/self/exe"), began=None):
    """A script that this process, or another one, is running."""
    status = interpreter.stat()
    run = BegunProgram(
        pid or os.getpid(),
        os.fsencode(interpreter.resolve()),
        *(kernel_dev(status.st_dev), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns),
    )
    return BegunScript(run.pid, os.fsencode(path), run, boot_now_ns() if began is None else began)


def scripts_looked_at(*scripts):
    rows = []
    watch = ExecutableWatch(rows.extend)
    watch.start()
    watch.begun_scripts(scripts)
    watch.finish()
    return rows


def test_a_script_is_hashed_once_and_again_when_it_is_another(script):
    before = digest_of(script)
    assert [
        (row["path"], row["sha256"], row["script"]) for row in scripts_looked_at(*[script_begun(script)] * 3)
    ] == [(str(script), before, True)]


def test_a_script_that_was_written_to_since_is_not_hashed(script):
    known = script_begun(script)
    time.sleep(0.02)  # the kernel's clock for files ticks every few milliseconds
    script.write_text("#!/bin/sh\nexit 3\n")
    (row,) = scripts_looked_at(known)
    assert (row["sha256"], row["note"]) == (None, "not hashed: written to after it was begun")


def test_a_script_is_found_by_its_process_or_where_the_host_has_the_same_interpreter(script, monkeypatch):
    gone = script_begun(script, pid=1 << 22)
    assert scripts_looked_at(gone)[0]["sha256"] == digest_of(script)
    other = script_begun(script, pid=1 << 22, interpreter=Path("/bin/sh"))
    (row,) = scripts_looked_at(replace(other, interpreter=replace(other.interpreter, ino=1)))
    assert (row["sha256"], row["note"]) == (None, "not hashed: its file could not be found any more")
    monkeypatch.chdir(script.parent)
    (row,) = scripts_looked_at(script_begun("script"))
    assert (row["path"], row["sha256"]) == (str(script), digest_of(script))


def test_a_link_does_not_lead_out_of_the_root_that_a_script_was_seen_from(script, tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(script)
    assert _open_below(os.fsencode(tmp_path / "root"), b"/link") is None
    (tmp_path / "root" / "own").symlink_to("/../../real")
    (tmp_path / "root" / "real").write_text("x")
    descriptor = _open_below(os.fsencode(tmp_path / "root"), b"/own")
    assert os.read(descriptor, 10) == b"x"
    os.close(descriptor)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_file_is_not_open_between_pieces(tmp_path):
    """An unmount is held up for no longer than a piece takes."""
    if subprocess.run(["mount", "-t", "tmpfs", "none", tmp_path], check=False).returncode:
        pytest.skip("mounting is not permitted here")
    program = tmp_path / "program"
    program.write_bytes(os.urandom(16 << 20))
    rows = []
    watch = ExecutableWatch(rows.extend, HashLimits(bytes_per_second=8 << 20))
    watch.start()
    watch.begun([begun(program)])
    time.sleep(0.3)
    for _ in range(20):
        if not (failed := subprocess.run(["umount", tmp_path], check=False, capture_output=True).returncode):
            break
        time.sleep(0.01)
    watch.finish()
    assert not failed
    assert rows[0]["note"] == "not hashed: its file could not be found any more"


def test_more_than_can_wait_is_counted(program):
    watch = ExecutableWatch(lambda rows: None)
    watch.begun(begun(program, ino=number) for number in range(10_000))
    assert watch.overlooked == 10_000 - 8192
