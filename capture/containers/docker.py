"""Docker's containers, from the files its daemon keeps of each.

    <data root>/containers/<id>/config.v2.json    name, image, command, labels, mounts, networks, created
    <data root>/containers/<id>/hostconfig.json   privileged, limits, capabilities, namespaces, restart policy
    <data root>/image/<driver>/repositories.json  which digests an image id has

The data root is /var/lib/docker unless /etc/docker/daemon.json says otherwise; snap's Docker and rootless
ones have theirs elsewhere. The bundle that Docker hands to containerd (see `containerd`) names it, too, for
/etc/resolv.conf is mounted from there; and it says what Docker made of the settings: capabilities, seccomp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from capture.containers import capabilities, containerd, documents, homes, oci
from capture.containers.metadata import CONTAINER, RECORDED, SANDBOX, ContainerMetadata, Mount

_MODES = {
    "PidMode": "pid",
    "NetworkMode": "network",
    "IpcMode": "ipc",
    "UTSMode": "uts",
    "UsernsMode": "user",
    "CgroupnsMode": "cgroup",
}
"""hostconfig.json's keys that are "host" when a namespace is shared, and that namespace."""

_KINDS = {"podsandbox": SANDBOX, "container": CONTAINER}
"""By the label `io.kubernetes.docker.type` (cri-dockerd)."""

_MADE_FOR = ("/etc/resolv.conf", "/etc/hostname", "/etc/hosts")
"""Where Docker mounts files of the container's own folder."""


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read what Docker left on disk about a container; None if nothing.

    Raises:
        MetadataError: there is something, but it cannot be used.
    """
    if not documents.is_name(full_id):
        return None
    task = _task(full_id, root, bundle)
    for data in dict.fromkeys((*_named_by(task, full_id, root), *_data_roots(root))):
        folder = data / "containers" / full_id
        config = documents.read_json(folder / "config.v2.json")
        if config is not None:
            known = _described(full_id, config, _host_config(folder), data)
            return _with_task(_with_sandbox(known, data), task)
    return None


def _task(full_id: str, root: Path, bundle: Path | None) -> ContainerMetadata | None:
    """What the bundle says, while the container runs."""
    for folder in containerd.bundles(full_id, root, bundle):
        try:
            found = oci.read_bundle(folder, full_id, "docker")
        except documents.MetadataError:
            continue
        if found is not None:
            return found
    return None


def _named_by(task: ContainerMetadata | None, full_id: str, root: Path) -> tuple[Path, ...]:
    """The data root that a bundle shows: its own files are mounted from <data root>/containers/<id>."""
    sources = [Path(mount.source) for mount in task.mounts if mount.destination in _MADE_FOR] if task else []
    return tuple(
        root / str(source.parents[2]).lstrip("/")
        for source in sources
        if source.parent.name == full_id and source.parents[1].name == "containers"
    )


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
    path, args = documents.get(config, "Path"), documents.get(config, "Args")
    known = ContainerMetadata(
        full_id=full_id,
        runtime="docker",
        metadata=RECORDED,
        name=labels.get("io.kubernetes.container.name")
        or documents.text(documents.get(config, "Name")).lstrip("/"),
        kind=_KINDS.get(labels.get("io.kubernetes.docker.type", ""), ""),
        image=documents.text(documents.get(config, "Config", "Image")),
        image_id=image_id.removeprefix("sha256:"),
        image_digest=_digest(data, image_id),
        created_ns=documents.nanoseconds(documents.get(config, "Created")),
        pod=labels.get("io.kubernetes.pod.name", ""),
        namespace=labels.get("io.kubernetes.pod.namespace", ""),
        pod_uid=labels.get("io.kubernetes.pod.uid", ""),
        sandbox=labels.get("io.kubernetes.sandbox.id", ""),
        command=oci.command_line([path, *documents.items(args)]),
        entrypoint=oci.command_line(documents.get(config, "Config", "Entrypoint")),
        user=documents.text(documents.get(config, "Config", "User")),
        working_directory=documents.text(documents.get(config, "Config", "WorkingDir")),
        hostname=documents.text(documents.get(config, "Config", "Hostname")),
        environment=oci.environment_names(documents.get(config, "Config", "Env")),
        labels=labels,
        apparmor=documents.text(documents.get(config, "AppArmorProfile")),
        selinux=documents.text(documents.get(config, "ProcessLabel")),
        mounts=_mounts(documents.get(config, "MountPoints")),
        addresses=_addresses(documents.get(config, "NetworkSettings", "Networks")),
        init_pid=documents.integer(documents.get(config, "State", "Pid")) or None,
    )
    return _with_host_config(known, host) if isinstance(host, dict) else known


def _with_host_config(known: ContainerMetadata, host: Mapping[str, Any]) -> ContainerMetadata:
    """Add the container's settings towards the host."""
    privileged, read_only = host.get("Privileged"), host.get("ReadonlyRootfs")
    modes = {kind: documents.text(host.get(key)) for key, kind in _MODES.items()}
    options = documents.texts(host.get("SecurityOpt"))
    return replace(
        known,
        privileged=privileged if isinstance(privileged, bool) else None,
        read_only=read_only if isinstance(read_only, bool) else None,
        restart_policy=_restart_policy(host.get("RestartPolicy")),
        capabilities_added=capabilities.named(documents.texts(host.get("CapAdd"))),
        capabilities_dropped=capabilities.named(documents.texts(host.get("CapDrop"))),
        seccomp="unconfined" if privileged is True or "seccomp=unconfined" in options else "",
        no_new_privileges=any(option.startswith("no-new-privileges") for option in options) or None,
        host_namespaces=tuple(kind for kind, mode in modes.items() if mode == "host"),
        joined_namespaces={kind: mode for kind, mode in modes.items() if mode.startswith("container:")},
        devices=tuple(
            documents.text(documents.get(row, "PathOnHost")) for row in documents.items(host.get("Devices"))
        ),
        memory_limit=oci.limit(host.get("Memory")),
        cpu_limit=oci.limit(host.get("NanoCpus")) // 1_000_000
        or oci.cpu_share(host.get("CpuQuota"), host.get("CpuPeriod")),
        cpuset=documents.text(host.get("CpusetCpus")),
        pids_limit=oci.limit(host.get("PidsLimit")),
    )


