"""Fields of the container and the pod that an event happened in."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.controllers import Controller, application_of, controller_of
from inspect_app.filters.entities import (
    entity_array,
    entity_number,
    entity_text,
    event_rows,
    rows_text,
    since_start,
)
from inspect_app.filters.errors import FilterError
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct
from inspect_app.filters.field import Argument, Compute, Field, FieldType, not_recorded
from inspect_app.filters.fields_mount import MOUNT_FIELDS
from inspect_app.frames.capture import CaptureFrames

MAX_LABELS_TEXT = 1 << 20
"""Longer label texts are not read; no runtime writes them."""

_IMAGE = re.compile(r"(?P<repository>[^@]*?)(?::(?P<tag>[^/:@]+))?(?:@(?P<digest>[^@]+))?")


def _text(column: str) -> Compute:
    return lambda frames, _argument: (entity_text(frames, "container", column),)


def _name(frames: CaptureFrames, _argument: str) -> Facets:
    """The host is called `host`, as rules expect."""
    names, is_host = entity_array(frames, "container", "name"), frames.is_host
    return (
        rows_text(
            frames, "container", "name", lambda row: "host" if is_host[row] else str(names[row]) or None
        ),
    )


def _type(frames: CaptureFrames, _argument: str) -> Facets:
    runtimes, is_host = entity_array(frames, "container", "runtime"), frames.is_host
    return (
        rows_text(
            frames, "container", "type", lambda row: "host" if is_host[row] else str(runtimes[row]) or None
        ),
    )


def _image_part(part: str) -> Compute:
    def split(image: str) -> str | None:
        found = _IMAGE.fullmatch(image)
        return (found[part] or None) if found else None

    return lambda frames, _argument: (entity_text(frames, "container", "image").mapped(split),)


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
    return (NumberFacet(birth < 0, frames.is_host, event_rows(frames, "container")),)


def container_labels(frames: CaptureFrames, column: str = "labels") -> list[dict[str, str]]:
    """The labels of each row of containers, or with `pod_labels` those of its pod."""
    return remember(
        frames,
        ("labels", column),
        lambda: [_read_labels(text) for text in entity_array(frames, "container", column)],
    )


def _read_json(text: object) -> object:
    """What a column of JSON holds; None for what is none."""
    if not isinstance(text, str) or not text or len(text) > MAX_LABELS_TEXT:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_labels(text: object) -> dict[str, str]:
    """The labels of one container; what is no JSON object of texts is none."""
    found = _read_json(text)
    pairs = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, str)}


def _label(column: str = "labels") -> Compute:
    def compute(frames: CaptureFrames, argument: str) -> Facets:
        labels = container_labels(frames, column)
        return (
            rows_text(frames, "container", f"{column} {argument}", lambda row: labels[row].get(argument)),
        )

    return compute


def _pod_labels(frames: CaptureFrames, row: int) -> dict[str, str]:
    """Those of the pod, and of the container, to which some runtimes copy them."""
    return container_labels(frames)[row] | container_labels(frames, "pod_labels")[row]


def _controller(tell: Callable[[Controller], str]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        pods = entity_array(frames, "container", "pod")
        found = [controller_of(str(pod), _pod_labels(frames, row)) for row, pod in enumerate(pods) if pod]
        named = dict(zip(np.flatnonzero(pods != "").tolist(), found, strict=True))
        codes, values = distinct(
            (tell(one) or None) if (one := named.get(row)) else None for row in range(len(pods))
        )
        return (TextFacet(values, codes, event_rows(frames, "container")),)

    return compute


def _application(frames: CaptureFrames, _argument: str) -> Facets:
    pods = entity_array(frames, "container", "pod")

    def tell(row: int) -> str | None:
        # A container that is of no pod may have such a label, too, as of Docker's or Podman's.
        return application_of(_pod_labels(frames, row)) or None if pods[row] else None

    return (rows_text(frames, "container", "application", tell),)


def _all_labels(column: str = "labels") -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        def tell(row: int) -> str | None:
            return ", ".join(f"{key}:{value}" for key, value in labels[row].items()) or None

        labels = container_labels(frames, column)
        return (rows_text(frames, "container", f"all {column}", tell),)

    return compute


def _any_label(argument: str) -> FieldType:
    if len(argument) > 1_000:
        raise FilterError("a label's name is longer than 1,000 characters")
    return FieldType.TEXT


def _pod_uid(frames: CaptureFrames, _argument: str) -> Facets:
    """As recorded, else from the labels that the kubelet gives."""
    uids, labels = entity_array(frames, "container", "pod_uid"), container_labels(frames)

    def tell(row: int) -> str | None:
        return str(uids[row]) or labels[row].get("io.kubernetes.pod.uid")

    return (rows_text(frames, "container", "pod uid", tell),)


def _sandbox(length: int) -> Compute:
    return lambda frames, _argument: (
        entity_text(frames, "container", "sandbox").mapped(lambda full: full[:length] or None),
    )


def _one_address(frames: CaptureFrames, _argument: str) -> Facets:
    return (entity_text(frames, "container", "addresses").mapped(lambda text: text.split(", ")[0] or None),)


def _digest(frames: CaptureFrames, _argument: str) -> Facets:
    """The digest that the runtime told, else the one in the image's name."""
    digests, images = (entity_array(frames, "container", name) for name in ("image_digest", "image"))

    def tell(row: int) -> str | None:
        found = _IMAGE.fullmatch(str(images[row]))
        return str(digests[row]) or (found["digest"] if found else None)

    return (rows_text(frames, "container", "digest", tell),)


