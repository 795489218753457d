"""The storage that Podman and CRI-O share (containers/storage): containers, images and bundles on disk.

    <graph root>/<driver>-containers/containers.json            id, names, image, created, metadata (JSON)
    <graph root>/<driver>-containers/volatile-containers.json   the same, of containers made with --rm
    <graph root>/<driver>-containers/<id>/userdata/config.json  Podman's bundle
    <run root>/<driver>-containers/<id>/userdata/config.json    CRI-O's bundle
    <run root>/<driver>-containers/<id>/userdata/pidfile        the first process
    <graph root>/<driver>-images/images.json                    id, names, digest

Drivers are overlay, vfs, btrfs, zfs. The roots are /var/lib/containers/storage and /run/containers/storage
unless /etc/containers/storage.conf says otherwise; users have their own below their home folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from capture.containers import documents, homes, libpod, oci
from capture.containers.metadata import RECORDED, SANDBOX, ContainerMetadata

MANAGERS = {"libpod": "podman", "cri-o": "cri-o"}
"""Who made a container, by the annotation `io.container.manager`."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where one user's, or the system's, containers are kept."""

    graph: Path
    run: Path


def find(full_id: str, runtime: str, root: Path, bundle: Path | None = None) -> ContainerMetadata | None:
    """Look for a container of `runtime` in all storages of the host at `root`.

    Args:
        full_id: the container.
        runtime: podman or cri-o.
        root: where the host's file system is.
        bundle: the bundle's folder below `root`, if it is known: its storage is looked at first.

    Raises:
        MetadataError: it is there, but what describes it cannot be used.
    """
    if not documents.is_name(full_id):
        return None
    for storage in dict.fromkeys((*_storage_of(bundle), *_storages(root))):
        for driver in _drivers(storage):
            found = _find_in(storage, driver, full_id, runtime)
            if found is not None:
                return found
    return None


def _storage_of(bundle: Path | None) -> tuple[Storage, ...]:
    """The storage that a bundle lies in, which the command line of the runtime named."""
    if bundle is None or bundle.name != "userdata" or not bundle.parents[1].name.endswith("-containers"):
        return ()
    return (Storage(bundle.parents[2], bundle.parents[2]),)


def _storages(root: Path) -> Iterator[Storage]:
    settings = _settings(root)
    graph, run = (documents.text(settings.get(key)).lstrip("/") for key in ("graphroot", "runroot"))
    yield Storage(root / (graph or "var/lib/containers/storage"), root / (run or "run/containers/storage"))
    for home in homes.homes(root):
        graph_root = home / ".local/share/containers/storage"
        yield Storage(graph_root, _run_root(root, home) or graph_root)


def _run_root(root: Path, home: Path) -> Path | None:
    """Where a user's containers keep what does not outlive the machine: below the user's run folder."""
    try:
        return root / "run/user" / str(home.stat().st_uid) / "containers"
    except OSError:
        return None


def _settings(root: Path) -> dict[str, Any]:
    try:
        content = documents.read_bytes(root / "etc/containers/storage.conf") or b""
        settings = tomllib.loads(content.decode()).get("storage")
    except (documents.MetadataError, ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _drivers(storage: Storage) -> list[str]:
    suffix = "-containers"
    names = {*documents.names_in(storage.graph), *documents.names_in(storage.run)}
    return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))


def _find_in(storage: Storage, driver: str, full_id: str, runtime: str) -> ContainerMetadata | None:
    folders = [base / f"{driver}-containers" for base in (storage.graph, storage.run)]
    bundles = (oci.read_bundle(folder / full_id / "userdata", full_id, runtime) for folder in folders)
    bundle = next((found for found in bundles if found is not None), None)
    try:
        entry = _entry(folders, full_id)
        details = _details(entry)
    except documents.MetadataError:
        if bundle is None:
            raise
        entry, details = None, {}
    if (bundle is None and entry is None) or _manager(bundle, details) not in {"", runtime}:
        return None
    known = bundle or ContainerMetadata(full_id=full_id, runtime=runtime, metadata=RECORDED)
    known = _complete(known, entry, details, _images(storage, driver))
    known = replace(known, init_pid=_init_pid(folders, full_id))
    if runtime == "podman":
        return _with_database(known, storage.graph)
    return _with_sandbox(known, folders)


