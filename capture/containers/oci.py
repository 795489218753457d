"""What an OCI bundle's config.json tells about a container.

Every runtime that starts containers through runc, crun or their like writes one. Beside the process, the
mounts and the namespaces of the OCI runtime specification it carries annotations, and in these the runtimes
above (containerd's CRI plugin, CRI-O, nerdctl, Podman) put what they know: pod, names, image.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from capture.containers import capabilities, documents
from capture.containers.metadata import CONTAINER, RECORDED, SANDBOX, ContainerMetadata, Mount

CONFIG = "config.json"

ANNOTATIONS: Mapping[str, tuple[str, ...]] = {
    "name": ("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"),
    "pod": ("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
    "namespace": ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
    "pod_uid": ("io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"),
    "image": (
        "io.kubernetes.cri.image-name",
        "io.kubernetes.cri-o.ImageName",
        "io.kubernetes.cri.podsandbox.image-name",
        "io.kubernetes.cri-o.Image",
    ),
    "image_reference": ("io.kubernetes.cri.image-ref", "io.kubernetes.cri-o.ImageRef"),
    "created": ("io.kubernetes.cri-o.Created",),
    "privileged": ("io.podman.annotations.privileged",),
    "labels": ("io.kubernetes.cri-o.Labels",),
    "kind": ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"),
    "sandbox": ("io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"),
    "seccomp": ("io.kubernetes.cri-o.SeccompProfilePath",),
    "cni": ("io.kubernetes.cri-o.CNIResult",),
}
"""Where each fact may stand, the first found wins."""

SANDBOX_NAME = "POD"
"""What Kubernetes calls the container that holds a pod's namespaces."""

NAMESPACES = ("pid", "network", "ipc", "uts", "mount", "user", "cgroup")
"""Kinds of namespaces; one that a configuration does not list is shared with the host."""

_POWERS = {
    "CAP_SYS_ADMIN",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_PTRACE",
    "CAP_SYS_BOOT",
    "CAP_NET_ADMIN",
}
"""Capabilities that only the full set has together; kernels differ in what else is in it."""

_HOST_NAMESPACE = re.compile(r"/proc/1/ns/\w+")


def read_bundle(bundle: Path, full_id: str, runtime: str) -> ContainerMetadata | None:
    """Read the configuration in a bundle's folder; None if there is none.

    Raises:
        MetadataError: there is one, but it cannot be used.
    """
    config = documents.read_json(bundle / CONFIG)
    if config is None:
        return None
    if not isinstance(config, dict):
        raise documents.MetadataError(f"{bundle / CONFIG} does not hold an object")
    return from_config(config, full_id, runtime)


def from_config(config: dict[str, Any], full_id: str, runtime: str) -> ContainerMetadata:
    """Tell what a bundle's configuration says. Wrong types count as missing."""
    annotations = documents.table(documents.get(config, "annotations"))
    facts = {fact: documents.first(annotations, *keys) for fact, keys in ANNOTATIONS.items()}
    image_id, image_digest = _image_identity(facts["image_reference"])
    kind = facts["kind"] if facts["kind"] in (SANDBOX, CONTAINER) else ""
    labels = _labels(facts["labels"], annotations)
    known = ContainerMetadata(
        full_id=full_id,
        runtime=runtime,
        metadata=RECORDED,
        name=SANDBOX_NAME if kind == SANDBOX else facts["name"],
        kind=kind,
        image=facts["image"],
        image_id=image_id,
        image_digest=image_digest,
        created_ns=documents.nanoseconds(facts["created"]),
        pod=facts["pod"],
        namespace=facts["namespace"],
        pod_uid=facts["pod_uid"],
        pod_labels=labels if kind == SANDBOX and facts["labels"] else {},
        sandbox=facts["sandbox"],
        labels=labels,
        addresses=_addresses(annotations),
        cni=facts["cni"],
    )
    linux = documents.get(config, "linux")
    return _with_limits(
        _with_namespaces(_with_security(_with_process(known, config), config, facts), linux), linux
    )


def _with_process(known: ContainerMetadata, config: dict[str, Any]) -> ContainerMetadata:
    """Add what it runs, and what it sees."""
    process = documents.get(config, "process")
    read_only = documents.get(config, "root", "readonly")
    return replace(
        known,
        command=command_line(documents.get(process, "args")),
        user=_user(documents.get(process, "user")),
        working_directory=documents.text(documents.get(process, "cwd")),
        hostname=documents.text(documents.get(config, "hostname")),
        environment=environment_names(documents.get(process, "env")),
        # The specification's default is false.
        read_only=bool(read_only) if isinstance(documents.get(config, "root"), dict) else None,
        mounts=_mounts(documents.get(config, "mounts")),
    )


