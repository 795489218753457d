"""Runtimes that are there on some machines: crun, containerd, Docker, LXC, nspawn, each by its own tools.

Daemons are started for the test with folders of their own, and ended after it.
"""

import shutil
import subprocess
import tarfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kernel.bundles import make_bundle, make_rootfs, missing
from tests.kernel.captures import Capture, Recording

pytestmark = pytest.mark.kernel

SCRIPT = "cat /etc/marker; sleep 0.1; exit 7"
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def run(*command, **options):
    return subprocess.run(
        [str(word) for word in command], check=False, text=True, timeout=60, **QUIET, **options
    )


def need(*programs):
    if reason := missing(*programs):
        pytest.skip(reason)


@contextmanager
def daemon(log, *command, ready):
    """A daemon for as long as it is needed; skips where it does not start here."""
    with Path(log).open("wb") as stream:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL
        )
    try:
        deadline = time.monotonic() + 30
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                last = Path(log).read_text(errors="replace").strip().splitlines()[-1:]
                pytest.skip(f"{command[0]} does not start here: {last}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def assert_whole(capture, number, row):
    """What every runtime's container has: its life, its end, its calls."""
    assert (row["metadata"], row["exit_code"]) == ("recorded", 7)
    assert 0 < row["birth"] < row["death"]
    assert row["starts"] == 1
    assert opened_in(capture) == [number]


def opened_in(capture):
    """In which containers the script began."""
    calls = [call for call in capture.calls("openat", "open") if call.text == b"/etc/marker"]
    of_event = capture.frames.events["container"].to_numpy()
    return [int(of_event[call.row]) for call in calls]


@pytest.fixture
def rootfs(tmp_path):
    need()
    return make_rootfs(tmp_path / "rootfs")


def test_crun(tmp_path, rootfs):
    need("crun", "runc")
    name = f"job-{uuid.uuid4().hex[:8]}"
    bundle = make_bundle(tmp_path / "b", rootfs, "/bin/sh", "-c", SCRIPT)
    with Recording(tmp_path / "c.exhume"):
        done = run("crun", "--cgroup-manager=cgroupfs", "run", "-b", bundle, name)
    if done.returncode != 7:
        pytest.skip(f"crun refuses this machine: {done.stderr.strip()}")
    capture = Capture(tmp_path / "c.exhume")
    number, row = capture.container(full_id=name)
    assert_whole(capture, number, row)
    assert row["runtime"] == "crun"


def _image(rootfs, folder):
    """An archive as `docker save` writes it, of one layer."""
    import hashlib
    import json

    layer = folder / "layer.tar"
    with tarfile.open(layer, "w") as archive:
        archive.add(rootfs, ".")
    digest = "sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()
    config = folder / "config.json"
    config.write_text(
        json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Labels": {"img": "yes"}},
                "rootfs": {"type": "layers", "diff_ids": [digest]},
            }
        )
    )
    manifest = folder / "manifest.json"
    manifest.write_text(
        json.dumps([{"Config": "config.json", "RepoTags": ["localhost/exhume:1"], "Layers": ["layer.tar"]}])
    )
    path = folder / "image.tar"
    with tarfile.open(path, "w") as archive:
        for file in (manifest, config, layer):
            archive.add(file, file.name)
    return path


CONTAINERD = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/c.sock"
[ttrpc]
  address = "{folder}/t.sock"
