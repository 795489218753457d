"""CRI-O's containers: storage and bundle (see `storage`), with the pod in the bundle's annotations."""

from __future__ import annotations

from pathlib import Path

from capture.containers import storage
from capture.containers.metadata import ContainerMetadata


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read what CRI-O left on disk about a container; None if nothing.

    Raises:
        MetadataError: there is something, but it cannot be used.
    """
    return storage.find(full_id, "cri-o", root, bundle)
