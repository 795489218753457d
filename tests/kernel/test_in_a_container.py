"""Recording the machine from within a container that has four capabilities and the host's root, read-only."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import zstandard

from capture.agent.privileges import CAPABILITIES
from tests.kernel.captures import PYTHON, ROOT, Capture
from tests.kernel.test_containers import podman

pytestmark = pytest.mark.kernel

NAMES = ",".join(row.name.removeprefix("CAP_") for row in CAPABILITIES)
LIBRARIES = str(Path(zstandard.__file__).parents[1])


@pytest.fixture(scope="module")
def boxed(tmp_path_factory):
    """A command line that runs the recorder in a container; its folder /captures is `.folder`."""
    absent = [name for name in ("podman", "runc") if shutil.which(name) is None]
    if absent:
        pytest.skip(f"needs {', '.join(absent)}: run `make setup` as root")
    root, folder = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("captures")
    for name in ("usr", "tmp", "proc", "sys", "dev", "etc", "host", "captures"):
        (root / name).mkdir()
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")

    def command(*arguments):
        limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--network=none"]
        may = ["--cap-drop=all", f"--cap-add={NAMES}", "--pid=host", "--read-only"]
        seccomp = ["--security-opt", f"seccomp={ROOT / 'resources/deploy/seccomp.json'}"]
        mounts = [f"-v={each}:{each}:ro" for each in ("/usr", ROOT, LIBRARIES)]
        mounts += ["-v=/:/host:ro,rslave", f"-v={folder}:/captures", "--workdir=/captures"]
        environment = ["-e", f"PYTHONPATH={ROOT}:{LIBRARIES}", "-e", "HOST_ROOT=/host"]
        program = ["/usr/bin/python3", "-c", "from capture.cli import main; main()", *map(str, arguments)]
        options = [*limits, *may, *seccomp, *mounts, *environment, "--hostname=in-a-box"]
        return podman(
            "run", "--rm", "--name", f"exhume-box-{os.getpid()}", *options, "--rootfs", str(root), *program
        )

    tried = subprocess.run(command("check"), capture_output=True, text=True, check=False, timeout=60)
    if "No module named" in tried.stderr:
        pytest.skip(
            f"the recorder does not run on the distribution's interpreter: {tried.stderr.splitlines()[-1]}"
        )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    command.folder = folder
    return command


@pytest.fixture(scope="module")
def capture(boxed):
    """What such a container recorded while something happened on the host."""
    program = subprocess.Popen([*PYTHON, "-c", "import os, time\nwhile True: os.getppid(); time.sleep(0.05)"])
    try:
        command = boxed("record", "-q", "-o", "/captures/boxed.exhume", "--duration", "2s")
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    finally:
        program.kill()
        program.wait()
    assert (done.returncode, done.stderr) == (0, "")
    found = Capture(boxed.folder / "boxed.exhume")
    found.program = program.pid
    return found


def test_the_host_is_recorded_by_its_own_process_ids(capture):
    calls = capture.calls("getppid", pid=capture.program)
    assert len(calls) >= 5
    assert {call.ret for call in calls} == {os.getpid()}


def test_the_file_speaks_of_the_host_not_of_the_container(capture):
    section = capture.file.section
    assert section["host"]["hostname"] != "in-a-box"
    if Path("/etc/machine-id").exists():
        assert section["host"]["machine_id"] == Path("/etc/machine-id").read_text().strip()
    assert section["recorder"]["uid"] == 0


def test_the_snapshot_is_that_of_the_host(capture):
    file = capture.file
    processes = {row["pid"]: row for row in file.table("processes")}
    assert processes[os.getpid()]["exe"] == str(Path("/proc/self/exe").readlink())
    assert processes[os.getpid()]["unreadable"] == []
    assert {row["name"] for row in file.table("users")} >= {"root", "nobody"}
    assert {row["name"] for row in file.table("interfaces")} == {
        folder.name for folder in Path("/sys/class/net").iterdir()
    }
    ours = {line.split()[4] for line in Path("/proc/1/mountinfo").read_text().splitlines()}
    assert {row["target"] for row in file.table("mounts")} >= ours - {
        row for row in ours if "containers" in row
    }
    assert any(row["pid"] == os.getpid() for row in file.table("descriptors"))


def test_containers_are_known_by_what_lies_below_the_hosts_root(capture):
    containers = capture.frames.containers
    names = [name for name in containers["name"].dropna() if name.startswith("exhume-box-")]
    assert names == [f"exhume-box-{os.getpid()}"], "the recorder's own container is one of the host's"
    notes = [document["text"] for document in capture.file.documents.get("note", [])]
    assert notes == []
