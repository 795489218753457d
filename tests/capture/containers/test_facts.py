"""What each runtime's files tell beyond names: a row a fact."""

from pathlib import Path

import pytest

from capture.containers.cgroup_paths import ContainerRef
from capture.containers.lookup import find_metadata
from tests.builders.runtime_disks import DIGEST, FULL_ID, IMAGE_ID, INFRA_ID, POD_ID, POD_UID, oci_config

CREATED = 1_795_487_033_000_000_000  # 2026-11-24T02:23:53Z
DEFAULT_LESS_CHOWN = {
    "capabilities_added": ("NET_ADMIN",),
    "capabilities_dropped": ("CHOWN",),
}


def look(disk, runtime, full_id=FULL_ID, **options):
    return find_metadata(ContainerRef(runtime, full_id), root=disk.root, **options)


def facts(found, expected):
    return {name: getattr(found, name) for name in expected}


OCI = [
    ("environment", {}, ("PATH", "TOKEN")),
    ("working_directory", {"process": {"cwd": "/srv"}}, "/srv"),
    ("hostname", {"hostname": "web"}, "web"),
    ("capabilities", {}, ("CHOWN", "KILL")),
    ("capabilities", {"process": {"capabilities": {"bounding": ["CAP_X", 7, ""]}}}, ("X",)),
    ("no_new_privileges", {"process": {"noNewPrivileges": True}}, True),
    ("no_new_privileges", {}, False),
    ("no_new_privileges", {"process": None}, None),
    ("read_only", {"root": {"path": "/x", "readonly": True}}, True),
    ("read_only", {}, False),
    ("read_only", {"root": None}, None),
    ("seccomp", {}, "filtered"),
    ("seccomp", {"linux": {}}, "unconfined"),
    ("seccomp", {"linux": None}, ""),
    ("apparmor", {"process": {"apparmorProfile": "docker-default"}}, "docker-default"),
    (
        "selinux",
        {"process": {"selinuxLabel": "system_u:system_r:container_t:s0"}},
        "system_u:system_r:container_t:s0",
    ),
    ("devices", {"linux": {"devices": [{"path": "/dev/fuse", "type": "c"}]}}, ("/dev/fuse",)),
    ("memory_limit", {"linux": {"resources": {"memory": {"limit": 1 << 29}}}}, 1 << 29),
    ("memory_limit", {"linux": {"resources": {"memory": {"limit": -1}}}}, 0),
    ("memory_limit", {}, 0),
    ("memory_limit", {"linux": None}, None),
    ("cpu_limit", {"linux": {"resources": {"cpu": {"quota": 150_000, "period": 100_000}}}}, 1500),
    ("cpu_limit", {"linux": {"resources": {"cpu": {"quota": 25_000}}}}, 250),
    ("cpu_limit", {"linux": {"resources": {"cpu": {"quota": -1, "period": 100_000}}}}, 0),
    ("cpu_limit", {"linux": {"resources": {"cpu": {"quota": True, "period": "x"}}}}, 0),
    ("cpuset", {"linux": {"resources": {"cpu": {"cpus": "0-3"}}}}, "0-3"),
    ("pids_limit", {"linux": {"resources": {"pids": {"limit": 100}}}}, 100),
    ("pids_limit", {"linux": {"resources": {"pids": {"limit": 0}}}}, 0),
    (
        "joined_namespaces",
        {"linux": {"namespaces": [{"type": "network", "path": "/var/run/netns/cni-1"}, {"type": "pid"}]}},
        {"network": "/var/run/netns/cni-1"},
    ),
]


@pytest.mark.parametrize(("fact", "changes", "expected"), OCI)
def test_a_bundle_tells(disk, fact, changes, expected):
    disk.write("b/config.json", oci_config(**changes))
    assert getattr(look(disk, "runc", bundle=Path("/b")), fact) == expected


@pytest.mark.parametrize(
    ("runtime", "held", "added", "dropped"),
    [
        ("docker", ["CAP_CHOWN", "CAP_SYS_ADMIN"], ("SYS_ADMIN",), 13),
        ("containerd", ["CAP_CHOWN"], (), 13),
        ("podman", ["CAP_NET_RAW"], ("NET_RAW",), 11),
        ("cri-o", ["CAP_CHOWN", "CAP_SYS_CHROOT"], ("SYS_CHROOT",), 8),
        ("runc", ["CAP_SYS_ADMIN"], (), 0),
    ],
)
def test_capabilities_are_told_against_the_runtimes_default(disk, runtime, held, added, dropped):
    disk.write("b/config.json", oci_config(process={"capabilities": {"bounding": held}}))
    found = look(disk, runtime, bundle=Path("/b"))
    assert (found.capabilities_added, len(found.capabilities_dropped)) == (added, dropped)


