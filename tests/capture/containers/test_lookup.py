"""Metadata from disks as the runtimes leave them, whole, damaged and hostile."""

import json
import os
from pathlib import Path

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.containers import bundle, documents
from capture.containers.cgroup_paths import ContainerRef
from capture.containers.documents import nanoseconds
from capture.containers.lookup import find_metadata
from tests.builders.runtime_disks import DIGEST, FULL_ID, FULL_SET, IMAGE_ID, oci_config

CREATED = 1_795_487_033_000_000_000  # 2026-11-24T02:23:53Z


def look(disk, runtime="podman", full_id=FULL_ID, **options):
    return find_metadata(ContainerRef(runtime, full_id), root=disk.root, **options)


@pytest.mark.parametrize("rm", [True, False])
@pytest.mark.parametrize("driver", ["overlay", "vfs"])
def test_podman_is_read_from_its_storage(disk, driver, rm):
    disk.podman(driver=driver, rm=rm)
    found = look(disk)
    assert (found.metadata, found.runtime, found.id) == ("recorded", "podman", FULL_ID[:12])
    assert (found.name, found.image, found.image_id) == ("web-7f9c", "localhost/shop:1.0", IMAGE_ID)
    assert (found.image_digest, found.user, found.privileged) == (DIGEST, "1000:1000", False)
    assert found.command == """/bin/sh -c 'echo it'"'"'s on'"""
    assert found.created_ns == CREATED + 380_614_927
    assert found.host_namespaces == ("network", "user", "cgroup")
    assert found.mounts[1].source == "/srv/data"


def test_the_environment_is_not_kept(disk):
    disk.podman()
    disk.docker("d" * 64)
    for found in (look(disk), look(disk, "docker", "d" * 64)):
        assert found.metadata == "recorded"
        assert "s3cret" not in repr(found.row())


@pytest.mark.parametrize("home", ["home/ann", "var/lib/runner"])
def test_rootless_podman_is_found_in_the_homes_of_users(disk, home):
    disk.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nbroken\nrunner:x:998:998::/var/lib/runner:/bin/sh\n")
    disk.podman(graph=f"{home}/.local/share/containers/storage")
    assert look(disk).name == "web-7f9c"


def test_podmans_storage_may_lie_where_the_settings_say(disk):
    disk.write("etc/containers/storage.conf", '[storage]\ngraphroot = "/data/pods"\n')
    disk.podman(graph="data/pods")
    assert look(disk).name == "web-7f9c"


def test_a_broken_list_of_containers_does_not_cost_the_bundle(disk):
    disk.podman()
    disk.write("var/lib/containers/storage/overlay-containers/volatile-containers.json", "[{")
    assert (look(disk).metadata, look(disk).user, look(disk).name) == ("recorded", "1000:1000", "")


def test_cri_o_is_told_from_podman_in_the_same_storage(disk):
    disk.crio()
    found = look(disk, runtime="")
    assert (found.runtime, found.name, found.pod, found.namespace) == ("cri-o", "api", "shop-5d9c", "prod")
    assert (found.image, found.image_digest) == ("quay.io/shop/api:2", DIGEST)
    assert found.pod_uid == "4c1f2a3b-1234-1234-1234-123456789abc"
    assert (found.labels, found.created_ns) == ({"app": "shop"}, CREATED - 7_200_000_000_000)


@pytest.mark.parametrize("data", ["var/lib/docker", "home/ann/.local/share/docker", "srv/docker"])
def test_docker_is_read_from_its_daemons_files(disk, data):
    disk.write("etc/docker/daemon.json", {"data-root": "/srv/docker"})
    disk.docker(data=data)
    found = look(disk, "docker")
    assert (found.name, found.image, found.user) == ("web", "nginx:1.27", "www")
    assert (found.image_id, found.image_digest) == (IMAGE_ID, DIGEST)
    assert (found.command, found.labels) == ("nginx -g 'daemon off;'", {"app": "shop"})
    assert (found.privileged, found.host_namespaces) == (False, ("network",))
    assert (found.mounts[0].source, found.mounts[0].options) == ("/srv/data", ("ro",))
    assert found.created_ns == CREATED + 123_456_789


def test_docker_says_itself_what_is_privileged(disk):
    disk.docker(privileged=True)
    assert look(disk, "docker").privileged is True


@pytest.mark.parametrize("state", ["run/containerd", "run/k3s/containerd"])
def test_kubernetes_on_containerd_is_read_from_the_bundle(disk, state):
    disk.containerd(state=state)
    found = look(disk, runtime="")
    assert (found.runtime, found.name, found.pod, found.namespace) == (
        "containerd",
        "api",
        "shop-5d9c",
        "prod",
    )
    assert (found.image, found.metadata) == ("registry/shop:3", "recorded")


