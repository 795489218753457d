"""The storage that Podman and CRI-O share (containers/storage): containers, images and bundles on disk.

    <graph root>/<driver>-containers/containers.json            id, names, image, created, metadata (JSON)
    <graph root>/<driver>-containers/volatile-containers.json   the same, of containers made with --rm
    <graph root>/<driver>-containers/<id>/userdata/config.json  Podman's bundle
    <run root>/<driver>-containers/<id>/userdata/config.json    CRI-O's bundle
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

from capture.containers import documents, homes, oci
from capture.containers.metadata import RECORDED, ContainerMetadata

MANAGERS = {"libpod": "podman", "cri-o": "cri-o"}
"""Who made a container, by the annotation `io.container.manager`."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where one user's, or the system's, containers are kept."""

    graph: Path
    run: Path


def find(full_id: str, runtime: str, root: Path) -> ContainerMetadata | None:
    """Look for a container of `runtime` in all storages of the host at `root`.

    Raises:
        MetadataError: it is there, but what describes it cannot be used.
    """
    if not documents.is_name(full_id):
        return None
    for storage in _storages(root):
        for driver in _drivers(storage):
            found = _find_in(storage, driver, full_id, runtime)
            if found is not None:
                return found
    return None


def _storages(root: Path) -> Iterator[Storage]:
    settings = _settings(root)
    graph, run = (documents.text(settings.get(key)).lstrip("/") for key in ("graphroot", "runroot"))
    yield Storage(root / (graph or "var/lib/containers/storage"), root / (run or "run/containers/storage"))
    for home in homes.homes(root):
        yield Storage(home / ".local/share/containers/storage", home / ".local/share/containers/storage")


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
    return _complete(known, entry, details, _images(storage, driver))


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