def _with_security(
    known: ContainerMetadata, config: dict[str, Any], facts: Mapping[str, str]
) -> ContainerMetadata:
    """Add what it may do."""
    process, linux = documents.get(config, "process"), documents.get(config, "linux")
    held = capabilities.named(documents.texts(documents.get(process, "capabilities", "bounding")))
    stated = isinstance(documents.get(process, "capabilities"), dict)
    added, dropped = capabilities.changes(known.runtime, held) if stated else ((), ())
    no_new = documents.get(process, "noNewPrivileges")
    return replace(
        known,
        privileged=_privileged(config, facts["privileged"]),
        capabilities=held,
        capabilities_added=added,
        capabilities_dropped=dropped,
        seccomp=_seccomp(linux, facts["seccomp"]),
        apparmor=documents.text(documents.get(process, "apparmorProfile")),
        selinux=documents.text(documents.get(process, "selinuxLabel")),
        no_new_privileges=bool(no_new) if isinstance(process, dict) else None,
        devices=tuple(
            documents.text(documents.get(row, "path"))
            for row in documents.items(documents.get(linux, "devices"))
        ),
    )


def _with_namespaces(known: ContainerMetadata, linux: Any) -> ContainerMetadata:
    """Add which namespaces are the host's, and which somebody else's."""
    listed = documents.get(linux, "namespaces")
    if not isinstance(listed, list):
        return known
    paths = {
        documents.text(documents.get(item, "type")): documents.text(documents.get(item, "path"))
        for item in documents.items(listed)
    }
    own = {kind: path for kind, path in paths.items() if not _HOST_NAMESPACE.fullmatch(path)}
    return replace(
        known,
        host_namespaces=tuple(kind for kind in NAMESPACES if kind not in own),
        joined_namespaces={kind: path for kind, path in own.items() if path},
    )


def _with_limits(known: ContainerMetadata, linux: Any) -> ContainerMetadata:
    """Add how much it may use. What the configuration leaves out is not limited."""
    if not isinstance(linux, dict):
        return known
    resources = documents.get(linux, "resources")
    cpu = documents.get(resources, "cpu")
    return replace(
        known,
        memory_limit=limit(documents.get(resources, "memory", "limit")),
        cpu_limit=cpu_share(documents.get(cpu, "quota"), documents.get(cpu, "period")),
        cpuset=documents.text(documents.get(cpu, "cpus")),
        pids_limit=limit(documents.get(resources, "pids", "limit")),
    )


def limit(value: Any) -> int:
    """A limit as it is recorded: what is not positive is none."""
    return max(documents.integer(value) or 0, 0)


def cpu_share(quota: Any, period: Any) -> int:
    """Thousandths of a processor that a quota is of its period, of 100 ms unless stated; 0: no limit."""
    return limit(quota) * 1000 // (limit(period) or 100_000)


def environment_names(variables: Any) -> tuple[str, ...]:
    """The names in a list of NAME=value."""
    return tuple(variable.partition("=")[0] for variable in documents.texts(variables))


def command_line(args: Any) -> str:
    """Join arguments as a shell would read them back; empty for no list."""
    return documents.text(shlex.join(documents.texts(args)))


def _image_identity(reference: str) -> tuple[str, str]:
    """Split (id, digest): a reference is name@sha256:DIGEST, or the image's own id."""
    name, _, digest = reference.rpartition("@")
    return ("", digest) if name else (reference.removeprefix("sha256:"), "")


def _user(user: Any) -> str:
    uid, gid = (documents.integer(documents.get(user, key)) for key in ("uid", "gid"))
    return "" if uid is None else f"{uid}" if gid is None else f"{uid}:{gid}"


def _labels(stored: str, annotations: dict[str, str]) -> dict[str, str]:
    if not stored:
        return annotations
    try:
        return documents.table(documents.parse_json(stored, "an annotation"))
    except documents.MetadataError:
        return annotations


def _privileged(config: dict[str, Any], stated: str) -> bool | None:
    """Take the runtime's word, else estimate: all capabilities, no seccomp and all devices at once."""
    if stated:
        return stated.upper() == "TRUE"
    capabilities = documents.get(config, "process", "capabilities")
    if not isinstance(capabilities, dict) or not isinstance(documents.get(config, "linux"), dict):
        return None
    bounding = set(documents.texts(capabilities.get("bounding")))
    devices = documents.items(documents.get(config, "linux", "resources", "devices"))
    return (
        bounding >= _POWERS
        and documents.get(config, "linux", "seccomp") is None
        and any(_allows_all(rule) for rule in devices)
    )


def _allows_all(rule: Any) -> bool:
    """Tell whether a device rule lets everything through: allowed, of any type, major and minor number."""
    if documents.get(rule, "allow") is not True or documents.get(rule, "access") != "rwm":
        return False
    return (
        documents.get(rule, "type") in (None, "", "a")
        and documents.get(rule, "major") in (None, -1)
        and documents.get(rule, "minor") in (None, -1)
    )


def _seccomp(linux: Any, stated: str) -> str:
    if not isinstance(linux, dict):
        return ""
    return (stated or "filtered") if linux.get("seccomp") is not None else "unconfined"


def _addresses(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """CRI-O numbers them."""
    keys = (f"io.kubernetes.cri-o.IP.{number}" for number in range(8))
    return tuple(annotations[key] for key in keys if annotations.get(key))


def _mounts(value: Any) -> tuple[Mount, ...]:
    return tuple(
        Mount(
            destination=documents.text(item.get("destination")),
            source=documents.text(item.get("source")),
            type=documents.text(item.get("type")),
            options=documents.texts(item.get("options")),
        )
        for item in documents.items(value)
        if isinstance(item, dict)
    )