@pytest.mark.parametrize("kind", ["bolt", "sqlite", "wal"])
def test_podmans_database_tells_labels_pod_and_restart_policy(disk, kind):
    disk.podman()
    disk.libpod(kind)
    expected = {
        "name": "web-7f9c",
        "kind": "container",
        "labels": {"app": "shop"},
        "pod": "shop",
        "pod_uid": POD_ID,
        "pod_labels": {"team": "web"},
        "sandbox": INFRA_ID,
        "entrypoint": "/bin/sh -c",
        "restart_policy": "on-failure:3",
        "addresses": ("10.88.0.5",),
        "init_pid": 4711,
        "created_ns": CREATED + 250_000_000,
        "image_digest": DIGEST,
    }
    found = look(disk, "podman")
    assert facts(found, expected) == expected
    assert "s3cret" not in repr(found.row())


def test_podmans_sqlite_is_never_opened_itself(disk):
    disk.podman()
    path = disk.libpod("wal")
    before = {file.name: file.read_bytes() for file in path.parent.glob("db.sql*")}
    assert set(before) == {"db.sql", "db.sql-wal"}
    assert look(disk, "podman").labels == {"app": "shop"}
    assert {file.name: file.read_bytes() for file in path.parent.glob("db.sql*")} == before


def test_the_infra_container_of_a_podman_pod_is_its_sandbox(disk):
    disk.podman()
    disk.libpod(pause=True)
    assert look(disk, "podman").kind == "sandbox"
    disk.podman(INFRA_ID)
    disk.libpod(full_id=INFRA_ID)
    assert look(disk, "podman", INFRA_ID).kind == "sandbox"


def test_a_podman_container_without_a_pod_is_of_no_kind(disk):
    disk.podman()
    disk.libpod(pod="", restart_policy="", labels=None)
    found = look(disk, "podman")
    assert (found.kind, found.pod, found.sandbox, found.restart_policy, found.labels) == (
        "",
        "",
        "",
        "no",
        {},
    )


ENDLESS = """
CREATE VIEW ContainerConfig AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS JSON, i AS ID, i AS PodID FROM n;
CREATE TABLE ContainerState(ID, JSON); CREATE TABLE PodConfig(ID, JSON); CREATE TABLE PodState(ID, JSON);
"""


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(4096), "endless"])
def test_a_hostile_database_of_podman_costs_its_facts_alone(disk, content):
    import sqlite3

    disk.podman()
    path = disk.libpod("sqlite")
    if content == "endless":
        path.unlink()
        with sqlite3.connect(path) as database:
            database.executescript(ENDLESS)
    else:
        path.write_bytes(content)
    found = look(disk, "podman")
    assert (found.metadata, found.name, found.restart_policy) == ("recorded", "web-7f9c", "")


def test_podmans_storage_may_be_where_only_the_monitors_command_line_tells(disk):
    disk.podman(graph="odd/place")
    disk.libpod(graph="odd/place")
    assert look(disk, "podman").name == ""
    found = look(disk, "podman", bundle=Path(f"/odd/place/overlay-containers/{FULL_ID}/userdata"))
    assert (found.name, found.labels) == ("web-7f9c", {"app": "shop"})


DOCKER = {
    "entrypoint": "/entry.sh",
    "working_directory": "/srv",
    "hostname": FULL_ID[:12],
    "environment": ("TOKEN",),
    "apparmor": "docker-default",
    "restart_policy": "on-failure:3",
    "read_only": True,
    "seccomp": "unconfined",
    "no_new_privileges": True,
    "devices": ("/dev/kvm",),
    "host_namespaces": ("network",),
    "joined_namespaces": {"pid": f"container:{'e' * 64}"},
    "memory_limit": 512 << 20,
    "cpu_limit": 1500,
    "cpuset": "0-1",
    "pids_limit": 100,
    "addresses": ("172.17.0.2",),
    "init_pid": 4711,
    "capabilities": (),
} | DEFAULT_LESS_CHOWN