def _answer(column: str) -> Compute:
    """A column of yes and no."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        texts = entity_array(frames, "container", column).astype(object)
        return (NumberFacet(texts == "yes", ~np.isin(texts, ["yes", "no"]), event_rows(frames, "container")),)

    return compute


def _number(column: str) -> Compute:
    return lambda frames, _argument: (entity_number(frames, "container", column),)


def _shares(kind: str) -> Compute:
    """Whether a namespace is the host's; not known where no metadata was seen."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        shared = entity_array(frames, "container", "host_namespaces")
        seen = entity_array(frames, "container", "metadata") == "recorded"
        values = np.array([kind in str(text).split(", ") for text in shared], np.bool_)
        return (
            NumberFacet(
                values, ~np.asarray(seen, np.bool_) | frames.is_host, event_rows(frames, "container")
            ),
        )

    return compute


def _text_field(name: str, title: str, meaning: str, compute: Compute | Callable[..., Facets]) -> Field:
    return Field(name, FieldType.TEXT, title, meaning, compute)


def _truth_field(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.TRUTH, title, meaning, compute)


_NO_CONTROLLERS = "the labels of a pod do not tell it"
_NO_OBJECTS = "of Kubernetes' own objects only pods are recorded"
_NO_PROBES = "probes of containers are known to the kubelet alone, and not recorded"
_LABEL = "the label's name, as in container.label[app]"

