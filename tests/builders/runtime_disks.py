"""Disks as container runtimes leave them, written below a temporary root."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.builders.bolt_file import bolt_file

FULL_ID = "3f2a" + "0123456789ab" * 5
IMAGE_ID = "1ab1" + "c" * 60
DIGEST = "sha256:" + "d" * 64
POD_ID, INFRA_ID = "7" * 64, "8" * 64
POD_UID = "4c1f2a3b-1234-1234-1234-123456789abc"
NETWORKS = {
    "podman": {"interfaces": {"eth0": {"subnets": [{"ipnet": "10.88.0.5/16", "gateway": "10.88.0.1"}]}}}
}
FULL_SET = [
    "CAP_CHOWN",
    "CAP_NET_ADMIN",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
]


def oci_config(**changes):
    """A bundle's configuration as runtimes write it, short."""
    config = {
        "ociVersion": "1.0.2-dev",
        "process": {
            "user": {"uid": 1000, "gid": 1000, "umask": 18},
            "args": ["/bin/sh", "-c", "echo it's on"],
            "env": ["PATH=/bin", "TOKEN=s3cret"],
            "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"]},
        },
        "root": {"path": "/var/lib/rootfs"},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"]},
            {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "ro"]},
        ],
        "annotations": {},
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
            "seccomp": {"defaultAction": "SCMP_ACT_ERRNO"},
        },
    }
    return config | changes


def libpod_config(full_id):
    """What Podman's database holds about a container, short."""
    return {
        "id": full_id,
        "name": "web-7f9c",
        "pod": POD_ID,
        "rootfsImageName": "localhost/shop:1.0",
        "rootfsImageID": IMAGE_ID,
        "labels": {"app": "shop"},
        "entrypoint": ["/bin/sh", "-c"],
        "command": ["echo it's on"],
        "restart_policy": "on-failure",
        "restart_retries": 3,
        "createdTime": "2026-11-24T02:23:53.25Z",
    }


def as_json(value):
    return json.dumps(value).encode()


def packed(kind, value):
    """Protobuf's Any: the name of a type and its JSON."""
    name, content = f"containerd.io/{kind}".encode(), as_json(value)
    return b"\x0a" + varint(len(name)) + name + b"\x12" + varint(len(content)) + content


def varint(number):
    digits = b""
    while number > 0x7F:
        digits += bytes([number & 0x7F | 0x80])
        number >>= 7
    return digits + bytes([number])


