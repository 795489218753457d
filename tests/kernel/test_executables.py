"""Which file a program was begun from, as the kernel had it at that moment."""

import pytest

from capture.model.program_file import ProgramFlag, program_file
from inspect_app.analysis.matches import matching_rows
from tests.kernel.captures import Capture, exhume_capture, kernel_device, run_programs

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