def _init_pid(folders: list[Path], full_id: str) -> int | None:
    pids = (documents.read_number(folder / full_id / "userdata" / "pidfile") for folder in folders)
    return next((pid for pid in pids if pid is not None), None)


def _with_database(known: ContainerMetadata, graph: Path) -> ContainerMetadata:
    """Add Podman's labels, pod and restart policy; without its database the rest still counts."""
    try:
        return libpod.completed(known, libpod.find_entry(graph, known.full_id))
    except documents.MetadataError:
        return known


def _with_sandbox(known: ContainerMetadata, folders: list[Path]) -> ContainerMetadata:
    """Add what CRI-O keeps with the pod's sandbox alone: labels and addresses of the pod."""
    if known.kind == SANDBOX or not documents.is_name(known.sandbox):
        return known
    for folder in folders:
        try:
            sandbox = oci.read_bundle(folder / known.sandbox / "userdata", known.sandbox, known.runtime)
        except documents.MetadataError:
            continue
        if sandbox is not None:
            return replace(
                known,
                pod_labels=sandbox.pod_labels,
                addresses=known.addresses or sandbox.addresses,
                cni=known.cni or sandbox.cni,
            )
    return known


def _entry(folders: list[Path], full_id: str) -> dict[str, Any] | None:
    """Find the line of the storage's list that is about a container."""
    for folder in folders:
        for name in ("containers.json", "volatile-containers.json"):
            entries = documents.read_json(folder / name, limit=documents.MAX_INDEX)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and entry.get("id") == full_id:
                    return entry
    return None


def _details(entry: dict[str, Any] | None) -> dict[str, Any]:
    """What the runtime added to the list, a JSON object within a text."""
    stored = documents.get(entry, "metadata")
    if not isinstance(stored, str) or not stored:
        return {}
    details = documents.parse_json(stored, "the storage's list of containers")
    return details if isinstance(details, dict) else {}


def _images(storage: Storage, driver: str) -> list[Any]:
    """The storage's list of images; a list that cannot be used costs only the digest."""
    try:
        path = storage.graph / f"{driver}-images" / "images.json"
        images = documents.read_json(path, limit=documents.MAX_INDEX)
    except documents.MetadataError:
        return []
    return images if isinstance(images, list) else []


def _manager(bundle: ContainerMetadata | None, details: dict[str, Any]) -> str:
    if bundle is not None and "io.container.manager" in bundle.labels:
        return MANAGERS.get(bundle.labels["io.container.manager"], "")
    return "cri-o" if "pod-id" in details else ""


def _complete(
    known: ContainerMetadata, entry: dict[str, Any] | None, details: dict[str, Any], images: list[Any]
) -> ContainerMetadata:
    """Add to what the bundle says what the lists of containers and images say."""
    image_id = documents.text(documents.get(entry, "image")) or documents.text(details.get("image-id"))
    image = next((row for row in images if image_id and documents.get(row, "id") == image_id), None)
    names = (*documents.texts(documents.get(image, "names")), "")
    privileged = details.get("privileged") if known.privileged is None else known.privileged
    return replace(
        known,
        name=known.name or _name(entry, details),
        image=known.image or documents.text(details.get("image-name")) or names[0],
        image_id=image_id or known.image_id,
        image_digest=documents.text(documents.get(image, "digest")) or known.image_digest,
        created_ns=known.created_ns or documents.nanoseconds(documents.get(entry, "created")),
        namespace=known.namespace or documents.text(details.get("namespace")),
        privileged=privileged if isinstance(privileged, bool) else None,
    )


def _name(entry: dict[str, Any] | None, details: dict[str, Any]) -> str:
    """CRI-O's own name for it, Podman's, or the first in the list."""
    names = (*documents.texts(documents.get(entry, "names")), "")
    return documents.text(details.get("metadata-name")) or documents.text(details.get("name")) or names[0]
