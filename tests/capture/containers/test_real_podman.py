"""Podman itself: a container that is removed while we look, and what its files told before."""

import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from capture.containers import bundle
from capture.containers.cgroup_paths import container_of_process
from capture.containers.lookup import find_metadata

UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers")


def missing():
    """Say what keeps these tests from running, or nothing."""
    if os.geteuid() != 0:
        return "needs root, to start containers and to read their files"
    absent = [name for name in ("podman", "runc", "busybox") if shutil.which(name) is None]
    return f"needs {', '.join(absent)}: run `make setup` as root" if absent else ""


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


def podman(*arguments):
    # crun, the default, refuses hybrid layouts of cgroups, and systemd need not be there.
    layout = [] if UNIFIED.exists() else ["--runtime=runc", "--cgroup-manager=cgroupfs"]
    return ["podman", *layout, *arguments]


@pytest.fixture(scope="module")
def rootfs(tmp_path_factory):
    """The smallest root file system that runs a shell."""
    root = tmp_path_factory.mktemp("rootfs")
    (root / "bin").mkdir()
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    for name in ("sh", "sleep"):
        (root / "bin" / name).symlink_to("busybox")
    return root


@pytest.fixture(scope="module")
def image(rootfs):
    name = f"localhost/exhume-test-{uuid.uuid4().hex[:8]}:1"
    with subprocess.Popen(["tar", "-C", rootfs, "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run(
            ["podman", "import", "-q", "-", name], stdin=tar.stdout, check=True, capture_output=True
        )
    yield name
    subprocess.run(["podman", "rmi", "-f", name], check=True, capture_output=True)


@pytest.fixture
def running(image):
    """A container that sleeps, its name and the process in it; it removes itself when killed."""
    name = f"exhume-{uuid.uuid4().hex[:8]}"
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"]
    run = podman("run", "-d", "--rm", "--name", name, "--network=host", *limits, "-e", "TOKEN=s3cret", image)
    started = time.time_ns()
    subprocess.run([*run, "/bin/sh", "-c", "sleep 60"], check=True, capture_output=True)
    inspect = podman("inspect", "--format", "{{.State.Pid}} {{.Id}}", name)
    pid, full_id = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.split()
    yield name, int(pid), full_id, started
    subprocess.run(podman("rm", "-f", "-t", "0", name), check=False, capture_output=True)


def test_a_container_is_named_from_its_cgroup_and_files_alone(running, image):
    name, pid, full_id, started = running
    ref = container_of_process(Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    assert (ref.runtime, ref.full_id, ref.parent) == ("podman", full_id, None)
    found = find_metadata(ref)
    assert (found.metadata, found.name, found.image) == ("recorded", name, image)
    assert found.command == "/bin/sh -c 'sleep 60'"
    assert (found.user, found.privileged) == ("0:0", False)
    assert started <= found.created_ns <= time.time_ns()
    assert "network" in found.host_namespaces
    assert "pid" not in found.host_namespaces
    assert found.image_digest.startswith("sha256:")
    assert "s3cret" not in repr(found.row())


def test_the_runtimes_own_state_tells_less_but_enough(running):
    _, _, full_id, started = running
    found = bundle.find(full_id)
    assert found.command == "/bin/sh -c 'sleep 60'"
    assert started <= found.created_ns <= time.time_ns()


def test_the_monitor_of_a_container_is_not_in_it(running):
    _, pid, _, _ = running
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    assert Path(f"/proc/{parent}/comm").read_text() == "conmon\n"
    assert container_of_process(Path(f"/proc/{parent}/cgroup").read_text().splitlines()) is None


def test_a_container_that_is_gone_is_missing_with_the_reason(running):
    name, pid, full_id, _ = running
    ref = container_of_process(Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    subprocess.run(podman("rm", "-f", "-t", "0", name), check=True, capture_output=True)
    folder = Path(f"/var/lib/containers/storage/overlay-containers/{full_id}/userdata")
    found = find_metadata(ref, bundle=folder)
    assert found.metadata == f"metadata not seen: {folder}/config.json was gone when it was looked for"
    assert found.id == full_id[:12]
