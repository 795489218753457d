"""What an OCI bundle's config.json tells about a container.

Every runtime that starts containers through runc, crun or their like writes one. Beside the process, the
mounts and the namespaces of the OCI runtime specification it carries annotations, and in these the runtimes
above (containerd's CRI plugin, CRI-O, nerdctl, Podman) put what they know: pod, names, image.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capture.containers import documents
from capture.containers.metadata import RECORDED, ContainerMetadata, Mount

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
    return ContainerMetadata(
        full_id=full_id,
        runtime=runtime,
        metadata=RECORDED,
        name=SANDBOX_NAME if facts["kind"] == "sandbox" else facts["name"],
        image=facts["image"],
        image_id=image_id,
        image_digest=image_digest,
        created_ns=documents.nanoseconds(facts["created"]),
        pod=facts["pod"],
        namespace=facts["namespace"],
        pod_uid=facts["pod_uid"],
        command=command_line(documents.get(config, "process", "args")),
        user=_user(documents.get(config, "process", "user")),
        labels=_labels(facts["labels"], annotations),
        privileged=_privileged(config, facts["privileged"]),
        mounts=_mounts(documents.get(config, "mounts")),
        host_namespaces=_host_namespaces(documents.get(config, "linux", "namespaces")),
    )


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


def _host_namespaces(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    own = {
        documents.text(documents.get(item, "type"))
        for item in documents.items(value)
        if not _HOST_NAMESPACE.fullmatch(documents.text(documents.get(item, "path")))
    }
    return tuple(kind for kind in NAMESPACES if kind not in own)
