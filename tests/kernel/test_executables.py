"""Which file a program was begun from, as the kernel had it at that moment."""

import hashlib
import os
from pathlib import Path

import pytest

from capture.model.program_file import ProgramFlag, program_file
from inspect_app.analysis.event import describe_event
from inspect_app.analysis.matches import matching_rows
from tests.kernel.captures import Capture, exhume_capture, kernel_device, record, run_programs

pytestmark = pytest.mark.kernel


@pytest.fixture
def files(told):
    return told("executables")


def begun(capture, pid):
    """The event that began a program, and what it says of the file."""
    (call,) = capture.calls("execve", "execveat", pid=pid, ret=0)
    return call, program_file(call.exe)


@pytest.mark.parametrize("which", ["plain", "setuid", "setgid"])
def test_the_file_of_a_program_is_told_as_stat_has_it(capture, files, which):
    fact = getattr(files, which)
    call, file = begun(capture, fact["pid"])
    status = fact["status"]
    assert (call.dev, call.ino, call.mode) == (
        *(kernel_device(status["dev"]), status["ino"], status["mode"]),
    )
    assert (file.size, file.mtime, file.ctime) == (status["size"], status["mtime"], status["ctime"])
    assert (file.uid, file.gid, file.links) == (status["uid"], status["gid"], 1)
    assert file.flags & ~(ProgramFlag.UPPER | ProgramFlag.LOWER) == 0
    image = call.image
    assert (image["exe_mode"], image["exe_size"]) == (status["mode"], status["size"])
    assert (image["exe_mtime"], image["exe_ctime"]) == (status["mtime"], status["ctime"])


def test_of_a_script_both_it_and_its_interpreter_are_told(capture, files):
    call, file = begun(capture, files.script["pid"])
    assert file.flags & ProgramFlag.SCRIPT
    assert call.text == files.script["path"].encode()
    assert call.argv == [files.script["interpreter"].encode(), b"-e", call.text, b"first", b""]
    image = call.image
    assert (image["script"], image["exepath"]) == (files.script["path"], files.script["interpreter"])
    assert image["comm"] == "script.sh"
    assert call.descriptor["name"] != files.script["path"]  # the inode is the interpreter's


def test_a_program_in_memory_alone_is_told_from_one_that_is_merely_called_so(capture, files):
    call, file = begun(capture, files.memory["pid"])
    assert file.flags & ProgramFlag.MEMFD
    assert file.flags & ProgramFlag.UNLINKED
    assert call.ino == files.memory["ino"]
    assert call.image["exepath"] == "/memfd:payload-of-memory"
    _, other = begun(capture, files.called_memfd["pid"])
    assert not other.flags & ProgramFlag.MEMFD


def test_a_program_whose_file_has_no_name_any_more_is_told(capture, files):
    call, file = begun(capture, files.nameless["pid"])
    assert file.flags & ProgramFlag.UNLINKED
    assert not file.flags & ProgramFlag.MEMFD
    assert file.links == 0
    assert call.ino == files.nameless["ino"]
    assert call.image["exepath"].endswith("/gone")


def test_the_layer_of_an_overlay_file_system_is_told(capture, files):
    if reason := files.layers.get("skip"):
        pytest.skip(reason)
    layers = {name: begun(capture, pid)[1].layer for name, pid in files.layers.items()}
    assert layers == {"untouched": "lower", "changed": "upper", "added": "upper"}


@pytest.mark.parametrize(
    ("which", "condition"),
    [
        ("setuid", "proc.exe_setid = setuid"),
        ("setgid", "proc.exe_setid = setgid"),
        ("memory", "proc.is_exe_from_memfd = true and proc.is_exe_unlinked = true"),
        ("script", "proc.script endswith /script.sh and proc.exe_size > 1000"),
        ("plain", "proc.is_exe_writable = true and not proc.exe_setid exists"),
    ],
)
def test_filters_find_programs_by_their_files(capture, files, which, condition):
    pid = getattr(files, which)["pid"]
    (row,) = capture.rows("execve", "execveat", pid=pid, ret=0)
    assert row in matching_rows(capture.frames, condition)


def test_the_environment_is_recorded_only_if_asked_for(capture, files, tmp_path):
    call, _ = begun(capture, files.environment)
    assert call.env == b""
    path = tmp_path / "environment.exhume"
    told = run_programs(path, tmp_path, "executables", options=("--environment",))
    asked = Capture(path)
    call, _ = begun(asked, told["executables"]["facts"]["environment"])
    assert call.env.split(b"\0") == [b"EXHUME_SAYS=hello there", b"EMPTY=", b"LANG=C", b""]
    assert call.row in matching_rows(asked.frames, 'proc.env[EXHUME_SAYS] = "hello there"')
    assert call.row not in matching_rows(asked.frames, "proc.env[LANG] = de")
    line = exhume_capture("info", path).stdout
    assert "environment" in line


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_the_file_of_a_program_is_hashed_and_found_by_its_digest(capture, files):
    call, _ = begun(capture, files.plain["pid"])
    expected = digest(files.plain["path"])
    assert (call.image["sha256"], call.image["exe_note"]) == (expected, "")
    assert call.row in matching_rows(capture.frames, f"proc.exe_sha256 = {expected}")
    interpreter, _ = begun(capture, files.script["pid"])
    assert interpreter.image["sha256"] == digest(files.script["interpreter"])
    script = digest(files.script["path"])
    assert (interpreter.image["script_sha256"], interpreter.image["script_note"]) == (script, "")
    assert interpreter.row in matching_rows(capture.frames, f"proc.script_sha256 = {script}")
    items = dict(item for group in describe_event(capture.frames, call.row).groups for item in group.items)
    assert items["SHA-256"] == expected


def test_a_program_that_was_gone_at_once_says_that_it_was_not_hashed(capture, files):
    call, _ = begun(capture, files.nameless["pid"])
    image = call.image
    # It lived for about a millisecond: nearly always too short, but the machine decides.
    assert image["sha256"] or image["exe_note"] == "not hashed: its file could not be found any more"


def test_a_program_that_ran_before_the_recording_is_hashed(capture):
    (row,) = capture.frames.processes.index[capture.frames.processes["pid"] == os.getpid()]
    image = capture.frames.images.iloc[capture.frames.processes["image"].iloc[row]]
    assert image["sha256"] == digest("/proc/self/exe")
    assert image["exe_size"] == Path("/proc/self/exe").stat().st_size


def test_hashing_can_be_refused(tmp_path):
    path = tmp_path / "unhashed.exhume"
    record(path, "true", options=("--no-hashes", "--no-users", "--no-payload"))
    capture = Capture(path)
    assert "executables" not in capture.file.documents
    assert capture.file.table("users") == capture.file.table("groups") == []
    assert not capture.columns["captured"].any()
    told = exhume_capture("info", path).stdout
    assert "no payload; no environment; programs not hashed; no names of users" in told