def test_dockers_files_tell_what_it_may_do_and_use(disk):
    disk.docker()
    assert facts(look(disk, "docker"), DOCKER) == DOCKER


def test_dockers_bundle_tells_what_it_made_of_the_settings(disk):
    disk.docker()
    disk.moby_bundle()
    found = look(disk, "docker")
    assert (found.name, found.capabilities) == ("web", ("CHOWN", "KILL"))
    assert "NET_RAW" in found.capabilities_dropped
    # What is mounted by hand, not what every container has.
    assert [mount.destination for mount in found.mounts] == ["/data"]
    assert found.no_new_privileges is False


def test_dockers_data_may_lie_where_only_its_bundle_tells(disk):
    disk.docker(data="srv/odd")
    assert look(disk, "docker").name == ""
    path = disk.moby_bundle(state="srv/exec/containerd/daemon", data="/srv/odd")
    found = look(disk, "docker", bundle=Path("/") / path.parent.relative_to(disk.root))
    assert (found.name, found.image_id) == ("web", IMAGE_ID)


def test_kubernetes_on_docker_tells_sandbox_and_pod_by_labels(disk):
    pod = {
        "io.kubernetes.pod.name": "shop-5d9c",
        "io.kubernetes.pod.namespace": "prod",
        "io.kubernetes.pod.uid": POD_UID,
    }
    sandbox = pod | {
        "io.kubernetes.docker.type": "podsandbox",
        "io.kubernetes.container.name": "POD",
        "tier": "front",
    }
    own = pod | {
        "io.kubernetes.docker.type": "container",
        "io.kubernetes.container.name": "api",
        "io.kubernetes.sandbox.id": INFRA_ID,
    }
    disk.docker(labels=own)
    disk.docker(INFRA_ID, labels=sandbox)
    found, infra = look(disk, "docker"), look(disk, "docker", INFRA_ID)
    assert (found.name, found.kind, found.sandbox, found.pod_uid) == ("api", "container", INFRA_ID, POD_UID)
    assert (infra.name, infra.kind) == ("POD", "sandbox")
    assert found.pod_labels == infra.pod_labels == {"tier": "front"}


CONTAINERD = {
    "labels": {"app": "shop"},
    "pod_labels": {"tier": "front"},
    "pod": "shop-5d9c",
    "namespace": "prod",
    "pod_uid": POD_UID,
    "addresses": ("10.1.2.3", "fd00::3"),
    "cni": '{"DNS": [{}]}',
    "image": "registry/shop:3",
    "image_digest": DIGEST,
    "created_ns": CREATED + 500_000_000,
    "name": "api",
}


@pytest.mark.parametrize("v2", [False, True])
@pytest.mark.parametrize("bundle", [True, False])
def test_containerds_database_tells_labels_and_pod_with_and_without_a_task(disk, v2, bundle):
    if bundle:
        disk.containerd()
    disk.containerd_database(v2=v2)
    found = look(disk, "containerd")
    assert facts(found, CONTAINERD) == CONTAINERD
    assert (found.user, found.metadata) == ("1000:1000", "recorded")


@pytest.mark.parametrize(
    ("state", "root"),
    [
        ("run/containerd", "var/lib/containerd"),
        ("run/k3s/containerd", "var/lib/rancher/k3s/agent/containerd"),
        ("run/k3s/containerd", "var/lib/rancher/rke2/agent/containerd"),
        ("var/snap/microk8s/common/run/containerd", "var/snap/microk8s/common/var/lib/containerd"),
    ],
)
def test_containerd_is_found_where_distributions_of_kubernetes_put_it(disk, state, root):
    disk.containerd(state=state)
    disk.containerd_database(root=root)
    assert (look(disk, "").name, look(disk, "").pod_labels) == ("api", {"tier": "front"})


def test_a_bundles_link_leads_to_a_database_in_an_odd_place(disk):
    bundle = disk.containerd(state="odd/state").parent
    disk.containerd_database(root="odd/root")
    (bundle / "work").symlink_to(f"/odd/root/io.containerd.runtime.v2.task/k8s.io/{FULL_ID}")
    (bundle / "init.pid").write_text("815")
    found = look(disk, "containerd", bundle=Path("/") / bundle.relative_to(disk.root))
    assert (found.labels, found.init_pid) == ({"app": "shop"}, 815)


