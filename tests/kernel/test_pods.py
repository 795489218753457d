"""Pods of Podman: an infra container that holds the namespaces, and containers that share them."""

import os
import subprocess
import uuid
from types import SimpleNamespace

import pytest

from tests.kernel.bundles import make_rootfs, missing
from tests.kernel.captures import Capture, Recording
from tests.kernel.test_containers import podman

pytestmark = pytest.mark.kernel

ULIMITS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n'
"""Limits above what a machine allows keep a pod's infra container from starting."""


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One recording of a pod with two containers, a command executed in one of them, and its end."""
    if reason := missing("podman", "runc"):
        pytest.skip(f"{reason}: run `make setup` as root")
    folder = tmp_path_factory.mktemp("pod")
    settings = folder / "containers.conf"
    settings.write_text(ULIMITS)
    environment = {**os.environ, "CONTAINERS_CONF": str(settings)}
    mark = uuid.uuid4().hex[:8]
    names = SimpleNamespace(
        pod=f"pod-{mark}", web=f"web-{mark}", job=f"job-{mark}", image=f"localhost/pod-{mark}:1"
    )

    def run(*arguments, code=0):
        done = subprocess.run(
            podman(*arguments), env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout.strip()

    with subprocess.Popen(
        ["tar", "-C", make_rootfs(folder / "rootfs"), "-c", "."], stdout=subprocess.PIPE
    ) as tar:
        subprocess.run(
            ["podman", "import", "-q", "-", names.image], stdin=tar.stdout, check=True, capture_output=True
        )
    try:
        with Recording(folder / "pod.exhume"):
            infra = ("--infra-image", names.image, "--infra-command", "/bin/sleep 60", "--network", "none")
            pod_id = run("pod", "create", "--name", names.pod, "-l", "team=shop", *infra)
            web = (
                "--name",
                names.web,
                "-l",
                "app=web",
                "--restart",
                "on-failure:3",
                "--cap-add",
                "SYS_PTRACE",
            )
            run("run", "-d", "--pod", names.pod, *web, "-e", "TOKEN=s3cret", names.image, "/bin/sleep", "60")
            run("exec", names.web, "/bin/sh", "-c", "cat /etc/from-exec; true")
            job = ("/bin/sh", "-c", "cat /etc/from-job; exit 7")
            run("run", "--rm", "--pod", names.pod, "--name", names.job, names.image, *job, code=7)
            run("pod", "rm", "-f", "-t", "0", names.pod)
    finally:
        for command in (["pod", "rm", "-f", "-t", "0", names.pod], ["rmi", "-f", names.image]):
            subprocess.run(podman(*command), env=environment, check=False, capture_output=True)
    return SimpleNamespace(pod_id=pod_id, capture=Capture(folder / "pod.exhume"), **vars(names))


def test_the_containers_of_a_pod_tell_it_and_its_infra_container(story):
    _, infra = story.capture.container(name=f"{story.pod_id[:12]}-infra")
    assert (infra["kind"], infra["pod"]) == ("sandbox", story.pod)
    for name in (story.web, story.job):
        _, row = story.capture.container(name=name)
        assert (row["kind"], row["pod"], row["pod_uid"]) == ("container", story.pod, story.pod_id)
        assert (row["pod_labels"], row["sandbox"]) == ('{"team": "shop"}', infra["full_id"])
        assert "network" in row["joined_namespaces"]


def test_the_pods_own_cgroup_is_no_container(story):
    assert story.pod_id not in set(story.capture.frames.containers["full_id"])
    assert set(story.capture.frames.containers["parent"]) == {""}


def test_labels_restart_policy_and_capabilities_are_those_that_were_asked_for(story):
    _, row = story.capture.container(name=story.web)
    assert '"app": "web"' in row["labels"]
    assert (row["restart_policy"], row["capabilities_added"].split(", ")[-1]) == (
        "on-failure:3",
        "SYS_PTRACE",
    )
    assert "TOKEN" in row["environment"]
    assert "s3cret" not in " ".join(map(str, row))


def test_a_command_executed_in_a_container_of_a_pod_is_in_that_one(story):
    number, _ = story.capture.container(name=story.web)
    assert story.capture.who_opened(b"/etc/from-exec") == [number]


def test_a_short_container_of_a_pod_has_its_calls_its_life_and_its_exit_code(story):
    number, row = story.capture.container(name=story.job)
    assert story.capture.who_opened(b"/etc/from-job") == [number]
    assert (row["exit_code"], row["starts"]) == (7, 1)
    assert 0 < row["birth"] < row["death"]
