"""Podman's containers, the system's and every user's: storage and bundle (`storage`), database (`libpod`)."""

from __future__ import annotations

from pathlib import Path

from capture.containers import storage
from capture.containers.metadata import ContainerMetadata


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read what Podman left on disk about a container; None if nothing.

    Raises:
        MetadataError: there is something, but it cannot be used.
    """
    return storage.find(full_id, "podman", root, bundle)
