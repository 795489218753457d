"""Looking containers up beside a recording, on disks made by hand."""

import time

import pytest

from capture.agent import watch as module
from capture.agent.watch import ContainerWatch
from capture.containers.metadata import ContainerMetadata
from capture.containers.runtime_calls import RuntimeCall
from tests.builders.runtime_disks import FULL_ID, Disk, oci_config

PATH = f"/libpod_parent/libpod-{FULL_ID}"


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "_RETRY_S", (0.01, 0.02))
    monkeypatch.setattr(module, "_SETTLED_S", 0.02)


@pytest.fixture
def watch(disk):
    written = []
    made = ContainerWatch(written.extend, root=disk.root)
    made.rows = written
    yield made
    made.finish()


def wait(true):
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_container_is_looked_up_when_its_cgroup_appears(disk, watch):
    disk.podman()
    watch.start()
    watch.seen([PATH], made=True)
    wait(lambda: watch.rows)
    assert (watch.rows[0]["name"], watch.rows[0]["cgroup"]) == ("web-7f9c", PATH)


def test_what_comes_late_is_written_once_it_is_there(disk, watch):
    watch.start()
    watch.seen([PATH], made=True)
    wait(lambda: watch.rows)
    assert watch.rows[0]["metadata"].startswith("metadata not seen")
    disk.podman()
    watch.finish()
    assert [row["metadata"] for row in watch.rows][-1] == "recorded"


def test_what_changes_as_a_container_settles_is_written_and_what_stays_is_not(disk, watch):
    disk.podman()
    watch.start()
    watch.seen([PATH], made=True)
    wait(lambda: watch.rows)
    disk.libpod()
    watch.finish()
    assert [row["init_pid"] for row in watch.rows] == [None, 4711]


def test_a_container_that_is_gone_keeps_what_was_known(disk, watch):
    disk.podman()
    watch.start()
    watch.seen([PATH], made=True)
    wait(lambda: watch.rows)
    (disk.root / "var").rename(disk.root / "gone")
    watch.seen([PATH])
    watch.finish()
    assert [row["metadata"] for row in watch.rows] == ["recorded"]


def test_a_container_that_is_started_again_is_looked_at_again(disk, watch):
    disk.podman()
    disk.libpod()
    watch.start()
    watch.seen([PATH], made=True)
    wait(lambda: watch.rows and not watch._pending)
    disk.libpod(labels={"app": "new"})
    watch.seen([PATH], made=True)
    wait(lambda: len(watch.rows) == 2)
    assert watch.rows[1]["labels"] == {"app": "new"}


@pytest.mark.parametrize("first", ["call", "cgroup"])
def test_a_container_of_plain_runc_is_known_by_the_runtimes_call(disk, watch, first):
    disk.write("opt/job/config.json", oci_config())
    watch.start()
    signs = [
        lambda: watch.called(RuntimeCall("job-9", "/opt/job", runtime="runc")),
        lambda: watch.seen(["/user.slice/job-9"], made=True),
    ]
    for sign in signs if first == "call" else reversed(signs):
        sign()
    watch.seen(["/job-9"], made=True)
    watch.finish()
    row = watch.rows[-1]
    assert (row["name"], row["runtime"], row["user"]) == ("job-9", "runc", "1000:1000")
    assert set(row["cgroups"]) == {"/user.slice/job-9", "/job-9"}


def test_a_container_of_plain_runc_that_runs_already_is_known_by_its_state(disk, watch):
    disk.runc()
    watch.start()
    watch.seen(["/jobs/job-1"])
    watch.finish()
    assert [(row["name"], row["cgroups"]) for row in watch.rows] == [("job-1", ["/jobs/job-1"])]


def test_other_cgroups_are_no_reason_to_look(disk, watch):
    watch.start()
    watch.seen(
        ["/system.slice/ssh.service", "/", "", f"/libpod_parent/libpod-conmon-{FULL_ID}.scope"], made=True
    )
    watch.finish()
    assert watch.rows == []


def test_a_storm_of_cgroups_is_bounded_and_counted(disk, watch, monkeypatch):
    monkeypatch.setattr(module, "MAX_REMEMBERED", 100)
    watch.seen([f"/docker/{number:064x}" for number in range(module.MAX_WAITING + 1_000)], made=True)
    assert watch.overlooked == 1_000
    watch.seen([f"/some/{number}" for number in range(300)])
    monkeypatch.setattr(module, "find_metadata", lambda ref, **_: ContainerMetadata(ref.full_id, "", "gone"))
    watch.start()
    watch.finish(30)
    books = (watch._written, watch._calls, watch._unexplained, watch._cgroups, watch._pending)
    assert max(map(len, books)) <= 100


def test_a_container_in_somebody_elses_unit_has_the_name_that_its_runtime_was_given(disk, watch):
    payload = "/system.slice/job.service/payload"
    disk.nspawn_settings("deb")
    watch.start()
    watch.seen([payload, "/other/payload", "/deb"], made=True)
    watch.called(RuntimeCall("deb", "", runtime="nspawn", cgroups=(payload,)))
    wait(lambda: watch.rows)
    (row,) = watch.rows
    assert (row["id"], row["name"], row["runtime"], row["metadata"]) == ("deb", "deb", "nspawn", "recorded")
    assert row["cgroups"] == [payload]