class Disk:
    """A host's file system; each method writes what one runtime writes for one container."""

    def __init__(self, root: Path):
        self.root = root

    def write(self, path, content):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content))
        return target

    def podman(
        self, full_id=FULL_ID, *, graph="var/lib/containers/storage", driver="overlay", rm=True, config=None
    ):
        annotations = {
            "io.container.manager": "libpod",
            "io.kubernetes.cri-o.Created": "2026-11-24T02:23:53.380614927Z",
            "io.podman.annotations.privileged": "FALSE",
        }
        details = {"image-name": "localhost/shop:1.0", "image-id": IMAGE_ID, "name": "web-7f9c"}
        entry = {
            "id": full_id,
            "names": ["web-7f9c"],
            "image": IMAGE_ID,
            "metadata": json.dumps(details),
            "created": "2026-11-24T02:23:53.386537774Z",
        }
        folder = f"{graph}/{driver}-containers"
        self.write(f"{folder}/{'volatile-' if rm else ''}containers.json", [{"id": "0" * 64}, entry])
        self.write(f"{folder}/{full_id}/userdata/config.json", oci_config(annotations=annotations))
        image = {"id": IMAGE_ID, "digest": DIGEST, "names": ["localhost/shop:1.0"]}
        self.write(f"{graph}/{driver}-images/images.json", [image])

    def libpod(self, kind="bolt", full_id=FULL_ID, *, graph="var/lib/containers/storage", **changes):
        """Podman's database: `bolt` before 4.8, `sqlite` since, `wal` with a journal of its own."""
        config, state = libpod_config(full_id) | changes, {"state": 3, "pid": 4711, "networkStatus": NETWORKS}
        pod = {"id": POD_ID, "name": "shop", "labels": {"team": "web"}}
        pod_state = {"InfraContainerID": INFRA_ID}
        if kind == "bolt":
            ctr = {b"config": as_json(config), b"state": as_json(state), b"dependencies": {}}
            pods = {POD_ID.encode(): {b"config": as_json(pod), b"state": as_json(pod_state)}}
            database = {b"ctr": {full_id.encode(): ctr}, b"pod": pods, b"runtime-config": {b"os": b"linux"}}
            return self.write_bytes(f"{graph}/libpod/bolt_state.db", bolt_file(database))
        path = self.write_bytes(f"{graph}/db.sql", b"")
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            if kind == "wal":
                database.execute("PRAGMA journal_mode = WAL")
            for table in (
                "ContainerConfig(ID, Name, PodID, JSON)",
                "ContainerState(ID, State, ExitCode, JSON)",
            ):
                database.execute(f"CREATE TABLE {table}")
            for table in ("PodConfig(ID, Name, JSON)", "PodState(ID, InfraContainerId, JSON)"):
                database.execute(f"CREATE TABLE {table}")
            rows = (full_id, "web-7f9c", config.get("pod"), json.dumps(config))
            database.execute("INSERT INTO ContainerConfig VALUES(?, ?, ?, ?)", rows)
            database.execute("INSERT INTO ContainerState VALUES(?, 3, 0, ?)", (full_id, json.dumps(state)))
            database.execute("INSERT INTO PodConfig VALUES(?, 'shop', ?)", (POD_ID, json.dumps(pod)))
            database.execute(
                "INSERT INTO PodState VALUES(?, ?, ?)", (POD_ID, INFRA_ID, json.dumps(pod_state))
            )
            if kind == "wal":
                # As it is while Podman has it open: closing would fold the journal into the file.
                kept = {
                    name: (self.root / f"{graph}/{name}").read_bytes() for name in ("db.sql", "db.sql-wal")
                }
        if kind == "wal":
            for name, content in kept.items():
                self.write_bytes(f"{graph}/{name}", content)
        return path

    def write_bytes(self, path, content):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def crio_sandbox(self, full_id="9" * 64):
        annotations = {
            "io.container.manager": "cri-o",
            "io.kubernetes.container.name": "POD",
            "io.kubernetes.pod.name": "shop-5d9c",
            "io.kubernetes.pod.namespace": "prod",
            "io.kubernetes.cri-o.ContainerType": "sandbox",
            "io.kubernetes.cri-o.SandboxID": full_id,
            "io.kubernetes.cri-o.IP.0": "10.244.4.3",
            "io.kubernetes.cri-o.IP.1": "fd00::3",
            "io.kubernetes.cri-o.CNIResult": '{"cniVersion":"0.4.0","ips":[{"address":"10.244.4.3/24"}]}',
            "io.kubernetes.cri-o.Labels": json.dumps({"tier": "front"}),
        }
        folder = f"run/containers/storage/overlay-containers/{full_id}/userdata"
        self.write(f"{folder}/config.json", oci_config(annotations=annotations))

    def crio(self, full_id=FULL_ID):
        annotations = {
            "io.container.manager": "cri-o",
            "io.kubernetes.container.name": "api",
            "io.kubernetes.pod.name": "shop-5d9c",
            "io.kubernetes.pod.namespace": "prod",
            "io.kubernetes.pod.uid": "4c1f2a3b-1234-1234-1234-123456789abc",
            "io.kubernetes.cri-o.ContainerType": "container",
            "io.kubernetes.cri-o.ImageName": "quay.io/shop/api:2",
            "io.kubernetes.cri-o.ImageRef": "quay.io/shop/api@" + DIGEST,
            "io.kubernetes.cri-o.Created": "2026-11-24T02:23:53+02:00",
            "io.kubernetes.cri-o.Labels": json.dumps({"app": "shop"}),
            "io.kubernetes.cri-o.SandboxID": "9" * 64,
            "io.kubernetes.cri-o.SeccompProfilePath": "runtime/default",
        }
        details = {"pod-id": "9" * 64, "pod-name": "shop-5d9c", "metadata-name": "api", "privileged": False}
        entry = {
            "id": full_id,
            "names": ["k8s_api_shop-5d9c_prod"],
            "image": IMAGE_ID,
            "metadata": json.dumps(details),
        }
        self.write("var/lib/containers/storage/overlay-containers/containers.json", [entry])
        folder = f"run/containers/storage/overlay-containers/{full_id}/userdata"
        self.write(f"{folder}/config.json", oci_config(annotations=annotations))
        self.write(f"{folder}/pidfile", "815")

    def docker(self, full_id=FULL_ID, *, data="var/lib/docker", privileged=False, labels=None, pid=4711):
        config = {
            "ID": full_id,
            "Name": "/web",
            "Created": "2026-11-24T02:23:53.123456789Z",
            "Image": "sha256:" + IMAGE_ID,
            "Path": "nginx",
            "Args": ["-g", "daemon off;"],
            "State": {"Running": True, "Pid": pid, "ExitCode": 0, "OOMKilled": False},
            "AppArmorProfile": "docker-default",
            "Config": {
                "Hostname": full_id[:12],
                "Image": "nginx:1.27",
                "User": "www",
                "Labels": {"app": "shop"} if labels is None else labels,
                "Env": ["TOKEN=s3cret"],
                "Entrypoint": ["/entry.sh"],
                "WorkingDir": "/srv",
            },
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2", "GlobalIPv6Address": ""}}},
            "MountPoints": {
                "/data": {"Destination": "/data", "Source": "/srv/data", "Type": "bind", "RW": False},
            },
        }
        host = {
            "Privileged": privileged,
            "NetworkMode": "host",
            "PidMode": f"container:{'e' * 64}",
            "IpcMode": "private",
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "ReadonlyRootfs": True,
            "CapAdd": ["NET_ADMIN"],
            "CapDrop": ["cap_chown"],
            "SecurityOpt": ["seccomp=unconfined", "no-new-privileges"],
            "Devices": [{"PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm"}],
            "Memory": 512 << 20,
            "NanoCpus": 1_500_000_000,
            "CpusetCpus": "0-1",
            "PidsLimit": 100,
        }
        self.write(f"{data}/containers/{full_id}/config.v2.json", config)
        self.write(f"{data}/containers/{full_id}/hostconfig.json", host)
        names = {"nginx:1.27": "sha256:" + IMAGE_ID, "nginx@" + DIGEST: "sha256:" + IMAGE_ID}
        self.write(f"{data}/image/overlay2/repositories.json", {"Repositories": {"nginx": names}})

    def moby_bundle(self, full_id=FULL_ID, *, state="run/docker/containerd/daemon", data="/var/lib/docker"):
        """What Docker hands to its containerd."""
        source = f"{data}/containers/{full_id}/resolv.conf"
        mount = {"destination": "/etc/resolv.conf", "type": "bind", "source": source, "options": ["rbind"]}
        return self.write(
            f"{state}/io.containerd.runtime.v2.task/moby/{full_id}/config.json",
            oci_config(mounts=[mount]),
        )

    def containerd_database(
        self, full_id=FULL_ID, *, namespace="k8s.io", root="var/lib/containerd", v2=False
    ):
        """containerd's database with a container of Kubernetes, its sandbox and its image."""
        config = {
            "metadata": {"name": "shop-5d9c", "uid": POD_UID, "namespace": "prod"},
            "labels": {"tier": "front", "io.kubernetes.pod.name": "shop-5d9c"},
        }
        pod = {"IP": "10.1.2.3", "AdditionalIPs": ["fd00::3"], "Config": config, "CNIResult": {"DNS": [{}]}}
        extension = b"metadata" if v2 else b"io.cri-containerd.sandbox.metadata"
        sandbox = {
            b"labels": {b"io.cri-containerd.kind": b"sandbox", b"tier": b"front"},
            b"extensions": {extension: packed("sandbox", {"Version": "v1", "Metadata": pod})},
        }
        own = {"Version": "v1", "Metadata": {"SandboxID": INFRA_ID}}
        container = {
            b"image": b"registry/shop:3",
            # Go's time, binary: 2026-11-24T02:23:53.5Z
            b"createdat": bytes([1])
            + (62_135_596_800 + 1_795_487_033).to_bytes(8)
            + (5 * 10**8).to_bytes(4)
            + b"\xff\xff",
            b"spec": packed("Spec", oci_config(annotations={"io.kubernetes.cri.container-name": "api"})),
            b"labels": {b"app": b"shop", b"io.containerd.image.config.stop-signal": b"SIGTERM"},
            b"extensions": {b"io.cri-containerd.container.metadata": packed("container", own)},
        }
        objects = {
            b"containers": {full_id.encode(): container} | ({} if v2 else {INFRA_ID.encode(): sandbox}),
            b"sandboxes": {INFRA_ID.encode(): sandbox} if v2 else {},
            b"images": {b"registry/shop:3": {b"target": {b"digest": DIGEST.encode()}}},
        }
        path = f"{root}/io.containerd.metadata.v1.bolt/meta.db"
        return self.write_bytes(path, bolt_file({b"v1": {namespace.encode(): objects}}))

    def containerd(self, full_id=FULL_ID, *, namespace="k8s.io", state="run/containerd", **annotations):
        given = {
            "io.kubernetes.cri.container-type": "container",
            "io.kubernetes.cri.container-name": "api",
            "io.kubernetes.cri.image-name": "registry/shop:3",
            "io.kubernetes.cri.sandbox-name": "shop-5d9c",
            "io.kubernetes.cri.sandbox-namespace": "prod",
            "io.kubernetes.cri.sandbox-uid": "4c1f2a3b-1234-1234-1234-123456789abc",
        }
        path = f"{state}/io.containerd.runtime.v2.task/{namespace}/{full_id}/config.json"
        return self.write(path, oci_config(annotations=annotations.get("annotations", given)))

    def runc(self, name="job-1"):
        state = {
            "id": name,
            "created": "2026-11-24T02:23:53.5Z",
            "init_process_pid": 815,
            "config": {"labels": ["x=y", "bundle=/opt/job"]},
        }
        self.write(f"run/runc/{name}/state.json", state)
        self.write("opt/job/config.json", oci_config())

    def crun(self, name="job-2"):
        status = {"pid": 4, "bundle": "/opt/job2", "created": "2026-11-24T02:23:53.000000Z"}
        self.write(f"run/user/1000/crun/{name}/status", status)
        self.write("opt/job2/config.json", oci_config())

    def lxc(self, name="web"):
        lines = [
            "# Parameters passed to the template: -d debian",
            "lxc.uts.name = web",
            "lxc.rootfs.path = dir:/var/lib/lxc/web/rootfs",
            "lxc.init.cmd = /sbin/init",
            "lxc.namespace.keep = net user",
            "lxc.mount.entry = /srv/data srv/data none bind,ro 0 0",
            "lxc.cap.drop = sys_module mac_admin",
            "lxc.cap.drop = sys_time",
            "lxc.aa_profile = lxc-default-cgns",
            "lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp",
            "lxc.no_new_privs = 1",
            "lxc.environment = TOKEN=s3cret",
            "lxc.namespace.share.ipc = db",
            "lxc.cgroup2.memory.max = 512M",
            "lxc.cgroup2.cpu.max = 50000 100000",
            "lxc.cgroup2.pids.max = 200",
            "lxc.net.0.ipv4.address = 10.0.3.7/24",
        ]
        self.write(f"var/lib/lxc/{name}/config", "\n".join(lines))

    def nspawn(self, name="deb"):
        lines = ["NAME=deb", "CLASS=container", "ROOT=/var/lib/machines/deb", "REALTIME=1795487033000000"]
        self.write(f"run/systemd/machines/{name}", "\n".join([*lines, "LEADER=815"]))

    def nspawn_settings(self, name="deb"):
        lines = [
            "# made by hand",
            "[Exec]",
            "Parameters=/sbin/init --log",
            "User=web",
            "WorkingDirectory=/srv",
            "Environment=TOKEN=s3cret MODE=x",
            "Capability=CAP_NET_ADMIN CAP_SYS_PTRACE",
            "DropCapability=CAP_MKNOD",
            "NoNewPrivileges=yes",
            "[Files]",
            "ReadOnly=no",
            "Bind=/srv/data:/data:idmap",
            "BindReadOnly=/etc/hosts",
            "[Network]",
            "VirtualEthernet=yes",
        ]
        self.write(f"etc/systemd/nspawn/{name}.nspawn", "\n".join(lines))