def test_a_damaged_database_of_containerd_does_not_cost_the_bundle(disk):
    disk.containerd()
    disk.containerd_database().write_bytes(b"\0" * 9000)
    found = look(disk, "containerd")
    assert (found.metadata, found.name, found.pod) == ("recorded", "api", "shop-5d9c")


def test_cri_os_sandbox_tells_the_pods_labels_and_addresses(disk):
    disk.crio()
    disk.crio_sandbox()
    found = look(disk, "cri-o")
    assert (found.kind, found.sandbox, found.labels) == ("container", "9" * 64, {"app": "shop"})
    assert (found.pod_labels, found.addresses) == ({"tier": "front"}, ("10.244.4.3", "fd00::3"))
    assert (found.seccomp, found.init_pid) == ("runtime/default", 815)
    assert found.cni.startswith('{"cniVersion"')
    sandbox = look(disk, "cri-o", "9" * 64)
    assert (sandbox.name, sandbox.kind, sandbox.pod_labels) == ("POD", "sandbox", {"tier": "front"})


def test_runcs_state_tells_the_first_process(disk):
    disk.runc()
    assert look(disk, "runc", "job-1").init_pid == 815


LXC = {
    "hostname": "web",
    "capabilities_dropped": ("MAC_ADMIN", "SYS_MODULE", "SYS_TIME"),
    "apparmor": "lxc-default-cgns",
    "seccomp": "common.seccomp",
    "no_new_privileges": True,
    "environment": ("TOKEN",),
    "host_namespaces": ("network", "user"),
    "joined_namespaces": {"ipc": "db"},
    "memory_limit": 512 << 20,
    "cpu_limit": 500,
    "pids_limit": 200,
    "addresses": ("10.0.3.7",),
}


def test_lxcs_configuration_tells(disk):
    disk.lxc()
    assert facts(look(disk, "lxc", "web"), LXC) == LXC


@pytest.mark.parametrize(
    ("text", "size"), [("512M", 512 << 20), ("max", 0), ("100", 100), ("2gb", 2 << 30), ("x", 0)]
)
def test_lxcs_sizes_have_units(disk, text, size):
    disk.write("var/lib/lxc/web/config", f"lxc.cgroup2.memory.max = {text}")
    assert look(disk, "lxc", "web").memory_limit == size


NSPAWN = {
    "command": "/sbin/init --log",
    "user": "web",
    "working_directory": "/srv",
    "environment": ("TOKEN", "MODE"),
    "capabilities_added": ("NET_ADMIN", "SYS_PTRACE"),
    "capabilities_dropped": ("MKNOD",),
    "no_new_privileges": True,
    "read_only": False,
    "host_namespaces": (),
}


@pytest.mark.parametrize("registered", [True, False])
def test_nspawns_settings_tell(disk, registered):
    disk.nspawn_settings()
    if registered:
        disk.nspawn()
    found = look(disk, "nspawn", "deb")
    assert facts(found, NSPAWN) == NSPAWN
    assert [(m.source, m.destination, m.options) for m in found.mounts] == [
        ("/srv/data", "/data", ("rw", "idmap")),
        ("/etc/hosts", "/etc/hosts", ("ro",)),
    ]
    assert found.init_pid == (815 if registered else None)


def test_a_container_in_a_container_is_described_by_the_files_inside(disk, tmp_path):
    """A node of kind: containerd in a Docker container, whose files its first process sees."""
    disk.docker(pid=77)
    inside = type(disk)(disk.root / "proc/77/root")
    inside.containerd("b" * 64)
    outer = ContainerRef("docker", FULL_ID, f"/docker/{FULL_ID}")
    ref = ContainerRef("containerd", "b" * 64, f"/docker/{FULL_ID}/kubelet/{'b' * 64}", parent=outer)
    found = find_metadata(ref, root=disk.root)
    assert (found.name, found.pod, found.parent) == ("api", "shop-5d9c", FULL_ID)


def test_a_container_in_one_that_is_gone_is_missing_with_the_reason(disk):
    ref = ContainerRef("containerd", "b" * 64, parent=ContainerRef("docker", FULL_ID))
    assert find_metadata(ref, root=disk.root).metadata.startswith("metadata not seen: nothing about bbbb")