def _restart_policy(policy: Any) -> str:
    name, tries = documents.text(documents.get(policy, "Name")), documents.get(policy, "MaximumRetryCount")
    return f"{name}:{tries}" if name == "on-failure" and documents.integer(tries) else name


def _addresses(networks: Any) -> tuple[str, ...]:
    rows = documents.items(list(networks.values())) if isinstance(networks, dict) else []
    found = (
        documents.text(documents.get(row, key)) for row in rows for key in ("IPAddress", "GlobalIPv6Address")
    )
    return tuple(address for address in found if address)


def _with_task(known: ContainerMetadata, task: ContainerMetadata | None) -> ContainerMetadata:
    """Add what Docker made of the settings, where it is known."""
    if task is None:
        return known
    return replace(
        known,
        capabilities=task.capabilities,
        capabilities_added=task.capabilities_added,
        capabilities_dropped=task.capabilities_dropped,
        seccomp=known.seccomp or task.seccomp,
        no_new_privileges=task.no_new_privileges,
        host_namespaces=task.host_namespaces,
    ).completed(task)


def _with_sandbox(known: ContainerMetadata, data: Path) -> ContainerMetadata:
    """Add the labels of the pod, which its sandbox has (cri-dockerd), and the pod's addresses."""
    sandbox_id = known.full_id if known.kind == SANDBOX else known.sandbox
    if not documents.is_name(sandbox_id):
        return known
    try:
        config = documents.read_json(data / "containers" / sandbox_id / "config.v2.json")
    except documents.MetadataError:
        return known
    labels = documents.table(documents.get(config, "Config", "Labels"))
    own = {
        key: value for key, value in labels.items() if not key.startswith(("io.kubernetes.", "annotation."))
    }
    addresses = _addresses(documents.get(config, "NetworkSettings", "Networks"))
    return replace(known, pod_labels=own, addresses=known.addresses or addresses)


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