"""


def test_containerd(tmp_path, rootfs):
    need("containerd", "ctr", "runc")
    # A socket's path has to be short.
    folder = Path(f"/run/exhume-{uuid.uuid4().hex[:8]}")
    folder.mkdir()
    (folder / "config.toml").write_text(CONTAINERD.format(folder=folder))
    ctr = ("ctr", "-a", folder / "c.sock")
    name = f"job-{uuid.uuid4().hex[:8]}"
    try:
        with daemon(
            tmp_path / "log",
            "containerd",
            "-c",
            folder / "config.toml",
            ready=lambda: run(*ctr, "version").returncode == 0,
        ):
            loaded = run(*ctr, "image", "import", "--snapshotter", "native", _image(rootfs, tmp_path))
            assert loaded.returncode == 0, loaded.stderr
            image = run(*ctr, "image", "ls", "-q").stdout.split()[0]
            with Recording(tmp_path / "c.exhume"):
                done = run(
                    *ctr,
                    "run",
                    "--rm",
                    "--snapshotter",
                    "native",
                    "--label",
                    "app=shop",
                    "--memory-limit",
                    64 << 20,
                    "--net-host",
                    image,
                    name,
                    "/bin/sh",
                    "-c",
                    SCRIPT,
                )
                assert done.returncode == 7, done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    capture = Capture(tmp_path / "c.exhume")
    number, row = capture.container(full_id=name)
    assert_whole(capture, number, row)
    assert (row["runtime"], row["name"], row["image"]) == ("containerd", name, image)
    assert (row["memory_limit"], '"app": "shop"' in row["labels"]) == (64 << 20, True)
    assert row["image_digest"].startswith("sha256:")
    assert "network" in row["host_namespaces"]


def test_docker(tmp_path, rootfs):
    need("dockerd", "containerd", "docker", "runc")
    folder = Path(f"/run/exhume-{uuid.uuid4().hex[:8]}")
    folder.mkdir()
    host = f"unix://{folder}/d.sock"
    docker = ("docker", "-H", host)
    options = ["--data-root", tmp_path / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid"]
    options += ["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"]
    try:
        with daemon(
            tmp_path / "log",
            "dockerd",
            "-H",
            host,
            *options,
            ready=lambda: run(*docker, "info").returncode == 0,
        ):
            loaded = run(*docker, "load", "-i", _image(rootfs, tmp_path))
            assert loaded.returncode == 0, loaded.stderr
            with Recording(tmp_path / "c.exhume"):
                limits = ["--memory", "64m", "--cpus", "1.5", "--pids-limit", "50"]
                rights = [
                    "--cap-drop",
                    "CHOWN",
                    "--security-opt",
                    "no-new-privileges",
                    "-v",
                    "/etc:/hostetc:ro",
                ]
                done = run(
                    *docker,
                    "run",
                    "--name",
                    "web",
                    "--network",
                    "none",
                    "-l",
                    "app=shop",
                    "-e",
                    "TOKEN=s3cret",
                    *limits,
                    *rights,
                    "localhost/exhume:1",
                    "/bin/sh",
                    "-c",
                    SCRIPT,
                )
                assert done.returncode == 7, done.stderr
            full_id = run(*docker, "inspect", "-f", "{{.Id}}", "web").stdout.strip()
            run(*docker, "rm", "-f", "web")
    finally:
        subprocess.run(
            ["umount", "-l", *map(str, folder.glob("exec/netns/*"))], check=False, capture_output=True
        )
        shutil.rmtree(folder, ignore_errors=True)
    capture = Capture(tmp_path / "c.exhume")
    number, row = capture.container(full_id=full_id)
    assert_whole(capture, number, row)
    assert (row["runtime"], row["name"], row["image"]) == ("docker", "web", "localhost/exhume:1")
    assert (row["memory_limit"], row["cpu_limit"], row["pids_limit"]) == (64 << 20, 1500, 50)
    assert row["capabilities_dropped"].split(", ")[0] == "CHOWN"
    assert (row["no_new_privileges"], row["sensitive_mounts"]) == ("yes", "/etc:/hostetc:ro")
    assert "s3cret" not in " ".join(map(str, row))


def test_lxc(tmp_path, rootfs):
    need("lxc-start")
    name = f"exhume-{uuid.uuid4().hex[:8]}"
    place = Path("/var/lib/lxc") / name
    existed = place.parent.exists()
    place.mkdir(parents=True)
    (tmp_path / "mount").mkdir()
    lines = [
        f"lxc.rootfs.path = dir:{rootfs}",
        f"lxc.rootfs.mount = {tmp_path / 'mount'}",
        f"lxc.uts.name = {name}",
        "lxc.net.0.type = empty",
        "lxc.environment = TOKEN=s3cret",
    ]
    (place / "config").write_text("\n".join(lines) + "\n")
    try:
        with Recording(tmp_path / "c.exhume"):
            done = run("lxc-start", "-F", "-n", name, "--", "/bin/sh", "-c", SCRIPT)
    finally:
        shutil.rmtree(place if existed else place.parent, ignore_errors=True)
    if "failed to start" in done.stderr:
        pytest.skip(f"lxc-start refuses this machine: {done.stderr.strip()[:300]}")
    capture = Capture(tmp_path / "c.exhume")
    number, row = capture.container(full_id=name)
    assert_whole(capture, number, row)
    assert (row["runtime"], row["hostname"], row["environment"]) == ("lxc", name, "TOKEN")


HIERARCHIES = ("unified", "systemd")


@contextmanager
def unit_called(unit):
    """The cgroups of a unit, which systemd makes where it runs."""
    tops = [Path("/sys/fs/cgroup", hierarchy) for hierarchy in HIERARCHIES]
    tops = [top for top in tops if (top / "cgroup.procs").exists()]
    tops = tops or [Path("/sys/fs/cgroup")]
    folders = [top / unit for top in tops]
    try:
        for folder in folders:
            folder.mkdir()
        yield folders
    finally:
        for folder in folders:
            for below in ("payload", "supervisor", ""):
                if (folder / below).is_dir():
                    (folder / below).rmdir()


@pytest.mark.parametrize("unit", ["systemd-nspawn@{}.service", "job-of-{}.service"])
def test_nspawn(tmp_path, rootfs, unit):
    need("systemd-nspawn")
    name = f"exhume{uuid.uuid4().hex[:8]}"
    (rootfs / "etc/os-release").write_text("ID=busybox\n")
    (rootfs / "usr").mkdir()
    settings = Path("/run/systemd/nspawn") / f"{name}.nspawn"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[Exec]\nEnvironment=TOKEN=s3cret\nNoNewPrivileges=yes\n")
    try:
        with unit_called(unit.format(name)) as folders, Recording(tmp_path / "c.exhume"):
            moves = "".join(f"echo $$ > {folder}/cgroup.procs; " for folder in folders)
            nspawn = f"exec systemd-nspawn --register=no --keep-unit -q -D {rootfs} -M {name}"
            done = run("/bin/sh", "-c", f"{moves} {nspawn} /bin/sh -c '{SCRIPT}'")
    finally:
        settings.unlink()
    if done.returncode != 7:
        pytest.skip(f"systemd-nspawn refuses this machine: {done.stderr.strip()[-300:]}")
    capture = Capture(tmp_path / "c.exhume")
    number, row = capture.container(full_id=name)
    assert (row["metadata"], row["exit_code"], row["runtime"]) == ("recorded", 7, "nspawn")
    assert (row["environment"], row["no_new_privileges"]) == ("TOKEN", "yes")
    assert opened_in(capture) == [number]
