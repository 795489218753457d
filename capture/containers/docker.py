"""Docker's containers, from the files its daemon keeps of each.

    <data root>/containers/<id>/config.v2.json    name, image, command, labels, mounts, created
    <data root>/containers/<id>/hostconfig.json   privileged, which namespaces are the host's
    <data root>/image/<driver>/repositories.json  which digests an image id has

The data root is /var/lib/docker unless /etc/docker/daemon.json says otherwise; snap's Docker and rootless
ones have theirs elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capture.containers import documents, homes, oci
from capture.containers.metadata import RECORDED, ContainerMetadata, Mount

_MODES = {
    "PidMode": "pid",
    "NetworkMode": "network",
    "IpcMode": "ipc",
    "UTSMode": "uts",
    "UsernsMode": "user",
    "CgroupnsMode": "cgroup",
}
"""hostconfig.json's keys that are "host" when a namespace is shared, and that namespace."""


def find(full_id: str, root: Path = Path("/")) -> ContainerMetadata | None:
    """Read what Docker left on disk about a container; None if nothing.

    Raises:
        MetadataError: there is something, but it cannot be used.
    """
    if not documents.is_name(full_id):
        return None
    for data in _data_roots(root):
        folder = data / "containers" / full_id
        config = documents.read_json(folder / "config.v2.json")
        if config is not None:
            return _described(full_id, config, _host_config(folder), data)
    return None


def _data_roots(root: Path) -> Iterator[Path]:
    try:
        daemon = documents.read_json(root / "etc/docker/daemon.json")
    except documents.MetadataError:
        daemon = None
    configured = documents.text(documents.get(daemon, "data-root")) or documents.text(
        documents.get(daemon, "graph")
    )
    if configured:
        yield root / configured.lstrip("/")
    yield root / "var/lib/docker"
    yield root / "var/snap/docker/common/var-lib-docker"
    for home in homes.homes(root):
        yield home / ".local/share/docker"


def _host_config(folder: Path) -> Any:
    """The container's settings towards the host; without them the rest still counts."""
    try:
        return documents.read_json(folder / "hostconfig.json")
    except documents.MetadataError:
        return None


def _described(full_id: str, config: Any, host: Any, data: Path) -> ContainerMetadata:
    labels = documents.table(documents.get(config, "Config", "Labels"))
    image_id = documents.text(documents.get(config, "Image"))
    privileged = documents.get(host, "Privileged")
    path, args = documents.get(config, "Path"), documents.get(config, "Args")
    return ContainerMetadata(
        full_id=full_id,
        runtime="docker",
        metadata=RECORDED,
        name=labels.get("io.kubernetes.container.name")
        or documents.text(documents.get(config, "Name")).lstrip("/"),
        image=documents.text(documents.get(config, "Config", "Image")),
        image_id=image_id.removeprefix("sha256:"),
        image_digest=_digest(data, image_id),
        created_ns=documents.nanoseconds(documents.get(config, "Created")),
        pod=labels.get("io.kubernetes.pod.name", ""),
        namespace=labels.get("io.kubernetes.pod.namespace", ""),
        pod_uid=labels.get("io.kubernetes.pod.uid", ""),
        command=oci.command_line([path, *documents.items(args)]),
        user=documents.text(documents.get(config, "Config", "User")),
        labels=labels,
        privileged=privileged if isinstance(privileged, bool) else None,
        mounts=_mounts(documents.get(config, "MountPoints")),
        host_namespaces=tuple(kind for key, kind in _MODES.items() if documents.get(host, key) == "host"),
    )


def _mounts(points: Any) -> tuple[Mount, ...]:
    rows = documents.items(list(points.values())) if isinstance(points, dict) else []
    return tuple(
        Mount(
            destination=documents.text(documents.get(row, "Destination")),
            source=documents.text(documents.get(row, "Source")) or documents.text(documents.get(row, "Name")),
            type=documents.text(documents.get(row, "Type")),
            options=("rw",) if documents.get(row, "RW") is True else ("ro",),
        )
        for row in rows
    )


def _digest(data: Path, image_id: str) -> str:
    """Find the registry's digest of an image; images built on this machine have none."""
    for driver in documents.names_in(data / "image", limit=16):
        try:
            known = documents.read_json(data / "image" / driver / "repositories.json")
        except documents.MetadataError:
            continue
        repositories = documents.get(known, "Repositories")
        for names in repositories.values() if isinstance(repositories, dict) else ():
            for name, target in names.items() if isinstance(names, dict) else ():
                if target == image_id and "@" in name:
                    return documents.text(name.rpartition("@")[2])
    return ""
