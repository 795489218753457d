"""Command lines of low-level runtimes, as seen when they are executed."""

import pytest

from capture.containers.runtime_calls import RuntimeCall, runtime_call

A = "a1" * 32

CALLS = [
    (["runc", "--log", "l", "create", "--bundle", "/b", "--pid-file", "p", A], RuntimeCall(A, "/b")),
    (["/usr/sbin/crun", "--systemd-cgroup", "create", "--bundle=/b", A], RuntimeCall(A, "/b")),
    (["runc", "run", "-b", "/b", "job"], RuntimeCall("job", "/b")),
    (["runc", "run", "job"], RuntimeCall("job", "")),
    (
        ["/usr/bin/conmon", "-c", A, "-u", A, "-r", "/usr/bin/runc", "-b", "/b", "-n", "web"],
        RuntimeCall(A, "/b", "web"),
    ),
]
OTHERS = [
    [],
    [""],
    ["runc"],
    ["runc", "create"],
    ["runc", "start", A],
    ["runc", "delete", "--force", A],
    ["conmon", "--version"],
    ["conmon", "-c"],
    ["vi", "create", "job"],
    ["runc", "create", "--bundle", "/b", "../../etc"],
    ["runc", "run", ".."],
]


@pytest.mark.parametrize(("argv", "call"), CALLS)
def test_a_call_that_makes_a_container_tells_id_and_bundle(argv, call):
    assert runtime_call([word.encode() for word in argv]) == call


@pytest.mark.parametrize("argv", OTHERS)
def test_other_calls_tell_nothing(argv):
    assert runtime_call([word.encode() for word in argv]) is None


def test_bytes_that_are_no_text_do_not_matter():
    assert runtime_call([b"runc", b"run", b"\xff\xfe"]).bundle == ""
