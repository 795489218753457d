"""Containers of runc itself: their lives, ends and calls, told by the kernel and by the runtime's call."""

import subprocess
import uuid
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.kernel.bundles import make_bundle, make_rootfs, missing
from tests.kernel.captures import Capture, Recording, wait_until

pytestmark = pytest.mark.kernel

MANY = 30
MEMORY = 16 << 20
V1 = Path("/sys/fs/cgroup/pids")
"""A hierarchy of its own where the layout is v1 or hybrid."""


def runc(*arguments, **options):
    return subprocess.run(
        ["runc", *map(str, arguments)], check=False, capture_output=True, text=True, **options
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One recording of everything that plain containers do here; what each told of itself."""
    if reason := missing("runc"):
        pytest.skip(f"{reason}: run `make setup` as root")
    folder = tmp_path_factory.mktemp("runc")
    rootfs = make_rootfs(folder / "rootfs")
    mark = uuid.uuid4().hex[:6]

    def bundle(name, *command, **options):
        return make_bundle(folder / name, rootfs, *command, **options)

    old = f"old-{mark}"
    # What it inherits it keeps open.
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    subprocess.run(["runc", "run", "-d", "-b", bundle("old", "/bin/sleep", "60"), old], check=True, **nowhere)
    facts = SimpleNamespace(mark=mark, old=old, codes={})
    path = folder / "runc.exhume"
    try:
        with Recording(path) as recording:
            recording.wait_for_snapshot()
            short = bundle("short", "/bin/sh", "-c", "cat /etc/marker; exit 7")
            for _ in range(2):
                facts.codes["short"] = runc("run", "-b", short, f"short-{mark}").returncode
            hungry = bundle("hungry", "/bin/tail", "/dev/zero", memory=MEMORY)
            facts.codes["hungry"] = runc("run", "-b", hungry, f"hungry-{mark}").returncode
            shared = bundle("shared", "/bin/sh", "-c", "sleep 1.5; exit 5", without=("pid", "network"))
            facts.codes["shared"] = runc("run", "-b", shared, f"shared-{mark}").returncode
            many = bundle("many", "/bin/sh", "-c", "exit 3")
            started = [
                subprocess.Popen(
                    ["runc", "run", "-b", many, f"many-{mark}-{number}"], stderr=subprocess.DEVNULL
                )
                for number in range(MANY)
            ]
            facts.codes["many"] = {process.wait(60) for process in started}
            facts.inside = runc("exec", old, "/bin/sh", "-c", "cat /etc/from-exec; true")
            runc("kill", old, "KILL")
            wait_until(lambda: "stopped" in runc("list").stdout)
            runc("delete", "-f", old)
            facts.v1 = _in_one_hierarchy(mark) if V1.joinpath("cgroup.procs").exists() else None
    finally:
        runc("delete", "-f", old)
    facts.capture = Capture(path)
    return facts


def _in_one_hierarchy(mark):
    """A process in a container's cgroup of one v1 hierarchy alone, as on machines without the unified one."""
    full_id = (mark + "f" * 64)[:64]
    folder = V1 / "docker" / full_id
    folder.mkdir(parents=True)
    script = f"echo $$ > {folder}/cgroup.procs; cat /etc/hostname; (cat /etc/marker-{mark}); exec sleep 0.2"
    process = subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    process.wait()
    folder.rmdir()
    with suppress(OSError):
        # Somebody else's Docker may be there.
        folder.parent.rmdir()
    return SimpleNamespace(full_id=full_id, pid=process.pid)


def test_a_short_container_has_a_name_a_life_an_exit_code_and_its_calls(story):
    number, row = story.capture.container(name=f"short-{story.mark}")
    assert story.codes["short"] == 7
    assert (row["runtime"], row["metadata"], row["exit_code"]) == ("runc", "recorded", 7)
    assert 0 < row["birth"] < row["death"]
    assert (row["working_directory"], row["read_only"], row["seccomp"]) == ("/", "yes", "unconfined")
    assert "TOKEN" in row["environment"]
    assert "s3cret" not in " ".join(map(str, row))
    assert story.capture.who_opened(b"/etc/marker") == [number, number]


def test_a_container_that_is_started_again_with_its_id_is_one_container_with_two_starts(story):
    _, row = story.capture.container(name=f"short-{story.mark}")
    assert row["starts"] == 2


def test_a_container_that_is_out_of_memory_says_so(story):
    _, row = story.capture.container(name=f"hungry-{story.mark}")
    assert story.codes["hungry"] == 137
    assert (row["exit_code"], row["memory_limit"]) == (137, MEMORY)
    assert row["oom_kills"] >= 1


def test_a_container_with_the_hosts_pids_tells_its_exit_code_by_the_runtimes_word(story):
    _, row = story.capture.container(name=f"shared-{story.mark}")
    assert story.codes["shared"] == 5
    assert row["exit_code"] == 5
    assert {"pid", "network"} <= set(row["host_namespaces"].split(", "))


def test_many_containers_at_once_are_each_known(story):
    containers = story.capture.frames.containers
    found = containers[containers["name"].str.startswith(f"many-{story.mark}-")]
    assert story.codes["many"] == {3}
    assert len(found) == MANY
    assert set(found["metadata"]) == {"recorded"}
    assert set(found["exit_code"]) == {3}
    assert (found["birth"] > 0).all()
    assert (found["death"] > found["birth"]).all()


def test_a_container_that_ran_before_is_known_and_its_end_is_seen(story):
    _, row = story.capture.container(name=story.old)
    assert (row["birth"], row["starts"], row["exit_code"]) == (-1, 0, 137)
    assert row["death"] > 0


def test_a_command_executed_in_a_container_is_in_it(story):
    number, _ = story.capture.container(name=story.old)
    assert story.capture.who_opened(b"/etc/from-exec") == [number]


def test_runc_itself_is_not_in_its_containers(story):
    calls = [call for call in story.capture.calls("execve") if b"run\0-b" in call.text2]
    assert len(calls) >= MANY
    assert {call.container["id"] for call in calls} == {"host"}


def test_a_container_that_one_v1_hierarchy_alone_knows_has_its_calls(story):
    if story.v1 is None:
        pytest.skip(f"needs a v1 hierarchy: {V1} is none")
    frames = story.capture.frames
    (number,) = frames.containers.index[frames.containers["full_id"] == story.v1.full_id]
    row = frames.containers.loc[number]
    assert (row["runtime"], row["id"]) == ("docker", story.v1.full_id[:12])
    assert row["metadata"].startswith("metadata not seen")
    assert 0 < row["birth"] < row["death"]
    assert story.capture.who_opened(f"/etc/marker-{story.mark}".encode()) == [number]
