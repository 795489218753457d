"""Command lines of low-level runtimes, as seen when they are executed."""

import pytest

from capture.containers.runtime_calls import RuntimeCall, payloads_of, runtime_call

A = "a1" * 32

CALLS = [
    (
        ["runc", "--log", "l", "create", "--bundle", "/b", "--pid-file", "p", A],
        RuntimeCall(A, "/b", runtime="runc"),
    ),
    (
        ["/usr/sbin/crun", "--systemd-cgroup", "create", "--bundle=/b", A],
        RuntimeCall(A, "/b", runtime="crun"),
    ),
    (["runc", "run", "-b", "/b", "job"], RuntimeCall("job", "/b", runtime="runc")),
    (["runc", "run", "job"], RuntimeCall("job", "", runtime="runc")),
    (
        ["/usr/bin/containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", A, "-address", "s"],
        RuntimeCall(A, ""),
    ),
    (
        ["/usr/bin/conmon", "-c", A, "-u", A, "-r", "/usr/bin/runc", "-b", "/b", "-n", "web"],
        RuntimeCall(A, "/b", "web"),
    ),
    (
        ["systemd-nspawn", "--keep-unit", "-q", "-D", "/srv/deb", "-M", "web"],
        RuntimeCall("web", "", runtime="nspawn"),
    ),
    (["systemd-nspawn", "--keep-unit", "--directory=/srv/deb/"], RuntimeCall("deb", "", runtime="nspawn")),
    (["/usr/bin/systemd-nspawn", "-i", "deb.raw", "--machine=x"], RuntimeCall("x", "", runtime="nspawn")),
    (["systemd-nspawn", "--image=/srv/deb.raw"], RuntimeCall("deb", "", runtime="nspawn")),
]
OTHERS = [
    ["systemd-nspawn", "--help"],
    ["systemd-nspawn", "-M", "../x"],
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


@pytest.mark.parametrize(
    ("argv", "bundle"),
    [
        (["runc", "run", "job"], "/work/jobs"),
        (["runc", "run", "-b", "one", "job"], "/work/jobs/one"),
        (["runc", "run", "-b", "../two", "job"], "/work/two"),
        (["runc", "run", "-b", "/b", "job"], "/b"),
        (["containerd-shim-runc-v2", "-id", "job"], "/work/jobs"),
    ],
)
def test_a_bundle_is_told_relative_to_where_the_runtime_was_called(argv, bundle):
    assert runtime_call([word.encode() for word in argv], "/work/jobs").bundle == bundle


def test_a_container_of_nspawn_is_in_the_payload_of_its_supervisors_unit():
    assert payloads_of(
        ["/system.slice/a.service/supervisor", "/system.slice/a.service", "/", "/b.scope"]
    ) == (
        "/system.slice/a.service/payload",
        "/b.scope/payload",
    )


def test_bytes_that_are_no_text_do_not_matter():
    assert runtime_call([b"runc", b"run", b"\xff\xfe"]).bundle == ""