CONTAINER_FIELDS = (
    _text_field("container.id", "Container", "first 12 hex digits of its id; host outside of containers", _text("id")),
    _text_field("container.full_id", "Container id", "all 64 hex digits of its id", _text("full_id")),
    _text_field("container.name", "Container name", "name that its runtime gave it; host outside of containers", _name),
    _text_field("container.kind", "Kind", "sandbox (holds a pod's namespaces) or container, where its runtime tells", _text("kind")),
    _text_field("container.image", "Image", "image it was made from", _text("image")),
    _text_field("container.image.id", "Image id", "the runtime's id of the image", _text("image_id")),
    _text_field("container.image.repository", "Repository", "image without tag and digest", _image_part("repository")),
    _text_field("container.image.tag", "Tag", "tag of the image", _image_part("tag")),
    _text_field("container.image.digest", "Digest", "digest of the image", _digest),
    _text_field("container.type", "Runtime", "podman, docker, containerd, cri-o, …; host outside of containers", _type),
    _text_field("container.command", "Command", "what it was told to run", _text("command")),
    _text_field("container.entrypoint", "Entry point", "the part of the command that is the entry point", _text("entrypoint")),
    _text_field("container.user", "User", "user it runs as, name or uid:gid", _text("user")),
    _text_field("container.cwd", "Directory", "working directory it was started in", _text("working_directory")),
    _text_field("container.hostname", "Host name", "host name inside", _text("hostname")),
    _text_field("container.env", "Environment", "names of its environment variables; values are not recorded", _text("environment")),
    _text_field("container.cgroup", "Cgroup", "path of its cgroup", _text("cgroup")),
    _text_field("container.parent", "Outer container", "full id of the container that it runs in", _text("parent")),
    _text_field("container.metadata", "Metadata", "'recorded', or why its metadata is missing", _text("metadata")),
    _text_field("container.restart_policy", "Restart policy", "no, always, on-failure:3, …", _text("restart_policy")),
    _truth_field("container.privileged", "Privileged", "it runs with all privileges", _answer("privileged")),
    _truth_field("container.no_new_privileges", "No new privileges", "set-id programs gain nothing in it",
                 _answer("no_new_privileges")),
    _truth_field("container.read_only", "Read-only", "its root file system is read-only", _answer("read_only")),
    _text_field("container.caps", "Capabilities", "its bounding set, without CAP_", _text("capabilities")),
    _text_field("container.caps.added", "Added", "capabilities beyond its runtime's default", _text("capabilities_added")),
    _text_field("container.caps.dropped", "Dropped", "capabilities of its runtime's default that it lacks",
                _text("capabilities_dropped")),
    _text_field("container.seccomp", "Seccomp", "unconfined, filtered, or the profile's name", _text("seccomp")),
    _text_field("container.apparmor", "AppArmor", "its AppArmor profile", _text("apparmor")),
    _text_field("container.selinux", "SELinux", "its SELinux label", _text("selinux")),
    _text_field("container.host_namespaces", "Shared", "namespaces that are the host's", _text("host_namespaces")),
    _truth_field("container.host_pid", "Host pids", "it sees the host's processes", _shares("pid")),
    _truth_field("container.host_network", "Host network", "it uses the host's network", _shares("network")),
    _truth_field("container.host_ipc", "Host IPC", "it uses the host's IPC", _shares("ipc")),
    _text_field("container.devices", "Devices", "devices of the host that it was given", _text("devices")),
    Field("container.memory_limit", FieldType.SIZE, "Memory limit", "bytes it may use; 0 no limit", _number("memory_limit")),
    Field("container.cpu_limit", FieldType.INTEGER, "CPU limit", "thousandths of a processor; 0 no limit", _number("cpu_limit")),
    Field("container.pids_limit", FieldType.INTEGER, "Process limit", "processes and threads; 0 no limit", _number("pids_limit")),
    Field("container.start_ts", FieldType.TIME, "Started", "when it was made", _start_time),
    Field("container.duration", FieldType.DURATION, "Age", "how long it existed before the event", _duration),
    _truth_field("container.existed", "Existed", "it was there when the recording began", _is_existing),
    Field("container.starts", FieldType.INTEGER, "Starts", "how often it was started within the recording", _number("starts")),
    Field("container.exit_code", FieldType.INTEGER, "Exit code", "of its first process, 128 + signal if killed",
          _number("exit_code")),
    Field("container.oom_kills", FieldType.INTEGER, "Out of memory", "processes in it killed for want of memory",
          _number("oom_kills")),
    _text_field("container.ip", "Address", "its first IP address", _one_address),
    _text_field("container.cni.json", "CNI result", "what the network plugin answered", _text("cni")),
    Field("container.label", FieldType.TEXT, "Label", "one of its labels", _label(), Argument.NAME, _LABEL, type_of=_any_label),
    _text_field("container.labels", "Labels", "all its labels as name:value, name:value", _all_labels()),
    *MOUNT_FIELDS,
    _text_field("k8s.pod.name", "Pod", "pod, of Kubernetes or Podman", _text("pod")),
    _text_field("k8s.ns.name", "Namespace", "Kubernetes namespace", _text("namespace")),
    _text_field("k8s.pod.uid", "Pod uid", "uid of the pod", _pod_uid),
    _text_field("k8s.pod.id", "Pod uid", "the same as k8s.pod.uid", _pod_uid),
    _text_field("k8s.pod.sandbox_id", "Sandbox", "first 12 digits of the id of the pod's sandbox", _sandbox(12)),
    _text_field("k8s.pod.full_sandbox_id", "Sandbox id", "id of the pod's sandbox", _sandbox(256)),
    _text_field("k8s.pod.ip", "Pod address", "the pod's first IP address", _one_address),
    _text_field("k8s.pod.cni.json", "Pod CNI result", "what the network plugin answered", _text("cni")),
    Field("k8s.pod.label", FieldType.TEXT, "Pod label", "one of the pod's labels", _label("pod_labels"), Argument.NAME, _LABEL,
          type_of=_any_label),
    _text_field("k8s.pod.labels", "Pod labels", "all labels of the pod as name:value, name:value", _all_labels("pod_labels")),
    _text_field("k8s.controller.kind", "Kind", "what keeps the pod alive: Deployment, StatefulSet, DaemonSet or Job, by its labels",
                _controller(lambda found: found.kind)),
    _text_field("k8s.controller.name", "Controller", "name of what keeps the pod alive, by its labels",
                _controller(lambda found: found.name)),
    _text_field("k8s.deployment.name", "Deployment", "the deployment that the pod belongs to, by its name and labels",
                _controller(lambda found: found.name if found.kind == "Deployment" else "")),
    _text_field("k8s.rs.name", "Replica set", "the replica set that the pod belongs to, by its name and labels",
                _controller(lambda found: found.replica_set)),
    _text_field("k8s.app.name", "Application", "what the pod serves, by its label app.kubernetes.io/name, app or k8s-app",
                _application),
    *(
        not_recorded(name, FieldType.TEXT, title, title.lower(), reason)
        for name, title, reason in (
            ("container.healthcheck", "Health check", _NO_PROBES),
            ("container.liveness_probe", "Liveness probe", _NO_PROBES),
            ("container.readiness_probe", "Readiness probe", _NO_PROBES),
            *((f"proc.is_container_{kind}", f"Is {kind.replace('_', ' ')}", _NO_PROBES)
              for kind in ("healthcheck", "liveness_probe", "readiness_probe")),
            ("k8s.svc.name", "Service", "services are not recorded; k8s.app.name is what the labels of the pod call it"),
            ("k8s.rc.name", "Replication controller", _NO_CONTROLLERS),
            *((f"k8s.{kind}.{part}", f"{what} {part}", _NO_OBJECTS)
              for kind, what in (("ns", "namespace"), ("deployment", "deployment"), ("svc", "service"), ("rs", "replica set"),
                                 ("rc", "replication controller"))
              for part in ("id", "label", "labels")),
            *((f"{name}", name.replace(".", " "), "no orchestrator but Kubernetes is recorded")
              for name in ("mesos.task.name", "mesos.task.id", "mesos.task.label", "mesos.task.labels", "mesos.framework.name",
                           "mesos.framework.id", "marathon.app.name", "marathon.app.id", "marathon.app.label",
                           "marathon.app.labels", "marathon.group.name", "marathon.group.id")),
        )
    ),
)  # fmt: skip
