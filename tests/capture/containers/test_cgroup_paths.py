"""Cgroup paths as the runtimes make them, on every layout and with both drivers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.containers.cgroup_paths import container_of, container_of_process, short_id

A, B = "a1" * 32, "b2" * 32
POD = "4c1f2a3b-0000-1111-2222-123456789abc"
SLICE = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD.replace('-', '_')}.slice"

CONTAINERS = [
    (f"/docker/{A}", "docker", A),
    (f"/system.slice/docker-{A}.scope", "docker", A),
    (f"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope", "docker", A),
    (f"/system.slice:docker:{A}", "docker", A),
    (f"/moby/{A}", "docker", A),
    (f"/ci-jobs/{A}", "", A),
    (f"/../{A}", "", A),
    (f"/{A}", "", A),
    (f"/libpod_parent/libpod-{A}", "podman", A),
    (f"/libpod_parent/libpod-{A}/container", "podman", A),
    (f"/machine.slice/libpod-{A}.scope/container", "podman", A),
    (f"/machine.slice/libpod-{A}.scope/container/system.slice/cron.service", "podman", A),
    (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope", "podman", A),
    (f"/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope", "podman", A),
    (
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_{B}.slice/libpod-{A}.scope/container",
        "podman",
        A,
    ),
    (f"/user.slice/user-1000.slice/session-3.scope/libpod_parent/libpod-{A}", "podman", A),
    (f"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-{A}", "podman", A),
    (f"/system.slice/nginx.service/libpod-payload-{A}", "podman", A),
    (f"{SLICE}/cri-containerd-{A}.scope", "containerd", A),
    (f"{SLICE}/crio-{A}.scope/container", "cri-o", A),
    (f"{SLICE}/docker-{A}.scope", "docker", A),
    (f"/kubepods/besteffort/pod{POD}/crio-{A}", "cri-o", A),
    (f"/kubepods/burstable/pod{POD}/{A}", "", A),
    (
        f"/system.slice/containerd.service/kubepods-pod{POD.replace('-', '_')}.slice:cri-containerd:{A}",
        "containerd",
        A,
    ),
    (f"/k8s.io/{A}", "containerd", A),
    (f"/default/{A}", "containerd", A),
    ("/default/redis-1", "containerd", "redis-1"),
    (f"/system.slice/nerdctl-{A}.scope", "containerd", A),
    ("/docker/buildkit/abcdefghij0123456789klmno", "buildkit", "abcdefghij0123456789klmno"),
    ("/lxc.payload.web-1/init.scope", "lxc", "web-1"),
    ("/lxc.payload/web", "lxc", "web"),
    ("/lxc/101/ns/system.slice/ssh.service", "lxc", "101"),
    (r"/machine.slice/machine-deb\x2d12.scope/payload", "nspawn", "deb-12"),
    ("/machine.slice/systemd-nspawn@deb.service/payload/init.scope", "nspawn", "deb"),
    (r"/machine.slice/machine-lxc\x2d12\x2dold.scope", "libvirt-lxc", "old"),
    ("/system.slice/runc-job.scope", "runc", "job"),
    ("/user.slice/crun-job.scope", "crun", "job"),
    ("/crun/job", "crun", "job"),
    (f"/libpod_parent/{B}/libpod-{A}", "podman", A),
    (f"/pods/{B}/libpod-{A}/container", "podman", A),
    (f"/kata_overhead/{A}", "kata", A),
    (f"/kubepods.slice/kata_{A}", "kata", A),
    (f"/garden/{POD}", "garden", POD),
    (f"/garden/{POD[:28]}", "garden", POD[:28]),
    (f"/ecs/{A[:32]}/{A[:32]}-2495160603", "ecs", f"{A[:32]}-2495160603"),
    (f"/ecs/{POD}/{A}", "", A),
    (f"/system.slice/balena-{A}.scope", "", A),
    (f"/system.slice/{A}.scope", "", A),
    ("/system.slice/runc-bpm-nats-server.scope", "runc", "bpm-nats-server"),
    ("/bpm-nats-server", "bpm", "nats-server"),
    (f"/nomad.slice/share.slice/{POD}.web.scope", "nomad", f"{POD}.web"),
    (f"/nomad/{POD}-web", "nomad", f"{POD}-web"),
]
NO_CONTAINERS = [
    "",
    "/",
    "/init.scope",
    "/system.slice/ssh.service",
    "/system.slice/docker.service",
    "/system.slice/containerd.service",
    "/user.slice/user-1000.slice/session-1.scope",
    "/kubepods.slice/kubepods-burstable.slice",
    SLICE,
    "/libpod_parent/conmon",
    f"/libpod_parent/{B}",
    f"/machine.slice/libpod-conmon-{A}.scope",
    f"{SLICE}/crio-conmon-{A}.scope",
    f"/system.slice/conmon-{A}.scope",
    f"/machine.slice/machine-libpod_pod_{A}.slice",
    "/system.slice/nginx.service/runtime",
    "/lxc.monitor.web",
    "/lxc",
    "/lxc/..",
    "/default",
    "/machine.slice/machine-deb.scope/supervisor",
    r"/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator",
    "/work/c50fa92bab9ed6864a798cc22f17ae8c",
    f"/docker/{A[:-1]}",
    f"/docker/{A.upper()}",
    "/docker/" + A * 100,
]


@pytest.mark.parametrize(("path", "runtime", "full_id"), CONTAINERS)
def test_a_containers_cgroup_tells_runtime_and_id(path, runtime, full_id):
    ref = container_of(path)
    assert ref is not None
    assert (ref.runtime, ref.full_id, ref.parent) == (runtime, full_id, None)


@pytest.mark.parametrize("path", NO_CONTAINERS)
def test_other_cgroups_are_no_containers(path):
    assert container_of(path) is None


@pytest.mark.parametrize("path", [f"{SLICE}/cri-containerd-{A}.scope", f"/kubepods/burstable/pod{POD}/{A}"])
def test_a_pods_uid_is_read_with_both_drivers(path):
    assert container_of(path).pod_uid == POD


def test_a_static_pods_uid_has_no_dashes():
    assert container_of(f"/kubepods/pod{'0f' * 16}/{A}").pod_uid == "0f" * 16


def test_the_innermost_container_wins_and_keeps_the_outer():
    ref = container_of(f"/docker/{A}/kubelet/kubepods/burstable/pod{POD}/{B}/init.scope")
    assert (ref.full_id, ref.pod_uid, ref.cgroup) == (
        B,
        POD,
        f"/docker/{A}/kubelet/kubepods/burstable/pod{POD}/{B}",
    )
    assert (ref.parent.full_id, ref.parent.pod_uid, ref.parent.cgroup) == (A, "", f"/docker/{A}")


def test_a_container_does_not_contain_itself():
    assert container_of(f"/crio-{A}.scope/crio-{A}").parent is None


def test_a_name_that_a_runtime_was_seen_to_use_is_known():
    assert container_of("/user.slice/job-1/sub") is None
    ref = container_of("/user.slice/job-1/sub", known={"job-1"})
    assert (ref.runtime, ref.full_id, ref.cgroup) == ("", "job-1", "/user.slice/job-1")


def test_the_hierarchy_that_shows_a_container_decides():
    lines = ["9:name=systemd:/\n", f"8:pids:/libpod_parent/libpod-{A}\n", "0::/\n"]
    assert container_of_process(lines).full_id == A
    assert container_of_process(["0::/init.scope\n", "malformed\n"]) is None


def test_the_unified_hierarchy_comes_first():
    assert container_of_process([f"4:memory:/docker/{A}", f"0::/docker/{B}"]).full_id == B


def test_a_short_id_is_what_runtimes_show():
    assert (short_id(A), short_id("web-7f9c-of-some-length")) == (A[:12], "web-7f9c-of-some-length")


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["", "..", "lxc", "default", A, f"pod{POD}", "\0"])).map("/".join)
)
def test_any_path_gives_an_id_that_is_one_segment_or_nothing(path):
    ref = container_of(path)
    assert ref is None or (ref.full_id not in {"", ".", ".."} and "/" not in ref.full_id)


def test_a_cgroup_of_which_a_runtime_said_whose_it_is_needs_no_name():
    told = {"/system.slice/job.service/payload": "deb"}
    found = container_of("/system.slice/job.service/payload/init.scope", told=told)
    assert (found.full_id, found.runtime, found.cgroup) == ("deb", "", "/system.slice/job.service/payload")
    assert container_of("/system.slice/job.service/supervisor", told=told) is None
    assert container_of("/system.slice/deb", told=told) is None
