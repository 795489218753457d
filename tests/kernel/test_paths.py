"""Paths as they were given and as they are meant."""

import pytest

from capture.model.events import EventFlag

pytestmark = pytest.mark.kernel


@pytest.fixture
def paths(told):
    return told("paths")


def opened(capture, paths, given):
    """The successful open of a path as it was given."""
    text = given if isinstance(given, bytes) else given.encode()
    (call,) = [call for call in capture.calls("openat", pid=paths.pid) if call.text == text and call.ret >= 0]
    return call


@pytest.mark.parametrize(
    ("names", "first", "second"),
    [
        (("rename",), "/old", "/new"),
        (("link", "linkat"), "/new", "/hard"),
        (("symlink",), None, "/soft"),
    ],
)
def test_calls_with_two_paths_keep_both(capture, paths, names, first, second):
    calls = capture.calls(*names, pid=paths.pid)
    (call,) = [call for call in calls if call.text2.endswith(second.encode())]
    assert call.ret == 0
    assert call.text.decode() == (paths.folder + first if first else "new")
    assert call.text2.decode() == paths.folder + second
    assert call.path2 == paths.folder + second
    if first:
        assert call.path == paths.folder + first


def test_a_path_relative_to_a_directory_descriptor_is_resolved(capture, paths):
    assert opened(capture, paths, "by-dirfd").path == f"{paths.folder}/inner/by-dirfd"
    (rename,) = capture.calls("renameat", "renameat2", pid=paths.pid)
    assert rename.path == f"{paths.folder}/inner/by-dirfd"
    assert rename.path2 == f"{paths.folder}/inner/renamed"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("by-cwd", "/inner/by-cwd"),
        ("../above", "/above"),
        ("after-second-chdir", "/after-second-chdir"),
        ("after-fchdir", "/inner/after-fchdir"),
    ],
)
def test_a_path_relative_to_the_working_directory_is_resolved(capture, paths, given, meant):
    call = opened(capture, paths, given)
    assert call.path == call.descriptor["name"] == paths.folder + meant


def test_a_renamed_directory_takes_along_what_is_open_below_it_and_who_is_in_it(capture, paths):
    (write,) = [call for call in capture.calls("write", pid=paths.pid) if call.payload == b"after the rename"]
    assert write.descriptor["name"] == f"{paths.folder}/moved/below/kept"
    assert opened(capture, paths, "in-moved").path == f"{paths.folder}/moved/in-moved"


@pytest.mark.parametrize(("which", "least"), [("long", 160), ("longer", 1_024)])
def test_long_paths_are_intact(capture, paths, which, least):
    path = getattr(paths, which)
    assert len(path) > least
    call = opened(capture, paths, path)
    assert call.path == path
    assert not call.flags & EventFlag.TEXT_TRUNCATED


def test_two_long_paths_of_one_call_are_intact(capture, paths):
    (call,) = [call for call in capture.calls("rename", pid=paths.pid) if len(call.text) > 1_024]
    assert (call.text.decode(), call.text2.decode()) == (paths.longer, f"{paths.longer}-renamed")


def test_the_longest_path_that_the_kernel_takes_is_intact(capture, paths):
    assert len(paths.longest) == 4_095
    call = opened(capture, paths, paths.longest)
    assert not call.flags & EventFlag.TEXT_TRUNCATED


def test_a_path_longer_than_the_kernel_takes_is_cut_and_flagged(capture, paths):
    cut = paths.too_long[:4_095].encode()
    calls = [call for call in capture.calls("openat", pid=paths.pid) if call.text == cut and call.ret < 0]
    assert [call.ret for call in calls] == [-36]  # ENAMETOOLONG
    assert calls[0].flags & EventFlag.TEXT_TRUNCATED


def test_a_path_that_is_no_text_is_kept_byte_for_byte(capture, paths):
    assert opened(capture, paths, b"bytes-\xff\xfe-not-text").ino
