"""Disks as container runtimes leave them, written below a temporary root."""

import json
from pathlib import Path

FULL_ID = "3f2a" + "0123456789ab" * 5
IMAGE_ID = "1ab1" + "c" * 60
DIGEST = "sha256:" + "d" * 64
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
        }
        details = {"pod-id": "9" * 64, "pod-name": "shop-5d9c", "metadata-name": "api", "privileged": False}
        entry = {
            "id": full_id,
            "names": ["k8s_api_shop-5d9c_prod"],
            "image": IMAGE_ID,
            "metadata": json.dumps(details),
        }
        self.write("var/lib/containers/storage/overlay-containers/containers.json", [entry])
        path = f"run/containers/storage/overlay-containers/{full_id}/userdata/config.json"
        self.write(path, oci_config(annotations=annotations))

    def docker(self, full_id=FULL_ID, *, data="var/lib/docker", privileged=False):
        config = {
            "ID": full_id,
            "Name": "/web",
            "Created": "2026-11-24T02:23:53.123456789Z",
            "Image": "sha256:" + IMAGE_ID,
            "Path": "nginx",
            "Args": ["-g", "daemon off;"],
            "Config": {
                "Image": "nginx:1.27",
                "User": "www",
                "Labels": {"app": "shop"},
                "Env": ["TOKEN=s3cret"],
            },
            "MountPoints": {
                "/data": {"Destination": "/data", "Source": "/srv/data", "Type": "bind", "RW": False},
            },
        }
        host = {"Privileged": privileged, "NetworkMode": "host", "PidMode": "", "IpcMode": "private"}
        self.write(f"{data}/containers/{full_id}/config.v2.json", config)
        self.write(f"{data}/containers/{full_id}/hostconfig.json", host)
        names = {"nginx:1.27": "sha256:" + IMAGE_ID, "nginx@" + DIGEST: "sha256:" + IMAGE_ID}
        self.write(f"{data}/image/overlay2/repositories.json", {"Repositories": {"nginx": names}})

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
        ]
        self.write(f"var/lib/lxc/{name}/config", "\n".join(lines))

    def nspawn(self, name="deb"):
        lines = ["NAME=deb", "CLASS=container", "ROOT=/var/lib/machines/deb", "REALTIME=1795487033000000"]
        self.write(f"run/systemd/machines/{name}", "\n".join(lines))
