"""Container records: JSON that recorders put between the events, into rows of our table `containers`."""

from __future__ import annotations

import json
from typing import Any

Row = dict[str, Any]

_RUNTIMES = {
    **{0: "docker", 1: "lxc", 2: "libvirt", 3: "mesos", 4: "rkt", 5: "custom", 6: "cri", 7: "containerd"},
    **{8: "cri-o", 9: "bpm", 10: "static", 11: "podman"},
}
_LONGEST = 1 << 20
_MOST_LABELS = 256
_TEXTS = {
    **{"name": "name", "image": "image", "image_id": "imageid", "image_digest": "imagedigest"},
    **{"full_id": "full_id", "user": "User", "sandbox": "pod_sandbox_id"},
}
_POD_LABELS = {
    **{"pod": "io.kubernetes.pod.name", "namespace": "io.kubernetes.pod.namespace"},
    **{"pod_uid": "io.kubernetes.pod.uid"},
}


def container_row(raw: bytes) -> Row | None:
    """The row of one record, None where the text is none: the record stays an event all the same."""
    try:
        document = json.loads(raw[:_LONGEST])
    except (ValueError, RecursionError):
        return None
    told = document.get("container") if isinstance(document, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("id"), str) or not told["id"]:
        return None
    row: Row = {"id": _plain(told["id"])[:12], "full_id": _plain(told["id"]), "metadata": "recorded"}
    row |= {ours: _plain(told[theirs]) for ours, theirs in _TEXTS.items() if _has_text(told, theirs)}
    kind = told.get("type")
    row["runtime"] = _RUNTIMES.get(kind, "") if isinstance(kind, int) else ""
    labels = told.get("labels")
    if isinstance(labels, dict):
        words = list(labels.items())[:_MOST_LABELS]
        row["labels"] = {_plain(name): _plain(value) for name, value in words if isinstance(value, str)}
        row |= {ours: row["labels"][name] for ours, name in _POD_LABELS.items() if name in row["labels"]}
    if isinstance(told.get("privileged"), bool):
        row["privileged"] = told["privileged"]
    if told.get("is_pod_sandbox") is True:
        row["kind"] = "sandbox"
    created = told.get("created_time")
    if isinstance(created, int) and 0 < created < 1 << 33:
        row["created"] = created * 1_000_000_000
    mounts = told.get("Mounts")
    if isinstance(mounts, list):
        row["mounts"] = [_mount(mount) for mount in mounts[:_MOST_LABELS] if isinstance(mount, dict)]
    return row


def _mount(mount: Row) -> Row:
    told = {"source": mount.get("Source"), "destination": mount.get("Destination"), "type": "bind"}
    options = ["rw" if mount.get("RW") is True else "ro"]
    return {name: _plain(text) for name, text in told.items() if isinstance(text, str)} | {"options": options}


def _has_text(told: Row, name: str) -> bool:
    return isinstance(told.get(name), str) and bool(told[name])


def _plain(text: str) -> str:
    """Text that is valid UTF-8: half of a surrogate pair is none."""
    return text.encode("utf-8", "backslashreplace").decode()


def early_container_row(identity: str, kind: int, name: str, image: str) -> Row | None:
    """The row of a record as recorders wrote it before JSON."""
    if not identity:
        return None
    row = {"id": identity[:12], "full_id": identity, "name": name, "image": image, "metadata": "recorded"}
    return {**row, "runtime": _RUNTIMES.get(kind, "")}
