"""Fields of the container and the pod that an event happened in."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.entities import (
    entity_array,
    entity_text,
    event_rows,
    rows_text,
    since_start,
)
from inspect_app.filters.errors import FilterError
from inspect_app.filters.facets import Facets, NumberFacet
from inspect_app.filters.field import Argument, Compute, Field, FieldType, not_recorded
from inspect_app.frames.capture import CaptureFrames

HOST_ROW = 0
MAX_LABELS_TEXT = 1 << 20
"""Longer label texts are not read; no runtime writes them."""

_IMAGE = re.compile(r"(?P<repository>[^@]*?)(?::(?P<tag>[^/:@]+))?(?:@(?P<digest>[^@]+))?")


def _text(column: str) -> Compute:
    return lambda frames, _argument: (entity_text(frames, "container", column),)


def _name(frames: CaptureFrames, _argument: str) -> Facets:
    """The host is called `host`, as rules expect."""
    names = entity_array(frames, "container", "name")
    return (
        rows_text(
            frames, "container", "name", lambda row: "host" if row == HOST_ROW else str(names[row]) or None
        ),
    )


def _type(frames: CaptureFrames, _argument: str) -> Facets:
    runtimes = entity_array(frames, "container", "runtime")
    return (
        rows_text(
            frames, "container", "type", lambda row: "host" if row == HOST_ROW else str(runtimes[row]) or None
        ),
    )


def _image_part(part: str) -> Compute:
    def split(image: str) -> str | None:
        found = _IMAGE.fullmatch(image)
        return (found[part] or None) if found else None

    return lambda frames, _argument: (entity_text(frames, "container", "image").mapped(split),)


def _privileged(frames: CaptureFrames, _argument: str) -> Facets:
    texts = entity_array(frames, "container", "privileged").astype(object)
    return (NumberFacet(texts == "yes", ~np.isin(texts, ["yes", "no"]), event_rows(frames, "container")),)


def _start(frames: CaptureFrames) -> np.ndarray:
    """When each container began, ns; -1 not known."""
    created = entity_array(frames, "container", "created")
    return np.where(created >= 0, created, entity_array(frames, "container", "birth"))


def _start_time(frames: CaptureFrames, _argument: str) -> Facets:
    start = _start(frames)
    return (NumberFacet(start, start < 0, event_rows(frames, "container")),)


def _duration(frames: CaptureFrames, _argument: str) -> Facets:
    return (since_start(frames, "container", _start(frames)),)


def _is_existing(frames: CaptureFrames, _argument: str) -> Facets:
    birth = entity_array(frames, "container", "birth")
    return (NumberFacet(birth < 0, np.arange(len(birth)) == HOST_ROW, event_rows(frames, "container")),)


def container_labels(frames: CaptureFrames) -> list[dict[str, str]]:
    """The labels of each row of containers."""
    return remember(
        frames, "labels", lambda: [_read_labels(text) for text in entity_array(frames, "container", "labels")]
    )


def _read_labels(text: object) -> dict[str, str]:
    """The labels of one container; what is no JSON object of texts is none."""
    if not isinstance(text, str) or not text or len(text) > MAX_LABELS_TEXT:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return (
        {key: value for key, value in found.items() if isinstance(value, str)}
        if isinstance(found, dict)
        else {}
    )


def _label(frames: CaptureFrames, argument: str) -> Facets:
    labels = container_labels(frames)
    return (rows_text(frames, "container", f"label {argument}", lambda row: labels[row].get(argument)),)


def _all_labels(frames: CaptureFrames, _argument: str) -> Facets:
    def tell(row: int) -> str | None:
        return ", ".join(f"{key}:{value}" for key, value in labels[row].items()) or None

    labels = container_labels(frames)
    return (rows_text(frames, "container", "labels", tell),)


def _fixed_label(key: str) -> Compute:
    return lambda frames, _argument: _label(frames, key)


def _any_label(argument: str) -> FieldType:
    if len(argument) > 1_000:
        raise FilterError("a label's name is longer than 1,000 characters")
    return FieldType.TEXT


def _text_field(name: str, title: str, meaning: str, compute: Compute | Callable[..., Facets]) -> Field:
    return Field(name, FieldType.TEXT, title, meaning, compute)


_NO_MOUNTS = "mounts of containers are not recorded"
_NO_CONTROLLERS = "controllers are not recorded; the labels of the container may name them"

CONTAINER_FIELDS = (
    _text_field("container.id", "Container", "first 12 hex digits of its id; host outside of containers", _text("id")),
    _text_field("container.full_id", "Container id", "all 64 hex digits of its id", _text("full_id")),
    _text_field("container.name", "Container name", "name that its runtime gave it; host outside of containers", _name),
    _text_field("container.image", "Image", "image it was made from", _text("image")),
    _text_field("container.image.repository", "Repository", "image without tag and digest", _image_part("repository")),
    _text_field("container.image.tag", "Tag", "tag of the image", _image_part("tag")),
    _text_field("container.image.digest", "Digest", "digest of the image", _image_part("digest")),
    _text_field("container.type", "Runtime", "podman, docker, containerd, cri-o, …; host outside of containers", _type),
    _text_field("container.command", "Command", "what it was told to run", _text("command")),
    _text_field("container.cgroup", "Cgroup", "path of its cgroup", _text("cgroup")),
    _text_field("container.metadata", "Metadata", "'recorded', or why its metadata is missing", _text("metadata")),
    Field("container.privileged", FieldType.TRUTH, "Privileged", "it runs with all privileges", _privileged),
    Field("container.start_ts", FieldType.TIME, "Started", "when it was made", _start_time),
    Field("container.duration", FieldType.DURATION, "Age", "how long it existed before the event", _duration),
    Field("container.existed", FieldType.TRUTH, "Existed", "it was there when the recording began", _is_existing),
    Field("container.label", FieldType.TEXT, "Label", "one of its labels", _label, Argument.NAME,
          "the label's name, as in container.label[app]", type_of=_any_label),
    _text_field("container.labels", "Labels", "all its labels as name:value, name:value", _all_labels),
    _text_field("k8s.pod.name", "Pod", "Kubernetes pod", _text("pod")),
    _text_field("k8s.ns.name", "Namespace", "Kubernetes namespace", _text("namespace")),
    _text_field("k8s.pod.uid", "Pod uid", "uid of the pod, from the container's labels",
                _fixed_label("io.kubernetes.pod.uid")),
    _text_field("k8s.pod.id", "Pod uid", "the same as k8s.pod.uid", _fixed_label("io.kubernetes.pod.uid")),
    Field("k8s.pod.label", FieldType.TEXT, "Pod label", "one of the pod's labels", None, Argument.NAME,
          "the label's name", unavailable="labels of pods are not recorded, those of containers are"),
    *(
        not_recorded(name, FieldType.TEXT, title, title.lower(), reason)
        for name, title, reason in (
            ("container.image.id", "Image id", "ids of images are not recorded"),
            ("container.mounts", "Mounts", _NO_MOUNTS),
            ("container.ip", "Address", "addresses of containers are not recorded"),
            ("container.cni.json", "CNI result", "addresses of containers are not recorded"),
            ("container.host_pid", "Host pids", "namespaces of containers are not recorded"),
            ("container.host_network", "Host network", "namespaces of containers are not recorded"),
            ("container.host_ipc", "Host IPC", "namespaces of containers are not recorded"),
            ("container.healthcheck", "Health check", "probes of containers are not recorded"),
            ("container.liveness_probe", "Liveness probe", "probes of containers are not recorded"),
            ("container.readiness_probe", "Readiness probe", "probes of containers are not recorded"),
            ("k8s.pod.labels", "Pod labels", "labels of pods are not recorded, those of containers are"),
            ("k8s.pod.ip", "Pod address", "addresses of pods are not recorded"),
            ("k8s.pod.cni.json", "Pod CNI result", "addresses of pods are not recorded"),
            ("k8s.pod.sandbox_id", "Sandbox", "sandboxes of pods are not recorded"),
            ("k8s.pod.full_sandbox_id", "Sandbox id", "sandboxes of pods are not recorded"),
            ("k8s.deployment.name", "Deployment", _NO_CONTROLLERS),
            ("k8s.svc.name", "Service", _NO_CONTROLLERS),
            ("k8s.rs.name", "Replica set", _NO_CONTROLLERS),
            ("k8s.rc.name", "Replication controller", _NO_CONTROLLERS),
        )
    ),
    *(
        Field(f"container.mount{part}", FieldType.TEXT, "Mount", "a mount of the container", None, Argument.NAME,
              "its number or a pattern of its source", unavailable=_NO_MOUNTS)
        for part in ("", ".source", ".dest", ".mode", ".rdwr", ".propagation")
    ),
)  # fmt: skip