def test_a_pods_sandbox_is_called_pod(disk):
    annotations = {
        "io.kubernetes.cri.container-type": "sandbox",
        "io.kubernetes.cri.sandbox-name": "shop-5d9c",
    }
    disk.containerd(annotations=annotations)
    assert (look(disk, "containerd").name, look(disk, "containerd").pod) == ("POD", "shop-5d9c")


def test_a_container_of_ctr_goes_by_its_id(disk):
    disk.containerd("redis-1", namespace="default", annotations={})
    assert (look(disk, "containerd", "redis-1").name, look(disk, "containerd", "redis-1").image) == (
        "redis-1",
        "",
    )


@pytest.mark.parametrize(("runtime", "name"), [("runc", "job-1"), ("crun", "job-2")])
def test_bare_runtimes_are_read_from_their_state(disk, runtime, name):
    disk.runc()
    disk.crun()
    found = look(disk, runtime="", full_id=name)
    assert (found.runtime, found.name, found.user) == (runtime, name, "1000:1000")
    assert found.created_ns // 10**9 == CREATED // 10**9
    assert bundle.known_ids(disk.root) == {"job-1", "job-2"}


def test_lxc_is_read_from_its_configuration(disk):
    disk.lxc()
    found = look(disk, "lxc", "web")
    assert (found.name, found.command, found.host_namespaces) == ("web", "/sbin/init", ("network", "user"))
    assert (found.mounts[0].destination, found.mounts[0].options) == ("/srv/data", ("bind", "ro"))


def test_nspawn_is_read_from_the_register_of_machines(disk):
    disk.nspawn()
    found = look(disk, "nspawn", "deb")
    assert (found.name, found.image, found.created_ns) == ("deb", "/var/lib/machines/deb", CREATED)


def test_the_bundle_that_the_command_line_told_is_read_when_nothing_else_is_there(disk):
    disk.write("odd/place/config.json", oci_config())
    found = look(disk, "podman", bundle=Path("/odd/place"))
    assert (found.metadata, found.runtime, found.user) == ("recorded", "podman", "1000:1000")


def test_a_bundle_that_was_gone_is_the_reason(disk):
    found = look(disk, bundle=Path("/run/gone"))
    assert found.metadata == "metadata not seen: /run/gone/config.json was gone when it was looked for"
    assert (found.full_id, found.runtime, found.name, found.privileged) == (FULL_ID, "podman", "", None)


def test_nothing_on_the_disk_is_a_reason(disk):
    assert (
        look(disk).metadata
        == "metadata not seen: nothing about 3f2a01234567 was on disk when it was looked for"
    )


def test_what_the_path_tells_is_there_without_any_file(disk):
    ref = ContainerRef("docker", FULL_ID, "/docker/x", "pod-1", ContainerRef("lxc", "outer"))
    row = find_metadata(ref, root=disk.root).row()
    assert (row["cgroup"], row["pod_uid"], row["parent"], row["runtime"]) == (
        "/docker/x",
        "pod-1",
        "outer",
        "docker",
    )


def device(**rule):
    return {"devices": [{"allow": False, "access": "rwm"}, {"allow": True, "access": "rwm", **rule}]}


@pytest.mark.parametrize(
    ("capabilities", "linux", "privileged"),
    [
        ({"bounding": FULL_SET}, {"resources": device()}, True),
        ({"bounding": FULL_SET}, {"resources": device(type="a", major=-1, minor=-1)}, True),
        ({"bounding": FULL_SET}, {"resources": device(type="c", major=1, minor=3)}, False),
        ({"bounding": FULL_SET}, {"resources": device(type=["a"])}, False),
        ({"bounding": FULL_SET}, {"resources": device(), "seccomp": {}}, False),
        ({"bounding": FULL_SET[1:-1]}, {"resources": device()}, False),
        ({"bounding": []}, {}, False),
        (None, {}, None),
        ({"bounding": FULL_SET}, None, None),
    ],
)
def test_privileged_is_all_capabilities_and_all_devices_and_no_seccomp(disk, capabilities, linux, privileged):
    config = oci_config(process={"capabilities": capabilities}, linux=linux)
    disk.write("b/config.json", config)
    assert look(disk, bundle=Path("/b")).privileged is privileged


