"""A container that is gone before the capture is opened: whose each event was, and whose it was."""

import json
import shutil
import subprocess
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.kernel.captures import PROGRAMS, Capture, record

pytestmark = pytest.mark.kernel

INTERPRETER = Path("/usr/bin/python3")


def _missing():
    absent = [name for name in ("podman", "runc") if shutil.which(name) is None]
    if absent:
        return f"needs {', '.join(absent)}: run `make setup` as root"
    return "" if INTERPRETER.exists() else f"needs {INTERPRETER}, which the container borrows from the host"


def podman(*arguments):
    # crun, the default, refuses hybrid layouts of cgroups, and systemd need not be there.
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        layout = ["--runtime=runc", "--cgroup-manager=cgroupfs"]
    elif not Path("/run/systemd/system").is_dir():
        layout = ["--cgroup-manager=cgroupfs"]
    else:
        layout = []
    return ["podman", *layout, *arguments]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """An image that is empty but for links into the host's /usr, which is mounted when it runs."""
    if reason := _missing():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("image")
    for name in ("usr", "tmp", "proc", "sys", "dev", "programs"):
        (root / name).mkdir()
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    name = f"localhost/exhume-kernel-{uuid.uuid4().hex[:8]}:1"
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run(
            ["podman", "import", "-q", "-", name], stdin=tar.stdout, check=True, capture_output=True
        )
    yield name
    subprocess.run(["podman", "rmi", "-f", name], check=True, capture_output=True)


@pytest.fixture(scope="module")
def gone(image, tmp_path_factory):
    """The capture of a container that ran counts.py and was removed."""
    path = tmp_path_factory.mktemp("container") / "gone.exhume"
    name = f"exhume-{uuid.uuid4().hex[:8]}"
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"]
    mounts = ["-v", "/usr:/usr:ro", "-v", f"{PROGRAMS}:/programs:ro"]
    run = podman("run", "--rm", "--name", name, "--network=host", *limits, *mounts, image)
    done = record(path, *run, INTERPRETER, "-E", "-S", "-s", "-B", "/programs/counts.py", "/tmp")
    assert done.returncode == 0, done.stderr
    left = subprocess.run(
        podman("ps", "-a", "--format", "{{.Names}}"), capture_output=True, text=True, check=True
    )
    assert name not in left.stdout.split()
    return SimpleNamespace(name=name, image=image, facts=json.loads(done.stdout), capture=Capture(path))


@pytest.fixture(scope="module")
def row(gone):
    """The container's row and its number."""
    containers = gone.capture.frames.containers
    (number,) = containers.index[containers["name"] == gone.name]
    return number, containers.loc[number]


def test_a_removed_container_is_known_by_name_image_and_command(gone, row):
    _, container = row
    assert container["metadata"] == "recorded"
    assert (container["image"], container["runtime"]) == (gone.image, "podman")
    assert len(container["id"]) == 12
    assert container["full_id"].startswith(container["id"])
    assert "counts.py" in container["command"]


def test_birth_and_death_of_a_removed_container_enclose_its_processes(gone, row):
    number, container = row
    assert 0 < container["birth"] < container["death"]
    events = gone.capture.frames.events
    times = events.loc[events["container"] == number, "time"]
    assert container["birth"] <= times.min()
    # Podman removes the cgroup when its last process is gone.
    assert times.max() <= container["death"]


def _of_container(gone, row, *names, **columns):
    number, _ = row
    container = gone.capture.frames.events["container"].to_numpy()
    return [call for call in gone.capture.calls(*names, **columns) if container[call.row] == number]


def test_every_call_of_a_removed_container_is_there_once(gone, row):
    facts = gone.facts
    reads = _of_container(gone, row, "read", fd=facts["reading"], a2=1, ret=1)
    assert len(reads) == 10_007
    assert b"".join(call.payload for call in reads) == bytes(at % 251 for at in range(10_007))
    (pid,) = {call.pid for call in reads}
    opens = [call for call in _of_container(gone, row, "openat", pid=pid) if b"/tmp/file-" in call.text]
    assert [call.text for call in opens] == [b"/tmp/file-%02d" % at for at in range(23)]
    assert [call.ret for call in opens] == facts["opened"]
    connects = _of_container(gone, row, "connect", pid=pid)
    assert [call.descriptor["lport"] for call in connects] == facts["local_ports"]
    assert {call.descriptor["rport"] for call in connects} == {facts["port"]}


def test_processes_of_a_container_have_the_hosts_ids_and_their_own(gone, row):
    facts = gone.facts
    (pid,) = {call.pid for call in _of_container(gone, row, "read", fd=facts["reading"], a2=1, ret=1)}
    assert pid != facts["pid"]
    # Before it became the program it was the runtime, which makes threads.
    forks = [call for call in _of_container(gone, row, "procfork", pid=pid) if call.a0 == call.a1]
    assert [call.a4 for call in forks] == facts["children"]
    assert len({call.a0 for call in forks}) == 3
    ends = [_of_container(gone, row, "procexit", pid=call.a0)[0] for call in forks]
    assert [call.process["exit_code"] for call in ends] == [40, 41, 42]


def test_podman_itself_is_not_in_the_container(gone, row):
    programs = gone.capture.calls("execve")
    outside = [call for call in programs if call.text.rpartition(b"/")[2] == b"podman"]
    assert outside
    assert {call.container["id"] for call in outside} == {"host"}
