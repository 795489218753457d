"""containerd's database: labels, images, times of containers, and what its CRI plugin knows of pods.

    v1/<namespace>/containers/<id>   image, createdat, spec, labels/*, extensions/*
    v1/<namespace>/sandboxes/<id>    the same of pods, since 2.0
    v1/<namespace>/images/<name>     target/digest

A BoltDB (containerd metadata/buckets.go). `spec` and extensions are protobuf's Any around JSON; the CRI
plugin's extension `io.cri-containerd.sandbox.metadata` holds the pod's configuration, addresses and CNI
result. Times are Go's binary form: version, seconds since the year 1, nanoseconds, zone.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from capture.containers import bolt, documents
from capture.containers.metadata import SANDBOX, ContainerMetadata

_TIME = struct.Struct(">BqI")
_YEAR_1_TO_1970 = 62_135_596_800
_SANDBOX_EXTENSIONS = (b"io.cri-containerd.sandbox.metadata", b"metadata")
_IMAGE_NOISE = "io.containerd.image."


@dataclass(frozen=True, slots=True)
class Entry:
    """What the database holds about a container."""

    image: str
    digest: str
    created_ns: int | None
    labels: Mapping[str, str]
    spec: dict[str, Any]
    pod: Any
    """What the CRI plugin keeps about the pod's sandbox."""

    pod_labels: Mapping[str, str]


def database(root: Path) -> Path:
    """The file below containerd's root."""
    return root / "io.containerd.metadata.v1.bolt" / "meta.db"


def namespaces(root: Path) -> list[str]:
    """The namespaces that there are; none where there is no database that can be read."""

    def question(top: bolt.Bucket) -> list[str]:
        known = top.bucket(b"v1")
        return [name.decode("utf-8", "replace") for name in known.buckets()] if known else []

    try:
        return bolt.ask(database(root), question) or []
    except documents.MetadataError:
        return []


def find_entry(root: Path, namespace: str, full_id: str) -> Entry | None:
    """Look a container up; None if it is not there.

    Raises:
        MetadataError: there is a database, but it cannot be used.
    """

    def question(top: bolt.Bucket) -> Entry | None:
        inside = top.bucket(b"v1", namespace.encode("utf-8", "replace"))
        container = (
            None if inside is None else inside.bucket(b"containers", full_id.encode("utf-8", "replace"))
        )
        return None if inside is None or container is None else _entry(inside, container)

    return bolt.ask(database(root), question)


def _entry(inside: bolt.Bucket, container: bolt.Bucket) -> Entry:
    image = container.value(b"image") or b""
    digest = inside.value(b"images", image, b"target", b"digest") if image else None
    labels = _labels(container)
    pod, pod_labels = _pod(inside, container, labels)
    spec = _unpacked(container.value(b"spec"))
    return Entry(
        documents.text(image.decode("utf-8", "replace")),
        documents.text((digest or b"").decode("utf-8", "replace")),
        _time(container.value(b"createdat")),
        labels,
        spec if isinstance(spec, dict) else {},
        pod,
        pod_labels,
    )


def completed(known: ContainerMetadata, entry: Entry) -> ContainerMetadata:
    """Add what the database says."""
    own_labels = {key: value for key, value in entry.labels.items() if not key.startswith(_IMAGE_NOISE)}
    meta = documents.get(entry.pod, "Config", "metadata")
    addresses = (
        documents.text(documents.get(entry.pod, "IP")),
        *documents.texts(documents.get(entry.pod, "AdditionalIPs")),
    )
    cni = documents.get(entry.pod, "CNIResult")
    image = entry.image if not entry.image.startswith("sha256:") else ""
    return replace(
        known,
        image=known.image or image,
        image_id=known.image_id or (entry.image.removeprefix("sha256:") if not image else ""),
        image_digest=known.image_digest or entry.digest,
        created_ns=known.created_ns or entry.created_ns,
        labels=own_labels,
        pod=known.pod or documents.text(documents.get(meta, "name")),
        namespace=known.namespace or documents.text(documents.get(meta, "namespace")),
        pod_uid=known.pod_uid or documents.text(documents.get(meta, "uid")),
        pod_labels=dict(entry.pod_labels) or known.pod_labels,
        addresses=tuple(address for address in addresses if address) or known.addresses,
        cni=documents.text(json.dumps(cni)) if isinstance(cni, dict) else known.cni,
    )


def _pod(
    inside: bolt.Bucket, container: bolt.Bucket, labels: Mapping[str, str]
) -> tuple[Any, Mapping[str, str]]:
    """What is known of the pod, and its labels: of a sandbox its own, else those of the sandbox."""
    if labels.get("io.cri-containerd.kind") == SANDBOX:
        return _extension(container), _without_runtimes(labels)
    own = _unpacked(container.value(b"extensions", b"io.cri-containerd.container.metadata"))
    sandbox_id = documents.text(documents.get(own, "Metadata", "SandboxID"))
    for kind in (b"containers", b"sandboxes") if sandbox_id else ():
        sandbox = inside.bucket(kind, sandbox_id.encode("utf-8", "replace"))
        pod = None if sandbox is None else _extension(sandbox)
        if sandbox is not None and pod is not None:
            stated = documents.table(documents.get(pod, "Config", "labels"))
            return pod, _without_runtimes(stated or _labels(sandbox))
    return None, {}


def _without_runtimes(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that the pod was given, not those by which runtime and kubelet find it."""
    own = ("io.kubernetes.pod.", "io.cri-containerd.", "io.kubernetes.container.", _IMAGE_NOISE)
    return {key: value for key, value in labels.items() if not key.startswith(own)}


def _extension(sandbox: bolt.Bucket) -> Any:
    found = (_unpacked(sandbox.value(b"extensions", name)) for name in _SANDBOX_EXTENSIONS)
    return next((documents.get(entry, "Metadata") for entry in found if isinstance(entry, dict)), None)


def _labels(container: bolt.Bucket) -> dict[str, str]:
    labels = container.bucket(b"labels")
    pairs = {} if labels is None else labels.values()
    return {
        documents.text(key.decode("utf-8", "replace")): documents.text(value.decode("utf-8", "replace"))
        for key, value in pairs.items()
    }


def _time(value: bytes | None) -> int | None:
    if value is None or len(value) < _TIME.size:
        return None
    version, seconds, nanoseconds = _TIME.unpack_from(value)
    if version not in (1, 2) or seconds <= _YEAR_1_TO_1970 or nanoseconds >= 1_000_000_000:
        return None
    return documents.integer((seconds - _YEAR_1_TO_1970) * 1_000_000_000 + nanoseconds)


def _unpacked(packed: bytes | None) -> Any:
    """The JSON in an Any: field 2, of wire type 2; None for anything else."""
    at = 0
    while packed is not None and at < len(packed):
        tag, at = packed[at], at + 1
        size, at = _varint(packed, at)
        if tag & 7 != 2 or size < 0:
            return None
        if tag >> 3 == 2:
            try:
                return documents.parse_json(packed[at : at + size], "an entry of containerd's database")
            except documents.MetadataError:
                return None
        at += size
    return None


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """(number, where it ends); -1 where there is none."""
    value = 0
    for shift in range(0, 35, 7):
        if at >= len(content):
            break
        byte, at = content[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return -1, at