def test_a_namespace_joined_from_the_first_process_is_the_hosts(disk):
    namespaces = [
        {"type": "pid"},
        {"type": "network", "path": "/proc/1/ns/net"},
        {"type": "ipc", "path": "/proc/9/ns/ipc"},
    ]
    disk.write("b/config.json", oci_config(linux={"namespaces": namespaces}))
    assert look(disk, bundle=Path("/b")).host_namespaces == ("network", "uts", "mount", "user", "cgroup")


HOSTILE = {
    "too large": lambda path: path.write_bytes(b" " * (documents.MAX_DOCUMENT + 1)),
    "nested": lambda path: path.write_text("[" * 200_000),
    "zeros": lambda path: path.write_bytes(bytes(1000)),
    "no object": lambda path: path.write_text("[1]"),
    "a number of many digits": lambda path: path.write_text('{"a": ' + "9" * 10_000 + "}"),
    "a named pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a loop of links": lambda path: path.symlink_to(path.name),
    "a link to elsewhere": lambda path: path.symlink_to("/etc/passwd"),
    "empty": Path.touch,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_missing_with_the_reason(disk, kind):
    path = disk.root / "b" / "config.json"
    path.parent.mkdir()
    HOSTILE[kind](path)
    found = look(disk, bundle=Path("/b"))
    assert found.metadata.startswith(f"metadata not seen: {path} ")
    assert found.name == ""


def test_a_loop_of_folders_is_missing_with_the_reason(disk):
    (disk.root / "b").symlink_to("b")
    assert "cannot be read: Too many levels of symbolic links" in look(disk, bundle=Path("/b")).metadata


@pytest.mark.parametrize("full_id", ["..", "a/b", "a\0b", "", "x" * 5000])
def test_an_id_that_is_no_name_reads_nothing(disk, full_id):
    for runtime in ("podman", "docker", "containerd", "runc", "lxc", "nspawn", ""):
        assert look(disk, runtime, full_id).metadata.startswith("metadata not seen: ")


def test_a_bundle_path_that_is_no_path_is_missing_with_the_reason(disk):
    assert "cannot be read" in look(disk, bundle=Path("/a\0b")).metadata


def test_texts_are_bounded_and_can_be_encoded(disk):
    labels = {f"k{i}": "v" for i in range(1000)} | {"long": "x" * 100_000}
    disk.docker()
    disk.write(
        f"var/lib/docker/containers/{FULL_ID}/config.v2.json",
        {"Name": "/\ud800", "Config": {"Labels": labels}},
    )
    found = look(disk, "docker")
    assert len(found.labels) == documents.MAX_ITEMS
    assert msgpack.unpackb(msgpack.packb(found.row()))["name"] == "?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    """
    process args user uid capabilities bounding mounts annotations linux namespaces resources devices seccomp
    Config Labels Image Name Path Args MountPoints Created config labels bundle created id names
    metadata Repositories
    """.split()  # noqa: SIM905  a list of words is easier to read so
)
SHAPES = st.recursive(
    JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=6) | st.lists(inner, max_size=3)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(shape=SHAPES)
def test_any_shape_of_any_document_is_read_or_missing(disk, shape):
    """Whatever JSON the files hold, a row comes back that a capture can store."""
    disk.podman()
    disk.docker()
    disk.runc(FULL_ID)
    text = json.dumps(shape)
    places = {
        "podman": f"var/lib/containers/storage/overlay-containers/{FULL_ID}/userdata/config.json",
        "docker": f"var/lib/docker/containers/{FULL_ID}/config.v2.json",
        "runc": f"run/runc/{FULL_ID}/state.json",
    }
    for path in (
        "var/lib/containers/storage/overlay-containers/volatile-containers.json",
        "var/lib/containers/storage/overlay-images/images.json",
        f"var/lib/docker/containers/{FULL_ID}/hostconfig.json",
        "var/lib/docker/image/overlay2/repositories.json",
        "etc/docker/daemon.json",
        *places.values(),
    ):
        disk.write(path, text)
    for runtime in places:
        row = look(disk, runtime).row()
        assert row["metadata"]
        msgpack.packb(row)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 10**9),
        ("2026-11-24T02:23:53.1+02:00", CREATED - 7_200_000_000_000 + 100_000_000),
        ("2026-11-24T02:23:53.123456789123Z", CREATED + 123_456_789),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("2026-13-24T02:23:53Z", None),
        ("2026-11-24T02:23:53+99:99", None),
        ("now", None),
        (None, None),
        (7, None),
    ],
)
def test_times_are_utc_nanoseconds_or_not_known(text, expected):
    assert nanoseconds(text) == expected
