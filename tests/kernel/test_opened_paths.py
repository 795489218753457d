"""The path that the kernel really opened, beside the one that was asked for."""

import os

import pytest

from capture.model.events import EventFlag

O_TMPFILE = os.O_TMPFILE
pytestmark = pytest.mark.kernel


@pytest.fixture
def facts(told):
    return told("opened")


def opened(capture, pid, asked):
    """The opens of a path as it was asked for."""
    calls = [call for call in capture.calls("openat", pid=pid) if call.text == asked.encode()]
    assert calls
    return calls


def told_of(capture, call):
    """The paths that were told of a file, in order, by whoever opened it."""
    return [other.text.decode() for other in capture.calls("opened_path", dev=call.dev, ino=call.ino)]


@pytest.mark.parametrize(
    ("asked", "really"),
    [
        ("{0}/link/deep/linked", "{0}/real/deep/linked"),
        ("../deep/./relative", "{0}/real/deep/relative"),
        ("{0}/link/deep/often", "{0}/real/deep/often"),
        ("{0}/link/shallow/moved", "{0}/real/shallow/moved"),
    ],
)
def test_the_kernel_tells_where_a_name_really_led(capture, facts, asked, really):
    call = opened(capture, facts.pid, asked.format(facts.folder))[0]
    assert told_of(capture, call)[-1] == really.format(facts.folder)
    assert call.descriptor["name"] == really.format(facts.folder)


def test_who_opens_a_file_over_and_over_is_told_its_path_once_and_has_it_every_time(capture, facts):
    calls = opened(capture, facts.pid, f"{facts.folder}/link/deep/often")
    assert len(calls) == 50
    assert len(told_of(capture, calls[0])) == 1
    assert {call.descriptor["name"] for call in calls} == {f"{facts.folder}/real/deep/often"}


def test_a_renamed_folder_has_its_old_name_before_and_its_new_one_after(capture, facts):
    (before,) = opened(capture, facts.pid, f"{facts.folder}/real/deep/moved")[-1:]
    (after,) = opened(capture, facts.pid, f"{facts.folder}/link/shallow/moved")
    assert before.identity == after.identity
    told = dict.fromkeys(told_of(capture, after))
    assert list(told) == [f"{facts.folder}/real/{name}/moved" for name in ("deep", "shallow")]
    assert before.descriptor["name"] == f"{facts.folder}/real/deep/moved"


def test_a_path_from_another_root_is_told_from_the_real_one(capture, facts):
    pid, _ = facts.children["another root"]
    (call,) = opened(capture, pid, "/deep/jailed")
    assert call.descriptor["name"] == f"{facts.folder}/real/deep/jailed"


def test_a_path_through_a_mount_is_that_of_the_mount(capture, facts):
    pid, status = facts.children["another mount"]
    if status:
        pytest.skip("nothing can be mounted here")
    (call,) = opened(capture, pid, f"{facts.folder}/mounted/bound")
    assert told_of(capture, call) == [f"{facts.folder}/real/deep/bound", f"{facts.folder}/mounted/bound"]
    assert call.descriptor["name"] == f"{facts.folder}/mounted/bound"


def test_a_file_that_never_had_a_name_is_told_as_such(capture, facts):
    calls = [call for call in opened(capture, facts.pid, facts.folder) if call.a2 & O_TMPFILE == O_TMPFILE]
    if not calls or calls[0].ret < 0:
        pytest.skip("this file system makes no files without names")
    (told,) = capture.calls("opened_path", pid=facts.pid, ino=calls[0].ino)
    assert told.a0 == 1
    assert told.text.startswith(facts.folder.encode() + b"/#")


def test_what_lies_too_deep_has_no_path_and_says_so(capture, facts):
    (call,) = [call for call in capture.calls("openat", pid=facts.pid) if call.text.endswith(b"/bottom")]
    (told,) = [
        other for other in capture.calls("opened_path", pid=facts.pid) if other.identity == call.identity
    ]
    assert told.text == b""
    assert told.flags & EventFlag.TEXT_TRUNCATED
    assert call.descriptor["name"].endswith("/bottom")


def test_a_program_run_by_a_link_has_the_path_of_its_file(capture, facts):
    (program,) = capture.calls("execve", pid=facts.pid)
    assert program.image["exepath"] == facts.exe
